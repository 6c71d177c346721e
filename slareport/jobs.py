"""Which packets are asked for: notebooks, teams, clients and periods, checked before anything runs."""

from __future__ import annotations

import ast
import contextlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from slareport.agreement import Agreement
from slareport.editions import TEAM, client_key, inside, role_key
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.outputs import Place
from slareport.period import Period, instant
from slareport.teams import COMPANY
from slareport.workspace import Workspace, notebook_folders

REQUIRED = {"period"}
ON_REQUEST, WITHOUT_DATA, WITH_DRAFTS = "on-request", "without-data", "with-drafts"  # tags of a parameters cell
SUPPLIED = {"team", "client", "role", "period", "as_of", "edition"}

Progress = Callable[["Job", str, int, int], None]
"""Told of every cell as it starts: its job, its first line, its number, and how many there are."""


@dataclass(frozen=True)
class Job:
    """One packet to make: of a team, of the company, of a client, or of a role in a team.

    `tags` are those of its notebook's parameters cell: `without-data` on a paper made of the agreement alone: it reads
    no CRM tables, `with-drafts` on one that looks at versions to come, and at times before the first.
    """

    notebook: str
    path: Path
    period: str
    team: str
    as_of: str
    edition: str = ""
    client: str = ""
    role: str = ""
    tags: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where it is published."""
        return Place(self.period, self.team, self.notebook, role_key(self.role) if self.role else self.edition)

    @property
    def parameters(self) -> dict[str, str]:
        """What its notebook is given."""
        team = "" if self.team == COMPANY or self.client else self.team
        given = {"client": self.client, "role": self.role, "team": team, "as_of": self.as_of, "edition": self.edition}
        return {"period": self.period, **{name: value for name, value in given.items() if value}}

    def __str__(self) -> str:
        whose = self.client or self.team.replace(COMPANY, "")
        return " ".join(filter(None, [self.notebook, self.period, whose, self.edition, self.role]))


def plan(
    workspace: Workspace,
    periods: Sequence[Period],
    teams: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    as_of: str = "",
    edition: str = "",
    clients: Sequence[str] = (),
    roles: Sequence[str] = (),
) -> list[Job]:
    """The packets of these periods, teams and notebooks (all of them where none is named), checked before any runs.

    With `clients` they are of the notebooks that take a client, one for each; with an `edition` other than the team's
    own, of those that take an edition; those that take a role are made for these `roles`, or all of the agreement's.
    Raises `UsageError` for unknown teams, roles and notebooks, notebooks that take other parameters than there are, and
    periods without an agreement or of which nothing is known yet.
    """
    edition = "" if edition in ("", TEAM) else inside(edition).audience
    if clients and (teams or edition):
        raise UsageError(Problem("a client's packet is of no team and no other edition", cure="leave --team out"))
    for team in teams:
        workspace.team(team)
    jobs = []
    asked = [name for name, given in (("as_of", as_of), ("edition", edition), ("client", clients)) if given]
    for name in list(dict.fromkeys(notebooks)) or regular(workspace.root):
        path = workspace.notebook(name)
        takes = parameters_of(path)
        if not _fits(path, takes, asked, named=name in notebooks):
            continue
        if "client" in takes:
            whose = [(client_key(client), client) for client in dict.fromkeys(clients)]
        elif "team" in takes:
            whose = [(team, "") for team in dict.fromkeys(teams or workspace.teams)]
        else:
            whose = [(COMPANY, "")] if not teams or name in notebooks else []
        tags = tuple(_parameters_cell(path)[1])
        for period in periods:
            _check_period(agreement_of(workspace, period, tags), period, as_of)
            about = _roles(workspace, period, roles) if "role" in takes else [""]
            jobs += [
                Job(name, path, period.name, key, as_of, edition, client, role, tags)
                for key, client in whose
                for role in about
            ]
    if not jobs:
        raise UsageError(Problem("nothing to run", cure="name a notebook that takes what you ask for, or ask for less"))
    return jobs


def agreement_of(workspace: Workspace, period: Period, tags: Collection[str]) -> Agreement:
    """The agreement a packet is made under: what looks at drafts looks at times before any version was in force too."""
    return workspace.agreement.reaching(period.start) if WITH_DRAFTS in tags else workspace.agreement


def known_at(workspace: Workspace, job: Job) -> pd.Timestamp:
    """The instant up to which a packet's review knows things."""
    if job.as_of:
        return instant(job.as_of, workspace.agreement.zone)
    period = workspace.period(job.period)
    return agreement_of(workspace, period, job.tags).as_of(period)


