"""Finished words to the HTML fragments of a packet. Everything is escaped here, once; nothing is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from slareport.page import environment

Cell = str | Markup


@dataclass(frozen=True)
class Section:
    """What a notebook cell shows: an HTML fragment, and a line of text where HTML is not to be had."""

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002
        return {"text/html": self.html, "text/plain": self.text} if self.html else {"text/plain": self.text}


@dataclass(frozen=True)
class Column:
    """A column of a table: its title, and whether it holds numbers."""

    title: Cell
    numeric: bool = False


def columns(titles: Sequence[str]) -> list[Column]:
    """Columns by their titles; one marked `#` holds numbers."""
    return [Column(title.lstrip("#"), title.startswith("#")) for title in titles]


@dataclass(frozen=True)
class Table:
    """A table of finished words. The first cell of a row names it."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    kind: str = ""


@dataclass(frozen=True)
class Figure:
    """One headline number."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Asked:
    """A decision that is asked for: of whom and until when, the question, the options by letter, how it was taken."""

    of: str
    question: str
    options: Sequence[str]
    taken: str = ""


@dataclass(frozen=True)
class Bar:
    """A count beside its name, drawn as long as its share of the whole (0-1)."""

    name: str
    count: str
    share: float


@dataclass(frozen=True)
class Quote:
    """What a person said, and who it was and when."""

    text: str
    by: str


@dataclass(frozen=True)
class Entry:
    """One entry of the definitions."""

    title: str
    lines: Sequence[str] = field(default_factory=list)


def section(template: str, text: str, **values: Any) -> Section:
    """A section from its template under `templates/sections/`."""
    page = environment().get_template(f"sections/{template}.html.j2")
    return Section(page.render(**values).strip() + "\n", text)


def tables(text: str, *tables: Table, above: Sequence[str] = (), below: Sequence[str] = ()) -> Section:
    """Tables with sentences above and quiet notes below."""
    return section("tables", text, tables=tables, above=above, below=below)


def nothing(text: str) -> Section:
    """A section with nothing to show: the packet leaves it out, heading and all."""
    return Section("", text)


def joined(*parts: Section) -> Section:
    """Several sections as one; those with nothing to show are left out."""
    shown = [part for part in parts if part.html]
    return Section("".join(part.html for part in shown), "\n".join(part.text for part in shown)) if shown else parts[-1]


def result(icon: str, words: str, note: str = "") -> Markup:
    """A result with its icon, and a note below it."""
    macros: Any = environment().get_template("sections/table.html.j2").module
    return Markup(macros.result(icon, words, note))  # noqa: S704  the macro escapes


def link(text: str, href: str | None) -> Markup:
    """A text that leads somewhere, or just the text."""
    macros: Any = environment().get_template("sections/table.html.j2").module
    return Markup(macros.link(text, href))  # noqa: S704  the macro escapes


def spark(**drawn: Any) -> Markup:
    """A line as small as a word; its geometry is `sparkline`'s."""
    macros: Any = environment().get_template("sections/table.html.j2").module
    return Markup(macros.spark(**drawn))  # noqa: S704  the macro escapes
