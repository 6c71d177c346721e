"""Items become judgements: by the version at their start, with who held them and why they were missed."""

import pandas as pd
import pytest
from judging import OUTCOMES, TEAMS, ZONE, at, deal, judge, lead, version

from slareport.agreement import Agreement
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


@pytest.mark.parametrize(
    ("touches", "cause"),
    [
        pytest.param([("A", "2026-03-09 12:00")], "answered late", id="answered late"),
        pytest.param([("robot", MONDAY), ("A", "2026-03-09 12:00")], "answered late", id="even after automatic mail"),
        pytest.param([("robot", MONDAY)], "only automatic mail", id="only automatic mail"),
        pytest.param([], "no reply at all", id="nothing"),
        pytest.param([("A", "2026-03-09 09:10")], None, id="answered in time: no cause"),
    ],
)
def test_why_a_lead_was_missed(touches, cause):
    found = judge([lead("L", [("A", MONDAY)], touches)]).frames["reply"]["cause"]
    assert found.dropna().tolist() == ([cause] if cause else [])


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
    tables = {
        "users": pd.DataFrame({"user_id": ["A"], "name": ["A"]}),
        "lead_legs": pd.DataFrame({"lead_id": ["L"], "leg": 0, "from_at": at("2026-03-07 12:00"), "owner_id": ["A"]}),
    }
    for teams, due in ((TEAMS, "2026-03-09 10:00"), (open_always, "2026-03-07 13:00")):
        frames = judge_items(made.items, tables, Agreement((version(),), {}), teams, at("2026-04-01"))
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


def test_all_frames_have_the_same_types_even_when_empty():
    empty = judge().frames
    full = judge([lead("L", [("A", MONDAY)])], [deal("D", "2026-01-05", "won", "2026-01-20")]).frames
    for name, frame in full.items():
        assert len(frame) == 1
        kinds = frame.dtypes.drop(["owner_at_deadline", "version"])
        assert kinds.equals(empty[name].dtypes.drop(["owner_at_deadline", "version"]))
        assert set(EVIDENCE) <= set(frame)
        assert set(frame["state"]) <= set(State)
