"""The clock of a promise: case tables, properties, and a slow twin that counts minute by minute."""

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slareport.clock import Clock
from slareport.worktime import Calendar, parse_duration

BERLIN = Calendar("berlin", "Europe/Berlin", dict.fromkeys(range(5), ((540, 1020),)))
NEW_YORK = Calendar("new-york", "America/New_York", dict.fromkeys(range(5), ((540, 720), (780, 1020))))
AS_OF = pd.Timestamp("2026-04-01T00:00Z")
HOUR = parse_duration("60 business minutes")


def series(*texts, index=None):
    stamps = [pd.Timestamp(text) if text else pd.NaT for text in texts]
    return pd.Series(pd.DatetimeIndex(stamps, tz="UTC").as_unit("us"), index=index)


def clock(as_of=AS_OF, **others):
    return Clock(as_of, {"berlin": BERLIN}, "Europe/Berlin", **others)


@pytest.mark.parametrize(
    ("start", "stop", "state", "elapsed", "late"),
    [
        pytest.param("2026-03-09T08:00Z", "2026-03-09T08:59Z", "met", 59, None, id="in time"),
        pytest.param("2026-03-09T08:00Z", "2026-03-09T09:00Z", "met", 60, None, id="at the deadline itself"),
        pytest.param("2026-03-09T08:00Z", "2026-03-09T09:01Z", "missed", 61, 1, id="a minute late"),
        pytest.param("2026-03-31T13:00Z", None, "missed", 120, 60, id="never stopped, and due by now"),
        pytest.param("2026-03-31T15:30Z", None, "pending", 0, None, id="never stopped, due tomorrow"),
        pytest.param("2026-03-31T13:30Z", "2026-04-02T08:00Z", "missed", 90, 30, id="stopped after the data ends"),
        pytest.param("2026-03-31T13:59Z", "2026-04-02T08:00Z", "missed", 61, 1, id="stopped so, a minute overdue"),
        pytest.param("2026-03-09T08:00Z", "2026-03-09T07:45Z", "met", 0, None, id="touched 15 minutes early: at once"),
        pytest.param("2026-03-09T08:00Z", "2026-03-09T07:44Z", "invalid", 0, None, id="touched 16 minutes early"),
        pytest.param(None, "2026-03-09T08:00Z", "does not apply", None, None, id="never started"),
        pytest.param(None, None, "does not apply", None, None, id="neither started nor stopped"),
        pytest.param("2026-04-02T08:00Z", None, "does not apply", None, None, id="starts after the end of the data"),
        pytest.param("2026-03-06T15:00Z", "2026-03-06T17:00Z", "missed", 60, 0, id="due at closing, done after hours"),
    ],
)
def test_one_item(start, stop, state, elapsed, late):
    (found,) = clock().judge(series(start), series(stop), HOUR).to_dict("records")
    assert found["state"] == state
    for name, minutes in (("elapsed_minutes", elapsed), ("late_minutes", late)):
        assert pd.isna(found[name]) if minutes is None else found[name] == minutes
    assert (found["reason"] == "answered before it started") == (state == "invalid")


def test_an_item_is_missed_at_the_instant_it_is_due():
    start, never = series("2026-03-09T08:00Z"), series(None)
    due = pd.Timestamp("2026-03-09T09:00Z")
    before = clock(due - pd.Timedelta(microseconds=1)).judge(start, never, HOUR)["state"]
    assert (before[0], clock(due).judge(start, never, HOUR)["state"][0]) == ("pending", "missed")


def test_each_item_has_its_own_calendar():
    index = ["x", "y", "z"]
    start = series(*["2026-03-09T16:00Z"] * 3, index=index)
    calendars = pd.Series(["new-york", "berlin", "new-york"], index)
    each = Clock(AS_OF, {"berlin": BERLIN, "new-york": NEW_YORK}, "Europe/Berlin", calendars)
    due = each.deadline(start, HOUR)
    assert due.index.tolist() == index
    assert due.tolist() == list(series("2026-03-09T18:00Z", "2026-03-10T09:00Z", "2026-03-09T18:00Z"))


@pytest.mark.parametrize(
    ("start", "days", "later"),
    [
        pytest.param("2026-03-20T11:00Z", 10, "2026-03-30T10:00Z", id="over the clock change: the same time of day"),
        pytest.param("2026-03-28T01:30Z", 1, "2026-03-29T01:00Z", id="a time the clocks skip: when they skip it"),
        pytest.param("2026-10-24T00:30Z", 1, "2026-10-25T00:30Z", id="a time they show twice: the first"),
        pytest.param("2024-02-28T12:00Z", 1, "2024-02-29T12:00Z", id="leap day"),
        pytest.param(None, 1, None, id="nothing"),
    ],
)
def test_days_after(start, days, later):
    assert clock().days_after(series(start), days).equals(series(later))


# --- a slow twin: open minute after open minute, with zoneinfo only ---

HOURS = {"Europe/Berlin": [(9, 17)], "America/New_York": [(9, 12), (13, 17)]}
MINUTE = dt.timedelta(minutes=1)


def is_open(instant, zone):
    local = instant.astimezone(ZoneInfo(zone))
    return local.weekday() < 5 and any(opens <= local.hour < closes for opens, closes in HOURS[zone])


def slow_state(start, stop, minutes, zone, as_of):
    """The state by walking through the minutes: a reply in the last open minute, or at its end, is in time."""
    if start is None or start > as_of:
        return "does not apply"
    if stop is not None and stop > as_of:
        stop = None
    if stop is not None and stop < start - 15 * MINUTE:
        return "invalid"
    now, used = start, 0
    while used < minutes:
        used += is_open(now, zone)
        now += MINUTE
    if stop is not None:
        return "met" if stop <= now else "missed"
    return "missed" if now <= as_of else "pending"


FIRST = dt.datetime(2026, 3, 26, 0, 0, tzinfo=dt.UTC)
MINUTES = st.integers(0, 8 * 24 * 60).map(lambda n: FIRST + n * MINUTE)
ITEMS = st.lists(st.tuples(st.none() | MINUTES, st.none() | MINUTES), max_size=6)


@given(ITEMS, st.sampled_from([1, 60, 240, 480, 600]), st.sampled_from(sorted(HOURS)))
@example([(FIRST + 37 * 60 * MINUTE, None)], 480, "Europe/Berlin")
def test_the_clock_agrees_with_counting_minutes(items, minutes, zone):
    as_of = FIRST + dt.timedelta(days=5)
    calendar = {"Europe/Berlin": BERLIN, "America/New_York": NEW_YORK}[zone]
    start, stop = (series(*(item[n] for item in items)) for n in (0, 1))
    fast = Clock(pd.Timestamp(as_of), {zone: calendar}, zone)
    found = fast.judge(start, stop, parse_duration(f"{minutes} business minutes"))
    assert found["state"].tolist() == [slow_state(*item, minutes, zone, as_of) for item in items]
    assert not found["elapsed_minutes"].lt(0).any()
    assert found["late_minutes"].notna().equals(found["state"].eq("missed"))
