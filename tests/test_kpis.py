"""Every KPI as the table of cases that its readers argue about. Plain loops that say the same again: test_twins."""

import pandas as pd
import pytest
from judging import LONG_AFTER, OUTCOMES, at, deal, judge, lead, measuring, rows, version

from slareport.kpi import KPIS

MONDAY = "2026-03-09 09:00"  # at opening; promises are of 60 working minutes
HOUR = "60 business minutes"


def judged(kpi, within=None, *, leads=(), deals=(), as_of=LONG_AFTER, knobs=None, agreed=None, **tables):
    """The judgements of one KPI, indexed by item."""
    made = judge(leads, deals, [measuring(kpi, within, knobs=knobs, agreed=agreed)], as_of, **tables)
    return made.frames["it"]


def state(kpi, within=None, **more):
    """What became of the only item."""
    (found,) = judged(kpi, within, **more)["state"]
    return found


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


# Promises about time: all of them by the same clock

ANSWERS = [
    pytest.param("2026-03-09 09:59", LONG_AFTER, "met", id="in time"),
    pytest.param("2026-03-09 10:00", LONG_AFTER, "met", id="at the deadline itself"),
    pytest.param("2026-03-09 10:01", LONG_AFTER, "missed", id="a minute late"),
    pytest.param(None, LONG_AFTER, "missed", id="never"),
    pytest.param(None, "2026-03-09 10:00", "missed", id="not by the deadline, at which the data ends"),
    pytest.param(None, "2026-03-09 09:59", "pending", id="not yet, and not due yet"),
    pytest.param("2026-03-09 09:50", "2026-03-09 09:40", "pending", id="in time, but after the data ends"),
    pytest.param("2026-03-09 12:00", "2026-03-09 11:00", "missed", id="late, and after the data ends"),
]
EARLY = [
    pytest.param("2026-03-09 08:50", LONG_AFTER, "met", id="ten minutes before the start: at once"),
    pytest.param("2026-03-09 08:40", LONG_AFTER, "invalid", id="long before the start: invalid"),
]
when_done = pytest.mark.parametrize(("stop", "as_of", "expected"), ANSWERS)
even_early = pytest.mark.parametrize(("stop", "as_of", "expected"), [*ANSWERS, *EARLY])
OFFER = {"handoff_id": "H", "lead_id": "L", "kind": "marketing to sales", "team": "north"}
TO_SUCCESS = {"handoff_id": "H", "opportunity_id": "D", "kind": "sales to customer success", "team": "north"}


@even_early
def test_speed_to_lead(stop, as_of, expected):
    """The time in the queue counts: from its coming in, not from its assignment."""
    made = lead("L", [("queue", MONDAY), ("A", "2026-03-09 09:45")], [("A", stop)] if stop else [], created=MONDAY)
    assert state("speed_to_lead", HOUR, leads=[made], as_of=as_of) == expected


def test_speed_to_lead_of_a_lead_that_nobody_ever_had():
    assert state("speed_to_lead", HOUR, leads=[lead("L", created=MONDAY)]) == "missed"


@even_early
def test_marketing_delivery(stop, as_of, expected):
    other = {**OFFER, "handoff_id": "other", "lead_id": "M", "offered_at": MONDAY}
    offers = rows(other, *([{**OFFER, "offered_at": stop}] if stop else []))
    made = [lead("L", qualified_at=MONDAY), lead("M")]
    found = judged("marketing_delivery", HOUR, leads=made, as_of=as_of, handoffs=offers)
    assert found["state"].to_dict() == {"L": expected}, "M never qualified: nothing is owed"


@pytest.mark.parametrize("answer", ["accepted_at", "rejected_at"])
@even_early
def test_lead_decision(stop, as_of, expected, answer):
    offers = rows({**OFFER, "offered_at": MONDAY, answer: stop})
    assert state("lead_decision", HOUR, leads=[lead("L")], as_of=as_of, handoffs=offers) == expected


@even_early
def test_turnaround(stop, as_of, expected):
    step = {"step_id": "S", "opportunity_id": "D", "step": "proposal", "performer_id": "A", "team": "north"}
    made = {"deals": [deal("D", "2026-01-05")], "steps": rows({**step, "requested_at": MONDAY, "completed_at": stop})}
    assert state("turnaround", HOUR, **made, as_of=as_of) == expected


@when_done
def test_deals_kept_moving(stop, as_of, expected):
    made = deal("D", MONDAY, touches=[("A", stop)] if stop else [])
    assert judged("deals_kept_moving", HOUR, deals=[made], as_of=as_of)["state"]["D#1"] == expected


