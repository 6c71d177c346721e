"""The business clock, case by case, and against a slow twin that walks through time minute by minute."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slareport.errors import DataError, UsageError
from slareport.worktime import Calendar, always, parse_clock, parse_duration, parse_windows

NINE_TO_FIVE = ((540, 1020),)
WEEKDAYS = dict.fromkeys(range(5), NINE_TO_FIVE)
BERLIN = Calendar("Berlin", "Europe/Berlin", WEEKDAYS, holidays="DE-BE")
WITHOUT_HOLIDAYS = Calendar("plain", "Europe/Berlin", WEEKDAYS)
NEW_YORK = Calendar("New York", "America/New_York", dict.fromkeys(range(5), ((480, 1080),)))
AROUND_THE_CLOCK = always("Europe/Berlin")
MINUTE = pd.Timedelta(minutes=1)


def at(text, zone="Europe/Berlin"):
    """A column with the one instant at which clocks in the zone show this; a text with Z is UTC."""
    moment = pd.Timestamp(text) if text.endswith("Z") else pd.Timestamp(text, tz=zone)
    return pd.Series([moment.tz_convert("UTC")]).dt.as_unit("us")


def minutes(calendar, start, stop):
    return calendar.elapsed(start, stop).iloc[0] / MINUTE


# C1 to C4 and C12 are the worked cases of the domain notes; the ids name the wrong answers seen elsewhere.
@pytest.mark.parametrize(
    ("calendar", "start", "stop", "expected"),
    [
        pytest.param(BERLIN, "2026-03-06 16:30", "2026-03-09 09:45", 75, id="C1 a weekend costs nothing, not 3915 min"),
        pytest.param(BERLIN, "2026-03-07 15:00", "2026-03-09 10:00", 60, id="C1 a Saturday arrival starts on Monday"),
        pytest.param(
            AROUND_THE_CLOCK,
            "2026-03-28 22:00",
            "2026-03-29 10:00",
            660,
            id="C2a a spring night has 11 h, not 12 h",
        ),
        pytest.param(
            AROUND_THE_CLOCK,
            "2026-10-24 22:00",
            "2026-10-25 10:00",
            780,
            id="C2b an autumn night has 13 h, not 12 h",
        ),
        pytest.param(
            BERLIN,
            "2026-03-27T15:30Z",
            "2026-03-30T07:30Z",
            60,
            id="C2c opening follows the clocks, not +01:00 (30)",
        ),
        pytest.param(BERLIN, "2026-04-30 16:00", "2026-05-04 10:30", 150, id="C3 a holiday costs nothing, not 630"),
        pytest.param(
            BERLIN, "2026-06-09 21:15", "2026-06-10 09:40", 40, id="C4 after hours waits for morning, not 745"
        ),
        pytest.param(
            BERLIN,
            "2026-06-09 21:15",
            "2026-06-10 07:30",
            0,
            id="C4 an answer before opening is 0, not negative",
        ),
        pytest.param(
            NEW_YORK,
            "2026-07-01T16:00Z",
            "2026-07-01T16:20Z",
            20,
            id="C12 noon in New York is 16:00Z, not 260 or -220",
        ),
        pytest.param(BERLIN, "2026-06-10 10:00", "2026-06-09 16:00", -120, id="backwards is negative, not absolute"),
        pytest.param(BERLIN, "2026-06-09 17:00", "2026-06-10 09:00", 0, id="from closing to opening is nothing"),
        pytest.param(BERLIN, "2025-12-31 16:00", "2026-01-02 10:00", 120, id="over the year's end and New Year's Day"),
        pytest.param(BERLIN, "2028-02-28 09:00", "2028-03-01 09:00", 960, id="29 February is a day like any other"),
        pytest.param(
            always("America/St_Johns"),
            "2010-11-06T02:30Z",
            "2010-11-08T03:30Z",
            2940,
            id="a clock set back over midnight",
        ),
        pytest.param(
            always("Pacific/Auckland"),
            "2026-12-31T20:00Z",
            "2026-12-31T21:00Z",
            60,
            id="where it is next year already",
        ),
    ],
)
def test_elapsed_is_open_time_only(calendar, start, stop, expected):
    assert minutes(calendar, at(start), at(stop)) == expected


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "expected"),
    [
        pytest.param(
            BERLIN, "2026-03-06 16:30", 60, "2026-03-09 09:30", id="C1 what is left goes on after the weekend"
        ),
        pytest.param(
            BERLIN,
            "2026-03-07 15:00",
            60,
            "2026-03-09 10:00",
            id="C1 Saturday arrival: Monday 10:00, not 16:00",
        ),
        pytest.param(
            BERLIN,
            "2026-03-07 18:00",
            60,
            "2026-03-09 10:00",
            id="C1 Saturday evening: Monday 10:00, not Tuesday",
        ),
        pytest.param(
            AROUND_THE_CLOCK,
            "2026-03-28 22:00",
            720,
            "2026-03-29 11:00",
            id="C2a 12 h over spring end at 11:00",
        ),
        pytest.param(
            AROUND_THE_CLOCK,
            "2026-10-24 22:00",
            720,
            "2026-10-25 09:00",
            id="C2b 12 h over autumn end at 09:00",
        ),
        pytest.param(BERLIN, "2026-04-30 16:00", 240, "2026-05-04 12:00", id="C3 a holiday moves the deadline"),
        pytest.param(BERLIN, "2026-06-09 21:15", 60, "2026-06-10 10:00", id="C4 after hours counts from opening"),
        pytest.param(BERLIN, "2026-06-09 16:00", 60, "2026-06-09 17:00", id="used up at closing: closing, not 09:00"),
        pytest.param(
            BERLIN,
            "2026-06-05 17:00",
            480,
            "2026-06-08 17:00",
            id="a whole day ends at closing, not next 09:00",
        ),
        pytest.param(
            BERLIN,
            "2026-06-06 12:00",
            0,
            "2026-06-06 12:00",
            id="nothing is due at once, not at last closing",
        ),
        pytest.param(
            WITHOUT_HOLIDAYS,
            "2026-06-09 10:00",
            400 * 40 * 60,
            "2034-02-07 10:00",
            id="400 weeks of 40 h",
        ),
    ],
)
def test_a_deadline_is_when_the_open_time_is_used_up(calendar, start, amount, expected):
    due = calendar.deadline(at(start), amount * MINUTE)
    pd.testing.assert_series_equal(due, at(expected))
    assert minutes(calendar, at(start), due) == amount


def hours_open(calendar, day):
    return sum((stop - start for start, stop in calendar.opens_on(date.fromisoformat(day))), timedelta()) / timedelta(
        hours=1
    )


def windows(text, **options):
    zone = options.pop("zone", "Europe/Berlin")
    return Calendar("test", zone, dict.fromkeys(range(7), parse_windows(text)), **options)


@pytest.mark.parametrize(
    ("calendar", "day", "hours"),
    [
        pytest.param(AROUND_THE_CLOCK, "2026-03-29", 23, id="around the clock, a spring day has 23 h"),
        pytest.param(AROUND_THE_CLOCK, "2026-10-25", 25, id="around the clock, an autumn day has 25 h"),
        pytest.param(always("America/Havana"), "2026-11-01", 25, id="midnight shown twice belongs to the new day"),
        pytest.param(always("America/Havana"), "2026-10-31", 24, id="and not to the day before"),
        pytest.param(always("Africa/Cairo"), "2026-04-24", 23, id="midnight skipped"),
        pytest.param(always("Australia/Lord_Howe"), "2026-10-04", 23.5, id="half an hour skipped"),
        pytest.param(always("Pacific/Apia"), "2011-12-30", 0, id="a whole day skipped"),
        pytest.param(windows("2:30-4:00"), "2026-03-29", 1, id="opening at a skipped time: opens after the skip"),
        pytest.param(windows("1:00-2:30"), "2026-03-29", 1, id="closing at a skipped time: closes at the skip"),
        pytest.param(windows("2:30-4:00"), "2026-10-25", 2.5, id="opening at a repeated time: opens the first time"),
        pytest.param(windows("1:00-2:30"), "2026-10-25", 2.5, id="closing at a repeated time: closes the second time"),
        pytest.param(
            windows("1:00-2:00"), "2026-10-25", 1, id="closing when the repetition begins: closes the first time"
        ),
        pytest.param(windows("2:00-3:00"), "2026-10-25", 2, id="the very hour that is repeated"),
        pytest.param(windows("2:00-3:00"), "2026-03-29", 0, id="the very hour that is skipped"),
        pytest.param(windows("9:00-12:00, 13:00-17:00"), "2026-06-09", 7, id="a lunch break"),
        pytest.param(windows("22:00-24:00, 0:00-6:00"), "2026-06-09", 8, id="a night shift, split at midnight"),
        pytest.param(BERLIN, "2026-06-07", 0, id="closed on Sunday"),
        pytest.param(BERLIN, "2026-03-08", 0, id="a holiday of Berlin on a Sunday stays closed"),
        pytest.param(BERLIN, "2026-05-01", 0, id="closed on a holiday"),
        pytest.param(
            windows("9:00-17:00", closed_on=frozenset({date(2026, 6, 9)})),
            "2026-06-09",
            0,
            id="closed by hand",
        ),
        pytest.param(
            windows("9:00-17:00", holidays="US", open_on=frozenset({date(2026, 7, 3)})),
            "2026-07-03",
            8,
            id="worked holiday",
        ),
        pytest.param(windows("9:00-17:00", holidays="US"), "2027-12-31", 0, id="New Year observed in the year before"),
    ],
)
def test_what_a_day_has_in_open_hours(calendar, day, hours):
    assert hours_open(calendar, day) == hours


def test_a_window_that_the_clocks_skip_is_not_there():
    assert windows("2:10-2:50").opens_on(date(2026, 3, 29)) == []


def test_windows_whose_border_is_repeated_are_not_counted_twice():
    calendar = windows("1:00-2:30, 2:30-4:00")
    assert minutes(calendar, at("2026-10-25 00:00"), at("2026-10-25 12:00")) == 4 * 60


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        pytest.param("2026-10-01", 5, "2026-10-08", id="a quarter's end plus five business days"),
        pytest.param("2026-10-01", 0, "2026-10-01", id="no days at all"),
        pytest.param("2026-05-01", 1, "2026-05-05", id="a holiday and a weekend first"),
        pytest.param("2026-10-02", 1, "2026-10-03", id="a Friday ends with Friday, not Monday"),
    ],
)
def test_open_days_after(start, n, expected):
    assert BERLIN.open_days_after(date.fromisoformat(start), n) == date.fromisoformat(expected)


def column(*moments, unit="us", index=None):
    return pd.Series(pd.to_datetime(list(moments), utc=True), index=index).dt.as_unit(unit)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_columns_keep_index_and_order_and_missing_stays_missing(unit):
    start = column("2026-06-10T08:00Z", None, "2026-06-09T08:00Z", unit=unit, index=["c", "a", "b"])
    stop = column("2026-06-10T09:00Z", "2026-06-10T09:00Z", None, unit=unit, index=["c", "a", "b"])
    spent = BERLIN.elapsed(start, stop)
    assert (spent.index.tolist(), spent.dtype, spent.isna().tolist()) == (
        ["c", "a", "b"],
        "timedelta64[us]",
        [False, True, True],
    )
    due = BERLIN.deadline(start, pd.Series([pd.Timedelta(hours=1)] * 2 + [pd.NaT], index=start.index).dt.as_unit(unit))
    expected = column("2026-06-10T09:00Z", None, None, index=start.index)
    pd.testing.assert_series_equal(due, expected)


def test_the_same_instant_in_another_zone_is_the_same():
    start, stop = at("2026-06-09 10:00"), at("2026-06-10 10:00")
    assert minutes(BERLIN, start.dt.tz_convert("Asia/Tokyo"), stop) == minutes(BERLIN, start, stop) == 480


def test_nothing_in_nothing_out():
    empty = at("2026-06-09 10:00").iloc[:0]
    assert BERLIN.elapsed(empty, empty).dtype == "timedelta64[us]"
    assert BERLIN.deadline(empty, MINUTE).dtype == "datetime64[us, UTC]"
    assert BERLIN.deadline(column(None, None), MINUTE).isna().all()


def test_instants_without_a_zone_are_refused():
    naive = pd.Series(pd.to_datetime(["2026-06-09"]))
    with pytest.raises(TypeError, match="time zone"):
        BERLIN.elapsed(naive, naive)


def test_columns_of_different_items_are_refused():
    with pytest.raises(ValueError, match="indexes differ"):
        BERLIN.elapsed(column("2026-06-09", index=["a"]), column("2026-06-09", index=["b"]))
    with pytest.raises(ValueError, match="indexes differ"):
        BERLIN.deadline(column("2026-06-09", index=["a"]), pd.Series([MINUTE], index=["b"]))


def test_a_negative_amount_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        BERLIN.deadline(at("2026-06-09 10:00"), -MINUTE)


@pytest.mark.parametrize(
    ("start", "amount"),
    [
        pytest.param("2026-06-09 10:00", pd.Timedelta(days=100_000), id="a deadline after the last year"),
        pytest.param("2026-06-09 10:00", pd.Timedelta(2**63 - 1, "us"), id="an amount that overflows a number"),
        pytest.param("2300-06-09 10:00", MINUTE, id="a start after the last year"),
        pytest.param("1800-06-09 10:00", MINUTE, id="a start before the first year"),
    ],
)
def test_a_deadline_out_of_reach_is_an_error_not_an_endless_loop(start, amount):
    with pytest.raises(DataError, match=r"2300|1800|after 2199"):
        BERLIN.deadline(at(start), amount)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"windows": {}}, "no open hours", id="no open hours at all"),
        pytest.param({"windows": {0: ()}}, "no open hours", id="a day without windows is no hours"),
        pytest.param({"windows": {0: ((540, 720), (700, 1020))}}, "overlapping", id="overlapping windows"),
        pytest.param({"windows": {0: ((540, 720), (540, 720))}}, "overlapping", id="a window twice"),
        pytest.param(
            {"windows": {0: ((540, 1020), (550, 560), (600, 610))}},
            "10:00-10:10",
            id="windows inside another",
        ),
        pytest.param({"windows": {0: ((1320, 360),)}}, "split hours over midnight", id="closing before opening"),
        pytest.param({"windows": {0: ((540, 540),)}}, "hours end after they start", id="closing at opening"),
        pytest.param({"windows": {0: ((540, 1441),)}}, "same day", id="closing after midnight"),
        pytest.param({"windows": {7: NINE_TO_FIVE}}, "no such weekday", id="an eighth weekday"),
        pytest.param({"zone": "EST"}, "did you mean America/New_York", id="an abbreviation"),
        pytest.param({"zone": "CET"}, "did you mean Europe/Berlin", id="an abbreviation that is in the database"),
        pytest.param({"zone": "Europe/Berln"}, "did you mean Europe/Berlin", id="a slip of the pen"),
        pytest.param({"zone": "GMT+2"}, "IANA", id="an offset"),
        pytest.param({"zone": "Etc/GMT+2"}, "IANA", id="an offset that means its opposite"),
        pytest.param({"zone": "../etc/passwd"}, "IANA", id="a path"),
        pytest.param({"holidays": "DE-ZZ"}, "DE-ZZ", id="an unknown part of a country"),
        pytest.param({"holidays": ""}, "no public holidays known", id="an empty region"),
        pytest.param({"open_on": frozenset({date(2026, 6, 7)})}, "a Sunday", id="open on a weekday without hours"),
        pytest.param(
            {"open_on": frozenset({date(2026, 5, 1)}), "closed_on": frozenset({date(2026, 5, 1)})},
            "both open and closed",
            id="open and closed on one date",
        ),
    ],
)
def test_a_calendar_that_cannot_be_kept_is_refused(changes, told):
    with pytest.raises(UsageError, match="calendar Berlin") as error:
        Calendar(**{"name": "Berlin", "zone": "Europe/Berlin", "windows": WEEKDAYS} | changes)
    assert told in str(error.value)


def test_all_that_is_wrong_with_a_calendar_is_said_at_once():
    with pytest.raises(UsageError) as error:
        Calendar("bad", "EST", {0: ((540, 500),)}, "XX")
    assert len(error.value.problems) == 3


def test_a_country_whose_holidays_are_known_only_of_late_is_kept_without_a_warning():
    calendar = Calendar("pune", "Asia/Kolkata", {0: ((540, 1080),)}, holidays="IN")
    assert not calendar.is_open_day(date(2026, 1, 26))  # Republic Day, a Monday


def test_calendars_that_say_the_same_are_the_same():
    other = Calendar("Berlin", "Europe/Berlin", dict(reversed(WEEKDAYS.items())) | {6: ()}, "DE-BE")
    assert (other, hash(other)) == (BERLIN, hash(BERLIN))


@pytest.mark.parametrize(
    ("text", "amount", "business", "words"),
    [
        pytest.param("4 business hours", "4h", True, "4 business hours", id="business hours"),
        pytest.param(" 60  business minutes ", "60min", True, "60 business minutes", id="business minutes, spaced"),
        pytest.param("90 days", "90D", False, "90 days", id="days"),
        pytest.param("11.5 hours", "11h30min", False, "11.5 hours", id="half an hour"),
        pytest.param("30 minutes", "30min", False, "30 minutes", id="minutes"),
        pytest.param("1 hours", "1h", False, "1 hour", id="the noun is put right"),
        pytest.param("0.1 hours", "6min", False, "0.1 hours", id="a tenth is exact"),
    ],
)
def test_durations_people_write(text, amount, business, words):
    found = parse_duration(text)
    assert (found.amount, found.business, found.words) == (pd.Timedelta(amount), business, words)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("2 business days", "no fixed length", id="business days have no fixed length"),
        pytest.param("4h", "for example 4 business hours", id="no unit we know"),
        pytest.param("4,5 hours", "for example", id="a decimal comma"),
        pytest.param("-4 hours", "for example", id="negative"),
        pytest.param("0 hours", "more than nothing", id="nothing"),
        pytest.param("4000 days", "at most ten years", id="longer than ten years"),
        pytest.param("٤ hours", "for example", id="digits of another script"),
        pytest.param("9" * 5000 + " hours", "for example", id="a very long number"),
        pytest.param(90, "for example", id="a bare number"),
    ],
)
def test_durations_refused(text, told):
    with pytest.raises(UsageError, match=told):
        parse_duration(text)


@pytest.mark.parametrize(("text", "expected"), [("8:30", 510), ("08:30", 510), ("0:00", 0), ("24:00", 1440)])
def test_times_of_day(text, expected):
    assert parse_clock(text) == expected


@pytest.mark.parametrize("text", ["25:00", "24:01", "17:60", "5pm", "8", "8:5", "-1:00", "", "8.30", 510])
def test_times_of_day_refused(text):
    with pytest.raises(UsageError, match="not a time of day"):
        parse_clock(text)


@pytest.mark.parametrize("text", ["9:00", "9:00-12:00-13:00", "9:00 to 17:00", ""])
def test_opening_hours_refused(text):
    with pytest.raises(UsageError, match="not opening hours"):
        parse_windows(text)


def test_opening_hours_with_an_en_dash():
    assert parse_windows("9:00\N{EN DASH}17:00") == NINE_TO_FIVE


# The slow twin: it knows nothing of intervals. It asks a wall clock, minute by minute, whether the doors are open.


@cache
def open_minutes(calendar, day):
    """The UTC minutes of a local day from the first that shows the opening to the last that shows less than closing."""
    if day.weekday() not in calendar.windows or day in calendar.closed_on:
        return frozenset()
    zone = ZoneInfo(calendar.zone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    around = [noon + timedelta(minutes=n) for n in range(-28 * 60, 28 * 60)]
    shown = [
        (moment, local.hour * 60 + local.minute)
        for moment in around
        if (local := moment.astimezone(zone)).date() == day
    ]
    opened = set()
    for opening, closing in calendar.windows[day.weekday()]:
        after = [moment for moment, wall in shown if wall >= opening]
        before = [moment for moment, wall in shown if wall < closing]
        if after and before:
            opened |= {moment for moment, _ in shown if after[0] <= moment <= before[-1]}
    return frozenset(opened)


def is_open(calendar, minute):
    return minute in open_minutes(calendar, minute.astimezone(ZoneInfo(calendar.zone)).date())


def slow_elapsed(calendar, start, stop):
    if stop < start:
        return -slow_elapsed(calendar, stop, start)
    spent, minute = timedelta(), start.replace(second=0, microsecond=0)
    while minute < stop:
        following = minute + timedelta(minutes=1)
        if is_open(calendar, minute):
            spent += min(stop, following) - max(start, minute)
        minute = following
    return spent


def slow_deadline(calendar, start, amount):
    minute, left = start.replace(second=0, microsecond=0), amount
    while True:
        following = minute + timedelta(minutes=1)
        if is_open(calendar, minute):
            here = following - max(start, minute)
            if left <= here:
                return max(start, minute) + left
            left -= here
        minute = following


# Zones and days on which the clocks, or the calendar, do something unusual.
TURNS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Santiago", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2028, 2, 29)),
    ("Europe/London", date(2027, 1, 1)),
    ("Pacific/Auckland", date(2027, 1, 1)),
    ("UTC", date(2024, 12, 31)),
]
EDGES = [0, 1, 60, 90, 119, 120, 121, 150, 180, 240, 540, 720, 1020, 1380, 1439, 1440]


@st.composite
def days_of_hours(draw):
    """A few windows of one day that do not overlap, many of them next to each other."""
    edges = sorted(draw(st.sets(st.sampled_from(EDGES), min_size=2, max_size=5)))
    spans = draw(st.lists(st.booleans(), min_size=len(edges) - 1, max_size=len(edges) - 1))
    return tuple(pair for pair, wanted in zip(pairwise(edges), spans, strict=True) if wanted) or ((0, 1440),)


@st.composite
def calendars_and_instants(draw, count):
    """A calendar, and instants to the microsecond within a few days of a turn of its clocks."""
    zone, day = draw(st.sampled_from(TURNS))
    hours = draw(st.dictionaries(st.integers(0, 6), days_of_hours(), min_size=3, max_size=7))
    closed = draw(st.sets(st.integers(-3, 3), max_size=2))
    calendar = Calendar("drawn", zone, hours, closed_on=frozenset(day + timedelta(days=n) for n in closed))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    minute = st.integers(-3 * 1440, 3 * 1440).map(lambda n: timedelta(minutes=n))
    within = st.sampled_from([0, 1, 59_999_999]).map(lambda n: timedelta(microseconds=n))
    return calendar, [noon + draw(minute) + draw(within) for _ in range(count)]


@settings(deadline=None, max_examples=60)
@given(calendars_and_instants(2))
def test_elapsed_agrees_with_walking_through_every_minute(drawn):
    calendar, (start, stop) = drawn
    assert calendar.elapsed(column(start), column(stop)).iloc[0] == slow_elapsed(calendar, start, stop)


@settings(deadline=None, max_examples=60)
@given(calendars_and_instants(1), st.integers(1, 10 * 3_600_000_000))
def test_deadline_agrees_with_walking_through_every_minute(drawn, micros):
    (calendar, [start]), amount = drawn, timedelta(microseconds=micros)
    assert calendar.deadline(column(start), pd.Timedelta(amount)).iloc[0] == slow_deadline(calendar, start, amount)


@settings(deadline=None)
@given(calendars_and_instants(1), st.integers(1, 400 * 3_600_000_000))
def test_the_deadline_is_the_first_instant_with_the_amount_elapsed(drawn, micros):
    calendar, [start] = drawn
    begin, amount = column(start), pd.Timedelta(micros, "us")
    due = calendar.deadline(begin, amount)
    assert calendar.elapsed(begin, due).iloc[0] == amount
    assert calendar.elapsed(begin, due - pd.Timedelta(1, "us")).iloc[0] < amount


@settings(deadline=None)
@given(calendars_and_instants(3))
def test_elapsed_adds_up_grows_with_time_and_never_exceeds_the_wall_clock(drawn):
    calendar, instants = drawn
    first, middle, last = (column(moment) for moment in sorted(instants))
    whole = calendar.elapsed(first, last).iloc[0]
    assert calendar.elapsed(first, middle).iloc[0] + calendar.elapsed(middle, last).iloc[0] == whole
    assert pd.Timedelta(0) <= calendar.elapsed(first, middle).iloc[0] <= whole <= (last - first).iloc[0]
    assert calendar.elapsed(last, first).iloc[0] == -whole


@settings(deadline=None)
@given(calendars_and_instants(2), st.integers(-4, 4))
def test_one_more_holiday_never_adds_time(drawn, days):
    calendar, instants = drawn
    start, stop = (column(moment) for moment in sorted(instants))
    holiday = instants[0].date() + timedelta(days=days)
    fewer = Calendar("fewer", calendar.zone, calendar.windows, closed_on=calendar.closed_on | {holiday})
    assert fewer.elapsed(start, stop).iloc[0] <= calendar.elapsed(start, stop).iloc[0]


@settings(deadline=None)
@given(calendars_and_instants(6))
def test_many_at_once_are_the_same_as_one_by_one(drawn):
    calendar, instants = drawn
    start, stop = column(*instants[:3]), column(*instants[3:])
    single = [calendar.elapsed(start.iloc[[n]], stop.iloc[[n]]) for n in range(3)]
    pd.testing.assert_series_equal(calendar.elapsed(start, stop), pd.concat(single))
