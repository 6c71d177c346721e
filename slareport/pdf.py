"""A packet as PDF, printed by Chromium the way a reader would print it; the same packet gives the same bytes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

import pandas as pd

from slareport.errors import MachineError, Problem

BROWSER_VARIABLE = "SLAREPORT_CHROMIUM"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-component-update")
QUIET = ("--headless", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-extensions")
PRINTED = ("--no-pdf-header-footer", "--generate-pdf-document-outline", "--export-tagged-pdf")
Paper = Literal["A4", "Letter"]
STAMP = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}")


def print_pdf(page: Path, dated: pd.Timestamp, paper: Paper = "A4") -> bytes:
    """A finished page as a tagged PDF with an outline.

    `dated` stands in it as the time of its making, because nothing else about it may depend on when that was. Raises
    `MachineError` where there is no Chromium, or where it prints nothing.
    """
    with tempfile.TemporaryDirectory(prefix="slareport-") as folder:
        sized, printed = Path(folder) / "packet.html", Path(folder) / "packet.pdf"
        text = page.read_text("utf-8")
        sized.write_text(text.replace("</head>", f"<style>@page{{size:{paper}}}</style></head>", 1), "utf-8")
        alone = f"--user-data-dir={folder}/profile"
        command = [find_browser(), *QUIET, *OFFLINE, *PRINTED, *_as_root(), alone, f"--print-to-pdf={printed}"]
        try:
            # In a group of its own: what it starts ends with it.
            done = subprocess.run(  # noqa: S603  a browser on a file of ours
                [*command, sized.as_uri()],
                env={**os.environ, "TZ": "UTC", "HOME": folder},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
                start_new_session=True,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MachineError(Problem("Chromium could not print it", str(page), found=str(error))) from error
        if not printed.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            cure = f"open it in that browser to see what is wrong, or name another one in {BROWSER_VARIABLE}"
            last = said[-1] if said else None
            raise MachineError(Problem("Chromium printed nothing", str(page), found=last, cure=cure))
        return STAMP.sub(rb"\g<1>" + f"{dated:%Y%m%d%H%M%S}".encode(), printed.read_bytes())


def find_browser() -> str:
    """The Chromium to print with: the one that the environment names, else the first that is installed."""
    named = os.environ.get(BROWSER_VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        what = "no such browser" if named else "there is no Chromium here to print with"
        cure = f"install Chromium, Chrome or Edge, or name one in {BROWSER_VARIABLE}"
        raise MachineError(Problem(what, BROWSER_VARIABLE if named else "", found=named, cure=cure))
    return found


def _as_root() -> list[str]:
    """Chromium refuses its sandbox to root, as containers run it."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
