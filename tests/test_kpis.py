"""Every KPI as the table of cases that its readers argue about, and against a plain loop that says the same again."""

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import OUTCOMES, deal, judge, lead, version

from slareport.kpi import KPIS
from slareport.statistics import median_with_interval

MONDAY = "2026-03-09 09:00"  # at opening; the promise is 60 working minutes


@pytest.mark.parametrize(
    ("owners", "touches", "state"),
    [
        pytest.param([("A", MONDAY)], [("A", "2026-03-09 09:59")], "met", id="answered in time"),
        pytest.param([("A", MONDAY)], [("A", "2026-03-09 10:00")], "met", id="answered at the deadline"),
        pytest.param([("A", MONDAY)], [("A", "2026-03-09 10:01")], "missed", id="answered a minute late"),
        pytest.param([("A", MONDAY)], [], "missed", id="never answered"),
        pytest.param([("A", MONDAY)], [("B", "2026-03-09 09:30")], "met", id="answered by a colleague"),
        pytest.param(
            [("A", MONDAY)], [("A", "2026-03-09 11:00"), ("A", "2026-03-09 09:30")], "met", id="the first reply counts"
        ),
        pytest.param(
            [("A", MONDAY)], [("A", "2026-03-09 09:30", "call")], "met", id="a call is a reply"
        ),
        pytest.param(
            [("A", MONDAY)], [("A", "2026-03-09 09:30", "task")], "missed", id="a task ticked off is no reply"
        ),
        pytest.param([("A", MONDAY)], [("robot", "2026-03-09 09:01")], "missed", id="automatic mail is no reply"),
        pytest.param(
            [("A", MONDAY)], [("A", "2026-03-09 09:01", "email", "inbound")], "missed",
            id="what the lead writes is no reply",
        ),
        pytest.param([("A", MONDAY)], [("A", "2026-03-09 08:50")], "met", id="a call logged before the lead: at once"),
        pytest.param([("A", MONDAY)], [("A", "2026-03-08 12:00")], "invalid", id="touched the day before: invalid"),
        pytest.param(
            [("queue", "2026-03-09 09:00"), ("A", "2026-03-09 15:00")], [("A", "2026-03-09 15:30")], "met",
            id="the clock starts when a person has it, not in the queue",
        ),
        pytest.param(
            [("A", MONDAY), ("B", "2026-03-09 12:00")], [("B", "2026-03-09 12:10")], "missed",
            id="a new owner does not start the clock again",
        ),
        pytest.param(
            [("A", MONDAY), ("queue", "2026-03-09 09:10")], [("A", "2026-03-09 09:20")], "met",
            id="given back to the queue, the clock goes on",
        ),
    ],
)  # fmt: skip
def test_lead_response(owners, touches, state):
    assert judge([lead("L", owners, touches)]).states() == {"L": state}


def test_a_lead_that_no_person_ever_had_has_no_clock():
    assert judge([lead("L", [("queue", MONDAY)]), lead("M")]).states() == {}


@pytest.mark.parametrize(
    ("status", "closed", "won", "decided"),
    [
        pytest.param("won", "2026-02-10", 1, 1, id="won"),
        pytest.param("lost", "2026-02-10", 0, 1, id="lost"),
        pytest.param("no decision", "2026-02-10", 0, 0, id="closed without a decision does not count"),
        pytest.param("open", None, 0, 0, id="open does not count"),
        pytest.param("open", "2026-02-10", 0, 0, id="open with the date it is expected to close"),
        pytest.param("won", "2026-04-02", 0, 0, id="won in the next quarter"),
        pytest.param("won", "2026-03-31 23:59", 1, 1, id="won in the quarter's last minute"),
        pytest.param("won", "2026-04-01 00:00", 0, 0, id="won at the next quarter's first instant"),
        pytest.param("won", "2027-08-01", 0, 0, id="won after the end of the data: still open"),
    ],
)
def test_win_rate(status, closed, won, decided):
    row = judge(deals=[deal("D", "2026-01-05 09:00", status, closed)]).row("win-rate")
    assert (row["numerator"], row["denominator"]) == (won, decided)


