"""The sample company's packets and their index in a real browser without a network."""

from __future__ import annotations

import pytest
from browser import chromium, opened_page, problems_of
from tiny import made_once, slareport

PERIOD = "2026Q3"
TEAMS = ("emea", "americas", "apac", "strategic")
PAGES = {
    **{team: f"{PERIOD}/{team}/team_review/current/packet.html" for team in TEAMS},
    "annex": f"{PERIOD}/apac/annex/current/packet.html",
    "leadership": f"{PERIOD}/_all/leadership_summary/current/packet.html",
    "index": "index.html",
}
PACKETS = [name for name in PAGES if name != "index"]


@pytest.fixture(scope="module")
def outputs(sample, tmp_path_factory):
    """All packets of a quarter, made once."""
    chromium()
    return made_once(tmp_path_factory, "packets", lambda folder: make(sample, folder))


def make(sample, folder):
    done = slareport("run", "--workspace", sample.root, "--outputs", folder, "--period", PERIOD, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("width", [1200, 375, 320])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_complains_of_nothing_and_fits(outputs, name, width):
    assert problems_of(outputs / PAGES[name], width) == []


@pytest.mark.parametrize("name", PACKETS)
def test_every_chart_of_a_packet_is_drawn(outputs, name):
    with opened_page(outputs / PAGES[name]) as opened:
        figures = opened.page.locator("figure")
        drawn = opened.page.locator("figure svg[role=img]")
        assert figures.count() == drawn.count() >= 1
        boxes = [drawn.nth(number).bounding_box() for number in range(drawn.count())]
    assert all(box["width"] > 100 and box["height"] > 20 for box in boxes)


@pytest.mark.parametrize("name", [name for name in PACKETS if name != "annex"])
def test_the_bottom_line_is_in_the_first_screen(outputs, name):
    for width, height in ((1200, 900), (375, 667)):
        with opened_page(outputs / PAGES[name], width, height) as opened:
            box = opened.page.locator(".lede").bounding_box()
        assert box["y"] + box["height"] <= height


def test_every_packet_can_be_reached_from_the_index(outputs):
    with opened_page(outputs / PAGES["index"]) as opened:
        links = opened.page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    packets = {(outputs / link).resolve() for link in links if link.endswith("packet.html")}
    assert packets == {path.resolve() for path in outputs.glob("*/*/*/current/packet.html")}
    assert len(packets) == 9
