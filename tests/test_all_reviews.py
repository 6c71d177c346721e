"""The index page: every review of every team, none of them blank."""

from __future__ import annotations

import dataclasses
import re

import pytest
from packet_samples import sample_index

from slareport.all_reviews import Cell, Index, Row, render_index
from slareport.errors import SlareportError


def test_the_state_of_the_newest_period_is_said_in_one_line():
    assert "2026 Q3: 18 of 21 reviews ready, 1 provisional, 1 failed, 1 not there." in render_index(sample_index())


def test_every_cell_says_how_it_stands():
    page = render_index(sample_index())
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert len(cells) == 21 * 12
    assert all(re.search(r'class="state" data-state="\w+">.*[a-z]', cell) for cell in cells)
    assert (
        '<span class="state" data-state="failed">Build failed</span><span class="note">a notebook stopped</span>'
        in cells
    )
    assert '<span class="state" data-state="missing">No review</span>' in cells
    assert any('2 of 3 kept</a></span><span class="note">Provisional</span>' in cell for cell in cells)


def test_a_period_a_team_knows_nothing_of_is_missing_in_words():
    page = render_index(Index("Example", ("2026 Q3",), (Row("North", {}),)))
    assert "0 of 1 reviews ready, 1 not there." in page
    assert ">No review<" in page


def test_only_ready_reviews_of_the_newest_period_are_to_review():
    page = render_index(sample_index())
    listed = re.findall(r'<li><a href="[^"]+">([^<]+)</a>', page)
    assert listed[:2] == ["Company, 2026 Q3", "Team 01, 2026 Q3"]
    assert len(listed) == 18
    assert not {"Team 03, 2026 Q3", "Team 05, 2026 Q3", "Team 07, 2026 Q3"} & set(listed)


def test_without_reviews_the_page_says_so():
    assert "No review has been made yet." in render_index(Index("Example", (), ()))


def test_names_stay_text():
    hostile = "<script>f()</script>\"'&"
    page = render_index(
        Index(hostile, (hostile,), (Row(hostile, {hostile: Cell("ready", hostile, "a.html", hostile)}),))
    )
    assert "<script" not in page
    assert "</style>\n</head>" in page
    assert page.count("</style") == 1


@pytest.mark.parametrize(
    "href",
    ["https://x.example/", "//x.example/", "/etc/passwd", "javascript:f()", "../../other", "\\\\host\\share"],
)
def test_a_link_that_leaves_the_folder_is_refused(href):
    with pytest.raises(SlareportError, match="only to packets beside it"):
        Cell("ready", "2 of 3 kept", href)


def test_twelve_quarters_of_twenty_teams_fit_the_budget():
    assert len(render_index(sample_index(teams=20, quarters=12)).encode()) <= 150_000


def test_the_same_index_gives_the_same_page():
    index = sample_index()
    turned = tuple(Row(row.title, dict(reversed(row.cells.items()))) for row in index.rows)
    assert render_index(dataclasses.replace(index, rows=turned)) == render_index(index)
