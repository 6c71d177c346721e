"""The only reader of CRM data: native tables, through a mapping, to typed canonical ones.

The engine behind Ibis parses and checks; it never localises time. A value that does not parse is never guessed:
in a required column it sets its row aside, in an optional one it is left out, and both are listed.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow.parquet

from slareport import delimited
from slareport.cells import NO_ZONE, NOTHING, holds, typed
from slareport.errors import DataError, Problem, did_you_mean
from slareport.mapping import Part, Source
from slareport.tables import NOT_USED, REJECTS, SET_ASIDE, TABLES, Table

ROW = "(row)"  # no CRM has a column of this name
CRM = ("crm", "main")
TABLES_OF = "select table_name from information_schema.tables where table_catalog = ? and table_schema = ?"


@dataclass(frozen=True)
class Read:
    """One canonical table as read: its usable rows, what was set aside or left out, and how many rows came in.

    `rows` has the canonical columns, `file` and `row` (where it stands) and, for each instant, `<name>__zone` (the
    declared zone where the time is still local, NULL where it is UTC) and `<name>__date` (a day without a time).
    """

    table: Table
    rows: ir.Table
    rejects: pd.DataFrame
    count: int
    aliased: Counter[str]


@dataclass(frozen=True)
class _Native:
    """A native table in the engine, its rows numbered, and the rows that could not be split into columns."""

    rows: ir.Table
    torn: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=delimited.TORN))


class Reader:
    """An open source. `zone` is the reporting zone, where dates without a time of day begin."""

    def __init__(self, source: Source, zone: str) -> None:
        self.source, self.zone = source, zone
        self.connection = ibis.duckdb.connect(temp_directory=tempfile.gettempdir())
        self.connection.raw_sql("SET TimeZone = 'UTC'")  # in which times with a zone of their own become text
        self._natives: dict[str, _Native] = {}
        if source.data.is_file():
            with _told(source.data):
                self.connection.attach(source.data, name=CRM[0], read_only=True)

    def zones(self) -> set[str]:
        """Every zone in which times without an offset may be written."""
        parts = (part for parts in self.source.mapping.tables.values() for part in parts)
        declared = {self.source.zone(cell) for part in parts for cell in part.columns.values()}
        return {zone for zone in {self.zone, *declared} if zone and zone != "UTC"}

    def check(self) -> None:
        """Raise `DataError` with every missing file and column, without reading a row."""
        problems: list[Problem] = []
        for part in (part for parts in self.source.mapping.tables.values() for part in parts):
            try:
                there = self._columns(part.source)
            except DataError as error:
                problems += error.problems
                continue
            for column in part.native:
                if column not in there:
                    what, cure = f"{part.source} has no column {column}", did_you_mean(column, there)
                    problems.append(Problem(what, self._shown(part.source), cure=cure))
        if problems:
            raise DataError(dict.fromkeys(problems))

    def read(self, name: str) -> Read:
        """One canonical table; an unmapped one is empty. Raises `DataError` for times whose zone nobody declared."""
        table = TABLES[name]
        parts = self.source.mapping.tables.get(name, [])
        rows = [self._typed(table, part, number) for number, part in enumerate(parts)]
        rejects = [self._rejects(table, part, part_rows) for part, part_rows in zip(parts, rows, strict=True)]
        torn = [self._native(native).torn for native in dict.fromkeys(part.source for part in parts)]
        listed = [pd.DataFrame(columns=REJECTS), *rejects]
        listed += [frame.reindex(columns=REJECTS).assign(table=name, id="", effect=SET_ASIDE) for frame in torn]
        usable = [_usable(table, part_rows) for part_rows in rows]
        whole = ibis.union(*usable) if len(usable) > 1 else usable[0] if usable else None
        kept = self.connection.create_table(f"{name}_kept", whole, schema=None if usable else _schema(table), temp=True)
        count = sum(int(part_rows.count().execute()) for part_rows in rows) + sum(len(frame) for frame in torn)
        return Read(table, kept, pd.concat(listed, ignore_index=True), count, self._aliased(name, rows))

    def _columns(self, name: str) -> list[str]:
        """The columns of a native table."""
        path = self.source.native_file(name)
        if path.suffix == ".csv":
            return delimited.header(path, self.source.settings.csv)
        with _told(path):
            if path.suffix == ".parquet":
                return list(pyarrow.parquet.read_schema(path).names)
            found = self.connection.raw_sql(TABLES_OF, parameters=CRM).fetchall()
            if name in (there := [table for (table,) in found]):
                return list(self.connection.table(name, database=CRM).columns)
        raise DataError(Problem(f"the table {name} is missing", path.name, cure=did_you_mean(name, there)))

    def _native(self, name: str) -> _Native:
        """A native table: of its columns, those that the mapping reads."""
        if name not in self._natives:
            parts = (part for parts in self.source.mapping.tables.values() for part in parts if part.source == name)
            asked = {column for part in parts for column in part.possible}
            columns, path = self._columns(name), self.source.native_file(name)
            with _told(path):
                self._natives[name] = self._open(name, path, columns, [column for column in columns if column in asked])
        return self._natives[name]

    def _open(self, name: str, path: Path, columns: list[str], wanted: list[str]) -> _Native:
        written = self.source.settings.csv
        if path.suffix == ".parquet":
            return _Native(self._held(name, _numbered(self.connection.read_parquet(path), first=1), wanted))
        if path.suffix != ".csv":
            return _Native(self._held(name, _numbered(self.connection.table(name, database=CRM), first=1), wanted))
        if written.encoding == "utf-8" and not delimited.has_blank_lines(path):
            # The engine stops at the first torn row, and would not say how many rows a stray quote swallows.
            with contextlib.suppress(duckdb.InvalidInputException):
                return _Native(self._held(name, _numbered(self._streamed(path, columns), first=2), wanted))
        table, torn = delimited.split(path, written, columns, ROW)
        return _Native(self._held(f"{name}_split", ibis.memtable(table), wanted), torn)

    def _held(self, name: str, rows: ir.Table, wanted: list[str]) -> ir.Table:
        return self.connection.create_table(f"{name}_native", rows.select(*wanted, ROW), temp=True)

    def _streamed(self, path: Path, columns: list[str]) -> ir.Table:
        return self.connection.read_csv(
            path,
            columns=dict.fromkeys(columns, "VARCHAR"),
            auto_detect=False,
            header=True,
            delim=self.source.settings.csv.delimiter,
            quote='"',
            escape='"',
            encoding="utf-8",
        )

    def _typed(self, table: Table, part: Part, number: int) -> ir.Table:
        """The rows of a part with canonical columns and what `cells.typed` says of them."""
        native = self._native(part.source).rows
        native = native.filter(holds(native, part.where))
        columns: dict[str, ir.Value] = {"file": ibis.literal(self._shown(part.source)), "row": native[ROW]}
        for name, column in table.columns.items():
            cell = part.columns.get(name, NOTHING)
            if cell.optional and not set(cell.native) <= set(native.columns):
                cell = NOTHING
            aliases = self.source.settings.aliases.get(f"{table.name}.{name}", {})
            columns |= typed(name, column, cell, native, self.source, aliases, self.zone)
        return self.connection.create_table(f"{table.name}_{number}", native.select(**columns), temp=True)

    def _rejects(self, table: Table, part: Part, rows: ir.Table) -> pd.DataFrame:
        """Every value of a part that is not used; the first one that sets its row aside says so."""
        checked = [name for name in table.columns if f"{name}__why" in rows.columns]
        wrong: Any = ibis.or_(*(rows[f"{name}__why"].notnull() for name in checked))
        evidence = [f"{name}__{kind}" for name in checked for kind in ("why", "text")]
        frame = rows.filter(wrong).select("row", *evidence, id=rows[table.key[0]]).order_by("row").execute()
        found = [pd.DataFrame(columns=[*REJECTS, "row", "required"])]
        for name in sorted(checked, key=lambda name: not table.columns[name].required):
            wrong_here = frame[frame[f"{name}__why"].notna()]
            native = ", ".join(part.columns[name].native) if name in part.columns else name
            place = f"{self._shown(part.source)} row " + wrong_here["row"].astype(str) + f", {native}"
            named = wrong_here.rename(columns={f"{name}__why": "reason", f"{name}__text": "value"})
            told = named.assign(table=table.name, place=place, required=table.columns[name].required, effect="")
            found.append(told[[*REJECTS, "row", "required"]])
        listed = pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)
        _refuse_unzoned(listed)
        spoils = listed["required"].eq(True) & ~listed["row"].duplicated()
        return listed.assign(effect=spoils.map({True: SET_ASIDE, False: NOT_USED}))[list(REJECTS)]

    def _shown(self, name: str) -> str:
        path = self.source.native_file(name)
        return f"{path.name} {name}" if path == self.source.data else path.name

    def _aliased(self, name: str, parts: list[ir.Table]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for column in TABLES[name].columns:
            meanings = self.source.settings.aliases.get(f"{name}.{column}", {})
            for found, meant in meanings.items():
                same = [part.filter(part[f"{column}__alias"] == found).count().execute() for part in parts]
                counts[f"{found} read as {meant}"] += sum(int(count) for count in same)
        return counts


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the engine cannot open or decode, as an error that names the file."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.OperationalError, pyarrow.ArrowException, OSError) as error:
        what = f"cannot be read: {str(error).splitlines()[0]}"
        raise DataError(Problem(what, path.name, cure="export it again; end what holds it open")) from error


def _refuse_unzoned(listed: pd.DataFrame) -> None:
    wrong = listed[listed["reason"].eq(NO_ZONE)]
    if not wrong.empty:
        first = wrong.iloc[0]
        raise DataError(Problem(NO_ZONE, first["place"], found=first["value"], cure="declare `timezone:`"))


def _numbered(rows: ir.Table, first: int) -> ir.Table:
    return rows.mutate(**{ROW: ibis.row_number() + first})


def _usable(table: Table, rows: ir.Table) -> ir.Table:
    kept: Any = ibis.literal(value=True)
    for name in table.required:
        kept = kept & rows[f"{name}__why"].isnull()
    extra = [column for column in rows.columns if column.endswith(("__zone", "__date"))]
    return rows.filter(kept).select("file", "row", *table.columns, *extra)


def _schema(table: Table) -> ibis.Schema:
    """The columns of a table that no mapping fills."""
    types = {"flag": "boolean", "money": "decimal(18, 2)", "number": "decimal(18, 6)", "instant": "timestamp"}
    schema = {name: types.get(column.type, "string") for name, column in table.columns.items()}
    for name in [name for name, column in table.columns.items() if column.type == "instant"]:
        schema |= {f"{name}__zone": "string", f"{name}__date": "boolean"}
    return ibis.schema({"file": "string", "row": "int64", **schema})
