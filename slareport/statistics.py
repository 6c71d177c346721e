"""How sure a figure is: intervals, and whether a share is really below or above its target. Thin over SciPy.

A share in a period is a fact (`share_met`, exact, unrounded). Whether the way of working behind it
reaches the target is an inference (`evidence`). Both are reported, and never mixed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
from scipy import special  # scipy.stats has the same functions, and takes a second to import

CONFIDENCE = 0.95
TAIL = (1 - CONFIDENCE) / 2
Z = float(special.ndtri(1 - TAIL))

Target = str | float | Decimal | Fraction
Evidence = Literal["below", "above", "too_few"]


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


def wilson(k: int, n: int) -> Interval:
    """The 95% interval of a share k/n, as rates of 0-1; NaN for no items.

    Wilson's score interval (Newcombe 1998, Statistics in Medicine 17:857, method 3).
    It is for showing; the verdict at small n is `evidence`.
    """
    if n == 0:
        return NOTHING
    share, z2 = k / n, Z**2
    half = Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    return Interval(0.0 if k == 0 else middle - half, 1.0 if k == n else middle + half)


def median_with_interval(values: Iterable[float]) -> Estimate:
    """The median and its 95% interval, in the unit of the values; missing values are left out.

    The interval runs between two order statistics, so it assumes nothing about the distribution
    (Conover, Practical Nonparametric Statistics, 3.2). Fewer than six values are too few: NaN.
    """
    array = np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=float)
    ordered = np.sort(array[~np.isnan(array)])
    if not ordered.size:
        return Estimate(math.nan, *NOTHING)
    # The largest r for which r values at each end leave at most 2.5% of the probability outside.
    r = int(np.searchsorted(special.bdtr(np.arange(ordered.size), ordered.size, 0.5), TAIL))
    ends = Interval(float(ordered[r - 1]), float(ordered[-r])) if r else NOTHING
    return Estimate(float(np.median(ordered)), *ends)


def evidence(k: int, n: int, target: Target) -> Evidence:
    """Whether k of n says more than luck: "below" or "above" the target, or "too_few" to tell.

    Exact binomial tails of 2.5% each. All of few may still be too few: 35 of 35 against 90%.
    """
    p = float(_rate(target))
    at_most, at_least = special.bdtr(k, n, p), special.bdtrc(k - 1, n, p)
    if at_most <= TAIL:
        return "below"
    return "above" if at_least <= TAIL else "too_few"


def share_met(k: int, n: int, target: Target) -> bool:
    """Whether k of n reaches the target, in exact arithmetic: 0.9 is nine tenths, and nothing is rounded.

    Raises ValueError for no items, which have neither kept nor missed anything.
    """
    if n == 0:
        raise ValueError("a share of no items is neither kept nor missed")
    return Fraction(int(k), int(n)) >= _rate(target)


def misses_allowed(n: int, target: Target) -> int:
    """How many of n items may miss with the target still reached."""
    return int(n) - math.ceil(_rate(target) * int(n))


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


def _rate(target: Target) -> Fraction:
    rate = Fraction(str(target))
    if not 0 <= rate <= 1:
        raise ValueError(f"a target is a rate of 0-1, found {target}")
    return rate