@pytest.mark.parametrize(
    ("touches", "closed", "states"),
    [
        pytest.param([], "2026-03-09 09:30", ["met"], id="a closing ends the wait, and begins none"),
        pytest.param([("A", "2026-03-09 09:30")], "2026-03-09 10:00", ["met", "met"], id="touched, then closed"),
        pytest.param([("A", "2026-03-09 09:30")], None, ["met", "missed"], id="touched once, then left alone"),
        pytest.param([("robot", "2026-03-09 09:30")], None, ["missed"], id="automatic mail moves nothing"),
        pytest.param([("A", "2026-03-09 09:30", "note")], None, ["missed"], id="nor does a note"),
        pytest.param([("A", "2026-03-09 09:30", "email", "inbound")], None, ["missed"], id="nor what they write"),
        pytest.param([("A", "2026-03-06 09:30")], "2026-03-09 09:30", ["met"], id="a touch before the deal is none"),
        pytest.param([("A", "2026-03-12 09:30")], "2026-03-09 09:30", ["met"], id="nor is one after it"),
    ],
)
def test_deals_kept_moving_from_touch_to_touch(touches, closed, states):
    made = deal("D", MONDAY, "lost" if closed else "open", closed, touches=touches)
    assert judged("deals_kept_moving", HOUR, deals=[made])["state"].tolist() == states


@even_early
def test_handoff_acceptance(stop, as_of, expected):
    handoff = rows({**TO_SUCCESS, "offered_at": MONDAY, "accepted_at": stop})
    won = {"deals": [deal("D", "2026-01-05", "won", MONDAY)], "handoffs": handoff}
    assert state("handoff_acceptance", HOUR, **won, as_of=as_of) == expected


@pytest.mark.parametrize(
    ("handoffs", "expected"),
    [
        pytest.param([], "missed", id="never handed over"),
        pytest.param([{"returned_at": "2026-03-09 09:20"}], "missed", id="returned"),
        pytest.param(
            [{"accepted_at": "2026-03-09 09:10", "returned_at": "2026-03-09 09:20"}], "missed",
            id="accepted, then returned",
        ),
        pytest.param(
            [{"returned_at": "2026-03-09 09:20", "accepted_at": "2026-03-09 09:50"}], "met",
            id="returned, then accepted",
        ),
        pytest.param(
            [
                {"returned_at": "2026-03-09 09:20"},
                {"offered_at": "2026-03-09 09:30", "accepted_at": "2026-03-09 09:50"},
            ],
            "met", id="returned, offered again and accepted",
        ),
        pytest.param(
            [{"accepted_at": "2026-03-09 09:10", "returned_at": "2027-07-01 09:20"}], "met",
            id="returned after the data ends",
        ),
    ],
)  # fmt: skip
def test_handoff_acceptance_of_returned_ones(handoffs, expected):
    given = [TO_SUCCESS | {"offered_at": MONDAY, "handoff_id": str(n)} | one for n, one in enumerate(handoffs)]
    tables = {"handoffs": rows(*given)} if given else {}
    assert state("handoff_acceptance", HOUR, deals=[deal("D", "2026-01-05", "won", MONDAY)], **tables) == expected


@even_early
def test_kick_off(stop, as_of, expected):
    handoff = rows({**TO_SUCCESS, "offered_at": MONDAY, "completed_at": stop})
    won = {"deals": [deal("D", "2026-01-05", "won", MONDAY)], "handoffs": handoff}
    assert state("kick_off", HOUR, **won, as_of=as_of) == expected


def feedback(**instants):
    told = {"feedback_id": "F", "name": "Export", "user_id": "A", "team": "north", "submitted_at": "2026-03-02 09:00"}
    return rows({**told, "feedback_id": "again", "duplicate_of": "F", **instants}, {**told, **instants})


@even_early
def test_feedback_acknowledged(stop, as_of, expected):
    found = judged(
        "feedback_acknowledged", HOUR, as_of=as_of, feedback=feedback(submitted_at=MONDAY, acknowledged_at=stop)
    )
    assert found["state"].to_dict() == {"F": expected, "again": "does not apply"}


@even_early
def test_feedback_decided(stop, as_of, expected):
    found = judged("feedback_decided", HOUR, as_of=as_of, feedback=feedback(submitted_at=MONDAY, decided_at=stop))
    assert found["state"].to_dict() == {"F": expected, "again": "does not apply"}


@even_early
def test_feedback_loop_closed(stop, as_of, expected):
    found = judged("feedback_loop_closed", HOUR, as_of=as_of, feedback=feedback(decided_at=MONDAY, told_at=stop))
    assert found["state"].to_dict() == {"F": expected, "again": "does not apply"}


