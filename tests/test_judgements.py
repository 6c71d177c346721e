"""Items become judgements: by the version at their start, with who held them and why they were missed."""

import pytest
from judging import OUTCOMES, TEAMS, ZONE, at, deal, judge, lead, measuring, rows, version

from slareport.agreement import Agreement
from slareport.errors import UsageError
from slareport.judgements import EVIDENCE, definition_of, judge_items
from slareport.kpi import State
from slareport.teams import Team

MONDAY = "2026-03-09 09:00"


def test_a_judgement_carries_what_a_reader_wants_to_check():
    made = judge(
        [lead("L", [("A", MONDAY)], [("A", "2026-03-09 12:00")], created="2026-03-08 10:00", deal="D")],
        [deal("D", "2026-03-10", amount=500.0)],
    )
    (found,) = made.frames["reply"].reset_index(names="item").to_dict("records")
    expected = {
        "item": "L", "state": "missed", "due_at": at("2026-03-09 10:00"), "stopped_at": at("2026-03-09 12:00"),
        "elapsed_minutes": 180, "late_minutes": 120, "at": at(MONDAY), "created_at": at("2026-03-08 10:00"),
        "team": "north", "name": "Lead L", "account": "Acme", "amount": 500, "currency": "EUR", "version": 0,
        "record_url": "https://crm.example/L", "owner_at_deadline": "A", "cause": "answered late",
        "definition": "lead_response.1, within 60 business minutes", "numerator": 0, "denominator": 1,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("owners", "holder"),
    [
        pytest.param([("A", MONDAY)], "A", id="the only owner"),
        pytest.param([("A", MONDAY), ("B", "2026-03-09 09:59")], "B", id="handed over just before it was due"),
        pytest.param([("A", MONDAY), ("B", "2026-03-09 10:00")], "B", id="handed over at that instant"),
        pytest.param([("A", MONDAY), ("B", "2026-03-09 10:01")], "A", id="handed over just after"),
        pytest.param([("A", MONDAY), ("queue", "2026-03-09 09:30")], "queue", id="given back to the queue"),
        pytest.param([("A", MONDAY), (None, "2026-03-09 09:30")], "nobody", id="given to nobody"),
        pytest.param([("A", MONDAY), ("gone", "2026-03-09 09:30")], "nobody", id="given to someone unknown"),
    ],
)
def test_a_miss_is_of_who_held_it_when_it_was_due(owners, holder):
    assert judge([lead("L", owners)]).frames["reply"]["owner_at_deadline"].tolist() == [holder]


AWAY = rows({"user_id": "A", "from_on": "2026-03-09", "to_on": "2026-03-10"})
NEVER_A_PERSON = [("queue", MONDAY)]
PASSED_ON_LATE = [("queue", MONDAY), ("A", "2026-03-09 12:00")]

CAUSES = [
    pytest.param(NEVER_A_PERSON, [], {}, "never assigned", id="it stayed in the queue"),
    pytest.param(PASSED_ON_LATE, [("A", "2026-03-09 12:10")], {}, "assigned late", id="it left the queue too late"),
    pytest.param([("A", MONDAY)], [], {"absences": AWAY}, "owner on leave", id="who held it was away"),
    pytest.param(
        [("A", MONDAY)], [("B", "2026-03-09 12:00")], {"absences": AWAY}, "owner on leave", id="though answered late"
    ),
    pytest.param(
        [("A", MONDAY), ("B", "2026-03-09 09:30")], [], {"absences": AWAY}, "no reply at all",
        id="who is away held it no more when it was due",
    ),
    pytest.param([("A", MONDAY)], [("A", "2026-03-09 12:00")], {}, "answered late", id="answered late"),
    pytest.param(
        [("A", MONDAY)], [("robot", MONDAY), ("A", "2026-03-09 12:00")], {}, "answered late", id="after automatic mail"
    ),
    pytest.param([("A", MONDAY)], [("robot", MONDAY)], {}, "only automatic mail", id="only automatic mail"),
    pytest.param([("A", MONDAY)], [], {}, "no reply at all", id="nothing"),
    pytest.param([("A", MONDAY)], [("A", "2026-03-09 09:10")], {}, None, id="answered in time: no cause"),
]  # fmt: skip


