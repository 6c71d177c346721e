"""CRM tables in PostgreSQL: reduced where they are, in one transaction that is rolled back at its end.

The transaction is REPEATABLE READ, so that all tables are seen as of one instant. It cannot be READ ONLY, because the
steps of a reduction are kept in temporary tables of the session, which PostgreSQL counts as writing; nothing else is
written, and rolling back removes them. A role that may only SELECT (and make temporary tables) is all it takes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import ibis
import ibis.expr.types as ir
import psycopg
from ibis.expr import datatypes as types

from slareport.engines import FILE, ROW, SqlEngine
from slareport.errors import DataError, Problem

SEEN = "BEGIN ISOLATION LEVEL REPEATABLE READ"
MICROSECONDS = len("2026-03-01 10:00:00.123456")
WAIT = 10  # seconds for a server that does not answer
TABLES = """
SELECT c.relname, has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"""
COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), has_column_privilege(a.attrelid, a.attnum, 'SELECT')
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def convert_to(text: str, encoding: str) -> types.binary:
    """PostgreSQL's: a text as bytes."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def sha256(raw: bytes) -> types.binary:
    """PostgreSQL's digest."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def encode(raw: bytes, form: str) -> types.string:
    """PostgreSQL's: bytes as text."""


@ibis.udf.scalar.builtin(name="round")  # type: ignore[untyped-decorator]
def rounded(number: types.decimal, places: int) -> types.decimal:
    """PostgreSQL's, half away from zero."""


