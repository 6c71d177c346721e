"""What customers' answers say: the Net Promoter Score. A CSAT is a share of answers, see `shares`."""

from __future__ import annotations

import math
from typing import NamedTuple

from slareport.statistics.estimates import NOTHING, Interval, Z

FEWEST = 10


class NetPromoterScore(NamedTuple):
    """The `score` and its 95% interval in points of -100 to 100; `variance` of one answer, each being -1, 0 or 1."""

    score: float
    low: float
    high: float
    variance: float


def net_promoter_score(promoters: int, passives: int, detractors: int) -> NetPromoterScore:
    """The Net Promoter Score of counted answers: those of 9-10 less those of 0-6, in points per hundred answers.

    The interval adds three answers spread evenly around the middle before it applies the normal
    approximation (Rocks 2016, The American Statistician 70:365, adjusted Wald), so even all of one kind have one.
    Fewer than ten answers have none: NaN.
    """
    n = promoters + passives + detractors
    if not n:
        return NetPromoterScore(math.nan, *NOTHING, math.nan)
    score, variance = _moments(promoters, detractors, n)
    interval = NOTHING
    if n >= FEWEST:
        middle, spread = _moments(promoters + 3 / 4, detractors + 3 / 4, n + 3)
        half = Z * math.sqrt(spread / (n + 3))
        interval = Interval(max(-100.0, 100 * (middle - half)), min(100.0, 100 * (middle + half)))
    return NetPromoterScore(100 * score, *interval, variance)


def _moments(promoters: float, detractors: float, n: float) -> tuple[float, float]:
    score = (promoters - detractors) / n
    return score, (promoters + detractors) / n - score**2
