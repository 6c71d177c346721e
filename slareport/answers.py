"""The workbook in which people answer for the misses of a packet: explanations, disputes, waivers.

It leaves as a form with a row per miss and comes back as changes to the minutes of the review.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from slareport import form_reading as reading
from slareport.documents import Strict
from slareport.errors import Problem, UsageError
from slareport.minutes import Dispute, Explanation, Minutes, Waiver, main_notebook
from slareport.outputs import CURRENT, Place, packets
from slareport.period import Period
from slareport.publishing import closing_record
from slareport.saying import Changes
from slareport.workbook import form, header
from slareport.workspace import Workspace

SHEET, ABOUT = "misses", "about"
FIXED = ["promise", "item", "name", "account", "amount", "currency", "owner_at_deadline", "due_at", "stopped_at",
         "late_minutes", "cause", "record_url"]  # fmt: skip


class Kind(NamedTuple):
    """What can be said of a miss: the list of the minutes it goes to, its model, and the two columns to fill.

    `words` and `by` name a column each, and `fields` the fields of the model that they fill.
    """

    name: str
    model: type[Strict]
    words: str
    by: str
    fields: tuple[str, str]
    half: tuple[str, str]


KINDS = (
    Kind("explanations", Explanation, "explanation", "explained by", ("text", "by"),
         ("an explanation by nobody", "someone explains nothing")),
    Kind("disputes", Dispute, "dispute", "disputed by", ("text", "by"),
         ("a dispute by nobody", "someone disputes nothing")),
    Kind("waivers", Waiver, "waiver reason", "waiver approved by", ("reason", "approved_by"),
         ("a waiver without approver", "an approver without a reason")),
)  # fmt: skip
TO_FILL = [column for kind in KINDS for column in (kind.words, kind.by)]


@dataclass(frozen=True)
class Answers:
    """What a workbook says of one review."""

    period: Period
    team: str
    changes: Changes


def export(workspace: Workspace, period: Period, team: str) -> bytes:
    """The workbook of the misses of the packet in force, with what has been said of them.

    Raises `UsageError` where there is no packet of that review.
    """
    workspace.team(team)
    place = Place(period.name, team, main_notebook(team))
    manifest = place.current(workspace.outputs)
    if manifest is None:
        cure = f"make it: slareport run --period {period.name} --team {team}"
        raise UsageError(Problem(f"{team} has no packet of {period.name}", cure=cure))
    misses, zone = _published(place.folder(workspace.outputs) / CURRENT)
    said = workspace.reviews.of(period, team)
    about = {
        "period": period.name,
        "team": team,
        "notebook": place.notebook,
        "as_of": manifest["as_of"],
        "packet": manifest["content_digest"],
        "how": "Fill in the coloured columns of the sheet misses, save, then: slareport review import FILE.xlsx",
    }
    rows = [{**miss, **_filled(said, (miss["promise"], miss["item"]))} for miss in misses]
    return form(SHEET, FIXED, rows, TO_FILL, about, zone)


def read(workspace: Workspace, path: Path, on: dt.date) -> Answers:
    """What a filled workbook says that the minutes do not say yet; `on` is the day it was said.

    Raises `UsageError` with every problem of the workbook, naming sheet and cell.
    """
    book = reading.opened(path)
    facts = reading.facts(book, ABOUT, ("period", "team", "packet"), path.name)
    period, team = workspace.period(facts["period"]), facts["team"]
    workspace.team(team)
    misses, zone = _published(
        _in_force(workspace, Place(period.name, team, main_notebook(team)), facts["packet"], path)
    )
    columns = {column: header(column, zone) for column in FIXED} | {column: column for column in TO_FILL}
    said = workspace.reviews.of(period, team)
    problems: list[Problem] = []
    known = {(miss["promise"], miss["item"]): miss for miss in misses}
    changes = _Collected({}, {})
    for row in reading.rows(book, SHEET, columns, path.name, problems):
        miss = known.get((row.text("promise"), row.text("item")))
        if miss is None:
            cure = "remove the row, or export the workbook again: ids stay as they were exported"
            problems.append(row.problem("item", "is no miss of this packet", cure))
            continue
        if first := changes.seen(row, (miss["promise"], miss["item"])):
            problems.append(row.problem("item", f"stands twice, first in row {first}", "keep one of the rows"))
            continue
        problems += row.altered({column: miss.get(column) for column in FIXED}, zone)
        for kind in KINDS:
            problems += _answered(kind, row, miss, said, on, changes)
    if problems:
        raise UsageError(problems)
    return Answers(period, team, Changes(changes.added, changes.changed))


class _Collected:
    """What is found to be new, as the rows are read."""

    def __init__(self, added: dict[str, list[Strict]], changed: dict[tuple[str, int], Strict]) -> None:
        self.added, self.changed = added, changed
        self.lines: dict[tuple[str, str], int] = {}

    def seen(self, row: reading.Row, miss: tuple[str, str]) -> int:
        """The line in which a miss stood before; 0 for the first time."""
        first = self.lines.setdefault(miss, row.line)
        return 0 if first == row.line else first


def _answered(
    kind: Kind, row: reading.Row, miss: Mapping[str, Any], said: Minutes, on: dt.date, found: _Collected
) -> Iterator[Problem]:
    """What a row says of one kind, if it is new."""
    problems = [problem for column in (kind.words, kind.by) for problem in row.formula(column)]
    words, by = row.text(kind.words), row.text(kind.by)
    if problems or not (words or by):
        yield from problems
        return
    if not by:
        yield row.problem(kind.by, kind.half[0], f"write who into the column {kind.by!r}")
        return
    if not words:
        yield row.problem(kind.words, kind.half[1], f"write it into the column {kind.words!r}, or clear {kind.by!r}")
        return
    index, before = _said(said, kind, (miss["promise"], miss["item"]))
    new = dict(zip(kind.fields, (words, by), strict=True))
    if before is None:
        whole = {"promise": miss["promise"], "item": miss["item"], **new, "on": on}
        found.added.setdefault(kind.name, []).append(kind.model.model_validate(whole))
    elif not all(reading.same(value, getattr(before, name)) for name, value in new.items()):
        if getattr(before, "answer", None) is not None:
            yield row.problem(kind.words, "has been answered, and stays as it was", "put the text back as it was")
        else:
            found.changed[kind.name, index] = before.model_copy(update={**new, "on": on})


def _said(said: Minutes, kind: Kind, miss: tuple[str, str]) -> tuple[int, Strict | None]:
    """What has been said of a miss, and its place in the list."""
    entries: Sequence[Any] = getattr(said, kind.name)
    return next(((n, one) for n, one in enumerate(entries) if (one.promise, one.item) == miss), (-1, None))


def _filled(said: Minutes, miss: tuple[str, str]) -> dict[str, str]:
    """What has been said of a miss, by column."""
    filled: dict[str, str] = {}
    for kind in KINDS:
        _, before = _said(said, kind, miss)
        if before is not None:
            values = (getattr(before, name) for name in kind.fields)
            filled |= dict(zip((kind.words, kind.by), values, strict=True))
    return filled


def _in_force(workspace: Workspace, place: Place, digest: str, path: Path) -> Path:
    """The folder of the packet that a workbook is of, if that is in force."""
    found = next(packets(workspace.outputs, place, digest), None)
    now = place.current(workspace.outputs)
    if found and now and now["content_digest"] == found[1]["content_digest"]:
        return found[0]
    what, cure = f"{place.team} has no such packet of {place.period}", "export the workbook again"
    if found and now:
        what = f"this packet has been superseded by {now['content_digest'][:8]}, as of {now['as_of']}"
        cure = "export the workbook again, and fill in that one"
    raise UsageError(Problem(what, path.name, f"{ABOUT}: packet", digest, cure))


def _published(folder: Path) -> tuple[list[dict[str, Any]], str]:
    """The misses of a packet as they were published, and the zone of its readers."""
    data = closing_record(nbformat.read(folder / "notebook.ipynb", as_version=4))
    return data["misses"], data["zone"]
