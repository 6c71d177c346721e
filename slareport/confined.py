"""A kernel within limits: it ends with who started it, and neither memory nor disk of the machine is its to fill.

    python -m slareport.confined -f CONNECTION_FILE

is `python -m ipykernel_launcher` so confined.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import runpy
import signal
import sys
from collections.abc import Mapping

LAUNCHER = "ipykernel_launcher"
LAUNCHERS = (LAUNCHER, "slareport.confined")
MEMORY_VARIABLE = "SLAREPORT_MEMORY"  # bytes
LARGEST_FILE = 2 * 2**30

_PR_SET_PDEATHSIG = 1


def confine(environment: Mapping[str, str]) -> None:
    """Bind this process, and all that it will start, to the limits that an environment asks for."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    limits = {resource.RLIMIT_CORE: 0}
    if MEMORY_VARIABLE in environment:
        limits |= {resource.RLIMIT_DATA: int(environment[MEMORY_VARIABLE]), resource.RLIMIT_FSIZE: LARGEST_FILE}
    for limit, most in limits.items():
        with contextlib.suppress(ValueError):  # it is lower already
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    confine(os.environ)
    sys.orig_argv[1:] = ["-m", LAUNCHER, *sys.argv[1:]]  # a kernel sees nothing of how it was started
    runpy.run_module(LAUNCHER, run_name="__main__", alter_sys=True)
