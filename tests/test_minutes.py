"""What people say about a review, and what is refused of it."""

import datetime as dt

import pytest
from test_agreement import load

from slareport.errors import UsageError
from slareport.minutes import Action, Minutes, load_reviews, overdue
from slareport.period import parse_period
from slareport.teams import Team

TEAMS = {"north": Team(name="North", leader="Ada", calendar="berlin", currency="EUR", crm=["N"])}
EXPLAINED = """explanations:
  - {promise: reply, by: Ada, on: 2026-04-07, text: "Two of us were ill: nobody took over."}
"""
ASKED = """decisions:
  - question: Who takes over when someone is ill?
    options: [{text: The deputy, recommended: true}, {text: Nobody}]
    decider: Head of sales
    due: 2026-04-16
"""


def action(name, due, done_on=""):
    return f"  - {{action: {name}, owner: Ada, due: {due}{f', done_on: {done_on}' if done_on else ''}}}\n"


def reviews(tmp_path, files, teams=TEAMS):
    for name, text in files.items():
        path = tmp_path / "reviews" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return load_reviews(tmp_path / "reviews", tmp_path, load(tmp_path, "2026-01-01"), teams)


def test_what_was_said_is_found_by_period_and_team(tmp_path):
    read = reviews(tmp_path, {"2026Q1/north.yaml": EXPLAINED + ASKED})
    said = read.of(parse_period("2026Q1"), "north")
    assert [(one.by, one.on, one.text) for one in said.explained("reply")] == [
        ("Ada", dt.date(2026, 4, 7), "Two of us were ill: nobody took over.")
    ]
    assert [option.recommended for option in said.decisions[0].options] == [True, False]
    assert list(read.digests) == ["reviews/2026Q1/north.yaml"]


def test_a_review_nobody_wrote_about_has_empty_minutes(tmp_path):
    assert reviews(tmp_path, {}).of(parse_period("2026Q1"), "north") == Minutes()


def test_the_company_has_minutes_too(tmp_path):
    read = reviews(tmp_path, {"2026Q1/_all.yaml": ASKED})
    assert read.of(parse_period("2026Q1"), "_all").decisions


def test_a_period_may_be_written_in_any_of_its_forms(tmp_path):
    read = reviews(tmp_path, {"2026-Q1/north.yaml": EXPLAINED})
    assert read.of(parse_period("2026Q1"), "north").explanations


CARRIED = [
    pytest.param("2026Q1", "2026-04-30", "", True, id="open since the review before"),
    pytest.param("2025Q2", "2025-04-30", "", True, id="open since a review long ago"),
    pytest.param("2026Q1", "2026-04-30", "2026-04-20", True, id="done since the period before began"),
    pytest.param("2025Q2", "2025-07-30", "2025-08-20", False, id="done before that"),
    pytest.param("2026Q2", "2026-04-30", "", False, id="agreed on at this very review"),
    pytest.param("2026Q3", "2026-04-30", "", False, id="agreed on at a later review"),
]


@pytest.mark.parametrize(("period", "due", "done_on", "carried"), CARRIED)
def test_actions_carry_over_until_a_review_has_seen_them_done(tmp_path, period, due, done_on, carried):
    read = reviews(tmp_path, {f"{period}/north.yaml": "actions:\n" + action("Assign a deputy", due, done_on)})
    assert bool(read.carried(parse_period("2026Q2"), "north")) == carried


def test_actions_come_oldest_review_first_and_stay_with_their_team(tmp_path):
    files = {
        "2026Q1/north.yaml": "actions:\n" + action("Later", "2026-04-30"),
        "2025Q4/north.yaml": "actions:\n" + action("Earlier", "2026-06-30"),
        "2025Q4/_all.yaml": "actions:\n" + action("Of the company", "2026-06-30"),
    }
    carried = reviews(tmp_path, files).carried(parse_period("2026Q2"), "north")
    assert [one.action for one in carried] == ["Earlier", "Later"]


OVERDUE = [
    pytest.param("2026-04-30", None, False, id="the day it is due"),
    pytest.param("2026-04-29", None, True, id="the day after"),
    pytest.param("2026-04-29", "2026-04-29", False, id="done when it was due"),
    pytest.param("2026-04-20", "2026-04-30", False, id="done late, but done"),
    pytest.param("2026-04-20", "2026-05-01", True, id="done only after that day"),
]


@pytest.mark.parametrize(("due", "done_on", "expected"), OVERDUE)
def test_an_action_is_overdue_when_its_day_has_passed(due, done_on, expected):
    one = Action(action="Assign a deputy", owner="Ada", due=due, done_on=done_on)
    assert overdue(one, dt.date(2026, 4, 30)) == expected


BAD = [
    pytest.param("2026Q1/north.yaml", EXPLAINED.replace("reply", "repli"), "explanations[0].promise: no version of "
                 "the agreement promises this; found 'repli'; fix: did you mean reply?", id="an unknown promise"),
    pytest.param("2026Q1/north.yaml", EXPLAINED.replace("reply", "closure"), "no version of the agreement promises",
                 id="an explanation of a result, which is never missed"),
    pytest.param("2026Q1/north.yaml", ASKED.replace("{text: Nobody}", "{text: Nobody, recommended: true}"),
                 "decisions[0].options: more than one option is recommended", id="two recommendations"),
    pytest.param("2026Q1/north.yaml", ASKED.replace(", {text: Nobody}", ""), "decisions[0].options",
                 id="a decision with one way to go"),
    pytest.param("2026Q1/north.yaml", "actions:\n  - {action: Assign a deputy, due: 2026-04-30}\n",
                 "actions[0].owner: is missing", id="an action nobody owns"),
    pytest.param("2026Q1/north.yaml", "actions:\n" + action("Assign", "30.4.2026"), "no such day",
                 id="a day as spoken"),
    pytest.param("2026Q1/north.yaml", "action: []\n", "unknown key; fix: did you mean actions?", id="a key misspelt"),
    pytest.param("2026Q1/nort.yaml", EXPLAINED, "reviews/2026Q1/nort.yaml: no such team", id="a team there is not"),
    pytest.param("2026Q5/north.yaml", EXPLAINED, "reviews/2026Q5/north.yaml", id="a period there is not"),
    pytest.param("2026Q1/north.yml", EXPLAINED, "not read; fix: name it .yaml", id="another ending"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "told"), BAD)
def test_minutes_are_refused_for(tmp_path, name, text, told):
    with pytest.raises(UsageError) as caught:
        reviews(tmp_path, {name: text})
    assert told in str(caught.value)


def test_all_problems_of_all_files_are_told_at_once(tmp_path):
    with pytest.raises(UsageError) as caught:
        reviews(tmp_path, {"2026Q1/north.yaml": EXPLAINED.replace("reply", "x"), "2026Q2/south.yaml": EXPLAINED})
    assert len(caught.value.problems) == 2


def test_a_review_has_one_file(tmp_path):
    with pytest.raises(UsageError, match="this review of 2026Q1 has another file"):
        reviews(tmp_path, {"2026Q1/north.yaml": EXPLAINED, "2026-Q1/north.yaml": EXPLAINED})
