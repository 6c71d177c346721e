"""Reporting periods by name: 2026Q3, 2026-09, 2026H1, 2026, FY27Q1, last, and ranges such as 2024Q1..2026Q3.

A period is two dates, the second one exclusive; it becomes two instants only in a reporting zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from slareport.errors import Problem, UsageError
from slareport.format import MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMS = (
    "write a quarter (2026Q3), a month (2026-09), a half-year (2026H1), a year (2026), a fiscal quarter (FY27Q1), "
    "last for the last finished quarter, or a range (2024Q1..2026Q3)"
)


ABBREVIATIONS = {
    "GMT": "Europe/London",
    "BST": "Europe/London",
    "WET": "Europe/Lisbon",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "MET": "Europe/Berlin",
    "EET": "Europe/Athens",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "MST": "America/Denver",
    "PST": "America/Los_Angeles",
}


@dataclass(frozen=True)
class _Kind:
    pattern: re.Pattern[str]
    months: int
    name: str
    title: str
    years: range = range(1900, 2100)


QUARTER = _Kind(re.compile(r"((?:19|20)[0-9]{2})-?Q([1-4])"), 3, "{year}Q{index}", "Q{index} {year}")
FISCAL_QUARTER = _Kind(
    # Two digits name a year of this century only.
    re.compile(r"FY(?:20)?([0-9]{2})-?Q([1-4])"),
    3,
    "FY{short:02}Q{index}",
    "Q{index} FY{short:02}",
    range(2000, 2100),
)
KINDS = (
    QUARTER,
    FISCAL_QUARTER,
    _Kind(re.compile(r"((?:19|20)[0-9]{2})-(0[1-9]|1[0-2])"), 1, "{year}-{index:02}", "{month} {year}"),
    _Kind(re.compile(r"((?:19|20)[0-9]{2})-?H([12])"), 6, "{year}H{index}", "H{index} {year}"),
    _Kind(re.compile(r"((?:19|20)[0-9]{2})()"), 12, "{year}", "{year}"),
)


@dataclass(frozen=True)
class Period:
    """A named stretch of whole days: from `start` up to but not including `end`, both local dates."""

    name: str
    start: date
    end: date

    @property
    def title(self) -> str:
        """The name in a sentence: Q3 2026, September 2026, H1 2026, 2026, Q1 FY27."""
        return _written(*_read(self.name), title=True)

    def previous(self) -> Period:
        """The period of the same kind just before."""
        return self._step(-1)

    def next(self) -> Period:
        """The period of the same kind just after."""
        return self._step(1)

    def history(self, n: int) -> list[Period]:
        """The n periods of the same kind that end with this one, oldest first."""
        return [self._step(-back) for back in reversed(range(n))]

    def bounds(self, zone: str) -> tuple[pd.Timestamp, pd.Timestamp]:
        """The first instant in the period and the first one after it, in UTC, for an IANA reporting zone."""
        return pd.Timestamp(local_instant(self.start, 0, zone)), pd.Timestamp(local_instant(self.end, 0, zone))

    def _step(self, n: int) -> Period:
        kind, year, index = _read(self.name)
        years, index = divmod(index - 1 + n, 12 // kind.months)
        if year + years not in kind.years:
            raise _refusal(
                f"no period {n:+} from {self.name}", None, f"stay within {kind.years[0]} to {kind.years[-1]}"
            )
        start = _add_months(self.start, n * kind.months)
        return Period(_written(kind, year + years, index + 1), start, _add_months(start, kind.months))


def parse_period(text: str, fiscal_start: int = 1, today: date | None = None) -> Period:
    """The period a person typed, under its canonical name.

    `fiscal_start` is the month (1-12) in which the fiscal year begins; a fiscal year is named after the
    calendar year in which it ends. `last` is the last calendar quarter that had ended on `today`.
    Raises UsageError for anything else, 2026-1 included: it could be a month or a quarter.
    """
    if fiscal_start not in range(1, 13):
        raise _refusal("the fiscal year starts in a month", fiscal_start, "write a number from 1 to 12")
    typed = str(text).strip().upper()
    if typed == "LAST":
        if today is None:
            raise _refusal("last needs to know today's date", text, "name the period, for example 2026Q3")
        return _made(QUARTER, today.year, (today.month - 1) // 3 + 1)._step(-1)
    if re.fullmatch(r"[0-9]{4}-[0-9]", typed):
        year, index = typed.split("-")
        raise _refusal("this could be a month or a quarter", text, f"write {year}-0{index} or {year}Q{index}")
    for kind in KINDS:
        if kind.pattern.fullmatch(typed):
            return _made(*_read(typed), fiscal_start if kind is FISCAL_QUARTER else 1)
    raise _refusal("not a period", text, FORMS)


def parse_periods(text: str, fiscal_start: int = 1, today: date | None = None) -> list[Period]:
    """All periods of a range such as 2024Q1..2026Q3, oldest first; a single period is a list of one.

    Raises UsageError when the two ends are of different kinds or the wrong way round.
    """
    ends = [parse_period(part, fiscal_start, today) for part in str(text).split("..")]
    if len(ends) > 2:
        raise _refusal("a range has two ends", text, FORMS)
    first, last = ends[0], ends[-1]
    kind, year, index = _read(last.name)
    first_kind, first_year, first_index = _read(first.name)
    if first_kind is not kind:
        raise _refusal("the two ends of a range must be of one kind", text, "write for example 2024Q1..2026Q3")
    steps = (year - first_year) * (12 // kind.months) + index - first_index
    if steps < 0:
        raise _refusal("the range ends before it starts", text, f"write {last.name}..{first.name}")
    return last.history(steps + 1)


def containing(instants: pd.Series[pd.Timestamp], periods: Sequence[Period], zone: str) -> pd.Series[str]:
    """For each instant (zoned datetimes) the name of the period it lies in; missing where it is NaT or in none.

    Periods may leave gaps but not overlap.
    """
    ordered = sorted(periods, key=lambda period: period.start)
    names = np.array([period.name for period in ordered] + [None], dtype=object)
    moments = instants.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    starts = _midnights([period.start for period in ordered], zone).tz_localize(None).to_numpy()
    ends = _midnights([period.end for period in ordered], zone).tz_localize(None).to_numpy()
    if (ends[:-1] > starts[1:]).any():
        raise ValueError("overlapping periods: an instant can lie in one only")
    place = np.searchsorted(starts, moments, side="right") - 1
    inside = place >= 0
    if len(ordered):
        inside &= moments < ends[place]
    return pd.Series(names[np.where(inside, place, len(ordered))], index=instants.index, dtype="str")


def period_at(day: date, months: int, fiscal_start: int = 1) -> Period:
    """The period of so many months (1, 3, 6 or 12) in which a day lies; quarters are those of the fiscal year."""
    if months == FISCAL_QUARTER.months and fiscal_start != 1:
        begun = int(day.month >= fiscal_start)
        return _made(FISCAL_QUARTER, day.year + begun, (day.month - fiscal_start) % 12 // 3 + 1, fiscal_start)
    kind = next(kind for kind in KINDS if kind.months == months)
    return _made(kind, day.year, (day.month - 1) // months + 1)


def known_zone(name: str) -> str:
    """The name of an IANA time zone, as it stands.

    Raises UsageError for anything else, abbreviations and offsets (EST, GMT+2) included: they name no place, so
    they do not say when its clocks change.
    """
    if name in _zones() and (name == "UTC" or ("/" in name and not name.startswith("Etc/"))):
        return name
    near = ABBREVIATIONS.get(name.upper()) or next(iter(get_close_matches(name, sorted(_zones()), n=1)), "")
    cure = "write the IANA name of a place, such as Europe/Berlin, or UTC"
    raise UsageError(Problem("no such time zone", found=name, cure=f"did you mean {near}? {cure}" if near else cure))


def local_instant(day: date, minute: int, zone: str, *, last: bool = False) -> datetime:
    """The instant, in UTC, at which the clocks of an IANA zone show so many minutes after midnight of a day.

    When the clocks skip that time, it is the instant of the skip; when they show it twice, the first one or the `last`.
    """
    place = ZoneInfo(zone)
    local = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    early, late = (local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late if last else early
    # A skipped time: read with the offset after the skip it lies before it (late), with the one before it, after it.
    before, after = late, early
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        past = middle.astimezone(place).utcoffset() != late.astimezone(place).utcoffset()
        before, after = (before, middle) if past else (middle, after)
    return after.replace(microsecond=0)


def instant(text: str, zone: str) -> pd.Timestamp:
    """A date or time a person typed, as an instant; without an offset it is local to the reporting zone."""
    forms = "write for example 2026-10-08 or 2026-10-08T12:00"
    try:
        stamp = pd.Timestamp(text)
    except ValueError:
        raise UsageError(Problem("not a date or time", "as_of", found=text, cure=forms)) from None
    if pd.isna(stamp):
        raise UsageError(Problem("not a date or time", "as_of", found=text, cure=forms))
    local: Any = stamp if stamp.tzinfo else stamp.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return pd.Timestamp(local.tz_convert("UTC"))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _read(name: str) -> tuple[_Kind, int, int]:
    for kind in KINDS:
        if found := kind.pattern.fullmatch(name):
            year = int(found[1])
            return kind, year + 2000 if kind is FISCAL_QUARTER else year, int(found[2] or 1)
    raise ValueError(f"not the name of a period: {name}")


def _written(kind: _Kind, year: int, index: int, *, title: bool = False) -> str:
    form = kind.title if title else kind.name
    return form.format(year=year, index=index, short=year % 100, month=MONTHS[index - 1])


def _made(kind: _Kind, year: int, index: int, fiscal_start: int = 1) -> Period:
    first = date(year if fiscal_start == 1 else year - 1, fiscal_start, 1)
    start = _add_months(first, (index - 1) * kind.months)
    return Period(_written(kind, year, index), start, _add_months(start, kind.months))


def _add_months(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, 12)
    return date(start.year + years, month + 1, start.day)


def _midnights(dates: Sequence[date], zone: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([local_instant(day, 0, zone) for day in dates], dtype="datetime64[us, UTC]")


def _refusal(what: str, found: object, cure: str) -> UsageError:
    return UsageError(Problem(what, place="period", found=found, cure=cure))
