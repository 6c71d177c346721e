"""What customers of the sample company are asked after a deal, and what those who answer say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import ids, instants
from slareport.sample.leads import CALENDAR, EXPORT_AT
from slareport.sample.random import DAY, HOUR, NEVER, Draws, Ints
from slareport.sample.salesforce import USER_IDS
from slareport.sample.tasks import ints

SCORES = {"CSAT": (3, 5, 11, 41, 40), "NPS": (1, 1, 1, 2, 3, 5, 8, 17, 22, 22, 18)}  # weights, from the lowest score on
LOWEST = {"CSAT": 1, "NPS": 0}
ANSWERED = {"CSAT": 0.45, "NPS": 0.35}


def survey_rows(draws: Draws, deals: pd.DataFrame, accounts: Ints) -> dict[str, object]:
    """Survey_Response__c.csv: every invitation, answered or not; `accounts` are those of the deals."""
    closed = deals[draws.chance("survey/asked", len(deals), 0.7)]
    won = deals[deals["won"]]
    satisfied = asked(draws, "CSAT", closed, np.full(len(closed), 4 * HOUR))
    loyal = asked(draws, "NPS", won.assign(closed=won["closed"] + 30 * DAY), np.zeros(len(won), dtype=np.int64))
    rows = pd.concat([satisfied, loyal])
    rows = rows[rows["sent"] <= EXPORT_AT].sort_values(["sent", "survey", "deal"], kind="stable")
    responded, deal = ints(rows["responded"]), ints(rows["deal"])
    return {
        "Id": ids("a04", range(len(rows))),
        "Survey__c": rows["survey"],
        "Opportunity__c": ids("006", deal),
        "Account__c": ids("001", accounts[deal]),
        "Owner__c": USER_IDS[ints(rows["rep"])],
        "Sent__c": instants(ints(rows["sent"])),
        "Responded__c": instants(responded),
        "Score__c": np.where(responded <= EXPORT_AT, ints(rows["score"]).astype(np.str_), ""),
    }


def asked(draws: Draws, survey: str, deals: pd.DataFrame, wait: Ints) -> pd.DataFrame:
    """Return the invitations to one survey, some time after each deal was closed."""
    count, team = len(deals), ints(deals["team"])
    sent = CALENDAR.later(team, ints(deals["closed"]), wait)
    responded = sent + draws.duration(f"{survey}/wait", count, 26 * HOUR, 0.7)
    answers = draws.chance(f"{survey}/answers", count, ANSWERED[survey])
    score = LOWEST[survey] + draws.pick(f"{survey}/score", count, SCORES[survey])
    rows = pd.DataFrame({"survey": survey, "deal": deals.index, "rep": deals["rep"], "sent": sent, "score": score})
    return rows.assign(responded=np.where(answers, responded, NEVER))
