"""Native tables in a database that a URL leads to: found by their names, whatever its capitals, and reduced in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import ibis
import ibis.expr.types as ir

from slareport.errors import DataError, MachineError, Problem, did_you_mean
from slareport.mapping import Source, is_glob
from slareport.natives import Native, Natives, Place

EXTRAS = {"postgres": "postgres", "postgresql": "postgres", "spark": "spark", "pyspark": "spark"}


class Database(Protocol):
    """What an engine that holds the CRM tables itself can say of them."""

    @property
    def shown(self) -> str:
        """Where they are, as it may be told."""

    def tables(self) -> dict[str, bool]:
        """The tables and views there are, and whether they may be read."""

    def columns(self, table: str) -> Iterable[str]:
        """The columns of a table that may be read."""

    def native(self, table: str, wanted: list[str], shown: str) -> ir.Table:
        """Columns of a table as text, or the times they hold, with `FILE` and `ROW`."""


class DatabaseNatives(Natives):
    """Those in the database of a URL."""

    def __init__(self, source: Source, url: str) -> None:
        super().__init__(source)
        self.database: Database
        self.engine = self.database = _opened(url)
        try:
            with self.engine.told():
                self.tables = self.database.tables()
        except BaseException:
            self.engine.close()
            raise

    def is_there(self, name: str) -> bool:
        """Whether a table or view is a native table."""
        return bool(self._named(name))

    def _look(self, name: str) -> Iterator[Place]:
        found = self._named(name)
        if not found:
            cure = f"correct the mapping, or GRANT what hides it; {did_you_mean(name, self.tables)}"
            raise DataError(Problem(f"the table {name} is missing", self.database.shown, cure=cure))
        for table in found:
            if not self.tables[table]:
                raise DataError(
                    Problem(f"the table {table} may not be read", self.database.shown, cure="GRANT SELECT on it")
                )
            with self.engine.told():
                there = list(self.database.columns(table))
            named = _by_wanted(there, self.asked[name], f"{self.database.shown} {table}")
            yield Place(Path(), table, table, named)

    def _open(self, place: Place, wanted: list[str]) -> Native:
        with self.engine.told():
            columns = list(self.database.columns(place.name))
            theirs = {name: _same(name, columns) for name in wanted}
            there = [found[0] for found in theirs.values() if found]
            rows = self.database.native(place.name, list(dict.fromkeys(there)), place.shown)
            asked = {name: rows[found[0]] if found else ibis.null("string") for name, found in theirs.items()}
            return Native(rows.select(**asked, **{name: rows[name] for name in rows.columns[-2:]}))

    def _named(self, name: str) -> list[str]:
        """The tables of this name, or of this glob, in their order."""
        if is_glob(name):
            return sorted(table for table in self.tables if fnmatchcase(table, name))
        found = _same(name, self.tables)
        if len(found) > 1:
            what = f"the table {name} could be {' or '.join(sorted(found))}"
            raise DataError(Problem(what, self.database.shown, cure="write it in the mapping as it is written there"))
        return found


def _same(name: str, there: Iterable[str]) -> list[str]:
    """What is written like a name, else what is but for capitals: databases fold what is not quoted."""
    names = list(there)
    return [name] if name in names else [other for other in names if other.casefold() == name.casefold()]


def _by_wanted(there: list[str], wanted: list[str], shown: str) -> list[str]:
    """The columns there are, by the names they are asked for by."""
    named: dict[str, str] = {}
    for name in wanted:
        found = _same(name, there)
        if len(found) > 1:
            what = f"the column {name} could be {' or '.join(sorted(found))}"
            raise DataError(Problem(what, shown, cure="write it in the mapping as it is written there"))
        named |= dict.fromkeys(found, name)
    return [named.get(name, name) for name in there]


def _opened(url: str) -> Any:
    kind = urlsplit(url).scheme
    try:
        if EXTRAS.get(kind) == "postgres":
            from slareport.postgres import Postgres

            return Postgres(url)
        if EXTRAS.get(kind) == "spark":
            from slareport.spark import Spark

            return Spark(url)
        from slareport.others import Other

        return Other(url)
    except ImportError as error:
        extra = EXTRAS.get(kind, kind)
        cure = f"pip install 'slareport[{extra}]'" if kind in EXTRAS else f"pip install 'ibis-framework[{extra}]'"
        raise MachineError(Problem(f"what reads {kind} is not installed: {error}", cure=cure)) from None
