"""Where a measure usually lies, and since when it lies elsewhere: what its chart shades and says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from slareport.period import Period
from slareport.results import SHORT
from slareport.statistics.variation import FEWEST, usual_range


class Range(NamedTuple):
    """A usual range, NaN for none, and the first of the periods that have all been outside it, None for none."""

    low: float = math.nan
    high: float = math.nan
    left: Period | None = None
    below: bool = False


def usual(rows: pd.DataFrame, periods: Sequence[Period]) -> Range:
    """The usual range of a measure, from its `rows` over periods that follow each other, oldest first.

    Where it has left its range for good, that is the range of the periods before it did; else of all but the last.
    Periods that were measured otherwise than the last one, or that the records cover in part only, do not count.
    """
    alike = rows["n"].gt(0) & rows["result"].ne(SHORT) & rows["definition"].eq(rows["definition"].iloc[-1])
    values = rows["value"].where(alike).to_numpy(float)
    sizes = rows["n"].to_numpy(float) if rows["unit"].iloc[-1] == "%" else None
    for first in range(FEWEST, len(values)):
        found = usual_range(values[:first], None if sizes is None else sizes[:first])
        since = values[first:]
        if (since < found.low).all() or (since > found.high).all():
            return Range(found.low, found.high, periods[first], bool(since[0] < found.low))
    found = usual_range(values[:-1], None if sizes is None else sizes[:-1])
    return Range(found.low, found.high)
