"""The engine behind Ibis that reads CRM tables and reduces them: what it keeps on its way, and how."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.expr import datatypes as types
from ibis.expr import operations as ops


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def local_time(text: str, form: str) -> types.timestamp:
    """DuckDB's: a time in a declared format, NULL where the text is not one."""


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def zoned_time(text: str, form: str) -> types.Timestamp(timezone="UTC"):  # type: ignore[valid-type]
    """The same for a format that reads an offset."""


class Engine:
    """DuckDB, in this process."""

    def __init__(self) -> None:
        self.connection = ibis.duckdb.connect(temp_directory=tempfile.gettempdir())
        self.connection.raw_sql("SET TimeZone = 'UTC'")  # in which times with a zone of their own become text

    def held(self, rows: ir.Table) -> ir.Table:
        """The rows computed once."""
        return self._made("TABLE", rows)

    def named(self, rows: ir.Table) -> ir.Table:
        """The rows under a name, computed when they are asked for: what is built upon them stays short."""
        return self._made("VIEW", rows)

    def given(self, rows: ir.Table) -> ir.Table:
        """Rows of this process (`ibis.memtable`), handed to the engine."""
        name = ibis.util.gen_name("given")
        self.connection.create_table(name, rows, temp=True)
        return self._table(name, rows)

    def counts(self, *asked: tuple[ir.Table, str]) -> list[int]:
        """Of tables that are held, how many rows each has in which a boolean column is true; of all without one."""
        if not asked:
            return []
        wheres = [(rows.get_name(), f' WHERE "{column}"' if column else "") for rows, column in asked]
        counted = (f'(SELECT count(*) FROM "{name}"{where})' for name, where in wheres)  # noqa: S608  our own names
        return [int(number) for number in self._fetched(f"SELECT {', '.join(counted)}")]

    def any_filled(self, rows: ir.Table, columns: Iterable[str]) -> bool:
        """Whether any of these columns of a held table has a value in any row."""
        filled = " OR ".join(f'"{column}" IS NOT NULL' for column in columns)
        return bool(self._fetched(f'SELECT count(*) FROM "{rows.get_name()}" WHERE {filled}')[0])  # noqa: S608

    def _fetched(self, query: str) -> Sequence[Any]:
        (row,) = self.connection.raw_sql(query).fetchall()
        return row

    def _made(self, kind: str, rows: ir.Table) -> ir.Table:
        name = ibis.util.gen_name(kind.lower())
        self.connection.raw_sql(f'CREATE TEMPORARY {kind} "{name}" AS {self.connection.compile(rows)}')
        return self._table(name, rows)

    def _table(self, name: str, rows: ir.Table) -> ir.Table:
        return ops.DatabaseTable(name, rows.schema(), self.connection).to_expr()  # not asked what it was told just now

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

    def strptime(self, text: Any, form: str) -> Any:
        """A time in a declared strptime format: in UTC where the format reads an offset, else of no zone."""
        return zoned_time(text, form).cast("timestamp") if "%z" in form else local_time(text, form)

    def sha256(self, text: Any) -> Any:
        """The digest of a text in hexadecimal."""
        return text.hexdigest("sha256")