def test_feedback_that_is_not_decided_owes_no_answer_yet():
    assert judged("feedback_loop_closed", HOUR, feedback=feedback(told_at=MONDAY)).empty


@pytest.mark.parametrize(
    ("due", "done", "as_of", "expected"),
    [
        pytest.param("2026-03-31", "2026-03-31", LONG_AFTER, "met", id="on the day itself"),
        pytest.param("2026-03-31", "2026-03-01", LONG_AFTER, "met", id="long before"),
        pytest.param("2026-03-31", "2026-04-01", LONG_AFTER, "missed", id="a day late"),
        pytest.param("2026-03-31", None, LONG_AFTER, "missed", id="never"),
        pytest.param("2026-03-31", None, "2026-04-01 00:00", "missed", id="not by the end of the day"),
        pytest.param("2026-03-31", None, "2026-03-31 23:59", "pending", id="a minute before it ends"),
        pytest.param("2026-03-31", "2026-03-05", "2026-03-09 00:00", "met", id="done, and not due yet"),
        pytest.param("2026-03-31", "2026-03-20", "2026-03-09 00:00", "pending", id="done after the data ends"),
    ],
)
def test_training_completed(due, done, as_of, expected):
    course = {"user_id": "A", "module": "SLA", "team": "north", "due_on": due, "completed_on": done}
    made = judge(versions=[measuring("training_completed")], as_of=as_of, training=rows(course))
    assert made.states("it") == {"A:SLA": expected}
    row = made.row("it", "2026Q1")
    assert row["n"] + row["pending"] == 1, "due on the last day of the quarter, it is of this quarter"


BO = {"user_id": "B", "name": "Bo", "kind": "human", "home": "north", "role": "Account Executive"}
COURSE = {"module": "Agreement, version {version}", "roles": ["Account executive"], "within_days": 30}


@pytest.mark.parametrize(
    ("who", "learnt", "expected"),
    [
        pytest.param({}, {"2": "2026-03-18"}, ["done"], id="on the last day it was due"),
        pytest.param({}, {"2": "2026-03-31"}, ["done"], id="late, and before the period ended"),
        pytest.param({}, {"2": "2026-04-01"}, ["missing"], id="a day after the period ended"),
        pytest.param({}, {"1": "2026-01-20"}, ["missing"], id="on the version before, which counts no more"),
        pytest.param({}, {}, ["missing"], id="never"),
        pytest.param({"role": "account executive"}, {"2": "2026-03-01"}, ["done"], id="a role in other letters"),
        pytest.param({"role": "Legal"}, {}, ["not counted"], id="a role that takes none"),
        pytest.param({"role": None}, {}, ["not counted"], id="no role"),
        pytest.param({"active_from": "2026-03-02"}, {}, ["not counted"], id="came 29 days ago: not due yet"),
        pytest.param({"active_from": "2026-03-01"}, {}, ["missing"], id="came 30 days ago"),
        pytest.param({"active_from": "2026-04-01"}, {}, [], id="had not come yet"),
        pytest.param({"active_to": "2026-03-30"}, {}, [], id="had left"),
        pytest.param({"active_to": "2026-03-31"}, {}, ["missing"], id="left at the end of the last day"),
        pytest.param({"home": "unassigned"}, {}, [], id="of no team"),
        pytest.param({"home": "south"}, {}, [], id="of a team that is not looked at"),
        pytest.param({"kind": "queue"}, {}, [], id="no person"),
    ],
)
def test_training_coverage(who, learnt, expected):
    made = training(who, learnt, "2026-04-01 00:00")
    found = made.frames["it"].loc[lambda frame: frame["at"].ge(at("2026-03-01"))]
    words = {"counted": {1.0: "done", 0.0: "missing"}, "does not apply": {1.0: "not counted"}}
    assert [words[state][n] for state, n in zip(found["state"], found["numerator"], strict=True)] == expected
    reasons = ["not completed: Agreement, version 2"] if expected == ["missing"] else []
    assert found["reason"].dropna().tolist() == reasons


def training(who, learnt, as_of):
    """What someone had learnt when version 2 had come into force on 16 February."""
    given = [{"user_id": "B", "team": "north", "module": f"Agreement, version {n}", "completed_on": day}
             for n, day in learnt.items()]  # fmt: skip
    agreed = [
        measuring("training_coverage", agreed={"since": since, "version": name, "training": [COURSE]})
        for name, since in (("1", "2026-01-01"), ("2", "2026-02-16"))
    ]
    tables = {"users": rows(BO | who), **({"training": rows(*given)} if given else {})}
    return judge([lead("L", [("B", MONDAY)])], versions=agreed, as_of=as_of, **tables)


