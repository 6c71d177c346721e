"""Business time: a million intervals and deadlines, against a package per interval and a loop per row.

    pip install businesstimedelta business-duration pytz
    python -m tests.benchmarks.business_time [--intervals 1000000] [--rounds 5] [--loop 500]

Three zones with their public holidays, weekdays nine to five, intervals of up to ten days. The packages and the loop
work on `--loop` intervals a round, and their times are scaled to all. Before anything is measured each way is held
against ours; a package that says something else for some intervals is told with how many.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pandas as pd

from slareport.worktime import Calendar
from tests.benchmarks.tables import medians, seconds, table

OPENS, CLOSES = time(9), time(17)
NINE_TO_FIVE = dict.fromkeys(range(5), ((9 * 60, 17 * 60),))
REGIONS = {"Europe/Berlin": "DE", "America/New_York": "US", "Asia/Kolkata": "IN"}
YEARS = range(2024, 2028)
CALENDARS = {zone: Calendar(zone, zone, NINE_TO_FIVE, region) for zone, region in REGIONS.items()}
AMOUNT = timedelta(hours=12)

Intervals = dict[str, pd.DataFrame]  # by zone: start and stop in UTC
Way = Callable[[Intervals], pd.Series]


@cache
def closed(zone: str) -> holidays.HolidayBase:
    """The public holidays of a zone."""
    return holidays.country_holidays(REGIONS[zone], years=YEARS)


def intervals(count: int) -> Intervals:
    """Intervals of up to ten days in three years, the same ones every time; whole minutes, as the packages count."""
    draw = np.random.default_rng(20261123)
    start = pd.Timestamp("2024-01-02", tz="UTC") + pd.to_timedelta(draw.integers(0, 3 * 365 * 1440, count), unit="min")
    stop = start + pd.to_timedelta(draw.integers(0, 10 * 1440, count), unit="min")
    rows = pd.DataFrame({"start": start, "stop": stop})
    return {str(zone): part for zone, part in rows.groupby(draw.choice(list(REGIONS), count))}


def ours(parts: Intervals) -> pd.Series:
    """Open time, all of a zone at once."""
    return pd.concat(CALENDARS[zone].elapsed(rows["start"], rows["stop"]) for zone, rows in parts.items())


def by_businesstimedelta(parts: Intervals) -> pd.Series:
    """Open time, interval by interval, by one rule per zone."""
    import businesstimedelta
    import pytz

    found = {}
    for zone, rows in parts.items():
        tz = pytz.timezone(zone)
        working = businesstimedelta.WorkDayRule(start_time=OPENS, end_time=CLOSES, working_days=range(5), tz=tz)
        rules = businesstimedelta.Rules([working, businesstimedelta.HolidayRule(closed(zone), tz=tz)])
        for row in rows.itertuples():
            found[row.Index] = rules.difference(row.start.to_pydatetime(), row.stop.to_pydatetime()).timedelta
    return pd.Series(found)


def by_business_duration(parts: Intervals) -> pd.Series:
    """Open time, interval by interval, in local times without a zone."""
    import business_duration

    found = {}
    for zone, rows in parts.items():
        for row in rows.itertuples():
            found[row.Index] = business_duration.businessDuration(
                startdate=row.start.tz_convert(zone).tz_localize(None).to_pydatetime(),
                enddate=row.stop.tz_convert(zone).tz_localize(None).to_pydatetime(),
                starttime=OPENS,
                endtime=CLOSES,
                holidaylist=closed(zone),
                unit="min",
            )
    return pd.to_timedelta(pd.Series(found).fillna(0), unit="min")


def due(parts: Intervals) -> pd.Series:
    """Deadlines, all of a zone at once."""
    return pd.concat(CALENDARS[zone].deadline(rows["start"], pd.Timedelta(AMOUNT)) for zone, rows in parts.items())


def due_by_loop(parts: Intervals) -> pd.Series:
    """Deadlines, row by row and day by day, as one would write it."""
    found = {
        row.Index: _due(row.start.to_pydatetime(), zone) for zone, rows in parts.items() for row in rows.itertuples()
    }
    return pd.Series(found)


def _due(start: datetime, zone: str) -> datetime:
    tz, owed = ZoneInfo(zone), AMOUNT
    day: date = start.astimezone(tz).date()
    while True:
        if day.weekday() < 5 and day not in closed(zone):
            begins = max(start, datetime.combine(day, OPENS, tz).astimezone(ZoneInfo("UTC")))
            ends = datetime.combine(day, CLOSES, tz).astimezone(ZoneInfo("UTC"))
            if begins < ends and owed <= ends - begins:
                return begins + owed
            owed -= max(ends - begins, timedelta(0))
        day += timedelta(days=1)


def main() -> None:
    """Measure and print the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--intervals", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--loop", type=int, default=500)
    options = asked.parse_args()
    rows = intervals(options.intervals)
    few = {zone: part.head(options.loop // len(REGIONS)) for zone, part in rows.items()}
    packages = {"businesstimedelta": by_businesstimedelta, "business-duration": by_business_duration}
    compare("elapsed", ours, packages, rows, few, options.rounds)
    compare("deadlines", due, {"a loop per row": due_by_loop}, rows, few, options.rounds)


def compare(what: str, mine: Way, others: dict[str, Way], rows: Intervals, few: Intervals, rounds: int) -> None:
    """One table: our way on all rows, the others on a few of them."""
    expected, number, tried = mine(few), sum(map(len, rows.values())), sum(map(len, few.values()))
    differ = {name: int((way(few) != expected).sum()) for name, way in others.items()}

    def scaled(way: Way) -> float:
        return seconds(partial(way, few)) * number / tried

    ways = [(name, partial(scaled, way)) for name, way in others.items()]
    found = medians([*ways, ("slareport", lambda: seconds(partial(mine, rows)))], rounds)
    lines = [
        [name, f"{took:,.2f}", f"{took / found['slareport']:,.0f}x", str(differ.get(name, 0))]
        for name, took in found.items()
    ]
    print(f"\n{table([f'{number:,} {what}', 's', '÷ slareport', f'other than ours, of {tried:,}'], lines)}\n")


if __name__ == "__main__":
    main()
