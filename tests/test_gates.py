"""What every packet must hold to, on packets of every kind: a good team and a bad one, few promises and many, no data,
a provisional period, and a company whose every name is hostile."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import socket
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import companies
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import launched, opened_page, print_pdf, problems_of
from companies import PERIOD, made
from tiny import made_once, slareport

from slareport.editions import client_key

pytestmark = pytest.mark.once

SIX, TWELVE, HOSTILE, ON_REQUEST = "six", "twelve", "hostile", "on request"
ROLE = "account-executive"
REVIEW = f"{PERIOD}/{{}}/team_review/current/packet.html"
SUMMARY = f"{PERIOD}/_all/leadership_summary/current/packet.html"
TEAM_PAGES = {
    "a bad team, twelve promises": (TWELVE, REVIEW.format("apac")),
    "a good team, twelve promises": (TWELVE, REVIEW.format("strategic")),
    "a bad team, six promises": (SIX, REVIEW.format("apac")),
    "a good team, six promises": (SIX, REVIEW.format("strategic")),
    "a team without data": (SIX, REVIEW.format("new")),
    "a period split by a change, six promises": (SIX, REVIEW.replace(PERIOD, "2026Q1").format("emea")),
    "a provisional period": (SIX, REVIEW.replace(PERIOD, "2026Q4").format("emea")),
    "hostile names": (HOSTILE, REVIEW.format("emea")),
}
CLIENT = "Silverpine Pharma Co., Ltd."
PAGES = {
    **TEAM_PAGES,
    "the summary, twelve promises": (TWELVE, SUMMARY),
    "the summary, six promises": (SIX, SUMMARY),
    "a client's edition": (SIX, f"{PERIOD}/{client_key(CLIENT)}/client_review/current/packet-client.html"),
    "an edition for leadership": (SIX, f"{PERIOD}/apac/team_review@leadership/current/packet-leadership.html"),
    "the annex": (TWELVE, f"{PERIOD}/apac/annex/current/packet.html"),
    "the workflow analysis": (ON_REQUEST, f"{PERIOD}/_all/workflow_analysis/current/packet.html"),
    "the target setting": (ON_REQUEST, f"{PERIOD}/_all/target_setting/current/packet.html"),
    "the agreement": (ON_REQUEST, f"{PERIOD}/_all/agreement/current/packet.html"),
    "a handbook": (ON_REQUEST, f"{PERIOD}/emea/handbook@{ROLE}/current/packet-{ROLE}.html"),
    "the index": (TWELVE, "index.html"),
}
PACKETS = [name for name in PAGES if name != "the index"]
PAPERS = ("the agreement", "a handbook")  # made of the agreement alone, without a figure
MOST_SHEETS = {"annex": 12, "workflow_analysis": 4, "target_setting": 4, "agreement": 3, f"handbook@{ROLE}": 3}
SUMMED_UP = [name for name in PACKETS if name not in ("the annex", *PAPERS)]
CHARTED = [name for name in PACKETS if name not in ("a team without data", "the workflow analysis", *PAPERS)]
SIX_PROMISES = [name for name in TEAM_PAGES if "six" in name]
SECTIONS = (
    "bottom-line", "since-the-last-review", "headline-numbers", "scorecard", "what-needs-attention",
    "where-deals-get-stuck", "done-well", "next-period", "all-other-promises", "misses", "can-you-trust-this",
    "definitions",
)  # fmt: skip
ALWAYS = {"bottom-line", "headline-numbers", "scorecard", "can-you-trust-this", "definitions"}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
READ = """id => {const copy = document.getElementById(id)?.cloneNode(true)
  copy?.querySelectorAll('svg, details').forEach(e => e.remove()); return copy ? copy.textContent : ''}"""
STOP = """() => (e => [e.tagName, e.className, getComputedStyle(e).outlineStyle,
  e.getAttribute('aria-label') || e.textContent.trim()])(document.activeElement)"""


@pytest.fixture(scope="module")
def outputs(sample, quarter, tmp_path_factory):
    """The outputs of each company, by name."""
    places = tmp_path_factory.mktemp("companies")

    def small(folder):
        root = companies.with_six_promises(sample, places / "six")
        teams = [option for team in ("apac", "strategic", "new") for option in ("--team", team)]
        made(root, folder, "--period", PERIOD, *teams, "--notebook", "team_review", "--notebook", "leadership_summary")
        made(root, folder, "--period", PERIOD, "--client", CLIENT)
        made(root, folder, "--period", PERIOD, "--team", "apac", "--edition", "leadership")
        emea = ("--team", "emea", "--notebook", "team_review")
        made(root, folder, "--period", "2026Q1", *emea)
        made(root, folder, "--period", "2026Q4", *emea, "--as-of", "2026-10-08")

    def hostile(folder):
        root = companies.with_hostile_names(sample, places / "hostile")
        made(root, folder, "--period", PERIOD, "--team", "emea", "--notebook", "team_review")

    def on_request(folder):
        names = ("workflow_analysis", "target_setting", "agreement")
        made(sample.root, folder, "--period", PERIOD, *(word for name in names for word in ("--notebook", name)))
        book = ("--notebook", "handbook", "--team", "emea", "--role", "Account executive")
        made(sample.root, folder, "--period", PERIOD, *book)

    return {
        ON_REQUEST: made_once(tmp_path_factory, "on request", on_request),
        TWELVE: quarter,
        SIX: made_once(tmp_path_factory, "six promises", small),
        HOSTILE: made_once(tmp_path_factory, "hostile names", hostile),
    }


@pytest.fixture
def page(outputs, request) -> Path:
    """The page a test is about, by its description."""
    company, path = PAGES[request.param]
    return outputs[company] / path


def about(names):
    return pytest.mark.parametrize("page", list(names), indirect=True)


class Source(HTMLParser):
    """What a page's source refers to, and its text."""

    def __init__(self, html):
        super().__init__()
        self.references, self.links, self.tags = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value)
            elif name in ("src", "srcset", "href", "data", "poster", "action", "background"):
                self.references.append((tag, name, value))


