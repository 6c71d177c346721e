"""What a pipeline will bring, and how good forecasts have been.

Deals are taken as independent of each other. Where a market turns, all turn, and the true range is wider.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from slareport.statistics.estimates import TAIL
from slareport.statistics.shares import wilson

FINEST = 100_000  # points a distribution of amounts may have


class Outlook(NamedTuple):
    """What to expect of a sum: its mean, its variance and the range it falls into with at least 95% probability."""

    mean: float
    variance: float
    low: float
    high: float


class Calibration(NamedTuple):
    """Spiegelhalter's `z`, beyond 1.96 either way when probabilities and outcomes disagree, and its p-value."""

    z: float
    pvalue: float


def win_distribution(probabilities: ArrayLike) -> pd.Series:
    """How likely each number of wins is, for deals won with these probabilities (Poisson-binomial).

    Returns probabilities indexed by 0, 1, ... all deals.
    """
    chances = _chances(probabilities)
    pmf = np.ones(1)
    for chance in chances:
        pmf = np.convolve(pmf, (1 - chance, chance))
    return pd.Series(pmf, index=pd.RangeIndex(pmf.size, name="wins"), name="probability")


def value_distribution(probabilities: ArrayLike, amounts: ArrayLike) -> pd.Series:
    """How likely each total is, for deals won with these probabilities and worth these amounts (0 or more).

    Returns probabilities indexed by totals on a grid of 1, 2 or 5 times a power of ten, fine enough for up to 100,000
    points: every amount is rounded to it, and the rest is an exact convolution, without drawing of lots.
    Raises ValueError for missing or negative amounts.
    """
    chances, worth = _chances(probabilities), np.asarray(amounts, dtype=float)
    if worth.shape != chances.shape or not (worth >= 0).all():
        raise ValueError("every deal needs a probability and an amount of 0 or more")
    step = _step(float(worth.sum()))
    units = np.rint(worth / step).astype(int)
    pmf = np.zeros(units.sum() + 1)
    pmf[0], top = 1.0, 0
    for chance, unit in zip(chances, units, strict=True):
        won = pmf[: top + 1] * chance
        pmf[: top + 1] -= won
        top += unit
        pmf[unit : top + 1] += won
    return pd.Series(pmf, index=pd.Index(np.arange(pmf.size) * step, name="value"), name="probability")


def outlook(distribution: pd.Series) -> Outlook:
    """Mean, variance and 95% range of a distribution as `win_distribution` and `value_distribution` give it."""
    totals, pmf = distribution.index.to_numpy(float), distribution.to_numpy(float)
    mean = float(totals @ pmf)
    low, high = totals[np.searchsorted(np.cumsum(pmf), [TAIL, 1 - TAIL])]
    return Outlook(mean, float((totals - mean) ** 2 @ pmf), float(low), float(high))


def chance_of_at_least(distribution: pd.Series, total: float) -> float:
    """How likely the sum reaches `total`, which is taken to the nearest point of the distribution's grid."""
    totals = distribution.index.to_numpy(float)
    half_step = (totals[1] - totals[0]) / 2 if totals.size > 1 else 0.0
    return float(min(1.0, distribution.to_numpy(float)[totals >= total - half_step].sum()))


