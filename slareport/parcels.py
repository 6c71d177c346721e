"""A packet made on another machine: all it is made from goes there in one parcel, and the packet comes back.

The other machine needs slareport and nothing else: no CRM tables, no disk in common.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from slareport.extract import FACTS
from slareport.finishing import Finished, finish
from slareport.freshness import Ingredients, made_with, package_digest
from slareport.jobs import Job, instants_of
from slareport.kernels import execute
from slareport.managers import PREFIX
from slareport.servers import Limits
from slareport.signing import evidence
from slareport.workspace import EXTRACTS, environment_of


@dataclass(frozen=True)
class Parcel:
    """What one packet is made from: files by their place in the workspace, and its team's cut of the extracts.

    `signed` are files of packets that were signed, by their place in the outputs; `package` is the digest of
    the slareport that packed it.
    """

    job: Job
    notebook: bytes
    as_of: pd.Timestamp
    parameters: Mapping[str, bytes]
    extracts: Mapping[str, Mapping[str, bytes]]
    signed: Mapping[str, bytes]
    limits: Limits
    package: str


def pack(ingredients: Ingredients, job: Job, limits: Limits) -> Parcel:
    """All that a packet is made from."""
    workspace = ingredients.workspace
    read = {name: workspace.root / name for name in workspace.digests}
    parameters = {name: path.read_bytes() for name, path in read.items() if path.is_file()}
    known = instants_of(workspace, job)
    cuts = {}
    for made in (ingredients.extracts[instant] for instant in known):
        names = [FACTS, *made.files(ingredients.teams(job))]
        cuts[made.as_of.isoformat()] = {
            f"{made.folder.name}/{name}": (made.folder / name).read_bytes() for name in names
        }
    signed = evidence(workspace, workspace.period(job.period), job.team)
    return Parcel(job, job.path.read_bytes(), known[0], parameters, cuts, signed, limits, package_digest())


def make(parcel: Parcel) -> tuple[Finished, dict[str, str]]:
    """Make the packet of a parcel, here; with it the versions of all that has made it. Never raises."""
    if parcel.package != package_digest():
        failure = "its worker has another slareport than the machine that asked: install the same on both"
        return Finished(None, failure=failure), made_with()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        outputs, notebook = Path(folder) / "outputs", Path(folder) / parcel.job.path.name
        notebook.write_bytes(parcel.notebook)
        _write(outputs, parcel.signed)
        for cut in parcel.extracts.values():
            _write(outputs / EXTRACTS, cut)
        pinned = {as_of: min(cut).partition("/")[0] for as_of, cut in parcel.extracts.items()}
        root = _unpacked(parcel.parameters)
        environment = environment_of(root, outputs, pinned)
        executed = execute(notebook, parcel.job.parameters, environment, parcel.limits)
    return finish(executed, parcel.job, parcel.as_of), made_with()


_roots: dict[frozenset[tuple[str, bytes]], tempfile.TemporaryDirectory[str]] = {}
_lock = threading.Lock()


def _unpacked(parameters: Mapping[str, bytes]) -> Path:
    """A workspace of these parameters, kept while this process lives: its kernels are forked from one that knows it."""
    key = frozenset(parameters.items())
    with _lock:
        if key not in _roots:
            folder = tempfile.TemporaryDirectory(prefix=PREFIX)
            _write(Path(folder.name), parameters)
            _roots[key] = folder
        return Path(_roots[key].name)


def _write(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
