"""Kernels for unattended runs: reached over a private socket, in an environment that leaves no trace in a packet."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

FIXED = {"TZ": "UTC", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}

_running: weakref.WeakSet[ReviewKernelManager] = weakref.WeakSet()


class ReviewKernelManager(AsyncKernelManager):
    """Starts a kernel with no port to race for, no start-up scripts, an empty working folder and fixed settings."""

    def __init__(self, **kwargs: Any) -> None:
        # Socket paths are limited to about 100 characters, so the folder is a short one of its own.
        self.private = Path(tempfile.mkdtemp(prefix="slareport-"))
        super().__init__(**kwargs)
        self.transport = "ipc"
        self.connection_file = str(self.private / "k.json")
        self.ip = str(self.private / "k")

    async def start_kernel(  # type: ignore[override]  # the supertype wraps its own coroutine
        self, **kwargs: Any
    ) -> None:
        """Start the kernel; see `AsyncKernelManager`."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        working = self.private / "cwd"
        working.mkdir(exist_ok=True)
        ipython = {"IPYTHONDIR": str(self.private / "ipython")}
        _running.add(self)
        await super().start_kernel(**{**kwargs, "env": own | FIXED | ipython, "cwd": str(working)})

    async def cleanup_resources(  # type: ignore[override]  # as above
        self, restart: bool = False
    ) -> None:
        """Remove the sockets and the private folder with the kernel."""
        await super().cleanup_resources(restart=restart)
        if not restart:
            _running.discard(self)
            shutil.rmtree(self.private, ignore_errors=True)


def stop_all() -> None:
    """Kill every kernel still running: their notebooks fail at once, and no process is left behind."""
    for manager in list(_running):
        process = getattr(manager.provisioner, "process", None)
        if process is not None:
            process.kill()
