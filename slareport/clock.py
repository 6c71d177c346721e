"""The clock of a promise: when an item is due, how long it took, and what that makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from slareport.kpi import State
from slareport.worktime import Calendar, Duration

TOUCHED_EARLY = pd.Timedelta(minutes=15)

Instants = pd.Series  # of datetime64[us, UTC]


@dataclass(frozen=True)
class Clock:
    """Business time for a set of items, as known at `as_of`.

    `calendar_of` names each item's calendar (a Series over the items' index); without it there is one for all.
    `zone` is the reporting zone, in which whole days are counted.
    """

    as_of: pd.Timestamp
    calendars: Mapping[str, Calendar]
    zone: str
    calendar_of: pd.Series | None = None

    def judge(self, start: Instants, stop: Instants, within: Duration) -> pd.DataFrame:
        """Judge each item by the time from `start` to `stop`: met, missed, pending, invalid or does not apply.

        What lies after `as_of` has not happened. A stop at the deadline itself is in time. An item without a stop is
        missed once its deadline has come by `as_of`, and pending before that. A stop up to 15 minutes before the
        start counts as at once, an earlier one is invalid. Evidence: `due_at`, `stopped_at`, `elapsed_minutes`,
        `late_minutes` (of the promise's own time, NA unless late) and `reason`.
        """
        start, stop = start.where(start <= self.as_of), stop.where(stop <= self.as_of)
        due = self.deadline(start, within)
        end = stop.fillna(self.as_of)
        early = stop < start
        elapsed = self.elapsed(start, end, within).mask(early, pd.Timedelta(0))
        late = self.elapsed(due, end, within).where(end > due)
        state = np.select(
            [
                start.isna(),
                stop < start - TOUCHED_EARLY,
                stop.notna() & (stop <= due),
                stop.notna(),
                due <= self.as_of,
            ],
            [State.DOES_NOT_APPLY, State.INVALID, State.MET, State.MISSED, State.MISSED],
            default=State.PENDING,
        )
        frame = pd.DataFrame(
            {
                "state": pd.Series(state, index=start.index, dtype=object),
                "due_at": due,
                "stopped_at": stop,
                "elapsed_minutes": elapsed.dt.total_seconds() / 60,
                "late_minutes": late.dt.total_seconds() / 60,
            }
        )
        frame["reason"] = frame["state"].map({State.INVALID: "answered before it started"})
        return frame

    def deadline(self, start: Instants, within: Duration) -> Instants:
        """The instant by which each item is due."""
        if not within.business:
            return start + within.amount
        return self._by_calendar(lambda calendar, part: calendar.deadline(part, within.amount), start)

    def elapsed(self, start: Instants, stop: Instants, within: Duration) -> pd.Series:
        """The time from `start` to `stop`, in the time that `within` is promised in (business or wall clock)."""
        if not within.business:
            return stop - start
        return self._by_calendar(lambda calendar, part: calendar.elapsed(part, stop.loc[part.index]), start)

    def days_after(self, start: Instants, days: int) -> Instants:
        """The same local time of day, so many days later in the reporting zone."""
        local = start.dt.tz_convert(self.zone).dt.tz_localize(None) + pd.Timedelta(days=days)
        shifted = local.dt.tz_localize(self.zone, nonexistent="shift_forward", ambiguous=np.ones(len(local), bool))
        return shifted.dt.tz_convert("UTC")

    def _by_calendar(self, function: Callable[[Calendar, Instants], pd.Series], start: Instants) -> pd.Series:
        if self.calendar_of is None or start.empty:
            return function(next(iter(self.calendars.values())), start)
        names = self.calendar_of.loc[start.index]
        parts = [function(self.calendars[name], part) for name, part in start.groupby(names)]
        return pd.concat(parts).reindex(start.index)