@pytest.mark.parametrize(
    ("created", "status", "closed", "as_of", "won", "counted", "waiting"),
    [
        pytest.param("2026-01-05", "won", "2026-02-01", "2026-04-08", 1, 1, 0, id="won within the 30 days"),
        pytest.param("2026-01-05", "won", "2026-02-04", "2026-04-08", 1, 1, 0, id="won on day 30"),
        pytest.param("2026-01-05", "won", "2026-02-05", "2026-04-08", 0, 1, 0, id="won on day 31"),
        pytest.param("2026-01-05", "lost", "2026-01-10", "2026-04-08", 0, 1, 0, id="lost"),
        pytest.param("2026-01-05", "open", None, "2026-04-08", 0, 1, 0, id="still open counts against"),
        pytest.param("2026-03-20", "won", "2026-03-25", "2026-04-08", 0, 0, 0, id="of age in the next quarter only"),
        pytest.param("2026-03-01", "won", "2026-03-05", "2026-03-15", 0, 0, 1, id="won, but too young: it waits"),
        pytest.param("2025-12-20", "won", "2026-01-10", "2026-04-08", 1, 1, 0, id="created before, of age in it"),
    ],
)
def test_deal_closure_rate(created, status, closed, as_of, won, counted, waiting):
    row = judge(deals=[deal("D", created, status, closed)], as_of=as_of).row("closure")
    assert (row["numerator"], row["denominator"], row["pending"]) == (won, counted, waiting)


@pytest.mark.parametrize(
    ("created", "status", "closed", "dates", "days", "state"),
    [
        pytest.param("2026-01-05 09:00", "won", "2026-01-15 21:00", False, 10.5, "counted", id="by the instant"),
        pytest.param("2026-01-05 09:00", "won", "2026-01-15", True, 10, "counted", id="by whole days"),
        pytest.param("2026-03-28 12:00", "won", "2026-03-29 12:00", False, 23 / 24, "counted", id="a day of 23 hours"),
        pytest.param("2026-03-28 12:00", "won", "2026-03-29", True, 1, "counted", id="which is one day by dates"),
        pytest.param("2026-01-05 23:30", "won", "2026-01-05", True, 0, "counted", id="the same local day, 0"),
        pytest.param("2026-01-05 09:00", "won", "2026-01-05 09:00", False, 0, "counted", id="at once, 0"),
        pytest.param("2026-01-05 09:00", "won", "2026-01-04", True, None, "invalid", id="won before it was created"),
        pytest.param(None, "won", "2026-01-15", True, None, "invalid", id="created at an unknown time"),
        pytest.param("2026-01-05 09:00", "lost", "2026-01-15", False, None, "does not apply", id="lost"),
        pytest.param("2026-01-05 09:00", "no decision", "2026-01-15", False, None, "does not apply", id="no decision"),
        pytest.param("2026-01-05 09:00", "lost", "2026-01-04", True, None, "does not apply", id="lost before created"),
    ],
)
def test_sales_cycle_length(created, status, closed, dates, days, state):
    judged = judge(deals=[deal("D", created, status, closed, dates=dates)])
    assert judged.states("cycle") == {"D": state}
    assert judged.frames["cycle"]["value"].dropna().tolist() == ([] if days is None else [pytest.approx(days)])


# --- the same again as plain loops, on generated leads and deals ---

ZONE = ZoneInfo("Europe/Berlin")
MINUTE = dt.timedelta(minutes=1)
Q1 = tuple(dt.datetime(2026, month, 1, tzinfo=ZONE).astimezone(dt.UTC) for month in (1, 4))
KNOWN = dt.datetime(2026, 4, 8, tzinfo=ZONE).astimezone(dt.UTC)


def slow_reply(assigned, touched):
    """Berlin, Monday to Friday 9 to 17, no holidays in these days: 60 open minutes, counted one by one."""
    if touched is not None and touched > KNOWN:
        touched = None
    if touched is not None and assigned - touched > 15 * MINUTE:
        return "invalid"
    due, used = assigned, 0
    while used < 60:
        local = due.astimezone(ZONE)
        used += local.weekday() < 5 and 9 <= local.hour < 17
        due += MINUTE
    if touched is not None:
        return "met" if touched <= due else "missed"
    return "missed" if due <= KNOWN else "pending"


