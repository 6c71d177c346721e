"""The index of all reviews, written from what is published."""

from __future__ import annotations

import json
import re

import pytest
from test_outputs import executed
from tiny import make_workspace

from slareport.index import write_index
from slareport.outputs import Place
from slareport.publishing import keep_failure, publish
from slareport.workspace import open_workspace

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


@pytest.mark.parametrize("name", ["agreement", "target_setting", "workflow_analysis"])
def test_a_paper_alone_is_linked_and_waits_for_no_review(workspace, name):
    folder = publish(workspace.outputs, Place("2017Q1", "_all", name), executed(scorecard=PROMISES), "<p>", {})
    text = page(workspace)
    link = f'<a href="{folder.relative_to(workspace.outputs).as_posix()}/packet.html">'
    assert f"{link}{name.replace('_', ' ').capitalize()}</a>" in text
    assert "No review" in text
    assert "Nothing waits to be reviewed." in text
    assert "kept" not in text.partition("</head>")[2]


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
    assert re.search(r'href="2017Q2/north/deep_dive/[^"]+/packet.html">Deep dive<', text)
    assert "gone" in text
    assert "someone" not in text
    assert text.index("Q2 2017") < text.index("Q1 2017")


def test_a_review_that_was_held_is_reviewed(workspace):
    publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(scorecard=PROMISES), "<p>", {})
    assert "Awaiting review" in page(workspace)
    minutes = workspace.root / "parameters" / "reviews" / "2017Q2" / "north.yaml"
    minutes.parent.mkdir(parents=True)
    minutes.write_text("held_on: 2017-07-14\n")
    text = page(open_workspace(workspace.root))
    assert '<span class="note">Reviewed</span><span class="note">held 14 July 2017</span>' in text
    assert "Nothing waits to be reviewed." in text


def test_a_packet_that_supersedes_another_leads_to_it(workspace):
    place = Place("2017Q2", "north", "team_review")
    first = publish(workspace.outputs, place, executed(), "<p>first", {})
    assert "Supersedes" not in page(workspace)
    publish(workspace.outputs, place, executed(), "<p>second", {})
    href = re.search(r'href="([^"]+)">Supersedes an earlier one<', page(workspace))[1]
    assert workspace.outputs / href == first / "packet.html"


def test_each_promise_is_told_over_the_periods_in_the_order_of_the_newest(workspace):
    first = {
        "kind": "promise",
        "kpi": "lead_response",
        "promise": "reply",
        "title": "First reply",
        "unit": "%",
        "target": 0.9,
    }
    now = [first | {"value": 0.5, "n": 4, "result": "missed"}]
    then = [
        first | {"value": 1.0, "n": 4, "result": "kept", "title": "Reply"},
        first | {"promise": "old", "title": "Old"},
    ]
    publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(scorecard=now), "<p>", {})
    publish(workspace.outputs, Place("2017Q1", "north", "team_review"), executed(scorecard=then), "<p>", {})
    text = page(workspace)
    assert '<th scope="row">First reply</th><td data-result="missed">50%</td><td data-result="kept">100%</td>' in text
    assert text.index("First reply</th>") < text.index(">Old</th>")
    assert ">Reply</th>" not in text, "a promise has the title it has now"


def test_machines_find_every_packet_with_its_digests(workspace):
    folder = publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(), "<p>", {})
    write_index(workspace)
    (entry,) = json.loads((workspace.outputs / "index.json").read_text())
    assert workspace.outputs / entry["path"] == folder
    assert entry["files"] == json.loads((folder / "manifest.json").read_text())["files"]
    assert (entry["team"], entry["period"], entry["status"]) == ("north", "2017Q2", "published")


def test_writing_it_again_gives_the_same_bytes(workspace):
    publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(), "<p>", {})
    assert page(workspace) == page(workspace)


def test_a_link_from_elsewhere_leads_to_the_row_of_a_team(workspace):
    publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(), "<p>", {})
    assert '<tr id="team-north" ' in page(workspace)


def test_it_says_when_each_period_is_to_be_reviewed(workspace):
    publish(workspace.outputs, Place("2017Q2", "north", "team_review"), executed(), "<p>", {})
    rows = re.findall(r"<tr><th[^>]*>(Q. 2017)</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", page(workspace))
    assert [row[0] for row in rows] == ["Q4 2017", "Q3 2017", "Q2 2017"]
    assert all(held == "0 of 2" for *_, held in rows)
    assert (workspace.outputs / "reviews.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
