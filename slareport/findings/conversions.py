"""Why a share moved: other segments or other work (mix or rate), and at which step of the funnel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from slareport import format as fmt
from slareport.findings.finding import Finding
from slareport.statistics import Z, difference, wilson
from slareport.statistics.decomposition import funnel_change, mix_and_rate

FEWEST = 10


def mix_or_rate(now: pd.DataFrame, before: pd.DataFrame, title: str) -> Finding:
    """Whether a share moved because segments did better or worse (rate), or because other segments came (mix).

    The frames hold a row per item of either period: its `segment` and whether it was `kept` (won, on time). The
    frame has a row per segment, as `mix_and_rate` gives it. Nothing is explained where the whole has not clearly moved.
    """
    name = f"mix-{title.lower().replace(' ', '-')}"
    method = (
        "Kitagawa's decomposition: both parts add up to the change of the whole, which is told from chance by a 95% "
        "range (Newcombe)."
    )
    counts = [_counts(part) for part in (now, before)]
    frame = mix_and_rate(*(column for part in counts for column in (part["kept"], part["n"])))
    if min(len(now), len(before)) < FEWEST:
        return Finding(name, title, f"{title}: too few to compare with the period before.", frame, method)
    shares = [(part["kept"].mean(), *wilson(int(part["kept"].sum()), len(part))) for part in (now, before)]
    change, low, high = difference(*shares[0], *shares[1])
    values = f"{fmt.percent(shares[0][0])}, before {fmt.percent(shares[1][0])}"
    if not (low > 0 or high < 0):
        return Finding(name, title, f"{title}: no clear change ({values}).", frame, method)
    rate, mix = frame["rate_effect"].sum(), frame["mix_effect"].sum()
    error = Z * _error(*counts)
    said = (
        f"{title} {'rose' if change > 0 else 'fell'} by {fmt.points(abs(change)).lstrip('+')} ({values}): "
        f"{fmt.points(rate)} {fmt.interval(rate - error, rate + error, 'points')} from how well segments did, "
        f"{fmt.points(mix)} from which segments came."
    )
    return Finding(name, title, said, frame, method, True)


def funnel(visits: pd.DataFrame, now: pd.Series, before: pd.Series) -> Finding:
    """Which stage lets fewer or more deals through than before, if the whole funnel has clearly changed.

    `visits` are the items `stage_visits`; `now` and `before` select those that ended in either period.
    Stages the agreement does not name are left out. The frame has a row per stage in order, as `funnel_change` has it.
    """
    title = "Where deals drop out"
    method = (
        "Of the deals that left a stage in the period, the share that went on. The whole is their product, so its "
        "logarithm is the sum of the stages'; a stage is named where its 95% range and that of the whole leave out 0."
    )
    ended = visits[visits["left_at"].notna() & visits["position"].notna()]
    order = ended.groupby("stage")["position"].min().sort_values(kind="stable").index
    counts = [
        ended[part.reindex(ended.index)].groupby("stage")["moved_on"].agg(["sum", "size"]) for part in (now, before)
    ]
    both, then = (part.reindex(order, fill_value=0) for part in counts)
    frame = funnel_change(both["sum"], both["size"], then["sum"], then["size"])
    if not len(frame) or min(both["size"].min(), then["size"].min()) < FEWEST:
        return Finding("funnel", title, "Too few deals left each stage to compare.", frame, method)
    whole = frame["effect"].sum(skipna=False)
    half = np.hypot.reduce((frame["high"] - frame["low"]) / 2)
    sure = frame[frame["sure"] & (np.sign(frame["effect"]) == np.sign(whole))]
    if math.isnan(whole) or abs(whole) <= half or sure.empty:
        return Finding("funnel", title, "No stage lets clearly fewer or more deals through than before.", frame, method)
    stage = sure["part"].idxmax()
    row = sure.loc[stage]
    said = (
        f"{'Fewer' if whole < 0 else 'More'} deals go on from {stage}: {_share(both, stage)}, before "
        f"{_share(then, stage)}. That is {fmt.percent(min(row['part'], 1.0))} of the change of the whole funnel."
    )
    return Finding("funnel", title, said, frame, method, True)


def _counts(items: pd.DataFrame) -> pd.DataFrame:
    segments = items["segment"].astype(object).fillna("no segment")
    return items["kept"].astype(float).groupby(segments).agg(["sum", "size"]).set_axis(["kept", "n"], axis=1)


def _error(now: pd.DataFrame, before: pd.DataFrame) -> float:
    """The standard error of the rate part: each segment's binomial one, weighed by its mean share of the items."""
    both = now.add_suffix("_now").join(before.add_suffix("_before"), how="inner")
    weight = (both["n_now"] / now["n"].sum() + both["n_before"] / before["n"].sum()) / 2
    variance = sum(_variance(both[f"kept_{when}"], both[f"n_{when}"]) for when in ("now", "before"))
    return math.sqrt(float((weight**2 * variance).sum()))


def _variance(kept: pd.Series, n: pd.Series) -> pd.Series:
    rate = (kept + 1) / (n + 2)  # a segment that kept all of two still varies
    return rate * (1 - rate) / n


def _share(counts: pd.DataFrame, stage: Any) -> str:
    kept, n = counts["sum"][stage], counts["size"][stage]
    return f"{fmt.count(kept)} of {fmt.count(n)} ({fmt.percent(kept / n)})"
