"""The engine behind Ibis that reads CRM tables and reduces them: what it keeps on its way, and what each does its way.

The steps of a reduction are made of what all engines share; here is the little in which they differ.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis.expr import operations as ops

from slareport.errors import Problem, UsageError

AT_A_TIME = 250_000  # rows that leave an engine together
FILE, ROW = "(file)", "(row)"  # where a native row stands; no CRM has columns of these names

OFFSET = r"(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)$"

# What strptime codes read, and how it is made of it: the part of an ISO time, and the pattern that a value fits.
CODES = {
    "Y": ("year", r"\d{4}"), "m": ("month", r"\d{1,2}"), "d": ("day", r"\d{1,2}"), "b": ("name", "[A-Za-z]{3}"),
    "B": ("name", "[A-Za-z]{3,9}"), "H": ("hour", r"\d{1,2}"), "I": ("hour", r"\d{1,2}"), "M": ("minute", r"\d{1,2}"),
    "S": ("second", r"\d{1,2}"), "f": ("fraction", r"\d{1,6}"), "p": ("half", "[AaPp][Mm]"),
    "z": ("offset", r"(?:Z|[+-]\d{2}:?\d{2})"), "%": ("", "%"),
}  # fmt: skip
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Engine:
    """Any engine that Ibis speaks to."""

    row_type = "string"  # a database has no numbers for its rows

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """What the engine refuses, as an error that a person can act on."""
        yield

    def close(self) -> None:
        """Leave nothing behind."""

    def held(self, rows: ir.Table) -> ir.Table:
        """The rows computed once."""
        return self.connection.create_table(ibis.util.gen_name("held"), rows, temp=True)

    def named(self, rows: ir.Table) -> ir.Table:
        """The rows under a name, computed when they are asked for: what is built upon them stays short."""
        return self.held(rows)

    def given(self, rows: ir.Table) -> ir.Table:
        """Rows of this process (`ibis.memtable`), handed to the engine."""
        return self.connection.create_table(ibis.util.gen_name("given"), rows, temp=True)

    def pieces(self, rows: ir.Table, key: Sequence[str]) -> Iterator[pd.DataFrame]:
        """The rows in pandas in an order that `key` decides, so many at a time; an empty table is one empty piece."""
        none = rows.schema().to_pyarrow().empty_table()
        batches = iter(self.batches(rows, key))
        for batch in itertools.chain([next(batches, none)], batches):
            yield batch.to_pandas(date_as_object=False)

    def batches(self, rows: ir.Table, key: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows as the engine hands them out: all at once, as that is what every engine can do."""
        yield from in_order(rows, key).to_pyarrow().to_batches(AT_A_TIME)

    def counts(self, *asked: tuple[ir.Table, str]) -> list[int]:
        """Of tables that are held, how many rows each has in which a boolean column is true; of all without one."""
        return [int((rows.filter(rows[column]) if column else rows).count().execute()) for rows, column in asked]

    def share(self, rows: ir.Table, column: str) -> tuple[int, int]:
        """How many rows a table that is held or named has, and in how many a boolean column is true."""
        every, true = self.counts((rows, ""), (rows, column))
        return every, true

    # What a text of the right shape says, NULL where it says nothing there is: 30 February, or more digits than fit.

    def decimal(self, text: Any, digits: int, places: int) -> Any:
        """A decimal number, rounded half away from zero."""
        return text.try_cast(f"decimal({digits}, {places})")

    def number(self, text: Any) -> Any:
        """A number as good as a float can hold it."""
        return text.try_cast("float64")

    def timestamp(self, text: Any) -> Any:
        """An ISO date, or date and time of day without offset, as a time of no zone."""
        return text.try_cast("timestamp")

    def iso(self, text: Any) -> tuple[Any, Any]:
        """An ISO date and time of day, and whether it is in UTC: it is where the text has an offset."""
        clock = text.substr(0, 10) + " " + text.re_extract(r"^.{11}([\d:.]+)", 1)
        sign = ibis.cases((text.re_extract(OFFSET, 1) == "-", -1), else_=1)
        hours, minutes = (text.re_extract(OFFSET, part).nullif("").cast("int64").fill_null(0) for part in (2, 3))
        offset = sign * (hours * 60 + minutes)
        return self.timestamp(clock) - offset.as_interval("m"), text.re_search(rf"\d ?{OFFSET}").fill_null(False)

    def strptime(self, text: Any, form: str) -> Any:
        """A time in a declared strptime format: in UTC where the format reads an offset, else of no zone.

        Raises `UsageError` for a format with a code that only the embedded engine knows.
        """
        pattern, parts = _pattern(form)

        def part(name: str, default: str = "") -> Any:
            if name not in parts:
                return ibis.literal(default)
            return text.re_search(pattern).ifelse(text.re_extract(pattern, parts[name]), ibis.null("string"))

        month = part("name").lower().substr(0, 3).cases(*_numbered_months()) if "name" in parts else part("month")
        hour = part("hour", "0")
        if "half" in parts:
            late = part("half").lower() == "pm"
            of_day = hour.cast("int64") % 12 + late.ifelse(12, 0)
            hour = hour.cast("int64").between(1, 12).ifelse(of_day.cast("string"), ibis.null("string"))
        time = [_two(hour), ":", _two(part("minute", "0")), ":", _two(part("second", "0")), "." + part("fraction", "0")]
        moment = part("year") + "-" + _two(month) + "-" + _two(part("day")) + " "
        for piece in time:
            moment = moment + piece
        found = self.timestamp(
            moment.re_search(r" ([01]\d|2[0-3]):[0-5]\d:[0-5]\d").ifelse(moment, ibis.null("string"))
        )
        if "offset" not in parts:
            return found
        offset = part("offset").replace("Z", "+0000").replace(":", "")
        minutes = offset.substr(1, 2).cast("int64") * 60 + offset.substr(3, 2).cast("int64")
        return found - ((offset.substr(0, 1) == "-").ifelse(-1, 1) * minutes).as_interval("m")

    def sha256(self, text: Any) -> Any:
        """The digest of a text in hexadecimal."""
        return text.hexdigest("sha256")


