"""One file, one canonical table: which of its columns fill which of the table's, and how well it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from slareport.choices import choice_line, constant_line
from slareport.exports import Export
from slareport.layout import Cell
from slareport.proposed import Line
from slareport.tables import TABLES, Column, Table
from slareport.vocabulary import FILES, HISTORIES, OTHER, likeness, names, plain, tables_with, words_of
from slareport.writing import is_decorated, is_email, is_flag, is_number, is_percent, times

NAMED = 3.0  # what the name of a file says of its table, in columns that no other table has
SHARED = {"status", "stage", "name", "user_id", "product", "account"}  # may read a column that another reads too
GENERIC = {"id", "recordid", "hsobjectid", "objectid"}
NO_LINE = Line({})
NO_LINES: Mapping[str, Line] = MappingProxyType({})


def fills(table: str, export: Export) -> bool:
    """Whether a file fills every column that a table requires."""
    return set(TABLES[table].required) <= set(lines_of(table, export))


def score(table: str, export: Export) -> float:
    """How much the names of a file's columns, and its own, say that it is this table."""
    words = words_of(export.name)
    other = words and (words[-1] in OTHER or (words[-1] == "history" and table not in HISTORIES))
    if other:
        return 0
    known = names(table)
    said = {plain(native) for native in export.columns} & {name for column in known.values() for name in column}
    return NAMED * named_like(table, export.name) + sum(1 / tables_with(name) for name in said)


def named_like(table: str, name: str) -> float:
    """What the name of a file says of a table: 1 where it ends with a word for it, less where one stands elsewhere."""
    words = words_of(name)
    spoken = set(FILES.get(table, "").split())
    if "".join(words) in spoken or (words and words[-1] in spoken):
        return 1
    return 0.3 if spoken & set(words) else 0


def lines_of(table: str, export: Export, given: Mapping[str, Line] = NO_LINES) -> dict[str, Line]:
    """A line for every canonical column that this file fills, in the order of the table; `given` ones stand."""
    lines = dict(given)
    used = {native for line in lines.values() for native in Cell.model_validate(line.cell).native}
    for column, native, near in _matches(table, export):
        if column in lines or (native in used and column not in SHARED):
            continue
        if line := _line(TABLES[table], column, native, export):
            asked = [f"is {native} the {column}?"] if near < 1 else []
            lines[column] = replace(line, decide="; ".join([*asked, line.decide] if line.decide else asked))
            used.add(native)
    for column, line in _derived(table, export, lines, settled="status" in given):
        lines.setdefault(column, line)
    return {column: lines[column] for column in TABLES[table].columns if column in lines}


def _matches(table: str, export: Export) -> Iterator[tuple[str, str, float]]:
    """Canonical and native columns that go together by name, the likeliest first."""
    found = []
    key = TABLES[table].key[0]
    for column, known in names(table).items():
        for native in export.columns:
            near = likeness(native, known)
            if column == key and plain(native) in GENERIC and named_like(table, export.name):
                near, rank = 1.0, 0.5
            else:
                rank = known.index(plain(native)) if near == 1 else len(known)
            if near:
                found.append((-near, rank, export.columns.index(native), column, native))
    return ((column, native, -near) for near, _, _, column, native in sorted(found))


def _line(table: Table, column: str, native: str, export: Export) -> Line | None:
    """The cell for one canonical column from one native one; None where the values are something else."""
    kind, values = table.columns[column], export.values(native)
    if column in table.key and len(table.key) == 1 and not (export.is_unique(native) or _repeats_well(table, values)):
        return None
    if kind.type in ("instant", "date"):
        return time_line(kind, native, values)
    if kind.type == "choice":
        return choice_line(column, kind, native, values)
    if kind.type in ("money", "number", "rate"):
        return number_line(kind, native, values)
    if kind.type == "flag" and not is_flag(values):
        return None
    if column != "person" and not values.empty and is_email(values):
        return None
    return Line({"column": native})


def _repeats_well(table: Table, values: pd.Series) -> bool:
    """A product or a person may be named on every line; a deal may not be."""
    return table.name in ("products",) and not values.empty


