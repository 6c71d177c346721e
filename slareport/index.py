"""The index of all reviews, rewritten from the manifests of what is published."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from slareport import files, outputs, signing
from slareport import format as fmt
from slareport.all_reviews import MISSING, Cell, Index, Link, Promise, Row, State, Upcoming, render_index
from slareport.cadence import as_icalendar, schedule
from slareport.errors import UsageError
from slareport.findings import ICONS, now_in_words
from slareport.kpi import KPIS
from slareport.minutes import Signature
from slareport.outputs import CURRENT, FAILED, Place
from slareport.period import Period
from slareport.teams import COMPANY
from slareport.workspace import Workspace

MAIN = {"leadership_summary", "team_review", "client_review"}  # the others are linked beside these
PAPERS = {"agreement", "handbook", "target_setting", "workflow_analysis"}  # what nobody reviews a period by
INSTANT = pd.Timedelta(microseconds=1)

Published = tuple[Place, Mapping[str, Any] | None, str]
"""A place, the manifest of its packet in force, and the reason of a later failure."""


def write_index(workspace: Workspace) -> Path:
    """Rewrite `outputs/index.html`, and `index.json` for machines; the page it is."""
    made: dict[tuple[str, str], list[Published]] = defaultdict(list)
    periods: dict[str, Period] = {}
    for place, manifest, failure in outputs.published(workspace.outputs):
        try:
            period = workspace.period(place.period)
        except UsageError:  # a folder of someone else's
            continue
        periods[period.title] = period
        made[place.team, period.title].append((place, manifest, failure))
    newest = sorted(periods, key=lambda title: (periods[title].end, periods[title].start), reverse=True)
    cells: dict[str, dict[str, Cell]] = defaultdict(dict)
    tables: dict[str, dict[str, pd.DataFrame]] = defaultdict(dict)
    for (team, title), found in made.items():
        cells[team][title], tables[team][title] = _told(workspace, periods[title], found)
    clients = {place.team: f"Client: {told['client']}" for place, told, _ in _all(made) if told and told.get("client")}
    titles = {COMPANY: "Company", **{key: team.name for key, team in workspace.teams.items()}, **clients}
    order = [*titles, *sorted(set(cells) - set(titles))]
    rows = tuple(Row(key, titles.get(key, key), cells.get(key, {}), _promises(tables[key], newest)) for key in order)
    listed = [_entry(workspace, place, manifest) for place, manifest, _ in _all(made) if manifest]
    files.write(workspace.outputs / "index.json", json.dumps(listed, indent=1, sort_keys=True) + "\n")
    calendar = _calendar(workspace, list(periods.values()))
    page = workspace.outputs / "index.html"
    files.write(page, render_index(Index(workspace.agreement.versions[-1].title, tuple(newest), rows, calendar)))
    return page


def _told(workspace: Workspace, period: Period, found: list[Published]) -> tuple[Cell, pd.DataFrame]:
    """How one review stands, with ways to what else was made of it, and its scorecard. Papers alone are no review."""
    main, *others = sorted(found, key=lambda one: _weight(one[0]))
    if main[0].notebook in PAPERS:
        return replace(MISSING, more=tuple(_link(workspace, one) for one in (main, *others))), pd.DataFrame()
    table = _scorecard(workspace, main)
    more = (*_superseded(workspace, main), *(_link(workspace, other) for other in others))
    return replace(_cell(workspace, period, main, table), more=more), table


def _calendar(workspace: Workspace, published: list[Period]) -> tuple[Upcoming, ...]:
    """When each period is to be reviewed, from the first one published on; also written as `reviews.ics`."""
    if not published:
        return ()
    agreement, teams = workspace.agreement, workspace.teams
    due = schedule(agreement, min(one.start for one in published), max(one.start for one in published))
    files.write(workspace.outputs / "reviews.ics", as_icalendar(due, agreement))
    held = [sum(bool(workspace.reviews.of(one.period, team).held_on) for team in teams) for one in due]
    told = [
        Upcoming(one.period.title, fmt.day(one.settles, agreement.zone), fmt.day(one.hold_by), f"{n} of {len(teams)}")
        for one, n in zip(due, held, strict=True)
    ]
    return tuple(reversed(told))


def _all(made: Mapping[tuple[str, str], list[Published]]) -> Iterator[Published]:
    return itertools.chain.from_iterable(made.values())


def _weight(place: Place) -> tuple[bool, bool, bool, str]:
    """What stands first among the packets of one review."""
    return place.notebook in PAPERS, place.notebook not in MAIN, bool(place.edition), place.notebook


def _reason(workspace: Workspace, place: Place) -> str:
    return f"{place.folder(workspace.outputs).relative_to(workspace.outputs).as_posix()}/{FAILED}/reason.txt"


def _link(workspace: Workspace, made: Published) -> Link:
    """The way to what else was made of a review, by the name of its notebook."""
    place, manifest, failure = made
    words = place.notebook.replace("_", " ").capitalize() + f", {place.edition} edition" * bool(place.edition)
    if manifest is None:
        return Link(f"{words}: build failed", _reason(workspace, place))
    return Link(words + ", the last build failed" * bool(failure), f"{place.path(workspace.outputs)}/{place.page}")


def _superseded(workspace: Workspace, made: Published) -> Iterator[Link]:
    """The way to the packet that the one in force has superseded; a packet itself never knows of a later one."""
    place, manifest, _ = made
    before = (manifest or {}).get("supersedes")
    for folder in place.folder(workspace.outputs).glob(f"*-{before[:8]}" if before else "no folder"):
        yield Link("Supersedes an earlier one", f"{folder.relative_to(workspace.outputs).as_posix()}/{place.page}")


def _cell(workspace: Workspace, period: Period, made: Published, scorecard: pd.DataFrame) -> Cell:
    place, manifest, failure = made
    if manifest is None:
        return Cell("failed", Link("Build failed", _reason(workspace, place)))
    signed, others = _signatures(workspace, period, place, manifest)
    held = workspace.reviews.of(period, place.team).held_on
    state: State = "signed" if signed else "reviewed" if held else "ready"
    state = "provisional" if manifest["status"] == outputs.PROVISIONAL else state
    link = Link(_words(scorecard), f"{place.path(workspace.outputs)}/{place.page}")
    notes = [f"held {fmt.day(held)}"] * (held is not None and state == "reviewed")
    notes += [f"by {one.by}, {fmt.day(one.on)}" for one in signed]
    notes += [f"supersedes the packet {signing.words(one)}" for one in others[-1:]]
    notes += ["the last build failed"] * bool(failure)
    last = pd.Timestamp(manifest["as_of"]) - INSTANT
    return Cell(state, link, tuple(notes), since=manifest["as_of"], day=fmt.day(last, workspace.agreement.zone))


def _signatures(
    workspace: Workspace, period: Period, place: Place, manifest: Mapping[str, Any]
) -> tuple[list[Signature], list[Signature]]:
    """The signatures of a packet, and those of packets before it that it supersedes."""
    packets = signing.signed(workspace, period, place.team, place.notebook) if not place.edition else []
    ours = [one.signature for one in packets if one.manifest["content_digest"] == manifest["content_digest"]]
    return ours, [one.signature for one in packets if one.signature not in ours]


def _scorecard(workspace: Workspace, made: Published) -> pd.DataFrame:
    """The scorecard of the packet in force; empty where there is none."""
    place, manifest, _ = made
    path = place.folder(workspace.outputs) / CURRENT / "scorecard.csv"
    return pd.read_csv(path) if manifest else pd.DataFrame()


def _words(scorecard: pd.DataFrame) -> str:
    judged = scorecard[scorecard["kind"].eq("promise") & scorecard["result"].isin(["kept", "missed"])]
    if judged.empty:
        return fmt.plural(len(scorecard), "result")
    return f"{judged['result'].eq('kept').sum()} of {len(judged)} kept"


def _promises(tables: Mapping[str, pd.DataFrame], newest: list[str]) -> tuple[Promise, ...]:
    """Each promise and result of a row over the periods, in the order of the newest scorecard."""
    titles: dict[str, str] = {}
    values: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for period in newest:
        for _, row in tables.get(period, pd.DataFrame()).iterrows():
            titles.setdefault(row["promise"], row["title"])
            if row["kpi"] in KPIS:  # a KPI of one's own may be gone
                values[row["promise"]][period] = (ICONS.get(row["result"], "none"), now_in_words(row))
    return tuple(Promise(title, values[name]) for name, title in titles.items())


def _entry(workspace: Workspace, place: Place, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a machine needs to find a packet and to know that it is whole."""
    told = {key: manifest[key] for key in ("status", "as_of", "content_digest", "supersedes", "files")}
    where = {"period": place.period, "team": place.team, "notebook": place.notebook, "page": place.page}
    return {**where, "path": place.path(workspace.outputs), **told}