# ── Without a browser ──


@about(PAGES)
def test_g2_nothing_is_referred_to_but_links_of_the_declared_templates(page):
    html = page.read_text("utf-8")
    source = Source(html)
    assert source.references == []
    assert not re.search(r"@import|url\((?!#)", html.split("</style>")[0])
    leaving = [link for link in source.links if re.match(r"[a-z]+:|//", link)]
    allowed = ("https://halden.lightning.force.com/", "https://reviews.halden.example/sla/")
    assert all(link.startswith(allowed) for link in leaving)


@about(PACKETS)
def test_g5_a_page_and_its_charts_are_small(page):
    html = page.read_text("utf-8")
    assert len(html.encode()) <= (600_000 if page.parts[-3] == "annex" else 250_000)
    assert all(len(chart.encode()) <= 20_000 for chart in re.findall(r"<svg.*?</svg>", html, re.DOTALL))


@about(TEAM_PAGES)
def test_g11_the_sections_are_there_in_order(page):
    found = re.findall(r'<section id="([^"]+)"', page.read_text("utf-8"))
    order = [name for name in SECTIONS if name in found]
    assert found == order
    assert set(found) >= ALWAYS


@about(["a period split by a change, six promises"])
def test_a_change_in_the_middle_of_the_period_shows_in_the_scorecard(page):
    part = page.read_text("utf-8").partition('id="scorecard"')[2].partition("</section>")[0]
    assert re.findall(r"within \d business hours", part) == ["within 4 business hours", "within 2 business hours"]


# ── In a browser ──


@pytest.mark.parametrize("width", [1200, 375, 320])
@about(PAGES)
def test_g1_g7_g10_g12_g14_g20_a_page_has_no_problem(browser, page, width):
    assert problems_of(browser, page, width) == []


@about(["a bad team, six promises"])
def test_g3_a_network_that_hangs_holds_nothing_up(browser, page):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        rules = f"--host-resolver-rules=MAP * 127.0.0.1:{silent.getsockname()[1]}"
        with launched(browser.browser_type, rules) as other, opened_page(other, page) as opened:
            assert opened.page.evaluate("document.readyState") == "complete"
            assert "promises kept" in opened.page.locator("body").inner_text()
            assert opened.requests == []


@pytest.mark.parametrize(
    ("width", "dark"), [(1200, False), (1200, True), (320, False)], ids=["light", "dark", "narrow"]
)
@about(PAGES)
def test_g8_g9_axe_finds_nothing(browser, page, width, dark):
    with opened_page(browser, page, width, dark=dark) as opened:
        found = Axe().run(opened.page, options=AXE).response
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []
    assert {rule["id"] for rule in found["incomplete"]} <= {"color-contrast"}, "of text in charts: see test_charts"


@about(CHARTED)
def test_every_chart_is_drawn(browser, page):
    with opened_page(browser, page) as opened:
        figures = opened.page.locator("figure")
        drawn = opened.page.locator("figure svg[role=img]")
        assert figures.count() == drawn.count() >= 1
        boxes = [drawn.nth(number).bounding_box() for number in range(drawn.count())]
    assert all(box["width"] > 100 and box["height"] > 20 for box in boxes)


