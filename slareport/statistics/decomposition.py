"""Where a change comes from: mix or rate, which step of a funnel, which stage of the cycle.

Every table's effects add up to the change of the whole, with nothing left over. Now comes before then,
as in `difference`.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import special

from slareport.statistics.estimates import NOTHING, TAIL, Estimate, difference
from slareport.statistics.shares import wilson


def mix_and_rate(k: pd.Series, n: pd.Series, k_before: pd.Series, n_before: pd.Series) -> pd.DataFrame:
    """How much of a share's change comes from better or worse segments (rate), and how much from other segments (mix).

    The four series hold counts per segment (their index): k of n now and before; a segment that one of them lacks
    counts 0 there. Returns a row per segment: its rates and its shares of the items, now and before,
    `rate_effect` and `mix_effect`, in rates of 0-1 that sum to the whole's change exactly.
    A growing segment has a good mix effect when it is better than the whole, not whenever it grows. A segment
    that is new or gone changes the mix alone. NaN for a period without items. Kitagawa 1955, JASA 50:1168.
    """
    counts = pd.DataFrame({"k": k, "n": n, "k_before": k_before, "n_before": n_before}, dtype=float).fillna(0)
    counts = counts[(counts["n"] > 0) | (counts["n_before"] > 0)]
    items = counts[["n", "n_before"]].sum().replace(0, math.nan)
    rate, rate_before = counts["k"] / counts["n"], counts["k_before"] / counts["n_before"]
    share, share_before = counts["n"] / items["n"], counts["n_before"] / items["n_before"]
    whole = (counts["k"].sum() / items["n"] + counts["k_before"].sum() / items["n_before"]) / 2
    now, then = rate.fillna(rate_before), rate_before.fillna(rate)
    return pd.DataFrame(
        {
            "rate_before": rate_before,
            "rate": rate,
            "share_before": share_before,
            "share": share,
            "rate_effect": (share + share_before) / 2 * (now - then),
            "mix_effect": (share - share_before) * ((now + then) / 2 - whole),
        }
    )


def funnel_change(
    reached: pd.Series, entered: pd.Series, reached_before: pd.Series, entered_before: pd.Series
) -> pd.DataFrame:
    """Which step of a funnel changed its overall conversion: the product of the steps' conversions.

    The four series hold counts per step (their index): `reached` the next step of `entered`, now and before. Returns a
    row per step in order: `conversion_before`, `conversion`, `effect` (change of the logarithm, which adds up over the
    steps) with its 95% interval `low`, `high`, `part` (of the overall change, 1 is all of it) and `sure` (the interval
    leaves out 0). NaN where a step converts none. Interval: `difference` of the logarithms of `wilson` intervals.
    """
    steps = entered.index
    now = [_log_share(int(reached[step]), int(entered[step])) for step in steps]
    then = [_log_share(int(reached_before[step]), int(entered_before[step])) for step in steps]
    effects = _effects([difference(*a, *b) for a, b in zip(now, then, strict=True)], steps)
    shares = pd.DataFrame({"conversion_before": reached_before / entered_before, "conversion": reached / entered})
    return pd.concat([shares.reindex(steps), effects], axis=1)


def dwell_change(dwell: pd.DataFrame, dwell_before: pd.DataFrame) -> pd.DataFrame:
    """Which stage made the mean cycle longer or shorter: the cycle is the sum of the mean times in its stages.

    The frames hold a row per deal and a column per stage, now and before, in any unit of time; a stage a deal skipped
    is 0, as a missing time would not add up. Returns a row per stage: `mean_before`, `mean`, `effect` (adds up to the
    change of the mean cycle) with its 95% interval `low`, `high` (Welch 1947, Biometrika 34:28), `part` and `sure`
    as in `funnel_change`. NaN intervals below two deals. Raises ValueError for missing times or other stages.
    """
    if list(dwell.columns) != list(dwell_before.columns):
        raise ValueError(f"other stages before: {list(dwell_before.columns)}, now {list(dwell.columns)}")
    missing = dwell.columns[dwell.isna().any() | dwell_before.isna().any()]
    if len(missing):
        raise ValueError(f"missing times in {list(missing)}; a stage that was skipped took 0")
    changes = [welch(dwell[stage].to_numpy(float), dwell_before[stage].to_numpy(float)) for stage in dwell]
    means = pd.DataFrame({"mean_before": dwell_before.mean(), "mean": dwell.mean()})
    return pd.concat([means, _effects(changes, dwell.columns)], axis=1)


def _effects(changes: list[Estimate], index: pd.Index) -> pd.DataFrame:
    table = pd.DataFrame(changes, index=index, columns=["effect", "low", "high"], dtype=float)
    whole = table["effect"].sum(skipna=False)
    table["part"] = table["effect"] / (whole or math.nan) + 0.0  # a step that changed nothing is 0, not -0
    table["sure"] = (table["low"] > 0) | (table["high"] < 0)
    return table


def _log_share(k: int, n: int) -> Estimate:
    if not k:
        return Estimate(math.nan, *NOTHING)
    low, high = wilson(k, n)
    return Estimate(math.log(k / n), math.log(low), math.log(high))


def welch(now: np.ndarray, then: np.ndarray) -> Estimate:
    """By how much one mean exceeds another, with a 95% interval that lets both spread as they do (Welch 1947)."""
    if min(now.size, then.size) < 2:
        change = now.mean() - then.mean() if now.size and then.size else math.nan
        return Estimate(float(change), *NOTHING)
    change, parts = now.mean() - then.mean(), np.array([now.var(ddof=1) / now.size, then.var(ddof=1) / then.size])
    if not parts.any():
        return Estimate(float(change), *NOTHING)
    freedom = parts.sum() ** 2 / (parts**2 / np.array([now.size - 1, then.size - 1])).sum()
    half = special.stdtrit(freedom, 1 - TAIL) * math.sqrt(parts.sum())
    return Estimate(float(change), float(change - half), float(change + half))
