"""What sales hands to customer success and to product, and what they answer."""

from __future__ import annotations

import pandas as pd

from slareport.clock import Clock
from slareport.kpi import State, kpi
from slareport.worktime import Duration


@kpi(
    kind="promise",
    subject="won_deals",
    on="closed_at",
    estimate="share",
    label="Handoff to customer success",
    unit="%",
    better="higher",
)
def handoff_acceptance(closed_at: pd.Series, accepted_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Share of won deals whose handoff customer success accepted within the promised time of winning.

    Counts every deal won in the period, also one that was never handed over: it is missed once its time has run
    out. A handoff that was returned counts when it is accepted again. A deal still inside its time waits.
    """
    return clock.judge(closed_at, accepted_at, within)


@kpi(
    kind="promise",
    subject="won_deals",
    on="closed_at",
    estimate="share",
    label="Kick-off with the customer",
    unit="%",
    better="higher",
)
def kick_off(closed_at: pd.Series, completed_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Share of won deals whose kick-off with the customer was held within the promised time of winning.

    Counts every deal won in the period that had its kick-off or whose time has run out. A deal still inside its
    time waits and is not counted.
    """
    return clock.judge(closed_at, completed_at, within)


@kpi(
    kind="outcome",
    subject="won_deals",
    on="closed_at",
    estimate="ratio",
    label="Completeness of handoffs",
    unit="%",
    better="higher",
)
def handoff_completeness(present_items: pd.Series, required_items: pd.Series) -> pd.DataFrame:
    """Items present at the handoff to customer success, as a share of the items it requires.

    Counts the deals won in the period that were handed over with a list of items. Deals without a handoff do not
    count here: they are misses of the handoff itself. None is pending.
    """
    listed = required_items.gt(0)
    return pd.DataFrame(
        {"numerator": present_items.fillna(0).where(listed), "denominator": required_items.where(listed)}
    )


@kpi(
    kind="outcome",
    subject="won_deals",
    on="closed_at",
    estimate="share",
    label="Handoffs right the first time",
    unit="%",
    better="higher",
)
def handoff_first_time_right(offered_at: pd.Series, returned_at: pd.Series, accepted_at: pd.Series) -> pd.DataFrame:
    """Share of the handoffs to customer success that were accepted without having been returned.

    Counts the deals won in the period whose handoff was accepted or returned. One that is not decided is pending;
    a deal without a handoff does not count.
    """
    decided = accepted_at.notna() | returned_at.notna()
    state = pd.Series(State.DOES_NOT_APPLY, offered_at.index, dtype=object).mask(offered_at.notna(), State.PENDING)
    right = accepted_at.notna() & returned_at.isna()
    return pd.DataFrame(
        {"numerator": right.astype(float), "denominator": 1.0, "state": state.mask(decided, State.COUNTED)}
    )


@kpi(
    kind="promise",
    subject="feedback",
    on="submitted_at",
    estimate="share",
    label="Feedback acknowledged",
    unit="%",
    better="higher",
)
def feedback_acknowledged(
    submitted_at: pd.Series, acknowledged_at: pd.Series, duplicate_of: pd.Series, *, within: Duration, clock: Clock
) -> pd.DataFrame:
    """Share of sales' feedback that product acknowledged within the promised time.

    Counts every feedback of the period that was acknowledged or whose time has run out. Feedback linked as a
    duplicate counts once, with the first. Feedback still inside its time waits and is not counted.
    """
    return _answered(submitted_at, acknowledged_at, duplicate_of, within, clock)


@kpi(
    kind="promise",
    subject="feedback",
    on="submitted_at",
    estimate="share",
    label="Feedback decided",
    unit="%",
    better="higher",
)
def feedback_decided(
    submitted_at: pd.Series, decided_at: pd.Series, duplicate_of: pd.Series, *, within: Duration, clock: Clock
) -> pd.DataFrame:
    """Share of sales' feedback on which product decided within the promised time: a decision, not a delivery.

    Counts every feedback of the period that was decided or whose time has run out, whatever the decision. Feedback
    linked as a duplicate counts once, with the first. Feedback still inside its time waits and is not counted.
    """
    return _answered(submitted_at, decided_at, duplicate_of, within, clock)


@kpi(
    kind="promise",
    subject="feedback",
    on="decided_at",
    estimate="share",
    label="Feedback loop closed",
    unit="%",
    better="higher",
)
def feedback_loop_closed(
    decided_at: pd.Series, told_at: pd.Series, duplicate_of: pd.Series, *, within: Duration, clock: Clock
) -> pd.DataFrame:
    """Share of product's decisions that were told back to sales within the promised time.

    Counts every feedback decided in the period whose outcome was told or whose time has run out. Feedback linked as
    a duplicate counts once, with the first. A decision still inside its time waits and is not counted.
    """
    return _answered(decided_at, told_at, duplicate_of, within, clock)


def _answered(
    start: pd.Series, stop: pd.Series, duplicate_of: pd.Series, within: Duration, clock: Clock
) -> pd.DataFrame:
    return clock.judge(start.where(duplicate_of.isna()), stop, within)
