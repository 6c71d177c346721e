"""What suspends or lifts a promise in the sample company: holds, waivers, inquiries that were withdrawn.

None of them changes whether a lead that was there before is answered in time: holds lie within replies that are in
time anyway or begin after the deadline, and those withdrawn or hit by the outage are leads of their own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import ids, instants
from slareport.sample.company import AMENDED, COMPANY, HOLD_REASONS, OUTAGE, PROMISED_HOURS, START
from slareport.sample.deals import STAGES
from slareport.sample.defects import UNUSED, fresh, sampled, shifted
from slareport.sample.leads import CALENDAR, EXPORT_AT, TEAMS
from slareport.sample.random import DAY, HOUR, MINUTE, NEVER, Draws, Ints, whole
from slareport.sample.salesforce import USER_IDS
from slareport.sample.tasks import ints

LEAD_PROMISE, PROPOSAL_PROMISE = "lead-response", "proposal-turnaround"  # as the agreement calls them
AFFECTED = 3  # leads that arrived during the outage
WITHDRAWN, OUTAGES = UNUSED + 500_000, UNUSED + 600_000


def hold_rows(draws: Draws, leads: pd.DataFrame, moves: pd.DataFrame, size: float) -> dict[str, object]:
    """Hold__c.csv: on leads answered in time, on leads long overdue, and on proposals the customer postponed."""
    few = max(3, round(30 * size))
    rows = pd.concat([early_holds(draws, leads, few), late_holds(draws, leads, few), deal_holds(draws, moves, few)])
    rows = rows.sort_values(["started", "lead", "deal"], kind="stable")
    lead, deal = ints(rows["lead"]), ints(rows["deal"])
    managers = np.array([t.manager for t in TEAMS])
    return {
        "Id": ids("a07", range(len(rows))),
        "Lead__c": np.where(lead >= 0, ids("00Q", np.maximum(lead, 0)), ""),
        "Opportunity__c": np.where(deal >= 0, ids("006", np.maximum(deal, 0)), ""),
        "Promise__c": np.where(lead >= 0, LEAD_PROMISE, PROPOSAL_PROMISE),
        "Started__c": instants(ints(rows["started"])),
        "Ended__c": instants(ints(rows["ended"])),
        "Reason__c": draws.word("hold/reason", len(rows), HOLD_REASONS),
        "Approved_By__c": managers[draws.pick("hold/approver", len(rows), [1.0] * len(managers))],
    }


def deadline(leads: pd.DataFrame) -> Ints:
    """Return when each assigned lead had to be answered."""
    team, assigned = ints(leads["team"]), ints(leads["assigned"])
    amended = CALENDAR.day(team, assigned) >= CALENDAR.dates.index(AMENDED)
    return CALENDAR.later(team, assigned, np.where(amended, PROMISED_HOURS[AMENDED], PROMISED_HOURS[START]) * HOUR)


def early_holds(draws: Draws, leads: pd.DataFrame, few: int) -> pd.DataFrame:
    """The middle half of the wait for a reply that came in time."""
    given = leads[(leads["replied"] < EXPORT_AT) & (leads["replied"] > leads["assigned"] + 30 * MINUTE)]
    rows = sampled(
        draws, "early holds", given[given["replied"] <= deadline(given)].rename_axis("lead").reset_index(), few
    )
    wait = ints(rows["replied"]) - ints(rows["assigned"])
    started = ints(rows["assigned"]) + wait // 4
    return pd.DataFrame({"lead": rows["lead"], "deal": -1, "started": started, "ended": started + wait // 2})


def late_holds(draws: Draws, leads: pd.DataFrame, few: int) -> pd.DataFrame:
    """Begun when the deadline had passed: they heal nothing."""
    given = leads[leads["assigned"] < EXPORT_AT - 9 * DAY]
    overdue = given[given["replied"] > deadline(given) + HOUR].rename_axis("lead").reset_index()
    rows = sampled(draws, "late holds", overdue, few)
    started = deadline(rows) + 30 * MINUTE
    return pd.DataFrame({"lead": rows["lead"], "deal": -1, "started": started, "ended": started + 2 * DAY})


def deal_holds(draws: Draws, moves: pd.DataFrame, few: int) -> pd.DataFrame:
    """Two days to a week at the start of a proposal; some last still."""
    entered = moves[(moves["stage"] == STAGES.index("Proposal")) & (moves["at"] < EXPORT_AT - DAY)]
    rows = sampled(draws, "deal holds", entered.drop_duplicates("deal"), few)
    started = ints(rows["at"]) + HOUR
    ended = started + whole((2 + 5 * draws.uniform("hold/days", len(rows))) * DAY)
    ended = np.where(draws.chance("hold/lasting", len(rows), 0.1), NEVER, ended)
    return pd.DataFrame({"lead": -1, "deal": rows["deal"], "started": started, "ended": ended})


def with_lost_leads(draws: Draws, leads: pd.DataFrame, size: float) -> pd.DataFrame:
    """Return the rows of Lead.csv with leads nobody answered: withdrawn within the hour, or hit by the outage."""
    reps = leads["OwnerId"].isin(USER_IDS) & (leads["IsDeleted"] == "false") & (leads["Test__c"] == "false")
    usable = leads[reps & leads["CreatedDate"].between("2023-10", "2026-10-19")]
    withdrawn = fresh(sampled(draws, "withdrawn", usable, max(4, round(60 * size))))
    minutes = 10 + draws.pick("withdrawn/after", len(withdrawn), [1.0] * 45)
    gone = [shifted(withdrawn["CreatedDate"].iloc[[i]], minutes=int(m)).iloc[0] for i, m in enumerate(minutes)]
    withdrawn = withdrawn.assign(
        Id=ids("00Q", WITHDRAWN + np.arange(len(withdrawn))),
        Email=[f"withdrawn{i}@mail.example" for i in range(len(withdrawn))],
        Withdrawn_Date__c=gone,
        LastModifiedDate=gone,
        MQL_Date__c="",
    )
    of_emea = usable[usable["OwnerId"].isin(USER_IDS[: len(TEAMS[0].reps)])]
    arrived = [OUTAGE.format(minute=7 + 19 * i) for i in range(AFFECTED)]
    hit = sampled(draws, "outage", of_emea, AFFECTED).assign(CreatedDate=arrived)
    hit = fresh(hit).assign(
        Id=ids("00Q", OUTAGES + np.arange(AFFECTED)),
        Email=[f"outage{i}@mail.example" for i in range(AFFECTED)],
        MQL_Date__c="",
    )
    return pd.concat([leads, withdrawn, hit], ignore_index=True)


def waiver_rows(draws: Draws, steps: pd.DataFrame, size: float) -> dict[str, object]:
    """Waiver__c.csv: the leads hit by the outage, and a few proposals; `steps` are the rows of Sales_Step__c.csv."""
    proposals = steps[(steps["Step__c"] == "Proposal Creation") & steps["Requested__c"].between("2026", "2026-10-10")]
    waived = sampled(draws, "waived", proposals, max(2, round(8 * size))).sort_values("Requested__c")
    deals, count = waived["Opportunity__c"].tolist(), AFFECTED + len(waived)
    outage = OUTAGE.format(minute=0)
    return {
        "Id": ids("a08", range(count)),
        "Lead__c": [*ids("00Q", OUTAGES + np.arange(AFFECTED)), *[""] * len(deals)],
        "Opportunity__c": [*[""] * AFFECTED, *deals],
        "Promise__c": [LEAD_PROMISE] * AFFECTED + [PROPOSAL_PROMISE] * len(deals),
        "Reason__c": ["Mail server outage"] * AFFECTED + ["Customer changed the specification"] * len(deals),
        "Approved_By__c": COMPANY.head_of_sales,
        "Approved_On__c": [outage] * AFFECTED + shifted(waived["Requested__c"], days=2).tolist(),
    }
