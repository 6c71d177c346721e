"""The clock of a promise: case tables, pauses, and a slow twin that counts minute by minute."""

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slareport.clock import Clock, united
from slareport.worktime import Calendar, parse_duration

BERLIN = Calendar("berlin", "Europe/Berlin", dict.fromkeys(range(5), ((540, 1020),)))
BERLIN_WITH_HOLIDAYS = Calendar("holidays", "Europe/Berlin", BERLIN.windows, "DE-BE")
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


# --- pauses ---

MORNING = "2026-03-09T08:00Z"  # Monday, 9:00 in Berlin: without a pause due at 9:00 UTC


def pausing(*spans, item=0):
    """The pauses of an item, from and to as text."""
    froms, tos = ([span[n] for span in spans] for n in (0, 1))
    frame = pd.DataFrame({"item": [item] * len(spans), "from_at": series(*froms), "to_at": series(*tos)})
    return united(frame)


PAUSES = [
    pytest.param([], "09:00", 60, 0, id="no pause"),
    pytest.param([("08:10", "08:30")], "09:20", 40, 20, id="a pause moves the deadline"),
    pytest.param([("08:10", "08:30"), ("08:40", "08:50")], "09:30", 30, 30, id="two pauses take both away"),
    pytest.param([("08:10", "08:30"), ("08:20", "08:40")], "09:30", 30, 30, id="overlapping ones are one"),
    pytest.param([("08:10", "08:30"), ("08:30", "08:40")], "09:30", 30, 30, id="touching ones too"),
    pytest.param([("08:10", "08:40"), ("08:20", "08:30")], "09:30", 30, 30, id="one within another costs nothing"),
    pytest.param([("08:10", "08:30")] * 2, "09:20", 40, 20, id="the same pause twice is one"),
    pytest.param([("06:00", "07:30")], "09:00", 60, 0, id="before the start it costs nothing"),
    pytest.param([("07:30", "08:20")], "09:20", 40, 20, id="of one begun before, what is left"),
    pytest.param([("09:00", "09:30")], "09:00", 60, 0, id="begun at the deadline it heals nothing"),
    pytest.param([("09:10", "09:30")], "09:00", 60, 0, id="begun after it neither"),
    pytest.param([("08:59", "09:30")], "09:31", 59, 1, id="begun a minute before, it moves the deadline in full"),
    pytest.param(
        [("08:10", "08:30"), ("09:10", "09:20")], "09:30", 40, 20, id="a deadline moved by one pause meets the next"
    ),
    pytest.param([("08:30", "08:20")], "09:00", 60, 0, id="ended before it began: none"),
]  # fmt: skip


@pytest.mark.parametrize(("spans", "due", "elapsed", "paused"), PAUSES)
def test_a_pause_stops_the_clock(spans, due, elapsed, paused):
    day = MORNING[:11]
    pauses = pausing(*((f"{day}{since}Z", f"{day}{to}Z") for since, to in spans))
    found = clock(pauses=pauses).judge(series(MORNING), series(f"{day}09:00Z"), HOUR).iloc[0]
    assert found["due_at"] == pd.Timestamp(f"{day}{due}Z")
    assert (found["elapsed_minutes"], found["paused_minutes"]) == (elapsed, paused)
    assert found["state"] == "met"


def test_a_pause_outside_opening_hours_costs_nothing():
    """Held from closing on Friday to opening on Monday is no wall-clock weekend on a deadline of working time."""
    start = series("2026-03-06T15:30Z")  # Friday 16:30
    held = pausing(("2026-03-06T16:00Z", MORNING))
    found = clock(pauses=held).judge(start, series(None), HOUR).iloc[0]
    assert found["due_at"] == pd.Timestamp("2026-03-09T08:30Z")
    assert found["paused_minutes"] == 0
    on_the_wall = clock(pauses=held).deadline(start, parse_duration("60 minutes"))
    assert on_the_wall[0] == pd.Timestamp("2026-03-09T08:30Z"), "of wall-clock time a pause takes every hour"


def test_what_is_paused_when_the_data_ends_waits():
    held = pausing(("2026-03-09T08:10Z", "2026-04-01T00:00Z"))
    found = clock(pauses=held).judge(series(MORNING), series(None), HOUR).iloc[0]
    # ten minutes were used; the other fifty begin when the data ends
    assert (found["state"], found["elapsed_minutes"]) == ("pending", 10)
    assert found["due_at"] == pd.Timestamp("2026-04-01T07:50Z")


def test_a_pause_begun_after_the_deadline_makes_no_miss_undone():
    held = pausing(("2026-03-09T09:01Z", "2026-04-01T00:00Z"))
    assert clock(pauses=held).judge(series(MORNING), series(None), HOUR)["state"][0] == "missed"


def test_a_pause_is_of_its_item_only():
    start = series(MORNING, MORNING, index=["held", "free"])
    held = pausing(("2026-03-09T08:10Z", "2026-03-09T08:30Z"), item="held")
    due = clock(pauses=held).deadline(start, HOUR)
    assert due.tolist() == list(series("2026-03-09T09:20Z", "2026-03-09T09:00Z"))


def test_what_never_started_may_be_paused():
    held = pausing(("2026-03-09T08:10Z", "2026-03-09T08:30Z"))
    assert clock(pauses=held).judge(series(None), series(None), HOUR)["state"][0] == "does not apply"


