"""Trend or noise: the range a figure usually moves in, and the points that are more than noise (XmR charts)."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

FEWEST, ESTABLISHED = 6, 12
RUN = 8
SIZES_WITHIN = 0.25
TO_LIMIT = 3 / 1.128  # 2.66 is this rounded, and moves the published limits
TO_MOVING_RANGE_LIMIT = 3.267

State = Literal["too_few", "sizes_differ", "provisional", "established"]


class UsualRange(NamedTuple):
    """Where a figure usually lies, in its own unit; NaN for all while `state` says there is no range.

    `centre` is the mean, `low` and `high` are the natural process limits, `moving_range` is the mean step from one
    point to the next and `moving_range_limit` the largest step that is still noise. `state` is "too_few" below
    6 points, "provisional" below 12, "sizes_differ" where the points stand on too different numbers of items.
    """

    state: State
    points: int
    centre: float
    low: float
    high: float
    moving_range: float
    moving_range_limit: float


def usual_range(values: ArrayLike, sizes: ArrayLike | None = None) -> UsualRange:
    """The usual range of a figure over its periods in order: its mean plus and minus 3/1.128 mean moving ranges.

    `sizes` holds the number of items behind each point of a share: a range needs them all within 25% of their mean,
    as a share of few moves more than one of many. Missing points are left out. A range of a share
    may pass 0 or 1, where only one side can be left. Wheeler 1993; NIST/SEMATECH Handbook 6.3.2.2.
    """
    array = np.asarray(values, dtype=float)
    known = ~np.isnan(array)
    points = array[known]
    if points.size < FEWEST:
        return _no_range("too_few", points.size)
    if sizes is not None and _differ(np.asarray(sizes, dtype=float)[known]):
        return _no_range("sizes_differ", points.size)
    centre = float(points.mean())
    step = float(np.abs(np.diff(points)).mean())
    state: State = "established" if points.size >= ESTABLISHED else "provisional"
    half = TO_LIMIT * step
    return UsualRange(state, points.size, centre, centre - half, centre + half, step, TO_MOVING_RANGE_LIMIT * step)


def signals(values: ArrayLike, usual: UsualRange) -> pd.DataFrame:
    """Which points are more than noise against a usual range, which may come from earlier points.

    A row per point in order: `outside` the range, and `run`, the eighth or later point in a row on one side of the
    centre. A point on the centre ends a run, a missing point is no signal and leaves it as it was.
    Without a range there is no signal.
    """
    points = pd.Series(np.asarray(values, dtype=float))
    side = pd.Series(np.sign(points - usual.centre)).dropna()
    same = side.groupby((side != side.shift()).cumsum()).cumcount() + 1
    return pd.DataFrame(
        {
            "outside": (points < usual.low) | (points > usual.high),
            "run": ((same >= RUN) & (side != 0)).reindex(points.index, fill_value=False),
        }
    )


def _differ(sizes: np.ndarray) -> bool:
    # written so that missing sizes differ
    return not (np.abs(sizes - sizes.mean()) <= SIZES_WITHIN * sizes.mean()).all()


def _no_range(state: State, points: int) -> UsualRange:
    return UsualRange(state, points, *[math.nan] * 5)
