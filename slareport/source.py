"""The only reader of CRM data: native tables, through a mapping, to typed canonical ones.

The engine behind Ibis parses and checks; it never localises time. A value that does not parse is never guessed:
in a required column it sets its row aside, in an optional one it is left out, and both are listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import ibis
import ibis.expr.types as ir
import pandas as pd

from slareport.cells import NO_ZONE, Reading, holds, is_temporal
from slareport.databases import DatabaseNatives
from slareport.engines import FILE, ROW
from slareport.errors import DataError, Problem, did_you_mean
from slareport.layout import ISO, Part
from slareport.lookups import Lookups
from slareport.mapping import Source
from slareport.natives import FileNatives, Natives
from slareport.tables import EXCLUDED, NOT_USED, REJECTS, SET_ASIDE, Column, Table

WRONG, SPOILT = "(wrong)", "(spoilt)"
TYPES = {"money": "decimal(18, 2)", "number": "decimal(18, 6)", "rate": "float64", "instant": "timestamp",
         "date": "date"}  # fmt: skip


@dataclass(frozen=True)
class Read:
    """One canonical table as read: its usable rows, what was set aside or left out, and how many rows came in.

    `rows` has the canonical columns, `file` and `row` (where it stands) and, for each instant, `<name>__zone` (the
    declared zone where the time is still local, NULL where it is UTC) and `<name>__date` (a day without a time).
    `excluded` of the `count` rows are lines of a footer, or of a looked-up table where another row was taken.
    """

    table: Table
    rows: ir.Table
    rejects: pd.DataFrame
    count: int
    excluded: int
    aliased: Counter[str]


class Reader:
    """An open source. `zone` is the reporting zone, where dates without a time of day begin."""

    def __init__(self, source: Source, zone: str) -> None:
        self.source, self.zone = source, zone
        url = source.url
        self.natives: Natives = DatabaseNatives(source, url) if url else FileNatives(source)
        self.lookups = Lookups(self.natives)
        self.engine = self.natives.engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    def zones(self) -> set[str]:
        """Every zone in which times without an offset may be written."""
        parts = (part for parts in self.source.tables.values() for part in parts)
        declared = {self.source.zone(cell) for part in parts for cell in part.columns.values()}
        return {zone for zone in {self.zone, *declared} if zone and zone != "UTC"}

    def parts(self, name: str) -> list[Part]:
        """What fills a canonical table: its parts without the optional ones whose native table is not there."""
        parts = self.source.tables.get(name, [])
        return [part for part in parts if not part.optional or self.natives.is_there(part.source)]

    def absent(self) -> list[str]:
        """The native tables that may be missing, and are."""
        return [name for name in self.source.asked() if not self.natives.is_there(name)]

    def check(self) -> None:
        """Raise `DataError` with every missing file and column, without reading a row."""
        problems: list[Problem] = []
        for name in self.source.tables:
            for part in self.parts(name):
                try:
                    problems += self._missing(part)
                except DataError as error:
                    problems += error.problems
            problems += self._missing_extra(name)
        if problems:
            raise DataError(dict.fromkeys(problems))

    def read(self, name: str) -> Read:
        """One canonical table; an unmapped one is empty. Raises `DataError` for times whose zone nobody declared."""
        with self.engine.told():
            return self._read(name)

    def _read(self, name: str) -> Read:
        table, parts = self.source.table(name), self.parts(name)
        rows: list[ir.Table] = []
        values: list[pd.DataFrame] = []
        for part in parts:
            part_rows, checked = self._typed(table, part, rows)
            values.append(self._rejects(table, part, part_rows, checked))
            rows.append(part_rows)
        others = self._no_rows([part for part in parts if not part.distinct])
        listed = [pd.DataFrame(columns=REJECTS), *values, *(frame.assign(table=name) for frame in others)]
        rejects = pd.concat([frame.reindex(columns=REJECTS) for frame in listed], ignore_index=True)
        usable = [_usable(table, part_rows) for part_rows in rows]
        whole = ibis.union(*usable) if len(usable) > 1 else usable[0] if usable else None
        kept = self.engine.given(_nothing(table, self.engine.row_type)) if whole is None else self.engine.named(whole)
        count = sum(self.engine.counts(*((part_rows, "") for part_rows in rows))) + sum(map(len, others))
        excluded = int(rejects["effect"].eq(EXCLUDED).sum())
        return Read(table, kept, rejects, count, excluded, self._aliased(name, rows))

    def _missing(self, part: Part) -> list[Problem]:
        """The columns that a part, or a lookup of it, cannot do without."""
        problems = []
        active = self.lookups.active(part)
        for alias, native, _ in part.reads():
            if alias and alias not in active:
                continue
            for place in self.natives.places(native):
                for column in part.columns_of(alias, needed=True):
                    if column not in place.columns:
                        what, cure = f"{native} has no column {column}", did_you_mean(column, place.columns)
                        problems.append(Problem(what, place.shown, cure=cure))
        return problems

    def _missing_extra(self, name: str) -> list[Problem]:
        """Extra columns that no native table of theirs has."""
        parts = self.parts(name)
        there = {column for part in parts if self.natives.is_there(part.source) for column in self._named(part)}
        return [
            Problem(
                f"no table of {name} has a column {native}",
                self.source.file,
                f"extra.{name}.{column}",
                cure=did_you_mean(native, there),
            )
            for column, cell in self.source.extra_of(name).items()
            for native in cell.native
            if parts and native not in there
        ]

    def _named(self, part: Part) -> list[str]:
        aliased = [f"{a}.{c}" for a in self.lookups.active(part) for c in self.natives.columns(part.lookups[a].source)]
        return [*self.natives.columns(part.source), *aliased]

    def _typed(self, table: Table, part: Part, above: list[ir.Table]) -> tuple[ir.Table, list[str]]:
        """The rows of a part with canonical columns, and which of them were checked; `above` are its tables.

        `WRONG` holds, per checked column, why its value is not used and its text; it is NULL in most rows. What is in
        no file takes no room: columns that the part does not fill are added to what is held.
        """
        native = self.lookups.joined(part)
        native = native.filter(holds(native, part.where))
        readings = [self._reading(table, name, part, native) for name in table.columns if name in part.columns]
        rows = native.select(
            file=native[FILE], row=native[ROW], **_of_all(reading.found(native) for reading in readings)
        )
        found = self.engine.named(rows)
        values = _of_all(reading.valued(found) for reading in readings)
        rows = self.engine.named(found.mutate(**values)) if values else found
        rows = self.engine.named(rows.select("file", "row", **_of_all(reading.judged(rows) for reading in readings)))
        checked = [name for name in table.columns if f"{name}__why" in rows.columns]
        rows = _with_evidence(table, rows, checked)
        if part.distinct:
            rows = _distinct(table, rows, above)
        unfilled = _unfilled({name: table.columns[name] for name in table.columns if name not in part.columns})
        return self.engine.named(self.engine.held(rows).mutate(**unfilled)), checked

    def _reading(self, table: Table, name: str, part: Part, native: ir.Table) -> Reading:
        column, cell = table.columns[name], part.columns[name]
        aliases = self.source.settings.aliases.get(f"{table.name}.{name}", {})
        zone = self.zone if cell.date else self.source.zone(cell)
        dated = cell.date if column.type == "instant" else not cell.day
        form = ISO if is_temporal(cell, native) else self.source.form(cell, dated=dated)
        return Reading(self.engine, name, column, cell, aliases, form, zone)

    def _no_rows(self, parts: list[Part]) -> list[pd.DataFrame]:
        """What stands in the files of these parts and their lookups and is no row of theirs."""
        used = [part.lookups[alias].source for part in parts for alias in self.lookups.active(part)]
        natives = dict.fromkeys([*(part.source for part in parts), *used])
        dropped = {same: frame for part in parts for same, frame in self.lookups.dropped(part).items()}
        torn = [self.natives.table(native).torn.assign(id="") for native in natives]
        return [frame for frame in [*torn, *dropped.values()] if len(frame)]

    def _rejects(self, table: Table, part: Part, rows: ir.Table, checked: list[str]) -> pd.DataFrame:
        """Every value of a part that is not used; the first one that sets its row aside says so."""
        wrong = rows.filter(rows[WRONG].notnull()).select("file", "row", WRONG, id=rows[table.key[0]])
        frame = wrong.order_by("file", "row").execute()
        if frame.empty:
            return pd.DataFrame(columns=REJECTS)
        evidence = [f"{name}__{kind}" for name in checked for kind in ("why", "text")]
        frame[evidence] = pd.DataFrame(frame.pop(WRONG).tolist(), frame.index, evidence)
        frame["nth"] = range(len(frame))
        frame["row"] = frame["file"] + " row " + frame["row"].astype(str)
        found = [pd.DataFrame(columns=[*REJECTS, "nth", "required"])]
        for name in sorted(checked, key=lambda name: not table.columns[name].required):
            wrong_here = frame[frame[f"{name}__why"].notna()]
            native = ", ".join(part.columns[name].native) if name in part.columns else name
            place = wrong_here["row"] + f", {native}"
            named = wrong_here.rename(columns={f"{name}__why": "reason", f"{name}__text": "value"})
            told = named.assign(table=table.name, place=place, required=table.columns[name].required, effect="")
            found.append(told[[*REJECTS, "nth", "required"]])
        listed = pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)
        _refuse_unzoned(listed)
        spoils = listed["required"].eq(True) & ~listed["nth"].duplicated()
        return listed.assign(effect=spoils.map({True: SET_ASIDE, False: NOT_USED}))[list(REJECTS)]

    def _aliased(self, name: str, parts: list[ir.Table]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for column, meanings in self._aliases(name):
            for found, meant in meanings.items():
                same = [part.filter(part[f"{column}__alias"] == found).count().execute() for part in parts]
                counts[f"{found} read as {meant}"] += sum(int(count) for count in same)
        return counts

    def _aliases(self, name: str) -> list[tuple[str, dict[str, str]]]:
        given = self.source.settings.aliases
        columns = self.source.table(name).columns
        return [(column, given[f"{name}.{column}"]) for column in columns if f"{name}.{column}" in given]


def _of_all(columns: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for some in columns for name, value in some.items()}


def _distinct(table: Table, rows: ir.Table, above: list[ir.Table]) -> ir.Table:
    """Each different row once, where it stands first, without those that have no key or one of the tables above."""
    values = [column for column in rows.columns if column not in ("file", "row")]
    rank = ibis.row_number().over(group_by=values, order_by=["file", "row"])
    rows = rows.mutate(rank=rank)
    rows = rows.filter(rows["rank"] == 0, *(rows[column].notnull() for column in table.key)).drop("rank")
    for other in above:
        rows = rows.anti_join(other, list(table.key))
    return rows


def _refuse_unzoned(listed: pd.DataFrame) -> None:
    wrong = listed[listed["reason"].eq(NO_ZONE)]
    if not wrong.empty:
        first = wrong.iloc[0]
        raise DataError(Problem(NO_ZONE, first["place"], found=first["value"], cure="declare `timezone:`"))


def _usable(table: Table, rows: ir.Table) -> ir.Table:
    extra = [column for column in rows.columns if column.endswith(("__zone", "__date"))]
    return rows.filter(~rows[SPOILT]).select("file", "row", *table.columns, *extra)


def _with_evidence(table: Table, rows: ir.Table, checked: list[str]) -> ir.Table:
    """What was said of every value in one column, and whether it makes the row useless."""
    wrong: Any = ibis.or_(*(rows[f"{name}__why"].notnull() for name in checked))
    spoilt: Any = ibis.or_(*(rows[f"{name}__why"].notnull() for name in table.required))
    evidence = ibis.array([rows[f"{name}__{kind}"] for name in checked for kind in ("why", "text")])
    kept = [column for column in rows.columns if not column.endswith(("__why", "__text"))]
    told = wrong.ifelse(evidence, ibis.null("array<string>"))
    return rows.select(*kept, **{WRONG: told, SPOILT: spoilt})


def _unfilled(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Columns that nothing fills."""
    found: dict[str, Any] = {}
    for name, column in columns.items():
        empty = ibis.null(TYPES.get(column.type, "string"))
        found[name] = ibis.literal(value=False) if column.type == "flag" else empty
        if column.type == "instant":
            found |= {f"{name}__zone": ibis.null("string"), f"{name}__date": ibis.literal(value=False)}
    return found


def _nothing(table: Table, row_type: str) -> ir.Table:
    """No rows, with the columns of a table that no mapping fills."""
    types = {name: value.type() for name, value in _unfilled(table.columns).items()}
    return ibis.memtable([], schema=ibis.schema({"file": "string", "row": row_type, **types}))
