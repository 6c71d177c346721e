"""Meetings of the sample company: held, missed by the customer, cancelled, and those still to come."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import ids, instants, latest
from slareport.sample.leads import CALENDAR, EXPORT_AT
from slareport.sample.random import DAY, HOUR, NEVER, Draws, whole
from slareport.sample.salesforce import USER_IDS
from slareport.sample.tasks import ints

OUTCOMES = {"Held": 84, "No Show": 9, "Cancelled": 7}


def meeting_rows(draws: Draws, leads: pd.DataFrame, deals: pd.DataFrame) -> dict[str, object]:
    """Event.csv: meetings about deals, and about some leads after somebody has replied."""
    rows = pd.concat([about_deals(draws, deals), about_leads(draws, leads)])
    rows = rows[rows["booked"] <= EXPORT_AT].sort_values(["booked", "lead", "deal"], kind="stable")
    begins, booked = ints(rows["begins"]), ints(rows["booked"])
    lead, deal = ints(rows["lead"]), ints(rows["deal"])
    over = begins + HOUR <= EXPORT_AT
    return {
        "Id": ids("00U", range(len(rows))),
        "WhoId": np.where(lead >= 0, ids("00Q", np.maximum(lead, 0)), ""),
        "WhatId": np.where(deal >= 0, ids("006", np.maximum(deal, 0)), ""),
        "OwnerId": USER_IDS[ints(rows["rep"])],
        "Subject": np.where(lead >= 0, "First meeting", "Meeting"),
        "IsChild": "false",
        "StartDateTime": planned(begins),
        "EndDateTime": planned(begins + HOUR),
        "Outcome__c": np.where(over, draws.word("meeting/outcome", len(rows), OUTCOMES), ""),
        "CreatedDate": instants(booked),
        "LastModifiedDate": latest(booked, begins + HOUR),
    }


def planned(at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Return instants as text, those after the export too: a meeting is in the calendar before it is held."""
    return np.strings.add(np.datetime_as_string(at.astype("datetime64[s]").astype("datetime64[ms]")), "Z")


def about_deals(draws: Draws, deals: pd.DataFrame) -> pd.DataFrame:
    """Up to three meetings along a deal."""
    times = draws.pick("meeting/deal", len(deals), (30, 35, 25, 10))
    rows = deals.loc[deals.index.repeat(times)]
    cycle = ints(rows["closed"]) - ints(rows["created"])
    at = ints(rows["created"]) + whole(cycle * draws.uniform("meeting/deal at", len(rows)))
    begins = CALENDAR.later(ints(rows["team"]), at, np.zeros(len(rows), dtype=np.int64))
    begins = -(-begins // 1800) * 1800  # on the half hour
    notice = draws.duration("meeting/notice", len(rows), 4 * DAY)
    booked = np.maximum(begins - notice, ints(rows["created"]))
    return pd.DataFrame({"lead": -1, "deal": rows.index, "rep": rows["rep"], "begins": begins, "booked": booked})


def about_leads(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """A meeting with one in ten who were answered, agreed on after the answer."""
    met = leads[draws.chance("meeting/lead", len(leads), 0.1) & (leads["replied"] < NEVER)]
    wait = draws.duration("meeting/lead wait", len(met), 12 * HOUR) + HOUR
    begins = CALENDAR.later(ints(met["team"]), ints(met["replied"]), wait)
    booked = ints(met["replied"]) + 600
    return pd.DataFrame({"lead": met.index, "deal": -1, "rep": met["mover"], "begins": begins, "booked": booked})
