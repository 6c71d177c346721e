"""The only reader of CRM data: native tables, through a mapping, to typed canonical ones.

The engine behind Ibis parses and checks; it never localises time. A value that does not parse is never guessed:
in a required column it sets its row aside, in an optional one it is left out, and both are listed.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from slareport.errors import DataError, Problem, did_you_mean
from slareport.mapping import ISO, Cell, Part, Source
from slareport.tables import TABLES, Column, Table

REJECTS = ["table", "id", "place", "value", "reason", "effect"]
SET_ASIDE = "row set aside"
NOT_USED = "value not used"
EXCLUDED = "row excluded"
NO_ZONE = "a time without zone, and no timezone is declared"
SUFFIXES = (".csv", ".parquet")
DELIMITERS = ",;\t|"
EMPTY = Cell(cases=[])

TRUE = ("true", "1", "yes", "t")
FALSE = ("false", "0", "no", "f")
ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|[+-]\d{2}:?\d{2})?$"
OFFSET = r"([+-])(\d{2}):?(\d{2})$"


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, form: str) -> ibis.expr.datatypes.timestamp:
    """DuckDB's: a time in a declared format, NULL where the text is not one."""


@dataclass(frozen=True)
class Read:
    """One canonical table as read: its usable rows, what was set aside or left out, and how many rows came in.

    `rows` has the canonical columns, `file` and `row` (where it stands) and, for each instant, `<name>__zone` (the
    declared zone where the time is still local, NULL where it is UTC).
    """

    table: Table
    rows: ir.Table
    rejects: pd.DataFrame
    count: int
    aliased: Counter[str]


