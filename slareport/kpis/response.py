"""How fast people answer."""

from __future__ import annotations

import pandas as pd

from slareport.clock import Clock
from slareport.kpi import kpi
from slareport.worktime import Duration


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