@about(["the index"])
def test_every_packet_can_be_reached_from_the_index(browser, page):
    with opened_page(browser, page) as opened:
        links = opened.page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    packets = {(page.parent / link).resolve() for link in links if link.endswith("packet.html")}
    assert packets == {path.resolve() for path in page.parent.glob("*/*/*/current/packet.html")}
    assert len(packets) == 9


@about(SUMMED_UP)
def test_g13_the_bottom_line_is_in_the_first_screen(browser, page):
    for width, height in ((1200, 900), (375, 667)):
        with opened_page(browser, page, width, height) as opened:
            box = opened.page.locator(".lede").bounding_box()
        assert box["y"] + box["height"] <= height


@about(["a bad team, six promises", "the index"])
def test_g15_every_stop_of_the_keyboard_can_be_seen_and_has_a_purpose(browser, page):
    with opened_page(browser, page) as opened:
        stops = []
        for _ in range(120):
            opened.page.keyboard.press("Tab")
            stop = opened.page.evaluate(STOP)
            if stop[0] == "BODY":
                break
            stops.append(stop)
    assert stops[0][:2] == ["A", "skip"]
    assert all(outline != "none" for _, _, outline, _ in stops)
    assert all(name or tag == "INPUT" for tag, _, _, name in stops)
    assert {tag for tag, *_ in stops} <= {"A", "DIV", "SUMMARY", "INPUT"}


@about(PACKETS)
def test_g16_without_javascript_nothing_is_missing(browser, page):
    seen = []
    for javascript in (True, False):
        with opened_page(browser, page, javascript=javascript) as opened:
            seen.append((opened.page.locator("body").inner_text(), opened.page.locator("svg").count()))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@about(PACKETS)
def test_g17_it_prints_on_few_pages_with_its_foot_on_each(browser, page, paper, tmp_path):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext: install Debian package poppler-utils")
    print_pdf(browser, page, tmp_path / "packet.pdf", paper)
    done = subprocess.run(["pdftotext", "-layout", tmp_path / "packet.pdf", "-"], capture_output=True, check=True)
    *printed, rest = done.stdout.decode().split("\f")
    assert rest == ""
    defined = page.read_text("utf-8").partition('id="definitions"')[2].count("<dt>")
    assert len(printed) <= MOST_SHEETS.get(page.parts[-3], 3 if defined <= 14 else 6)
    assert all(
        "packet " in " ".join(sheet.split()) and f"{number}/{len(printed)}" in sheet.replace(" ", "")
        for number, sheet in enumerate(printed, 1)
    )
    assert len(printed[-1].split()) >= 60, "the last page is worth turning to"
    with opened_page(browser, page) as opened:
        first = opened.page.locator(".lede, h1").last.inner_text()
    assert first.split()[0] in printed[0]


@about(SIX_PROMISES)
def test_g21_it_is_read_in_five_minutes(browser, page):
    with opened_page(browser, page) as opened:
        words = 0
        for name in SECTIONS[:8]:
            words += len(opened.page.evaluate(READ, name).split())
    assert words <= 700


POSTED = {SIX: ("apac", "company"), HOSTILE: ("emea",)}


@pytest.mark.parametrize("company", POSTED)
def test_g22_a_mail_has_the_bottom_line_and_the_scorecard_and_fits_every_mailbox(outputs, tmp_path, company, sample):
    root = tmp_path / "sender"
    shutil.copytree(sample.root / "parameters", root / "parameters")
    entries = "".join(f"  - {{of: {of}, to: [ada@halden.example]}}\n" for of in POSTED[company])
    (root / "parameters" / "mail.yaml").write_text(f"sender: ops@halden.example\nreviews:\n{entries}")
    done = slareport("mail", "-w", root, "-o", outputs[company], "--period", PERIOD, "--to", tmp_path / "post")
    assert (done.returncode, done.stderr) == (0, "")
    for path in (tmp_path / "post").iterdir():
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP)
        text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
        assert len(html.encode()) + len(text.encode()) <= 60_000
        assert not re.search(r"<(script|svg|style|img|link)\b", html)
        assert [part.defects for part in mail.walk() if part.defects] == []
        assert mail["Subject"].partition(": ")[2].split(". ")[0] in text
        assert "<table" in html
        (pdf,) = mail.iter_attachments()
        assert pdf.get_content_type() == "application/pdf"
