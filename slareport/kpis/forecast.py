"""What is to come, against what was planned and what then came."""

from __future__ import annotations

import pandas as pd

from slareport.clock import Clock
from slareport.kpi import State, kpi

NO_QUOTA = "there is no quota left to cover"


@kpi(
    kind="outcome",
    subject="coverage",
    on="counted_at",
    estimate="ratio",
    label="Pipeline coverage",
    unit="times",
    better="higher",
    money=True,
)
def pipeline_coverage(open_amount: pd.Series, quota: pd.Series, from_at: pd.Series, *, clock: Clock) -> pd.DataFrame:
    """Open deals expected to close in the coming term, as a multiple of its quota, when the term began.

    Counts deals as they stood then, by the close they were expected at; deals whose expected close was already past
    are stale and do not count. Without a quota there is nothing to cover. A term that has not begun is pending.
    """
    state = pd.Series(State.COUNTED, quota.index, dtype=object).mask(open_amount.isna(), State.DOES_NOT_APPLY)
    state = state.mask(~quota.gt(0), State.INVALID)
    reason = pd.Series(None, quota.index, dtype=object).mask(~quota.gt(0), NO_QUOTA)
    state = state.mask(from_at > clock.as_of, State.PENDING)
    return pd.DataFrame({"numerator": open_amount, "denominator": quota, "state": state, "reason": reason})


@kpi(
    kind="outcome",
    subject="forecasts",
    on="from_at",
    estimate="ratio",
    label="Forecast error",
    unit="%",
    better="lower",
    money=True,
)
def forecast_error(forecast: pd.Series, actual: pd.Series, to_at: pd.Series, *, clock: Clock) -> pd.DataFrame:
    """How far the forecast at the beginning of a term was from what was then won, as a share of what was won (WAPE).

    Counts terms that have ended, by the snapshot taken when they began, never by today's data. A term that still
    runs is pending; one in which nothing was won has no error and does not count.
    """
    return _compared((forecast - actual).abs(), actual, to_at, clock)


@kpi(
    kind="outcome",
    subject="forecasts",
    on="from_at",
    estimate="ratio",
    label="Forecast bias",
    unit="%",
    better="lower",
    money=True,
)
def forecast_bias(forecast: pd.Series, actual: pd.Series, to_at: pd.Series, *, clock: Clock) -> pd.DataFrame:
    """How much more was forecast at the beginning of a term than was then won, as a share of what was won.

    Counts terms that have ended; above zero is too hopeful, below zero too careful. A term that still runs is
    pending; one in which nothing was won does not count.
    """
    return _compared(forecast - actual, actual, to_at, clock)


def _compared(distance: pd.Series, actual: pd.Series, to_at: pd.Series, clock: Clock) -> pd.DataFrame:
    state = actual.gt(0).map({True: State.COUNTED, False: State.DOES_NOT_APPLY}).astype(object)
    state = state.mask(distance.isna(), State.DOES_NOT_APPLY).mask(to_at > clock.as_of, State.PENDING)
    return pd.DataFrame({"numerator": distance, "denominator": actual, "state": state})
