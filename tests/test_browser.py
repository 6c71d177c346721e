"""The packet and the index as a reader meets them: in a browser, without any network."""

from __future__ import annotations

import pytest
from browser import opened_page, print_pdf, problems_of, screenshot
from packet_samples import fragment, notebook, sample_index, sample_notebook, section

from slareport.all_reviews import render_index
from slareport.packet import PacketExporter

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def packet(tmp_path_factory):
    path = tmp_path_factory.mktemp("packet") / "packet.html"
    path.write_text(PacketExporter().from_notebook_node(sample_notebook())[0], "utf-8")
    return path


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    path = tmp_path_factory.mktemp("index") / "index.html"
    path.write_text(render_index(sample_index()), "utf-8")
    return path


@pytest.mark.parametrize("width", [1200, 375, 320])
def test_the_packet_has_no_problem(browser, packet, width):
    assert problems_of(browser, packet, width) == []


@pytest.mark.parametrize("width", [1200, 320])
def test_the_index_has_no_problem(browser, index, width):
    assert problems_of(browser, index, width) == []


def test_the_bottom_line_is_in_the_first_screen_of_a_phone(browser, packet):
    with opened_page(browser, packet, 375, 667) as opened:
        box = opened.page.locator(".lede").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 667


def test_the_text_is_the_same_without_javascript(browser, packet):
    texts = set()
    for javascript in (True, False):
        with opened_page(browser, packet, javascript=javascript) as opened:
            texts.add(opened.page.locator("body").inner_text())
    assert len(texts) == 1


def test_a_mark_tells_its_value_on_hover_and_escape_hides_it(browser, packet):
    with opened_page(browser, packet) as opened:
        opened.page.locator("#quotes path[aria-label]").first.hover()
        tip = opened.page.locator("#tip")
        assert tip.inner_text() == "Week of 29 Jun: 91% on time"
        opened.page.keyboard.press("Escape")
        assert not tip.is_visible()


def test_arrow_keys_walk_through_a_chart(browser, packet):
    with opened_page(browser, packet, 320) as opened:
        opened.page.locator("#quotes .chart").focus()
        said = []
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"):
            opened.page.keyboard.press(key)
            opened.page.evaluate("document.dispatchEvent(new Event('scroll'))")
            said.append(opened.page.locator("#tip").inner_text()[8:14])
    assert said == ["29 Jun", "6 Jul:", "29 Jun", "21 Sep"]


def test_the_first_stop_of_the_keyboard_skips_to_the_content(browser, packet):
    with opened_page(browser, packet) as opened:
        opened.page.keyboard.press("Tab")
        assert opened.page.evaluate("document.activeElement.textContent") == "Skip to the content"
        opened.page.keyboard.press("Enter")
        assert opened.page.url.endswith("#main")
        assert opened.requests == []


def test_dark_mode_turns_paper_and_charts(browser, packet):
    colours = {}
    for dark in (False, True):
        with opened_page(browser, packet, dark=dark) as opened:
            colours[dark] = opened.page.evaluate(
                "[getComputedStyle(document.documentElement).backgroundColor,"
                " getComputedStyle(document.querySelector('#quotes text')).fill,"
                " getComputedStyle(document.querySelector('#quotes path[aria-label]')).fill]"
            )
    assert colours[False][0] == "rgb(255, 255, 255)"
    assert all(light != dark for light, dark in zip(colours[False], colours[True], strict=True))


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints_on_three_pages_with_foot_and_page_number(browser, packet, tmp_path, paper):
    print_pdf(browser, packet, tmp_path / "packet.pdf", paper)
    pages = (tmp_path / "packet.pdf").read_bytes().count(b"/Type /Page\n")
    assert 2 <= pages <= 3


# ── The harness itself ──


CANARY = """<p id=own>text</p><img id=spy src="https://x.example/spy.png">
<script>document.title = "taken over"</script>"""


def test_a_planted_picture_and_script_are_blocked_and_reported(browser, packet):
    canary = packet.with_name("canary.html")
    canary.write_text(packet.read_text("utf-8").replace("</main>", CANARY + "</main>"), "utf-8")
    with opened_page(browser, canary) as opened:
        assert opened.page.title() != "taken over"
        assert opened.page.evaluate("document.getElementById('spy').naturalWidth") == 0
        said = " ".join(opened.messages)
    assert "img-src data:" in said
    assert "script-src" in said
    assert any("browser says error" in problem for problem in problems_of(browser, canary))


def test_a_page_without_policy_is_seen_asking(browser, tmp_path):
    path = tmp_path / "open.html"
    path.write_text('<!DOCTYPE html><img src="https://x.example/spy.png"><p>x')
    assert "asks for https://x.example/spy.png" in problems_of(browser, path)


BAD = """<section><h2>Empty</h2></section><p id=a></p><p id=a></p><table><tr><th></th></tr></table>
<figure><svg></svg></figure><div style="width:90rem">wide</div>
<svg viewBox="0 0 100 20" width="100"><path d="M0,0L9,9"/>
<text y="9" font-size="8">one</text><text y="9">two</text></svg>"""


def test_what_a_reader_would_stumble_over_is_told(browser, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text(f"<!DOCTYPE html>{BAD}")
    told = "\n".join(problems_of(browser, path, 320))
    for problem in (
        "no language",
        "no title",
        "0 first headings",
        "no content security policy",
        "empty section",
        "id twice: a",
        "table without a caption",
        "header cell without scope",
        "figure without a caption",
        "figure without a data table",
        "figure without a named chart",
        "nothing drawn",
        "wider than the window",
        "chart text of 8.0 px: one",
        "labels overprint: one / two",
    ):
        assert problem in told


def test_a_picture_of_the_page_can_be_taken(browser, packet, tmp_path):
    screenshot(browser, packet, tmp_path / "page.png", 375, 667, dark=True)
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_a_stray_table_in_a_section_is_told(browser, tmp_path):
    stray = "<table><tr><th>team</th></tr><tr><td>north</td></tr></table>"
    path = tmp_path / "stray.html"
    path.write_text(PacketExporter().from_notebook_node(notebook(*section("A", fragment(stray))))[0], "utf-8")
    assert {problem.partition(":")[0] for problem in problems_of(browser, path)} == {
        "table without a caption",
        "header cell without scope or text",
    }
