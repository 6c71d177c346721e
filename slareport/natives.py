"""Native tables in the engine: of CSV, Parquet or DuckDB, the columns asked for, every row with its file and number."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow.parquet

from slareport import delimited
from slareport.embedded import DuckDB
from slareport.engines import FILE, ROW, Engine
from slareport.errors import DataError, Problem, did_you_mean
from slareport.mapping import Source, is_glob

CRM = ("crm", "main")
TABLES_OF = "select table_name from information_schema.tables where table_catalog = ? and table_schema = ?"


@dataclass(frozen=True)
class Native:
    """A native table, its rows named by file and number, and the lines that are no rows."""

    rows: ir.Table
    torn: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=delimited.TORN))


@dataclass(frozen=True)
class Place:
    """Where one native table lies: its file (of a database none), its name there, and its columns."""

    path: Path
    name: str
    shown: str
    columns: list[str]


class Natives(ABC):
    """The native tables of a source, each opened when it is first asked for."""

    engine: Engine

    def __init__(self, source: Source) -> None:
        self.source, self.asked = source, source.asked()
        self._opened: dict[str, Native] = {}
        self._found: dict[str, list[Place]] = {}

    @abstractmethod
    def is_there(self, name: str) -> bool:
        """Whether any file or table holds a native table."""

    @abstractmethod
    def _look(self, name: str) -> Iterator[Place]:
        """Where a native table lies. Raises `DataError` where it is nowhere."""

    @abstractmethod
    def _open(self, place: Place, wanted: list[str]) -> Native:
        """The wanted columns of what lies there, empty where it has none of that name."""

    def places(self, name: str) -> list[Place]:
        """Where a native table lies, in the order of the files. Raises `DataError` where it is nowhere."""
        if name not in self._found:
            self._found[name] = list(self._look(name))
        return self._found[name]

    def columns(self, name: str) -> list[str]:
        """The columns of a native table, all its files together."""
        return list(dict.fromkeys(column for place in self.places(name) for column in place.columns))

    def table(self, name: str) -> Native:
        """A native table: of its columns, those that the mapping reads."""
        if name not in self._opened:
            wanted = [column for column in self.columns(name) if column in self.asked[name]]
            opened = [self._open(place, wanted) for place in self.places(name)]
            rows = [native.rows for native in opened]
            if any(part.schema() != rows[0].schema() for part in rows):
                rows = [part.mutate(**{column: part[column].cast("string") for column in wanted}) for part in rows]
            torn = pd.concat([native.torn for native in opened], ignore_index=True)
            self._opened[name] = Native(ibis.union(*rows) if len(rows) > 1 else rows[0], torn)
        return self._opened[name]


class FileNatives(Natives):
    """Those in a folder of CSV and Parquet files, or in a DuckDB file."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.engine = DuckDB()
        self.connection = self.engine.connection
        if source.data.is_file():
            with told(source.data):
                self.connection.attach(source.data, name=CRM[0], read_only=True)

    def is_there(self, name: str) -> bool:
        """Whether any file or table holds a native table."""
        return bool(self._in_database(name) if self.source.data.is_file() else self.source.matching(name))

    def _look(self, name: str) -> Iterator[Place]:
        if self.source.data.is_file():
            path = self.source.data
            found = self._in_database(name)
            if not found:
                there = self._in_database("*")
                raise DataError(Problem(f"the table {name} is missing", path.name, cure=did_you_mean(name, there)))
            for table in found:
                columns = list(self.connection.table(table, database=CRM).columns)
                yield Place(path, table, f"{path.name} {table}", columns)
            return
        for path in self.source.native_files(name):
            with told(path):
                is_csv = path.suffix == ".csv"
                columns = delimited.header(path, self.source.csv) if is_csv else _parquet_columns(path)
            yield Place(path, path.stem, path.name, columns)

    def _in_database(self, name: str) -> list[str]:
        with told(self.source.data):
            there = sorted(table for (table,) in self.connection.raw_sql(TABLES_OF, parameters=CRM).fetchall())
        return [table for table in there if (fnmatchcase(table, name) if is_glob(name) else table == name)]

    def _open(self, place: Place, wanted: list[str]) -> Native:
        with told(place.path):
            if place.path.suffix == ".parquet":
                rows = self.connection.read_parquet(place.path, file_row_number=True)
                numbered = rows.mutate(**{ROW: rows["file_row_number"] + 1})
                return Native(self.engine.named(self._chosen(place, numbered, wanted)))
            if place.path.suffix != ".csv":
                rows = self.connection.table(place.name, database=CRM)
                return Native(self._held(place, _numbered(rows, 1), wanted))
            if self.source.csv.encoding == "utf-8" and not delimited.has_blank_lines(place.path):
                # The engine stops at the first torn row, and would not say how many rows a stray quote swallows.
                with contextlib.suppress(duckdb.InvalidInputException):
                    return Native(self._held(place, _numbered(self._streamed(place), 2), wanted))
            table, torn = delimited.split(place.path, self.source.csv, place.columns, ROW)
            return Native(self._held(place, self.engine.given(ibis.memtable(table)), wanted), torn)

    def _held(self, place: Place, rows: ir.Table, wanted: list[str]) -> ir.Table:
        return self.engine.held(self._chosen(place, rows, wanted))

    def _chosen(self, place: Place, rows: ir.Table, wanted: list[str]) -> ir.Table:
        there = {column: rows[column] for column in wanted if column in rows.columns}
        missing = {column: ibis.null("string") for column in wanted if column not in there}
        chosen = {column: {**there, **missing}[column] for column in wanted}
        return rows.select(**chosen, **{FILE: ibis.literal(place.shown), ROW: rows[ROW]})

    def _streamed(self, place: Place) -> ir.Table:
        return self.connection.read_csv(
            place.path,
            columns=dict.fromkeys(place.columns, "VARCHAR"),
            auto_detect=False,
            header=True,
            delim=self.source.csv.delimiter,
            quote='"',
            escape='"',
            encoding="utf-8",
        )


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """What the engine cannot open or decode, as an error that names the file."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.OperationalError, pyarrow.ArrowException, OSError) as error:
        what = f"cannot be read: {str(error).splitlines()[0]}"
        raise DataError(Problem(what, path.name, cure="export it again; end what holds it open")) from error


def _parquet_columns(path: Path) -> list[str]:
    return list(pyarrow.parquet.read_schema(path).names)


def _numbered(rows: ir.Table, first: int) -> ir.Table:
    return rows.mutate(**{ROW: ibis.row_number() + first})
