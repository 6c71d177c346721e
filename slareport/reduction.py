"""From all rows of a CRM to those that reviews can judge, without losing one silently.

Repeated rows are reduced to the newest, merged leads united with their survivor, test and deleted records
excluded, rows outside the window cut, and each item given to its team. The engine does this; only local times
become instants in pandas. For every table: read = used + excluded + set aside + outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from slareport import ownership
from slareport.ledger import Ledger, empty, localised
from slareport.source import Reader
from slareport.tables import COUNTED_UNASSIGNED, EXTRACTED, SHARED, SUSPECT, TABLES, TEAMED
from slareport.teams import UNASSIGNED, Team

LEAD_MARGIN = pd.Timedelta(days=100)  # a lead may be assigned, and judged, long after it was created
DEAL_MARGIN = pd.Timedelta(days=400)  # a deal this old still reaches a closure horizon inside the window
SAME_PERSON_WITHIN = pd.Timedelta(days=30)  # two leads of one person this close together may be one inquiry

Keep = Callable[[str, Iterable[pd.DataFrame]], None]
OWNING = ("users", "memberships", "accounts", "leads", "lead_assignments", "opportunities")


@dataclass(frozen=True)
class Reduced:
    """What an extract says of its tables: what was set aside or changed, and what became of every row."""

    rejects: pd.DataFrame
    accounting: pd.DataFrame
    began_at: dict[str, str]
    aliased: dict[str, int]


def reduce(
    reader: Reader, teams: Mapping[str, Team], as_of: pd.Timestamp, history_from: pd.Timestamp, keep: Keep
) -> Reduced:
    """Read every table of a source and reduce it to the window that ends at `as_of`.

    `keep` is given each table as its name and the pieces it comes in, with `team` where rows belong to one.
    """
    with reader.engine.told():
        return _Reduction(reader, teams, as_of, history_from).result(keep)


class _Reduction:
    def __init__(
        self, reader: Reader, teams: Mapping[str, Team], as_of: pd.Timestamp, history_from: pd.Timestamp
    ) -> None:
        self.reader, self.as_of, self.history_from = reader, as_of, history_from
        self.engine = reader.engine
        self.team_of_value = {value: name for name, team in teams.items() for value in team.crm}
        self.reads = {name: reader.read(name) for name in TABLES if name in OWNING or reader.parts(name)}
        self.ledger = Ledger(self.reads, self.engine)

    def result(self, keep: Keep) -> Reduced:
        unique = {name: self._unique(name) for name in self.reads}
        users, changes, legs, items = self._owned(unique)
        since = self._since("leads", self.history_from - LEAD_MARGIN)
        leads = self._without_removed("leads", items["leads"])
        self._suspects(leads)
        leads = self._inside("leads", leads, self._known("leads"), since)
        deals = self._without_removed("opportunities", items["opportunities"])
        deals = self._inside("opportunities", deals, self._known("opportunities"), self._still_matters)
        self._undated(deals, unique)
        self._of(leads, "lead_id", "lead_assignments", changes)
        known = {key: self._known_by(key, rows) for key, rows in (("lead_id", leads), ("opportunity_id", deals))}
        known["user_id"] = self.engine.held(users.select(user_id="user_id", by="user_id", team=users["home"]))
        belonging = {name: self._belonging(name, unique[name], known) for name in self._there(TEAMED - set(items))}
        shared = {name: self._inside(name, users if name == "users" else unique[name]) for name in self._there(SHARED)}
        for name in self._there(TABLES.keys() - EXTRACTED.keys() - {"lead_assignments"}):
            self._inside(name, unique[name])
        legs = legs.inner_join(leads.select("lead_id", "team"), "lead_id")
        tables = {**shared, "leads": leads, "lead_legs": legs, "opportunities": deals, **belonging}
        self._homeless("leads", leads, users)
        self._homeless("opportunities", deals, users)
        for name in EXTRACTED:
            keep(name, self.ledger.finished(name, tables[name]) if name in tables else [empty(name)])
        return Reduced(self.ledger.rejects(items), self.ledger.accounting(), self._began(), self.ledger.aliased())

    def _there(self, names: Iterable[str]) -> list[str]:
        """Those of these tables that this CRM has, in the order of the contract."""
        return [name for name in TABLES if name in names and name in self.reads]

    def _owned(self, unique: Mapping[str, ir.Table]) -> tuple[ir.Table, ir.Table, ir.Table, dict[str, ir.Table]]:
        """The users, the changes of owner, the legs they mean, and leads and deals with the team of each."""
        users = self._users(unique["users"])
        homes = self.engine.held(ownership.homes(users, unique["memberships"], self.team_of_value))
        merged = self.engine.given(ownership.survivor_table("lead_id", unique["leads"]))
        leads = self.engine.held(ownership.united(unique["leads"], merged))
        changes = self.engine.held(ownership.rewired("lead_id", unique["lead_assignments"], merged))
        known = changes.filter(self._known("lead_assignments")(changes))
        legs = self.engine.held(ownership.legs(leads, changes, known))
        leads = self.engine.held(ownership.teamed_leads(leads, legs, users, homes))
        into = self.engine.given(ownership.survivor_table("opportunity_id", unique["opportunities"]))
        deals = unique["opportunities"].left_join(into, "opportunity_id").drop("opportunity_id_right")
        deals = ownership.of_accounts(deals, unique["accounts"])
        deals = self.engine.held(ownership.teamed_deals(deals, users, homes, self.as_of))
        self.survivors = {"lead_id": merged, "opportunity_id": into}
        return users, changes, legs, {"leads": leads, "opportunities": deals}

    # Each step below takes an engine table and counts what it takes away.

    def _unique(self, name: str) -> ir.Table:
        """The newest row of each key; the others are listed as excluded. Only keys that come again are put in order."""
        rows, whole = self.reads[name].rows, list(TABLES[name].key)
        key = [column for column in whole if TABLES[name].columns[column].required]  # the others may be empty
        times = rows.group_by(key).agg(times=rows.count())
        several = self.engine.held(times.filter(times["times"] > 1).drop("times"))
        if self.engine.counts((several, "")) == [0]:
            return rows
        again = rows.semi_join(several, key)
        order = [again["modified_at"].desc(nulls_first=False)] if "modified_at" in rows.columns else []
        if name == "lead_assignments":  # Salesforce writes a change of owner twice: with ids, and with people's names
            order = [again["owner_id"].isin(self.reads["users"].rows["user_id"]).desc()]
        order += [again["file"].desc(), again["row"].desc()]
        rank = ibis.row_number().over(group_by=whole, order_by=order)
        ranked = self.engine.held(again.mutate(again=rank > 0))
        self.ledger.exclude(name, ranked, "again", ibis.literal("the same id again, in a newer or equal row"))
        return self.engine.named(rows.anti_join(several, key).union(ranked.filter(~ranked["again"]).drop("again")))

    def _users(self, users: ir.Table) -> ir.Table:
        team = users["team"].cases(*self.team_of_value.items(), else_=UNASSIGNED) if self.team_of_value else UNASSIGNED
        return self.engine.held(users.mutate(team_value=users["team"]).mutate(team=team).rename(home="team"))

    def _without_removed(self, name: str, rows: ir.Table) -> ir.Table:
        """Without merged, test and deleted records, which are listed as excluded."""
        merged = rows["survivor_id"] if "survivor_id" in rows.columns else ibis.null("string")
        reason = ibis.cases(
            (merged.notnull(), ibis.literal("merged into ") + merged),
            (rows["is_test"], "a test record"),
            (rows["is_deleted"], "deleted in the CRM"),
            else_=ibis.null("string"),
        )
        marked = self.engine.held(rows.mutate(removed=reason, is_removed=reason.notnull()))
        self.ledger.exclude(name, marked, "is_removed", marked["removed"])
        return marked.filter(~marked["is_removed"]).drop("removed", "is_removed")

    def _inside(self, name: str, rows: ir.Table, *conditions: Any) -> ir.Table:
        """The rows for which all conditions hold; the others are counted as outside the window."""
        inside: Any = ibis.literal(value=True)
        for condition in conditions:
            inside = inside & condition(rows).fill_null(False)
        marked = self.engine.named(rows.mutate(inside=inside))
        every, used = self.engine.share(marked, "inside")
        self.ledger.counts[name].update(used=used, outside=every - used)
        return self.engine.held(marked.filter(marked["inside"]).drop("inside"))

    def _belonging(self, name: str, rows: ir.Table, known: Mapping[str, ir.Table]) -> ir.Table:
        """The known rows of a table about leads, deals or users, given to the team of the first that is named.

        Rows about a lead or deal outside the window are outside too; those about nobody belong to no team.
        """
        keys = [key for key in known if key in TABLES[name].columns]
        columns = rows.columns
        for key in keys:
            by_key = known[key].select(**{f"{key}_by": "by", f"{key}_of": key, f"{key}_team": "team"})
            rows = rows.left_join(by_key, rows[key] == by_key[f"{key}_by"])
        nobodys: Any = ibis.and_(*(rows[key].isnull() for key in keys))
        found = ibis.coalesce(*(rows[f"{key}_team"] for key in keys))
        owned = {key: ibis.coalesce(rows[f"{key}_of"], rows[key]) for key in keys}
        kept = {column: owned.get(column, rows[column]) for column in columns}
        rows = rows.select(**kept, team=nobodys.ifelse(UNASSIGNED, found))
        return self._inside(name, rows, self._known(name), lambda t: t["team"].notnull())

    def _known_by(self, key: str, inside: ir.Table) -> ir.Table:
        """For each id `by` which a lead or deal is known, what it is now and its team: its own, or its survivor's."""
        own = inside.select(key, "team", by=key)
        merged = self.survivors[key].rename(by=key).left_join(own.select(key, "team"), [("survivor_id", key)])
        return self.engine.held(own.union(merged.select("team", "by", **{key: "survivor_id"}).select(*own.columns)))

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
        self.ledger.note(name, owned, reason, COUNTED_UNASSIGNED)

    def _suspects(self, leads: ir.Table) -> None:
        """List the leads of a person who had another one shortly before: perhaps one inquiry, counted twice."""
        order = ibis.window(group_by="person", order_by=["created_at", "lead_id"])
        before = leads.mutate(other=leads["lead_id"].lag().over(order), other_at=leads["created_at"].lag().over(order))
        close = before["created_at"] < before["other_at"] + ibis.interval(days=SAME_PERSON_WITHIN.days)
        suspects = self.engine.held(before.filter(before["person"].notnull() & close))
        reason = ibis.literal("the same person as another lead shortly before: ") + suspects["other"]
        self.ledger.note("leads", suspects, reason, SUSPECT)

    def _undated(self, deals: ir.Table, unique: Mapping[str, ir.Table]) -> None:
        """List the deals that are closed without anything that says when: they count as open."""
        undated = deals.filter((deals["status"] != "open") & deals["closed_at"].isnull())
        if "stage_history" in unique:
            undated = undated.anti_join(unique["stage_history"], "opportunity_id")
        reason = ibis.literal("closed, and nothing says when: it counts as open")
        self.ledger.note("opportunities", self.engine.held(undated), reason, SUSPECT)

    def _began(self) -> dict[str, str]:
        """The first instant each table holds, before any cut: where its log begins."""
        began = {}
        for name in ("leads", "opportunities"):
            rows = self.reads[name].rows
            dated = rows.filter(rows["created_at"].notnull()).order_by("created_at").limit(1).execute()
            if not dated.empty:
                began[name] = localised(dated["created_at"], dated["created_at__zone"])[0].iloc[0].isoformat()
        return began


def _all_hold(names: tuple[str, ...], compare: Any) -> Any:
    holds: Any = ibis.literal(value=True)
    for name in names:
        holds = holds & compare(name).fill_null(True)
    return holds
