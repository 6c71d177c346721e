"""The managers of kernels: where a kernel lives, who starts it, and that nothing of it is left."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from slareport.servers import review_environment

FORKED = "slareport"  # the provisioner, as pyproject.toml registers it
PREFIX = "slareport-"
LOG = "kernel.log"


class PrivateKernelManager(AsyncKernelManager):
    """Reaches its kernel over sockets in a folder nobody else can enter: there is no port to race for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = self._new_folder()
        self.transport = "ipc"
        self.connection_file = str(self.folder / "k.json")
        self.ip = str(self.folder / "k")

    def _new_folder(self) -> Path:
        raise NotImplementedError

    async def cleanup_resources(  # type: ignore[override]  # the supertype wraps its own coroutine
        self, restart: bool = False
    ) -> None:
        """Remove what is left of the kernel, processes it started and did not end included."""
        self.kill_group()
        await super().cleanup_resources(restart=restart)

    def kill_group(self) -> None:
        """Kill the kernel and everything it started."""
        group = getattr(self.provisioner, "pgid", None)
        if group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


class WarmKernelManager(PrivateKernelManager):
    """Starts any kernel as papermill would, but forks those of this Python."""

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix=PREFIX))

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel asked for, with who shall start it."""
        spec = super().kernel_spec
        if spec:
            spec.metadata = {**_forked(), **spec.metadata}
        return spec

    async def cleanup_resources(  # type: ignore[override]  # as above
        self, restart: bool = False
    ) -> None:
        """Remove what is left of the kernel, its folder included."""
        await super().cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass
class Home:
    """What a kernel of a review lives in.

    `patience` is how long the server that forks it may take to start, in seconds; None makes an ordinary kernel.
    `lost` becomes true when the kernel ended only because its server did.
    """

    folder: Path
    environment: Mapping[str, str]
    patience: float | None
    lost: bool = False


class ReviewKernelManager(PrivateKernelManager):
    """Starts a kernel of this very Python, without start-up scripts, in an environment that is the same everywhere."""

    home: ClassVar[Home]

    def _new_folder(self) -> Path:
        return self.home.folder

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel of the environment slareport runs in, whatever kernels a user has installed."""
        argv = [sys.executable, "-m", "slareport.confined", "-f", "{connection_file}"]
        metadata = {} if self.home.patience is None else _forked(patience=self.home.patience)
        return KernelSpec(argv=argv, display_name="Python 3 (ipykernel)", language="python", metadata=metadata)

    async def start_kernel(  # type: ignore[override]  # as above
        self, **kwargs: Any
    ) -> None:
        """Start the kernel; see `AsyncKernelManager`."""
        working = self.folder / "cwd"  # empty: what lies in it could be imported
        working.mkdir(exist_ok=True)
        environment = {**review_environment(self.home.environment), "IPYTHONDIR": str(self.folder / "ipython")}
        with (self.folder / LOG).open("wb") as log:
            said = {"stdout": log, "stderr": log}
            await super().start_kernel(**{**kwargs, **said, "env": environment, "cwd": str(working)})
        _running.add(self)

    async def cleanup_resources(  # type: ignore[override]  # as above
        self, restart: bool = False
    ) -> None:
        """Remove what is left of the kernel; remember if it was lost."""
        self.home.lost = getattr(self.provisioner, "lost", False)
        await super().cleanup_resources(restart=restart)
        _running.discard(self)


_running: set[ReviewKernelManager] = set()


def stop_all() -> None:
    """Kill every kernel of a review that this process has started: their notebooks fail at once."""
    for manager in list(_running):
        manager.kill_group()


def manager_in(home: Home) -> type[ReviewKernelManager]:
    """A class, because papermill makes the kernel manager itself, and what it shall know must be part of it."""
    return type("KernelManager", (ReviewKernelManager,), {"home": home})


def _forked(**options: Any) -> dict[str, Any]:
    return {"kernel_provisioner": {"provisioner_name": FORKED, "config": options}}
