"""What a layout may say: only what the canonical tables have, with every format declared and every lookup found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from slareport.documents import Document, Place
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.layout import Cell, Extra, Links, Mapping, Part, Tables, parse_date_form, parse_instant_form
from slareport.tables import TABLES

if TYPE_CHECKING:
    from typing import Protocol

    class Settings(Protocol):
        """What `source.yaml` and a mapping have in common."""

        instants: str | None
        dates: str | None
        record_url: Links | None
        extra: Extra
        tables: Tables


TAKEN = {"file", "row", "team", "home", "leg", "from_at", "record_url"}  # what a row is given on its way to a KPI
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def problems_of(document: Document, settings: Settings, layout: Document, mapping: Mapping) -> Iterator[Problem]:
    """Every problem of `source.yaml` laid over a mapping: each in the file, and at the line, where it stands."""
    for name, parts in {**mapping.tables, **settings.tables}.items():
        told = document if name in settings.tables else layout
        if name not in TABLES:
            yield told.problem(("tables", name), "no such canonical table", cure=did_you_mean(name, TABLES))
            continue
        for place, part in _placed(told, name, parts):
            yield from _wrong_columns(told, name, place, part)
            yield from _wrong_lookups(told, place, part)
            for column in part.columns.keys() & TABLES[name].columns.keys():
                yield from _wrong_cell(told, document, settings, mapping, name, (*place, "columns", column), part)
    for told, given in [(layout, mapping), *([] if settings is mapping else [(document, settings)])]:
        yield from _wrong_extra(told, given.extra, {**mapping.tables, **settings.tables})
        yield from _wrong_links(told, given.record_url)


def _placed(told: Document, name: str, parts: list[Part]) -> Iterator[tuple[Place, Part]]:
    """Every part with its place: a table of one part may be written without the list."""
    for index, part in enumerate(parts):
        place: Place = ("tables", name)
        yield ((*place, index) if (*place, 0) in told.lines else place), part


def _wrong_columns(told: Document, name: str, place: Place, part: Part) -> Iterator[Problem]:
    table = TABLES[name]
    for column in part.columns:
        if column not in table.columns:
            cure = did_you_mean(column, table.columns)
            yield told.problem((*place, "columns", column), f"{name} has no such column", cure=cure)
    for column in table.required:
        if column not in part.columns:
            yield told.problem(place, f"{name} needs {column}", cure=f"add `{column}:` under columns")


def _wrong_lookups(told: Document, place: Place, part: Part) -> Iterator[Problem]:
    above: list[str] = []
    for alias, lookup in part.lookups.items():
        at = (*place, "lookups", alias)
        if "." in alias:
            yield told.problem(at, "an alias has no dot", cure="name it in one word")
        other, _ = part.split(lookup.by)
        if other and other not in above:
            cure = f"put {alias} below {other}" if other != alias else "name a column of the part, or of a lookup above"
            yield told.problem((*at, "by"), f"{other} is not looked up yet", lookup.by, cure)
        above.append(alias)


def _wrong_cell(
    told: Document, document: Document, settings: Settings, mapping: Mapping, name: str, place: Place, part: Part
) -> Iterator[Problem]:
    """Dates are never guessed: every instant and date column must have a declared format, and a possible one."""
    column = str(place[-1])
    cell, type_ = part.columns[column], TABLES[name].columns[column].type
    yield from _misplaced(told, place, cell, type_)
    if type_ not in ("instant", "date"):
        return
    kind = "date" if (cell.date if type_ == "instant" else not cell.day) else "instant"
    fallback = settings.dates or mapping.dates if kind == "date" else settings.instants or mapping.instants
    if cell.format:
        try:
            (parse_date_form if kind == "date" else parse_instant_form)(cell.format)
        except UsageError as error:
            yield from (told.problem((*place, "format"), p.what, cell.format, p.cure) for p in error.problems)
    elif not fallback:
        what = f"{part.source}.{', '.join(cell.native)} has no declared {kind} format"
        cure = f'add `{kind}s: iso` or `{kind}s: "%d/%m/%Y"` as the export writes them'
        yield document.problem((), what, cure=cure)


def _misplaced(told: Document, place: Place, cell: Cell, type_: str) -> Iterator[Problem]:
    for key, types in (("percent", ("rate",)), ("day", ("date",)), ("date", ("instant", "date"))):
        if getattr(cell, key) and type_ not in types:
            what = f"`{key}` is for columns of type {' or '.join(types)}"
            yield told.problem((*place, key), what, cure=f"leave it out: {place[-1]} is of type {type_}")


def _wrong_extra(told: Document, extra: Extra, tables: Tables) -> Iterator[Problem]:
    for name, cells in extra.items():
        if not tables.get(name):
            cure = did_you_mean(name, [table for table, parts in tables.items() if parts])
            yield told.problem(("extra", name), "no such table is read", cure=cure)
            continue
        for column in cells:
            at = ("extra", name, column)
            if column in TABLES[name].columns or column in TAKEN:
                cure = f"call it {column}_in_crm; or map {name}.{column} itself"
                yield told.problem(at, "a column of this name is there already", cure=cure)
            elif not NAME.fullmatch(column):
                yield told.problem(at, "no name of a column", column, "write it like sales_region")


def _wrong_links(told: Document, links: Links | None) -> Iterator[Problem]:
    for name in links if isinstance(links, dict) else ():
        if name not in TABLES:
            yield told.problem(("record_url", name), "no such canonical table", cure=did_you_mean(name, TABLES))
