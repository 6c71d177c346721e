"""Warm kernels: a kernel provisioner of `jupyter_client` that forks them from a process that has imported everything.

Where that cannot be (another system than Linux, another Python, a server that fails) it starts ordinary kernels.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Float

from slareport.confined import LAUNCHERS
from slareport.servers import Forked, warm


class ForkProvisioner(LocalProvisioner):
    """Forks the kernels of this Python, and starts all others as usual. Blocks while its server starts."""

    process: Any
    patience = Float(60.0, config=True, help="How long the server may take to start, in seconds.")

    @property
    def lost(self) -> bool:
        """Whether its kernel ended only because the server did."""
        return isinstance(self.process, Forked) and self.process.lost

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel, or else start one; see `LocalProvisioner`."""
        forked = _fork(cmd, self.patience, **self._scrub_kwargs(kwargs))
        if not forked:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked
        self.pid = self.pgid = forked.pid
        self.cwd = kwargs.get("cwd") or os.getcwd()  # noqa: PTH109
        return self.connection_info

    async def cleanup(self, restart: bool = False) -> None:
        """Let the kernel go; see `LocalProvisioner`."""
        if isinstance(self.process, Forked):
            self.process.own.close()
        await super().cleanup(restart=restart)


def _fork(
    cmd: Sequence[str],
    patience: float,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    stdin: Any = None,
    stdout: Any = None,
    stderr: Any = None,
    **others: Any,
) -> Forked | None:
    """A forked kernel; None where only an ordinary one will do."""
    arguments = _arguments(cmd)
    environment = dict(os.environ if env is None else env)
    relative = any(not os.path.isabs(path) for path in environment.get("PYTHONPATH", "/").split(os.pathsep))  # noqa: PTH117
    if arguments is None or others or stdin is not None or relative or sys.platform != "linux":
        return None
    request = {"argv": arguments, "cwd": str(cwd or os.getcwd()), "env": environment}  # noqa: PTH109
    try:
        nothing, end = os.pipe()
        os.close(end)
        with os.fdopen(nothing):
            streams = [nothing, _number(stdout, 1), _number(stderr, 2)]
            python = cmd[: len(cmd) - len(arguments) - 2]
            return warm(python, environment).fork(request, streams, patience)
    except OSError:
        return None


def _arguments(cmd: Sequence[str]) -> list[str] | None:
    """What stands after `python … -m ipykernel_launcher`, if that is what it is and the Python is this one."""
    if cmd[0] != sys.executable or "-m" not in cmd or cmd[cmd.index("-m") + 1] not in LAUNCHERS:
        return None
    return list(cmd[cmd.index("-m") + 2 :])


def _number(stream: Any, default: int) -> int:
    if stream is None:
        return default
    number = stream if isinstance(stream, int) else stream.fileno()
    if number < 0:
        raise OSError("a stream that only subprocess knows")
    return int(number)
