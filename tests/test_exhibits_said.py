"""What people said, on the page: quoted, named, and its absence said too."""

import datetime as dt

import pandas as pd
import pytest
from test_exhibits import read

from slareport import exhibits
from slareport.minutes import Action, Decision, Explanation

OPTIONS = [{"text": "A deputy", "recommended": "true"}, {"text": "Leave it"}]
DAY = dt.date(2026, 10, 7)


def decision(due="2026-10-16"):
    return Decision(question="Who takes over?", options=OPTIONS, decider="Chief sales officer", due=due)


NEEDED = [
    pytest.param([], "", id="none"),
    pytest.param([decision()], "One decision is needed by 16 October 2026.", id="one"),
    pytest.param([decision("2026-10-23"), decision()], "2 decisions are needed, the first by 16 October 2026.",
                 id="two: the first that is due"),
]  # fmt: skip


@pytest.mark.parametrize(("decisions", "said"), NEEDED)
def test_the_bottom_line_ends_with_what_is_to_be_decided(decisions, said):
    assert exhibits.needed(decisions) == said


def test_a_decision_names_who_decides_until_when_and_between_what():
    (asked,) = exhibits.asked([decision()])
    assert asked.of == "Chief sales officer, by 16 October 2026"
    assert asked.question == "Who takes over?"
    assert list(asked.options) == ["(a) A deputy (recommended)", "(b) Leave it"]


def test_causes_are_counted_and_drawn_to_their_share():
    misses = pd.DataFrame({"cause": ["answered late"] * 3 + ["no reply at all"]}, dtype=object)
    page = read(exhibits.explained(misses, [], "Team leader").html)
    assert [word for word in page.words if word.strip()] == [
        "Answered late", "3", "No reply at all", "1", "No explanation yet from Team leader.",
    ]  # fmt: skip
    assert [attrs["style"] for tag, attrs in page.tags if tag == "li"] == ["--share:0.75", "--share:0.25"]


def test_an_explanation_is_quoted_with_who_said_it_and_when():
    said = [Explanation(promise="reply", by="Ada", on="2026-10-05", text="Two of us were ill.")]
    words = read(exhibits.explained(pd.DataFrame({"cause": []}), said, "Team leader").html).words
    assert [word for word in words if word.strip()] == ["“Two of us were ill.”", "Ada, 5 October 2026"]


STATES = [
    pytest.param("2026-10-16", None, "Open", "none", id="not due yet"),
    pytest.param("2026-10-07", None, "Open", "none", id="due on the day the data ends"),
    pytest.param("2026-10-06", None, "Overdue by 1 day", "missed", id="due the day before"),
    pytest.param("2026-08-31", "2026-09-02", "Done 2 September 2026", "kept", id="done"),
    pytest.param("2026-08-31", "2026-10-08", "Overdue by 37 days", "missed", id="done only after the data ends"),
]


@pytest.mark.parametrize(("due", "done_on", "said", "icon"), STATES)
def test_an_action_is_done_open_or_overdue(due, done_on, said, icon):
    page = read(exhibits.carried([Action(action="Name a deputy", owner="Ada", due=due, done_on=done_on)], DAY).html)
    assert said in page.words
    assert [attrs["data-result"] for _, attrs in page.tags if "data-result" in attrs] == [icon]


def test_actions_are_counted_above_their_table():
    actions = [
        Action(action="Name a deputy", owner="Ada", due="2026-08-31", done_on="2026-08-30"),
        Action(action="Publish the roster", owner="Bo", due="2026-08-31"),
        Action(action="Train the deputy", owner="Bo", due="2026-11-30"),
    ]
    assert "1 of 3 actions done, 1 overdue." in read(exhibits.carried(actions, DAY).html).words
