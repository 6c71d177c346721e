"""What becomes of deals."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from slareport.clock import Clock
from slareport.kpi import State, kpi
from slareport.worktime import Duration


@kpi(
    kind="outcome",
    subject="opportunities",
    on="closed_at",
    estimate="share",
    label="Win rate",
    unit="%",
    better="higher",
)
def win_rate(status: pd.Series, *, counting: Literal["narrow", "broad"] = "narrow") -> pd.DataFrame:
    """Share of the deals decided in the period that were won.

    Counts each deal once, by how it stands at the end of the data: a deal that was reopened counts at its last
    closing. Open deals do not count; deals closed without a decision count only in the broad rate, as not won.
    """
    decided = status.isin(["won", "lost"] if counting == "narrow" else ["won", "lost", "no decision"])
    return pd.DataFrame({"numerator": status.eq("won").astype(float), "denominator": decided.astype(float)})


@kpi(
    kind="outcome",
    subject="opportunities",
    on="created_at",
    estimate="share",
    label="Deal closure rate",
    unit="%",
    better="higher",
)
def deal_closure_rate(
    created_at: pd.Series,
    status: pd.Series,
    closed_at: pd.Series,
    *,
    horizon_days: Annotated[int, Field(ge=1)],
    counting: Literal["won", "closed"] = "won",
    clock: Clock,
) -> pd.DataFrame:
    """Share of deals that were won within the agreed number of days after being created.

    Counts every deal that reaches this age in the period, won, lost or still open; with `closed`, any closing
    counts. A deal younger than that waits, even if it is already won: counting quick wins early would flatter the
    rate. A deal created at an unknown time does not count.
    """
    of_age_at = clock.days_after(created_at, horizon_days)
    reached = status.eq("won") if counting == "won" else status.ne("open")
    won_in_time = reached & closed_at.le(of_age_at)
    frame = pd.DataFrame({"numerator": won_in_time.astype(float), "denominator": 1.0, "dated_at": of_age_at})
    states = [State.INVALID, State.PENDING]
    frame["state"] = np.select([of_age_at.isna(), of_age_at > clock.as_of], states, State.COUNTED)
    return frame


@kpi(
    kind="outcome",
    subject="opportunities",
    on="closed_at",
    estimate="median",
    label="Sales cycle length",
    unit="days",
    better="lower",
)
def sales_cycle_length(
    status: pd.Series,
    cycle_days: pd.Series,
    first_cycle_days: pd.Series,
    active_days: pd.Series,
    *,
    measured: Literal["final", "first", "active"] = "final",
) -> pd.DataFrame:
    """Median days from a deal's creation to its winning, over the deals won in the period.

    Counts won deals only, at their last closing (`first`: to the first; `active`: without the time a deal was closed
    in between); where the CRM keeps only dates, whole days, the same day being 0. A deal closed before it was
    created, or created at an unknown time, is invalid. Lost and open deals do not count.
    """
    won = status.eq("won")
    cycle_days = {"final": cycle_days, "first": first_cycle_days, "active": active_days}[measured]
    frame = pd.DataFrame({"value": cycle_days.where(won & cycle_days.ge(0))})
    frame["state"] = won.map({True: State.INVALID, False: State.DOES_NOT_APPLY}).astype(object)
    frame["state"] = frame["state"].mask(frame["value"].notna(), State.COUNTED)
    reason = cycle_days.lt(0).map({True: "closed before it was created", False: "created at an unknown time"})
    frame["reason"] = reason.where(frame["state"].eq(State.INVALID))
    return frame


@kpi(
    kind="outcome",
    subject="stage_visits",
    on="entered_at",
    estimate="median",
    label="Time in a stage",
    unit="days",
    better="lower",
)
def stage_dwell(dwell_days: pd.Series, left_at: pd.Series) -> pd.DataFrame:
    """Median days that deals spend in a stage, over the deals that entered it in the period.

    Counts all visits of a deal to the stage together. A deal that is still in it has stayed so long already, and
    counts as still open: leaving it out would flatter the median. None is pending.
    """
    return pd.DataFrame({"value": dwell_days, "censored": left_at.isna()})


@kpi(
    kind="outcome",
    subject="stage_visits",
    on="entered_at",
    estimate="share",
    label="Conversion of a stage",
    unit="%",
    better="higher",
)
def stage_conversion(moved_on: pd.Series, status: pd.Series) -> pd.DataFrame:
    """Share of the deals that entered a stage in the period and moved on to a later one, or were won.

    Counts deals that have moved on or are closed. An open deal that has not moved on is pending.
    """
    waiting = ~moved_on & status.eq("open")
    state = waiting.map({True: State.PENDING, False: State.COUNTED}).astype(object)
    return pd.DataFrame({"numerator": moved_on.astype(float), "denominator": 1.0, "state": state})


@kpi(
    kind="promise",
    subject="steps",
    on="requested_at",
    estimate="share",
    label="Turnaround",
    unit="%",
    better="higher",
)
def turnaround(requested_at: pd.Series, completed_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Share of the requested steps, such as a proposal, that were completed within the promised time.

    Counts every request of the period that was completed or whose time has run out. A request still inside its time
    waits and is not counted.
    """
    return clock.judge(requested_at, completed_at, within)


@kpi(
    kind="promise",
    subject="touch_gaps",
    on="started_at",
    estimate="share",
    label="Deals kept moving",
    unit="%",
    better="higher",
)
def deals_kept_moving(started_at: pd.Series, stopped_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Share of the waits of open deals that ended with a message of ours, or a closing, within the promised time.

    Counts every wait that began in the period and has ended, or has lasted too long: from the deal's creation or a
    message to the next. A wait still inside its time is pending.
    """
    return clock.judge(started_at, stopped_at, within)
