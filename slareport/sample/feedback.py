"""What the sample company's sales people tell product about deals, and what product makes of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import ids, instants, latest, money, of
from slareport.sample.company import AREAS, DECISIONS
from slareport.sample.delays import promised
from slareport.sample.leads import CALENDAR, EXPORT_AT, TEAMS
from slareport.sample.random import NEVER, Draws, whole
from slareport.sample.salesforce import USER_IDS
from slareport.sample.story import Story
from slareport.sample.tasks import ints

SHARE, DUPLICATES = 0.2, 0.12


def feedback_rows(draws: Draws, story: Story, deals: pd.DataFrame) -> dict[str, object]:
    """Product_Feedback__c.csv, in order of submission."""
    rows = submitted(draws, deals)
    count, team, at = len(rows), ints(rows["team"]), ints(rows["submitted"])
    known = promised(draws, story, "feedback_acknowledged", team, at)
    decided = np.maximum(promised(draws, story, "feedback_decided", team, at), known)
    decided = np.where(draws.chance("feedback/undecided", count, 0.03), NEVER, decided)
    told = promised(draws, story, "feedback_told", team, decided)
    area = pd.Series(draws.word("feedback/area", count, AREAS))
    original = pd.Series(range(count)).groupby(area).shift().to_numpy()
    linked = draws.chance("feedback/duplicate", count, DUPLICATES) & ~np.isnan(original) & (area != "").to_numpy()
    decision = np.where(linked, "Duplicate", draws.word("feedback/decision", count, DECISIONS))
    return {
        "Id": ids("a03", range(count)),
        "Name": np.char.mod("PF-%04d", np.arange(count) + 1),
        "Opportunity__c": ids("006", ints(rows["deal"])),
        "Submitted_By__c": USER_IDS[ints(rows["rep"])],
        "Product_Area__c": area,
        "Duplicate_Of__c": np.where(linked, ids("a03", np.nan_to_num(original).astype(np.int64)), ""),
        "Amount_At_Stake__c": money(ints(rows["cents"])),
        "CurrencyIsoCode": of([t.currency for t in TEAMS], team),
        "Submitted__c": instants(at),
        "Acknowledged__c": instants(known),
        "Decided__c": instants(decided),
        "Decision__c": np.where(decided <= EXPORT_AT, decision, ""),
        "Told__c": instants(told),
        "LastModifiedDate": latest(at, known, decided, told),
    }


def submitted(draws: Draws, deals: pd.DataFrame) -> pd.DataFrame:
    """Return the deals that taught something, and when it was written down."""
    taught = deals[draws.chance("feedback/deal", len(deals), SHARE)]
    cycle = ints(taught["closed"]) - ints(taught["created"])
    at = ints(taught["created"]) + whole(cycle * (0.2 + 0.7 * draws.uniform("feedback/at", len(taught))))
    at = CALENDAR.later(ints(taught["team"]), at, np.zeros(len(taught), dtype=np.int64))
    rows = taught.assign(deal=taught.index, submitted=at)
    rows = rows[rows["submitted"] <= EXPORT_AT]
    return rows.sort_values(["submitted", "deal"], kind="stable", ignore_index=True)