class Reader:
    """An open source. `reporting_zone` is where dates without a time of day begin."""

    def __init__(self, source: Source, reporting_zone: str) -> None:
        self.source = source
        self.zone = reporting_zone
        self.connection = ibis.duckdb.connect()
        self._natives: dict[str, tuple[ir.Table, pd.DataFrame]] = {}
        if source.data.is_file():
            self.connection.attach(source.data, name="crm", read_only=True)
        elif not source.data.is_dir():
            what = "the folder (or DuckDB file) of CRM tables is not there"
            raise DataError(
                Problem(what, source.file, found=source.settings.data, cure="correct `data:` or put it there")
            )

    def zones(self) -> set[str]:
        """Every zone in which times without an offset may be written."""
        cells = (
            cell for parts in self.source.mapping.tables.values() for part in parts for cell in part.columns.values()
        )
        declared = {
            self.source.settings.timezone,
            self.source.mapping.timezone,
            self.zone,
            *(c.timezone for c in cells),
        }
        return {zone for zone in declared if zone and zone != "UTC"}

    def digests(self) -> dict[str, str]:
        """The sha256 of every file the mapping reads, by name."""
        files = (
            [self.source.data] if self.source.data.is_file() else sorted({self._file(name) for name in self._named()})
        )
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def check(self) -> None:
        """Raise `DataError` with every missing file and column, without reading a row."""
        problems: list[Problem] = []
        for part in (part for parts in self.source.mapping.tables.values() for part in parts):
            try:
                self._check_columns(part, self._native(part.source)[0])
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(dict.fromkeys(problems))

    def read(self, name: str) -> Read:
        """One canonical table; an unmapped one is empty."""
        table = TABLES[name]
        parts = self.source.mapping.tables.get(name, [])
        typed = [self._typed(table, part, number) for number, part in enumerate(parts)]
        rejects = [self._rejects(table, part, rows) for part, rows in zip(parts, typed, strict=True)]
        rejects += [_torn(table, self._native(part.source)[1]) for part in parts]
        listed = pd.concat([pd.DataFrame(columns=REJECTS), *rejects]).reset_index(drop=True)
        wrong = listed[listed["reason"].str.endswith(NO_ZONE)]
        if not wrong.empty:
            first = wrong.iloc[0]
            raise DataError(Problem(first["reason"], first["place"], found=first["value"], cure="declare `timezone:`"))
        usable = [_usable(table, rows) for rows in typed]
        if usable:
            union = self._aliased(name, ibis.union(*usable) if len(usable) > 1 else usable[0])
            kept = self.connection.create_table(f"{name}_kept", union, temp=True)
        else:
            kept = self.connection.create_table(f"{name}_kept", schema=_schema(table), temp=True)
        torn = sum(len(self._native(part.source)[1]) for part in parts)
        count = sum(int(rows.count().execute()) for rows in typed) + torn
        return Read(table, kept, listed, count, self._alias_counts(name, usable))

    def _named(self) -> set[str]:
        return {part.source for parts in self.source.mapping.tables.values() for part in parts}

    def _file(self, name: str) -> Path:
        for suffix in SUFFIXES:
            path = self.source.data / f"{name}{suffix}"
            if path.is_file():
                return path
        there = [p.stem for p in self.source.data.iterdir() if p.suffix in SUFFIXES]
        cure = f"put {name}.csv or {name}.parquet there, or correct the mapping; {did_you_mean(name, there)}"
        raise DataError(Problem(f"the table {name} is missing", self.source.settings.data, cure=cure))

    def _native(self, name: str) -> tuple[ir.Table, pd.DataFrame]:
        """A native table with its row numbers, and the rows of its file that could not be split into columns."""
        if name not in self._natives:
            self._natives[name] = self._open(name)
        return self._natives[name]

    def _open(self, name: str) -> tuple[ir.Table, pd.DataFrame]:
        nothing_torn = pd.DataFrame(columns=["place", "value", "reason"])
        if self.source.data.is_file():
            if name not in self.connection.list_tables(database=("crm", "main")):
                cure = did_you_mean(name, self.connection.list_tables(database=("crm", "main")))
                raise DataError(Problem(f"the table {name} is missing", self.source.settings.data, cure=cure))
            table = self.connection.table(name, database=("crm", "main"))
            return table.mutate(row=ibis.row_number()), nothing_torn
        path = self._file(name)
        if path.suffix == ".parquet":
            return self.connection.read_parquet(path).mutate(row=ibis.row_number() + 1), nothing_torn
        return self._open_csv(name, path)

    def _open_csv(self, name: str, path: Path) -> tuple[ir.Table, pd.DataFrame]:
        settings = self.source.settings.csv
        header = _header(path, settings.delimiter, settings.encoding)
        lazy = self.connection.read_csv(
            path,
            table_name=f"{name}_csv",
            columns=dict.fromkeys(header, "VARCHAR"),
            auto_detect=False,
            header=True,
            delim=settings.delimiter,
            quote='"',
            escape='"',
            encoding=settings.encoding,
            store_rejects=True,
            rejects_table=f"{name}_torn",
            rejects_scan=f"{name}_scan",
        )
        rows = self.connection.create_table(f"{name}_native", lazy.mutate(row=ibis.row_number()), temp=True)
        found = self.connection.raw_sql(f'select line, error_message, csv_line from "{name}_torn"').fetchall()  # noqa: S608
        torn = pd.DataFrame(found, columns=["line", "reason", "value"]).drop_duplicates("line").sort_values("line")
        torn["place"] = [f"{path.name} row {line}" for line in torn["line"]]
        number = rows["row"] + 2
        for line in torn["line"]:
            number = number + (number >= int(line)).cast("int64")
        return rows.mutate(row=number), torn

    def _check_columns(self, part: Part, native: ir.Table) -> None:
        missing = [column for column in part.native if column not in native.columns]
        if missing:
            there = [column for column in native.columns if column != "row"]
            raise DataError(
                Problem(f"{part.source} has no column {name}", self.source.file, cure=did_you_mean(name, there))
                for name in missing
            )

    def _typed(self, table: Table, part: Part, number: int) -> ir.Table:
        """A part with canonical columns, and for each checked one `<name>__text` and `<name>__bad`."""
        native, _ = self._native(part.source)
        self._check_columns(part, native)
        for field, value in part.where.items():
            native = native.filter(_text(native, field).lower() == value.lower())
        columns: dict[str, ir.Value] = {"file": ibis.literal(self._shown(part.source)), "row": native["row"]}
        for name, column in table.columns.items():
            cell = part.columns.get(name, EMPTY)
            if cell.optional and not set(cell.native) <= set(native.columns):
                cell = EMPTY
            columns |= self._column(name, column, cell, native)
        return self.connection.create_table(f"{table.name}_{number}", native.select(**columns), temp=True)

    def _column(self, name: str, column: Column, cell: Cell, native: ir.Table) -> dict[str, ir.Value]:
        text = _cell_text(cell, native)
        if column.type in ("id", "text"):
            return {name: text} | ({f"{name}__text": text, f"{name}__bad": text.isnull()} if column.required else {})
        if column.type == "choice":
            typed: dict[str, ir.Value] = {name: text}
            bad: Any = text.notnull() & ~text.isin(column.choices)
        elif column.type == "flag":
            low = text.lower()
            typed, bad = {name: low.isin(TRUE).fill_null(False)}, low.notnull() & ~low.isin(TRUE + FALSE)
        elif column.type in ("money", "number"):
            value = text.try_cast("decimal(18, 2)" if column.type == "money" else "decimal(18, 6)")
            typed, bad = {name: value}, text.notnull() & value.isnull()
        else:
            return self._instant(name, column, cell, text)
        if column.required:
            bad = bad | text.isnull()
        return {**typed, f"{name}__text": text, f"{name}__bad": bad}

    def _instant(self, name: str, column: Column, cell: Cell, text: ir.StringValue) -> dict[str, ir.Value]:
        settings, mapping = self.source.settings, self.source.mapping
        dated = cell.date or column.type == "date"
        form = cell.format or (settings.dates or mapping.dates if dated else settings.instants or mapping.instants)
        zone = self.zone if dated else cell.timezone or settings.timezone or mapping.timezone
        value = _parsed(text, form or ISO, dated=dated)
        has_offset = text.re_search(r"\d(Z| ?[+-]\d{2}:?\d{2})$") & ~ibis.literal(dated or form != ISO)
        bad = text.notnull() & value.isnull()
        if zone is None:
            bad = bad | (value.notnull() & ~has_offset)
        if column.required:
            bad = bad | text.isnull()
        local = ibis.literal(None if zone in (None, "UTC") else zone, type="string")
        return {
            name: value,
            f"{name}__zone": has_offset.ifelse(ibis.null("string"), local),
            f"{name}__date": value.notnull() & ibis.literal(dated),
            f"{name}__text": text,
            f"{name}__bad": bad.fill_null(False),
        }

    def _rejects(self, table: Table, part: Part, rows: ir.Table) -> pd.DataFrame:
        found = [pd.DataFrame(columns=REJECTS)]
        for name in (name for name in table.columns if f"{name}__bad" in rows.columns):
            column, text = table.columns[name], rows[f"{name}__text"]
            wrong = rows.filter(rows[f"{name}__bad"]).select(id=rows[table.key[0]], row=rows["row"], value=text)
            frame = wrong.order_by("row").execute()
            if frame.empty:
                continue
            native = ", ".join(part.columns[name].native) if name in part.columns else name
            frame["table"] = table.name
            frame["place"] = [f"{self._shown(part.source)} row {row}, {native}" for row in frame["row"]]
            frame["reason"] = [self._reason(column, part.columns.get(name), value) for value in frame["value"]]
            frame["effect"] = SET_ASIDE if column.required else NOT_USED
            found.append(frame[REJECTS])
        return pd.concat(found)

    def _reason(self, column: Column, cell: Cell | None, value: str | None) -> str:
        if pd.isna(value):
            return "has no value"
        if column.type == "choice":
            return f"is none of {', '.join(column.choices)}"
        if column.type in ("instant", "date") and cell:
            settings, mapping = self.source.settings, self.source.mapping
            dated = cell.date or column.type == "date"
            form = cell.format or (settings.dates or mapping.dates if dated else settings.instants or mapping.instants)
            if _in_form(str(value), form or ISO):
                return NO_ZONE
            return f"is no {'date' if dated else 'time'} in the declared format {form}"
        return {"flag": "is neither true nor false"}.get(column.type, "is no number")

    def _shown(self, name: str) -> str:
        return self.source.settings.data if self.source.data.is_file() else self._file(name).name

    def _aliased(self, name: str, rows: ir.Table) -> ir.Table:
        for place, meanings in self.source.settings.aliases.items():
            table, _, column = place.partition(".")
            if table == name:
                rows = rows.mutate(**{column: rows[column].cases(*meanings.items(), else_=rows[column])})
        return rows

    def _alias_counts(self, name: str, parts: list[ir.Table]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for place, meanings in self.source.settings.aliases.items():
            table, _, column = place.partition(".")
            for found, meant in meanings.items() if table == name else ():
                rows = sum(int(part.filter(part[column] == found).count().execute()) for part in parts)
                counts[f"{found} read as {meant}"] += rows
        return counts


def _header(path: Path, delimiter: str, encoding: str) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
            header = [name.strip() for name in next(csv.reader(file, delimiter=delimiter), [])]
    except UnicodeError as error:
        cure = "declare `csv: {encoding: …}` as the export was written, or export as UTF-8"
        raise DataError(Problem(f"not {encoding}: {error.reason}", path.name, "1", cure=cure)) from None  # type: ignore[attr-defined]
    if not any(header):
        raise DataError(Problem("the file is empty", path.name, cure="export it again"))
    if len(header) == 1:
        other = max(DELIMITERS, key=header[0].count)
        if other != delimiter and other in header[0]:
            what = f"the columns are not separated by {delimiter!r}; it looks like {other!r}"
            raise DataError(Problem(what, path.name, "1", header[0], f'declare `csv: {{delimiter: "{other}"}}`'))
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        raise DataError(Problem("a column stands twice in the header", path.name, "1", twice[0], "export it once"))
    return header


def _text(native: ir.Table, column: str) -> ir.StringValue:
    return native[column].cast("string").strip().nullif("")


def _cell_text(cell: Cell, native: ir.Table) -> Any:
    if cell.column is not None:
        text = _text(native, cell.column)
    elif cell.first_of is not None:
        text = ibis.coalesce(*(_text(native, name) for name in cell.first_of))
    elif cell.join is not None:
        text = ibis.literal(" ").join([_text(native, name).fill_null("") for name in cell.join]).strip().nullif("")
    elif cell.constant is not None:
        text = ibis.literal(cell.constant)
    elif cell.cases:
        branches = [(_all_hold(native, case.when), case.then) for case in cell.cases]
        return ibis.cases(*branches, else_=ibis.literal(cell.otherwise, type="string"))
    else:
        return ibis.null("string")
    if cell.values is None:
        return text
    return text.cases(*cell.values.items(), else_=text if cell.otherwise is None else cell.otherwise)


def _all_hold(native: ir.Table, when: dict[str, str]) -> ir.BooleanValue:
    holds: Any = ibis.literal(value=True)
    for column, value in when.items():
        holds = holds & (_text(native, column).lower() == value.lower())
    return holds


def _parsed(text: ir.StringValue, form: str, *, dated: bool) -> Any:
    """The time in a text, as UTC where the text carries an offset and as written elsewhere; NULL if it is none."""
    if form != ISO:
        return try_strptime(text, form)
    if dated:
        return text.re_search(ISO_DATE).ifelse(text, ibis.null("string")).try_cast("timestamp")
    whole = text.re_search(ISO_TIME)
    naive = whole.ifelse(text.substr(0, 10) + " " + text.re_extract(r"^.{11}([\d:.]+)", 1), ibis.null("string"))
    sign = ibis.cases((text.re_extract(OFFSET, 1) == "-", -1), else_=1)
    hours, minutes = (text.re_extract(OFFSET, part).nullif("").try_cast("int64").fill_null(0) for part in (2, 3))
    offset = sign * (hours * 60 + minutes)
    return naive.try_cast("timestamp") - offset.as_interval("m")


def _in_form(text: str, form: str) -> bool:
    return not pd.isna(pd.to_datetime(text, format="ISO8601" if form == ISO else form, errors="coerce"))


def _usable(table: Table, rows: ir.Table) -> ir.Table:
    spoiled: Any = ibis.literal(value=False)
    for name in table.required:
        spoiled = spoiled | rows[f"{name}__bad"]
    kept = rows.filter(~spoiled)
    extra = [c for c in rows.columns if c.endswith(("__zone", "__date"))]
    return kept.select("file", "row", *table.columns, *extra)


def _torn(table: Table, torn: pd.DataFrame) -> pd.DataFrame:
    frame = torn.reindex(columns=REJECTS)
    return frame.assign(table=table.name, id="", effect=SET_ASIDE)


def _schema(table: Table) -> ibis.Schema:
    """The columns of a table that no mapping fills."""
    types = {"flag": "boolean", "money": "decimal(18, 2)", "number": "decimal(18, 6)", "instant": "timestamp"}
    schema = {"file": "string", "row": "int64"} | {
        name: types.get(c.type, "string") for name, c in table.columns.items()
    }
    for name in (name for name, column in table.columns.items() if column.type == "instant"):
        schema |= {f"{name}__zone": "string", f"{name}__date": "boolean"}
    return ibis.schema(schema)