def test_training_is_counted_at_the_end_of_a_review_period_only():
    assert training({}, {}, "2026-03-31 23:59").frames["it"].empty
    assert list(training({}, {}, "2026-07-01 00:00").frames["it"].index) == ["B:2026Q1", "B:2026Q2"]


# Results of leads


@pytest.mark.parametrize(
    ("created", "owners", "minutes", "waits", "expected"),
    [
        pytest.param(MONDAY, [("queue", MONDAY), ("A", "2026-03-09 09:20")], 20, False, "counted", id="from the queue"),
        pytest.param(MONDAY, [("A", MONDAY)], 0, False, "counted", id="given to a person at once"),
        pytest.param(MONDAY, [("queue", MONDAY)], 180, True, "counted", id="still in the queue: three hours so far"),
        pytest.param(MONDAY, [], 180, True, "counted", id="held by nobody"),
        pytest.param(
            "2026-03-08 09:00", [("A", MONDAY)], 1440, False, "counted", id="Sunday counts: by the wall clock"
        ),
        pytest.param("2026-03-09 10:00", [("A", MONDAY)], None, False, "invalid", id="assigned before it came in"),
        pytest.param(MONDAY, [("A", "2026-03-09 13:00")], 180, True, "counted", id="assigned after the data ends"),
    ],
)
def test_routing_delay(created, owners, minutes, waits, expected):
    found = judged("routing_delay", leads=[lead("L", owners, created=created)], as_of="2026-03-09 12:00").iloc[0]
    assert (found["state"], found["censored"]) == (expected, waits)
    assert pd.isna(found["value"]) if minutes is None else found["value"] == minutes


@pytest.mark.parametrize(
    ("touched", "within", "minutes", "waits", "expected"),
    [
        pytest.param("2026-03-09 09:20", HOUR, 20, False, "counted", id="in time"),
        pytest.param("2026-03-09 11:00", HOUR, 120, False, "counted", id="late"),
        pytest.param("2026-03-10 09:20", HOUR, 500, False, "counted", id="the next day, in working minutes"),
        pytest.param("2026-03-10 09:20", "60 minutes", 1460, False, "counted", id="the next day, on the wall"),
        pytest.param(None, HOUR, 720, True, "counted", id="a day and a half so far"),
        pytest.param("2026-03-09 08:50", HOUR, 0, False, "counted", id="shortly before: at once"),
        pytest.param("2026-03-08 09:00", HOUR, None, False, "invalid", id="the day before: invalid"),
    ],
)
def test_response_time(touched, within, minutes, waits, expected):
    made = lead("L", [("A", MONDAY)], [("A", touched)] if touched else [])
    found = judged("response_time", within, leads=[made], as_of="2026-03-10 13:00").iloc[0]
    assert (found["state"], found["censored"]) == (expected, waits)
    assert pd.isna(found["value"]) if minutes is None else found["value"] == minutes


@pytest.mark.parametrize(
    ("answer", "expected", "accepted"),
    [
        pytest.param({"accepted_at": "2026-03-10 09:00"}, "counted", 1, id="accepted"),
        pytest.param({"rejected_at": "2026-03-10 09:00"}, "counted", 0, id="rejected"),
        pytest.param({}, "pending", None, id="undecided, however long"),
        pytest.param(
            {"accepted_at": "2026-03-10 09:00", "rejected_at": "2026-03-11 09:00"}, "counted", 0, id="given back later"
        ),
        pytest.param(
            {"rejected_at": "2026-03-10 09:00", "accepted_at": "2026-03-11 09:00"}, "counted", 1, id="after all"
        ),
        pytest.param({"accepted_at": "2027-07-01 09:00"}, "pending", None, id="accepted after the data ends"),
    ],
)
def test_lead_acceptance(answer, expected, accepted):
    made = judge(
        [lead("L")], versions=[measuring("lead_acceptance")], handoffs=rows({**OFFER, "offered_at": MONDAY, **answer})
    )
    assert made.states("it") == {"H": expected}
    assert made.row("it")["numerator"] == (accepted or 0)


WEEK = {"quota_id": "Q", "user_id": "B", "measure": "qualified leads", "amount": 10.0, "team": "north",
        "from_on": "2026-03-09", "to_on": "2026-03-13"}  # fmt: skip