class Postgres(SqlEngine):
    """A session with a server, on one schema of a database."""

    def __init__(self, url: str) -> None:
        self.url, schema = _without_schema(url)
        with self.told():
            session = psycopg.connect(self.url, autocommit=True)
        try:
            with self.told():
                super().__init__(ibis.postgres.from_connection(session))
                if schema:
                    session.execute("SELECT set_config('search_path', quote_ident(%s), false)", (schema,))
                session.execute(SEEN)
                self.schema = self._current_schema(schema)
        except BaseException:
            session.close()
            raise

    def _current_schema(self, asked: str) -> str:
        ((schema,),) = self.fetched("SELECT current_schema()")
        if schema is None:
            what = f"no schema {asked or 'public'} that may be read"
            raise DataError(Problem(what, self.shown, cure="correct `schema=`, or GRANT USAGE ON SCHEMA"))
        return str(schema)

    @property
    def shown(self) -> str:
        """Where the tables are, as it may be told."""
        parts = urlsplit(self.url)
        return f"postgres://{parts.hostname or ''}/{parts.path.strip('/')}"

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """What the server or the way to it refuses."""
        try:
            yield
        except psycopg.errors.InsufficientPrivilege as error:
            raise DataError(
                Problem(_first_line(error), self.shown, cure="ask for GRANT SELECT, and TEMPORARY")
            ) from None
        except psycopg.errors.ReadOnlySqlTransaction:
            what = "this server makes no temporary tables, which a reduction needs"
            raise DataError(Problem(what, self.shown, cure="name the primary server, not a standby")) from None
        except psycopg.OperationalError as error:
            cure = "start the server, correct the URL, or give the password in PGPASSWORD or ~/.pgpass; then run again"
            raise DataError(Problem(f"cannot be read: {_first_line(error)}", self.shown, cure=cure)) from None
        except psycopg.Error as error:
            raise DataError(
                Problem(f"cannot be read: {_first_line(error)}", self.shown, cure="see the server's log")
            ) from None

    def close(self) -> None:
        """Give the transaction up, and with it every temporary table."""
        self.connection.con.close()

    def tables(self) -> dict[str, bool]:
        """The tables and views of the schema, and whether they may be read."""
        return {name: bool(allowed) for name, allowed in self.fetched(TABLES)}

    def columns(self, table: str) -> dict[str, str]:
        """The columns of a table that may be read, with their types."""
        found = self.connection.con.execute(COLUMNS, (table,)).fetchall()
        return {name: kind for name, kind, allowed in found if allowed}

    def native(self, table: str, wanted: Sequence[str], shown: str) -> ir.Table:
        """The columns asked for as text, or the times they hold, named by what is `shown` of the table.

        Text is compared byte by byte, as all other engines do. A database does not number its rows: the value of a
        table's first column stands for it, with a digest of all that is asked for, and decides where an order does.
        """
        kinds = self.columns(table)
        times = {name: _time_type(kinds[name]) for name in wanted}
        plain = {name: self.quoted(name) for name in wanted}
        columns = [q if times[name] else f'CAST({q} AS TEXT) COLLATE "C" AS {q}' for name, q in plain.items()]
        file = "'" + shown.replace("'", "''") + "'"
        first, whole = self.quoted(next(iter(kinds))), ", ".join(plain.values())
        row = f"concat_ws('/', {first}, substr(md5(CAST(ROW({whole}) AS TEXT)), 1, 8))"
        columns += [
            f'CAST({file} AS TEXT) COLLATE "C" AS {self.quoted(FILE)}',
            f'{row} COLLATE "C" AS {self.quoted(ROW)}',
        ]
        query = f"SELECT {', '.join(columns)} FROM {self.quoted(self.schema)}.{self.quoted(table)}"  # noqa: S608
        schema = {**{name: times[name] or "string" for name in wanted}, FILE: "string", ROW: "string"}
        return self._made("VIEW", ibis.schema(schema), query)

    def held(self, rows: ir.Table) -> ir.Table:
        """The rows as a temporary table, with what the planner needs to know of it."""
        table = super().held(rows)
        self.ran(f"ANALYZE {self.quoted(table.get_name())}")
        return table

    def named(self, rows: ir.Table) -> ir.Table:
        """The rows as a view whose columns are computed once: without the OFFSET each use would compute them again."""
        return self._made("VIEW", rows.schema(), f"{self.connection.compile(rows)} OFFSET 0")

    def fetched(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows that a query of our own gives."""
        return self.connection.con.execute(query).fetchall()

    def ran(self, statement: str) -> None:
        """Run a statement that gives no rows."""
        self.connection.con.execute(statement)

    def decimal(self, text: Any, digits: int, places: int) -> Any:
        """A decimal number: PostgreSQL has no cast that may fail, but numbers of any length."""
        number = rounded(self.number(text), places)
        fits = number.abs() < 10 ** (digits - places)
        return fits.ifelse(number, ibis.null("decimal")).cast(f"decimal({digits}, {places})")

    def number(self, text: Any) -> Any:
        """A number of any length; none whose exponent has more than three digits."""
        bearable = (text.length() < 1000) & text.re_search(r"^[^eE]+([eE][+-]?\d{1,3})?$")
        return bearable.ifelse(text, ibis.null("string")).cast("decimal")

    def timestamp(self, text: Any) -> Any:
        """A time of no zone, if its day exists."""
        return _castable(text).cast("timestamp")

    def iso(self, text: Any) -> tuple[Any, Any]:
        """By PostgreSQL's own reading of offsets, which knows none of 16 hours; without one as if it were in UTC."""
        beyond = text.re_search(r"[+-](1[6-9]|2\d)(:?\d\d)?$")
        time = beyond.ifelse(ibis.null("string"), _castable(text)).cast("timestamp('UTC')").cast("timestamp")
        clock = text.substr(11)
        return time, (clock.contains("Z") | clock.contains("+") | clock.contains("-")).fill_null(False)

    def sha256(self, text: Any) -> Any:
        """The digest of a text in hexadecimal."""
        return encode(sha256(convert_to(text, "UTF8")), "hex")


def _castable(text: Any) -> Any:
    """The text of a time if its day exists, cut to microseconds: a cast that fails would end the reduction."""
    year, month, day = (text.substr(start, size).cast("int64") for start, size in ((0, 4), (5, 2), (8, 2)))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = month.isin([4, 6, 9, 11]).ifelse(30, (month == 2).ifelse(leap.ifelse(29, 28), 31))
    exists = (year > 0) & month.between(1, 12) & (day >= 1) & (day <= last)
    cut = (text.length() > MICROSECONDS).ifelse(text.re_replace(r"(\.\d{6})\d+", r"\1"), text)
    return exists.ifelse(cut, ibis.null("string"))


def _without_schema(url: str) -> tuple[str, str]:
    """A URL as libpq takes it, and the schema that it names for us; a server that hangs is not waited for forever."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    schema = options.pop("schema", "")
    options.setdefault("connect_timeout", str(WAIT))
    return urlunsplit(parts._replace(query=urlencode(options))), schema


def _time_type(kind: str) -> str | None:
    if kind == "date":
        return "date"
    if not kind.startswith("timestamp"):
        return None
    return "timestamp('UTC')" if kind.endswith("with time zone") else "timestamp"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
