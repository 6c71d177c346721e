"""Who has agreed: the signatures under each version of the agreement, and what was objected to it and answered.

One file per version, `parameters/signatures/<the day it takes effect>.yaml`. A signature holds for the agreement's
file exactly as it was signed: once a byte of it changes, that party has not signed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from slareport import format as fmt
from slareport.agreement import Agreement, Identifier, Text, Version
from slareport.documents import Day, Document, Place, Strict, parse, read_document
from slareport.errors import Problem, UsageError, did_you_mean

SIGNATURES = "parameters/signatures"
EVIDENCE = "evidence"
ANSWER = ("answer", "answered_by", "answered_on")
BY_OTHERS = ("evidence", "evidence_digest", "recorded_by")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[^/\\]*[^/\\.][^/\\]*$")]


class Objection(Strict):
    """What someone has against a promise, and the answer once there is one."""

    promise: Identifier
    by: Text
    on: Day
    text: Text
    answer: Text | None = None
    answered_by: Text | None = None
    answered_on: Day | None = None


class Signature(Strict):
    """Who has signed for a party, in which role and when. `digest` is the sha256 of the agreement's file as signed.

    A signature given elsewhere, by mail say, has its `evidence`, a file in the folder `evidence`, the sha256 of that,
    and who recorded it.
    """

    party: Text
    by: Text
    role: Text
    on: Day
    digest: Digest
    evidence: FileName | None = None
    evidence_digest: Digest | None = None
    recorded_by: Text | None = None


class Record(Strict):
    """All that was objected to one version and all who have signed it, in the order it was written down."""

    objections: list[Objection] = []
    signatures: list[Signature] = []


@dataclass(frozen=True)
class Signed:
    """How far a version is signed: by party the signature that holds, or None.

    `outdated` has, of the parties without one, the last signature under an earlier text of the file.
    """

    version: str
    by: Mapping[str, Signature | None]
    outdated: Mapping[str, Signature]

    @property
    def missing(self) -> list[str]:
        """The parties that have not signed, in the order of the agreement."""
        return [party for party, signature in self.by.items() if signature is None]

    @property
    def sentence(self) -> str:
        """Who has not signed, as a sentence; empty where all have."""
        nobody = len(self.missing) == len(self.by)
        parties = "any party" if nobody else fmt.listed(self.missing)
        return f"Agreement version {self.version} is not signed by {parties}." if self.missing else ""

    @property
    def count(self) -> str:
        """How many have signed."""
        return f"signed by {len(self.by) - len(self.missing)} of {fmt.plural(len(self.by), 'party')}"


def state(version: Version, digest: str, record: Record) -> Signed:
    """How far a version is signed whose file has this sha256 now."""
    holding = {one.party: one for one in record.signatures if one.digest == digest}
    by = {party.name: holding.get(party.name) for party in version.parties}
    earlier = {one.party: one for one in record.signatures if by.get(one.party) is None}
    return Signed(version.version, by, earlier)


def open_objections(record: Record) -> list[Objection]:
    """The objections nobody has answered yet, the oldest first."""
    return sorted((one for one in record.objections if one.answer is None), key=lambda one: one.on)


@dataclass(frozen=True)
class Signatures:
    """The records of all versions and the files they were read from, by the day a version takes effect."""

    records: Mapping[dt.date, Record] = field(default_factory=dict)
    documents: Mapping[dt.date, Document] = field(default_factory=dict)

    @property
    def digests(self) -> dict[str, str]:
        """The sha256 of every file read."""
        return {document.file: document.sha256 for document in self.documents.values()}

    def of(self, version: Version) -> Record:
        """What was objected and signed of one version; an empty record where nothing has been."""
        return self.records.get(version.effective_from, Record())

    def state(self, agreement: Agreement, version: Version) -> Signed:
        """How far a version is signed."""
        return state(version, agreement.digests[agreement.file_of(version)], self.of(version))

    def unread(self, versions: Iterable[Version]) -> set[str]:
        """The files that say nothing of these versions."""
        read = {version.effective_from for version in versions}
        return {document.file for day, document in self.documents.items() if day not in read}


def load_signatures(folder: Path, root: Path, agreement: Agreement | None) -> Signatures:
    """Read the record of every version there is.

    Raises `UsageError` with all problems of all files: versions, parties and promises there are not, a party that
    signs the same text twice, and answers and evidence of which a part is missing.
    """
    name = folder.relative_to(root).as_posix()
    known = {version.effective_from.isoformat(): version for version in agreement.versions} if agreement else {}
    problems: list[Problem] = []
    records: dict[dt.date, Record] = {}
    documents: dict[dt.date, Document] = {}
    for path in sorted(path for path in folder.glob("[!.]*") if path.is_file()):
        file = f"{name}/{path.name}"
        try:
            if path.suffix != ".yaml":
                raise UsageError(Problem("not read", file, cure=f"name it .yaml, move it to {EVIDENCE}/, or remove it"))
            if agreement and path.stem not in known:
                what = "no version of the agreement takes effect on this day"
                raise UsageError(Problem(what, file, found=path.stem, cure=did_you_mean(path.stem, known)))
            document = read_document(path, root)
            record = parse(document, Record)
        except UsageError as error:
            problems += error.problems
            continue
        problems += _incomplete(document, record)
        if version := known.get(path.stem):
            problems += _contradictions(document, record, version)
            records[version.effective_from], documents[version.effective_from] = record, document
    if problems:
        raise UsageError(problems)
    return Signatures(records, documents)


def _incomplete(document: Document, record: Record) -> Iterator[Problem]:
    """Answers without who or when, and signatures recorded by others without a part of their evidence."""
    answers = (("objections", i, "an answer", ANSWER, one) for i, one in enumerate(record.objections))
    proofs = (("signatures", i, "evidence", BY_OTHERS, one) for i, one in enumerate(record.signatures))
    for section, index, what, keys, one in (*answers, *proofs):
        lacking = [key for key in keys if getattr(one, key) is None]
        if 0 < len(lacking) < len(keys):
            needs = f"{what} needs {fmt.listed(keys)}"
            yield document.problem((section, index), needs, cure=f"add {fmt.listed([f'`{key}:`' for key in lacking])}")


def _contradictions(document: Document, record: Record, version: Version) -> Iterator[Problem]:
    promises, parties = {p.id for p in version.promises}, {p.name for p in version.parties}
    for index, objection in enumerate(record.objections):
        # What was objected to may be gone because of it: an objection that was answered stays as it is.
        if objection.answer is None and objection.promise not in promises:
            place: Place = ("objections", index, "promise")
            cure = did_you_mean(objection.promise, promises)
            yield document.problem(place, f"version {version.version} has no such promise", objection.promise, cure)
    seen: set[tuple[str, str]] = set()
    for index, signature in enumerate(record.signatures):
        place = ("signatures", index, "party")
        if signature.party not in parties:
            cure = did_you_mean(signature.party, parties)
            yield document.problem(place, f"version {version.version} has no such party", signature.party, cure)
        elif (signature.party, signature.digest) in seen:
            yield document.problem(place, "this party has signed the same text before", signature.party, "keep one")
        seen.add((signature.party, signature.digest))