def instants_of(workspace: Workspace, job: Job) -> list[pd.Timestamp]:
    """The instants whose extracts a packet's review reads: its own, and a team's the one its last review had."""
    if WITHOUT_DATA in job.tags:
        return []
    known = [known_at(workspace, job)]
    if job.team in workspace.teams:
        with contextlib.suppress(UsageError):  # no agreement was in force then
            before = workspace.agreement.as_of(workspace.period(job.period).previous())
            known += [before] if before < known[0] else []
    return known


def _roles(workspace: Workspace, period: Period, asked: Sequence[str]) -> list[str]:
    known = workspace.agreement.in_force(period)[-1].roles
    for role in asked:
        if role not in known:
            raise UsageError(
                Problem("no such role in the agreement", "role", found=role, cure=did_you_mean(role, known))
            )
    return list(dict.fromkeys(asked)) or known


def _fits(path: Path, takes: Collection[str], asked: Collection[str], *, named: bool) -> bool:
    """Whether a notebook takes what is asked for; one that was `named`, or lacks only `as_of`, is refused if not."""
    lacks = [name for name in asked if name not in takes]
    if lacks and (named or lacks == ["as_of"]):
        cure = f"declare it, or leave --{lacks[0].replace('_', '-')} out"
        raise UsageError(Problem(f"the notebook takes no {lacks[0]}", path.name, cure=cure))
    alone = "client" in takes and "client" not in asked
    if alone and named:
        raise UsageError(Problem("the notebook is about a client", path.name, cure="name one with --client"))
    return not lacks and not alone


def _check_period(agreement: Agreement, period: Period, as_of: str) -> None:
    agreement.in_force(period)
    if as_of and instant(as_of, agreement.zone) <= period.bounds(agreement.zone)[0]:
        cure = "choose a time after the period's start, or an earlier period"
        raise UsageError(Problem(f"nothing of {period.name} is known yet", "as_of", found=as_of, cure=cure))


def reviews(root: Path) -> dict[str, Path]:
    """All notebooks of a workspace that review a period, by name; those that take something else are left out.

    Raises `UsageError` with every notebook that cannot be read, declares no parameters, or asks for an unknown one.
    """
    names = {path.stem: path for folder in notebook_folders(root)[::-1] for path in folder.glob("*.ipynb")}
    problems: list[Problem] = []
    found = {}
    for name, path in sorted(names.items()):
        try:
            declared = _declared(path)
            if declared >= REQUIRED or not declared:
                parameters_of(path)
                found[name] = path
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    return found


def regular(root: Path) -> list[str]:
    """The notebooks of the regular review; the others, tagged `on-request`, are made when they are named."""
    return [name for name, path in reviews(root).items() if ON_REQUEST not in _parameters_cell(path)[1]]


def parameters_of(path: Path) -> set[str]:
    """The parameters a notebook declares. Raises `UsageError` where slareport has no value for one of them."""
    declared = _declared(path)
    if not declared >= REQUIRED:
        cure = "declare period in a cell tagged 'parameters', or keep the notebook elsewhere"
        found = ", ".join(sorted(declared)) or None
        raise UsageError(Problem("a review notebook takes a period", path.name, found=found, cure=cure))
    problems = [
        Problem(
            "the notebook asks for a parameter that no one gives",
            path.name,
            found=name,
            cure=did_you_mean(name, SUPPLIED),
        )
        for name in sorted(declared - SUPPLIED)
    ]
    if problems:
        raise UsageError(problems)
    return declared


def _declared(path: Path) -> set[str]:
    """The names that the cell tagged `parameters` assigns, as papermill would find them in a second more."""
    names = (node for node in ast.walk(_parameters_cell(path)[0]) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _parameters_cell(path: Path) -> tuple[ast.Module, list[str]]:
    """The code of the first cell tagged `parameters`, and its tags; nothing where there is none."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
        tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
        first: dict[str, Any] = tagged[0] if tagged else {"source": "", "metadata": {}}
        return ast.parse("".join(first["source"])), first["metadata"].get("tags", [])
    except (ValueError, KeyError, TypeError, AttributeError, SyntaxError) as error:
        cure = "save it again from Jupyter as a Python notebook"
        raise UsageError(Problem("not a notebook", path.name, found=str(error).splitlines()[0], cure=cure)) from error
