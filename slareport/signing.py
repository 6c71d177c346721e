"""Signing packets, and which of those published were signed: what a signature in the minutes leads to."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from slareport import format as fmt
from slareport.documents import read_document
from slareport.errors import Problem, UsageError, VerificationError
from slareport.minutes import Signature, main_notebook
from slareport.outputs import CURRENT, MANIFEST, PROVISIONAL, RESTORE, Place, faults, packets
from slareport.period import Period
from slareport.saying import Changes, say
from slareport.teams import COMPANY
from slareport.workspace import Workspace

READ = ("scorecard.csv", "misses.csv")  # of a signed packet, by the reviews that follow it


@dataclass(frozen=True)
class Signed:
    """A packet that someone signed, as it was published."""

    signature: Signature
    folder: Path
    manifest: Mapping[str, Any]

    def table(self, name: str) -> pd.DataFrame:
        """One of its tables. Raises `VerificationError` if the file is not the one that was signed."""
        path = self.folder / name
        raw = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(raw).hexdigest() != self.manifest["files"][name]["sha256"]:
            raise VerificationError(Problem("a file of a signed packet was changed", str(path), cure=RESTORE))
        return pd.read_csv(io.BytesIO(raw))


def signed(workspace: Workspace, period: Period, team: str, notebook: str) -> list[Signed]:
    """The packets of a review that were signed and are published, the one signed last at the end."""
    said = workspace.reviews.of(period, team).signed
    ours = sorted((one for one in said if one.notebook_of(team) == notebook), key=lambda one: one.on)
    found = ((one, _found(workspace, period, team, one)) for one in ours)
    return [Signed(one, *packet) for one, packet in found if packet]


def sign(workspace: Workspace, period: Period, team: str, notebook: str, by: str, role: str, on: dt.date) -> str:
    """Sign the packet in force: its digest goes into the minutes, with the day of the review where none is there yet.

    Gives the name of the file; signing it again changes nothing. Raises `UsageError` where there is no packet, or only
    a provisional one, `VerificationError` where a file of it was changed.
    """
    place = Place(period.name, team, notebook or main_notebook(team))
    manifest = place.current(workspace.outputs)
    whose = "" if team == COMPANY else f" --team {team}"
    if manifest is None:
        cure = f"make it: slareport run --period {period.name}{whose}"
        raise UsageError(Problem(f"no {place.notebook} packet of {team} and {period.name} to sign", cure=cure))
    if manifest["status"] == PROVISIONAL:
        cure = f"make it when the period has settled: slareport run --period {period.name}{whose}"
        raise UsageError(Problem("a provisional packet is not signed", found=manifest["as_of"], cure=cure))
    if found := list(faults((place.folder(workspace.outputs) / CURRENT).resolve(), workspace.outputs.resolve())):
        raise VerificationError(found)
    digest, said = manifest["content_digest"], workspace.reviews.of(period, team)
    ours = (one for one in said.signed if digest.startswith(one.packet) and one.notebook_of(team) == place.notebook)
    if by in (one.by for one in ours):
        return say(workspace, period, team, Changes())
    own = None if place.notebook == main_notebook(team) else place.notebook
    signature = Signature(by=by, role=role or None, on=on, packet=digest, notebook=own)
    return say(workspace, period, team, Changes({"signed": [signature]}, held_on=None if said.held_on else on))


def words(signature: Signature) -> str:
    """Who signed and when."""
    return f"signed by {signature.by} on {fmt.day(signature.on)}"


def unfounded(workspace: Workspace) -> Iterator[Problem]:
    """The signatures that lead to no published packet."""
    for (name, team), minutes in workspace.reviews.minutes.items():
        period, file = workspace.reviews.periods[name], workspace.root / workspace.reviews.files[name, team]
        for index, one in enumerate(minutes.signed):
            if _found(workspace, period, team, one) is None:
                what = f"no {one.notebook_of(team)} packet of {name} has this digest"
                cure = "restore the packet from a backup, or sign the one in force: slareport review sign"
                document = read_document(file, workspace.root)
                yield document.problem(("signed", index, "packet"), what, one.packet, cure)


def evidence(workspace: Workspace, period: Period, team: str) -> dict[str, bytes]:
    """The files of signed packets that the review of a period reads, by their place in the outputs."""
    files: dict[str, bytes] = {}
    for when in (period, period.previous()):
        for one in workspace.reviews.of(when, team).signed:
            if packet := _found(workspace, when, team, one):
                paths = [packet[0] / name for name in (MANIFEST, *READ)]
                there = [path for path in paths if path.is_file()]
                files |= {path.relative_to(workspace.outputs).as_posix(): path.read_bytes() for path in there}
    return files


def _found(workspace: Workspace, period: Period, team: str, one: Signature) -> tuple[Path, dict[str, Any]] | None:
    place = Place(period.name, team, one.notebook_of(team))
    return next(packets(workspace.outputs, place, one.packet), None)
