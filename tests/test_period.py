"""Periods by name, their neighbours, and the instants at which they begin and end."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slareport.errors import UsageError
from slareport.period import Period, containing, known_zone, local_instant, parse_period, parse_periods


@pytest.mark.parametrize(
    ("text", "name", "start", "end", "title"),
    [
        pytest.param("2026Q3", "2026Q3", "2026-07-01", "2026-10-01", "Q3 2026", id="a quarter"),
        pytest.param("2026-Q4", "2026Q4", "2026-10-01", "2027-01-01", "Q4 2026", id="a quarter with a hyphen"),
        pytest.param(" 2026q1 ", "2026Q1", "2026-01-01", "2026-04-01", "Q1 2026", id="a quarter in small letters"),
        pytest.param("2026-09", "2026-09", "2026-09-01", "2026-10-01", "September 2026", id="a month"),
        pytest.param("2026-12", "2026-12", "2026-12-01", "2027-01-01", "December 2026", id="the last month"),
        pytest.param("2026H1", "2026H1", "2026-01-01", "2026-07-01", "H1 2026", id="a half-year"),
        pytest.param("2026-h2", "2026H2", "2026-07-01", "2027-01-01", "H2 2026", id="the other half"),
        pytest.param("2026", "2026", "2026-01-01", "2027-01-01", "2026", id="a year"),
        pytest.param(
            "FY27Q1",
            "FY27Q1",
            "2027-01-01",
            "2027-04-01",
            "Q1 FY27",
            id="a fiscal year that is the calendar's",
        ),
        pytest.param("fy2027-q1", "FY27Q1", "2027-01-01", "2027-04-01", "Q1 FY27", id="a fiscal quarter written out"),
    ],
)
def test_a_period_by_name(text, name, start, end, title):
    found = parse_period(text)
    assert found == Period(name, date.fromisoformat(start), date.fromisoformat(end))
    assert found.title == title


@pytest.mark.parametrize(
    ("text", "fiscal_start", "start", "end"),
    [
        pytest.param("FY27Q1", 2, "2026-02-01", "2026-05-01", id="a year from February is named after its end"),
        pytest.param("FY27Q4", 2, "2026-11-01", "2027-02-01", id="and ends in the year of its name"),
        pytest.param("FY27Q1", 12, "2026-12-01", "2027-03-01", id="a year from December"),
        pytest.param("2027Q1", 2, "2027-01-01", "2027-04-01", id="calendar quarters stay what they are"),
    ],
)
def test_fiscal_quarters(text, fiscal_start, start, end):
    found = parse_period(text, fiscal_start)
    assert (found.start, found.end) == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("today", "name"),
    [
        pytest.param("2026-10-01", "2026Q3", id="on the first day of a quarter, the one that ended the day before"),
        pytest.param("2026-12-31", "2026Q3", id="on the last day of a quarter, still the one before"),
        pytest.param("2026-01-01", "2025Q4", id="over the year's end"),
    ],
)
def test_last_is_the_last_finished_quarter(today, name):
    assert [period.name for period in parse_periods("last", today=date.fromisoformat(today))] == [name]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("2025Q3..2026Q2", ["2025Q3", "2025Q4", "2026Q1", "2026Q2"], id="quarters over a year's end"),
        pytest.param("2025-11..2026-01", ["2025-11", "2025-12", "2026-01"], id="months"),
        pytest.param("2024 .. 2026", ["2024", "2025", "2026"], id="years, with spaces"),
        pytest.param("2025H2..2026H1", ["2025H2", "2026H1"], id="half-years"),
        pytest.param("FY26Q4..FY27Q1", ["FY26Q4", "FY27Q1"], id="fiscal quarters"),
        pytest.param("2026Q1..2026Q1", ["2026Q1"], id="a range of one"),
        pytest.param("2026Q1", ["2026Q1"], id="a single period"),
        pytest.param("2026Q1..last", ["2026Q1", "2026Q2", "2026Q3"], id="up to the last one"),
    ],
)
def test_a_range_of_periods(text, names):
    found = parse_periods(text, fiscal_start=2, today=date(2026, 11, 5))
    assert [period.name for period in found] == names
    assert all(one.end == following.start for one, following in pairwise(found))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("2026-1", "write 2026-01 or 2026Q1", id="a month or a quarter"),
        pytest.param("2026-13", "2026-09", id="a thirteenth month"),
        pytest.param("2026-00", "2026-09", id="a month before the first"),
        pytest.param("2026-Q5", "2026Q3", id="a fifth quarter"),
        pytest.param("2026Q0", "2026Q3", id="a quarter before the first"),
        pytest.param("2026H3", "2026H1", id="a third half"),
        pytest.param("Q1", "2026Q3", id="no year"),
        pytest.param("26Q1", "2026Q3", id="a short year"),
        pytest.param("0026", "2026Q3", id="a year long gone"),
        pytest.param("2026Q1x", "2026Q3", id="something after it"),
        pytest.param("٢٠٢٦", "2026Q3", id="digits of another script"),
        pytest.param("", "2026Q3", id="nothing"),
        pytest.param("2026Q1..", "2026Q3", id="an open range"),
        pytest.param("2025Q1..2025Q2..2025Q3", "two ends", id="three ends"),
        pytest.param("2026Q1..2025Q1", "write 2025Q1..2026Q1", id="the wrong way round"),
        pytest.param("2025Q1..2026-03", "one kind", id="a quarter and a month"),
        pytest.param("2025Q1..FY27Q1", "one kind", id="a calendar and a fiscal quarter"),
        pytest.param("last", "today", id="last, without a today"),
    ],
)
def test_what_is_not_a_period_is_refused_with_the_forms(text, told):
    with pytest.raises(UsageError) as error:
        parse_periods(text)
    assert told in str(error.value)


def test_a_fiscal_year_starts_in_a_month():
    with pytest.raises(UsageError, match="1 to 12"):
        parse_period("FY27Q1", fiscal_start=13)


@pytest.mark.parametrize("name", ["1900", "2099Q4", "FY00Q1"])
def test_no_period_lies_outside_the_years_that_names_can_say(name):
    period = parse_period(name)
    with pytest.raises(UsageError, match="no period"):
        period.next() if name == "2099Q4" else period.previous()


PERIODS = st.builds(
    lambda year, kind: kind.format(year=year, short=year % 100),
    st.integers(2001, 2098),
    st.sampled_from(
        [
            "{year}Q1",
            "{year}Q4",
            "{year}-01",
            "{year}-12",
            "{year}H2",
            "{year}",
            "FY{short:02}Q1",
            "FY{short:02}Q4",
        ]
    ),
)


@given(PERIODS, st.integers(1, 12))
def test_neighbours_touch_and_are_found_again_by_their_names(name, fiscal_start):
    period = parse_period(name, fiscal_start)
    before, after = period.previous(), period.next()
    assert (before.end, after.start) == (period.start, period.end)
    assert (before.next(), after.previous()) == (period, period)
    assert [parse_period(other.name, fiscal_start) for other in (before, period, after)] == [
        before,
        period,
        after,
    ]


def test_history_ends_with_the_period_itself():
    names = [period.name for period in parse_period("2026Q1").history(3)]
    assert names == ["2025Q3", "2025Q4", "2026Q1"]


def test_bounds_are_local_midnights():
    start, end = parse_period("2026Q2").bounds("America/New_York")
    assert (start, end) == (pd.Timestamp("2026-04-01T04:00Z"), pd.Timestamp("2026-07-01T04:00Z"))
    assert str(start.tz) == "UTC"


@pytest.mark.parametrize(
    ("text", "minute", "zone", "first", "last"),
    [
        pytest.param(
            "2026-03-29",
            150,
            "Europe/Berlin",
            "2026-03-29T01:00",
            "2026-03-29T01:00",
            id="a skipped time: the skip",
        ),
        pytest.param("2026-10-25", 150, "Europe/Berlin", "2026-10-25T00:30", "2026-10-25T01:30", id="a repeated time"),
        pytest.param("2026-04-24", 0, "Africa/Cairo", "2026-04-23T22:00", "2026-04-23T22:00", id="a skipped midnight"),
        pytest.param(
            "2026-11-01",
            0,
            "America/Havana",
            "2026-11-01T04:00",
            "2026-11-01T05:00",
            id="a repeated midnight",
        ),
        pytest.param(
            "2026-10-04",
            130,
            "Australia/Lord_Howe",
            "2026-10-03T15:30",
            "2026-10-03T15:30",
            id="half an hour skipped",
        ),
        pytest.param(
            "2011-12-30",
            600,
            "Pacific/Apia",
            "2011-12-30T10:00",
            "2011-12-30T10:00",
            id="a whole day skipped",
        ),
        pytest.param("2026-06-09", 1440, "Asia/Kathmandu", "2026-06-09T18:15", "2026-06-09T18:15", id="24:00"),
    ],
)
def test_the_instant_at_which_clocks_show_a_time(text, minute, zone, first, last):
    day = date.fromisoformat(text)
    found = [local_instant(day, minute, zone), local_instant(day, minute, zone, last=True)]
    assert found == [datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (first, last)]


def instants(*texts, index=None):
    return pd.Series(pd.to_datetime(list(texts), utc=True, format="ISO8601"), index=index)


def test_each_instant_is_in_the_period_of_its_local_date():
    # C12: 02:30Z on 1 July is still 30 June in New York.
    moments = instants(
        "2026-07-01T02:30Z",
        "2026-07-01T04:00Z",
        "2026-07-01T03:59:59.999999Z",
        None,
        "2030-01-01",
        index=list("abcde"),
    )
    found = containing(moments, parse_periods("2026Q1..2026Q4"), "America/New_York")
    expected = pd.Series(["2026Q2", "2026Q3", "2026Q2", None, None], index=list("abcde"), dtype="str")
    pd.testing.assert_series_equal(found, expected)


def test_periods_may_come_in_any_order_and_leave_gaps():
    periods = [parse_period("2026Q3"), parse_period("2026Q1")]
    found = containing(instants("2025-12-31", "2026-03-31", "2026-04-01", "2026-08-01"), periods, "UTC")
    assert found.fillna("none").tolist() == ["none", "2026Q1", "none", "2026Q3"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_resolution_of_the_instants_does_not_matter(unit):
    moments = instants("2026-07-01", None).dt.as_unit(unit)
    assert containing(moments, [parse_period("2026Q3")], "UTC").fillna("none").tolist() == ["2026Q3", "none"]


def test_no_periods_contain_nothing_and_no_instants_are_in_none():
    assert containing(instants("2026-07-01"), [], "UTC").isna().all()
    assert containing(instants("2026-07-01").iloc[:0], [parse_period("2026Q3")], "UTC").empty


def test_overlapping_periods_are_refused():
    with pytest.raises(ValueError, match="overlapping"):
        containing(instants("2026-07-01"), [parse_period("2026Q3"), parse_period("2026-08")], "UTC")


@given(
    st.integers(0, 420 * 1440),
    st.sampled_from(["Europe/Berlin", "Pacific/Auckland", "UTC"]),
)
def test_the_period_of_an_instant_is_that_of_its_date_on_the_wall(minutes, zone):
    stamp = pd.Timestamp("2025-12-01T00:00Z") + pd.Timedelta(minutes=minutes)
    local = stamp.tz_convert(zone)
    expected = f"{local.year}Q{local.quarter}" if local.year == 2026 else "none"
    found = containing(pd.Series([stamp]), parse_periods("2026Q1..2026Q4"), zone)
    assert found.fillna("none").item() == expected


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Indiana/Indianapolis"])
def test_zones_are_iana_names(name):
    assert known_zone(name) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("EST", "America/New_York", id="an abbreviation"),
        pytest.param("cet", "Europe/Berlin", id="an abbreviation in small letters"),
        pytest.param("Europe/Berln", "Europe/Berlin", id="a slip of the pen"),
        pytest.param("europe/berlin", "Europe/Berlin", id="small letters"),
        pytest.param("GMT+2", "IANA", id="an offset"),
        pytest.param("Etc/GMT-2", "IANA", id="an offset that means its opposite"),
        pytest.param("", "IANA", id="nothing"),
        pytest.param("/etc/localtime", "IANA", id="a path"),
    ],
)
def test_other_zones_are_refused_with_a_hint(name, told):
    with pytest.raises(UsageError, match=told):
        known_zone(name)
