"""CRM tables in Spark: reduced by its executors, from a folder of Parquet or a database of its catalog.

`spark://host:7077/folder` names a standalone master; `pyspark:///folder` takes what the host's own configuration says,
else this machine. `?database=crm` reads tables of the catalog in place of a folder; options that begin with `spark.`
are Spark's own. Spark sees each table as it is when it is read: nothing may be written to them meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import ibis
import ibis.expr.types as ir

from slareport.engines import FILE, ROW, SqlEngine
from slareport.errors import DataError, Problem

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TIMES = {"date": "date", "timestamp": "timestamp('UTC')", "timestamp_ntz": "timestamp"}


class Spark(SqlEngine):
    """A session, its own or the one there is."""

    def __init__(self, url: str) -> None:
        from pyspark.sql import SparkSession  # 400 MB that only its users have

        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        self.database, self.folder = options.get("database", ""), Path(parts.path)
        self.shown = f"{parts.scheme}://{parts.netloc}{self.database or parts.path}"
        self._borrowed = SparkSession.getActiveSession() is not None
        builder = SparkSession.builder.appName("slareport")
        if parts.scheme == "spark":
            builder = builder.master(f"spark://{parts.netloc}")
        for name, value in options.items():
            if name.startswith("spark."):
                builder = builder.config(name, value)
        with self.told():
            self.session = builder.getOrCreate()
            super().__init__(ibis.pyspark.connect(self.session))
        self._views: list[str] = []
        self._frames: dict[str, DataFrame] = {}

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """What Spark refuses."""
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        try:
            yield
        except (PySparkException, Py4JError, OSError) as error:
            what = f"cannot be read: {(str(error).strip().splitlines() or [type(error).__name__])[0]}"
            raise DataError(Problem(what, self.shown, cure="correct the URL or the tables; see Spark's log")) from error

    def close(self) -> None:
        """Forget every step; end the session unless it was there before."""
        for name in self._views:
            self.session.catalog.dropTempView(name)
        if not self._borrowed:
            self.session.stop()

    def tables(self) -> dict[str, bool]:
        """The tables there are."""
        if self.database:
            return dict.fromkeys(self.connection.list_tables(database=self.database), True)
        return dict.fromkeys(sorted(path.stem for path in self.folder.iterdir() if path.suffix == ".parquet"), True)

    def columns(self, table: str) -> Sequence[str]:
        """The columns of a table."""
        return self._frame(table).columns

    def native(self, table: str, wanted: Sequence[str], shown: str) -> ir.Table:
        """The columns asked for as text, or the times they hold, named by what is `shown` of the table.

        Spark does not number rows: the value of a table's first column stands for it, with a digest of all that is
        asked for, and decides where an order of rows does.
        """
        frame = self._frame(table)
        first, whole = frame.columns[0], ", ".join(self.quoted(name) for name in wanted)
        times = {field.name: TIMES.get(field.dataType.simpleString()) for field in frame.schema.fields}
        plain = {name: self.quoted(name) for name in wanted}
        columns = [quoted if times[name] else f"CAST({quoted} AS STRING) AS {quoted}" for name, quoted in plain.items()]
        file = "'" + shown.replace("\\", "\\\\").replace("'", "\\'") + "'"
        columns += [
            f"{file} AS {self.quoted(FILE)}",
            f"concat_ws('/', {self.quoted(first)}, substr(md5(to_json(struct({whole}))), 1, 8)) AS {self.quoted(ROW)}",
        ]
        schema = {**{name: times[name] or "string" for name in wanted}, FILE: "string", ROW: "string"}
        return self._viewed(frame.selectExpr(*columns), ibis.schema(schema))

    def held(self, rows: ir.Table) -> ir.Table:
        """The rows computed once, on the executors."""
        frame = self.session.sql(self.connection.compile(rows))
        return self._viewed(frame.localCheckpoint(eager=True), rows.schema())

    def named(self, rows: ir.Table) -> ir.Table:
        """The rows under a name."""
        return self._viewed(self.session.sql(self.connection.compile(rows)), rows.schema())

    def given(self, rows: ir.Table) -> ir.Table:
        """Rows of this process, handed to the session."""
        return self._viewed(self.session.createDataFrame(rows.to_pyarrow()), rows.schema())

    def fetched(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows that a query of our own gives."""
        return self.session.sql(query).collect()

    def quoted(self, name: str) -> str:
        """A name as it stands in a query."""
        return "`" + name.replace("`", "``") + "`"

    def _frame(self, table: str) -> DataFrame:
        if table not in self._frames:
            whole = f"{self.quoted(self.database)}.{self.quoted(table)}"
            path = str(self.folder / f"{table}.parquet")
            self._frames[table] = self.session.table(whole) if self.database else self.session.read.parquet(path)
        return self._frames[table]

    def _viewed(self, frame: DataFrame, schema: ibis.Schema) -> ir.Table:
        name = ibis.util.gen_name("view")
        frame.createOrReplaceTempView(name)
        self._views.append(name)
        return self._table(name, schema)
