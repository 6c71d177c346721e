"""The folder a company works in: its parameters, notebooks and outputs."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

import slareport.kpis  # noqa: F401  registers the KPIs that come with slareport
from slareport import files, sample
from slareport.agreement import Agreement, load_agreement
from slareport.errors import DataError, Problem, SlareportError, UsageError, did_you_mean
from slareport.extract import Extract, existing, extract, opened
from slareport.mapping import Source, load_source
from slareport.minutes import Reviews, load_reviews
from slareport.period import Period, parse_period
from slareport.signatures import SIGNATURES, Signatures, load_signatures
from slareport.teams import Team, load_teams

ROOT_VARIABLE = "SLAREPORT_WORKSPACE"
OUTPUTS_VARIABLE = "SLAREPORT_OUTPUTS"
EXTRACTS_VARIABLE = "SLAREPORT_EXTRACTS"
EXTRACTS = ".extracts"
PACKAGE = Path(__file__).parent
STAMP = ".made-from"


@dataclass(frozen=True)
class Workspace:
    """Everything that is written down under `parameters/`, loaded and checked, and where the outputs go."""

    root: Path
    outputs: Path
    agreement: Agreement
    teams: Mapping[str, Team]
    source: Source
    reviews: Reviews
    signatures: Signatures
    digests: Mapping[str, str]
    pinned: Mapping[str, str] = field(default_factory=dict)

    @property
    def extracts(self) -> Path:
        """Where extracts are kept."""
        return self.outputs / EXTRACTS

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which another process opens this workspace."""
        return environment_of(self.root, self.outputs, self.pinned)

    def extract(self, as_of: pd.Timestamp, *, again: bool = False) -> Extract:
        """What the CRM tables said at `as_of`; see `slareport.extract.extract`.

        A batch reads them once and pins what it found: its notebooks see the same, whatever is exported meanwhile.
        """
        if as_of.isoformat() in self.pinned:
            return opened(self.extracts / self.pinned[as_of.isoformat()], as_of)
        if self.pinned and not self.source.url and not self.source.data.exists():
            what = f"the CRM tables are not here, and none were sent of {as_of.isoformat()}"
            raise DataError(Problem(what, self.source.settings.data, cure="run this notebook where they are"))
        return extract(self.source, self.teams, self.agreement.zone, as_of, self.extracts, again=again)

    def extracted(self, as_of: pd.Timestamp) -> Extract | None:
        """The extract of `as_of`, if it has been made of the CRM tables as they are now."""
        return existing(self.source, self.teams, self.agreement.zone, as_of, self.extracts)

    def notebook(self, name: str) -> Path:
        """A notebook by name: the workspace's own, else the one that comes with slareport."""
        folders = notebook_folders(self.root)
        for folder in folders:
            if (folder / f"{name}.ipynb").is_file():
                return folder / f"{name}.ipynb"
        there = {path.stem for folder in folders for path in folder.glob("*.ipynb")}
        raise UsageError(Problem("no such notebook", found=name, cure=did_you_mean(name, there)))

    def team(self, name: str) -> Team:
        """A team by its id. Raises `UsageError` with the nearest names."""
        if name not in self.teams:
            raise UsageError(
                Problem("no such team", "parameters/teams.yaml", found=name, cure=did_you_mean(name, self.teams))
            )
        return self.teams[name]

    def zone_of(self, team: str) -> str:
        """The time zone of a team's calendar; the reporting zone for items of no team."""
        version = self.agreement.versions[-1]
        return version.calendars[self.teams[team].calendar].zone if team in self.teams else version.timezone

    def period(self, text: str) -> Period:
        """A period by its name, in this agreement's fiscal year."""
        return parse_period(text, fiscal_start=self.agreement.fiscal_start)

    def reaching(self, period: str) -> Workspace:
        """The workspace as if the agreement had been in force in a period, to look at a time before any was."""
        return replace(self, agreement=self.agreement.reaching(self.period(period).start))

    def page(self, team: str) -> str | None:
        """Where people find the reviews of a team: its row among all reviews, None where the agreement does not say."""
        portal = self.agreement.versions[-1].portal_url
        return f"{portal}/index.html#team-{team}" if portal else None

    def prepare(self) -> None:
        """Write the sample company's exports if the source is the sample and they are not there as it makes them now.

        A folder that the sample did not make is never touched: it holds someone's exports.
        """
        made, data = self.source.settings.sample, self.source.data
        if made is None or self.source.url or (data.is_dir() and not (data / STAMP).is_file()):
            return
        stamp = f"{made.seed} {made.size} {_sample_digest()}\n"
        if data.is_dir() and (data / STAMP).read_text() == stamp:
            return
        shutil.rmtree(data, ignore_errors=True)
        with files.new_folder(data) as staging:
            sample.write_sample(staging, seed=made.seed, size=made.size)
            (staging / STAMP).write_text(stamp)


