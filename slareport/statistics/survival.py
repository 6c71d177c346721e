"""How long things take when some have not ended yet, and which of several ends they come to.

An open deal or an unanswered lead has lasted at least so long: it is censored. Leaving it out flatters,
and calling it lost where won and lost compete distorts.
"""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike

from slareport.statistics.estimates import CONFIDENCE, NOTHING, Estimate, Z

ROUNDING = 1e-12  # a product of shares that is exactly a half on paper may fall short of it by this much


class LogRank(NamedTuple):
    """The log-rank test of two groups: `chi_square` with one degree of freedom and its p-value; NaN without ends."""

    chi_square: float
    pvalue: float


def kaplan_meier(durations: ArrayLike, ended: ArrayLike) -> pd.DataFrame:
    """The share still going on after each duration, open items included as far as they got.

    `durations` are numbers of any unit, `ended` is False for what is still open; a missing duration is left out.
    Returns a row per duration seen (the index): `at_risk` and `ended` items, `survival` as a rate with the 95%
    interval `low`, `high` (Greenwood's variance, log-log scale), which is NaN where survival is 0 or 1.
    Kaplan and Meier 1958, JASA 53:457.
    """
    time, over = _known(durations, ended)
    times, at_risk, count = _counted(time, over)
    table = pd.DataFrame({"at_risk": at_risk, "ended": count}, index=pd.Index(times, name="duration"))
    if not times.size:
        return table.assign(survival=pd.Series(dtype=float), low=math.nan, high=math.nan)
    curve = _curve(time, over)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)  # NaN says so
        band: Any = curve.confidence_interval(CONFIDENCE, method="log-log")
    return table.assign(survival=curve.probabilities, low=band.low.probabilities, high=band.high.probabilities)


def time_until(durations: ArrayLike, ended: ArrayLike, share: float = 0.5) -> Estimate:
    """How long it takes until `share` (0-1) of all have ended, open ones included; a half gives the median.

    In the unit of the durations, with the 95% interval where the band of the Kaplan-Meier curve crosses
    (Brookmeyer and Crowley 1982, Biometrics 38:29). NaN where it is not reached.
    """
    curve = kaplan_meier(durations, ended)
    times = curve.index.to_numpy()
    return Estimate(*(_first(times, curve[column].to_numpy(), 1 - share) for column in ("survival", "low", "high")))


def median_until(durations: ArrayLike, ended: ArrayLike) -> float:
    """The value of `time_until` for a half alone, many times faster than with its interval."""
    time, over = _known(durations, ended)
    if not time.size:
        return math.nan
    curve = _curve(time, over)
    return _first(curve.quantiles, curve.probabilities, 0.5)


def logrank(durations: ArrayLike, ended: ArrayLike, other_durations: ArrayLike, other_ended: ArrayLike) -> LogRank:
    """Whether two groups take equally long, open items included (Mantel 1966; Peto and Peto 1972).

    Arguments as in `kaplan_meier`, for one group and the other.
    """
    groups = [_known(durations, ended), _known(other_durations, other_ended)]
    shortest = min((time.max(initial=-math.inf) for time, _ in groups), default=-math.inf)
    if not any((time[over] <= shortest).any() for time, over in groups):
        return LogRank(math.nan, math.nan)  # nothing has ended while both groups were there
    here, there = (scipy.stats.CensoredData.right_censored(time, ~over) for time, over in groups)
    result = scipy.stats.logrank(here, there)
    return LogRank(float(result.statistic) ** 2, float(result.pvalue))


