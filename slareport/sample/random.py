"""Chance and time for the sample company: the same numbers for the same seed on every Python and NumPy.

Instants are whole seconds since 1970 in UTC (int64); what never happens is `NEVER`, which no export reaches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]

NEVER = 10**11
MINUTE, HOUR, DAY = 60, 3600, 86_400
OPENING, OFFICE_DAY = (
    9 * HOUR,
    8 * HOUR,
)  # Monday to Friday, 09:00-17:00 local; the sample company knows no holidays
FIRST_DAY = date(2023, 9, 25)  # a Monday, so that day % 7 is the weekday
DAYS = 7 * 220
WAIT_SPREAD = 0.65
LARGEST = 1 - 2.0**-53  # the last number before 1
APART = 10**12  # keeps the teams' instants apart on one sorted axis


class Draws:
    """Random numbers by purpose: every purpose has a stream of its own, so a new one never shifts the others.

    Only `PCG64.random_raw` is used, whose stream NumPy guarantees; its distributions may change between versions.
    """

    def __init__(self, seed: int, *, even: bool = True) -> None:
        self._seed, self._even = seed, even
        self._used: set[str] = set()

    def uniform(self, purpose: str, count: int) -> Floats:
        """Return `count` numbers in [0, 1). A purpose used twice would be secretly correlated: ValueError."""
        if purpose in self._used:
            raise ValueError(f"purpose {purpose!r} has already been drawn")
        self._used.add(purpose)
        digest = hashlib.sha256(f"{self._seed}/{purpose}".encode()).digest()
        bits = np.random.PCG64(int.from_bytes(digest[:16], "big")).random_raw(count)
        return np.asarray((bits >> np.uint64(11)) * 2.0**-53, dtype=np.float64)

    def chance(self, purpose: str, count: int, share: float) -> Bools:
        """Return True for about `share` of the rows."""
        return self.uniform(purpose, count) < share

    def spread(self, purpose: str, groups: Ints) -> Floats:
        """Numbers in [0, 1) spread evenly within each group: a share planted in a group is met up to one row.

        Without `even` every number is drawn by itself, as chance has it.
        """
        count = len(groups)
        if not self._even:
            return self.uniform(purpose, count)
        order = np.lexsort((self.uniform(purpose + "/order", count), groups))
        _, first, sizes = np.unique(groups[order], return_index=True, return_counts=True)
        rank = np.empty(count)
        rank[order] = np.arange(count) - np.repeat(first, sizes)
        size = np.empty(count)
        size[order] = np.repeat(sizes, sizes)
        return np.minimum((rank + self.uniform(purpose, count)) / size, LARGEST)

    def pick(self, purpose: str, count: int, weights: Sequence[float] | Floats) -> Ints:
        """Positions 0, 1, … drawn in proportion to their weights."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(edges[:-1], self.uniform(purpose, count) * edges[-1], side="right")
        return np.asarray(found, dtype=np.int64)

    def word(self, purpose: str, count: int, words: Sequence[str] | Mapping[str, int]) -> Texts:
        """Words drawn evenly, or by their weights."""
        weights = list(words.values()) if isinstance(words, Mapping) else [1] * len(words)
        return np.array(list(words))[self.pick(purpose, count, weights)]

    def duration(self, purpose: str, count: int, median: float | Ints, spread: float = 0.6) -> Ints:
        """Seconds, skewed like waiting times are (log-logistic), around a median."""
        return whole(median * odds(np.clip(self.uniform(purpose, count), 0.003, 0.997)) ** spread)


def odds(share: Floats) -> Floats:
    """Return p / (1 - p)."""
    return share / (1 - share)


def waits(luck: Floats, share: float | Floats, limit: int | Ints) -> Ints:
    """Seconds, skewed (log-logistic), below the limit exactly where luck is below the share.

    >>> waits(np.array([0.2, 0.9, 0.95]), 0.9, 3600).tolist()
    [351, 3600, 5851]
    """
    return whole(limit * (odds(np.clip(luck, 1e-6, 1 - 1e-6)) / odds(np.asarray(share))) ** WAIT_SPREAD)


def whole(numbers: Floats) -> Ints:
    """Rounded, so that the last bit of a power or a division never reaches a file."""
    return np.rint(numbers).astype(np.int64)


class Calendar:
    """Local days and office hours of several zones, for arrays of (team position, instant).

    Days are counted from `FIRST_DAY`; all teams are looked up at once on one sorted axis.
    """

    def __init__(self, zones: Sequence[str]) -> None:
        self.dates = [FIRST_DAY + timedelta(days=i) for i in range(DAYS)]
        self.quarter_start = np.array(
            [(date(d.year, d.month - (d.month - 1) % 3, 1) - FIRST_DAY).days for d in self.dates],
            dtype=np.int64,
        )
        self.weekday = np.arange(DAYS) % 7
        work = [d for d in self.dates if d.weekday() < 5]
        self._midnight, self._opens = self._axis(zones, self.dates, 0), self._axis(zones, work, OPENING)
        self._days, self._workdays = DAYS, len(work)

    @staticmethod
    def _axis(zones: Sequence[str], dates: list[date], second: int) -> Ints:
        clock = time(second // HOUR)
        rows = [[int(datetime.combine(d, clock, ZoneInfo(z)).timestamp()) for d in dates] for z in zones]
        return np.array([np.array(row) + i * APART for i, row in enumerate(rows)], dtype=np.int64).ravel()

    def day(self, team: Ints, at: Ints) -> Ints:
        """Return the local day of each instant."""
        found = np.searchsorted(self._midnight, at + team * APART, side="right") - 1
        return np.asarray(found - team * self._days, dtype=np.int64)

    def instant(self, team: Ints, day: Ints, second: Ints) -> Ints:
        """Return the instant some seconds into a local day."""
        return np.asarray(self._midnight[team * self._days + day] - team * APART + second, dtype=np.int64)

    def later(self, team: Ints, at: Ints, business_seconds: Ints) -> Ints:
        """Return the instant, always within office hours, when that much office time has passed."""
        axis = at + team * APART
        last = np.searchsorted(self._opens, axis, side="right") - 1
        worked = np.minimum(axis - self._opens[last], OFFICE_DAY) + business_seconds
        found = np.minimum(last + worked // OFFICE_DAY, (team + 1) * self._workdays - 1)
        return np.asarray(self._opens[found] + worked % OFFICE_DAY - team * APART, dtype=np.int64)

    def opening(self, team: Ints, at: Ints) -> Ints:
        """Return the last opening at or before each instant."""
        axis = at + team * APART
        last = np.searchsorted(self._opens, axis, side="right") - 1
        return np.asarray(self._opens[last] - team * APART, dtype=np.int64)
