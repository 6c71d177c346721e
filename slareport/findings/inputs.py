"""What the findings look at, taken from the item frames and judgements of one team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from slareport.findings.outlook import Window, chances
from slareport.items import Known, owner_at
from slareport.kpi import State
from slareport.period import Period, containing

DECIDED = ("won", "lost")


def within(instants: pd.Series, periods: Sequence[Period], zone: str) -> pd.Series:
    """Which instants lie between the beginning of the first and the end of the last of some periods."""
    return instants.ge(periods[0].bounds(zone)[0]) & instants.lt(periods[-1].bounds(zone)[1])


def decided_deals(known: Known, periods: Sequence[Period]) -> pd.DataFrame:
    """The deals won or lost in these periods: `owner` by name, `segment`, `kept` (won)."""
    deals = known["opportunities"]
    mine = deals[deals["status"].isin(DECIDED) & within(deals["closed_at"], periods, known.zone)]
    return mine.assign(owner=names_of(known, mine["owner_id"]), kept=mine["status"].eq("won"))


def judged_items(
    known: Known, judged: Mapping[str, pd.DataFrame], promises: Sequence[str], periods: Sequence[Period]
) -> pd.DataFrame:
    """The items of some promises that are dated in these periods: `owner` when due (a person), `segment`, `kept`.

    With several promises the segment names the promise too, so that easy and hard promises are set apart.
    """
    users = known.tables["users"]
    people = users["name"][users["kind"].eq("human")]
    if not promises:
        return pd.DataFrame({"owner": [], "segment": [], "kept": []}).astype({"kept": bool})
    found = []
    for name in promises:
        frame = judged[name]
        due = frame["state"].isin([State.MET, State.MISSED]) & within(frame["at"], periods, known.zone)
        mine = frame[["owner_at_deadline", "segment", "state"]][due]
        owner = mine["owner_at_deadline"].where(mine["owner_at_deadline"].isin(people))
        segment = mine["segment"].astype(object)
        if len(promises) > 1:
            segment = name + ", " + segment.fillna("no segment")
        found.append(pd.DataFrame({"owner": owner, "segment": segment, "kept": mine["state"].eq(State.MET)}))
    return pd.concat(found, ignore_index=True)


def replied_leads(known: Known, judged: pd.DataFrame) -> pd.DataFrame:
    """The leads that were answered in time or late and whose deal is decided: `in_time`, `kept` (won)."""
    leads = known["leads"]
    state = judged["state"].reindex(leads.index)
    mine = leads["deal_status"].isin(DECIDED) & state.isin([State.MET, State.MISSED])
    return pd.DataFrame({"in_time": state[mine].eq(State.MET), "kept": leads["deal_status"][mine].eq("won")})


def replied_answers(known: Known, judged: pd.DataFrame, satisfied: pd.Series) -> pd.DataFrame:
    """The survey answers of customers whose lead was answered in time or late: `in_time`, `kept` (satisfied).

    `satisfied` says of every answer that counts whether it is in the top boxes (the numerators of the KPI `csat`).
    """
    leads, answers = known["leads"], known["satisfaction"]
    in_time = judged["state"].reindex(leads.index)
    of_deal = in_time.groupby(leads["opportunity_id"]).first()
    state = answers["opportunity_id"].map(of_deal).reindex(satisfied.index)
    mine = satisfied.notna() & state.isin([State.MET, State.MISSED])
    return pd.DataFrame({"in_time": state[mine].eq(State.MET), "kept": satisfied[mine].eq(1)})


def leads_per_person(known: Known, periods: Sequence[Period]) -> pd.DataFrame:
    """How many leads each person was the first to be assigned, a column per period."""
    assigned = known.happened(known["leads"]["assigned_at"])
    owner = names_of(known, owner_at(known.tables["lead_legs"], assigned))
    counts = pd.crosstab(owner, containing(assigned, periods, known.zone))
    return counts.reindex(columns=[period.name for period in periods], fill_value=0)


def open_deals(known: Known, ahead: Window, past: Sequence[Window]) -> pd.DataFrame:
    """The deals open at the beginning of the period ahead, by id: `owner` by name and `chance` of a win in it."""
    found = chances(ahead.open_deals, past)
    ids = ahead.open_deals.index
    owner = names_of(known, known["opportunities"]["owner_id"].reindex(ids))
    chance = pd.Series(float("nan"), ids) if found is None else found
    return pd.DataFrame({"owner": owner, "chance": chance}, index=ids)


def product_lines(known: Known, deals: pd.DataFrame) -> pd.DataFrame:
    """The products on open deals: `product`, `quantity` and the deal's `chance`."""
    lines = known.tables["opportunity_products"]
    chance = lines["opportunity_id"].map(deals["chance"])
    return (
        lines.assign(chance=chance)[chance.notna()]
        .groupby(["opportunity_id", "product"], as_index=False)
        .agg(quantity=("quantity", "sum"), chance=("chance", "first"))
    )


def names_of(known: Known, users: pd.Series) -> pd.Series:
    """People by name; missing for queues, automations and unknown users."""
    people = known.tables["users"]
    people = people[people["kind"].eq("human")].set_index("user_id")
    return users.map(people["name"])
