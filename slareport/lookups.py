"""Native tables joined with those that a part looks up: one row stays one row, whatever is found beside it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from slareport.cells import holds, in_order, plain
from slareport.engines import FILE, ROW
from slareport.layout import Lookup, Part
from slareport.natives import Natives
from slareport.tables import EXCLUDED

KEY = "(key)"
DROPPED = ["id", "place", "value", "reason", "effect"]


class Lookups:
    """The looked-up tables of a source, each made unique once."""

    def __init__(self, natives: Natives) -> None:
        self.natives = natives
        self._unique: dict[str, tuple[ir.Table, pd.DataFrame]] = {}

    def joined(self, part: Part) -> ir.Table:
        """The rows of a part with every column it names; those of tables or columns that are not there are NULL."""
        rows = self.natives.table(part.source).rows
        for alias in self.active(part):
            lookup = part.lookups[alias]
            table, _ = self.unique(lookup)
            columns = [column for column in part.columns_of(alias) if column in table.columns]
            named = {f"{alias}.{column}": table[column] for column in columns}
            found = table.select(**named, **{f"{KEY} {alias}": table[KEY]})
            rows = rows.mutate(**{f"(by) {alias}": plain(rows[lookup.by])})
            rows = rows.left_join(found, [(f"(by) {alias}", f"{KEY} {alias}")])
        missing = [name for name in part.names() if name not in rows.columns]
        return rows.mutate(**{name: ibis.null() for name in missing}) if missing else rows

    def active(self, part: Part) -> list[str]:
        """The lookups of a part that can be made: not the optional ones whose table or columns are not there."""
        found: list[str] = []
        for alias, lookup in part.lookups.items():
            other, column = part.split(lookup.by)
            if other and other not in found:
                continue
            if lookup.optional:
                asks = self.natives.columns(part.lookups[other].source if other else part.source)
                there = self.natives.columns(lookup.source) if self.natives.is_there(lookup.source) else []
                if column not in asks or not set(lookup.native) <= set(there):
                    continue
            found.append(alias)
        return found

    def dropped(self, part: Part) -> dict[str, pd.DataFrame]:
        """Per lookup of a part the rows that another one with the same key stands before."""
        uses = [part.lookups[alias] for alias in self.active(part)]
        return {_same(lookup): self.unique(lookup)[1] for lookup in uses}

    def unique(self, lookup: Lookup) -> tuple[ir.Table, pd.DataFrame]:
        """A looked-up table with one row per `KEY`, and the rows that are left out for it, as rejects."""
        if _same(lookup) not in self._unique:
            self._unique[_same(lookup)] = self._made_unique(lookup)
        return self._unique[_same(lookup)]

    def _made_unique(self, lookup: Lookup) -> tuple[ir.Table, pd.DataFrame]:
        rows = self.natives.table(lookup.source).rows
        rows = rows.filter(holds(rows, lookup.where))
        rows = rows.mutate(**{KEY: plain(rows[lookup.key])})
        if lookup.split:
            rows = rows.mutate(**{KEY: rows[KEY].split(lookup.split)}).unnest(KEY)
            rows = rows.mutate(**{KEY: plain(rows[KEY])})
        rows = rows.filter(rows[KEY].notnull())
        order = in_order(rows[lookup.order], self._form(), self.natives.engine) if lookup.order else []
        first = [value.asc(nulls_first=False) if lookup.oldest else value.desc(nulls_first=False) for value in order]
        rank = ibis.row_number().over(group_by=KEY, order_by=[*first, rows[FILE].desc(), rows[ROW].desc()])
        named = rows.mutate(**{"(rank)": rank})
        ranked = self.natives.engine.held(named)
        again = ranked.filter(ranked["(rank)"] > 0).select(id=ranked[KEY], file=ranked[FILE], row=ranked[ROW])
        frame = again.order_by("file", "row", "id").execute()
        told = frame.assign(
            place=frame["file"] + " row " + frame["row"].astype(str) + f", {lookup.key}",
            value="",
            reason=f"another row of the same {lookup.key} is looked up",
            effect=EXCLUDED,
        )
        return ranked.filter(ranked["(rank)"] == 0), told[DROPPED]

    def _form(self) -> str:
        settings, mapping = self.natives.source.settings, self.natives.source.mapping
        return settings.instants or mapping.instants or "iso"


def _same(lookup: Lookup) -> str:
    """What two lookups of the same rows have in common."""
    return lookup.model_dump_json(exclude={"by", "optional"})
