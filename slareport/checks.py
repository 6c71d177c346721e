"""What can be seen to be wrong before a notebook runs, found without a kernel and told at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from slareport.documents import read_document
from slareport.errors import DataError, Problem, UsageError, did_you_mean
from slareport.jobs import SUPPLIED, reviews
from slareport.measurable import lacking
from slareport.post import LIST, load_list
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


def _check_source(workspace: Workspace) -> None:
    with Reader(workspace.source, workspace.agreement.zone) as reader:
        reader.check()


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