def test_pauses_of_several_items_are_united_one_by_one():
    both = pd.concat([pausing(("2026-03-09T08:10Z", "2026-03-09T09:00Z"), item=name) for name in ("b", "a")])
    later = pausing(("2026-03-09T08:20Z", "2026-03-09T08:30Z"), item="a")
    found = united(pd.concat([both, later]))
    assert found["item"].tolist() == ["a", "b"]
    assert found["to_at"].tolist() == [pd.Timestamp("2026-03-09T09:00Z")] * 2


@pytest.mark.parametrize(
    ("warn", "spans", "at"),
    [
        pytest.param(0.75, [], "08:45", id="when three quarters of the time are used"),
        pytest.param(1.0, [], "09:00", id="all of it: the deadline"),
        pytest.param(0.5, [("08:10", "08:30")], "08:50", id="a pause before it moves it"),
        pytest.param(0.5, [("08:30", "08:45")], "08:30", id="one begun after it does not"),
    ],
)
def test_when_an_item_is_at_risk(warn, spans, at):
    day = MORNING[:11]
    pauses = pausing(*((f"{day}{since}Z", f"{day}{to}Z") for since, to in spans))
    found = clock(pauses=pauses, warn=warn).judge(series(MORNING), series(None), HOUR)
    assert found["warn_at"][0] == pd.Timestamp(f"{day}{at}Z")


# --- a slow twin: open minute after open minute, with zoneinfo only ---

HOURS = {"Europe/Berlin": [(9, 17)], "America/New_York": [(9, 12), (13, 17)]}
CLOSED = {  # public holidays of Berlin in the days below
    dt.date(2025, 12, 25), dt.date(2025, 12, 26), dt.date(2026, 1, 1), dt.date(2026, 5, 1),
}  # fmt: skip
FIRST_DAYS = ["2024-02-28", "2025-12-24", "2025-12-30", "2026-03-27", "2026-04-29", "2026-10-23"]
MINUTE = dt.timedelta(minutes=1)
LENGTH = 5 * 24 * 60


def counts(instant, zone, business):
    """Whether the minute that begins at an instant is one of the promised kind."""
    if not business:
        return True
    local = instant.astimezone(ZoneInfo(zone))
    if local.weekday() >= 5 or (zone == "Europe/Berlin" and local.date() in CLOSED):
        return False
    return any(opens <= local.hour < closes for opens, closes in HOURS[zone])


def slow(item, amount, business, zone, as_of):
    """State, deadline, time used and time paused, by walking through the minutes."""
    start, stop, pauses = item
    if start is None or start > as_of:
        return "does not apply", None, None, None
    stop = stop if stop is not None and stop <= as_of else None
    now, used, due, elapsed, paused, end = start, 0, None, 0, 0, stop or as_of
    while due is None or now < end:
        mine = counts(now, zone, business)
        held = any(since <= now < to for since, to in pauses)
        used += mine and not held
        elapsed += mine and not held and now < end
        paused += mine and held and now < end
        now += MINUTE
        if due is None and used == amount:
            due = now
    if stop is not None and stop < start - 15 * MINUTE:
        return "invalid", due, 0, 0
    if stop is not None:
        return "met" if stop <= due else "missed", due, elapsed, paused
    return "missed" if due <= as_of else "pending", due, elapsed, paused


OFFSETS = st.integers(0, LENGTH)
SPANS = st.lists(st.tuples(OFFSETS, st.integers(1, 600)), max_size=3)
ITEMS = st.lists(st.tuples(st.none() | OFFSETS, st.none() | OFFSETS, SPANS), max_size=4)


@settings(max_examples=40)
@given(st.sampled_from(FIRST_DAYS), ITEMS, st.sampled_from([1, 60, 240, 480]), st.booleans(), st.sampled_from([*HOURS]))
def test_the_clock_agrees_with_counting_minutes(first, made, amount, business, zone):
    begin = dt.datetime.fromisoformat(first).replace(tzinfo=dt.UTC)
    as_of = begin + dt.timedelta(days=4)
    items = [
        (
            None if start is None else begin + start * MINUTE,
            None if stop is None else begin + stop * MINUTE,
            [(begin + since * MINUTE, begin + (since + length) * MINUTE) for since, length in spans],
        )
        for start, stop, spans in made
    ]
    start, stop = (series(*(item[n] for item in items)) for n in (0, 1))
    pauses = [(number, *span) for number, item in enumerate(items) for span in item[2]]
    held = pd.DataFrame({"item": [row[0] for row in pauses], "from_at": series(*(row[1] for row in pauses)),
                         "to_at": series(*(row[2] for row in pauses))})  # fmt: skip
    calendar = {"Europe/Berlin": BERLIN_WITH_HOLIDAYS, "America/New_York": NEW_YORK}[zone]
    fast = Clock(pd.Timestamp(as_of), {zone: calendar}, zone, pauses=united(held))
    found = fast.judge(start, stop, parse_duration(f"{amount} {'business ' * business}minutes"))
    for row, item in zip(found.to_dict("records"), items, strict=True):
        state, due, elapsed, paused = slow(item, amount, business, zone, as_of)
        assert row["state"] == state
        assert (row["due_at"] == due) if due else pd.isna(row["due_at"])
        used = (row["elapsed_minutes"], row["paused_minutes"])
        assert used == (elapsed, paused) if elapsed is not None else pd.isna(row["elapsed_minutes"])