QUALIFIED = [
    lead("one", person="x", qualified_at=MONDAY),
    lead("the same person again", person="x", qualified_at="2026-03-11 09:00"),
    lead("another", person="y", qualified_at="2026-03-11 10:00"),
    lead("without a person", qualified_at="2026-03-11 11:00"),
    lead("on the last day", person="z", qualified_at="2026-03-13 23:59"),
    lead("the week after", person="w", qualified_at="2026-03-14 00:00"),
    lead("the week before", person="v", qualified_at="2026-03-08 23:59"),
    lead("never", person="u"),
]


@pytest.mark.parametrize(
    ("as_of", "delivered", "owed", "expected"),
    [
        pytest.param("2026-04-01 00:00", 4, 10, "counted", id="the whole week: people, not records"),
        pytest.param("2026-03-11 13:00", 3, 5, "counted", id="half of its working hours: half of it is owed"),
        pytest.param("2026-03-08 12:00", 0, 0, "pending", id="not begun"),
        pytest.param("2026-03-09 09:00", 1, 0, "pending", id="begun, but not a working minute"),
    ],
)
def test_lead_volume(as_of, delivered, owed, expected):
    found = judged("lead_volume", leads=QUALIFIED, as_of=as_of, quotas=rows(WEEK)).iloc[0]
    assert (found["state"], found["numerator"]) == (expected, delivered)
    assert (0 if pd.isna(found["denominator"]) else found["denominator"]) == owed


def test_lead_volume_of_days_without_working_hours():
    weekend = WEEK | {"from_on": "2026-03-14", "to_on": "2026-03-15"}
    assert state("lead_volume", leads=QUALIFIED, quotas=rows(weekend)) == "pending"


# Results of deals


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


STAGES = {"stages": ["Qualification", "Proposal", "Negotiation"]}
MOVES = [("open", "2026-03-02 09:00", "Qualification"), ("open", "2026-03-04 09:00", "Proposal")]


@pytest.mark.parametrize(
    ("moves", "days"),
    [
        pytest.param(MOVES, {"Qualification": (2, False), "Proposal": (6, True)}, id="where it is, it stays so far"),
        pytest.param(
            [*MOVES, ("open", "2026-03-05 09:00", "Qualification"), ("open", "2026-03-08 09:00", "Proposal")],
            {"Qualification": (5, False), "Proposal": (3, True)}, id="all its visits together",
        ),
        pytest.param(
            [*MOVES, ("lost", "2026-03-07 09:00", "Lost")],
            {"Qualification": (2, False), "Proposal": (3, False)}, id="a closing ends the last",
        ),
    ],
)  # fmt: skip
def test_stage_dwell(moves, days):
    made = deal("D", "2026-03-02 09:00", "open", moves=moves)
    found = judged("stage_dwell", deals=[made], as_of="2026-03-10 09:00")
    assert set(found["state"]) == {"counted"}
    assert {item.partition(":")[2]: (row["value"], row["censored"]) for item, row in found.iterrows()} == days


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        pytest.param(MOVES, {"Qualification": 1, "Proposal": None}, id="where it is, it waits"),
        pytest.param([*MOVES, ("won", "2026-03-07 09:00")], {"Qualification": 1, "Proposal": 1}, id="won: on it went"),
        pytest.param([*MOVES, ("lost", "2026-03-07 09:00")], {"Qualification": 1, "Proposal": 0}, id="lost: it didn't"),
        pytest.param(
            [*MOVES, ("open", "2026-03-05 09:00", "Qualification")], {"Qualification": 1, "Proposal": None},
            id="moved back, it has been further",
        ),
        pytest.param(
            [*MOVES, ("open", "2026-03-05 09:00", "Qualification"), ("lost", "2026-03-06 09:00")],
            {"Qualification": 1, "Proposal": 0}, id="lost from an earlier stage: not on from the later",
        ),
    ],
)  # fmt: skip
def test_stage_conversion(moves, expected):
    made = deal("D", "2026-03-02 09:00", moves=moves)
    found = judged("stage_conversion", deals=[made], as_of="2026-03-10 09:00", agreed=STAGES)
    reached = found["numerator"].where(found["state"].eq("counted"))
    assert set(found["state"]) <= {"counted", "pending"}
    assert {item.partition(":")[2]: None if pd.isna(n) else n for item, n in reached.items()} == expected


# Results of handoffs, and what customers say