# The last week of the quarter with its clock change, up to the settling days before Good Friday.
LATE_MARCH = st.integers(0, 6 * 24 * 60).map(lambda n: dt.datetime(2026, 3, 26, 22, tzinfo=dt.UTC) + n * MINUTE)
LEADS = st.lists(st.tuples(LATE_MARCH, st.none() | LATE_MARCH), max_size=40)


@settings(max_examples=12)
@given(LEADS)
def test_lead_response_agrees_with_counting_minutes(pairs):
    made = [
        lead(f"L{n}", [("A", start.isoformat())], [("A", stop.isoformat())] if stop else [])
        for n, (start, stop) in enumerate(pairs)
    ]
    judged = judge(made, as_of=KNOWN.isoformat())
    slow = {f"L{n}": slow_reply(*pair) for n, pair in enumerate(pairs)}
    assert judged.states() == slow
    mine = [slow[f"L{n}"] for n, (start, _) in enumerate(pairs) if Q1[0] <= start < Q1[1]]
    row = judged.row()
    counted = [row[name] for name in ("met", "missed", "pending", "invalid")]
    assert counted == [mine.count(state) for state in ("met", "missed", "pending", "invalid")]


MIDNIGHTS = st.sampled_from(["2025-12-31", "2026-01-01", "2026-01-30", "2026-03-29", "2026-03-31", "2026-04-01"])
DAYS = MIDNIGHTS | st.dates(dt.date(2025, 11, 1), dt.date(2026, 4, 20)).map(str)
DEALS = st.lists(st.tuples(DAYS, st.sampled_from(["won", "lost", "open", "no decision"]), DAYS), max_size=40)


@settings(max_examples=12)
@given(DEALS)
def test_the_results_of_deals_agree_with_plain_loops(rows):
    judged = judge(deals=[deal(f"D{n}", *row, dates=True) for n, row in enumerate(rows)], as_of=KNOWN.isoformat())
    won = decided = of_age = in_time = waiting = 0
    cycles = []
    for created_on, status, closed_on in rows:
        created, closed = dt.date.fromisoformat(created_on), dt.date.fromisoformat(closed_on)
        done = status != "open" and closed <= dt.date(2026, 4, 8)
        closed_in = done and dt.date(2026, 1, 1) <= closed < dt.date(2026, 4, 1)
        won += closed_in and status == "won"
        decided += closed_in and status in ("won", "lost")
        days = (closed - created).days
        if closed_in and status == "won" and days >= 0:
            cycles.append(days)
        age_on = created + dt.timedelta(days=30)
        if dt.date(2026, 1, 1) <= age_on < dt.date(2026, 4, 1):
            of_age += 1
            in_time += done and status == "won" and days <= 30
        waiting += age_on > dt.date(2026, 4, 8)
    rate, closure, cycle = (judged.row(name) for name in ("win-rate", "closure", "cycle"))
    assert (rate["numerator"], rate["denominator"]) == (won, decided)
    assert (closure["numerator"], closure["denominator"]) == (in_time, of_age)
    assert judged.frames["closure"]["state"].eq("pending").sum() == waiting
    assert cycle["n"] == len(cycles)
    expected = sorted(cycles)
    middle = [expected[(len(cycles) - 1) // 2], expected[len(cycles) // 2]] if cycles else []
    assert pd.isna(cycle["value"]) if not cycles else cycle["value"] == sum(middle) / 2
    assert pd.isna(cycle["low"]) == pd.isna(median_with_interval(cycles).low)


def test_every_kpi_has_its_cases_here():
    assert {f"test_{name}" for name, known in KPIS.items() if known.place.startswith("slareport.")} <= set(globals())


def test_a_version_may_set_the_horizon():
    outcomes = [OUTCOMES[1] | {"knobs": {"horizon_days": 90}}]
    row = judge(deals=[deal("D", "2026-01-05", "won", "2026-03-01")], versions=[version(outcomes=outcomes)]).row(
        "closure", "2026Q2"
    )
    assert (row["numerator"], row["denominator"], row["definition"]) == (1, 1, "deal_closure_rate.1, horizon days 90")
