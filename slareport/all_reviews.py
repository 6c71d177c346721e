"""The index page 'All reviews': every team and every period, and where to click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from slareport.errors import Problem, SlareportError
from slareport.page import environment, scheme

State = Literal["ready", "provisional", "failed", "missing"]


@dataclass(frozen=True)
class Cell:
    """One review in the index: how it stands, in words, and the way to it from the index."""

    state: State
    text: str = ""
    href: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.href and (scheme(self.href) or self.href.startswith(("/", "\\")) or ".." in self.href.split("/")):
            cure = "link relative to the index, below its own folder"
            raise SlareportError(Problem("the index links only to packets beside it", found=self.href, cure=cure))


MISSING = Cell("missing")


@dataclass(frozen=True)
class Row:
    """One line of the index: the company or a team, and its reviews by period title."""

    title: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Index:
    """All reviews of a company: period titles newest first, then a row per team, the company's own first."""

    company: str
    periods: tuple[str, ...]
    rows: tuple[Row, ...]


def render_index(index: Index) -> str:
    """The page 'All reviews': every team and period, with failed and missing reviews said in words."""
    newest = index.periods[0] if index.periods else ""
    now = [(row.title, row.cells.get(newest, MISSING)) for row in index.rows] if newest else []
    counts = {
        state: sum(cell.state == state for _, cell in now) for state in ("ready", "provisional", "failed", "missing")
    }
    return (
        environment()
        .get_template("all_reviews.html.j2")
        .render(
            index=index,
            newest=newest,
            counts=counts,
            missing=MISSING,
            to_review=[(title, cell) for title, cell in now if cell.state == "ready"],
        )
    )
