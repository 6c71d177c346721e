"""Buying into the agreement: signing a version, objecting to a promise, answering an objection.

Each is written into the record of its version, whose comments and order stay.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from slareport import files
from slareport.agreement import Version
from slareport.documents import as_said, document_of, parse
from slareport.editing import append, put
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.signatures import ANSWER, EVIDENCE, SIGNATURES, Objection, Record, Signature, open_objections
from slareport.workspace import Workspace

HEAD = """\
# Who has signed version {version} of the agreement, and what was objected to it. A signature holds for the file as it
# was signed: after any change to it, sign again.
"""


@dataclass(frozen=True)
class Evidence:
    """A signature that was given elsewhere: the file that shows it, and who recorded it."""

    path: Path
    recorded_by: str


def version_of(workspace: Workspace, day: str = "") -> Version:
    """The version that takes effect on a day; the newest without one. Raises `UsageError` with the days there are."""
    versions = {version.effective_from.isoformat(): version for version in workspace.agreement.versions}
    day = day or max(versions)
    if day not in versions:
        what = "no version of the agreement takes effect on this day"
        raise UsageError(Problem(what, "parameters/agreement", found=day, cure=did_you_mean(day, versions)))
    return versions[day]


def sign(
    workspace: Workspace,
    version: Version,
    party: str,
    by: str,
    on: dt.date,
    role: str = "",
    evidence: Evidence | None = None,
) -> Path:
    """Record that a party has signed a version as its file is now; the file that says so.

    Without a `role` it is the one the agreement names. `evidence` is copied beside the record. Raises `UsageError`
    for a party the version does not have, and one that has signed this very text.
    """
    signatories = {known.name: known.signatory for known in version.parties}
    if party not in signatories:
        what, cure = f"version {version.version} has no such party", did_you_mean(party, signatories)
        raise UsageError(Problem(what, "--party", found=party, cure=cure))
    if held := workspace.signatures.state(workspace.agreement, version).by[party]:
        what = f"{held.by} has signed this text of version {version.version} on {held.on}"
        raise UsageError(Problem(what, "--party", found=party, cure="nothing is to be done"))
    digest = workspace.agreement.digests[workspace.agreement.file_of(version)]
    said = {"party": party, "by": by, "role": role or signatories[party], "on": on.isoformat(), "digest": digest}
    shown = _read(evidence.path) if evidence else b""
    if evidence:
        proof = hashlib.sha256(shown).hexdigest()
        kept = f"{proof[:8]}-{evidence.path.name}"
        said |= {"evidence": kept, "evidence_digest": proof, "recorded_by": evidence.recorded_by}
    item = as_said(Signature, **said).model_dump(exclude_none=True)
    if evidence:
        files.write(workspace.root / SIGNATURES / EVIDENCE / said["evidence"], shown)
    return _write(workspace, version, append(_text(workspace, version), ("signatures",), item))


def object_to(workspace: Workspace, version: Version, promise: str, by: str, on: dt.date, text: str) -> Path:
    """Record what someone has against a promise; the file that says so. Raises `UsageError` for one there is not."""
    _check_promise(version, promise)
    item = as_said(Objection, promise=promise, by=by, on=on, text=text).model_dump(exclude_none=True)
    return _write(workspace, version, append(_text(workspace, version), ("objections",), item))


def answer(workspace: Workspace, version: Version, promise: str, by: str, on: dt.date, text: str) -> Path:
    """Record the answer to the oldest open objection to a promise; the file that says so.

    Raises `UsageError` where none is open.
    """
    record = workspace.signatures.of(version)
    waiting = [one for one in open_objections(record) if one.promise == promise]
    if not waiting:
        _check_promise(version, promise)
        others = sorted({one.promise for one in open_objections(record)})
        cure = f"open are objections to: {', '.join(others)}" if others else "none is open"
        raise UsageError(Problem(f"version {version.version} has no open objection to it", found=promise, cure=cure))
    said = as_said(Objection, **{**waiting[0].model_dump(), "answer": text, "answered_by": by, "answered_on": on})
    written, place = _text(workspace, version), ("objections", record.objections.index(waiting[0]))
    for key in ANSWER:
        written = put(written, (*place, key), getattr(said, key))
    return _write(workspace, version, written)


def _check_promise(version: Version, promise: str) -> None:
    promises = [one.id for one in version.promises]
    if promise not in promises:
        what = f"version {version.version} has no such promise"
        raise UsageError(Problem(what, found=promise, cure=did_you_mean(promise, promises)))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        what = f"the evidence cannot be read: {error.strerror}"
        raise UsageError(Problem(what, str(path), cure="name a file that is there")) from None


def _path(workspace: Workspace, version: Version) -> Path:
    return workspace.root / SIGNATURES / f"{version.effective_from}.yaml"


def _text(workspace: Workspace, version: Version) -> str:
    path = _path(workspace, version)
    return path.read_bytes().decode() if path.is_file() else HEAD.format(version=version.version)


def _write(workspace: Workspace, version: Version, text: str) -> Path:
    path = _path(workspace, version)
    parse(document_of(text, "", str(path)), Record)  # what could not be read again is not written
    files.write(path, text)
    return path