@pytest.mark.parametrize(
    ("handoffs", "present", "required"),
    [
        pytest.param([{"required_items": 5.0, "present_items": 4.0}], 4, 5, id="one is missing"),
        pytest.param([{"required_items": 5.0}], 0, 5, id="nothing is there"),
        pytest.param([{}], 0, 0, id="without a list"),
        pytest.param([], 0, 0, id="never handed over: a miss of the handoff, and nothing here"),
        pytest.param(
            [{"required_items": 5.0, "present_items": 2.0}, {"required_items": 5.0, "offered_at": "2026-03-10 09:00"}],
            0, 5, id="of two offers the list of the last, whole",
        ),
    ],
)  # fmt: skip
def test_handoff_completeness(handoffs, present, required):
    given = [TO_SUCCESS | {"offered_at": MONDAY, "handoff_id": str(n)} | one for n, one in enumerate(handoffs)]
    tables = {"handoffs": rows(*given)} if given else {}
    made = judge(deals=[deal("D", "2026-01-05", "won", MONDAY)], versions=[measuring("handoff_completeness")], **tables)
    assert tuple(made.row("it")[["numerator", "denominator"]]) == (present, required)


@pytest.mark.parametrize(
    ("handoff", "expected"),
    [
        pytest.param({"accepted_at": "2026-03-10 09:00"}, 1, id="accepted"),
        pytest.param({"returned_at": "2026-03-10 09:00"}, 0, id="returned"),
        pytest.param(
            {"returned_at": "2026-03-10 09:00", "accepted_at": "2026-03-11 09:00"}, 0, id="only then accepted"
        ),
        pytest.param({}, "pending", id="not decided"),
        pytest.param({"accepted_at": "2027-07-01 09:00"}, "pending", id="accepted after the data ends"),
        pytest.param(None, "does not apply", id="never handed over"),
    ],
)
def test_handoff_first_time_right(handoff, expected):
    tables = {} if handoff is None else {"handoffs": rows({**TO_SUCCESS, "offered_at": MONDAY, **handoff})}
    won = deal("D", "2026-01-05", "won", MONDAY)
    (found,) = judged("handoff_first_time_right", deals=[won], **tables).to_dict("records")
    assert (found["numerator"] if found["state"] == "counted" else found["state"]) == expected


SURVEY = {"response_id": "R", "scale_min": 1.0, "scale_max": 5.0, "user_id": "A", "account": "Acme", "team": "north",
          "survey": "csat", "sent_at": "2026-03-02 09:00", "responded_at": MONDAY}  # fmt: skip


def answer(kind, score, **more):
    scale = {"scale_min": 0.0, "scale_max": 10.0} if kind == "nps" else {}
    return rows({**SURVEY, "survey": kind, **scale, "score": score, **more})


@pytest.mark.parametrize(
    ("score", "more", "boxes", "expected"),
    [
        pytest.param(5.0, {}, 2, 1, id="5 of 5"),
        pytest.param(4.0, {}, 2, 1, id="4 of 5"),
        pytest.param(3.0, {}, 2, 0, id="3 of 5"),
        pytest.param(4.0, {}, 1, 0, id="4 where only the top box counts"),
        pytest.param(6.0, {"scale_max": 7.0}, 2, 1, id="6 of 7"),
        pytest.param(6.0, {}, 2, "invalid", id="6 of 5: outside the scale"),
        pytest.param(0.0, {}, 2, "invalid", id="0 of 1 to 5"),
        pytest.param(None, {}, 2, "does not apply", id="opened without a score"),
        pytest.param(9.0, {"survey": "nps", "scale_max": 10.0}, 2, "does not apply", id="another survey"),
    ],
)
def test_csat(score, more, boxes, expected):
    given = answer("csat", score, **more)
    (found,) = judged("csat", knobs={"top_boxes": boxes}, satisfaction=given).to_dict("records")
    assert (found["numerator"] if found["state"] == "counted" else found["state"]) == expected
    assert (found["reason"] is not None and "scale" in str(found["reason"])) == (expected == "invalid")


def test_a_survey_without_an_answer_says_nothing():
    assert judged("csat", satisfaction=answer("csat", None, responded_at=None)).empty
    assert judged("csat", satisfaction=answer("csat", 5.0, responded_at="2027-07-01 09:00")).empty, "not known yet"


@pytest.mark.parametrize(
    ("score", "more", "expected"),
    [
        pytest.param(10.0, {}, 100, id="10: a promoter"),
        pytest.param(9.0, {}, 100, id="9 too"),
        pytest.param(8.0, {}, 0, id="8 is neither"),
        pytest.param(7.0, {}, 0, id="nor is 7"),
        pytest.param(6.0, {}, -100, id="6: a detractor"),
        pytest.param(0.0, {}, -100, id="0 too"),
        pytest.param(11.0, {}, "invalid", id="11"),
        pytest.param(5.0, {"scale_max": 5.0}, "invalid", id="5 of 5: asked on another scale"),
    ],
)
def test_nps(score, more, expected):
    (found,) = judged("nps", satisfaction=answer("nps", score, **more)).to_dict("records")
    assert (found["numerator"] if found["state"] == "counted" else found["state"]) == expected


