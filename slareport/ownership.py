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


def survivor_table(leads: ir.Table) -> ir.Table:
    """`lead_id` and `survivor_id` of every merged lead."""
    merged = leads.filter(leads["merged_into_id"].notnull()).select("lead_id", "merged_into_id").execute()
    targets = leads.filter(leads["lead_id"].isin(merged["merged_into_id"].tolist() or [""])).select("lead_id").execute()
    found = survivors(dict(zip(merged["lead_id"], merged["merged_into_id"], strict=True)), targets["lead_id"])
    frame = pd.DataFrame({"lead_id": list(found), "survivor_id": list(found.values())}, dtype=object)
    return ibis.memtable(frame, schema=ibis.schema({"lead_id": "string", "survivor_id": "string"}))


def united(leads: ir.Table, merged: ir.Table) -> ir.Table:
    """Leads with `survivor_id` where they were merged; a survivor takes the earliest creation of all it unites."""
    joined = leads.left_join(merged, "lead_id").drop("lead_id_right")
    group = ibis.coalesce(joined["survivor_id"], joined["lead_id"])
    first = ibis.window(group_by=group, order_by=[joined["created_at"], joined["lead_id"]])
    created = ("created_at", "created_at__zone", "created_at__date")
    return joined.mutate(**{column: joined[column].first(include_null=True).over(first) for column in created})


def rewired(rows: ir.Table, merged: ir.Table) -> ir.Table:
    """Rows about leads, those of a merged lead given to its survivor."""
    joined = rows.left_join(merged, "lead_id").drop("lead_id_right")
    return joined.mutate(lead_id=ibis.coalesce(joined["survivor_id"], joined["lead_id"])).drop("survivor_id")


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


def teamed_leads(leads: ir.Table, held: ir.Table, users: ir.Table) -> ir.Table:
    """Leads with the team of the first person each was assigned to, else of the queue it has waited in.

    `decided_by` is the owner whose team that is, or would be if it had one.
    """
    owners = held.inner_join(users.select("user_id", "kind", "home"), held["owner_id"] == users["user_id"])
    people_first = (owners["kind"] != "human").cast("int8")
    rank = ibis.row_number().over(group_by="lead_id", order_by=[people_first, "from_at", "leg"])
    first = owners.mutate(rank=rank).filter(ibis._["rank"] == 0).select("lead_id", "home", decided_by="owner_id")
    joined = leads.left_join(first, "lead_id").drop("lead_id_right")
    decided = joined.mutate(decided_by=ibis.coalesce(joined["decided_by"], joined["owner_id"]))
    return decided.mutate(team=decided["home"].fill_null(UNASSIGNED)).drop("home")


def teamed_deals(deals: ir.Table, users: ir.Table) -> ir.Table:
    """Deals with their owner's team."""
    joined = deals.left_join(users.select("user_id", "home"), deals["owner_id"] == users["user_id"]).drop("user_id")
    return joined.mutate(team=joined["home"].fill_null(UNASSIGNED), decided_by=joined["owner_id"]).drop("home")
