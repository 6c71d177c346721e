"""DuckDB, in this process: the engine for files. What does not fit into its memory goes to a temporary file."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.expr import datatypes as types
from ibis.expr import operations as ops

from slareport.engines import AT_A_TIME, SqlEngine, in_order
from slareport.errors import DataError, Problem

MEGABYTES = 3072  # what the engine may hold in memory
IN_ORDER = 4_000_000  # rows that it can put in order with that


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def local_time(text: str, form: str) -> types.timestamp:
    """DuckDB's: a time in a declared format, NULL where the text is not one."""


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def zoned_time(text: str, form: str) -> types.Timestamp(timezone="UTC"):  # type: ignore[valid-type]
    """The same for a format that reads an offset."""


class DuckDB(SqlEngine):
    """DuckDB. It leaves out columns that are always empty, and puts many rows in order share by share."""

    row_type = "int64"

    def __init__(self) -> None:
        super().__init__(ibis.duckdb.connect(temp_directory=tempfile.gettempdir()))
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        self.ran(f"SET memory_limit = '{min(MEGABYTES, memory // 2)}MiB'")  # what does not fit goes to a temporary file
        self.ran("SET TimeZone = 'UTC'")  # in which times with a zone of their own become text
        self._empty: dict[str, set[str]] = {}

    def held(self, rows: ir.Table) -> ir.Table:
        """The rows computed once. Columns that are always empty are left out: they would take room like others."""
        empty = self._always_empty(rows)
        if not empty:
            return super().held(rows)
        nulls = {name: ibis.null(rows[name].type()) for name in empty}
        return self.named(super().held(rows.drop(*empty)).mutate(**nulls).select(*rows.columns))

    def named(self, rows: ir.Table) -> ir.Table:
        """The rows under a name."""
        view = super().named(rows)
        self._empty[view.get_name()] = self._always_empty(rows)
        return view

    def _always_empty(self, rows: ir.Table) -> set[str]:
        """The columns that are NULL in every row, as far as the steps that made them tell; not all of them."""
        empty = {name for name in rows.columns if self._is_empty(rows.op(), name)}
        return set() if len(empty) == len(rows.columns) else empty

    def _is_empty(self, rows: Any, name: str) -> bool:
        if isinstance(rows, ops.DatabaseTable):
            return name in self._empty.get(rows.name, ())
        if isinstance(rows, ops.Set):
            return self._is_empty(rows.left, name) and self._is_empty(rows.right, name)
        value = rows.values.get(name)
        if isinstance(value, ops.Field):
            return self._is_empty(value.rel, value.name)
        return isinstance(value, ops.Literal) and value.value is None

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """A Parquet file is damaged where its rows are read, which is later than it is opened."""
        try:
            yield
        except duckdb.Error as error:
            found = re.search(r'file "([^"]+)": (.+)', str(error))
            if not found:
                raise
            cure = "export it again"
            raise DataError(Problem(f"cannot be read: {found[2]}", Path(found[1]).name, cure=cure)) from error

    def batches(self, rows: ir.Table, key: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """By DuckDB's own reader: Ibis asks for one that the newest DuckDB has no more.

        What DuckDB puts in order must fit into its memory, so that more rows come in shares, by a digest of their key.
        """
        shares = int(rows.count().execute()) // IN_ORDER + 1
        share = rows[key[0]].hash().cast("int64") % shares
        for number in range(shares):
            mine = rows.filter(share.abs() == number) if shares > 1 else rows
            yield from self.connection.con.sql(self.connection.compile(in_order(mine, key))).to_arrow_reader(AT_A_TIME)

    def strptime(self, text: Any, form: str) -> Any:
        """By DuckDB's own strptime, which knows every code."""
        return zoned_time(text, form).cast("timestamp") if "%z" in form else local_time(text, form)
