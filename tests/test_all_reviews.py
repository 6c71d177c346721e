"""The index page: every review of every team, none of them blank."""

from __future__ import annotations

import dataclasses
import re

import pytest
from packet_samples import sample_index

from slareport.all_reviews import Cell, Index, Link, Promise, Row, render_index
from slareport.errors import SlareportError


def one(cell, promises=()):
    return Index("Example", ("2026 Q3",), (Row("north", "North", {"2026 Q3": cell}, promises),))


def test_the_state_of_the_newest_period_is_said_in_one_line():
    said = "2026 Q3: 0 of 21 reviewed, 18 awaiting review, 1 provisional, 1 failed, 1 not there."
    assert said in render_index(sample_index())


def test_every_cell_says_how_it_stands():
    page = render_index(sample_index())
    cells = re.findall(r"<td>(<span class=\"state\".*?)</td>", page)
    assert len(cells) == 21 * 12
    assert all(re.search(r'class="state" data-state="\w+">.*[a-z]', cell) for cell in cells)
    failed = next(cell for cell in cells if "failed" in cell)
    assert failed == (
        '<span class="state" data-state="failed"><a href="reason.txt">Build failed</a></span>'
        '<span class="note">a notebook stopped</span>'
    )
    assert '<span class="state" data-state="missing">No review</span>' in cells
    assert any('kept</a></span><span class="note">Provisional</span>' in cell for cell in cells)
    assert any('kept</a></span><span class="note">Reviewed</span>' in cell for cell in cells)


def test_what_else_was_made_of_a_review_is_linked_below_it():
    cell = Cell("ready", Link("1 of 2 kept", "a/packet.html"), more=(Link("Annex", "b/packet.html"),))
    assert '<span class="note"><a href="b/packet.html">Annex</a></span>' in render_index(one(cell))


def test_a_period_a_team_knows_nothing_of_is_missing_in_words():
    page = render_index(Index("Example", ("2026 Q3",), (Row("north", "North", {}),)))
    assert "0 of 1 reviewed, 1 not there." in page
    assert ">No review<" in page


def test_what_waits_to_be_reviewed_stands_in_a_queue_the_oldest_first():
    old = Cell("ready", Link("1 of 2 kept", "old.html"), since="2026-04-08", day="7 April 2026")
    new = Cell("ready", Link("2 of 2 kept", "new.html"), since="2026-07-08", day="7 July 2026")
    held = Cell("reviewed", Link("2 of 2 kept", "held.html"), since="2026-01-08")
    periods = ("2026 Q2", "2026 Q1", "2025 Q4")
    page = render_index(
        Index("Example", periods, (Row("n", "North", dict(zip(periods, (new, old, held), strict=True))),))
    )
    assert re.findall(r'<li><a href="([^"]+)">([^<]+)</a> <span class="quiet">([^<]+)<', page) == [
        ("old.html", "North, 2026 Q1: 1 of 2 kept", "data up to 7 April 2026"),
        ("new.html", "North, 2026 Q2: 2 of 2 kept", "data up to 7 July 2026"),
    ]


def test_a_queue_that_is_empty_says_so():
    assert "Nothing waits to be reviewed." in render_index(one(Cell("missing")))


def test_each_promise_has_its_history_over_the_periods():
    promises = (Promise("First reply", {"2026 Q3": ("missed", "77%")}),)
    page = render_index(one(Cell("missing"), promises))
    row = page[page.index('<th scope="row">First reply') :]
    assert '<td data-result="missed">77%</td>' in row
    assert "<summary>North</summary>" in page


def test_without_reviews_the_page_says_so():
    assert "No review has been made yet." in render_index(Index("Example", (), ()))


def test_names_stay_text():
    hostile = "<script>f()</script>\"'&"
    cell = Cell("ready", Link(hostile, "a.html"), (hostile,), (Link(hostile, "b.html"),), hostile, hostile)
    promises = (Promise(hostile, {hostile: ("kept", hostile)}),)
    page = render_index(Index(hostile, (hostile,), (Row(hostile, hostile, {hostile: cell}, promises),)))
    assert page.count("<script") == 1, "our own"
    assert "</style>\n</head>" in page
    assert page.count("</style") == 1
    assert "onerror" not in page


@pytest.mark.parametrize(
    "href",
    ["https://x.example/", "//x.example/", "/etc/passwd", "javascript:f()", "../../other", "\\\\host\\share"],
)
def test_a_link_that_leaves_the_folder_is_refused(href):
    with pytest.raises(SlareportError, match="only to packets beside it"):
        Link("2 of 3 kept", href)


def test_twelve_quarters_of_twenty_teams_with_six_promises_fit_the_budget():
    assert len(render_index(sample_index(teams=20, quarters=12)).encode()) <= 150_000


def test_the_same_index_gives_the_same_page():
    index = sample_index()
    turned = tuple(dataclasses.replace(row, cells=dict(reversed(row.cells.items()))) for row in index.rows)
    assert render_index(dataclasses.replace(index, rows=turned)) == render_index(index)
