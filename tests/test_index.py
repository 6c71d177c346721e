"""The index of all reviews, written from what is published."""

from __future__ import annotations

import pytest
from test_outputs import executed
from tiny import make_workspace

from slareport.index import write_index
from slareport.outputs import Place, keep_failure, publish

PROMISES = [
    {"kind": "promise", "result": "kept"},
    {"kind": "promise", "result": "missed"},
    {"kind": "promise", "result": "too few"},
    {"kind": "outcome", "result": "better"},
]


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path)


def page(workspace):
    return write_index(workspace).read_text("utf-8")


def test_every_team_and_the_company_have_a_row_even_without_a_packet(workspace):
    publish(workspace.outputs, Place("2017Q2", "south", "team_review"), executed(), "<p>", {})
    text = page(workspace)
    assert text.index("Company") < text.index("North") < text.index("South")
    assert "issing" in text or "o packet" in text


def test_a_packet_is_told_in_words_and_linked_below_the_index(workspace):
    notebook = executed(scorecard=PROMISES)
    folder = publish(workspace.outputs, Place("2017Q2", "north", "team_review"), notebook, "<p>", {})
    text = page(workspace)
    link = folder.relative_to(workspace.outputs).as_posix()
    assert f'href="{link}/packet.html"' in text
    assert "1 of 2 kept" in text


def test_failed_provisional_and_other_reviews_each_say_so(workspace):
    publish(workspace.outputs, Place("2017Q1", "north", "team_review"), executed(), "<p>", {})
    keep_failure(workspace.outputs, Place("2017Q1", "north", "team_review"), None, "no")
    publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(provisional=True), "<p>", {})
    keep_failure(workspace.outputs, Place("2017Q2", "south", "team_review"), None, "no")
    publish(workspace.outputs, Place("2017Q2", "_all", "leadership_summary"), executed(), "<p>", {})
    publish(workspace.outputs, Place("2017Q2", "north", "deep_dive"), executed(), "<p>", {})
    publish(workspace.outputs, Place("2017Q2", "gone", "team_review"), executed(), "<p>", {})
    (workspace.outputs / "someone" / "else" / "s" / "current").mkdir(parents=True)
    text = page(workspace)
    assert "the last build failed" in text
    assert 'href="2017Q2/south/team_review/failed/reason.txt"' in text
    assert "rovisional" in text
    assert "North, deep dive" in text
    assert "gone" in text
    assert "someone" not in text
    assert text.index("Q2 2017") < text.index("Q1 2017")


def test_writing_it_again_gives_the_same_bytes(workspace):
    publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(), "<p>", {})
    assert page(workspace) == page(workspace)
