"""The process that has imported everything and forks kernels: one thread, no files or sockets but those it is given.

Not multiprocessing's own fork server: there is one of those per process, with its parent's environment, and what it
forks has neither standard streams nor a session of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from slareport.confined import LAUNCHER, confine

PRELOADED = (
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "slareport.review",
    # What those import only when they are used:
    "holidays.countries",
    "narwhals._pandas_like.namespace",
    "pandas.core.arrays.arrow.extension_types",
    "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape",
    "narwhals._interchange.series",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pydantic.dataclasses",
    "scipy.stats",
)
LARGEST = 2**20  # of a request, in bytes
READY = b"ready"
STARTED = b"process "
STREAMS = 3

_LOOK_UP = 2.0  # how often it is checked that the parent is still there, in seconds


def main(handle: int, parent: int) -> None:
    """Import everything, then fork a kernel per request from the socket `handle`, until that or the parent is gone.

    A request is JSON of `argv`, `cwd` and `env`, with four files: what the kernel reads, prints, complains to, and the
    socket of its own. That is told its process id, and at last its exit code; whoever closes it kills the kernel.
    """
    if not sys.flags.safe_path:
        del sys.path[0]  # where this process was started; a kernel gets its own folder
    left_by_imports = _preload()
    if _keeps_threads():
        return
    requests = socket.socket(fileno=handle)
    requests.send(READY)
    asked = _Server(requests, parent).serve()
    if asked:
        _become(*asked, left_by_imports)


def _preload() -> dict[str, str]:
    """Import everything; the environment variables that doing so has set."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel reads it as it is imported, and ends with that process
    os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"  # of pyarrow's allocator; for this process only
    before = dict(os.environ)
    for name in PRELOADED:
        with contextlib.suppress(ModuleNotFoundError):  # debugpy need not be there
            importlib.import_module(name)
    _rehearse()
    gc.collect()
    gc.freeze()  # memory that no collection writes to stays shared by all kernels
    return {name: value for name, value in os.environ.items() if before.get(name) != value}


def _rehearse() -> None:
    """Do once what is remembered and the same for all: read the parameters, know the holidays, check a chart.

    What is wrong with them is told by the kernels.
    """
    import altair
    import pandas

    from slareport.agreement import load_agreement
    from slareport.documents import read_document
    from slareport.workspace import ROOT_VARIABLE

    root = Path(os.environ.get(ROOT_VARIABLE, os.devnull))
    for path in (root / "parameters").rglob("*.yaml"):
        with contextlib.suppress(Exception):
            read_document(path, root)
    with contextlib.suppress(Exception):
        load_agreement(root / "parameters" / "agreement", root)
    altair.Chart(pandas.DataFrame({"x": [1]})).mark_point().encode(altair.X("x:Q")).to_dict()


def _keeps_threads() -> bool:
    """Whether a thread of this process outlives a fork: what it holds locked would stay so in every kernel."""
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return len(list(Path("/proc/self/task").iterdir())) > 1  # OpenBLAS has ended its own by now


class _Server:
    """Waits for requests, for kernels that end, and for kernels nobody wants any more."""

    def __init__(self, requests: socket.socket, parent: int) -> None:
        self.requests = requests
        self.parent = parent
        self.watched = selectors.DefaultSelector()
        self.watched.register(requests, selectors.EVENT_READ)
        self.kernels: dict[int, tuple[int, socket.socket]] = {}  # process id and socket, by what tells its end

    def serve(self) -> tuple[dict[str, Any], list[int]] | None:
        """In each kernel, what it was asked to be, and its files; in the server None, at its end."""
        while os.getppid() == self.parent:
            for key, _ in self.watched.select(_LOOK_UP):
                if key.fileobj is self.requests:
                    text, files, _, _ = socket.recv_fds(self.requests, LARGEST, STREAMS + 1)
                    if not text:
                        self._end()
                        return None
                    if self._forked(files):
                        return json.loads(text), files
                elif self.watched.get_map().get(key.fd) is key:  # else it ended in this very round
                    self._ended(key.data)
        self._end()
        return None

    def _forked(self, files: list[int]) -> bool:
        process = os.fork()
        if not process:
            for key in list(self.watched.get_map().values()):
                os.close(key.fd)
            self.watched.close()
            return True
        for stream in files[:STREAMS]:
            os.close(stream)
        ends, own = os.pidfd_open(process), socket.socket(fileno=files[STREAMS])
        self.kernels[ends] = process, own
        self.watched.register(ends, selectors.EVENT_READ, ends)
        self.watched.register(own, selectors.EVENT_READ, ends)
        return False

    def _ended(self, ends: int) -> None:
        process, own = self.kernels.pop(ends)
        if not os.waitid(os.P_PIDFD, ends, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            _kill(process)
        _, status = os.waitpid(process, 0)
        with contextlib.suppress(OSError):
            own.send(str(os.waitstatus_to_exitcode(status)).encode())
        self.watched.unregister(ends)
        self.watched.unregister(own)
        os.close(ends)
        own.close()

    def _end(self) -> None:
        for process, _ in self.kernels.values():
            _kill(process)


def _kill(process: int) -> None:
    for kill in (os.killpg, os.kill):  # it leads no group before it has become a kernel
        with contextlib.suppress(ProcessLookupError):
            kill(process, signal.SIGKILL)


def _become(asked: dict[str, Any], files: list[int], left_by_imports: dict[str, str]) -> None:
    """Be the kernel that `python -m ipykernel_launcher` would be: session, files, folder, environment and chance."""
    server = os.getppid()
    os.setsid()
    confine(asked["env"])
    for number, file in enumerate(files[:STREAMS]):
        os.dup2(file, number)
        os.close(file)
    with socket.socket(fileno=files[STREAMS]) as own:
        own.send(STARTED + str(os.getpid()).encode())
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update({**asked["env"], **left_by_imports, "JPY_PARENT_PID": str(server)})
    sys.stdout.reconfigure(line_buffering=os.isatty(1))  # type: ignore[union-attr]
    if "numpy.random" in sys.modules:  # Python's own random draws anew by itself
        sys.modules["numpy.random"].seed()
    importlib.invalidate_caches()
    sys.argv[1:] = asked["argv"]
    sys.orig_argv[1:] = ["-m", LAUNCHER, *asked["argv"]]
    if not sys.flags.safe_path:
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    runpy.run_module(LAUNCHER, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
