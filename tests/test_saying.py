"""Adding to minutes: the new words are there, and everything else stays as it was, to the byte."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import make_workspace

from slareport.documents import document_of, parse
from slareport.errors import UsageError
from slareport.minutes import Dispute, Explanation, Minutes, Signature, Waiver
from slareport.period import parse_period
from slareport.saying import Changes, changed, say
from slareport.workspace import open_workspace

DAY = dt.date(2026, 10, 9)
ADA = Explanation(promise="reply", item="L2", by="Ada", on=DAY, text="She was ill: nobody took over.")
LINES = """  - promise: reply
    item: L2
    by: Ada
    on: 2026-10-09
    text: "She was ill: nobody took over."
"""
FLUSH = "".join(line.removeprefix("  ") for line in LINES.splitlines(keepends=True))
FOLDED = """explanations:
  - promise: reply  # first
    by: Bo
    on: 2026-10-05
    text: >-
      Whoever is on duty
      # keeps the leads.

# What we ask for.
actions:
  - {action: Name a deputy, owner: Ada, due: 2026-10-31}
"""
QUOTED = "explanations:\n  - promise: reply\n    by: Bo\n    on: 2026-10-05\n    text: 'We\n\n were ill'\n"
REST = "\n    by: Bo\n    promise: reply\n    on: 2026-10-05\n"
ONE = "{promise: reply, by: Bo, on: 2026-10-05, text: Ill}"


def read(text):
    return parse(document_of(text, "", "minutes.yaml"), Minutes)


ADDED = [
    pytest.param("", "explanations:\n" + LINES, id="a file with nothing in it"),
    pytest.param("# Heading\n", "# Heading\nexplanations:\n" + LINES, id="a heading alone"),
    pytest.param("actions: []", "actions: []\nexplanations:\n" + LINES, id="a file without an end of line"),
    pytest.param("explanations: []  # none\nactions: []\n", "explanations:  # none\n" + LINES + "actions: []\n",
                 id="an empty list"),
    pytest.param("explanations:\nactions: []\n", "explanations:\n" + LINES + "actions: []\n", id="a key with nothing"),
    pytest.param(FOLDED, FOLDED.replace("leads.\n", "leads.\n" + LINES), id="before the comment of the next part"),
    pytest.param(f"explanations:\n- {ONE}\n# end\n", f"explanations:\n- {ONE}\n" + FLUSH + "# end\n",
                 id="dashes below their key"),
    pytest.param(f"explanations:\n  - {ONE[:20]}\n    {ONE[20:]}\nactions: []\n",
                 f"explanations:\n  - {ONE[:20]}\n    {ONE[20:]}\n" + LINES + "actions: []\n",
                 id="an entry in braces over two lines"),
    pytest.param(QUOTED + "# end\n", QUOTED + LINES + "# end\n", id="a quotation that goes on at the margin"),
    pytest.param(f"explanations: [{ONE}]\n", f"explanations: [{ONE}, {{promise: reply, item: L2, by: Ada, on: "
                 '2026-10-09, text: "She was ill: nobody took over."}]\n', id="a list in brackets"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ADDED)
def test_an_entry_is_added_at_the_end_of_its_list(text, expected):
    made = changed(text, Changes(added={"explanations": [ADA]}))
    assert made == expected
    assert read(made).explanations[-1] == ADA


def test_lines_end_as_they_did():
    made = changed(FOLDED.replace("\n", "\r\n"), Changes(added={"explanations": [ADA]}))
    assert made == FOLDED.replace("leads.\n", "leads.\n" + LINES).replace("\n", "\r\n")


CHANGED = [
    pytest.param(FOLDED, FOLDED.replace(">-\n      Whoever is on duty\n      # keeps the leads.", "All were ill"),
                 id="a folded text"),
    pytest.param("explanations:\n  - {promise: reply, by: Bo, on: 2026-10-05, text: 'Ill', item: L1}\n",
                 "explanations:\n  - {promise: reply, by: Bo, on: 2026-10-05, text: All were ill, item: L1}\n",
                 id="a text in quotes"),
    pytest.param("explanations:\n  - text: We were\n      ill  # then" + REST,
                 "explanations:\n  - text: All were ill  # then" + REST,
                 id="a text over two lines"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CHANGED)
def test_an_entry_is_changed_where_it_stands(text, expected):
    entry = read(text).explanations[0].model_copy(update={"text": "All were ill"})
    assert changed(text, Changes(changed={("explanations", 0): entry})) == expected


HELD = [
    pytest.param("# Heading\nactions: []\n", "# Heading\nheld_on: 2026-10-09\nactions: []\n", id="above all else"),
    pytest.param("# Heading\n", "# Heading\nheld_on: 2026-10-09\n", id="where nothing else is"),
    pytest.param("held_on: ~\nactions: []\n", "held_on: 2026-10-09\nactions: []\n", id="in place of nothing"),
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
        'signed:\n  - by: Ada\n    on: 2026-10-09\n    packet: "1234e567"\n'
    )
    again = open_workspace(workspace.root)
    assert again.reviews.of(period, "north").signed == [signature]
    assert say(again, period, "north", Changes()) == file
    assert say(again, period, "_all", Changes(held_on=DAY)) == "parameters/reviews/2017Q2/_all.yaml"
    assert "about the company, 2017Q2" in (workspace.root / "parameters/reviews/2017Q2/_all.yaml").read_text()


def test_what_would_be_refused_is_not_written(workspace):
    waiver = Waiver(promise="no-promise", item="L1", reason="flood", approved_by="Cy", on=DAY)
    with pytest.raises(UsageError, match=r"waivers\[0\].promise: no version of the agreement promises this"):
        say(workspace, parse_period("2017Q2"), "north", Changes({"waivers": [waiver]}))
    assert not (workspace.root / "parameters/reviews").exists()
