"""What can be seen to be wrong before a notebook runs, found without a kernel and told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from slareport import format as fmt
from slareport.agreement import Version
from slareport.documents import Document, read_document
from slareport.errors import DataError, Problem, UsageError, did_you_mean
from slareport.jobs import SUPPLIED, reviews
from slareport.linting import lint
from slareport.measurable import lacking
from slareport.recipients import LIST, load_list
from slareport.signatures import EVIDENCE, SIGNATURES, Signed
from slareport.source import Reader
from slareport.workspace import Workspace, find_root, open_workspace

Found = TypeVar("Found")


def check(root: Path | None = None, outputs: Path | None = None) -> Workspace:
    """The workspace, if its agreement, teams, source and notebooks are in order.

    Raises `UsageError` with every problem under `parameters/` and `notebooks/`, those of the CRM tables included;
    `DataError` if only the CRM tables have any.
    """
    wrong: list[Problem] = []
    missing: list[Problem] = []
    there = find_root(root)
    home = _try(lambda: open_workspace(there, outputs), wrong)
    _try(lambda: reviews(there), wrong)
    if home is not None:
        _try(lambda: _check_team_parameters(home), wrong)
        _try(lambda: load_list(home) if (home.root / LIST).is_file() else None, wrong)
        _try(lambda: _check_source(home), missing)
    if wrong or home is None:
        raise UsageError(wrong, missing)
    if missing:
        raise DataError(missing)
    return home


def unmeasurable(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """What is promised or watched today and cannot be measured, by title, with what that needs."""
    with Reader(workspace.source, workspace.agreement.zone) as reader:
        absent = reader.absent()
    needs = lacking(workspace.source, absent)
    return {m.title: needs[m.kpi] for m in workspace.agreement.versions[-1].measures if m.kpi in needs}


def doubtful(workspace: Workspace) -> list[Problem]:
    """What a careful reader would ask about the newest version of the agreement."""
    newest = workspace.agreement.versions[-1]
    document = read_document(workspace.root / workspace.agreement.file_of(newest), workspace.root)
    return list(lint(newest, document, workspace.teams))


def unsettled(workspace: Workspace) -> list[Problem]:
    """What stops no review and is still to be done for the agreement, with the command that does it.

    Signatures that are missing or of an earlier text, evidence that is not as it was recorded, open objections.
    """
    found: list[Problem] = []
    for version in workspace.agreement.versions:
        signed = workspace.signatures.state(workspace.agreement, version)
        cure = f"slareport sign {version.effective_from} --party PARTY --by NAME"
        if never := [party for party in signed.missing if party not in signed.outdated]:
            agreed = read_document(workspace.root / workspace.agreement.file_of(version), workspace.root)
            what = f"version {version.version} is not signed by {fmt.listed(never)}"
            found.append(agreed.problem(("parties",), what, cure=cure))
        if document := workspace.signatures.documents.get(version.effective_from):
            found += _unsettled(workspace, document, version, signed)
    return found


def _unsettled(workspace: Workspace, document: Document, version: Version, signed: Signed) -> Iterator[Problem]:
    record = workspace.signatures.of(version)
    for index, signature in enumerate(record.signatures):
        if signed.outdated.get(signature.party) is signature:
            what = f"the file has changed since {signature.by} signed it"
            cure = f"slareport sign {version.effective_from} --party '{signature.party}' --by NAME"
            yield document.problem(("signatures", index), what, signature.party, cure)
        kept = workspace.root / SIGNATURES / EVIDENCE / (signature.evidence or "")
        if signature.evidence and not (kept.is_file() and _digest(kept) == signature.evidence_digest):
            what = "this evidence is not there, or not as it was recorded"
            cure = f"put it back into {SIGNATURES}/{EVIDENCE}/"
            yield document.problem(("signatures", index, "evidence"), what, signature.evidence, cure)
    for index, objection in enumerate(record.objections):
        if objection.answer is None:
            what = f"{objection.by} objects to {objection.promise} and has no answer"
            cure = f"slareport answer {objection.promise} --version {version.effective_from} --by NAME TEXT"
            yield document.problem(("objections", index), what, cure=cure)


def _check_source(workspace: Workspace) -> None:
    with Reader(workspace.source, workspace.agreement.zone) as reader:
        reader.check()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_team_parameters(workspace: Workspace) -> None:
    """`parameters/teams/*.yaml` is what papermill's `-f` injects: parameters only, and a team there is."""
    problems = []
    for path in sorted((workspace.root / "parameters" / "teams").glob("*.yaml")):
        document = read_document(path, workspace.root)
        for name, value in document.data.items():
            if name not in SUPPLIED:
                problems.append(document.problem((name,), "no notebook takes this", name, did_you_mean(name, SUPPLIED)))
            elif name == "team" and value not in workspace.teams:
                problems.append(document.problem((name,), "no such team", value, did_you_mean(value, workspace.teams)))
    if problems:
        raise UsageError(problems)


def _try(attempt: Callable[[], Found], problems: list[Problem]) -> Found | None:
    try:
        return attempt()
    except (UsageError, DataError) as error:
        problems += error.problems
        return None