@pytest.mark.parametrize(("owners", "touches", "tables", "cause"), CAUSES)
def test_why_a_lead_was_missed(owners, touches, tables, cause):
    agreed = measuring("speed_to_lead", "60 business minutes")
    found = judge([lead("L", owners, touches, created=MONDAY)], versions=[agreed], **tables).frames["it"]["cause"]
    assert found.dropna().tolist() == ([cause] if cause else [])


def test_the_causes_of_a_reply_are_not_those_of_other_promises():
    late = lead("L", [("A", MONDAY)], qualified_at="2026-03-09 09:00")
    agreed = measuring("marketing_delivery", "60 business minutes")
    offered = rows({"handoff_id": "H", "kind": "marketing to sales", "lead_id": "L", "team": "north",
                    "offered_at": "2026-03-09 12:00"})  # fmt: skip
    assert judge([late], versions=[agreed], handoffs=offered).frames["it"]["cause"].tolist() == ["done late"]


def test_an_offer_is_missed_by_who_held_its_lead_when_it_was_due():
    offered = {"kind": "marketing to sales", "lead_id": "L", "team": "north"}
    handoffs = rows(
        offered | {"handoff_id": "1", "offered_at": MONDAY},
        offered | {"handoff_id": "2", "offered_at": "2026-03-10 09:00"},
    )
    moved = lead("L", [("A", MONDAY), ("B", "2026-03-09 15:00")])
    frame = judge([moved], versions=[measuring("lead_decision", "60 business minutes")], handoffs=handoffs).frames["it"]
    assert frame["owner_at_deadline"].to_dict() == {"1": "A", "2": "B"}


# Which items a measure is about, and which knobs govern them

HOT = [
    lead("hot", [("A", MONDAY)], [("A", "2026-03-09 09:45")], priority="Hot", segment="large"),
    lead("cold", [("A", MONDAY)], [("A", "2026-03-09 09:45")], priority="Cold", segment="small"),
    lead("neither", [("A", MONDAY)], [("A", "2026-03-09 09:45")]),
]


@pytest.mark.parametrize(
    ("measure", "states"),
    [
        pytest.param({}, {"cold": "met", "hot": "met", "neither": "met"}, id="all of them, in an hour"),
        pytest.param({"population": {"priority": "Hot"}}, {"hot": "met"}, id="those of one value"),
        pytest.param(
            {"population": {"priority": ["Hot", "Cold"], "segment": "small"}}, {"cold": "met"}, id="of two columns"
        ),
        pytest.param({"population": {"priority": "Warm"}}, {}, id="of a value that none has"),
        pytest.param(
            {"by": {"priority": {"Hot": {"within": "30 business minutes"}}}},
            {"cold": "met", "hot": "missed", "neither": "met"}, id="hot ones sooner",
        ),
        pytest.param(
            {"by": {"priority": {"Hot": {"within": "30 business minutes"}, "Cold": {"within": "2 business hours"}}},
             "population": {"segment": "large"}},
            {"hot": "missed"}, id="hot ones sooner, of the large",
        ),
    ],
)  # fmt: skip
def test_whom_a_promise_is_about(measure, states):
    judged = judge(HOT, versions=[measuring("lead_response", "60 business minutes", **measure)])
    assert judged.states("it") == states


@pytest.mark.parametrize("part", ["population", "exclusions"])
def test_a_column_that_items_do_not_have_names_those_they_have(part):
    with pytest.raises(UsageError, match=r"prioritty.*did you mean priority"):
        judge(HOT, versions=[measuring("lead_response", "60 business minutes", **{part: {"prioritty": "Hot"}})])


