"""A real PostgreSQL server for a test session: made in a temporary folder, spoken to through a socket in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SETTINGS = """
listen_addresses = ''
fsync = off
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.max = 10000
log_statement = 'all'
"""


def programs() -> Path:
    """Where the server's programs are; without them a test is skipped, and fails where tests must be complete."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        told = "no PostgreSQL server here; apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return folders[-1]


@contextmanager
def postgres() -> Iterator[Path]:
    """A running server: the folder of its socket and its `log`. It trusts everybody who comes through the socket."""
    binaries = programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    whose = {}
    if os.geteuid() == 0:  # a server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        whose = {"user": "postgres", "group": "postgres", "extra_groups": ()}

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **whose)

    try:
        run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(f"{SETTINGS}unix_socket_directories = '{folder}'\n")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
