"""How sure a figure is, and what a careful analyst says about it. Thin over SciPy.

Here stand the figures every packet needs. The rest has a module per question and is imported by name
(`from slareport.statistics import survival`). `scipy.stats` takes a second to load: it loads when it is first used.
"""

from slareport.statistics.estimates import CONFIDENCE, NOTHING, TAIL, Estimate, Interval, Z, difference
from slareport.statistics.medians import median_with_interval, quantile_with_interval
from slareport.statistics.shares import (
    ErrorBudget,
    Evidence,
    Target,
    chance_of_at_most,
    chance_of_exhaustion,
    clopper_pearson,
    error_budget,
    evidence,
    misses_allowed,
    share_met,
    wilson,
)

__all__ = [
    "CONFIDENCE",
    "NOTHING",
    "TAIL",
    "ErrorBudget",
    "Estimate",
    "Evidence",
    "Interval",
    "Target",
    "Z",
    "chance_of_at_most",
    "chance_of_exhaustion",
    "clopper_pearson",
    "difference",
    "error_budget",
    "evidence",
    "median_with_interval",
    "misses_allowed",
    "quantile_with_interval",
    "share_met",
    "wilson",
]
