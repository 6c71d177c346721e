"""The index of all reviews, rewritten from the manifests of what is published."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

from slareport import files, outputs
from slareport.all_reviews import Cell, Index, Row, State, render_index
from slareport.errors import UsageError
from slareport.outputs import COMPANY, CURRENT, FAILED, Place
from slareport.period import Period
from slareport.workspace import Workspace

MAIN = {"leadership_summary", "team_review"}


def write_index(workspace: Workspace) -> Path:
    """Rewrite `outputs/index.html`; the page it is."""
    cells: dict[str, dict[str, Cell]] = defaultdict(dict)
    periods: dict[str, Period] = {}
    for place, manifest, failure in outputs.published(workspace.outputs):
        try:
            period = workspace.period(place.period)
        except UsageError:  # a folder of someone else's
            continue
        periods[period.title] = period
        cells[_row(workspace, place)][period.title] = _cell(workspace, place, manifest, failure)
    expected = ["Company", *(team.name for team in workspace.teams.values())]
    order = [*expected, *sorted(set(cells) - set(expected))]
    newest = sorted(periods, key=lambda title: (periods[title].end, periods[title].start), reverse=True)
    rows = tuple(Row(title, cells.get(title, {})) for title in order)
    page = workspace.outputs / "index.html"
    files.write(page, render_index(Index(workspace.agreement.versions[-1].title, tuple(newest), rows)))
    return page


def _row(workspace: Workspace, place: Place) -> str:
    known = workspace.teams.get(place.team)
    name = "Company" if place.team == COMPANY else known.name if known else place.team
    return name if place.notebook in MAIN else f"{name}, {place.notebook.replace('_', ' ')}"


def _cell(workspace: Workspace, place: Place, manifest: dict[str, Any] | None, failure: str) -> Cell:
    folder = place.folder(workspace.outputs)
    link = folder.relative_to(workspace.outputs).as_posix()
    if manifest is None:
        return Cell("failed", "", f"{link}/{FAILED}/reason.txt")
    version = (folder / CURRENT).resolve().name
    words = _words(folder / CURRENT / "scorecard.csv")
    note = "the last build failed" if failure else ""
    state: State = "provisional" if manifest["status"] == outputs.PROVISIONAL else "ready"
    return Cell(state, words, f"{link}/{version}/packet.html", note)


def _words(scorecard: Path) -> str:
    with scorecard.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    judged = [row["result"] for row in rows if row["kind"] == "promise" and row["result"] in ("kept", "missed")]
    return f"{judged.count('kept')} of {len(judged)} kept" if judged else f"{len(rows)} results"
