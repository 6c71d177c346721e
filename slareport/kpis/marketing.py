"""What marketing and sales owe each other about qualified leads."""

from __future__ import annotations

import pandas as pd

from slareport.clock import Clock
from slareport.kpi import State, kpi
from slareport.worktime import Duration, parse_duration

WHOLE = parse_duration("1 business hour")


@kpi(
    kind="promise",
    subject="leads",
    on="qualified_at",
    estimate="share",
    label="Marketing's delivery of leads",
    unit="%",
    better="higher",
)
def marketing_delivery(
    qualified_at: pd.Series, offered_at: pd.Series, *, within: Duration, clock: Clock
) -> pd.DataFrame:
    """Share of qualified leads that marketing handed to sales within the promised time of qualifying them.

    Counts every lead qualified in the period that was handed over or whose time has run out, handed over or not.
    A lead still inside its time waits and is not counted. A lead that never qualified does not count.
    """
    return clock.judge(qualified_at, offered_at, within)


@kpi(
    kind="promise",
    subject="lead_handoffs",
    on="offered_at",
    estimate="share",
    label="Sales' decision on leads",
    unit="%",
    better="higher",
)
def lead_decision(offered_at: pd.Series, decided_at: pd.Series, *, within: Duration, clock: Clock) -> pd.DataFrame:
    """Share of leads offered by marketing that sales accepted or rejected within the promised time.

    Counts every offer of the period that was decided or whose time has run out. Rejecting in time keeps the promise
    too. An offer still inside its time waits and is not counted.
    """
    return clock.judge(offered_at, decided_at, within)


@kpi(
    kind="outcome",
    subject="lead_handoffs",
    on="offered_at",
    estimate="share",
    label="Acceptance of leads",
    unit="%",
    better="higher",
)
def lead_acceptance(accepted_at: pd.Series, rejected_at: pd.Series) -> pd.DataFrame:
    """Share of the leads decided by sales that it accepted: from marketing-qualified to sales-accepted.

    Counts the offers of the period that were accepted or rejected. Undecided offers are pending and do not count.
    """
    accepted = accepted_at.notna() & ~(rejected_at > accepted_at)
    decided = accepted_at.notna() | rejected_at.notna()
    state = decided.map({True: State.COUNTED, False: State.PENDING}).astype(object)
    return pd.DataFrame({"numerator": accepted.astype(float), "denominator": 1.0, "state": state})


@kpi(
    kind="outcome",
    subject="lead_commitments",
    on="from_at",
    estimate="ratio",
    label="Qualified leads delivered",
    unit="%",
    better="higher",
)
def lead_volume(
    delivered: pd.Series, committed: pd.Series, from_at: pd.Series, to_at: pd.Series, *, clock: Clock
) -> pd.DataFrame:
    """Qualified leads that marketing delivered, as a share of what it committed to.

    Counts people, not records: two leads of one person are one. Of a term that still runs, the commitment counts
    by the business time that has passed; a term of which none has passed is pending.
    """
    passed = to_at.where(to_at < clock.as_of, clock.as_of)
    share = clock.elapsed(from_at, passed, WHOLE) / clock.elapsed(from_at, to_at, WHOLE)
    due = (committed * share).where(share.gt(0))
    state = pd.Series(State.COUNTED, due.index, dtype=object).mask(due.isna() | delivered.isna(), State.DOES_NOT_APPLY)
    state = state.mask(~share.gt(0), State.PENDING)
    return pd.DataFrame({"numerator": delivered, "denominator": due, "state": state})
