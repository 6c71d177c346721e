"""What the sample company's departments hand to each other: qualified leads to sales, won deals to customer success."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import ids, instants, latest
from slareport.sample.company import REJECT_REASONS
from slareport.sample.delays import lucky, promised
from slareport.sample.leads import CALENDAR, EXPORT_AT
from slareport.sample.random import HOUR, MINUTE, NEVER, Draws, whole
from slareport.sample.story import Story
from slareport.sample.tasks import ints

EVENTS = ("offered", "returned", "accepted", "rejected", "completed")
LEAD_ITEMS, DEAL_ITEMS = 6, 8


def offer_leads(draws: Draws, story: Story, leads: pd.DataFrame) -> pd.DataFrame:
    """Return leads with qualified (by marketing), offered, accepted or rejected (by sales) and why."""
    count, team = len(leads), ints(leads["team"])
    created, assigned, ended = (ints(leads[name]) for name in ("created", "assigned", "ended"))
    scored = created + whole((np.minimum(assigned, created + 600) - created) * draws.uniform("lead/mql", count))
    qualified = np.where(draws.chance("lead/no mql", count, 0.1), NEVER, scored)
    given = (qualified < NEVER) & (assigned < NEVER) & ~draws.chance("handoff/forgotten", count, 0.01)
    offered = promised(draws, story, "marketing_delivery", team, np.where(given, qualified, NEVER))
    offered = np.minimum(offered, np.where(given, np.maximum(qualified, ended - HOUR), NEVER))
    decided = promised(draws, story, "lead_acceptance", team, offered)
    decided = np.where(draws.chance("handoff/undecided", count, 0.03), NEVER, decided)
    decided = np.where(given, np.minimum(decided, ended - MINUTE), NEVER)
    accepted = leads["converted"].to_numpy() | draws.chance("handoff/accepted", count, 0.82)
    return leads.assign(
        qualified=qualified,
        offered=offered,
        accepted=np.where(accepted, decided, NEVER),
        rejected=np.where(accepted, NEVER, decided),
        reason=draws.word("handoff/reason", count, REJECT_REASONS),
    )


def handoff_rows(draws: Draws, story: Story, leads: pd.DataFrame, deals: pd.DataFrame) -> dict[str, object]:
    """Handoff__c.csv: every lead and won deal that was handed over by the export."""
    rows = pd.concat([lead_handoffs(draws, leads), deal_handoffs(draws, story, deals)])
    rows = rows[rows["offered"] <= EXPORT_AT].sort_values(["offered", "lead", "deal"], kind="stable")
    at = {name: ints(rows[name]) for name in EVENTS}
    lead, deal = ints(rows["lead"]), ints(rows["deal"])
    return {
        "Id": ids("a01", range(len(rows))),
        "Type__c": np.where(lead >= 0, "Marketing to Sales", "Sales to Customer Success"),
        "Lead__c": np.where(lead >= 0, ids("00Q", np.maximum(lead, 0)), ""),
        "Opportunity__c": np.where(deal >= 0, ids("006", np.maximum(deal, 0)), ""),
        **{f"{name.title()}__c": instants(at[name]) for name in EVENTS},
        "Rejection_Reason__c": rows["reason"].where(rows["rejected"] <= EXPORT_AT, ""),
        "Required_Items__c": ints(rows["required"]).astype(np.str_),
        "Present_Items__c": ints(rows["present"]).astype(np.str_),
        "LastModifiedDate": latest(*at.values()),
    }


def lead_handoffs(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """What marketing offers to sales; sales gives nothing back, but rejects."""
    rows = leads[["offered", "accepted", "rejected", "reason"]]
    missing = draws.pick("handoff/lead items", len(rows), (70, 20, 10))
    rows = rows.assign(lead=leads.index, deal=-1, returned=NEVER, completed=NEVER)
    return rows.assign(required=LEAD_ITEMS, present=LEAD_ITEMS - missing)


def deal_handoffs(draws: Draws, story: Story, deals: pd.DataFrame) -> pd.DataFrame:
    """What sales hands to customer success, at times to get it back; completed is the kick-off with the customer."""
    won = deals[deals["won"]]
    count, team, closed = len(won), ints(won["team"]), ints(won["closed"])
    given = ~lucky(draws, story, "success_missing", team, closed)
    offered = np.where(given, promised(draws, story, "success_offer", team, closed), NEVER)
    missing = draws.pick("handoff/deal items", count, (78, 14, 8))
    back = draws.chance("handoff/returned", count, 0.35) & (missing > 0)
    returned = np.where(back, CALENDAR.later(team, offered, draws.duration("handoff/back", count, 3 * HOUR)), NEVER)
    accepted = CALENDAR.later(team, offered, draws.duration("handoff/deal accepted", count, 3 * HOUR, 0.4))
    again = CALENDAR.later(team, returned, draws.duration("handoff/again", count, 5 * HOUR))
    accepted = np.where(given, np.where(back, again, accepted), NEVER)
    kickoff = np.maximum(
        promised(draws, story, "kickoff", team, closed), CALENDAR.later(team, accepted, np.full(count, HOUR))
    )
    return pd.DataFrame(
        {
            "lead": -1,
            "deal": won.index,
            "offered": offered,
            "returned": returned,
            "accepted": accepted,
            "rejected": NEVER,
            "completed": np.where(given, kickoff, NEVER),
            "reason": "",
            "required": DEAL_ITEMS,
            "present": DEAL_ITEMS - missing,
        }
    )
