"""What becomes of deals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.clock import Clock
from slareport.kpi import State, kpi


@kpi(
    kind="outcome",
    subject="opportunities",
    on="closed_at",
    estimate="share",
    label="Win rate",
    unit="%",
    better="higher",
)
def win_rate(status: pd.Series) -> pd.DataFrame:
    """Share of the deals decided in the period that were won.

    Counts each deal once, by how it stands at the end of the data: a deal that was reopened counts at its last
    closing. Open deals and deals closed without a decision do not count.
    """
    decided = status.isin(["won", "lost"])
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
    created_at: pd.Series, status: pd.Series, cycle_days: pd.Series, *, horizon_days: int, clock: Clock
) -> pd.DataFrame:
    """Share of deals that were won within the agreed number of days after being created.

    Counts every deal that reaches this age in the period, won, lost or still open. A deal younger than that waits,
    even if it is already won: counting quick wins early would flatter the rate. A deal created at an unknown time
    does not count.
    """
    of_age_at = clock.days_after(created_at, horizon_days)
    won_in_time = status.eq("won") & cycle_days.le(horizon_days)
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
def sales_cycle_length(status: pd.Series, cycle_days: pd.Series) -> pd.DataFrame:
    """Median days from a deal's creation to its winning, over the deals won in the period.

    Counts won deals only, at their last closing; where the CRM keeps only dates, whole days, the same day being 0.
    A deal closed before it was created, or created at an unknown time, is invalid. Lost and open deals do not count.
    """
    won = status.eq("won")
    frame = pd.DataFrame({"value": cycle_days.where(won & cycle_days.ge(0))})
    frame["state"] = won.map({True: State.INVALID, False: State.DOES_NOT_APPLY}).astype(object)
    frame["state"] = frame["state"].mask(frame["value"].notna(), State.COUNTED)
    reason = cycle_days.lt(0).map({True: "closed before it was created", False: "created at an unknown time"})
    frame["reason"] = reason.where(frame["state"].eq(State.INVALID))
    return frame
