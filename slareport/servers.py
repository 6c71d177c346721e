"""The servers that fork kernels, as those who ask see them: started early, kept while this process lives.

Nothing of Jupyter is imported here: a command starts its server first, and imports what it needs while that does.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slareport.confined import LAUNCHER, MEMORY_VARIABLE
from slareport.forkserver import READY, STARTED

FIXED = {
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "LC_ALL": "C.UTF-8",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "OPENBLAS_NUM_THREADS": "1",  # sums must not depend on the number of cores; and its threads wait by spinning
}
# Read only once a kernel runs:
PER_KERNEL = {"IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME"}
PER_KERNEL |= {"SLAREPORT_EXTRACTS", "SLAREPORT_OUTPUTS", MEMORY_VARIABLE}
SERVER = "slareport.forkserver"
ANSWER = 64  # bytes
PATIENCE = 30.0  # for a fork, in seconds


@dataclass(frozen=True)
class Limits:
    """How long a kernel may take to start, and a cell to run, in seconds; how much memory it may use, in bytes."""

    start: int = 120
    cell: int = 600
    memory: int | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that tell a kernel of its limits."""
        return {MEMORY_VARIABLE: str(self.memory)} if self.memory else {}


LIMITS = Limits()


def review_environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of every kernel of a batch: those of this process, without Python's, and fixed ones."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**inherited, **own, **FIXED}


class Forked:
    """A forked kernel, as `subprocess.Popen` would show it. Closing its socket kills it."""

    stdin = stdout = stderr = None

    def __init__(self, own: socket.socket) -> None:
        own.settimeout(PATIENCE)
        self.own = own
        self.pid = int(own.recv(ANSWER).removeprefix(STARTED))
        self.returncode: int | None = None
        self.lost = False

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._heard(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended."""
        code = self._heard(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(LAUNCHER, timeout or 0)
        return code

    def _heard(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self.own.settimeout(timeout)
            try:
                told = self.own.recv(ANSWER)
            except (BlockingIOError, TimeoutError):
                return None
            except OSError:
                told = b""
            self.lost = not told
            self.returncode = int(told) if told else -signal.SIGKILL
            self.own.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Server:
    """A process that forks kernels for one Python and environment, for as long as this process lives."""

    def __init__(self, python: Sequence[str], environment: Mapping[str, str]) -> None:
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [*python, "-m", SERVER, str(theirs.fileno()), str(os.getpid())]
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603
                command,
                env=dict(environment),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.ready = False
        self.failed = False
        self.lock = threading.Lock()

    def fork(self, request: Mapping[str, Any], streams: Sequence[int], patience: float) -> Forked:
        """A kernel. Raises `OSError` if the server does not start in time, or is gone."""
        self._await(patience)
        own, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                socket.send_fds(self.requests, [json.dumps(request).encode()], [*streams, theirs.fileno()])
            return Forked(own)
        except (OSError, ValueError) as error:
            own.close()
            raise OSError(error) from error

    def _await(self, patience: float) -> None:
        with self.lock:
            if not self.ready and not self.failed:
                self.requests.settimeout(patience)
                with contextlib.suppress(OSError):
                    self.ready = self.requests.recv(ANSWER) == READY
                self.failed = not self.ready
        if self.failed:
            self.stop()
            raise OSError("the fork server did not start")

    @property
    def gone(self) -> bool:
        """Whether it worked once and has ended since."""
        return self.ready and self.process.poll() is not None

    def stop(self) -> None:
        """End it, and with it its kernels."""
        self.requests.close()
        self.process.kill()
        self.process.wait()


_servers: dict[tuple[tuple[str, ...], frozenset[tuple[str, str]]], Server] = {}
_lock = threading.Lock()


def warm(python: Sequence[str], environment: Mapping[str, str]) -> Server:
    """The server of a Python and environment, started if there is none; it takes seconds to be ready."""
    started = {name: value for name, value in environment.items() if name not in PER_KERNEL}
    key = tuple(python), frozenset(started.items())
    with _lock:
        if key in _servers and _servers[key].gone:
            _servers.pop(key).stop()
        if key not in _servers:
            _servers[key] = Server(python, started)
        return _servers[key]


@atexit.register
def stop_servers() -> None:
    """End all servers of this process, and with them their kernels."""
    with _lock:
        for server in _servers.values():
            server.stop()
        _servers.clear()