def brier(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """The mean squared distance of probabilities from what came (1 or 0): 0 is perfect; NaN for none (Brier 1950)."""
    chances, came = _chances(probabilities), np.asarray(outcomes, dtype=float)
    return float(np.mean((chances - came) ** 2)) if chances.size else math.nan


def reliability(probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """Whether what was said to come in 30% of cases came in 30%: a row per bin of equal width that holds any.

    Returns `above` and `up_to`, the bin's edges (an edge belongs to the bin above it), `n`, the mean `forecast`
    and the share `observed` with its `wilson` interval `low`, `high`.
    """
    chances, came = _chances(probabilities), np.asarray(outcomes, dtype=float)
    # rounded, as 0.29 * 100 falls short of 29
    place = np.minimum(np.round(chances * bins, 9).astype(int), bins - 1)
    table = (
        pd.DataFrame({"bin": place, "forecast": chances, "came": came})
        .groupby("bin")
        .agg(n=("came", "size"), forecast=("forecast", "mean"), came=("came", "sum"))
    )
    limits = [wilson(int(k), int(n)) for k, n in zip(table["came"], table["n"], strict=True)]
    return pd.DataFrame(
        {
            "above": table.index / bins,
            "up_to": (table.index + 1) / bins,
            "n": table["n"],
            "forecast": table["forecast"],
            "observed": table["came"] / table["n"],
            "low": [interval.low for interval in limits],
            "high": [interval.high for interval in limits],
        }
    ).reset_index(drop=True)


def spiegelhalter(probabilities: ArrayLike, outcomes: ArrayLike) -> Calibration:
    """Whether the probabilities can be true, given what came (1 or 0). NaN where all are 0, a half or 1.

    Spiegelhalter 1986, Statistics in Medicine 5:421.
    """
    chances, came = _chances(probabilities), np.asarray(outcomes, dtype=float)
    spread = math.sqrt(float(((1 - 2 * chances) ** 2 * chances * (1 - chances)).sum()))
    if not spread:
        return Calibration(math.nan, math.nan)
    z = float(((came - chances) * (1 - 2 * chances)).sum()) / spread
    return Calibration(z, float(2 * special.ndtr(-abs(z))))


def wape(actual: ArrayLike, forecast: ArrayLike) -> float:
    """How far forecasts were off, as a part of what came: sum |actual - forecast| / sum actual; NaN when none came.

    Periods without a forecast or an actual are left out. Unlike in a mean of percentages, little counts little.
    """
    came, said = _pairs(actual, forecast)
    return float(np.abs(came - said).sum() / came.sum()) if came.sum() else math.nan


def bias(actual: ArrayLike, forecast: ArrayLike) -> float:
    """How much too high (above 0) or too low forecasts were, as a part of what came; NaN when none came."""
    came, said = _pairs(actual, forecast)
    return float((said - came).sum() / came.sum()) if came.sum() else math.nan


def naive_forecasts(actual: pd.Series, season: int) -> pd.DataFrame:
    """The forecasts anybody could make: `last_period`, and `same_period_last_year` at `season` periods a year.

    `actual` holds one value per period in order, none left out; the first ones have no forecast and are NaN.
    """
    return pd.DataFrame({"last_period": actual.shift(1), "same_period_last_year": actual.shift(season)})


def forecast_value_added(actual: pd.Series, forecast: pd.Series, naive: pd.DataFrame) -> pd.DataFrame:
    """By how much forecasts beat each naive one, over the periods that have both.

    Returns a row per column of `naive`: `n` periods, `wape` of the forecasts, `naive_wape`, and `value_added`,
    the second less the first: below 0 the work made things worse.
    """
    rows = {}
    for name, simple in naive.items():
        both = pd.DataFrame({"actual": actual, "forecast": forecast, "simple": simple}).dropna()
        own, other = wape(both["actual"], both["forecast"]), wape(both["actual"], both["simple"])
        rows[name] = {"n": len(both), "wape": own, "naive_wape": other, "value_added": other - own}
    return pd.DataFrame.from_dict(rows, orient="index")


def _chances(probabilities: ArrayLike) -> np.ndarray:
    chances = np.asarray(probabilities, dtype=float)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError("a probability is missing, or is no rate of 0-1")
    return chances


def _pairs(actual: ArrayLike, forecast: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    came, said = np.asarray(actual, dtype=float), np.asarray(forecast, dtype=float)
    known = ~(np.isnan(came) | np.isnan(said))
    return came[known], said[known]


def _step(total: float) -> float:
    if not total:
        return 1.0
    power = 10.0 ** math.floor(math.log10(total / FINEST))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power, 20 * power) if total / step <= FINEST)
