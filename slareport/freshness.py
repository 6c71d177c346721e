"""Why a packet is made: what it would be made from, held against what the packet in force was made from."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd

from slareport.extract import Extract
from slareport.jobs import WITH_DRAFTS, Job, agreement_of, instants_of, known_at
from slareport.outputs import FAILED, intact
from slareport.teams import UNASSIGNED
from slareport.workspace import PACKAGE, Workspace

LIBRARIES = (
    "altair",
    "ibis-framework",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "scipy",
    "vl-convert-python",
)
CHANGED = {
    "notebook": "the notebook has changed",
    "package": "slareport has changed",
    "environment": "the packages installed have changed",
    "partition": "the CRM data has changed",
}


def made_with() -> dict[str, str]:
    """The versions of what computes and draws a packet."""
    versions = {name: version(name) for name in LIBRARIES}
    return {"slareport": version("slareport"), "python": platform.python_version(), **versions}


@cache
def package_digest() -> str:
    """The digest of slareport itself."""
    return _digest_of(_files(PACKAGE))


@dataclass(frozen=True)
class Ingredients:
    """All that the packets of a batch are made from. `extracts` has what the CRM tables said, by instant."""

    workspace: Workspace
    extracts: Mapping[pd.Timestamp, Extract]

    def teams(self, job: Job) -> list[str]:
        """The teams whose rows a packet reads."""
        return [job.team] if job.team in self.workspace.teams else [*self.workspace.teams, UNASSIGNED]

    def digests(self, job: Job) -> dict[str, Any]:
        """The digest of everything that one packet is made from, for its manifest."""
        return {
            "notebook": _digest(job.path.read_bytes()),
            "parameters": self._parameters(job),
            "package": package_digest(),
            "environment": self.environment,
            "partition": self._partition(job),
        }

    def why(self, job: Job) -> str:
        """Why a packet is to be made; empty if the one in force was made from the very same."""
        folder = job.place.folder(self.workspace.outputs)
        before = job.place.current(self.workspace.outputs)
        if (folder / FAILED).is_dir():
            return "it failed the last time"
        if before is None:
            return "no packet yet"
        if not intact(folder, before):
            return "a file of the packet in force is missing or has changed"
        made_from = job.place.made_from(self.workspace.outputs)
        if made_from.get("parameters") != job.parameters:
            return "asked for with other parameters"
        then, now = made_from.get("digests", {}), self.digests(job)
        changed = [told for name, told in CHANGED.items() if then.get(name) != now[name]]
        return "; ".join([*changed, *_differing(then.get("parameters", {}), now["parameters"])])

    @cached_property
    def environment(self) -> str:
        """The digest of this Python and all packages in it; of those installed from a folder, their code."""
        found = {f"python {platform.python_version()} {sys.platform}": ""}
        for one in distributions():
            origin = json.loads(one.read_text("direct_url.json") or "{}")
            editable = origin.get("dir_info", {}).get("editable") and one.name != "slareport"
            code = _files(Path(url2pathname(urlsplit(origin["url"]).path)), "*.py") if editable else []
            found[f"{one.name} {one.version}"] = _digest_of(code)
        return _digest(json.dumps(found, sort_keys=True).encode())

    def _parameters(self, job: Job) -> dict[str, str]:
        """The parameter files a packet depends on.

        Nothing said of other teams or of later reviews, no version of the agreement that takes effect after what the
        packet knows, and no signature under a version that is not in force in its period.
        """
        space, period = self.workspace, self.workspace.period(job.period)
        agreement = agreement_of(space, period, job.tags).known(known_at(space, job))
        unread = space.reviews.unread(period, job.team) | space.signatures.unread(agreement.in_force(period))
        if WITH_DRAFTS not in job.tags:
            unread |= space.agreement.digests.keys() - agreement.digests.keys()
        return {name: digest for name, digest in sorted(space.digests.items()) if name not in unread}

    def _partition(self, job: Job) -> str:
        teams, known = self.teams(job), [self.extracts.get(instant) for instant in instants_of(self.workspace, job)]
        return _digest_of(made.partition(teams).encode() if made else b"" for made in known)


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        if name not in before:
            yield f"{name} is new"
        elif name not in now:
            yield f"{name} is gone"
        elif before[name] != now[name]:
            yield f"{name} has changed"


def _files(folder: Path, pattern: str = "*") -> Iterator[bytes]:
    """The names and contents of the files in a folder, without caches, hidden files and environments."""
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and path.suffix != ".pyc":
            yield path.name.encode()
            yield path.read_bytes()
    for below in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))):
        if not (below / "pyvenv.cfg").is_file():
            yield below.name.encode()
            yield from _files(below, pattern)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(parts: Iterable[bytes]) -> str:
    """One digest of several contents, wherever one ends."""
    return _digest(b"".join(hashlib.sha256(part).digest() for part in parts))
