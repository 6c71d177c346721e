"""From all rows of a CRM to those that reviews can judge, without losing one silently.

Repeated rows are reduced to the newest, merged leads united with their survivor, test and deleted records
excluded, rows outside the window cut, and each item given to its team. The engine does this; only local times
become instants in pandas. For every table: read = used + excluded + set aside + outside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from slareport import ownership
from slareport.source import Reader
from slareport.tables import ADJUSTED, COUNTED_UNASSIGNED, EXCLUDED, EXTRACTED, REJECTS, TABLES
from slareport.teams import UNASSIGNED, Team

LEAD_MARGIN = pd.Timedelta(days=100)  # a lead may be assigned, and judged, long after it was created
DEAL_MARGIN = pd.Timedelta(days=400)  # a deal this old still reaches a closure horizon inside the window

HELPERS = {"file", "row", "team_value", "survivor_id", "decided_by", "removed", "modified_at__date"}


@dataclass(frozen=True)
class Reduced:
    """What an extract holds: its tables (with `team` where rows belong to one), the rejects and the accounting."""

    tables: dict[str, pd.DataFrame]
    rejects: pd.DataFrame
    accounting: pd.DataFrame
    began_at: dict[str, str]
    aliased: dict[str, int]


def reduce(reader: Reader, teams: Mapping[str, Team], as_of: pd.Timestamp, history_from: pd.Timestamp) -> Reduced:
    """Read every table of a source and reduce it to the window that ends at `as_of`."""
    return _Reduction(reader, teams, as_of, history_from).result()


class _Reduction:
    def __init__(
        self, reader: Reader, teams: Mapping[str, Team], as_of: pd.Timestamp, history_from: pd.Timestamp
    ) -> None:
        self.reader, self.as_of, self.history_from = reader, as_of, history_from
        self.team_of_value = {value: name for name, team in teams.items() for value in team.crm}
        self.reads = {name: reader.read(name) for name in TABLES}
        self.counts: dict[str, Counter[str]] = {}
        self.listed: list[pd.DataFrame] = [read.rejects for read in self.reads.values()]

    def result(self) -> Reduced:
        unique = {name: self._unique(name) for name in TABLES}
        users = self._users(unique["users"])
        merged = self._held("merged", ownership.survivor_table(unique["leads"]))
        leads = self._held("leads_united", ownership.united(unique["leads"], merged))
        changes = self._held("changes", ownership.rewired(unique["lead_assignments"], merged))
        known = changes.filter(self._known("lead_assignments")(changes))
        legs = self._held("legs", ownership.legs(leads, changes, known))
        leads = self._held("leads_teamed", ownership.teamed_leads(leads, legs, users))
        deals = self._held("deals_teamed", ownership.teamed_deals(unique["opportunities"], users))
        items = {"leads": leads, "opportunities": deals}
        since = self._since("leads", self.history_from - LEAD_MARGIN)
        leads = self._inside("leads", self._without_removed("leads", leads), self._known("leads"), since)
        deals = self._without_removed("opportunities", deals)
        deals = self._inside("opportunities", deals, self._known("opportunities"), self._still_matters)
        activities = ownership.rewired(unique["activities"], merged)
        tables = {
            "users": self._inside("users", users),
            "leads": leads,
            "lead_legs": legs.inner_join(leads.select("lead_id", "team"), "lead_id"),
            "activities": self._activities(activities, leads, deals),
            "opportunities": deals,
            "stage_history": self._of(deals, "opportunity_id", "stage_history", unique["stage_history"]),
            "opportunity_products": self._of(
                deals, "opportunity_id", "opportunity_products", unique["opportunity_products"]
            ),
        }
        self._of(leads, "lead_id", "lead_assignments", changes)
        self._inside("products", unique["products"])
        self._homeless("leads", leads, users)
        self._homeless("opportunities", deals, users)
        frames = {name: self._finished(name, rows) for name, rows in tables.items()}
        return Reduced(frames, self._rejects(items), self._accounting(), self._began(), self._aliased())

    # Each step below takes an engine table and counts what it takes away.

    def _unique(self, name: str) -> ir.Table:
        """The newest row of each key; the others are listed as excluded."""
        rows, key = self.reads[name].rows, TABLES[name].key
        order = [rows["modified_at"].desc(nulls_first=False)] if "modified_at" in rows.columns else []
        if name == "lead_assignments":  # Salesforce writes a change of owner twice: with ids, and with people's names
            order = [rows["owner_id"].isin(self.reads["users"].rows["user_id"]).desc()]
        order += [rows["file"].desc(), rows["row"].desc()]
        rank = ibis.row_number().over(group_by=list(key), order_by=order)
        ranked = self._held(f"{name}_ranked", rows.mutate(rank=rank))
        again = ranked.filter(ranked["rank"] > 0)
        self._list(name, again, ibis.literal("the same id again, in a newer or equal row"))
        self.counts[name] = Counter(excluded=_count(again))
        return ranked.filter(ranked["rank"] == 0).drop("rank")

    def _users(self, users: ir.Table) -> ir.Table:
        team = users["team"].cases(*self.team_of_value.items(), else_=UNASSIGNED) if self.team_of_value else UNASSIGNED
        return self._held("users_teamed", users.mutate(team_value=users["team"]).mutate(team=team).rename(home="team"))

    def _without_removed(self, name: str, rows: ir.Table) -> ir.Table:
        """Without merged, test and deleted records, which are listed as excluded."""
        merged = rows["survivor_id"] if "survivor_id" in rows.columns else ibis.null("string")
        reason = ibis.cases(
            (merged.notnull(), ibis.literal("merged into ") + merged),
            (rows["is_test"], "a test record"),
            (rows["is_deleted"], "deleted in the CRM"),
            else_=ibis.null("string"),
        )
        marked = self._held(f"{name}_marked", rows.mutate(removed=reason))
        removed = marked.filter(marked["removed"].notnull())
        self._list(name, removed, removed["removed"])
        self.counts[name]["excluded"] += _count(removed)
        return marked.filter(marked["removed"].isnull())

    def _inside(self, name: str, rows: ir.Table, *conditions: Any) -> ir.Table:
        """The rows for which all conditions hold; the others are counted as outside the window."""
        inside: Any = ibis.literal(value=True)
        for condition in conditions:
            inside = inside & condition(rows).fill_null(False)
        marked = self._held(f"{name}_inside", rows.mutate(inside=inside))
        self.counts[name]["used"] = _count(marked.filter(marked["inside"]))
        self.counts[name]["outside"] = _count(marked.filter(~marked["inside"]))
        return marked.filter(marked["inside"]).drop("inside")

    def _activities(self, rows: ir.Table, leads: ir.Table, deals: ir.Table) -> ir.Table:
        by_lead = leads.select("lead_id", lead_team="team")
        by_deal = deals.select("opportunity_id", deal_team="team")
        joined = rows.left_join(by_lead, "lead_id").drop("lead_id_right")
        joined = joined.left_join(by_deal, "opportunity_id").drop("opportunity_id_right")
        teamed = joined.mutate(team=ibis.coalesce(joined["lead_team"], joined["deal_team"]))
        known = self._known("activities")
        return self._inside("activities", teamed, known, lambda t: t["team"].notnull()).drop("lead_team", "deal_team")

    def _of(self, items: ir.Table, key: str, name: str, rows: ir.Table) -> ir.Table:
        """The known rows of the leads or deals that are inside."""
        joined = rows.left_join(items.select(key, "team"), key).drop(f"{key}_right")
        return self._inside(name, joined, self._known(name), lambda t: t["team"].notnull())

    def _known(self, name: str) -> Any:
        """Whether a row was known at `as_of`: it had happened, and had been logged. Without instants it always was."""
        names = TABLES[name].known_at
        return lambda rows: _all_hold(names, lambda column: self._compare(rows, column, self.as_of, "<="))

    def _since(self, name: str, instant: pd.Timestamp) -> Any:
        column = TABLES[name].known_at[0]
        return lambda rows: self._compare(rows, column, instant, ">=").fill_null(True)

    def _still_matters(self, deals: ir.Table) -> Any:
        """Open deals, deals closed in the window, and deals young enough to reach a horizon inside it."""
        young = self._compare(deals, "created_at", self.history_from - DEAL_MARGIN, ">=").fill_null(True)
        closed = self._compare(deals, "closed_at", self.history_from, ">=").fill_null(True)
        return young | closed | (deals["status"] == "open")

    def _compare(self, rows: ir.Table, column: str, instant: pd.Timestamp, sign: str) -> Any:
        """A column against an instant, each row in the zone its time is written in. NULL where it is empty."""

        def against(moment: pd.Timestamp) -> Any:
            naive = ibis.timestamp(moment.tz_localize(None).isoformat())
            return rows[column] <= naive if sign == "<=" else rows[column] >= naive

        zone = rows[f"{column}__zone"]
        local = [(zone == name, against(instant.tz_convert(name))) for name in sorted(self.reader.zones())]
        return ibis.cases(*local, else_=against(instant)) if local else against(instant)

    def _homeless(self, name: str, rows: ir.Table, users: ir.Table) -> None:
        """List the items that no team answers for, and why."""
        alone = rows.filter(rows["team"] == UNASSIGNED)
        owned = alone.left_join(users.select("user_id", "team_value"), alone["decided_by"] == users["user_id"])
        reason = ibis.cases(
            (owned["decided_by"].isnull(), "has no owner"),
            (owned["user_id"].isnull(), ibis.literal("its owner is no user of the CRM: ") + owned["decided_by"]),
            else_=ibis.literal("its owner's team is none of teams.yaml: ") + owned["team_value"].fill_null("none"),
        )
        self._list(name, owned, reason, effect=COUNTED_UNASSIGNED)

    def _list(self, name: str, rows: ir.Table, reason: Any, effect: str = EXCLUDED) -> None:
        listed = rows.select("file", "row", id=rows[TABLES[name].key[0]], reason=reason)
        frame = listed.order_by("file", "row", "id").execute()
        place = frame["file"] + " row " + frame["row"].astype(str)
        self.listed.append(frame.assign(table=name, place=place, value="", effect=effect)[list(REJECTS)])

    def _finished(self, name: str, rows: ir.Table) -> pd.DataFrame:
        """An engine table as pandas, in order, with its times as instants."""
        frame = rows.execute()
        for column in [c.removesuffix("__zone") for c in frame.columns if c.endswith("__zone")]:
            local = frame[column]
            frame[column], unclear = localised(local, frame[f"{column}__zone"])
            self._list_unclear(name, frame.assign(value=local.astype(str))[unclear], column)
        amounts = [column for column in frame.columns if column in ("amount", "quantity")]
        frame[amounts] = frame[amounts].astype(float)
        kept = [c for c in frame.columns if c not in HELPERS and not c.endswith("__zone")]
        return frame[kept].sort_values(list(EXTRACTED[name]), ignore_index=True)

    def _list_unclear(self, name: str, rows: pd.DataFrame, column: str) -> None:
        if name == "lead_legs":  # the first leg begins with its lead, which is listed itself
            name, column, rows = "lead_assignments", "assigned_at", rows[rows["leg"].gt(0)]
        place = rows["file"] + " row " + rows["row"].astype(str) + f", {column}"
        reason = "a local time that occurs twice or never on the day the clocks change"
        listed = rows.assign(table=name, id=rows[TABLES[name].key[0]], place=place, reason=reason, effect=ADJUSTED)
        self.listed.append(listed[list(REJECTS)])

    def _rejects(self, items: Mapping[str, ir.Table]) -> pd.DataFrame:
        """Everything listed, with the team and the creation instant of its item where the item is known."""
        listed = pd.concat(self.listed, ignore_index=True)
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

    def _accounting(self) -> pd.DataFrame:
        rows = []
        for name, read in self.reads.items():
            parts = {what: self.counts[name][what] for what in ("used", "excluded")}
            parts["set_aside"] = read.count - _count(read.rows)
            parts["outside"] = self.counts[name]["outside"]
            if sum(parts.values()) != read.count:
                raise AssertionError(f"the rows of {name} do not add up: {read.count} read, {parts}")
            rows.append({"table": name, "read": read.count, **parts})
        return pd.DataFrame(rows)

    def _began(self) -> dict[str, str]:
        """The first instant each table holds, before any cut: where its log begins."""
        began = {}
        for name in ("leads", "opportunities"):
            rows = self.reads[name].rows
            dated = rows.filter(rows["created_at"].notnull()).order_by("created_at").limit(1).execute()
            if not dated.empty:
                began[name] = localised(dated["created_at"], dated["created_at__zone"])[0].iloc[0].isoformat()
        return began

    def _aliased(self) -> dict[str, int]:
        return {f"{name}: {what}": n for name, read in self.reads.items() for what, n in read.aliased.items()}

    def _held(self, name: str, rows: ir.Table) -> ir.Table:
        """The rows computed once, as a table of the engine."""
        return self.reader.connection.create_table(name, rows, temp=True)


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


def _count(rows: ir.Table) -> int:
    return int(rows.count().execute())


def _all_hold(names: tuple[str, ...], compare: Any) -> Any:
    holds: Any = ibis.literal(value=True)
    for name in names:
        holds = holds & compare(name).fill_null(True)
    return holds
