"""Comparing people or teams fairly: by how many items each rate stands on, and by what kind of items they were."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import optimize, special

from slareport.statistics.estimates import TAIL, difference
from slareport.statistics.shares import wilson

FEWEST_GROUPS = 3
WEAKEST, STRONGEST = 1.0, 1e6  # items a prior may be worth
ROUNDING = 1e-8  # of the log-likelihood under a strong prior; a search for less than that does not end
GAIN = 1e-6  # of the log-likelihood over one rate for all; less is no difference between groups

PriorState = Literal["given", "fitted", "alike", "apart", "too_few"]


class Prior(NamedTuple):
    """What a team's rates look like before a group's own items count: a beta distribution around `mean` (0-1).

    `alpha + beta` is how many items it is worth. `state` says where it comes from: "fitted" by maximum likelihood;
    "alike", the groups differ no more than luck and share one rate, so alpha and beta are infinite; "apart", they
    differ so much that the prior is held at one item; "too_few" groups of two items or more to
    fit one, NaN; "given" by the caller.
    """

    alpha: float
    beta: float
    mean: float
    state: PriorState = "given"


class ShrunkRates(NamedTuple):
    """The `rates` of groups drawn towards the team's, and the `prior` that drew them, whose state must be told."""

    prior: Prior
    rates: pd.DataFrame


def beta_binomial_prior(k: pd.Series, n: pd.Series) -> Prior:
    """The spread of the true rates behind k of n per group, by maximum likelihood of the beta-binomial.

    Groups without items say nothing. See `Prior` for what is said when there is no such spread.
    """
    kept, items = (np.asarray(counts, dtype=float) for counts in (k, n))
    if (items >= 2).sum() < FEWEST_GROUPS:
        return Prior(math.nan, math.nan, math.nan, "too_few")
    common = kept.sum() / items.sum()
    alike = float((special.xlogy(kept, common) + special.xlog1py(items - kept, -common)).sum())

    def loss(parameters: np.ndarray) -> float:
        alpha, beta = _shape(parameters)
        return float((special.betaln(alpha, beta) - special.betaln(kept + alpha, items - kept + beta)).sum())

    fit = optimize.minimize(
        loss,
        x0=(special.logit(np.clip(common, 0.01, 0.99)), math.log(10)),
        method="Nelder-Mead",
        bounds=((-20, 20), (math.log(WEAKEST), math.log(STRONGEST))),
        options={"xatol": 1e-8, "fatol": ROUNDING, "maxiter": 2000},
    )
    if -fit.fun - alike < GAIN:
        return Prior(math.inf, math.inf, float(common), "alike")
    alpha, beta = _shape(fit.x)
    return Prior(alpha, beta, alpha / (alpha + beta), "apart" if alpha + beta < WEAKEST * (1 + GAIN) else "fitted")


def shrunk_rates(k: pd.Series, n: pd.Series, prior: Prior | None = None) -> ShrunkRates:
    """The rate of each group, drawn towards the team's the more the fewer items it stands on (empirical Bayes).

    `k` of `n` per group (the index), `prior` from `beta_binomial_prior` unless given. Returns the prior and a row per
    group, best first: `k`, `n`, `raw` rate, `shrunk` rate (posterior mean) with its 95% interval `low`, `high`,
    `above_mean`, the chance that the true rate exceeds the prior's mean, and `rank`. Groups tie with the
    best of their rank from whom they cannot be told (the interval of the `difference` holds 0), so ranks
    read 1, 1, 1, 4. When the groups are alike all have the common rate, its `wilson` interval and rank 1. NaN where
    there is nothing to say. Robinson 2017, Introduction to Empirical Bayes, chapters 3-5.
    """
    prior = beta_binomial_prior(k, n) if prior is None else prior
    rates = pd.DataFrame({"k": k, "n": n, "raw": k / n.where(n > 0)})
    if prior.state == "alike":
        low, high = wilson(int(k.sum()), int(n.sum()))
        return ShrunkRates(prior, rates.assign(shrunk=prior.mean, low=low, high=high, above_mean=math.nan, rank=1.0))
    alpha, beta = k + prior.alpha, n - k + prior.beta
    rates["shrunk"] = shrunk(k, n, prior)
    rates["low"] = special.betaincinv(alpha, beta, TAIL)
    rates["high"] = special.betainccinv(alpha, beta, TAIL)
    rates["above_mean"] = special.betaincc(alpha, beta, prior.mean)
    rates = rates.sort_values("shrunk", ascending=False, kind="stable")
    return ShrunkRates(prior, rates.assign(rank=_ranks(rates[["shrunk", "low", "high"]])))


def shrunk(k: pd.Series, n: pd.Series, prior: Prior) -> pd.Series:
    """The rates of `shrunk_rates` alone, for who needs neither their intervals nor their ranks."""
    if prior.state == "alike":
        return pd.Series(prior.mean, index=k.index)
    alpha, beta = k + prior.alpha, n - k + prior.beta
    return alpha / (alpha + beta)


def observed_over_expected(owners: pd.Series, segments: pd.Series, kept: pd.Series) -> pd.DataFrame:
    """What each owner kept against what the same items would have given at everybody's rate in their segments.

    One row per item in the three series: its owner, its segment, and whether it was kept (won, met). Returns a row per
    owner: `n` items, `observed` and `expected` kept items and their `ratio` with its 95% interval `low`, `high`;
    above 1 is better than everybody, easy and hard segments set aside (indirect standardisation). The interval takes
    `observed` as Poisson (Ulm 1990, Am. J. Epidemiol. 131:373), and so is rather wide where the rates are high.
    A missing owner or segment is one of its own. NaN where nothing was expected.
    """
    items = pd.DataFrame({"owner": owners, "segment": segments, "kept": kept.astype(float)})
    items["expected"] = items.groupby("segment", dropna=False)["kept"].transform("mean")
    table = items.groupby("owner", dropna=False).agg(
        n=("kept", "size"), observed=("kept", "sum"), expected=("expected", "sum")
    )
    observed, expected = table["observed"], table["expected"].where(table["expected"] > 0)
    low = special.gammaincinv(observed.clip(lower=1), TAIL) * (observed > 0)
    return table.assign(
        ratio=observed / expected, low=low / expected, high=special.gammainccinv(observed + 1, TAIL) / expected
    )


def _shape(parameters: np.ndarray) -> tuple[float, float]:
    mean, worth = float(special.expit(parameters[0])), math.exp(parameters[1])
    return mean * worth, (1 - mean) * worth


def _ranks(ordered: pd.DataFrame) -> list[float]:
    ranks: list[float] = []
    best = (math.nan,) * 3
    for place, row in enumerate(ordered.itertuples(index=False, name=None), start=1):
        if math.isnan(row[0]):
            ranks.append(math.nan)
        elif ranks and not difference(*best, *row).low > 0:
            ranks.append(ranks[-1])
        else:
            best = row
            ranks.append(float(place))
    return ranks
