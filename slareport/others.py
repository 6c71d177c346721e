"""CRM tables in any other database that Ibis connects to: reduced there, by what all engines share."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import ibis
import ibis.expr.types as ir

from slareport.engines import FILE, ROW, Engine


class Other(Engine):
    """A connection that Ibis makes of a URL, to an engine with casts that may fail and an information schema."""

    def __init__(self, url: str) -> None:
        super().__init__(ibis.connect(url))
        self.shown = f"{urlsplit(url).scheme}://{urlsplit(url).hostname or ''}{urlsplit(url).path}"

    def close(self) -> None:
        """End the connection, and with it every temporary table."""
        self.connection.disconnect()

    def tables(self) -> dict[str, bool]:
        """The tables and views of its schema, as the information schema of the SQL standard has them."""
        listed = self.connection.table("tables", database="information_schema")
        mine = listed.filter(listed["table_schema"] == self.connection.current_database)
        return dict.fromkeys(mine["table_name"].execute().tolist(), True)

    def columns(self, table: str) -> Sequence[str]:
        """The columns of a table."""
        return self.connection.table(table).columns

    def native(self, table: str, wanted: Sequence[str], shown: str) -> ir.Table:
        """The columns asked for as text, or the times they hold; all of them stand for a row, the first one first."""
        rows = self.connection.table(table)
        kept = {name: rows[name] if rows[name].type().is_temporal() else rows[name].cast("string") for name in wanted}
        chosen = rows.select(**kept)
        values = [rows[name].cast("string").fill_null("") for name in dict.fromkeys((rows.columns[0], *wanted))]
        return chosen.mutate(**{FILE: ibis.literal(shown), ROW: ibis.literal("/").join(values)})