def test_nps_is_promoters_less_detractors_in_points():
    """Three promoters, two neither, one detractor: 33.3 points, where the average of the scores is 8."""
    scores = [10.0, 10.0, 9.0, 8.0, 7.0, 4.0]
    given = [answer("nps", score, response_id=str(n), account=str(n)) for n, score in enumerate(scores)]
    made = judge(versions=[measuring("nps")], satisfaction=pd.concat(given, ignore_index=True))
    assert made.row("it")["value"] == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("responded", "as_of", "expected"),
    [
        pytest.param("2026-03-10 09:00", LONG_AFTER, 1, id="answered"),
        pytest.param("2026-03-16 09:00", LONG_AFTER, 1, id="on the last day"),
        pytest.param("2026-03-16 09:01", LONG_AFTER, 0, id="after it was closed"),
        pytest.param(None, LONG_AFTER, 0, id="never"),
        pytest.param(None, "2026-03-16 08:59", "pending", id="not yet, and it is open"),
        pytest.param(None, "2026-03-16 09:00", 0, id="not by the time it closes"),
        pytest.param("2026-03-10 09:00", "2026-03-11 09:00", 1, id="answered, and still open"),
        pytest.param("2026-03-10 09:00", "2026-03-09 09:00", "pending", id="answered after the data ends"),
    ],
)
def test_survey_response(responded, as_of, expected):
    given = answer("csat", 5.0, responded_at=responded)
    (found,) = judged("survey_response", as_of=as_of, satisfaction=given).to_dict("records")
    assert (found["numerator"] if found["state"] == "counted" else found["state"]) == expected


# What was planned, and how the agreement is lived

QUOTA = {"quota_id": "Q", "user_id": "A", "measure": "won amount", "amount": 1000.0, "team": "north",
         "from_on": "2026-04-01", "to_on": "2026-06-30"}  # fmt: skip


def stood(name, amount, close, status="open", entered="2026-02-01 09:00", probability=0.5):
    return {"history_id": f"{name}{entered}", "opportunity_id": name, "stage": "Proposal", "status": status,
            "entered_at": entered, "amount": amount, "probability": probability, "expected_close_on": close,
            "team": "north"}  # fmt: skip


PIPELINE = rows(
    stood("in", 600.0, "2026-05-01"),
    stood("first day", 100.0, "2026-04-01"),
    stood("last day", 200.0, "2026-06-30"),
    stood("later", 4000.0, "2026-07-01"),
    stood("stale", 8000.0, "2026-03-31"),
    stood("grew", 10.0, "2026-05-01"),
    stood("grew", 50.0, "2026-05-01", entered="2026-03-01 09:00"),
    stood("grew", 9000.0, "2026-05-01", entered="2026-04-02 09:00"),
    stood("lost", 900.0, "2026-05-01"),
    stood("lost", 900.0, "2026-05-01", "lost", entered="2026-03-01 09:00"),
    stood("new", 9000.0, "2026-05-01", entered="2026-04-01 09:00"),
)


@pytest.mark.parametrize(
    ("quota", "as_of", "expected"),
    [
        pytest.param(1000.0, "2026-07-08 00:00", (950, 1000, "counted"), id="as it stood when the term began"),
        pytest.param(0.0, "2026-07-08 00:00", (950, 0, "invalid"), id="no quota: nothing to cover"),
        pytest.param(1000.0, "2026-03-20 00:00", (950, 1000, "pending"), id="not begun"),
    ],
)
def test_pipeline_coverage(quota, as_of, expected):
    known = PIPELINE[PIPELINE["entered_at"].le(at(as_of))]
    found = judged("pipeline_coverage", as_of=as_of, quotas=rows({**QUOTA, "amount": quota}), stage_history=known)
    (row,) = found[["numerator", "denominator", "state"]].itertuples(index=False, name=None)
    assert row == expected


SNAPSHOT = {"user_id": "A", "from_on": "2026-04-01", "to_on": "2026-06-30", "team": "north"}
FORECASTS = [{**SNAPSHOT, "snapshot_at": "2026-03-30 09:00", "amount": 800.0},
             {**SNAPSHOT, "snapshot_at": "2026-06-29 09:00", "amount": 1000.0}]  # fmt: skip
