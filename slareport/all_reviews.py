"""The index page 'All reviews': every team and every period, what is to be reviewed, and how each promise went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from slareport.errors import Problem, SlareportError
from slareport.page import environment, scheme

State = Literal["signed", "reviewed", "ready", "provisional", "failed", "missing"]
STATES: Mapping[State, str] = {
    "signed": "Signed",
    "reviewed": "Reviewed",
    "ready": "Awaiting review",
    "provisional": "Provisional",
    "failed": "Build failed",
    "missing": "No review",
}


@dataclass(frozen=True)
class Link:
    """Words that lead to a file beside the index."""

    text: str
    href: str

    def __post_init__(self) -> None:
        if scheme(self.href) or self.href.startswith(("/", "\\")) or ".." in self.href.split("/"):
            cure = "link relative to the index, below its own folder"
            raise SlareportError(Problem("the index links only to packets beside it", found=self.href, cure=cure))


@dataclass(frozen=True)
class Cell:
    """One review in the index: how it stands, the way to it, notes in words, and what else was made with it.

    `since` is the day its data ends, the older the longer it waits; `day` is that day in words.
    """

    state: State
    link: Link | None = None
    notes: tuple[str, ...] = ()
    more: tuple[Link, ...] = ()
    since: str = ""
    day: str = ""


MISSING = Cell("missing")


@dataclass(frozen=True)
class Promise:
    """One promise or result of a row over the periods: by period title its result (an icon's name) and its value."""

    title: str
    values: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Row:
    """One line of the index: the company or a team, its reviews by period title, and each of its promises."""

    key: str
    title: str
    cells: Mapping[str, Cell]
    promises: tuple[Promise, ...] = ()


@dataclass(frozen=True)
class Waiting:
    """A review that waits to be held."""

    link: Link
    day: str


@dataclass(frozen=True)
class Upcoming:
    """When a period is to be reviewed, in words: its data settle, its review is held by then, and how many are."""

    period: str
    settles: str
    hold_by: str
    held: str


@dataclass(frozen=True)
class Index:
    """All reviews of a company: period titles newest first, then a row per team, the company's own first.

    `calendar` says when each period is to be reviewed, the last one first.
    """

    company: str
    periods: tuple[str, ...]
    rows: tuple[Row, ...] = field(default_factory=tuple)
    calendar: tuple[Upcoming, ...] = ()


def render_index(index: Index) -> str:
    """The page 'All reviews': every team and period, with failed and missing reviews said in words."""
    newest = index.periods[0] if index.periods else ""
    now = [row.cells.get(newest, MISSING).state for row in index.rows]
    counts: dict[State, int] = {state: now.count(state) for state in STATES}
    template = environment().get_template("all_reviews.html.j2")
    return template.render(
        index=index, newest=newest, counts=counts, missing=MISSING, words=STATES, waiting=_waiting(index)
    )


def _waiting(index: Index) -> list[Waiting]:
    """What is ready and not reviewed yet, the longest first."""
    found = [
        (cell.since, Waiting(Link(f"{row.title}, {period}: {cell.link.text}", cell.link.href), cell.day))
        for row in index.rows
        for period in index.periods
        if (cell := row.cells.get(period, MISSING)).state == "ready" and cell.link
    ]
    return [waiting for _, waiting in sorted(found, key=lambda one: one[0])]
