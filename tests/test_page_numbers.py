"""Every number of the bottom line, the headline and the scorecard is in the CSV files beside the page.

Read from the published HTML and worked out anew from the CSV, with nothing of slareport's own formatting.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from html import unescape

import pytest
from companies import PERIOD, TEAMS

pytestmark = pytest.mark.once

PAGES = {team: f"{PERIOD}/{team}/team_review/current" for team in TEAMS}
PAGES["company"] = f"{PERIOD}/_all/leadership_summary/current"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?%?")


def read(folder, name):
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def section(html, name):
    """What a reader sees of a section, without charts, people's words and what is folded away."""
    part = html[html.index(f'<section id="{name}"') :]
    part = part[: part.index("</section>")]
    part = re.sub(r'<svg.*?</svg>|<details.*?</details>|<div class="asked">.*?</div>', " ", part, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", part))


def rounded(value, digits):
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,}".lstrip("-")


def shown_as(text, unit):
    """Each way a value may rightly be written."""
    if not text:
        return set()
    if unit == "%":
        return {f"{rounded(Decimal(text) * 100, digits)}{sign}" for digits in (0, 1, 2) for sign in ("%", "")}
    return {rounded(text, digits) for digits in (0, 1)}


def money(text):
    """Each way a sum may rightly be written: in thousands or millions."""
    return {rounded(Decimal(text) / scale, digits) for scale in (1000, 10**6) for digits in (0, 1)} if text else set()


def of_row(row):
    """Every number that may be said of one row of the scorecard."""
    told = set(NUMBER.findall(row["title"]))
    for column in ("met", "missed", "allowed", "n", "numerator", "denominator"):
        told |= {f"{Decimal(row[column]).quantize(1, ROUND_HALF_UP):,}"} if row[column] else set()
        told |= money(row[column]) if row["currency"] else set()
    for column in ("value", "previous", "target", "low", "high", "change"):
        told |= shown_as(row[column], row["unit"])
    return told


def figures(rows, misses):
    """Every number that may be said of a scorecard, from its CSV."""
    promises = [row for row in rows if row["kind"] == "promise"]
    judged = Counter(row["result"] for row in promises)
    sums = {column: sum(int(row[column] or 0) for row in promises) for column in ("met", "n", "pending")}
    told = {str(judged["kept"]), str(judged["kept"] + judged["missed"]), f"{len(misses):,}"}
    told |= {f"{number:,}" for number in sums.values()}
    told |= shown_as(str(Decimal(sums["met"]) / sums["n"]) if sums["n"] else "", "%")
    told |= {str(number) for number in Counter((row["promise"], row["cause"]) for row in misses).values()}
    groups = Counter((row["kind"], row["result"], row["evidence"] if row["result"] == "missed" else "") for row in rows)
    told |= {str(number - less) for number in groups.values() for less in (0, 3)}  # "and 4 others"
    return told.union(*map(of_row, rows))


def said(text):
    """The numbers of a text, without those of its dates and the figures of the period before."""
    bare = re.sub(r"\d+ (January|July|October) 20\d\d|[Ll]ast (10 )?quarters?( [\d,.]+%?( of \d+)?)?", " ", text)
    return set(NUMBER.findall(bare))


def lines(html):
    """The numbers of every line of the scorecard, by its title."""
    name = "scorecard" if 'id="scorecard"' in html else "the-company-s-scorecard"
    part = html[html.index(f'<section id="{name}"') :]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", part[: part.index("</section>")], re.DOTALL)
    bare = {unescape(title): re.sub(r"<svg.*?</svg>|<[^>]+>", " ", cells, flags=re.DOTALL) for title, cells in rows}
    return {title: set(NUMBER.findall(cells)) for title, cells in bare.items()}


def strangers(html, rows):
    """The lines of the scorecard with a number that their row of the CSV does not have."""
    known = {row["title"]: of_row(row) for row in rows}
    return [title for title, numbers in lines(html).items() if not numbers <= known[title]]


@pytest.mark.parametrize("name", PAGES)
def test_every_line_of_the_scorecard_is_a_row_of_the_csv(quarter, name):
    folder = quarter / PAGES[name]
    html, rows = (folder / "packet.html").read_text("utf-8"), read(folder, "scorecard")
    assert [row["title"] for row in rows] == list(lines(html))
    assert strangers(html, rows) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_number_of_the_bottom_line_and_the_headline_is_in_the_csv(quarter, name):
    folder = quarter / PAGES[name]
    html = (folder / "packet.html").read_text("utf-8")
    told = figures(read(folder, "scorecard"), read(folder, "misses"))
    assert said(section(html, "bottom-line")) - {"1", "2", "3", "4", "5"} <= told, "but of teams, decisions and points"
    headline = said(section(html, "headline-numbers").split("Deals behind")[0])
    assert len(headline) >= 5
    assert headline <= told


def test_a_number_that_is_not_in_the_csv_is_found(quarter):
    folder = quarter / PAGES["apac"]
    html, rows = (folder / "packet.html").read_text("utf-8"), read(folder, "scorecard")
    counts = ("met", "missed", "n", "numerator", "denominator")
    promises = [row for row in rows if row["kind"] == "promise" and row["n"] != "0"]
    changed = [row | {column: str(int(row[column]) + 1000) for column in counts} for row in promises]
    others = [row for row in rows if row not in promises]
    assert strangers(html, [*changed, *others]) == [row["title"] for row in promises]
