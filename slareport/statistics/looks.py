"""Many verdicts at once: how many would be bad by chance alone, and which are bad nevertheless."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from slareport.statistics.estimates import TAIL
from slareport.statistics.shares import Target, chance_of_at_most, evidence, rate_of


class Looks(NamedTuple):
    """How far many verdicts can be trusted together.

    Of `verdicts` with items, `below` say "below". `by_chance` is how many would if every process were exactly on
    its target. `adjusted` are the p-values of the verdicts in order after Benjamini and Hochberg, NaN without
    items: of all verdicts with 0.05 or less, 5% are false on average.
    """

    verdicts: int
    below: int
    by_chance: float
    adjusted: np.ndarray


def looks(k: Sequence[int], n: Sequence[int], targets: Sequence[Target]) -> Looks:
    """What many looks at once are worth: k of n items against a target for every clause, team and period."""
    counts = [(int(kept), int(items), target) for kept, items, target in zip(k, n, targets, strict=True)]
    judged = [count for count in counts if count[1]]
    return Looks(
        verdicts=len(judged),
        below=sum(evidence(*count) == "below" for count in judged),
        by_chance=math.fsum(_false_alarm(items, target) for _, items, target in judged),
        adjusted=adjusted([chance_of_at_most(*count) if count[1] else math.nan for count in counts]),
    )


def adjusted(pvalues: ArrayLike) -> np.ndarray:
    """P-values adjusted for being many, in order; NaN stays NaN (Benjamini and Hochberg 1995, JRSS B 57:289)."""
    values = np.array(pvalues, dtype=float)
    known = ~np.isnan(values)
    values[known] = scipy.stats.false_discovery_control(values[known])
    return values


def _false_alarm(n: int, target: Target) -> float:
    # Counts are whole, so the chance of a "below" on target is the last tail within 2.5%, and mostly less than 2.5%.
    tails = special.bdtr(np.arange(n + 1), n, float(rate_of(target)))
    return float(tails[tails <= TAIL].max(initial=0.0))
