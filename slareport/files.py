"""Writing so that no reader ever sees half a file or half a folder, and two runs never mix."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from slareport.errors import LockedError, MachineError, Problem


def write(path: Path, content: str | bytes) -> None:
    """Replace a file whole: a reader sees the old content or the new, never a part."""
    raw = content.encode() if isinstance(content, str) else content
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
            _sync(path.parent)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that appears at `path` whole, or not at all. An existing folder there is left as it is."""
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".writing-", dir=path.parent))
        try:
            yield staging
            for file in staging.rglob("*"):
                _sync(file)
            _sync(staging)
            staging.chmod(0o755)
            if not path.exists():
                staging.rename(path)
                _sync(path.parent)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def point(link: Path, target: str) -> None:
    """Let `link` lead to its sibling `target`, at once."""
    with told(link):
        temporary = link.with_name(f".{link.name}-{os.getpid()}")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(link)


@contextlib.contextmanager
def lock(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold a folder for this process. Raises `LockedError` if another one holds it and `wait` is false."""
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            holder = os.pread(handle, 100, 0).decode(errors="replace").strip()
            cure = "wait for it to end, or choose other outputs with --outputs"
            raise LockedError(Problem("another run is at work here", str(folder), found=holder, cure=cure)) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """What the file system refuses, as an error that a person can act on."""
    try:
        yield
    except OSError as error:
        what = f"cannot write: {error.strerror or error}"
        raise MachineError(
            Problem(what, str(path), cure="free space, mend the permissions, or use --outputs")
        ) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
