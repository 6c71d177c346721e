"""What the sample company's reps have learnt of the agreement, and when they were away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import dates, ids
from slareport.sample.company import MODULES
from slareport.sample.leads import CALENDAR, EXPORT_AT, REPS, TEAMS
from slareport.sample.random import NEVER, Draws
from slareport.sample.salesforce import USER_IDS
from slareport.sample.tasks import ints

LEARNERS = len(REPS) + len(TEAMS)  # the reps and their managers
LEAVES, TRIES = 9, 30  # per rep; and how often a span without leads is looked for


def training_rows(draws: Draws) -> dict[str, object]:
    """Training_Record__c.csv: nine of ten are in time, some late, some have not learnt it yet."""
    who, module = (axis.ravel() for axis in np.indices((LEARNERS, len(MODULES))))
    due = np.array([CALENDAR.dates.index(day) for _, day in MODULES])[module]
    luck = draws.spread("training/when", module)
    done = due + np.where(luck < 0.9, -np.floor(25 * luck), np.ceil(200 * (luck - 0.9))).astype(np.int64)
    return {
        "Id": ids("a09", range(len(who))),
        "User__c": USER_IDS[who],
        "Module__c": np.array([name for name, _ in MODULES])[module],
        "Due_Date__c": dates(due),
        "Completed_Date__c": np.where(luck < 0.96, dates(done), ""),
    }


def absence_rows(draws: Draws, leads: pd.DataFrame) -> dict[str, object]:
    """Absence__c.csv: leave of two to five days, where possible when no lead came to the rep or was answered."""
    last = CALENDAR.dates.index(pd.Timestamp(EXPORT_AT, unit="s").date())
    shape = (len(REPS), LEAVES, TRIES)
    first = (7 + draws.uniform("absence/day", int(np.prod(shape))) * (last - 14)).astype(np.int64).reshape(shape)
    length = np.broadcast_to(
        draws.pick("absence/days", LEAVES * len(REPS), (1, 1, 2, 3)).reshape(shape[:2])[..., None], shape
    )
    busy = np.zeros((len(REPS), len(CALENDAR.dates) + 1), dtype=np.int64)
    for who, at in (("rep", "assigned"), ("replier", "replied"), ("mover", "moved")):
        happened = leads[leads[at] < NEVER]
        np.add.at(busy, (ints(happened[who]), CALENDAR.day(ints(happened["team"]), ints(happened[at])) + 1), 1)
    before = busy.cumsum(axis=1)
    rep = np.arange(len(REPS))[:, None, None]
    leads_missed = before[rep, first + length + 2] - before[rep, first]
    best = leads_missed.argmin(axis=2)[..., None]
    start, days = (np.take_along_axis(part, best, axis=2)[..., 0] for part in (first, length))
    rows = pd.DataFrame({"rep": np.repeat(np.arange(len(REPS)), LEAVES), "start": start.ravel(), "days": days.ravel()})
    rows = rows.sort_values(["rep", "start"], kind="stable").drop_duplicates(["rep", "start"])
    return {
        "Id": ids("a0A", range(len(rows))),
        "User__c": USER_IDS[ints(rows["rep"])],
        "Start_Date__c": dates(ints(rows["start"])),
        "End_Date__c": dates(ints(rows["start"] + rows["days"] + 1)),
    }
