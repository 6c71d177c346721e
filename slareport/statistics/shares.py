"""Shares: their intervals, whether they reach a target, and how many misses a target leaves.

A share in a period is a fact (`share_met`, exact, unrounded). Whether the way of working behind it
reaches the target is an inference (`evidence`). Both are reported, and never mixed.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from scipy import special  # scipy.stats has the same functions, and takes a second to import

from slareport.statistics.estimates import NOTHING, TAIL, Interval, Z

Target = str | float | Decimal | Fraction
Evidence = Literal["below", "above", "too_few"]


def rate_of(target: Target) -> Fraction:
    """A target as the exact rate that was written: 0.9 is nine tenths. Raises ValueError outside 0-1."""
    rate = Fraction(str(target))
    if not 0 <= rate <= 1:
        raise ValueError(f"a target is a rate of 0-1, found {target}")
    return rate


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


def clopper_pearson(k: int, n: int) -> Interval:
    """The exact 95% interval of a share k/n, as rates of 0-1: the targets `evidence` does not tell it from.

    Never narrower than 95%, so wider than `wilson` (Clopper and Pearson 1934, Biometrika 26:404). NaN for no items.
    """
    if n == 0:
        return NOTHING
    return Interval(
        0.0 if k == 0 else float(special.betaincinv(k, n - k + 1, TAIL)),
        1.0 if k == n else float(special.betainccinv(k + 1, n - k, TAIL)),
    )


def evidence(k: int, n: int, target: Target) -> Evidence:
    """Whether k of n says more than luck: "below" or "above" the target, or "too_few" to tell.

    Exact binomial tails of 2.5% each. All of few may still be too few: 35 of 35 against 90%.
    """
    if chance_of_at_most(k, n, target) <= TAIL:
        return "below"
    at_least = special.bdtrc(k - 1, n, float(rate_of(target)))
    return "above" if at_least <= TAIL else "too_few"


def chance_of_at_most(k: int, n: int, target: Target) -> float:
    """How likely k or fewer of n are when each is kept with exactly the target's chance: a one-sided p-value."""
    return float(special.bdtr(k, n, float(rate_of(target))))


def share_met(k: int, n: int, target: Target) -> bool:
    """Whether k of n reaches the target, in exact arithmetic: 0.9 is nine tenths, and nothing is rounded.

    Raises ValueError for no items, which have neither kept nor missed anything.
    """
    if n == 0:
        raise ValueError("a share of no items is neither kept nor missed")
    return Fraction(int(k), int(n)) >= rate_of(target)


def misses_allowed(n: int, target: Target) -> int:
    """How many of n items may miss with the target still reached."""
    return int(n) - math.ceil(rate_of(target) * int(n))


class ErrorBudget(NamedTuple):
    """The misses a target leaves: `allowed` and `left` are items, `used` and `burn` are ratios (1.5 is 150%).

    `left` is below 0 once the target is out of reach. `used` counts against the whole period's items, `burn`
    against the items judged so far; both are NaN for no items, or while a target of all has no miss, then infinite.
    """

    allowed: int
    left: int
    used: float
    burn: float


def error_budget(misses: int, judged: int, target: Target, *, further: int = 0) -> ErrorBudget:
    """The error budget of a period: `misses` of `judged` items so far, and `further` items expected until its end.

    Exact arithmetic, rounded once at the end (Site Reliability Workbook, chapter 5).
    """
    whole = int(judged) + int(further)
    allowed = misses_allowed(whole, target)
    missable = 1 - rate_of(target)
    return ErrorBudget(
        allowed, allowed - int(misses), _ratio(misses, missable * whole), _ratio(misses, missable * int(judged))
    )


def chance_of_exhaustion(misses: int, judged: int, target: Target, *, further: int, miss_rate: float) -> float:
    """How likely the period ends with more misses than its target allows, at `further` items still to come.

    Binomial: each of them misses with chance `miss_rate` (0-1), which the caller takes from where it trusts it,
    such as past periods; the rate so far says nothing while there is no miss. NaN for an unknown rate.
    """
    left = error_budget(misses, judged, target, further=further).left
    # more misses than items cannot come, and bdtrc has no answer for them
    return float(special.bdtrc(min(left, int(further)), int(further), miss_rate))


def _ratio(misses: int, budget: Fraction) -> float:
    if budget:
        return float(int(misses) / budget)
    return math.inf if misses else math.nan
