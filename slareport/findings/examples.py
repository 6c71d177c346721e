"""Worked examples of a promise on a team's own calendar: what comes in now is due then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from slareport import format as fmt
from slareport.agreement import Promise
from slareport.kpi import KPIS
from slareport.worktime import Calendar, Duration

FRIDAY = 4
TIMES = ((FRIDAY, 16, 30), (FRIDAY + 1, 15, 0), (FRIDAY + 3, 9, 0))  # before a weekend, in it, after it
ITEMS = {
    "leads": "A lead that comes in",
    "lead_handoffs": "A lead offered",
    "steps": "A request made",
    "won_deals": "A deal won",
    "feedback": "Feedback given",
    "opportunities": "A deal opened",
    "touch_gaps": "A deal touched",
}


def examples(promise: Promise, calendar: Calendar, since: dt.date) -> list[str]:
    """By when an item is due that comes before, in or after the first weekend from a day on.

    Empty for a promise without a time.
    """
    within = promise.knobs.get("within")
    return list(_due(promise, within, calendar, since)) if isinstance(within, Duration) else []


def _due(promise: Promise, within: Duration, calendar: Calendar, since: dt.date) -> Iterator[str]:
    friday = since + dt.timedelta(days=(FRIDAY - since.weekday()) % 7)
    what = ITEMS.get(KPIS[promise.kpi].subject, "An item that comes in")
    for weekday, hour, minute in TIMES:
        local = pd.Timestamp(friday) + pd.Timedelta(days=weekday - FRIDAY, hours=hour, minutes=minute)
        start = pd.Series([local.tz_localize(calendar.zone).tz_convert("UTC").as_unit("us")])
        amount = pd.Series([within.amount], dtype="timedelta64[us]")
        due = calendar.deadline(start, amount) if within.business else start + amount
        came, until = (fmt.moment(moment.iloc[0], calendar.zone) for moment in (start, due))
        yield f"{what} on {came} is due on {until}."
