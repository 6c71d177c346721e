"""What customers say."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from pydantic import Field

from slareport.clock import Clock
from slareport.kpi import State, kpi

OFF_SCALE = "the score lies outside its scale"
OTHER_SCALE = "not asked on the scale from 0 to 10"
Count = Annotated[int, Field(ge=1)]


@kpi(
    kind="outcome",
    subject="satisfaction",
    on="responded_at",
    estimate="share",
    label="Customer satisfaction",
    unit="%",
    better="higher",
)
def csat(
    survey: pd.Series,
    score: pd.Series,
    scale_min: pd.Series,
    scale_max: pd.Series,
    superseded: pd.Series,
    *,
    top_boxes: Count = 2,
) -> pd.DataFrame:
    """Share of the customers who answered that chose one of the top boxes of the scale (4 or 5 of 5).

    Counts the answers received in the period, of several by one customer the last. A score outside its scale is
    invalid. Surveys without an answer do not count; the response rate shows how many there are. None is pending.
    """
    frame = _answers(survey.eq("csat"), score, scale_min, scale_max, superseded)
    return frame.assign(numerator=(score > scale_max - top_boxes).astype(float), denominator=1.0)


@kpi(
    kind="outcome",
    subject="satisfaction",
    on="responded_at",
    estimate="ratio",
    label="Net promoter score",
    unit="points",
    better="higher",
)
def nps(
    survey: pd.Series, score: pd.Series, scale_min: pd.Series, scale_max: pd.Series, superseded: pd.Series
) -> pd.DataFrame:
    """Promoters (9 or 10 of 10) less detractors (0 to 6), in points from -100 to 100: it is not a percentage.

    Counts the answers received in the period, of several by one customer the last. A score outside its scale, or on
    another scale than 0 to 10, is invalid. Surveys without an answer do not count; the response rate shows how many
    there are. None is pending.
    """
    frame = _answers(survey.eq("nps"), score, scale_min, scale_max, superseded)
    other = frame["state"].eq(State.COUNTED) & ~(scale_min.eq(0) & scale_max.eq(10))
    frame = frame.assign(
        state=frame["state"].mask(other, State.INVALID), reason=frame["reason"].mask(other, OTHER_SCALE)
    )
    return frame.assign(numerator=100 * (score.ge(9).astype(float) - score.le(6).astype(float)), denominator=1.0)


@kpi(
    kind="outcome",
    subject="satisfaction",
    on="sent_at",
    estimate="share",
    label="Response rate of surveys",
    unit="%",
    better="higher",
)
def survey_response(
    responded_at: pd.Series, sent_at: pd.Series, *, open_days: Count = 14, clock: Clock
) -> pd.DataFrame:
    """Share of the surveys sent that were answered while they were open.

    Counts every survey sent in the period that was answered or has closed. One that is still open and not answered
    is pending.
    """
    closes = clock.days_after(sent_at, open_days)
    answered = responded_at.notna() & (responded_at <= closes)
    waiting = ~answered & (closes > clock.as_of)
    state = waiting.map({True: State.PENDING, False: State.COUNTED}).astype(object)
    return pd.DataFrame({"numerator": answered.astype(float), "denominator": 1.0, "state": state})


def _answers(
    asked: pd.Series, score: pd.Series, scale_min: pd.Series, scale_max: pd.Series, superseded: pd.Series
) -> pd.DataFrame:
    answered = asked & score.notna()
    on_scale = score.between(scale_min, scale_max)
    state = pd.Series(State.DOES_NOT_APPLY, score.index, dtype=object).mask(answered & ~superseded, State.COUNTED)
    invalid = answered & ~on_scale
    reason = pd.Series(None, score.index, dtype=object).mask(invalid, OFF_SCALE)
    return pd.DataFrame({"state": state.mask(invalid, State.INVALID), "reason": reason})