class SqlEngine(Engine):
    """An engine that is told in SQL what to keep, without asking it again what it was told."""

    def held(self, rows: ir.Table) -> ir.Table:
        """The rows computed once."""
        return self._made("TABLE", rows.schema(), self.connection.compile(rows))

    def named(self, rows: ir.Table) -> ir.Table:
        """The rows under a name."""
        return self._made("VIEW", rows.schema(), self.connection.compile(rows))

    def given(self, rows: ir.Table) -> ir.Table:
        """Rows of this process, as a table of the engine."""
        name = ibis.util.gen_name("given")
        self.connection.create_table(name, rows, temp=True)
        return self._table(name, rows.schema())

    def batches(self, rows: ir.Table, key: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows as they come."""
        yield from self.connection.to_pyarrow_batches(in_order(rows, key), chunk_size=AT_A_TIME)

    def counts(self, *asked: tuple[ir.Table, str]) -> list[int]:
        """All of them in one query."""
        if not asked:
            return []
        wheres = [
            (self.quoted(rows.get_name()), f" WHERE {self.quoted(column)}" * bool(column)) for rows, column in asked
        ]
        counted = (f"(SELECT count(*) FROM {name}{where})" for name, where in wheres)  # noqa: S608  our own names
        return [int(number) for number in self.fetched(f"SELECT {', '.join(counted)}")[0]]

    def share(self, rows: ir.Table, column: str) -> tuple[int, int]:
        """Both in one pass."""
        counted = f"count(*), count(CASE WHEN {self.quoted(column)} THEN 1 END)"
        every, true = self.fetched(f"SELECT {counted} FROM {self.quoted(rows.get_name())}")[0]  # noqa: S608
        return int(every), int(true)

    def quoted(self, name: str) -> str:
        """A name as it stands in a query."""
        return '"' + name.replace('"', '""') + '"'

    def fetched(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows that a query of our own gives."""
        return self.connection.raw_sql(query).fetchall()

    def ran(self, statement: str) -> None:
        """Run a statement that gives no rows."""
        self.connection.raw_sql(statement)

    def _made(self, kind: str, schema: ibis.Schema, query: str) -> ir.Table:
        name = ibis.util.gen_name(kind.lower())
        self.ran(f"CREATE TEMPORARY {kind} {self.quoted(name)} AS {query}")
        return self._table(name, schema)

    def _table(self, name: str, schema: ibis.Schema) -> ir.Table:
        return ops.DatabaseTable(name, schema, self.connection).to_expr()  # not asked what it was told just now


def in_order(rows: ir.Table, key: Sequence[str]) -> ir.Table:
    """The rows in the order of a key, empty values last."""
    return rows.order_by([rows[column].asc(nulls_first=False) for column in key])


def _pattern(form: str) -> tuple[str, dict[str, int]]:
    """A strptime format as a regular expression, and the group in which each part of the time stands."""
    pattern, parts = "", dict[str, int]()
    for code, literal in re.findall(r"%-?(.)|([^%]+)", form):
        if code and code not in CODES:
            cure = f"write it of {', '.join('%' + known for known in CODES)}, or iso"
            raise UsageError(Problem("this engine cannot read the format", found=form, cure=cure))
        name, fits = CODES[code] if code else ("", re.escape(literal))
        if name:
            parts[name] = len(parts) + 1
        pattern += f"({fits})" if name else fits
    return f"^{pattern}$", parts


def _numbered_months() -> list[tuple[str, str]]:
    return [(name, f"{number:02}") for number, name in enumerate(MONTHS, 1)]


def _two(digits: Any) -> Any:
    return digits.lpad(2, "0")
