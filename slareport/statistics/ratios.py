"""A sum over a sum, such as amounts forecast over amounts won, and how sure it is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from slareport.statistics.estimates import NOTHING, Estimate, Z

FEWEST = 6


def ratio_with_interval(numerators: ArrayLike, denominators: ArrayLike) -> Estimate:
    """The sum of the numerators over the sum of the denominators, with its 95% interval; NaN where that sum is 0.

    Each item brings a numerator and a denominator of any unit. The interval linearises the ratio (Cochran 1977,
    Sampling Techniques, 6.4), so it is the one of a mean where every denominator is 1; fewer than six items are too
    few for one: NaN.
    """
    over, under = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    n, total = under.size, under.sum()
    if not total:
        return Estimate(math.nan, *NOTHING)
    ratio = over.sum() / total
    if n < FEWEST:
        return Estimate(ratio, *NOTHING)
    half = Z * math.sqrt(n / (n - 1) * ((over - ratio * under) ** 2).sum()) / abs(total)
    return Estimate(ratio, ratio - half, ratio + half)
