"""Files that are named like a table of a shipped layout: its parts, with the files' own names for what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from slareport.choices import MOST, named_in
from slareport.exports import Export
from slareport.layout import Cell, Part
from slareport.matching import lines_of, number_line, time_line
from slareport.proposed import Line, Proposed
from slareport.tables import TABLES, Column
from slareport.vocabulary import Layout, layouts, plain, words_of

LEAST = 0.5  # the share of a layout's columns that a file must have to be one of it


@dataclass(frozen=True)
class View:
    """A part of a layout over the files there are: `exports` by the alias of the lookup, the part's own under ""."""

    part: Part
    exports: Mapping[str, Export]

    def own(self, name: str) -> str:
        """What a column the layout names is called here. Raises `KeyError` where it is not there."""
        alias, column = self.part.split(name)
        there = {plain(native): native for native in reversed(self.exports[alias].columns)}
        found = column if column in self.exports[alias].columns else there[plain(column)]
        return f"{alias}.{found}" if alias else found

    def values(self, name: str) -> pd.Series:
        """What a column holds, by its own name."""
        alias, column = self.part.split(name)
        return self.exports[alias].values(column)


def like_shipped(export: Export, exports: Iterable[Export]) -> tuple[list[Proposed], str | None]:
    """The parts of the likeliest shipped layout that read a file of this name, and the zone of that layout."""
    alike = [layout for layout in layouts() if same_name(layout.part.source, export.name)]
    fits = {layout.mapping: _fit(layout, export) for layout in sorted(alike, key=lambda layout: _fit(layout, export))}
    if not fits or max(fits.values()) < LEAST:
        return [], None
    best = max(fits, key=lambda name: fits[name])
    others = list(exports)
    parts = (_part(layout, export, others) for layout in alike if layout.mapping == best)
    zone = next(layout.whole.timezone for layout in alike if layout.mapping == best)
    return [part for part in parts if part], zone


def whole_layouts(exports: Iterable[Export]) -> Iterator[str]:
    """The shipped layouts for which these files have every table and column they cannot do without."""
    there = {export.name: set(export.columns) for export in exports}
    for name in dict.fromkeys(layout.mapping for layout in layouts()):
        parts = [layout.part for layout in layouts() if layout.mapping == name]
        reads = [(part, *read) for part in parts for read in part.reads()]
        needed = [(set(part.columns_of(alias, needed=True)), native) for part, alias, native, must in reads if must]
        if needed and all(columns <= there.get(native, set()) and native in there for columns, native in needed):
            yield name


def same_name(native: str, name: str) -> bool:
    """Whether a file is named like a layout's native table.

    >>> same_name("opportunity", "sf_opportunity_data"), same_name("Task", "Event")
    (True, False)
    """
    said = words_of(native)
    return bool(said) and (said == words_of(name) or "".join(said) == "".join(words_of(name)))


def _fit(layout: Layout, export: Export) -> float:
    """How many of a part's own columns a file has; the very names count more than alike ones."""
    asked = layout.part.columns_of("", needed=True)
    alike = {plain(native) for native in export.columns}
    found = [(plain(name) in alike) + (name in export.columns) / 10 for name in asked]
    return sum(found) / len(found) if found else 0


def _part(layout: Layout, export: Export, exports: list[Export]) -> Proposed | None:
    part, table = layout.part, TABLES[layout.table]
    found = {alias: _named(lookup.source, exports) for alias, lookup in part.lookups.items()}
    view = View(part, {"": export, **{alias: other for alias, other in found.items() if other}})
    given = {}
    for column, cell in part.columns.items():
        if column in table.columns and (line := _line(cell, table.columns[column], view)):
            given[column] = line
    lines = lines_of(table.name, export, given)
    try:
        keys = _keys(lines, view)
    except KeyError:
        return None
    return Proposed(table.name, export.name, lines, keys, shipped=True) if set(table.required) <= lines.keys() else None


def _named(source: str, exports: list[Export]) -> Export | None:
    return next((export for export in exports if same_name(source, export.name)), None)


