"""Medians and other quantiles, with intervals that assume nothing about the distribution."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from scipy import special  # scipy.stats has the same functions, and takes a second to import

from slareport.statistics.estimates import TAIL, Estimate, Interval


def median_with_interval(values: Iterable[float]) -> Estimate:
    """The median and its 95% interval, in the unit of the values; missing values are left out.

    Fewer than six values are too few for an interval: NaN. See `quantile_with_interval`.
    """
    ordered = _ordered(values)
    return Estimate(float(np.median(ordered)) if ordered.size else math.nan, *_ends(ordered, 0.5))


def quantile_with_interval(values: Iterable[float], share: float) -> Estimate:
    """The value that `share` (0-1) of the values do not exceed, with its 95% interval; missing values are left out.

    The interval runs between two order statistics, so it assumes nothing about the distribution
    (Conover, Practical Nonparametric Statistics, 3.2). An end that no value marks is NaN: the 90% quantile
    of twenty values has a lower end and no upper one.
    """
    ordered = _ordered(values)
    return Estimate(float(np.quantile(ordered, share)) if ordered.size else math.nan, *_ends(ordered, share))


def _ordered(values: Iterable[float]) -> np.ndarray:
    array = np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=float)
    return np.sort(array[~np.isnan(array)])


def _ends(ordered: np.ndarray, share: float) -> Interval:
    # The most values that can be left out at an end with at most 2.5% of the probability outside.
    n = ordered.size
    below = int(np.searchsorted(special.bdtr(np.arange(n), n, share), TAIL, side="right"))
    above = int(np.searchsorted(special.bdtr(np.arange(n), n, 1 - share), TAIL, side="right"))
    return Interval(float(ordered[below - 1]) if below else math.nan, float(ordered[-above]) if above else math.nan)
