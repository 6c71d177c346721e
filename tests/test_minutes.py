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
DISPUTED = """disputes:
  - {promise: reply, item: L1, by: Ada, on: 2026-04-07, text: We called.}
"""
ANSWERED = DISPUTED.replace("called.", "called., answer: The call is logged now., answered_by: Bo, answered_on: "
                            "2026-04-09, upheld: yes")  # fmt: skip
WAIVED = """waivers:
  - {promise: reply, item: L1, reason: The client asked us to wait, approved_by: Cy, on: 2026-04-08}
"""
NOTED = """notes:
  - {by: Ada, on: 2026-04-07, text: A quiet quarter.}
  - {promise: reply, by: Ada, on: 2026-04-07, text: It was better in June.}
"""
TAKEN = "    taken: {choice: The deputy, by: Head of sales, on: 2026-04-16}\n"
SIGNED = """signed:
  - {by: Ada, role: Team leader, on: 2026-04-09, packet: 1a2b3c4d}
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


def test_a_promise_has_its_notes_and_disputes_and_the_review_its_own(tmp_path):
    said = reviews(tmp_path, {"2026Q1/north.yaml": NOTED + ANSWERED}).of(parse_period("2026Q1"), "north")
    assert [one.text for one in said.noted(None)] == ["A quiet quarter."]
    assert [one.text for one in said.noted("reply")] == ["It was better in June."]
    (one,) = said.disputed("reply")
    assert (one.item, one.answer, one.answered_by, one.upheld) == ("L1", "The call is logged now.", "Bo", True)


def test_several_explain_a_promise_and_each_item_has_one_explanation(tmp_path):
    more = EXPLAINED + '  - {promise: reply, by: Bo, on: 2026-04-07, text: "So it was."}\n'
    more += '  - {promise: reply, item: L1, by: Ada, on: 2026-04-07, text: "Ill."}\n'
    said = reviews(tmp_path, {"2026Q1/north.yaml": more}).of(parse_period("2026Q1"), "north")
    assert [one.item for one in said.explained("reply")] == [None, None, "L1"]


@pytest.mark.parametrize(
    ("day", "known"), [("2026-04-15", False), ("2026-04-16", True)], ids=["the day before", "the day it was taken"]
)
def test_a_decision_is_known_from_the_day_it_was_taken(tmp_path, day, known):
    said = reviews(tmp_path, {"2026Q1/north.yaml": ASKED + TAKEN}).of(parse_period("2026Q1"), "north")
    assert bool(said.decisions[0].known(dt.date.fromisoformat(day)).taken) == known


def test_decisions_carry_over_as_actions_do(tmp_path):
    files = {"2025Q4/north.yaml": ASKED, "2026Q1/north.yaml": ASKED + TAKEN, "2026Q1/_all.yaml": ASKED}
    read = reviews(tmp_path, files)
    decided = {name: read.decided(parse_period(name), "north") for name in ("2026Q1", "2026Q2", "2026Q3", "2026Q4")}
    assert {name: [bool(one.taken) for one in found] for name, found in decided.items()} == {
        "2026Q1": [False], "2026Q2": [False, True], "2026Q3": [False, True], "2026Q4": [False],
    }  # fmt: skip


def test_the_waivers_of_a_team_come_from_all_of_its_reviews(tmp_path):
    other = WAIVED.replace("L1", "L2")
    read = reviews(tmp_path, {"2026Q2/north.yaml": WAIVED, "2026Q1/north.yaml": other})
    assert [(name, waiver.item) for name, waiver in read.waivers("north")] == [("2026Q1", "L2"), ("2026Q2", "L1")]
    assert read.waivers("south") == []


def test_a_later_review_is_needed_only_for_its_waivers(tmp_path):
    read = reviews(tmp_path, {"2026Q2/north.yaml": WAIVED, "2026Q3/north.yaml": NOTED})
    assert read.unread(parse_period("2026Q1"), "north") == {"reviews/2026Q3/north.yaml"}


def test_a_signature_is_of_the_review_itself_unless_it_says_otherwise(tmp_path):
    other = SIGNED + "  - {by: Bo, on: 2026-04-09, packet: 1a2b3c4d, notebook: annex}\n"
    said = reviews(tmp_path, {"2026Q1/north.yaml": other}).of(parse_period("2026Q1"), "north")
    assert [one.notebook_of("north") for one in said.signed] == ["team_review", "annex"]
    assert said.signed[0].notebook_of("_all") == "leadership_summary"


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
    pytest.param("2026Q1/north.yaml", WAIVED.replace("approved_by: Cy, ", ""), "waivers[0].approved_by: is missing; "
                 "fix: add `approved_by:`", id="a waiver without approver"),
    pytest.param("2026Q1/north.yaml", WAIVED.replace("Cy", ""), "waivers[0].approved_by: is empty",
                 id="a waiver with an empty approver"),
    pytest.param("2026Q1/north.yaml", "actions:\n  - {action: Assign, owner: , due: 2026-04-30}\n",
                 "actions[0].owner: is empty", id="an action with an empty owner"),
    pytest.param("2026Q1/north.yaml", WAIVED + WAIVED.partition("\n")[2], "2026Q1/north.yaml:3: waivers[1]: has been "
                 "said in waivers[0]; fix: keep one of them", id="an item waived twice"),
    pytest.param("2026Q1/north.yaml", DISPUTED + DISPUTED.partition("\n")[2].replace("We", "I"), "disputes[1]: has",
                 id="an item disputed twice"),
    pytest.param("2026Q1/north.yaml", EXPLAINED + EXPLAINED.partition("\n")[2], "explanations[1]: has been said",
                 id="the same said twice"),
    pytest.param("2026Q1/north.yaml", SIGNED + SIGNED.partition("\n")[2], "signed[1]: has been", id="signed twice"),
    pytest.param("2026Q1/north.yaml", SIGNED.replace("1a2b3c4d", "1a2b"), "signed[0].packet: not the digest of a "
                 "packet; found '1a2b'; fix: write the content_digest", id="a digest cut short"),
    pytest.param("2026Q1/north.yaml", NOTED.replace("reply", "repli"), "notes[1].promise: no version",
                 id="a note on a promise there is not"),
    pytest.param("2026Q1/north.yaml", DISPUTED.replace("called.", "called., answer: No"), "disputes[0]: is answered "
                 "only in part; fix: add `answered_by:` and add `answered_on:`", id="an answer by nobody"),
    pytest.param("2026Q1/north.yaml", DISPUTED.replace("called.", "called., upheld: no"), "disputes[0]: is answered",
                 id="upheld or not, but not answered"),
    pytest.param("2026Q1/north.yaml", ANSWERED.replace("2026-04-09", "2026-04-01"), "is answered before it was raised",
                 id="an answer before the dispute"),
    pytest.param("2026Q1/north.yaml", ANSWERED.replace("upheld: yes", "upheld: perhaps"), "disputes[0].upheld",
                 id="upheld perhaps"),
    pytest.param("2026Q1/_all.yaml", WAIVED, "waivers[0].item: the review of the company is about no item; fix: say it "
                 "in the review of the item's own team", id="a waiver of no team"),
    pytest.param("2026Q1/north.yaml", ASKED + TAKEN.replace("deputy", "deputies"), "decisions[0].taken.choice: none of "
                 "the options; found 'The deputies'; fix: did you mean The deputy?", id="a choice that was no option"),
    pytest.param("2026Q1/north.yaml", ASKED.replace("Nobody", "The deputy"), "two options have the same text",
                 id="an option twice"),
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
