"""Proposals and negotiations of the sample company: who was asked for them, when they were ready, which are amiss."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import ids, instants, latest
from slareport.sample.delays import promised
from slareport.sample.leads import CALENDAR, EXPORT_AT, FIRST_REP, REP_COUNT
from slareport.sample.random import HOUR, NEVER, Draws
from slareport.sample.salesforce import USER_IDS
from slareport.sample.story import Story
from slareport.sample.tasks import ints

STEPS = {"proposal_creation": (2, "Proposal Creation"), "final_negotiation": (3, "Final Negotiation")}  # stage, label
MISSING, TWICE = 0.03, 0.02


def step_rows(draws: Draws, story: Story, deals: pd.DataFrame, moves: pd.DataFrame) -> dict[str, object]:
    """Sales_Step__c.csv: one row per deal that reached the stage; a few are missing, a few done by two people."""
    rows = pd.concat([steps(draws, story, name, deals, moves) for name in STEPS])
    rows = rows[rows["requested"] <= EXPORT_AT].sort_values(["requested", "deal", "by"], kind="stable")
    requested, completed = ints(rows["requested"]), ints(rows["completed"])
    return {
        "Id": ids("a02", range(len(rows))),
        "Opportunity__c": ids("006", ints(rows["deal"])),
        "Step__c": rows["label"],
        "Performed_By__c": USER_IDS[ints(rows["by"])],
        "Requested__c": instants(requested),
        "Completed__c": instants(completed),
        "LastModifiedDate": latest(requested, completed),
    }


def steps(draws: Draws, story: Story, name: str, deals: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Return one kind of step: requested when the deal reaches its stage, done before the deal is closed."""
    stage, label = STEPS[name]
    first = moves[moves["stage"] == stage].drop_duplicates("deal")
    first = first[~draws.chance(f"{name}/missing", len(first), MISSING)]
    deal, requested = ints(first["deal"]), ints(first["at"])
    team, by, closed = (ints(deals[column])[deal] for column in ("team", "rep", "closed"))
    done = promised(draws, story, name, team, requested)
    done = np.where(done < closed, done, np.where(deals["won"].to_numpy()[deal], closed - 60, NEVER))
    rows = pd.DataFrame({"deal": deal, "label": label, "by": by, "requested": requested, "completed": done})
    again = draws.chance(f"{name}/twice", len(rows), TWICE) & (done < NEVER)
    colleague = FIRST_REP[team] + (by - FIRST_REP[team] + 1) % REP_COUNT[team]
    later = CALENDAR.later(team, requested, np.full(len(rows), HOUR))
    twice = rows.assign(by=colleague, requested=np.minimum(later, (requested + done) // 2))[again]
    return pd.concat([rows, twice])
