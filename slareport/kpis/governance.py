"""Whether the agreement itself is lived: roles without gaps, steps done once, people trained."""

from __future__ import annotations

import pandas as pd

from slareport.clock import Clock
from slareport.kpi import State, kpi


@kpi(
    kind="outcome",
    subject="role_days",
    on="day_at",
    estimate="share",
    label="Role coverage",
    unit="%",
    better="higher",
)
def role_coverage(roles: pd.Series) -> pd.DataFrame:
    """Share of the steps and days of the period on which exactly one role was accountable.

    Counts every step of the agreement on every day: none accountable is a gap, two are a duplicate, and both count
    against it. No day is pending.
    """
    return pd.DataFrame({"numerator": roles.eq(1).astype(float), "denominator": 1.0})


@kpi(
    kind="outcome",
    subject="opportunities",
    on="closed_at",
    estimate="share",
    label="Steps done once",
    unit="%",
    better="higher",
)
def steps_done_once(status: pd.Series, missing_steps: pd.Series, repeated_steps: pd.Series) -> pd.DataFrame:
    """Share of the deals won in the period in which every recorded step of the agreement was done, and by one person.

    Counts won deals. A step that is missing, or that two people did, counts against the deal. Open and lost deals
    do not count, and none is pending.
    """
    won = status.eq("won")
    once = missing_steps.eq("") & repeated_steps.eq("")
    reason = ("missing: " + missing_steps.astype(object)).where(missing_steps.ne(""))
    reason = reason.fillna(("done twice: " + repeated_steps.astype(object)).where(repeated_steps.ne("")))
    return pd.DataFrame(
        {"numerator": once.astype(float), "denominator": won.astype(float), "reason": reason.where(won)}
    )


@kpi(
    kind="outcome",
    subject="learners",
    on="counted_at",
    estimate="share",
    label="Training coverage",
    unit="%",
    better="higher",
)
def training_coverage(due: pd.Series, missing: pd.Series) -> pd.DataFrame:
    """Share of the people at the end of the period who had completed the training on the version in force then.

    Counts everyone whose role of today takes a training that was due by then, once in every review period. Training on
    an earlier version does not count, nor do people who had left or not come yet, where the CRM says so. None is
    pending.
    """
    done = missing.eq("")
    reason = ("not completed: " + missing.astype(object)).mask(done)
    return pd.DataFrame({"numerator": done.astype(float), "denominator": due.gt(0).astype(float), "reason": reason})


@kpi(
    kind="promise",
    subject="training",
    on="due_at",
    estimate="share",
    label="Training completed",
    unit="%",
    better="higher",
)
def training_completed(due_at: pd.Series, done_at: pd.Series, *, clock: Clock) -> pd.DataFrame:
    """Share of the trainings due in the period that were completed by their due date.

    Counts every person and module with a due date that has passed, or that was completed before it. A training that
    is not due yet and not done is pending.
    """
    done = done_at.where(done_at <= clock.as_of)
    state = pd.Series(State.MISSED, due_at.index, dtype=object).mask(due_at > clock.as_of, State.PENDING)
    state = state.mask(done <= due_at, State.MET).mask(due_at.isna(), State.DOES_NOT_APPLY)
    late = (done.fillna(clock.as_of) - due_at).dt.total_seconds() / 60
    return pd.DataFrame(
        {"state": state, "due_at": due_at, "stopped_at": done, "late_minutes": late.where(state.eq(State.MISSED))}
    )
