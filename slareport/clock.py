"""The clock of a promise: when an item is due, how long it took, and what that makes it.

It runs in the promise's own time, stands still while a hold or the owner's leave pauses it, and is never reset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from slareport.kpi import State
from slareport.worktime import Calendar, Duration

TOUCHED_EARLY = pd.Timedelta(minutes=15)

Instants = pd.Series  # of datetime64[us, UTC]


NO_PAUSES = pd.DataFrame(
    {"item": pd.Series(dtype=object)} | {name: pd.Series(dtype="datetime64[us, UTC]") for name in ("from_at", "to_at")}
)


@dataclass(frozen=True)
class Clock:
    """Business time for a set of items, as known at `as_of`.

    `calendar_of` names each item's calendar (a Series over the items' index); without it there is one for all.
    `zone` is the reporting zone, in which whole days are counted. `pauses` has a row per interval in which an
    `item`'s clock stands still, `from_at` to `to_at`; those of one item do not overlap (`united`). From the share
    `warn` of its time on, an item is at risk.
    """

    as_of: pd.Timestamp
    calendars: Mapping[str, Calendar]
    zone: str
    calendar_of: pd.Series | None = None
    pauses: pd.DataFrame = field(default_factory=lambda: NO_PAUSES)
    warn: float = 0.75

    def judge(self, start: Instants, stop: Instants, within: Duration) -> pd.DataFrame:
        """Judge each item by the time from `start` to `stop`: met, missed, pending, invalid or does not apply.

        What lies after `as_of` has not happened. A stop at the deadline itself is in time. An item without a stop is
        missed once its deadline has come by `as_of`, and pending before that. A stop up to 15 minutes before the
        start counts as at once, an earlier one is invalid. A pause moves the deadline by the promised time it takes
        away; one that begins after the deadline heals nothing. Evidence: `due_at`, `warn_at`, `stopped_at`,
        `elapsed_minutes` (without `paused_minutes`), `late_minutes` (NA unless late) and `reason`.
        """
        start, stop = start.where(start <= self.as_of), stop.where(stop <= self.as_of)
        due = self.deadline(start, within)
        end = stop.fillna(self.as_of)
        early = stop < start
        paused = self._paused(start, end, within, up_to=end)
        elapsed = (self.elapsed(start, end, within) - paused).mask(early, pd.Timedelta(0))
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
                "warn_at": self.deadline(start, within, self.warn),
                "stopped_at": stop,
                "elapsed_minutes": elapsed.dt.total_seconds() / 60,
                "paused_minutes": paused.dt.total_seconds() / 60,
                "late_minutes": late.dt.total_seconds() / 60,
            }
        )
        frame["reason"] = frame["state"].map({State.INVALID: "answered before it started"})
        return frame

    def deadline(self, start: Instants, within: Duration, share: float = 1.0) -> Instants:
        """The instant by which each item has used up its time, or a `share` of it."""
        amount = within.amount * share
        due = self._after(start, pd.Series(amount, start.index, "timedelta64[us]"), within)
        held = start[start.index.isin(self.pauses["item"])].dropna()
        while not held.empty:  # every round takes in the pauses that begin before the deadline of the round before
            later = self._after(held, self._paused(held, due.loc[held.index], within) + amount, within)
            held = held[later.ne(due.loc[held.index])]
            due = due.mask(due.index.isin(held.index), later.reindex(due.index))
        return due

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

    def _after(self, start: Instants, amount: pd.Series, within: Duration) -> Instants:
        if not within.business:
            return start + amount
        return self._by_calendar(lambda calendar, part: calendar.deadline(part, amount.loc[part.index]), start)

    def _paused(self, start: Instants, before: Instants, within: Duration, up_to: Instants | None = None) -> pd.Series:
        """How much of each item's time from `start` on the pauses took away that began `before` an instant.

        They count whole, or `up_to` an instant.
        """
        none = pd.Series(pd.Timedelta(0), start.index, "timedelta64[us]")
        rows = self.pauses[self.pauses["item"].isin(start.index)].reset_index(drop=True)
        if rows.empty:
            return none
        begun = rows["item"].map(start)
        from_at, to_at = rows["from_at"].where(rows["from_at"] > begun, begun), rows["to_at"]
        if up_to is not None:
            end = rows["item"].map(up_to)
            to_at = to_at.where(to_at < end, end)
        took = (to_at > from_at) & (from_at < rows["item"].map(before))
        calendars = None if self.calendar_of is None else rows["item"].map(self.calendar_of)
        spent = replace(self, calendar_of=calendars).elapsed(from_at, to_at, within).where(took)
        return spent.groupby(rows["item"]).sum().reindex(start.index).fillna(pd.Timedelta(0)).astype(none.dtype)

    def _by_calendar(self, function: Callable[[Calendar, Instants], pd.Series], start: Instants) -> pd.Series:
        if self.calendar_of is None or start.empty:
            return function(next(iter(self.calendars.values())), start)
        names = self.calendar_of.loc[start.index]
        used = names.unique()
        if len(used) == 1:  # a team has one
            return function(self.calendars[used[0]], start)
        parts = [function(self.calendars[name], start[names.eq(name)]) for name in used]
        return pd.concat(parts).reindex(start.index)


def united(pauses: pd.DataFrame) -> pd.DataFrame:
    """Pauses of which those of one item that overlap or touch are one, so that no time is taken away twice."""
    ordered = pauses.sort_values(["item", "from_at", "to_at"], ignore_index=True)
    reached = ordered.groupby("item")["to_at"].cummax().groupby(ordered["item"]).shift()
    run = (~(ordered["from_at"] <= reached)).cumsum()
    whole = ordered.groupby(run).agg(item=("item", "first"), from_at=("from_at", "first"), to_at=("to_at", "max"))
    return whole.reset_index(drop=True)
