"""Who a lead or a deal belongs to: merged leads as one, who held each from when, and the team that answers for it.

Expressions of the engine only, but for the chains of merges, which are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

from slareport.teams import UNASSIGNED


def survivors(merged: Mapping[str, str], there: Iterable[str]) -> dict[str, str]:
    """For each merged lead the one that lives on, through chains of merges.

    `merged` says which lead was merged into which, `there` which leads there are: one merged into a lead that is
    not there lives on itself. Of leads merged in a circle the one with the first id lives on.

    >>> survivors({"b": "a", "c": "b", "x": "y", "y": "x", "lost": "gone"}, ["a", "b", "c", "x", "y", "lost"])
    {'b': 'a', 'c': 'a', 'y': 'x'}
    """
    known = set(there)
    into = {lead: target for lead, target in merged.items() if target in known and target != lead}
    ends = {lead: _end(lead, into) for lead in into}
    return {lead: end for lead, end in ends.items() if end != lead}


def _end(lead: str, into: Mapping[str, str]) -> str:
    path = [lead]
    while path[-1] in into:
        target = into[path[-1]]
        if target in path:
            return min(path[path.index(target) :])
        path.append(target)
    return path[-1]


def survivor_table(key: str, items: ir.Table) -> ir.Table:
    """`key` and `survivor_id` of every merged lead or deal."""
    pointing = items.filter(items["merged_into_id"].notnull()).select(key, "merged_into_id")
    merged, targets = pointing.execute(), items.semi_join(pointing, [(key, "merged_into_id")]).select(key).execute()
    found = survivors(dict(zip(merged[key], merged["merged_into_id"], strict=True)), targets[key])
    frame = pd.DataFrame({key: list(found), "survivor_id": list(found.values())}, dtype=object)
    return ibis.memtable(frame, schema=ibis.schema({key: "string", "survivor_id": "string"}))


def united(leads: ir.Table, merged: ir.Table) -> ir.Table:
    """Leads with `survivor_id` where they were merged; a survivor takes the earliest creation of all it unites."""
    joined = leads.left_join(merged, "lead_id").drop("lead_id_right")
    group = ibis.coalesce(joined["survivor_id"], joined["lead_id"])
    first = ibis.window(group_by=group, order_by=[joined["created_at"], joined["lead_id"]])
    created = ("created_at", "created_at__zone", "created_at__date")
    return joined.mutate(**{column: joined[column].first(include_null=True).over(first) for column in created})


def rewired(key: str, rows: ir.Table, merged: ir.Table) -> ir.Table:
    """Rows about leads or deals, those of a merged one given to its survivor."""
    joined = rows.left_join(merged, key).drop(f"{key}_right")
    return joined.mutate(**{key: ibis.coalesce(joined["survivor_id"], joined[key])}).drop("survivor_id")


def of_accounts(deals: ir.Table, accounts: ir.Table) -> ir.Table:
    """Deals with the name of their account in place of its id, and its segment where they have none of their own."""
    named = accounts.select("account_id", account_name="name", account_segment="segment")
    joined = deals.left_join(named, deals["account"] == named["account_id"]).drop("account_id")
    filled = {
        "account": ibis.coalesce(joined["account_name"], joined["account"]),
        "segment": ibis.coalesce(joined["segment"], joined["account_segment"]),
    }
    return joined.mutate(**filled).drop("account_name", "account_segment")


def homes(users: ir.Table, memberships: ir.Table, team_of_value: Mapping[str, str]) -> ir.Table:
    """Which team each user belonged to from when until when; a user without memberships always to the one of today."""
    value = memberships["team"]
    team = value.cases(*team_of_value.items(), else_=UNASSIGNED) if team_of_value else ibis.literal(UNASSIGNED)
    days = {day: memberships[day].cast("timestamp") for day in ("from_on", "to_on")}
    dated = memberships.select("user_id", **days, team=team)
    without = users.anti_join(memberships, "user_id")
    always = without.select("user_id", from_on=ibis.null("timestamp"), to_on=ibis.null("timestamp"), team="home")
    return dated.union(always)


def home_at(rows: ir.Table, owner: str, at: str, homes: ir.Table) -> ir.Table:
    """The rows whose user in column `owner` had a team at the instant in column `at`, with that team as `home`."""
    of = homes.select(member="user_id", since="from_on", until="to_on", home="team")
    joined = rows.left_join(of, rows[owner] == of["member"])
    day = joined[at].truncate("D")
    held = (joined["since"].isnull() | (day >= joined["since"])) & (joined["until"].isnull() | (day < joined["until"]))
    return joined.filter(held.fill_null(False)).drop("member", "since", "until")


def legs(leads: ir.Table, assigned: ir.Table, known: ir.Table) -> ir.Table:
    """Who held each lead from when: the first owner from its creation, then every change of owner that is `known`.

    The first owner is who held the lead before the first change there is, `assigned` or not yet known: the owner
    that a lead has today says nothing about a day before.
    """
    order = [ibis._["assigned_at"], ibis._["file"], ibis._["row"]]
    changes = known.mutate(leg=ibis.row_number().over(group_by="lead_id", order_by=order) + 1)
    rank = ibis.row_number().over(group_by="lead_id", order_by=order)
    first = assigned.mutate(rank=rank).filter(ibis._["rank"] == 0).select("lead_id", "previous_owner_id", changed=True)
    joined = leads.left_join(first, "lead_id")
    initial = joined.select(
        "file",
        "row",
        lead_id=joined["lead_id"],
        leg=ibis.literal(0, type="int64"),
        owner_id=joined["changed"].fill_null(False).ifelse(joined["previous_owner_id"], joined["owner_id"]),
        from_at=joined["created_at"],
        from_at__zone=joined["created_at__zone"],
    )
    moved = {"from_at": changes["assigned_at"], "from_at__zone": changes["assigned_at__zone"]}
    return initial.union(changes.select("file", "row", "lead_id", "leg", "owner_id", **moved))


def teamed_leads(leads: ir.Table, held: ir.Table, users: ir.Table, homes: ir.Table) -> ir.Table:
    """Leads with the team of the first person each was assigned to, else of the queue it has waited in.

    `decided_by` is the owner whose team that is, or would be if it had one.
    """
    owners = held.inner_join(users.select("user_id", "kind"), held["owner_id"] == users["user_id"])
    people_first = (owners["kind"] == "human").ifelse(0, 1)
    rank = ibis.row_number().over(group_by="lead_id", order_by=[people_first, "from_at", "leg"])
    first = owners.mutate(rank=rank).filter(ibis._["rank"] == 0).select("lead_id", "from_at", decided_by="owner_id")
    placed = home_at(first, "decided_by", "from_at", homes).drop("from_at")
    joined = leads.left_join(placed, "lead_id").drop("lead_id_right")
    decided = joined.mutate(decided_by=ibis.coalesce(joined["decided_by"], joined["owner_id"]))
    return decided.mutate(team=decided["home"].fill_null(UNASSIGNED)).drop("home")


def teamed_deals(deals: ir.Table, users: ir.Table, homes: ir.Table, as_of: pd.Timestamp) -> ir.Table:
    """Deals with the team their owner belonged to when they closed; of open ones, the one at `as_of`."""
    known = deals.semi_join(users, deals["owner_id"] == users["user_id"])
    now = ibis.timestamp(as_of.tz_localize(None).isoformat())
    closed = (known["status"] != "open").ifelse(known["closed_at"], ibis.null("timestamp"))
    dated = known.select("opportunity_id", "owner_id", at=ibis.coalesce(closed, now))
    placed = home_at(dated, "owner_id", "at", homes).select("opportunity_id", "home")
    joined = deals.left_join(placed, "opportunity_id").drop("opportunity_id_right")
    return joined.mutate(team=joined["home"].fill_null(UNASSIGNED), decided_by=joined["owner_id"]).drop("home")