FORECAST_CASES = [
    pytest.param(1000.0, "2026-07-08 00:00", ("counted", -200, 1000), id="too careful"),
    pytest.param(500.0, "2026-07-08 00:00", ("counted", 300, 500), id="too hopeful"),
    pytest.param(800.0, "2026-07-08 00:00", ("counted", 0, 800), id="right"),
    pytest.param(1000.0, "2026-06-30 00:00", ("pending", None, None), id="the term still runs"),
    pytest.param(None, "2026-07-08 00:00", ("does not apply", None, None), id="nothing was won"),
]


def forecast(kpi, won, as_of):
    deals = [deal("W", "2026-01-05", "won", "2026-05-04", amount=won)] if won else []
    tables = {"quotas": rows(QUOTA), "forecasts": rows(*FORECASTS)}
    (found,) = judged(kpi, deals=deals, as_of=as_of, **tables).to_dict("records")
    return found


@pytest.mark.parametrize(("won", "as_of", "expected"), FORECAST_CASES)
def test_forecast_error(won, as_of, expected):
    found = forecast("forecast_error", won, as_of)
    assert found["state"] == expected[0]
    if expected[0] == "counted":
        assert (found["numerator"], found["denominator"]) == (abs(expected[1]), expected[2])


@pytest.mark.parametrize(("won", "as_of", "expected"), FORECAST_CASES)
def test_forecast_bias(won, as_of, expected):
    found = forecast("forecast_bias", won, as_of)
    assert found["state"] == expected[0]
    if expected[0] == "counted":
        assert (found["numerator"], found["denominator"]) == expected[1:]


ROLE = {"step": "proposal", "accountable": "Leader", "responsible": ["Seller"], "recorded": True}
TWO = [ROLE, {**ROLE, "accountable": "Desk"}]


@pytest.mark.parametrize(
    ("roles", "covered"),
    [
        pytest.param([ROLE], 1, id="one role is accountable"),
        pytest.param(TWO, 0, id="two are"),
        pytest.param([{**ROLE, "from_on": "2027-01-01"}], 0, id="none is yet"),
        pytest.param([ROLE, ROLE], 1, id="the same one twice"),
        pytest.param([ROLE, {**ROLE, "accountable": "Desk", "team": "south"}], 1, id="another one in another team"),
    ],
)
def test_role_coverage(roles, covered):
    made = judge(
        deals=[deal("D", "2026-01-05")], versions=[measuring("role_coverage", agreed={"responsibilities": roles})]
    )
    row = made.row("it")
    assert (row["numerator"], row["denominator"]) == (90 * covered, 90)


@pytest.mark.parametrize(
    ("status", "done", "once", "counted", "reason"),
    [
        pytest.param("won", ["A"], 1, 1, None, id="done by one person"),
        pytest.param("won", ["A", "A"], 1, 1, None, id="twice by the same one"),
        pytest.param("won", ["A", "B"], 0, 1, "done twice: proposal", id="by two"),
        pytest.param("won", [], 0, 1, "missing: proposal", id="not done"),
        pytest.param("won", [None], 0, 1, "missing: proposal", id="asked for, and not done"),
        pytest.param("lost", [], 0, 0, None, id="a lost deal owes none"),
        pytest.param("open", [], 0, 0, None, id="nor does an open one"),
    ],
)
def test_steps_done_once(status, done, once, counted, reason):
    step = {"opportunity_id": "D", "step": "proposal", "team": "north", "requested_at": "2026-02-02 09:00"}
    given = rows(
        *(
            {**step, "step_id": str(n), "performer_id": who or "A", "completed_at": "2026-02-03 09:00" if who else None}
            for n, who in enumerate(done)
        )
    )
    made = judge(
        deals=[deal("D", "2026-01-05", status, "2026-03-02")],
        versions=[measuring("steps_done_once", agreed={"responsibilities": [ROLE]})],
        **({"steps": given} if done else {}),
    )
    row = made.row("it")
    assert (row["numerator"], row["denominator"]) == (once, counted)
    assert made.frames["it"]["reason"].dropna().tolist() == ([reason] if reason else [])


def test_every_kpi_has_its_cases_here():
    assert {f"test_{name}" for name, known in KPIS.items() if known.place.startswith("slareport.")} <= set(globals())


def test_a_version_may_set_the_horizon():
    outcomes = [OUTCOMES[1] | {"knobs": {"horizon_days": 90}}]
    row = judge(deals=[deal("D", "2026-01-05", "won", "2026-03-01")], versions=[version(outcomes=outcomes)]).row(
        "closure", "2026Q2"
    )
    assert (row["numerator"], row["denominator"], row["definition"]) == (1, 1, "deal_closure_rate.1, horizon days 90")