# What stops the clock, and what takes an item out

HELD = {"hold_id": "H", "lead_id": "L", "reason": "waiting for the customer", "team": "north"}
PAUSES = [
    pytest.param(HELD | {"started_at": "2026-03-09 09:10", "ended_at": "2026-03-09 09:40"}, "10:30", id="half an hour"),
    pytest.param(
        HELD | {"started_at": "2026-03-09 09:10", "ended_at": "2026-03-09 09:40", "reason": "lunch"}, "10:00",
        id="for a reason that is not agreed",
    ),
    pytest.param(
        HELD | {"started_at": "2026-03-09 09:10", "ended_at": "2026-03-09 09:40", "promise": "it"}, "10:30",
        id="for this promise",
    ),
    pytest.param(
        HELD | {"started_at": "2026-03-09 09:10", "ended_at": "2026-03-09 09:40", "promise": "other"}, "10:00",
        id="for another promise",
    ),
    pytest.param(
        HELD | {"started_at": "2026-03-09 09:10", "ended_at": "2026-03-09 09:40", "lead_id": "M"}, "10:00",
        id="of another lead",
    ),
    pytest.param(
        HELD | {"started_at": "2026-03-09 10:00", "ended_at": "2026-03-09 11:00"}, "10:00",
        id="begun at the deadline it heals nothing",
    ),
    pytest.param(HELD | {"started_at": "2026-03-09 09:10"}, "12:50", id="still open when the data ends at noon"),
    pytest.param(
        HELD | {"started_at": "2026-03-09 09:10", "ended_at": "2026-03-09 15:00"}, "12:50",
        id="ended after that, which nobody knows yet",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("hold", "due"), PAUSES)
def test_a_hold_for_an_agreed_reason_stops_the_clock(hold, due):
    agreed = measuring("lead_response", "60 business minutes", pause=["waiting for the customer"])
    made = [lead("L", [("A", MONDAY)]), lead("M", [("A", "2026-03-09 11:59")])]
    found = judge(made, versions=[agreed], as_of="2026-03-09 12:00", holds=rows(hold)).frames["it"]
    assert found.loc["L", "due_at"] == at(f"2026-03-09 {due}")


def test_a_hold_on_a_lead_is_none_on_what_has_no_deal():
    agreed = measuring("feedback_acknowledged", "60 business minutes", pause=["waiting for the customer"])
    sent = {"feedback_id": "F", "user_id": "A", "product_area": "x", "team": "north", "submitted_at": MONDAY}
    hold = HELD | {"started_at": "2026-03-09 09:10"}
    found = judge(versions=[agreed], feedback=rows(sent), holds=rows(hold)).frames["it"]
    assert (found.loc["F", "state"], found.loc["F", "paused_minutes"]) == ("missed", 0)


def test_holds_and_leave_together_take_no_time_twice():
    holds = rows(HELD | {"started_at": "2026-03-09 09:10", "ended_at": "2026-03-11 09:30"})
    agreed = measuring("lead_response", "60 business minutes", pause=["waiting for the customer", "leave"])
    found = judge([lead("L", [("A", MONDAY)])], versions=[agreed], holds=holds, absences=AWAY).frames["it"].iloc[0]
    assert found["due_at"] == at("2026-03-11 10:30")
    assert found["paused_minutes"] == 2 * 480 + 30


@pytest.mark.parametrize(
    ("owners", "due"),
    [
        pytest.param([("A", MONDAY)], "2026-03-11 10:00", id="after the two days its owner is away"),
        pytest.param([("B", MONDAY)], "2026-03-09 10:00", id="another one is there"),
        pytest.param([("A", "2026-03-06 16:30")], "2026-03-11 09:30", id="from the first hour of leave on"),
        pytest.param([("A", "2026-03-11 09:00")], "2026-03-11 10:00", id="back again"),
    ],
)
def test_leave_stops_the_clock_where_that_is_agreed(owners, due):
    paused, strict = (measuring("lead_response", "60 business minutes", pause=pause) for pause in (["leave"], []))
    found = judge([lead("L", owners)], versions=[paused], absences=AWAY).frames["it"]["due_at"]
    assert found.tolist() == [at(due)]
    without = judge([lead("L", owners)], versions=[paused]).frames["it"]["due_at"]
    assert judge([lead("L", owners)], versions=[strict], absences=AWAY).frames["it"]["due_at"].equals(without)


WAIVED = {"waiver_id": "W", "promise": "it", "reason": "flood", "approved_by": "Ada", "approved_at": MONDAY}
WORDS = "waived by Ada: flood"


@pytest.mark.parametrize(
    ("waiver", "state", "reason"),
    [
        pytest.param({"lead_id": "L"}, "excluded", WORDS, id="of the lead"),
        pytest.param({"item": "L"}, "excluded", WORDS, id="of the item"),
        pytest.param({"lead_id": "M"}, "missed", None, id="of another lead"),
        pytest.param({"lead_id": "L", "promise": "other"}, "missed", None, id="of another promise"),
    ],
)
def test_what_was_waived_does_not_count(waiver, state, reason):
    agreed = measuring("lead_response", "60 business minutes")
    judged = judge([lead("L", [("A", MONDAY)])], versions=[agreed], waivers=rows(WAIVED | {"team": "north"} | waiver))
    found = judged.frames["it"].iloc[0]
    assert (found["state"], found["reason"] if reason else None) == (state, reason)
    row = judged.row("it")
    assert (row["n"], row["excluded"]) == ((0, 1) if reason else (1, 0))


def test_what_does_not_count_anyway_is_not_excluded():
    early = lead("L", [("A", MONDAY)], [("A", "2026-03-01 09:00")])
    waiver = rows(WAIVED | {"team": "north", "lead_id": "L"})
    agreed = measuring("lead_response", "60 business minutes")
    assert judge([early], versions=[agreed], waivers=waiver).states("it") == {"L": "invalid"}


def test_what_the_agreement_excludes_is_excluded_with_the_reason():
    agreed = measuring("lead_response", "60 business minutes", exclusions={"priority": ["Cold", "Ice"]})
    found = judge(HOT, versions=[agreed]).frames["it"]
    assert found["state"].to_dict() == {"cold": "excluded", "hot": "met", "neither": "met"}
    assert found.loc["cold", "reason"] == "excluded by the agreement: priority Cold"
    assert found.loc["cold", ["numerator", "denominator", "value"]].isna().all()


@pytest.mark.parametrize(
    ("withdrawn", "touches", "state"),
    [
        pytest.param("2026-03-09 09:30", [], "excluded", id="before it was due"),
        pytest.param("2026-03-09 10:00", [], "missed", id="at the deadline: missed"),
        pytest.param("2026-03-09 12:00", [], "missed", id="after it: missed"),
        pytest.param("2026-03-09 09:30", [("A", "2026-03-09 09:20")], "met", id="after the answer: kept"),
        pytest.param("2026-03-09 09:30", [("A", "2026-03-09 09:40")], "excluded", id="before the answer"),
        pytest.param("2026-03-20 09:00", [], "missed", id="after the data ends: not known"),
    ],
)
def test_a_lead_that_took_back_its_inquiry_in_time(withdrawn, touches, state):
    judged = judge([lead("L", [("A", MONDAY)], touches, withdrawn_at=withdrawn)], as_of="2026-03-15 00:00")
    assert judged.states() == {"L": state}
    (reason,) = judged.frames["reply"]["reason"]
    assert (reason == "withdrawn before it was due") == (state == "excluded")


def test_an_outcome_excludes_nothing():
    """A waiver is of a promise: no result of the business is talked away."""
    waiver = rows({**WAIVED, "promise": "win-rate", "opportunity_id": "D", "team": "north"})
    made = judge(deals=[deal("D", "2026-01-05", "lost", "2026-02-01")], waivers=waiver)
    assert made.states("win-rate") == {"D": "counted"}


def test_leads_from_before_the_first_version_are_not_judged():
    early = lead("E", [("A", "2025-12-31 23:59")])
    first = lead("F", [("A", "2026-01-01 00:00")])
    assert list(judge([early, first], versions=[version("2026-01-01")]).states()) == ["F"]


def test_a_measure_that_a_version_drops_judges_nothing_from_then_on():
    without = version("2026-02-01", outcomes=[OUTCOMES[0]])
    deals = [deal("D", "2026-01-05", "won", "2026-01-20"), deal("E", "2026-02-05", "won", "2026-02-20")]
    judged = judge(deals=deals, versions=[version("2026-01-01"), without])
    assert list(judged.states("cycle")) == ["D"]
    assert list(judged.states("win-rate")) == ["D", "E"]


def test_the_hours_of_a_version_govern_its_leads():
    friday = [lead("O", [("A", "2026-01-30 16:30")]), lead("N", [("A", "2026-02-06 16:30")])]
    longer = version("2026-02-01", calendars={"berlin": {"zone": ZONE, "hours": {"mon-sat": "9:00-17:00"}}})
    due = judge(friday, versions=[version("2026-01-01"), longer]).frames["reply"]["due_at"]
    assert due.to_dict() == {"O": at("2026-02-02 09:30"), "N": at("2026-02-07 09:30")}


def test_items_without_a_team_are_judged_by_the_calendar_of_the_review():
    lonely = judge([lead("L", [("A", MONDAY)], team="unassigned")]).frames["reply"]
    assert lonely["due_at"].tolist() == [at("2026-03-09 10:00")]


def test_each_team_is_judged_by_its_own_calendar():
    made = judge([lead("L", [("A", "2026-03-07 12:00")])])
    open_always = {"north": Team(name="N", leader="A", calendar="always", currency="EUR", crm=["N"])}
    for teams, due in ((TEAMS, "2026-03-09 10:00"), (open_always, "2026-03-07 13:00")):
        frames = judge_items(made.items, Agreement((version(),), {}), teams)
        assert frames["reply"]["due_at"].tolist() == [at(due)]


def test_a_definition_names_what_the_measure_is_set_to():
    agreed = version(within="2 business hours")
    found = [definition_of(measure) for measure in agreed.measures]
    assert found == [
        "lead_response.1, within 2 business hours",
        "win_rate.1",
        "deal_closure_rate.1, horizon days 30",
        "sales_cycle_length.1",
    ]


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        pytest.param({"population": {"priority": ["Hot", "Warm"]}}, "priority Hot or Warm", id="whom it is about"),
        pytest.param(
            {"by": {"priority": {"Hot": {"within": "30 minutes"}}}}, "within 30 minutes for priority Hot", id="by what"
        ),
        pytest.param({"exclusions": {"channel": "test"}}, "without channel test", id="whom it leaves out"),
        pytest.param({"pause": ["leave", "customer"]}, "paused for leave or customer", id="when it stands still"),
    ],
)
def test_a_definition_says_all_that_makes_two_results_unlike(measure, words):
    (agreed,) = measuring("lead_response", "2 hours", **measure).measures
    assert definition_of(agreed) == f"lead_response.1, within 2 hours, {words}"


def test_all_frames_have_the_same_types_even_when_empty():
    empty = judge().frames
    full = judge([lead("L", [("A", MONDAY)])], [deal("D", "2026-01-05", "won", "2026-01-20")]).frames
    for name, frame in full.items():
        assert len(frame) == 1
        kinds = frame.dtypes.drop(["owner_at_deadline", "version"])
        assert kinds.equals(empty[name].dtypes.drop(["owner_at_deadline", "version"]))
        assert set(EVIDENCE) <= set(frame)
        assert set(frame["state"]) <= set(State)