def notebook_folders(root: Path) -> list[Path]:
    """Where notebooks are looked for: the workspace, then those shipped with the package or lying beside it."""
    return [
        folder
        for folder in (root / "notebooks", PACKAGE / "starter" / "notebooks", PACKAGE.parent / "notebooks")
        if folder.is_dir()
    ]


def environment_of(root: Path, outputs: Path, pinned: Mapping[str, str]) -> dict[str, str]:
    """The environment variables by which another process opens a workspace."""
    known = {EXTRACTS_VARIABLE: json.dumps(dict(pinned))} if pinned else {}
    return {ROOT_VARIABLE: str(root), OUTPUTS_VARIABLE: str(outputs), **known}


def find_root(start: Path | None = None) -> Path:
    """The workspace: the one the environment names, else the nearest folder upwards that has `parameters/`."""
    named = os.environ.get(ROOT_VARIABLE)
    first = (start or Path(named or ".")).resolve()
    for folder in [first] if named or start else [first, *first.parents]:
        if (folder / "parameters").is_dir():
            return folder
    cure = f"go to a folder with parameters/, name one with --workspace or {ROOT_VARIABLE}, or make one: slareport init"
    raise UsageError(Problem("no workspace here", str(first), cure=cure))


def open_workspace(root: Path | None = None, outputs: Path | None = None) -> Workspace:
    """Load a workspace. Raises `UsageError` with every problem of every file under `parameters/`."""
    root = find_root(root)
    outputs = outputs or Path(os.environ.get(OUTPUTS_VARIABLE) or root / "outputs")
    parameters = root / "parameters"
    problems: list[Problem] = []
    own = _attempt(lambda: _own_kpis(root), problems) or {}
    agreement: Agreement | None = _attempt(lambda: load_agreement(parameters / "agreement", root), problems)
    teams = _attempt(lambda: load_teams(parameters / "teams.yaml", root, agreement), problems)
    source = _attempt(lambda: load_source(parameters / "source.yaml", root), problems)
    reviews = _attempt(lambda: load_reviews(parameters / "reviews", root, agreement, teams), problems)
    signatures = _attempt(lambda: load_signatures(root / SIGNATURES, root, agreement), problems)
    if problems or agreement is None or teams is None or source is None:
        raise UsageError(problems)
    read = {"parameters/teams.yaml": _digest(parameters / "teams.yaml")}
    digests = {**agreement.digests, **source.digests, **reviews.digests, **signatures.digests, **read, **own}
    pinned = json.loads(os.environ.get(EXTRACTS_VARIABLE) or "{}")
    workspace = Workspace(root, outputs.resolve(), agreement, teams, source, reviews, signatures, digests, pinned)
    if not pinned:
        workspace.prepare()
    return workspace


def _own_kpis(root: Path) -> dict[str, str]:
    """Import a workspace's own `kpis.py`, whose KPIs register themselves."""
    path = root / "kpis.py"
    if not path.is_file():
        return {}
    spec = importlib.util.spec_from_file_location("kpis", path)
    if spec is None or spec.loader is None:
        raise UsageError(Problem("cannot be imported", "kpis.py", cure="write it as a Python module"))
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except SlareportError:
        raise
    except Exception as error:
        what = f"cannot be imported: {type(error).__name__}: {error}"
        raise UsageError(Problem(what, "kpis.py", cure="run `python kpis.py` to see where")) from error
    return {"kpis.py": _digest(path)}


def _attempt(load: Callable[[], Any], problems: list[Problem]) -> Any:
    try:
        return load()
    except UsageError as error:
        problems.extend(error.problems)
        return None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sample_digest() -> str:
    """What the sample company is made by: other code makes other exports."""
    code = sorted((PACKAGE / "sample").glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()
