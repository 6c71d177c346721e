"""One notebook in a kernel of its own: reached over a private socket, in an environment that leaves no trace."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

FIXED = {"TZ": "UTC", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
SHOWN_CALL = 60
SHOWN_LINE = 200
LOG = "kernel.log"

_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

Started = Callable[[str, int, int], None]
"""Told of every cell as it starts: its first line, its number, and how many there are."""


@dataclass(frozen=True)
class Limits:
    """How long a kernel may take to start, and a cell to run, in seconds."""

    start: int = 120
    cell: int = 600


LIMITS = Limits()


@dataclass(frozen=True)
class Executed:
    """A notebook as far as it ran, as JSON (empty if it never started), and what stopped it (empty if nothing)."""

    notebook: str
    failure: str = ""


def execute(
    path: Path,
    parameters: Mapping[str, str],
    environment: Mapping[str, str],
    limits: Limits,
    started: Started | None = None,
) -> Executed:
    """Run a notebook from its first cell to its last. Whatever goes wrong in it is told, never raised.

    Everything passed in and out can travel to another process. An empty failure means only that papermill saw none:
    it takes `sys.exit(0)` for success.
    """
    with (
        contextlib.closing(ensure_event_loop()),  # jupyter_client's, one per thread; it would leave it open
        tempfile.TemporaryDirectory(prefix="slareport-", ignore_cleanup_errors=True) as folder,
    ):
        copy, at = Path(folder) / "executed.ipynb", _Place(started)
        try:
            papermill.execute_notebook(
                literal(path),
                literal(copy),
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                start_timeout=limits.start,
                execution_timeout=limits.cell,
                kernel_manager_class=_kernels_in(Path(folder), environment),
                on_notebook_start=at.opened,
                on_cell_start=at.reached,
            )
            failure = ""
        except PapermillExecutionError as error:
            failure = f"{at} failed: {error.ename}: {_CONTROL.sub('', error.evalue)}"
        except CellTimeoutError:
            failure = f"{at} ran longer than {limits.cell} seconds"
        except DeadKernelError:
            failure = f"its kernel died in {at}: it was killed, ran out of memory, or ended itself"
            failure += _last_words(Path(folder))
        except Exception as error:  # one notebook must never stop the others
            failure = f"it could not be run: {type(error).__name__}: {_CONTROL.sub('', str(error))}"
            failure += _last_words(Path(folder))
        return Executed(copy.read_text("utf-8") if copy.is_file() else "", failure)


def literal(path: Path) -> str:
    """A path as papermill takes it: it would fill in the parameters between braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


class _Place:
    """Where in a notebook its execution stands."""

    def __init__(self, started: Started | None) -> None:
        self.started = started
        self.number = self.cells = 0
        self.call = ""

    def opened(self, notebook: Any) -> None:
        self.cells = sum(_runs(cell) for cell in notebook.cells)

    def reached(self, cell: Any, cell_index: int) -> None:  # noqa: ARG002  nbclient names its arguments
        if _runs(cell):
            self.number += 1
            self.call = cell.source.strip().splitlines()[0][:SHOWN_CALL]
            if self.started:
                self.started(self.call, self.number, self.cells)

    def __str__(self) -> str:
        return f"cell [{self.number}] {self.call}"


def _last_words(folder: Path) -> str:
    log = folder / LOG
    lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
    said = [line for line in lines if line.strip() and not line.startswith("[IPKernelApp]")]
    return f"; its last words: {_CONTROL.sub('', said[-1]).strip()[:SHOWN_LINE]}" if said else ""


def _runs(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


class ReviewKernelManager(AsyncKernelManager):
    """Starts a kernel of this very Python, with no port to race for, no start-up scripts and fixed settings."""

    folder: ClassVar[Path]
    environment: ClassVar[Mapping[str, str]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.transport = "ipc"
        self.connection_file = str(self.folder / "k.json")
        self.ip = str(self.folder / "k")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel of the environment slareport runs in, whatever kernels a user has installed."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3 (ipykernel)", language="python")

    async def start_kernel(  # type: ignore[override]  # the supertype wraps its own coroutine
        self, **kwargs: Any
    ) -> None:
        """Start the kernel; see `AsyncKernelManager`."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        working = self.folder / "cwd"  # empty: what lies in it could be imported
        working.mkdir(exist_ok=True)
        profile = {"IPYTHONDIR": str(self.folder / "ipython")}
        environment = {**own, **self.environment, **FIXED, **profile}
        with (self.folder / LOG).open("wb") as log:
            said = {"stdout": log, "stderr": log}
            await super().start_kernel(**{**kwargs, **said, "env": environment, "cwd": str(working)})
        _running.add(self)

    async def cleanup_resources(  # type: ignore[override]  # as above
        self, restart: bool = False
    ) -> None:
        """Remove what is left of the kernel, processes it started and did not end included."""
        self.kill_group()
        await super().cleanup_resources(restart=restart)
        _running.discard(self)

    def kill_group(self) -> None:
        """Kill the kernel and everything it started."""
        group = getattr(self.provisioner, "pgid", None)
        if group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


_running: set[ReviewKernelManager] = set()


def _kernels_in(folder: Path, environment: Mapping[str, str]) -> type[ReviewKernelManager]:
    """A class, because papermill makes the kernel manager itself, and what it shall know must be part of it."""
    return type("KernelManager", (ReviewKernelManager,), {"folder": folder, "environment": environment})


def stop_all() -> None:
    """Kill every kernel this process has started: their notebooks fail at once."""
    for manager in list(_running):
        manager.kill_group()