def time_line(kind: Column, native: str, values: pd.Series) -> Line | None:
    """A cell for a date or time; None where the values are neither, or written in several ways."""
    found = times(values)
    if found is None:
        return None
    whole = {"date": "day", "instant": "date"}[kind.type]  # of a time only the day, or a date without a time
    marked = {whole: True} if found.dated == (kind.type == "instant") else {}
    return Line({"column": native, **marked}, found)


def number_line(kind: Column, native: str, values: pd.Series) -> Line | None:
    """A cell for an amount, number or share; None where the values are none."""
    bare = values.str.rstrip("% ") if kind.type == "rate" else values
    if kind.type == "rate" and is_number(bare):
        if not is_percent(values):
            unsure = not values.empty and set(values) <= {"0", "1"}
            asked = "is 1 all, or one percent? for percent add `percent: true`"
            return Line({"column": native}, decide=asked if unsure else "")
        return Line({"column": native, "percent": True})
    if is_number(values):
        return Line({"column": native})
    if is_decorated(values):
        decide = f"{native} is written like {values.iloc[0]}: only plain numbers such as 1234.56 are read; export it so"
        return Line({"column": native}, decide=decide)
    return None


def _derived(table: str, export: Export, lines: dict[str, Line], *, settled: bool) -> Iterator[tuple[str, Line]]:
    """Columns that no single native one holds."""
    own = {plain(native): native for native in export.columns}
    if "status" in TABLES[table].columns and not settled and (line := _flags(own, export)):
        lines.pop("status", None)
        yield "status", line
    if "name" in TABLES[table].columns and {"firstname", "lastname"} <= own.keys():
        yield "name", Line({"join": [own["firstname"], own["lastname"]]})
    elif table == "opportunities" and {"account", "product"} <= own.keys():
        yield "name", Line({"join": [own["account"], own["product"]]})
    if line := _key(table, export, lines):
        yield TABLES[table].key[0], line
    if table == "opportunities" and (line := _expected(export, lines)):
        yield "expected_close_on", line
    for column in TABLES[table].required:
        if column not in lines and (constant := constant_line(table, column, words_of(export.name))):
            yield column, constant


def _key(table: str, export: Export, lines: dict[str, Line]) -> Line | None:
    """What identifies a row where no column is its id."""
    named = lines.get("name", NO_LINE)
    if table == "users":
        return lines.get("name")
    if table == "stage_history" and {"opportunity_id", "entered_at"} <= lines.keys():
        natives = [lines[name].cell.get("column") for name in ("opportunity_id", "entered_at")]
        return Line({"join": natives}) if all(natives) else None
    if table in ("leads", "opportunities") and "column" in named.cell and export.is_unique(named.cell["column"]):
        native = named.cell["column"]
        decide = f"no id here: each {native} stands once, but a renamed or repeated one is another; export the id"
        return Line({"column": native}, decide=decide)
    return None


def _expected(export: Export, lines: dict[str, Line]) -> Line | None:
    """The close date again: where every deal has one, it is the expected one of those that are open."""
    line = lines.get("closed_at", NO_LINE)
    native = str(line.cell.get("column"))
    filled = native in export.columns and len(export.values(native)) == sum(len(frame) for frame in export.frames)
    return Line({"column": native}, line.times) if line.cell.get("date") and filled else None


def _flags(own: dict[str, str], export: Export) -> Line | None:
    """Open, won or lost from two yes-or-no columns."""
    won = next((own[name] for name in ("iswon", "won", "isclosedwon", "closedwon") if name in own), None)
    closed = next((own[name] for name in ("isclosed", "closed") if name in own), None)
    if not (won and closed and is_flag(export.values(won)) and is_flag(export.values(closed))):
        return None
    means = {won: "won", closed: "lost"}
    cases = [{"when": {column: _yes(export, column)}, "then": status} for column, status in means.items()]
    return Line({"cases": cases, "otherwise": "open"})


def _yes(export: Export, column: str) -> str:
    said = {value.lower() for value in export.values(column)}
    return next((value for value in ("true", "1", "yes", "t") if value in said), "true")
