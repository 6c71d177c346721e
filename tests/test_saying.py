"""Adding to minutes: the new words are there, and everything else stays as it was, to the byte."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import make_workspace

from slareport.documents import document_of, parse
from slareport.errors import UsageError
from slareport.minutes import Decision, Dispute, Explanation, Minutes, Note, Option, Signature, Waiver
from slareport.period import parse_period
from slareport.saying import Changes, changed, say
from slareport.workspace import open_workspace

DAY = dt.date(2026, 10, 9)
ADA = Explanation(promise="reply", item="L2", by="Ada", on=DAY, text="She was ill: nobody took over.")
NOTE = Note(by="Ada", on=DAY, text="A hard quarter.")
LINES = """  - promise: reply
    item: L2
    by: Ada
    on: 2026-10-09
    text: 'She was ill: nobody took over.'
"""
FOLDED = """explanations:
  - promise: reply  # first
    by: Bo
    on: 2026-10-05
    text: >
      Whoever is on duty
      # keeps the leads.

# What we ask for.
actions:
  - {action: Name a deputy, owner: Ada, due: 2026-10-31}
"""
DISPUTED = """disputes:
  - {promise: reply, item: L1, by: Bo, on: 2026-10-05, text: Ill, answer: 'No', upheld: false}  # true
"""


def read(text):
    return parse(document_of(text, "", "minutes.yaml"), Minutes)


ADDED = [
    pytest.param("", "explanations:\n" + LINES, id="a file with nothing in it"),
    pytest.param("# Heading\n", "# Heading\nexplanations:\n" + LINES, id="a heading alone"),
    pytest.param("explanations: []  # none\nactions: []\n", "explanations:  # none\n" + LINES + "actions: []\n",
                 id="an empty list"),
    pytest.param(FOLDED, FOLDED.replace("leads.\n", "leads.\n" + LINES), id="before the comment of the next part"),
    pytest.param(FOLDED.replace("\n", "\r\n"),
                 FOLDED.replace("leads.\n", "leads.\n" + LINES).replace("\n", "\r\n"), id="lines of Windows"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ADDED)
def test_an_entry_is_added_at_the_end_of_its_list(text, expected):
    made = changed(text, Changes(added={"explanations": [ADA], "notes": []}))
    assert made == expected
    assert read(made).explanations[-1] == ADA


def test_several_entries_are_added_in_their_order():
    made = changed("", Changes(added={"explanations": [ADA, ADA.model_copy(update={"item": None})], "notes": [NOTE]}))
    assert made == "explanations:\n" + LINES + LINES.replace("    item: L2\n", "") + (
        "notes:\n  - by: Ada\n    on: 2026-10-09\n    text: A hard quarter.\n"
    )


def test_a_decision_is_added_with_its_options():
    options = [Option(text="A deputy", recommended=True), Option(text="As it is")]
    decision = Decision(question="Who answers?", options=options, decider="Cy", due=DAY)
    made = changed("", Changes(added={"decisions": [decision]}))
    assert made == (
        "decisions:\n  - question: Who answers?\n    options:\n      - text: A deputy\n        recommended: yes\n"
        "      - text: As it is\n    decider: Cy\n    due: 2026-10-09\n"
    )
    assert read(made).decisions == [decision]


CHANGED = [
    pytest.param(FOLDED, "explanations", {"text": "All were ill"},
                 FOLDED.replace(">\n      Whoever is on duty\n      # keeps the leads.", "All were ill"),
                 id="its text"),
    pytest.param(FOLDED, "explanations", {"on": DAY}, FOLDED.replace("2026-10-05", "2026-10-09"), id="its day alone"),
    pytest.param(FOLDED, "explanations", {"item": "L1"}, FOLDED.replace("leads.\n", "leads.\n    item: L1\n"),
                 id="a key that was not there"),
    pytest.param(DISPUTED, "disputes", {"text": "All were ill", "upheld": True},
                 DISPUTED.replace("text: Ill", "text: All were ill").replace("false", "yes"), id="two values at once"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "new", "expected"), CHANGED)
def test_an_entry_is_changed_where_it_stands(text, name, new, expected):
    entry = getattr(read(text), name)[0].model_copy(update=new)
    assert changed(text, Changes(changed={(name, 0): entry})) == expected


HELD = [
    pytest.param("# Heading\nactions: []\n", "# Heading\nheld_on: 2026-10-09\nactions: []\n", id="above all else"),
    pytest.param("actions: []\nheld_on:  # not yet\n", "actions: []\nheld_on: 2026-10-09  # not yet\n",
                 id="where its key stands"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), HELD)
def test_the_day_of_the_review_is_set(text, expected):
    assert changed(text, Changes(held_on=DAY)) == expected


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_any_words_are_read_back_as_they_were_said(words, name):
    said = Dispute.model_construct(
        promise="reply", item="L1", by=name.strip() or "x", on=DAY, text=words.strip() or "x"
    )
    for text in (
        "",
        FOLDED,
        "disputes: []\n",
        "disputes: [{promise: reply, item: L0, by: A, on: 2026-10-05, text: B}]\n",
    ):
        made = changed(text, Changes(added={"disputes": [said]}))
        assert read(made).disputes[-1] == said


# ── A workspace's minutes ──


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path)


def test_the_file_of_a_review_is_made_and_grows(workspace):
    period = parse_period("2017Q2")
    signature = Signature(by="Ada", on=DAY, packet="1234e567")
    file = say(workspace, period, "north", Changes({"signed": [signature]}, held_on=DAY))
    assert (workspace.root / file).read_text() == (
        "# What people say about North, 2017Q2.\nheld_on: 2026-10-09\n"
        "signed:\n  - by: Ada\n    on: 2026-10-09\n    packet: '1234e567'\n"
    )
    again = open_workspace(workspace.root)
    assert again.reviews.of(period, "north").signed == [signature]
    assert say(again, period, "north", Changes()) == file
    assert say(again, period, "_all", Changes(held_on=DAY)) == "parameters/reviews/2017Q2/_all.yaml"
    assert "about the company, 2017Q2" in (workspace.root / "parameters/reviews/2017Q2/_all.yaml").read_text()


def test_a_byte_order_mark_stays(workspace):
    path = workspace.root / "parameters/reviews/2017Q2/north.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes("\ufeffactions: []\r\n".encode())
    again = open_workspace(workspace.root)
    say(again, parse_period("2017Q2"), "north", Changes(held_on=DAY))
    assert path.read_bytes() == "\ufeffheld_on: 2026-10-09\r\nactions: []\r\n".encode()


def test_what_would_be_refused_is_not_written(workspace):
    waiver = Waiver(promise="no-promise", item="L1", reason="flood", approved_by="Cy", on=DAY)
    with pytest.raises(UsageError, match=r"waivers\[0\].promise: no version of the agreement promises this"):
        say(workspace, parse_period("2017Q2"), "north", Changes({"waivers": [waiver]}))
    assert not (workspace.root / "parameters/reviews").exists()
