"""Business time: how long a team's doors were open between two instants, and when an amount of it is used up.

Opening hours are written in local time and turned into UTC intervals once. Cumulated, they are a lookup W(t) of
the open time up to t; elapsed time is W(stop) - W(start), and a deadline is the inverse lookup. Both are exact
to the microsecond, and neither looks at a row twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import holidays as public_holidays
import numpy as np
import pandas as pd

from slareport.errors import DataError, Problem, UsageError
from slareport.period import known_zone, local_instant

Window = tuple[int, int]
Instants = pd.Series  # of datetime64[us, UTC]
Times = pd.Series  # of timedelta64[us]
Micros = np.ndarray[tuple[int], np.dtype[np.int64]]

DAY = timedelta(days=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES_A_DAY = 1440
FIRST_YEAR, LAST_YEAR = 1900, 2199
HALF_DAY = 35  # as a power of two, in microseconds: nine and a half hours
NOTHING = np.iinfo(np.int64).min  # what NaT is as a number
LONGEST = 400 * 366 * 86_400 * 1_000_000  # longer than all years of a calendar, so never reached
DURATION_FORMS = "write for example 4 business hours, 60 business minutes, 30 minutes, 11.5 hours or 90 days"
CLOCK_FORMS = "write a time of day from 0:00 to 24:00, for example 8:30"
UNITS = {"minute": 60_000_000, "hour": 3_600_000_000, "day": 86_400_000_000}


@dataclass(frozen=True)
class Calendar:
    """When a team works.

    `windows` holds, for each weekday (Monday is 0), pairs of minutes after local midnight: open, close (up to 1440).
    `holidays` is a country or a part of one (DE, DE-BE, US-NY) whose public holidays are closed; `closed_on` are
    further closed dates, `open_on` holidays that are worked. Where the clocks change, a window lasts from when they
    first show its opening until they last show less than its closing: a day around the clock has 23 or 25 hours.
    Raises UsageError, listing everything that is wrong.
    """

    name: str
    zone: str
    windows: Mapping[int, tuple[Window, ...]]
    holidays: str | None = None
    closed_on: frozenset[date] = frozenset()
    open_on: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        ordered = {day: tuple(sorted(spans)) for day, spans in sorted(self.windows.items()) if spans}
        object.__setattr__(self, "windows", ordered)
        place = f"calendar {self.name}"
        if problems := [Problem(what, place=place, found=found, cure=cure) for what, found, cure in _faults(self)]:
            raise UsageError(problems)

    def __hash__(self) -> int:
        hours = tuple(self.windows.items())
        return hash((self.name, self.zone, hours, self.holidays, self.closed_on, self.open_on))

    def elapsed(self, start: Instants, stop: Instants) -> Times:
        """The open time from `start` to `stop` (zoned datetimes, one index), as timedelta64[us].

        Negative where stop lies before start, NaT where either is missing.
        """
        _same_index(start, stop)
        begin, end = _micros(start), _micros(stop)
        table = _table(self, *_years(begin, end))
        open_time = table.open_until(end) - table.open_until(begin)
        known = (begin != NOTHING) & (end != NOTHING)
        return pd.Series(np.where(known, open_time, NOTHING).view("timedelta64[us]"), start.index)

    def deadline(self, start: Instants, amount: pd.Timedelta | Times) -> Instants:
        """The instant at which `amount` (one for all, or one per start) of open time is used up, in UTC.

        The inverse of `elapsed`. An amount that ends exactly at closing time is due at closing time, not at
        the next opening; an amount of zero is due at the start. NaT where either is missing. Raises DataError
        when the amount is not used up before the year 2200.
        """
        if not isinstance(amount, pd.Series):
            amount = pd.Series(amount, start.index, "timedelta64[us]")
        _same_index(start, amount)
        begin, owed = _micros(start), np.asarray(amount.dt.as_unit("us")).view(np.int64)
        known = (begin != NOTHING) & (owed != NOTHING)
        if (owed[known] < 0).any():
            raise ValueError("an amount of time is not negative")
        first, last = _years(begin)
        while True:
            table = _table(self, first, last)
            goal = np.where(known, table.open_until(begin) + np.minimum(owed, LONGEST), 0)
            if goal.max(initial=0) <= table.total:
                break
            if last == LAST_YEAR:
                raise DataError(Problem(f"calendar {self.name}: a deadline after {LAST_YEAR}", found=str(amount.max())))
            last = min(LAST_YEAR, 2 * last - first + 1)
        due = np.maximum(table.instant_of(goal), begin)
        instants = pd.DatetimeIndex(np.where(known, due, NOTHING).view("datetime64[us]"), tz="UTC")
        return pd.Series(instants, start.index)

    def is_open_day(self, day: date) -> bool:
        """Whether the team works on this local date."""
        if day.weekday() not in self.windows or day in self.closed_on:
            return False
        return day in self.open_on or day not in _holidays(self.holidays, day.year)

    def open_days_after(self, start: date, n: int) -> date:
        """The date at whose midnight n open days are over, counted from `start` on (which may be the first)."""
        day = start
        for _ in range(n):
            while not self.is_open_day(day):
                day += DAY
            day += DAY
        return day

    def opens_on(self, day: date) -> list[tuple[datetime, datetime]]:
        """The opening and closing instants of a local date, in UTC; none on a closed day."""
        if not self.is_open_day(day):
            return []
        spans = [self._window_on(day, opening, closing) for opening, closing in self.windows[day.weekday()]]
        return [(start, stop) for start, stop in spans if start < stop]

    def _window_on(self, day: date, opening: int, closing: int) -> tuple[datetime, datetime]:
        # Closed is what follows the last minute before closing: hours to 2:00 end when the clocks first show 2:00,
        # even if they show it again. Where the clocks skip that minute, the closing itself comes sooner.
        last_minute = local_instant(day, closing - 1, self.zone, last=True)
        closed = min(last_minute + timedelta(minutes=1), local_instant(day, closing, self.zone, last=True))
        return local_instant(day, opening, self.zone), closed


@dataclass(frozen=True)
class Duration:
    """An amount of time as an agreement writes it: `amount` of business time, or of time on the wall clock."""

    amount: pd.Timedelta
    business: bool
    words: str = field(compare=False)


def always(zone: str) -> Calendar:
    """The calendar of a team that never closes."""
    return Calendar("always", zone, dict.fromkeys(range(7), ((0, MINUTES_A_DAY),)))


def parse_duration(text: str) -> Duration:
    """A duration a person wrote, such as 4 business hours or 90 days (of 24 hours each).

    Raises UsageError for anything else, business days included: they have no fixed length.

    >>> parse_duration("4 business hours").amount, parse_duration("11.5 hours").words
    (Timedelta('0 days 04:00:00'), '11.5 hours')
    """
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) +(business +)?(minute|hour|day)s?", str(text).strip())
    if not found:
        raise UsageError(Problem("not a duration", found=text, cure=DURATION_FORMS))
    quantity, business, unit = Decimal(found[1]), bool(found[2]), found[3]
    if business and unit == "day":
        cure = "write business hours, for example 16 business hours"
        raise UsageError(Problem("a business day has no fixed length", found=text, cure=cure))
    micros = quantity * UNITS[unit]
    if not 0 < micros <= 3660 * UNITS["day"]:
        raise UsageError(
            Problem("a duration is more than nothing and at most ten years", found=text, cure=DURATION_FORMS)
        )
    words = f"{found[1]} {'business ' * business}{unit}{'' if quantity == 1 else 's'}"
    return Duration(pd.Timedelta(int(micros), "us"), business, words)


def parse_clock(text: str) -> int:
    """A time of day, in minutes after midnight.

    >>> parse_clock("8:30"), parse_clock("24:00")
    (510, 1440)
    """
    found = re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])", str(text).strip())
    if not found or (minutes := 60 * int(found[1]) + int(found[2])) > MINUTES_A_DAY:
        raise UsageError(Problem("not a time of day", found=text, cure=CLOCK_FORMS))
    return minutes


def parse_windows(text: str) -> tuple[Window, ...]:
    """The opening hours of a day.

    >>> parse_windows("9:00-12:00, 13:00-17:00")
    ((540, 720), (780, 1020))
    """
    windows = []
    for part in str(text).split(","):
        ends = re.split("[-\N{EN DASH}]", part)
        if len(ends) != 2:
            cure = "write 9:00-17:00, or several with commas: 9:00-12:00, 13:00-17:00"
            raise UsageError(Problem("not opening hours", found=text, cure=cure))
        windows.append((parse_clock(ends[0]), parse_clock(ends[1])))
    return tuple(windows)


class _Ruler:
    """Counts the marks up to a value: as `np.searchsorted`, but looked up by half days, ten times as fast."""

    def __init__(self, marks: Micros) -> None:
        self.start = int(marks[0])
        steps = np.arange((int(marks[-1]) - self.start >> HALF_DAY) + 2) << HALF_DAY
        self.counts = np.searchsorted(marks, self.start + steps, side="right")  # up to the start of each half day
        self.most = int(np.diff(self.counts).max())
        self.marks = np.append(marks, np.iinfo(np.int64).max)

    def count(self, values: Micros) -> Micros:
        """How many marks lie at or before each value."""
        count = self.counts[np.clip(values - self.start >> HALF_DAY, 0, len(self.counts) - 1)]
        for _ in range(self.most):
            count = count + (self.marks[count] <= values)
        return np.asarray(count)


class _Table:
    """Open intervals one after the other, in microseconds: their openings, lengths, and the open time before each."""

    def __init__(self, opens: Micros, lengths: Micros) -> None:
        self.opens, self.lengths = opens, lengths
        ends = np.cumsum(lengths)
        self.before = ends - lengths
        self.total = int(ends[-1])
        self.openings, self.ends = _Ruler(opens), _Ruler(ends)

    def open_until(self, instants: Micros) -> Micros:
        place = self.openings.count(instants) - 1
        return np.asarray(self.before[place] + np.minimum(instants - self.opens[place], self.lengths[place]))

    def instant_of(self, open_time: Micros) -> Micros:
        # The first interval that ends with at least this much: that is what makes closing time a deadline.
        place = self.ends.count(open_time - 1)
        return self.opens[place] + open_time - self.before[place]


@lru_cache(maxsize=256)
def _table(calendar: Calendar, first: int, last: int) -> _Table:
    start = _since_epoch(local_instant(date(first, 1, 1), 0, calendar.zone))
    spans = [span for year in range(first, last + 1) for span in _open_year(calendar, year)]
    # An empty interval comes first, so that there is always one to be before.
    opens, closes = np.array([(start, start), *spans]).T
    # Where a clock set back repeats the border of two windows they overlap: each starts where all before have ended.
    opens = np.maximum(opens, np.concatenate([opens[:1], np.maximum.accumulate(closes)[:-1]]))
    lengths = np.maximum(closes - opens, 0)
    return _Table(opens, lengths)


@lru_cache(maxsize=4096)
def _open_year(calendar: Calendar, year: int) -> tuple[tuple[int, int], ...]:
    days = (date(year, 1, 1) + n * DAY for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days))
    spans = (span for day in days for span in calendar.opens_on(day))
    return tuple((_since_epoch(opened), _since_epoch(closed)) for opened, closed in spans)


@lru_cache(maxsize=4096)
def _holidays(region: str | None, year: int) -> frozenset[date]:
    if region is None:
        return frozenset()
    country, _, part = region.partition("-")
    return frozenset(public_holidays.country_holidays(country, subdiv=part or None, years=year))


def _since_epoch(instant: datetime) -> int:
    return round(instant.timestamp()) * 1_000_000


def _years(*instants: Micros) -> tuple[int, int]:
    """The years a table must cover, one more at either end because a local year is not a year of UTC."""
    known = np.concatenate([part[part != NOTHING] for part in instants])
    if not known.size:
        return 2000, 2000
    earliest, latest = (pd.Timestamp(int(end), unit="us", tz="UTC") for end in (known.min(), known.max()))
    for instant in (earliest, latest):
        if not FIRST_YEAR < instant.year < LAST_YEAR:
            raise DataError(Problem("an instant lies outside all calendars", found=str(instant)))
    return earliest.year - 1, latest.year + 1


def _micros(instants: Instants) -> Micros:
    if not isinstance(instants.dtype, pd.DatetimeTZDtype):
        raise TypeError(f"instants carry a time zone, these are {instants.dtype}")
    return np.asarray(instants.dt.tz_convert("UTC").dt.tz_localize(None).dt.as_unit("us")).view(np.int64)


def _same_index(one: pd.Series, other: pd.Series) -> None:
    if not one.index.equals(other.index):
        raise ValueError("the two columns describe different items: their indexes differ")


def _faults(calendar: Calendar) -> Iterator[tuple[str, object, str]]:
    """What is wrong, what was found, and the cure."""
    try:
        known_zone(calendar.zone)
    except UsageError as error:
        yield from ((problem.what, problem.found, problem.cure) for problem in error.problems)
    if not calendar.windows:
        yield "no open hours, so no deadline could ever be reached", None, "give at least one weekday hours"
    for weekday, spans in calendar.windows.items():
        yield from _window_faults(weekday, spans)
    try:
        _holidays(calendar.holidays, 2020)  # of earlier years some countries are not known
    except NotImplementedError:
        cure = "write a country (DE), or a country and a part of it (DE-BE, US-NY), by their ISO codes"
        yield "no public holidays known for this region", calendar.holidays, cure
    for day in sorted(calendar.open_on):
        if day in calendar.closed_on:
            yield "a date both open and closed", str(day), "decide for one"
        if day.weekday() not in calendar.windows:
            found = f"{day}, a {WEEKDAYS[day.weekday()]}"
            yield "open on a weekday that has no hours", found, "list only holidays that are worked"


def _window_faults(weekday: int, spans: tuple[Window, ...]) -> Iterator[tuple[str, object, str]]:
    if weekday not in range(7):
        yield "no such weekday", weekday, "Monday is 0, Sunday is 6"
        return
    for place, (start, stop) in enumerate(spans):
        found = f"{WEEKDAYS[weekday]} {_clock(start)}-{_clock(stop)}"
        if not 0 <= start < stop <= MINUTES_A_DAY:
            cure = "split hours over midnight: 22:00-24:00, and 0:00-6:00 on the next day"
            yield "hours end after they start, on the same day", found, cure
        if any(start < earlier for _, earlier in spans[:place]):
            yield "overlapping hours", found, "write each stretch once"


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
