"""What a review notes, asks, decides and agrees to do, through its commands, and what is refused of it."""

from __future__ import annotations

import pytest
from test_answers import FILE, PERIOD, PROMISE
from tiny import make_workspace
from typer.testing import CliRunner

from slareport.cli import app
from slareport.workspace import open_workspace

NORTH = ("--team", "north")
REVIEW = ("--period", PERIOD, *NORTH)
ASKED = ("ask", "Who answers at night?", "--option", "A deputy", "--option", "Nobody", "--recommend", "A deputy",
         "--decider", "Cy", "--due", "2017-07-31")  # fmt: skip
AGREED = ("act", "Name a deputy", "--owner", "Ada", "--due", "2017-08-31")
DISPUTED = """# What Ada says.
disputes:
  - {promise: reply, item: L1, by: Ada, on: 2017-07-12, text: We called}  # true
  - {promise: reply, item: L2, by: Ada, on: 2017-07-12, text: We wrote, answer: No, answered_by: Bo,
     answered_on: 2017-07-13, upheld: no}
"""


@pytest.fixture
def root(tmp_path):
    made = make_workspace(tmp_path)
    agreement = made.root / "parameters" / "agreement" / "2016-10-01.yaml"
    agreement.write_text(agreement.read_text().replace("promises: []\n", PROMISE))
    return made.root


def review(root, *command, leads_to=0):
    """What a command of the review prints on 14 July 2017."""
    told = CliRunner().invoke(app, ["review", *command, "-w", str(root)], env={"SOURCE_DATE_EPOCH": "1500030000"})
    assert told.exit_code == leads_to, told.output
    return " ".join(told.output.split())


def written(root, text, period=PERIOD):
    path = root / FILE.replace(PERIOD, period)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_what_is_said_at_a_review_is_written_as_a_person_would(root):
    review(root, "note", "We read ten replies.", "--by", "Ada", *REVIEW)
    review(root, "note", "It was: the fair.", "--by", "Bo", "--promise", "reply", "--on", "2017-07-20", *REVIEW)
    review(root, *ASKED, *REVIEW)
    review(root, *AGREED, *REVIEW)
    assert (root / FILE).read_text() == (
        "# What people say about North, 2017Q2.\n"
        "notes:\n"
        "  - by: Ada\n"
        "    on: 2017-07-14\n"
        "    text: We read ten replies.\n"
        "  - promise: reply\n"
        "    by: Bo\n"
        "    on: 2017-07-20\n"
        "    text: 'It was: the fair.'\n"
        "decisions:\n"
        "  - question: Who answers at night?\n"
        "    options:\n"
        "      - text: A deputy\n"
        "        recommended: yes\n"
        "      - text: Nobody\n"
        "    decider: Cy\n"
        "    due: 2017-07-31\n"
        "actions:\n"
        "  - action: Name a deputy\n"
        "    owner: Ada\n"
        "    due: 2017-08-31\n"
    )


def test_a_decision_is_taken_and_an_action_done_where_they_stand_whichever_review_that_was(root):
    review(root, *ASKED, *REVIEW)
    review(root, *AGREED, *REVIEW)
    later = ("--on", "2017-08-02")
    review(root, "decide", "who answers", "A deputy", "--by", "Cy", "--remark", "From May on.", *later, *NORTH)
    review(root, "done", "name a", *NORTH)
    said = open_workspace(root).reviews.of(open_workspace(root).period(PERIOD), "north")
    taken = said.decisions[0].taken
    assert (taken.choice, taken.by, str(taken.on), taken.note) == ("A deputy", "Cy", "2017-08-02", "From May on.")
    assert str(said.actions[0].done_on) == "2017-07-14"
    assert said.decisions[0].options[0].recommended


def test_the_company_s_own_review_is_meant_where_no_team_is_named(root):
    assert "reviews/2017Q2/_all.yaml" in review(root, *AGREED, "--period", PERIOD)
    review(root, "done", "Name")


