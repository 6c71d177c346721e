"""Warm kernels: a kernel provisioner of `jupyter_client` that forks them from a process that has imported everything.

Where that cannot be (another system than Linux, another Python, a server that fails) it starts ordinary kernels.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Float

from slareport.forkserver import LAUNCHER, READY, STARTED

# Read only once a kernel runs:
PER_KERNEL = {"IPYTHONDIR", "JPY_PARENT_PID", "JPY_SESSION_NAME", "SLAREPORT_EXTRACTS", "SLAREPORT_OUTPUTS"}
SERVER = "slareport.forkserver"
ANSWER = 64  # bytes
PATIENCE = 30.0  # for a fork, in seconds


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
    if cmd[0] != sys.executable or "-m" not in cmd or cmd[cmd.index("-m") + 1] != LAUNCHER:
        return None
    return list(cmd[cmd.index("-m") + 2 :])


def _number(stream: Any, default: int) -> int:
    if stream is None:
        return default
    number = stream if isinstance(stream, int) else stream.fileno()
    if number < 0:
        raise OSError("a stream that only subprocess knows")
    return int(number)
