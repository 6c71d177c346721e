"""How fast people answer."""

from __future__ import annotations

import pandas as pd

from slareport.clock import Clock
from slareport.kpi import State, kpi
from slareport.worktime import Duration

BEFORE_CREATION = "assigned before it was created"


@kpi(
    kind="promise",
    subject="leads",
    on="assigned_at",
    estimate="share",
    label="First reply to a lead",
    unit="%",
    better="higher",
)
def lead_response(assigned_at: pd.Series, first_touch_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Share of leads that got a first reply from a person within the promised time of being assigned to one.

    Counts every lead assigned in the period that was answered or whose time has run out, answered or not. A reply
    is a call, email, meeting, chat or text message that a person sends to the lead; automatic mail, the lead's own
    messages and internal notes are none. A lead still inside its time waits and is not counted. A lead that was
    never assigned to a person has no clock.
    """
    return clock.judge(assigned_at, first_touch_at, within)


@kpi(
    kind="promise",
    subject="leads",
    on="created_at",
    estimate="share",
    label="Speed to lead",
    unit="%",
    better="higher",
)
def speed_to_lead(created_at: pd.Series, first_touch_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Share of leads that got a first reply from a person within the promised time of coming in.

    Counts every lead created in the period that was answered or whose time has run out, so one that was never
    assigned to anybody is missed too. A reply is a message that a person sends to the lead. A lead still inside
    its time waits and is not counted.
    """
    return clock.judge(created_at, first_touch_at, within)


@kpi(
    kind="outcome",
    subject="leads",
    on="created_at",
    estimate="median",
    label="Routing delay",
    unit="minutes",
    better="lower",
)
def routing_delay(created_at: pd.Series, assigned_at: pd.Series, *, clock: Clock) -> pd.DataFrame:
    """Median time from a lead's creation to its assignment to a person: the part of the delay that no rep can mend.

    Counts every lead created in the period, in minutes on the wall clock. One that is not assigned yet has waited
    so long already, and counts as still open; nothing is left out as pending. One assigned before it was created
    is invalid.
    """
    known = assigned_at.where(assigned_at <= clock.as_of)
    minutes = (known.fillna(clock.as_of) - created_at).dt.total_seconds() / 60
    early = minutes.lt(0) & known.notna()
    frame = pd.DataFrame({"value": minutes.where(minutes.ge(0)), "censored": known.isna()})
    frame["state"] = pd.Series(None, created_at.index, dtype=object).mask(early, State.INVALID)
    return frame.assign(reason=pd.Series(None, created_at.index, dtype=object).mask(early, BEFORE_CREATION))


@kpi(
    kind="outcome",
    subject="leads",
    on="assigned_at",
    estimate="median",
    label="Time to first reply",
    unit="minutes",
    better="lower",
)
def response_time(assigned_at: pd.Series, first_touch_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Median time from a lead's assignment to the first reply of a person, in the kind of time that is promised.

    Counts every lead assigned in the period. One without a reply has waited so long already, and counts as still
    open: leaving it out would flatter the median. A reply long before the assignment is invalid. None is pending.
    """
    judged = clock.judge(assigned_at, first_touch_at, within)
    counts = judged["state"].isin([State.MET, State.MISSED, State.PENDING])
    return pd.DataFrame(
        {
            "value": judged["elapsed_minutes"].where(counts),
            "censored": judged["stopped_at"].isna(),
            "state": judged["state"].mask(counts, State.COUNTED),
            "reason": judged["reason"],
        }
    )