def cumulative_incidence(durations: ArrayLike, outcomes: ArrayLike) -> pd.DataFrame:
    """The chance of having come to each outcome by each duration, where outcomes compete (won, lost) and some are open.

    `outcomes` names how each item ended and is missing (None, NaN) for what is still open; a missing duration is left
    out. Returns a row per outcome and duration at which anything ended: `outcome`, `duration`, `at_risk`, `ended` (in
    this outcome), `incidence` as a rate and its 95% interval `low`, `high` (log-log scale), NaN where incidence is 0
    or 1. Aalen and Johansen 1978 (Scand. J. Stat. 5:141); variance by the delta method, which for one
    outcome is Greenwood's and without open items the binomial one (Marubini and Valsecchi 1995, 10.3).
    """
    time, outcome = _known(durations, np.asarray(outcomes, dtype=object))
    over = ~pd.isna(outcome)
    times, at_risk, count = _counted(time, over)
    times, at_risk, count = (values[count > 0] for values in (times, at_risk, count))
    after = np.cumprod(1 - count / at_risk)  # still open after each time
    before = np.concatenate([[1.0], after])[:-1]
    tables = []
    for name in sorted(set(outcome[over])):
        here = np.bincount(np.searchsorted(times, time[outcome == name]), minlength=times.size)
        incidence = np.cumsum(before * here / at_risk)
        low, high = _band(incidence, _variance(incidence, before, at_risk, count, here))
        tables.append(
            pd.DataFrame(
                {
                    "outcome": name,
                    "duration": times,
                    "at_risk": at_risk,
                    "ended": here,
                    "incidence": incidence,
                    "low": low,
                    "high": high,
                }
            )
        )
    columns = ["outcome", "duration", "at_risk", "ended", "incidence", "low", "high"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def chance_by(durations: ArrayLike, outcomes: ArrayLike, outcome: object, horizon: float) -> Estimate:
    """The chance of `outcome` within `horizon`, with its 95% interval: an early answer for a cohort still young.

    Arguments as in `cumulative_incidence`. NaN when some items are open and none has been followed that long.
    """
    time, ends = _known(durations, np.asarray(outcomes, dtype=object))
    still_open = pd.isna(ends)
    if not time.size or (still_open[time == time.max()].any() and time.max() < horizon):
        return Estimate(math.nan, *NOTHING)
    table = cumulative_incidence(time, ends)
    reached = table[(table["outcome"] == outcome) & (table["duration"] <= horizon)]
    if reached.empty:
        return Estimate(0.0, *NOTHING)
    value, low, high = reached.iloc[-1][["incidence", "low", "high"]]
    return Estimate(float(value), float(low), float(high))


def _known(durations: ArrayLike, ends: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    time, ends = np.asarray(durations, dtype=float), np.asarray(ends)
    known = ~np.isnan(time)
    return time[known], ends[known] if ends.dtype == object else ends[known].astype(bool)


def _counted(time: np.ndarray, over: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The distinct durations, how many lasted at least so long, and how many ended just then."""
    times, place = np.unique(time, return_inverse=True)
    at_risk = time.size - np.searchsorted(np.sort(time), times)
    return times, at_risk, np.bincount(place[over], minlength=times.size)


def _curve(time: np.ndarray, over: np.ndarray) -> Any:
    return scipy.stats.ecdf(scipy.stats.CensoredData.right_censored(time, ~over)).sf


def _first(times: np.ndarray, curve: np.ndarray, level: float) -> float:
    reached = times[curve <= level + ROUNDING]
    return float(reached[0]) if reached.size else math.nan


def _variance(
    incidence: np.ndarray, before: np.ndarray, at_risk: np.ndarray, count: np.ndarray, here: np.ndarray
) -> np.ndarray:
    # Sums over earlier times of (I(t) - I(j))^2 A(j) - 2 (I(t) - I(j)) B(j) + C(j), with the squares multiplied out.
    left = at_risk - count
    any_end = np.divide(count, at_risk * left, out=np.zeros(count.size), where=left > 0)
    this_end = before * here / at_risk**2
    alone = before**2 * here * (at_risk - here) / at_risk**3
    variance: np.ndarray = (
        incidence**2 * np.cumsum(any_end)
        - 2 * incidence * np.cumsum(any_end * incidence + this_end)
        + np.cumsum(any_end * incidence**2 + 2 * this_end * incidence + alone)
    )
    return np.maximum(variance, 0)


def _band(incidence: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    inside = (incidence > 0) & (incidence < 1 - ROUNDING)
    shown = np.where(inside, incidence, 0.5)
    power = np.exp(Z * np.sqrt(variance) / (shown * -np.log(shown)))
    return np.where(inside, shown**power, math.nan), np.where(inside, shown ** (1 / power), math.nan)
