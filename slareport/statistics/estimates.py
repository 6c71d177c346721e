"""What an estimate is, and the change from one estimate to another."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy import special

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2
Z = float(special.ndtri(1 - TAIL))


class Interval(NamedTuple):
    """Where the true value may lie with 95% confidence; NaN, NaN when there is too little to say."""

    low: float
    high: float


class Estimate(NamedTuple):
    """A value and the 95% interval around it, in the unit of the value."""

    value: float
    low: float
    high: float


NOTHING = Interval(math.nan, math.nan)


def difference(value: float, low: float, high: float, before: float, before_low: float, before_high: float) -> Estimate:
    """The change from one period to another with its 95% interval, from the two values and their intervals.

    Works for shares and medians alike, each period being independent of the other: the square-and-add
    method (Newcombe 1998, Statistics in Medicine 17:873, method 10; Zou and Donner 2008, ibid. 27:1693, MOVER).
    NaN in, NaN out.
    """
    change = value - before
    return Estimate(
        change,
        change - math.hypot(value - low, before_high - before),
        change + math.hypot(high - value, before - before_low),
    )
