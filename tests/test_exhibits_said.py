"""What people said, on the page: quoted, named, and its absence said too."""

import datetime as dt

import pandas as pd
import pytest
from test_exhibits import read

from slareport import exhibits
from slareport.minutes import Action, Decision, Dispute, Explanation, Note

OPTIONS = [{"text": "A deputy", "recommended": "true"}, {"text": "Leave it"}]
DAY = dt.date(2026, 10, 7)


TAKEN = {"choice": "A deputy", "by": "Cy", "on": "2026-10-14"}
SAID = {"promise": "reply", "by": "Ada", "on": "2026-10-05"}
ANSWER = {"answer": "It was ours.", "answered_by": "Bo", "answered_on": "2026-10-06"}


def decision(due="2026-10-16", **more):
    return Decision(question="Who takes over?", options=OPTIONS, decider="Chief sales officer", due=due, **more)


def missed(*causes):
    frame = pd.DataFrame({"cause": causes}, dtype=object)
    return frame.assign(item=[f"L{n}" for n in range(len(causes))], name="Zoe")


def spoken(section):
    return [word for word in read(section.html).words if word.strip()]


NEEDED = [
    pytest.param([], "", id="none"),
    pytest.param([decision()], "One decision is needed by 16 October 2026.", id="one"),
    pytest.param([decision("2026-10-23"), decision()], "2 decisions are needed, the first by 16 October 2026.",
                 id="two: the first that is due"),
    pytest.param([decision("2026-10-09", taken=TAKEN), decision()], "One decision is needed by 16 October 2026.",
                 id="one of two, as the other has been taken"),
    pytest.param([decision(taken=TAKEN)], "", id="none, as it has been taken"),
]  # fmt: skip


@pytest.mark.parametrize(("decisions", "said"), NEEDED)
def test_the_bottom_line_ends_with_what_is_to_be_decided(decisions, said):
    assert exhibits.needed(decisions) == said


def test_a_decision_names_who_decides_until_when_and_between_what():
    (asked,) = exhibits.asked([decision()])
    assert asked.of == "Chief sales officer, by 16 October 2026"
    assert asked.question == "Who takes over?"
    assert list(asked.options) == ["(a) A deputy (recommended)", "(b) Leave it"]


def test_a_decision_taken_says_what_was_chosen_by_whom_and_when():
    (asked,) = exhibits.asked([decision(taken=TAKEN | {"note": "From November on."})])
    assert asked.taken == "Decided 14 October 2026 by Cy: A deputy. From November on."


def test_causes_are_counted_and_drawn_to_their_share():
    misses = missed(*["answered late"] * 3, "no reply at all")
    page = read(exhibits.explained(misses, [], "Team leader").html)
    assert [word for word in page.words if word.strip()] == [
        "Answered late", "3", "No reply at all", "1", "No explanation yet from Team leader.",
    ]  # fmt: skip
    assert [attrs["style"] for tag, attrs in page.tags if tag == "li"] == ["--share:0.75", "--share:0.25"]


def test_an_explanation_is_quoted_with_who_said_it_and_when():
    said = [Explanation(promise="reply", by="Ada", on="2026-10-05", text="Two of us were ill.")]
    words = read(exhibits.explained(missed(), said, "Team leader").html).words
    assert [word for word in words if word.strip()] == ["“Two of us were ill.”", "Ada, 5 October 2026"]


def test_an_explanation_of_one_item_names_it():
    said = [Explanation(item="L0", text="He was ill.", **SAID), Explanation(item="L9", text="So was he.", **SAID)]
    words = spoken(exhibits.explained(missed("answered late"), said, "Team leader"))
    assert words[2:] == ["“He was ill.”", "Ada, 5 October 2026, on Zoe (L0)", "“So was he.”",
                         "Ada, 5 October 2026, on L9"]  # fmt: skip


DISPUTES = [
    pytest.param({}, ["Ada, 5 October 2026, disputes Zoe (L0); not answered yet"], id="not answered"),
    pytest.param(ANSWER, ["Ada, 5 October 2026, disputes Zoe (L0)", "“It was ours.”", "Bo, 6 October 2026, answers"],
                 id="answered"),
    pytest.param(ANSWER | {"upheld": True}, ["Ada, 5 October 2026, disputes Zoe (L0)", "“It was ours.”",
                                             "Bo, 6 October 2026, answers: upheld"], id="upheld"),
    pytest.param(ANSWER | {"upheld": False}, ["Ada, 5 October 2026, disputes Zoe (L0)", "“It was ours.”",
                                              "Bo, 6 October 2026, answers: not upheld"], id="not upheld"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "told"), DISPUTES)
def test_a_dispute_has_its_answer_beside_it_and_explains_nothing(answer, told):
    dispute = Dispute(item="L0", text="We called.", **SAID, **answer)
    words = spoken(exhibits.explained(missed("answered late"), [], "Team leader", disputes=[dispute]))
    assert words[2:] == ["“We called.”", *told, "No explanation yet from Team leader."]


def test_notes_stand_beside_explanations():
    note = Note(text="Better in June.", **SAID)
    words = spoken(exhibits.explained(missed(), [], "Team leader", [note]))
    assert words == ["“Better in June.”", "Ada, 5 October 2026", "No explanation yet from Team leader."]


def test_what_is_said_of_no_miss_stands_by_itself():
    notes = [Note(text="A quiet quarter.", by="Ada", on="2026-10-05"), Note(text="Well kept.", **SAID)]
    dispute = Dispute(item="L0", text="We called.", **SAID)
    assert spoken(exhibits.remarks(notes, [dispute], {"reply": "First reply"})) == [
        "“A quiet quarter.”", "Ada, 5 October 2026, on all of it",
        "“Well kept.”", "Ada, 5 October 2026, on First reply",
        "“We called.”", "Ada, 5 October 2026, disputes L0; not answered yet",
    ]  # fmt: skip


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


OUTCOMES = [
    pytest.param("2026-10-16", None, "Open", "none", id="not due yet"),
    pytest.param("2026-10-06", None, "Overdue by 1 day", "missed", id="due the day before"),
    pytest.param("2026-10-06", TAKEN | {"on": "2026-10-02"}, "Decided 2 October 2026", "kept", id="taken"),
]


@pytest.mark.parametrize(("due", "taken", "said", "icon"), OUTCOMES)
def test_a_decision_asked_for_earlier_is_taken_open_or_overdue(due, taken, said, icon):
    page = read(exhibits.carried([], DAY, [decision(due, taken=taken)]).html)
    assert said in page.words
    assert ("A deputy (Cy)" in page.words) == (icon == "kept")
    assert [attrs["data-result"] for _, attrs in page.tags if "data-result" in attrs] == [icon]
    late = ", 1 overdue" * (icon == "missed")
    assert f"{int(icon == 'kept')} of 1 decision taken{late}." in page.words
