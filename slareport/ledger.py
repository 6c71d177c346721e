"""The ledger of a reduction: what became of every row, and the last step from engine tables to instants in pandas.

For every table: read = used + excluded + set aside + outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from slareport.engines import Engine
from slareport.source import Read
from slareport.tables import ADJUSTED, DTYPES, EXCLUDED, EXTRACTED, REJECTS, TABLES, TEAMED
from slareport.teams import UNASSIGNED

HELPERS = ("team_value", "survivor_id", "decided_by", "modified_at__date")


class Ledger:
    """Counts and lists what the tables of `reads` lose on their way, and finishes what is left of them."""

    def __init__(self, reads: Mapping[str, Read], engine: Engine) -> None:
        self.reads, self.engine = reads, engine
        self.counts: dict[str, Counter[str]] = {name: Counter(excluded=read.excluded) for name, read in reads.items()}
        self._listed: list[pd.DataFrame] = [read.rejects for read in reads.values()]

    def exclude(self, name: str, rows: ir.Table, marked: str, reason: Any) -> None:
        """List the rows of a held table that are not used, those where the column `marked` is true, and count them."""
        (found,) = self.engine.counts((rows, marked))
        self.counts[name]["excluded"] += found
        if found:
            self.note(name, rows.filter(rows[marked]), reason, EXCLUDED)

    def note(self, name: str, rows: ir.Table, reason: Any, effect: str) -> None:
        """List rows with what becomes of them, without taking them away."""
        listed = rows.select("file", "row", id=rows[TABLES[name].key[0]], reason=reason)
        frame = listed.order_by("file", "row", "id").execute()
        place = frame["file"] + " row " + frame["row"].astype(str)
        self._listed.append(frame.assign(table=name, place=place, value="", effect=effect)[list(REJECTS)])

    def finished(self, name: str, rows: ir.Table) -> Iterator[pd.DataFrame]:
        """An engine table piece by piece, with its times as instants."""
        plain = {column: rows[column].cast("float64") for column, kind in rows.schema().items() if kind.is_decimal()}
        rows = rows.mutate(**plain).drop(*(column for column in HELPERS if column in rows.columns))
        for piece in self.engine.pieces(rows, EXTRACTED[name]):
            yield self._localised(name, piece)

    def _localised(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        dates = [c for c, kind in TABLES[name].dtypes.items() if kind == DTYPES["date"]] if name in TABLES else []
        frame = frame.astype(dict.fromkeys(dates, DTYPES["date"]))
        zones = [column for column in frame.columns if column.endswith("__zone")]
        for column in [zone.removesuffix("__zone") for zone in zones if zone.removesuffix("__zone") not in dates]:
            local = frame[column]
            frame[column], unclear = localised(local, frame[f"{column}__zone"])
            if unclear.any():
                self._list_unclear(name, frame[unclear].assign(value=local[unclear].astype(str)), column)
        return frame.drop(columns=["file", "row", *zones])

    def _list_unclear(self, name: str, rows: pd.DataFrame, column: str) -> None:
        if name == "lead_legs":  # the first leg begins with its lead, which is listed itself
            name, column, rows = "lead_assignments", "assigned_at", rows[rows["leg"].gt(0)]
        place = rows["file"] + " row " + rows["row"].astype(str) + f", {column}"
        reason = "a local time that occurs twice or never on the day the clocks change"
        listed = rows.assign(table=name, id=rows[TABLES[name].key[0]], place=place, reason=reason, effect=ADJUSTED)
        self._listed.append(listed[list(REJECTS)])

    def rejects(self, items: Mapping[str, ir.Table]) -> pd.DataFrame:
        """Everything listed, with the team and the creation instant of its item where the item is known."""
        listed = pd.concat(self._listed, ignore_index=True)
        known = []
        for name, rows in items.items():
            ids = listed.loc[listed["table"].eq(name), ["id"]].drop_duplicates().dropna()
            asked = ibis.memtable(ids.astype(object), schema=ibis.schema({"id": "string"}))
            found = rows.rename(id=TABLES[name].key[0]).semi_join(asked, "id")
            frame = found.select("id", "team", "created_at", "created_at__zone").execute()
            at, _ = localised(frame["created_at"], frame["created_at__zone"])
            known.append(frame[["id", "team"]].assign(table=name, at=at))
        joined = listed.merge(pd.concat(known), on=["table", "id"], how="left", validate="many_to_one")
        joined["team"] = joined["team"].fillna(UNASSIGNED)
        return joined.sort_values(["table", "place", "id", "reason"], ignore_index=True)

    def accounting(self) -> pd.DataFrame:
        """Per table, how many rows were read, and what became of them."""
        rows = []
        usable = self.engine.counts(*((read.rows, "") for read in self.reads.values()))
        for (name, read), kept in zip(self.reads.items(), usable, strict=True):
            parts = {what: self.counts[name][what] for what in ("used", "excluded")}
            parts["set_aside"] = read.count - read.excluded - kept
            parts["outside"] = self.counts[name]["outside"]
            if sum(parts.values()) != read.count:
                raise AssertionError(f"the rows of {name} do not add up: {read.count} read, {parts}")
            rows.append({"table": name, "read": read.count, **parts})
        return pd.DataFrame(rows)

    def aliased(self) -> dict[str, int]:
        """How many values were read as others, by what they were read as."""
        return {f"{name}: {what}": n for name, read in self.reads.items() for what, n in read.aliased.items()}


def localised(local: pd.Series, zones: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Local times of some zones (none where they are UTC already) as instants, and which of them were unclear.

    A time that the clocks show twice is taken as the earlier, one that they skip as the first after the gap.
    """
    instants = local.astype("datetime64[us]").dt.tz_localize("UTC")
    unclear = pd.Series(data=False, index=local.index)
    for zone, times in local.groupby(zones):
        first = np.ones(len(times), bool)
        early = times.dt.tz_localize(str(zone), ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")
        late = times.dt.tz_localize(str(zone), ambiguous=~first, nonexistent="shift_backward").dt.tz_convert("UTC")
        instants.loc[times.index] = early
        unclear.loc[times.index] = late.ne(early) & times.notna()
    return instants, unclear


def empty(name: str) -> pd.DataFrame:
    """A table that this CRM does not have, with its columns."""
    return pd.DataFrame(columns=["team"] * (name in TEAMED) + list(TABLES[name].dtypes)).astype(TABLES[name].dtypes)