def test_a_dispute_is_answered_where_it_stands(root):
    written(root, DISPUTED)
    review(root, "answer", "reply", "L1", "It is not logged.", "--by", "Bo", "--not-upheld", *REVIEW)
    first, second = DISPUTED.split("text: We called}")
    answered = "text: We called, answer: It is not logged., answered_by: Bo, answered_on: 2017-07-14, upheld: no}"
    assert (root / FILE).read_text() == first + answered + second


def test_what_is_typed_in_full_is_meant_even_where_another_begins_so(root):
    review(root, *AGREED, *REVIEW)
    review(root, "act", "Name a deputy for nights", "--owner", "Bo", "--due", "2017-08-31", *REVIEW)
    review(root, "done", "Name a deputy", *NORTH)
    workspace = open_workspace(root)
    said = workspace.reviews.of(workspace.period(PERIOD), "north")
    assert [one.done_on is None for one in said.actions] == [False, True]


def test_of_the_same_action_at_two_reviews_the_older_is_done_first(root):
    for period in ("2017Q2", "2017Q1"):
        review(root, *AGREED, "--period", period, *NORTH)
    assert "reviews/2017Q1/north.yaml" in review(root, "done", "Name a deputy", *NORTH)
    assert "reviews/2017Q2/north.yaml" in review(root, "done", "Name a deputy", *NORTH)


REFUSED = [
    pytest.param(("note", "Well.", "--by", "Ada", "--promise", "repli", *REVIEW), "did you mean reply",
                 id="a note on a promise there is not"),
    pytest.param(("note", " ", "--by", "Ada", *REVIEW), "text", id="a note that says nothing"),
    pytest.param((*AGREED[:4], *REVIEW), "Missing option '--due'", id="an action without a day"),
    pytest.param(("act", "Name a deputy", "--owner", "", "--due", "2017-08-31", *REVIEW), "owner",
                 id="an action without an owner"),
    pytest.param((*AGREED[:-1], "soon", *REVIEW), "--due: no such day", id="a day that is none"),
    pytest.param((*AGREED[:-1], "", *REVIEW), "--due: no such day", id="no day where one was to be"),
    pytest.param((*AGREED, *REVIEW), "has been said in actions[0]", id="the same action again"),
    pytest.param((*ASKED, *REVIEW), "has been said in decisions[0]", id="the same question again"),
    pytest.param(("ask", "Who?", "--option", "Ada", "--decider", "Cy", "--due", "2017-07-31", *REVIEW), "options",
                 id="a decision without a choice"),
    pytest.param((*ASKED[:6], "--recommend", "Somebody", *ASKED[8:], *REVIEW), "choose of: A deputy, Nobody",
                 id="a recommendation that is no option"),
    pytest.param(("decide", "Who answers", "A deputi", "--by", "Cy", *NORTH), "did you mean A deputy",
                 id="a choice that is no option"),
    pytest.param(("decide", "Why", "A deputy", "--by", "Cy", *NORTH), "open are: Who answers at night?",
                 id="a question nobody asked"),
    pytest.param(("done", "name", *NORTH), "several open actions begin so", id="an action that could be two"),
    pytest.param(("done", " ", *NORTH), "no open action begins so", id="an action of no words"),
    pytest.param(("done", "name", "--team", "south"), "none is open", id="an action of another team"),
    pytest.param(("answer", "reply", "L2", "Yes", "--by", "Bo", "--upheld", *REVIEW), "open are: reply L1",
                 id="a dispute that has been answered"),
    pytest.param(("answer", "reply", "L1", "Yes", "--by", "Bo", "--upheld", "--on", "2017-07-11", *REVIEW),
                 "answered before it was raised", id="an answer from before the dispute"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "told"), REFUSED)
def test_what_cannot_be_is_refused_and_nothing_written(root, command, told):
    written(root, DISPUTED)
    review(root, *ASKED, *REVIEW)
    review(root, *AGREED, *REVIEW)
    review(root, "act", "Name two deputies", "--owner", "Ada", "--due", "2017-08-31", *REVIEW)
    before = (root / FILE).read_text()
    assert told in review(root, *command, leads_to=2)
    assert (root / FILE).read_text() == before
