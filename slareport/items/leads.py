"""Leads: when each was qualified, handed over, assigned and answered, and who held it."""

from __future__ import annotations

import pandas as pd

from slareport.items.known import Known
from slareport.tables import MESSAGES, VOID

MARKETING_TO_SALES = "marketing to sales"


def leads(known: Known) -> pd.DataFrame:
    """Leads with `offered_at` (to sales), `assigned_at` (to the first person), `first_touch_at` and what they became.

    `first_touch_at` is the first message that a person sent and that did not bounce or fall through;
    `automatic_touch_at` the first that software sent.
    """
    tables, kinds, deals = known.tables, known.kinds(), known["opportunities"]
    frame = tables["leads"].set_index("lead_id")
    legs, sent = tables["lead_legs"], sent_messages(known)
    people = legs[legs["owner_id"].map(kinds).eq("human")]
    sender = sent["actor_id"].map(kinds)
    deal = frame["opportunity_id"]
    return frame.assign(
        offered_at=_offers(known, frame),
        assigned_at=people.groupby("lead_id")["from_at"].min(),
        first_touch_at=sent[sender.eq("human")].groupby("lead_id")["occurred_at"].min(),
        automatic_touch_at=sent[sender.eq("automation")].groupby("lead_id")["occurred_at"].min(),
        amount=deal.map(deals["amount"]),
        currency=deal.map(deals["currency"]),
        deal_status=deal.map(deals["status"]),
        record_url=known.record_urls("leads", frame.index.to_series()),
    )


def lead_handoffs(known: Known) -> pd.DataFrame:
    """Every offer of a qualified lead to sales, with `decided_at`: when it was accepted or rejected, whichever first.

    Where the CRM keeps no handoffs, one per qualified lead, offered when it was qualified.
    """
    kept = known.tables["handoffs"]
    offers = kept[kept["kind"].eq(MARKETING_TO_SALES)].set_index("handoff_id")
    if offers.empty:
        qualified = known["leads"][known["leads"]["qualified_at"].notna()]
        offers = qualified.assign(lead_id=qualified.index, offered_at=qualified["qualified_at"]).rename_axis(None)
    accepted, rejected = known.happened(offers["accepted_at"]), known.happened(offers["rejected_at"])
    return _of_leads(known, offers).assign(
        accepted_at=accepted,
        rejected_at=rejected,
        decided_at=accepted.fillna(rejected).where(~(rejected < accepted), rejected),
        created_at=offers["offered_at"],
    )


def sent_messages(known: Known) -> pd.DataFrame:
    """The activities that are messages of ours to a customer, and reached somebody."""
    touches = known.tables["activities"]
    ours = touches["channel"].isin(MESSAGES) & touches["direction"].eq("outbound")
    return touches[ours & ~touches["outcome"].isin(VOID)]


def owner_at(legs: pd.DataFrame, instants: pd.Series, leads: pd.Series | None = None) -> pd.Series:
    """Who held each lead at an instant: owner ids, NA for none.

    `leads` holds the lead of each instant; without it the index does. Items are unique, leads may repeat.
    """
    of = instants.index.to_series() if leads is None else leads
    asked = pd.DataFrame({"at": instants, "lead_id": of.astype(legs["lead_id"].dtype)}).dropna()
    asked = asked.rename_axis("item").reset_index().sort_values("at", kind="stable")
    held = legs.sort_values(["from_at", "leg"], kind="stable")
    found = pd.merge_asof(asked, held, left_on="at", right_on="from_at", by="lead_id")
    return found.set_index("item")["owner_id"].reindex(instants.index)


def _offers(known: Known, leads: pd.DataFrame) -> pd.Series:
    """When each lead was first offered to sales; where the CRM keeps no handoffs, when it was first assigned."""
    kept = known.tables["handoffs"]
    offers = kept[kept["kind"].eq(MARKETING_TO_SALES)]
    first = offers.groupby("lead_id")["offered_at"].min()
    legs = known.tables["lead_legs"]
    people = legs[legs["owner_id"].map(known.kinds()).eq("human")].groupby("lead_id")["from_at"].min()
    return (people if offers.empty else first).reindex(leads.index)


def _of_leads(known: Known, frame: pd.DataFrame) -> pd.DataFrame:
    leads = known["leads"]
    carried = ["name", "account", "segment", "channel", "priority", "owner_id", "amount", "currency", "withdrawn_at"]
    of = frame.drop(columns=carried, errors="ignore").join(leads[carried], on="lead_id")
    return of.assign(record_url=known.record_urls("leads", frame["lead_id"]))