def _keys(lines: Mapping[str, Line], view: View) -> dict[str, Any]:
    """What a part says beside its columns, as far as these lines need it. Raises `KeyError` for what is not there."""
    part = view.part
    keys: dict[str, Any] = {}
    natives = [
        *(n for line in lines.values() for n in Cell.model_validate(line.cell).native),
        *map(view.own, part.where),
    ]
    asked = {part.split(native)[0] for native in natives}
    for alias in reversed(part.lookups):  # one may be looked up by what an earlier one found
        asked |= {part.split(part.lookups[alias].by)[0]} if alias in asked else set()
    aliases = [alias for alias in part.lookups if alias in asked]
    if part.where:
        keys["where"] = {view.own(name): _one(values) for name, values in part.where.items()}
    if aliases:
        keys["lookups"] = {alias: _lookup(alias, view) for alias in aliases}
    if part.distinct:
        keys["distinct"] = True
    return keys


def _lookup(alias: str, view: View) -> dict[str, Any]:
    lookup = view.part.lookups[alias]
    named = {key: getattr(lookup, key) for key in ("key", "newest", "oldest")}
    own = {key: view.own(f"{alias}.{name}").partition(".")[2] for key, name in named.items() if name}
    told: dict[str, Any] = {"in": view.exports[alias].name, **own, "by": view.own(lookup.by)}
    if lookup.where:
        told["where"] = {view.own(f"{alias}.{n}").partition(".")[2]: _one(v) for n, v in lookup.where.items()}
    return {**told, "split": lookup.split} if lookup.split else told


def _one(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _line(cell: Cell, kind: Column, view: View) -> Line | None:
    """A cell of a shipped layout with this file's own column names; None where the file lacks one or holds else."""
    try:
        told = _renamed(cell.model_dump(exclude_defaults=True, exclude={"optional", "format", "timezone"}), view)
        natives = Cell.model_validate(told).native
        found = [view.values(native) for native in natives]
    except KeyError:
        return None
    if kind.type in ("instant", "date") and natives:
        return _times(told, natives, kind, found)
    if kind.type in ("money", "number", "rate") and "column" in told:
        return number_line(kind, natives[0], found[0])
    if kind.type == "choice" and "values" in told and "column" in told:
        return _also(told, kind, found[0])
    return Line(told)


def _also(told: dict[str, Any], kind: Column, values: pd.Series) -> Line:
    """A shipped translation, and what this file's own words say that it does not list."""
    listed = {value.lower() for value in told["values"]}
    own = {value: named_in(value, kind.choices) for value in sorted(values.unique()) if value.lower() not in listed}
    added = {value: meaning for value, meaning in own.items() if meaning and meaning != told.get("otherwise")}
    if not added or len(added) > MOST:
        return Line(told)
    decide = ", ".join(f"{value} taken for {meaning}" for value, meaning in added.items())
    return Line({**told, "values": {**told["values"], **added}}, decide=decide)


def _times(told: dict[str, Any], natives: list[str], kind: Column, found: list[pd.Series]) -> Line | None:
    """All columns of a cell must be written alike: it has one format. An empty column tells nothing."""
    pairs = zip(natives, found, strict=True)
    if all(values.empty for values in found):
        return Line(told)
    written = [time_line(kind, native, values) for native, values in pairs if not values.empty]
    first = written[0]
    if first is None or any(line is None or line.times != first.times for line in written):
        return None
    marks = ("date", "day")
    kept = {key: value for key, value in told.items() if key not in marks}
    return Line({**kept, **{mark: True for mark in marks if first.cell.get(mark)}}, first.times)


def _renamed(told: dict[str, Any], view: View) -> dict[str, Any]:
    """A shipped cell with the names of these files. Raises `KeyError` for a column that is not there."""
    renamed = dict(told)
    if "column" in told:
        renamed["column"] = view.own(told["column"])
    if "first_of" in told:
        there = [own for name in renamed.pop("first_of") if (own := _own(view, name))]
        if not there:
            raise KeyError(told["first_of"][0])
        renamed = {"first_of": there, **renamed} if len(there) > 1 else {"column": there[0], **renamed}
    if "join" in told:
        renamed["join"] = [view.own(name) for name in told["join"]]
    if "cases" in told:
        renamed["cases"] = [
            {"when": {view.own(name): _one(v) for name, v in case["when"].items()}, "then": case["then"]}
            for case in told["cases"]
        ]
    return renamed


def _own(view: View, name: str) -> str | None:
    try:
        return view.own(name)
    except KeyError:
        return None
