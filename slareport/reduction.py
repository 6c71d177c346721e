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

from slareport.source import REJECTS, Reader
from slareport.tables import TABLES
from slareport.teams import UNASSIGNED, Team

EXCLUDED = "row excluded"
COUNTED_UNASSIGNED = "counted as unassigned"
ADJUSTED = "value adjusted"
LEAD_MARGIN = pd.Timedelta(days=100)  # a lead may be assigned, and judged, long after it was created
DEAL_MARGIN = pd.Timedelta(days=400)  # a deal this old still reaches a closure horizon inside the window

EXTRACTED: dict[str, tuple[str, ...]] = {
    "users": ("user_id",),
    "leads": ("lead_id",),
    "lead_legs": ("lead_id", "from_at", "leg"),
    "activities": ("activity_id",),
    "opportunities": ("opportunity_id",),
    "stage_history": ("opportunity_id", "entered_at", "history_id"),
    "opportunity_products": ("opportunity_id", "line_id"),
}
TEAMED = EXTRACTED.keys() - {"users"}  # every team needs all users: a lead is touched and held by others too


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
        survivors = self._survivors(unique["leads"])
        leads = self._held("leads_united", _united(unique["leads"], survivors))
        for name in ("lead_assignments", "activities"):
            unique[name] = _rewired(unique[name], survivors)
        assigned = self._inside("lead_assignments", unique["lead_assignments"], self._known("lead_assignments"))
        legs = self._held("legs", _legs(leads, assigned))
        leads = self._held("leads_teamed", _teamed_leads(leads, legs, users))
        deals = self._held("deals_teamed", _teamed(unique["opportunities"], users))
        leads, deals = self._without_removed("leads", leads), self._without_removed("opportunities", deals)
        leads = self._inside(
            "leads", leads, self._known("leads"), self._since("leads", self.history_from - LEAD_MARGIN)
        )
        deals = self._inside("opportunities", deals, self._known("opportunities"), self._still_matters)
        tables = {
            "users": users,
            "leads": leads,
            "lead_legs": _with_team(legs, leads, "lead_id"),
            "activities": self._activities(unique["activities"], leads, deals),
            "opportunities": deals,
            "stage_history": self._of_deals("stage_history", unique["stage_history"], deals),
            "opportunity_products": self._of_deals("opportunity_products", unique["opportunity_products"], deals),
        }
        self._inside("users", users)
        self._inside("products", unique["products"])
        self._homeless("leads", leads, users)
        self._homeless("opportunities", deals, users)
        frames = {name: self._finished(name, rows) for name, rows in tables.items()}
        return Reduced(frames, self._rejects(frames), self._accounting(), self._began(), self._aliased())

    # Each step below takes an engine table and counts what it takes away.

    def _unique(self, name: str) -> ir.Table:
        """The newest row of each key; the others are listed as excluded."""
        rows, key = self.reads[name].rows, TABLES[name].key
        newest = [rows["modified_at"].desc(nulls_first=False)] if "modified_at" in rows.columns else []
        rank = ibis.row_number().over(group_by=list(key), order_by=[*newest, rows["row"].desc()])
        ranked = self._held(f"{name}_ranked", rows.mutate(rank=rank))
        again = ranked.filter(ranked["rank"] > 0)
        self._list(name, again, ibis.literal("the same id again, in a newer or equal row"))
        self.counts[name] = Counter(excluded=_count(again))
        return ranked.filter(ranked["rank"] == 0).drop("rank")

    def _users(self, users: ir.Table) -> ir.Table:
        team = users["team"].cases(*self.team_of_value.items(), else_=UNASSIGNED) if self.team_of_value else UNASSIGNED
        return self._held("users_teamed", users.mutate(team_value=users["team"]).mutate(team=team).rename(home="team"))

    def _survivors(self, leads: ir.Table) -> ir.Table:
        """Each merged lead and the one that lives on, through chains of merges; a merge into itself is none."""
        merged = leads.filter(leads["merged_into_id"].notnull()).select("lead_id", "merged_into_id").execute()
        into = dict(zip(merged["lead_id"], merged["merged_into_id"], strict=True))
        last = {lead: _end_of_chain(lead, into) for lead in into}
        frame = pd.DataFrame({"lead_id": list(last), "survivor_id": list(last.values())}, dtype=object)
        schema = ibis.schema({"lead_id": "string", "survivor_id": "string"})
        return (
            ibis.memtable(frame, schema=schema)
            if last
            else self.reader.connection.create_table("no_survivors", schema=schema, temp=True)
        )

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

    def _of_deals(self, name: str, rows: ir.Table, deals: ir.Table) -> ir.Table:
        joined = rows.left_join(deals.select("opportunity_id", "team"), "opportunity_id").drop("opportunity_id_right")
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
        owned = alone.left_join(users.select("user_id", "team_value"), alone["owner_id"] == users["user_id"])
        reason = ibis.cases(
            (owned["owner_id"].isnull(), "has no owner"),
            (
                owned["user_id"].isnull(),
                ibis.literal("its owner is no user of the CRM: ") + owned["owner_id"],
            ),
            else_=ibis.literal("its owner's team is none of teams.yaml: ") + owned["team_value"].fill_null("none"),
        )
        self._list(name, owned, reason, effect=COUNTED_UNASSIGNED)

    def _list(self, name: str, rows: ir.Table, reason: Any, effect: str = EXCLUDED) -> None:
        key = TABLES[name].key[0]
        listed = rows.select(id=rows[key], file=rows["file"], row=rows["row"], reason=reason).order_by(
            "file", "row", "id"
        )
        frame = listed.execute()
        frame["place"] = frame["file"] + " row " + frame["row"].astype(str)
        self.listed.append(frame.assign(table=name, value="", effect=effect)[REJECTS])

    def _finished(self, name: str, rows: ir.Table) -> pd.DataFrame:
        """An engine table as pandas, in order, with its times as instants."""
        ordered = rows.order_by(list(EXTRACTED[name])).execute()
        for column in [c.removesuffix("__zone") for c in ordered.columns if c.endswith("__zone")]:
            ordered[column] = self._localised(name, ordered, column)
        amounts = [c for c in ordered.columns if c in ("amount", "quantity")]
        ordered[amounts] = ordered[amounts].astype(float)
        helpers = ("file", "row", "team_value", "survivor_id", "removed", "modified_at__date")
        dropped = [*helpers, *(c for c in ordered.columns if c.endswith("__zone"))]
        return ordered.drop(columns=[c for c in dropped if c in ordered]).sort_values(
            list(EXTRACTED[name]), ignore_index=True
        )

    def _localised(self, name: str, frame: pd.DataFrame, column: str) -> pd.Series:
        """Local times to instants. One that occurs twice is taken as the earlier, one that never occurs moved on."""
        utc = frame[column].astype("datetime64[us]").dt.tz_localize("UTC")
        for zone, local in frame.groupby(f"{column}__zone")[column]:
            earlier = np.ones(len(local), bool)
            instants = local.dt.tz_localize(str(zone), ambiguous=earlier, nonexistent="shift_forward").dt.tz_convert(
                "UTC"
            )
            utc.loc[local.index] = instants
            later = local.dt.tz_localize(str(zone), ambiguous=~earlier, nonexistent="shift_backward").dt.tz_convert(
                "UTC"
            )
            self._list_unclear(name, frame.loc[local.index[later.ne(instants) & local.notna()]], column)
        return utc

    def _list_unclear(self, name: str, frame: pd.DataFrame, column: str) -> None:
        if name not in TABLES:
            return
        place = frame["file"] + " row " + frame["row"].astype(str) + f", {column}"
        reason = "a local time that occurs twice or never on the day the clocks change"
        ids = frame[TABLES[name].key[0]]
        listed = {
            "table": name,
            "id": ids,
            "place": place,
            "value": frame[column].astype(str),
            "reason": reason,
        }
        self.listed.append(pd.DataFrame({**listed, "effect": ADJUSTED})[REJECTS])

    def _rejects(self, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """Everything listed, with the team and the creation instant of its item where the item is known."""
        listed = pd.concat(self.listed, ignore_index=True)
        items = [frames[n].rename(columns={TABLES[n].key[0]: "id"}).assign(table=n) for n in ("leads", "opportunities")]
        known = pd.concat([i[["table", "id", "team", "created_at"]] for i in items]).rename(
            columns={"created_at": "at"}
        )
        joined = listed.merge(known, on=["table", "id"], how="left", validate="many_to_one")
        joined["team"] = joined["team"].fillna(UNASSIGNED)
        return joined.sort_values(["table", "place", "id", "reason"], ignore_index=True)

    def _accounting(self) -> pd.DataFrame:
        rows = []
        for name, read in self.reads.items():
            counts = self.counts[name]
            aside = read.count - _count(read.rows)
            parts = {
                "used": counts["used"],
                "excluded": counts["excluded"],
                "set_aside": aside,
                "outside": counts["outside"],
            }
            if sum(parts.values()) != read.count:
                raise AssertionError(f"the rows of {name} do not add up: {read.count} read, {parts}")
            rows.append({"table": name, "read": read.count, **parts})
        return pd.DataFrame(rows)

    def _began(self) -> dict[str, str]:
        """The first instant each table holds, before any cut: where its log begins."""
        began = {}
        for name in ("leads", "opportunities"):
            first = self.reads[name].rows["created_at"].min().execute()
            if not pd.isna(first):
                began[name] = pd.Timestamp(first).tz_localize("UTC").isoformat()
        return began

    def _aliased(self) -> dict[str, int]:
        return {f"{name}: {what}": n for name, read in self.reads.items() for what, n in read.aliased.items()}

    def _held(self, name: str, rows: ir.Table) -> ir.Table:
        """The rows computed once, as a table of the engine."""
        return self.reader.connection.create_table(name, rows, temp=True)


def _count(rows: ir.Table) -> int:
    return int(rows.count().execute())


def _all_hold(names: tuple[str, ...], compare: Any) -> Any:
    holds: Any = ibis.literal(value=True)
    for name in names:
        holds = holds & compare(name).fill_null(True)
    return holds


def _end_of_chain(lead: str, into: Mapping[str, str]) -> str:
    seen = {lead}
    while lead in into and into[lead] not in seen:
        lead = into[lead]
        seen.add(lead)
    return lead


def _united(leads: ir.Table, survivors: ir.Table) -> ir.Table:
    """Leads with `survivor_id` where they were merged; a survivor takes the earliest creation of all it unites."""
    joined = leads.left_join(survivors, "lead_id").drop("lead_id_right")
    joined = joined.mutate(survivor_id=joined["survivor_id"].nullif(joined["lead_id"]))
    group = ibis.coalesce(joined["survivor_id"], joined["lead_id"])
    return joined.mutate(created_at=joined["created_at"].min().over(group_by=group))


def _rewired(rows: ir.Table, survivors: ir.Table) -> ir.Table:
    joined = rows.left_join(survivors, "lead_id").drop("lead_id_right")
    return joined.mutate(lead_id=ibis.coalesce(joined["survivor_id"], joined["lead_id"])).drop("survivor_id")


def _legs(leads: ir.Table, assigned: ir.Table) -> ir.Table:
    """Who held each lead from when: the first owner from its creation, then every change of owner."""
    rank = ibis.row_number().over(group_by="lead_id", order_by=["assigned_at", "row"])
    ranked = assigned.mutate(leg=rank + 1)
    first = ranked.filter(ranked["leg"] == 1).select("lead_id", "previous_owner_id", "leg")
    joined = leads.left_join(first, "lead_id")
    owner = joined["leg"].notnull().ifelse(joined["previous_owner_id"], joined["owner_id"])
    initial = joined.select(
        lead_id=joined["lead_id"],
        leg=ibis.literal(0, type="int64"),
        owner_id=owner,
        from_at=joined["created_at"],
        from_at__zone=joined["created_at__zone"],
    )
    later = ranked.select(
        lead_id=ranked["lead_id"],
        leg=ranked["leg"],
        owner_id=ranked["owner_id"],
        from_at=ranked["assigned_at"],
        from_at__zone=ranked["assigned_at__zone"],
    )
    return initial.union(later)


def _teamed_leads(leads: ir.Table, legs: ir.Table, users: ir.Table) -> ir.Table:
    """Leads with the team of the first person each was assigned to, else of the queue it has waited in."""
    held = legs.inner_join(users.select("user_id", "kind", "home"), legs["owner_id"] == users["user_id"])
    people_first = (held["kind"] != "human").cast("int8")
    rank = ibis.row_number().over(group_by="lead_id", order_by=[people_first, "from_at", "leg"])
    first = held.mutate(rank=rank)
    first = first.filter(first["rank"] == 0).select("lead_id", "home")
    joined = leads.left_join(first, "lead_id").drop("lead_id_right")
    return joined.mutate(team=joined["home"].fill_null(UNASSIGNED)).drop("home")


def _teamed(deals: ir.Table, users: ir.Table) -> ir.Table:
    joined = deals.left_join(users.select("user_id", "home"), deals["owner_id"] == users["user_id"]).drop("user_id")
    return joined.mutate(team=joined["home"].fill_null(UNASSIGNED)).drop("home")


def _with_team(rows: ir.Table, items: ir.Table, key: str) -> ir.Table:
    return rows.inner_join(items.select(key, "team"), key)
