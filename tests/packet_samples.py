"""A sample review notebook and a sample index: every form a packet can show, written by hand."""
# ruff: noqa: RUF001 - the signs of the page: minus and dash

from __future__ import annotations

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from slareport.all_reviews import Cell, Index, Link, Promise, Row
from slareport.packet import CHART, RECORD

WEEKS = (
    "29 Jun",
    "6 Jul",
    "13 Jul",
    "20 Jul",
    "27 Jul",
    "3 Aug",
    "10 Aug",
    "17 Aug",
    "24 Aug",
    "31 Aug",
    "7 Sep",
    "14 Sep",
    "21 Sep",
)
QUOTES = (91, 88, 93, 90, 86, 92, 89, 74, 68, 71, 66, 64, 69)
TEXT, QUIET, GRID, ACCENT, BAD = "#1f2933", "#5b6770", "#d5dbe1", "#12436D", "#a8201a"
RECORD_DATA = {
    "title": "Quarterly SLA review – Northern Europe, 2026 Q3",
    "foot": "Northern Europe · 2026 Q3 · data up to 7 October 2026 · 5c1d09e2",
    "packet": {"team": "north", "period": "2026Q3", "id": "5c1d09e2"},
}


def shown(*bundles, error=None, stream=""):
    """A code cell that displayed these mime bundles."""
    outputs = [new_output("display_data", data=bundle) for bundle in bundles]
    if stream:
        outputs.insert(0, new_output("stream", name="stdout", text=stream))
    if error:
        outputs.append(new_output("error", ename="ValueError", evalue=error, traceback=["Traceback, line 1"]))
    return new_code_cell("secret_source()", outputs=outputs)


def fragment(html):
    return shown({"text/html": html, "text/plain": "<plain>"})


def notebook(*cells, record=RECORD_DATA):
    closing = [] if record is None else [shown({RECORD: record, "text/plain": "Record"})]
    return new_notebook(cells=[*cells, *closing])


def section(heading, *cells):
    return [new_markdown_cell(f"## {heading}"), *cells]


def line_chart(name="quotes", title="Quotes slowed down in mid-August", width=640, values=QUOTES, target=85):
    """A line with points, a promised level and its label: what slareport's own charts are made of."""
    rows = [
        {"week": week, "share": value, "says": f"Week of {week}: {value}% on time"}
        for week, value in zip(WEEKS, values, strict=True)
    ]
    x = {
        "field": "week",
        "type": "ordinal",
        "sort": None,
        "axis": {"title": None, "labelAngle": 0, "labelOverlap": True},
    }
    y = {"field": "share", "type": "quantitative", "title": "% on time", "scale": {"domain": [50, 100]}}
    promised = {"y": {"datum": target, "type": "quantitative", "title": y["title"], "scale": y["scale"]}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "name": name,
        "title": title,
        "description": f"{title}. Weekly share on time, from {values[0]}% to {values[-1]}%; promised {target}%.",
        "width": width - 140,
        "height": 200,
        "config": {
            "font": "Arial",
            "view": {"stroke": None},
            "axis": {
                "labelColor": QUIET,
                "titleColor": QUIET,
                "gridColor": GRID,
                "domainColor": QUIET,
                "tickColor": QUIET,
            }
            | {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
        },
        "layer": [
            {
                "mark": {"type": "rule", "strokeDash": [4, 4], "color": TEXT, "aria": False},
                "encoding": promised,
            },
            {
                "mark": {
                    "type": "text",
                    "align": "left",
                    "dx": 6,
                    "fontSize": 12,
                    "color": TEXT,
                    "text": f"promised {target}%",
                },
                "encoding": promised | {"x": {"value": "width"}},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "line", "color": ACCENT, "clip": True},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": rows},
                "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {"condition": {"test": "datum.share < 80", "value": BAD}, "value": ACCENT},
                    "description": {"field": "says"},
                },
            },
        ],
        "data": {"values": [{}]},
        "usermeta": {
            "slareport": {
                "caption": "Share of quotes sent within 2 business days, by week, 131 quotes",
                "table": {
                    "columns": ["Week of", "On time", "Quotes"],
                    "rows": [[week, f"{value}%", "10"] for week, value in zip(WEEKS, values, strict=True)],
                    "numeric": [False, True, True],
                },
            }
        },
    }


def chart(**options):
    return shown({CHART: line_chart(**options), "text/plain": "alt.LayerChart(...)"})


def table(name, caption, columns, rows, numeric=(), kind=""):
    """A finished table as the sections of a review write it."""
    mark = [' class="n"' if number in numeric else "" for number in range(len(columns))]
    head = "".join(f'<th scope="col"{mark[i]}>{column}</th>' for i, column in enumerate(columns))
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f"<td{mark[i]}>{cell}</td>" for i, cell in enumerate(row[1:], 1))
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Table: {name}">'
        f'<table class="{kind}"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def spark(*heights):
    points = " ".join(f"{number * 8},{24 - height}" for number, height in enumerate(heights))
    drawn = f'<polyline points="{points}"/>'
    return f'<svg class="spark" viewBox="0 0 96 24" role="img" aria-label="Thirteen weeks">{drawn}</svg>'


HEADER = """<p class="meta">Quarterly SLA review</p><h1>Northern Europe, 2026 Q3</h1>
<p class="meta">July to September 2026 · data up to 7 October 2026, 23:59 · owner Ines Brandt</p>"""

BOTTOM_LINE = """<p class="lede"><strong>2 of 3 promises kept.</strong> Quotes are late since mid-August, because
discounts wait for an approval nobody covers in the holidays.</p>
<ol class="points"><li><strong>Quotes: 104 of 131 on time (79%, promised 85%).</strong>
Missed, clearly; 112 of 128 last quarter.</li>
<li>19 of the 27 late quotes waited for a discount approval.</li>
<li>Late quotes were worth €2.8m; four of them, €0.6m, are still open.</li></ol>
<p><strong>To decide by 16 October, head of sales:</strong>
team leads approve discounts up to 15% (recommended), or promise three days.</p>"""

FIGURES = """<dl class="figures">
<div><dt>Promises kept</dt><dd>2 of 3</dd><dd class="note">3 of 3 last quarter</dd></div>
<div><dt>Items on time</dt><dd>88%</dd><dd class="note">−4 points, 584 items</dd></div>
<div><dt>Misses</dt><dd>71</dd><dd class="note">22 more than last quarter</dd></div>
<div><dt>Amount touched</dt><dd>€2.8m</dd><dd class="note">of €31m quoted</dd></div></dl>"""

SCORECARD_ROWS = """
First reply in 4 hours | 90% | 94% | +1 | 24 of 412 | 9 11 8 12 13 11 14 12 13 12 14 13 15 | kept | Kept, clearly
Quote in 2 days | 85% | 79% | −9 | 27 of 131 | 18 16 19 17 15 18 16 9 6 8 5 4 6 | missed | Missed, clearly
Handover in 1 day | 90% | 91% | 0 | 4 of 41 | 12 14 9 13 12 15 11 12 13 12 11 14 12 | kept | Kept, could be chance
Deals won | – | 29% | −1 | 61 of 208 | 12 11 12 13 11 12 12 13 12 11 12 11 12 | same | No real change
Days from first call to contract | – | 46 | −6 | 61 | 16 15 15 14 13 14 12 11 11 10 9 9 8 | better | Better
Customers satisfied after 30 days | – | 81% | −7 | 38 of 47 | 17 16 17 15 14 13 13 12 10 10 9 8 8 | worse | Worse
Escalations answered | 95% | – | – | 0 of 0 | 0 0 0 | none | Nothing to judge
"""


def scorecard():
    lines = [line.split(" | ") for line in SCORECARD_ROWS.strip().splitlines()]
    rows = [
        (
            *line[:5],
            spark(*map(int, line[5].split())),
            f'<span class="result" data-result="{line[6]}">{line[7]}</span>',
        )
        for line in lines
    ]
    columns = ("Promise", "Promised", "Now", "Change", "Misses", "13 weeks", "Result")
    return table("Scorecard", "Promises and results of the quarter", columns, rows, (1, 2, 3, 4), "scorecard")


CAUSES = """<h3>Why quotes were late</h3><ul class="causes">
<li style="--share:.7"><span>Waited for discount approval</span><b>19 of 27</b></li>
<li style="--share:.19"><span>Customer data incomplete</span><b>5</b></li>
<li style="--share:.11"><span>No cause given</span><b>3</b></li></ul>
<blockquote class="said"><p>Approvals moved to the group in August and nobody stands in during holidays.</p>
<footer>Owner of quotes, 5 October 2026</footer></blockquote>"""

MISSES_ROWS = """
Fjord Shipping | €412,000 | 4 Sep, 17:00 | 6.5 days | Waited for discount approval
Aalto Paper | €96,500 | 11 Sep, 12:30 | 4.0 days | Waited for discount approval
Nordlys Energy | €230,000 | 17 Aug, 09:00 | 3.5 days | Customer data incomplete
Hansa Foods | €58,900 | 21 Sep, 15:15 | 2.0 days | Waited for discount approval
Sund Telecom | €74,200 | 28 Aug, 10:45 | 1.5 days | No cause given
"""


def misses():
    rows = [line.split(" | ") for line in MISSES_ROWS.strip().splitlines()]
    columns = ("Account", "Amount", "Due", "Late by", "Cause")
    return table("Misses", "The five latest quotes, of 27", columns, rows, (1, 3))


DEFINITIONS = """<dl class="definitions"><dt>Quote within 2 business days</dt>
<dd>From a complete request to the quote the customer received,
in business hours of the team's calendar. Requests withdrawn before they were due do not count.</dd>
<dt>First reply within 4 business hours</dt><dd>From assignment to the first call or personal message.</dd></dl>"""


def sample_notebook():
    """A whole review, with everything a packet must leave out as well."""
    return notebook(
        new_markdown_cell("# Team review\n\nChange `team` and `period`, then run all cells."),
        new_code_cell('team = "north"', metadata={"tags": ["parameters"]}),
        fragment(HEADER),
        *section("Bottom line", fragment(BOTTOM_LINE)),
        *section("Since you last signed", shown(stream="nothing to report")),
        *section("Headline numbers", fragment(FIGURES)),
        *section("Scorecard", fragment(scorecard())),
        new_markdown_cell("Try other limits here.", metadata={"tags": ["note"]}),
        *section("What needs attention", chart(), fragment(CAUSES)),
        *section(
            "All promises",
            *(
                chart(name=f"promise-{number}", title=title, width=390, values=values)
                for number, title, values in (
                    (
                        1,
                        "First replies stay above their promise",
                        (92, 93, 91, 94, 95, 93, 96, 94, 95, 94, 96, 95, 97),
                    ),
                    (2, "Handovers are steady", (91, 93, 88, 92, 91, 94, 90, 91, 92, 91, 90, 93, 91)),
                )
            ),
        ),
        *section("Misses", fragment(misses())),
        new_markdown_cell("## Can you trust this?\n\nAll 438 leads: *412 judged*, 17 excluded, 9 set aside."),
        *section("Definitions", fragment(DEFINITIONS)),
    )


def sample_index(teams=20, quarters=12):
    """All reviews of a company with a failed, a missing and a provisional one; all but the newest are reviewed."""
    periods = tuple(f"{2026 - (number + 1) // 4} Q{(2 - number) % 4 + 1}" for number in range(quarters))
    names = ("Company", *(f"Team {number:02d}" for number in range(1, teams + 1)))
    states = {3: Cell("failed", Link("Build failed", "reason.txt"), ("a notebook stopped",)), 7: Cell("missing")}

    def cell(row, column):
        if column == 0 and row in states:
            return states[row]
        folder = f"{periods[column].replace(' ', '')}/team{row}"
        link = Link(f"{1 + (row + column) % 3} of 3 kept", f"{folder}/team_review/v1/packet.html")
        if column == 0 and row == 5:
            return Cell("provisional", link, ("data up to 20 September",))
        annex = (Link("Annex", f"{folder}/annex/v1/packet.html"),)
        since = f"2026-{10 - column:02}-07"
        return Cell("ready" if column == 0 else "reviewed", link, more=annex, since=since, day=since)

    values = {
        period: ("kept" if number % 3 else "missed", f"{90 + number % 9}%") for number, period in enumerate(periods)
    }
    promises = tuple(Promise(f"Promise {number}", values) for number in range(6))
    rows = (
        Row(f"team{row}", name, {period: cell(row, column) for column, period in enumerate(periods)}, promises)
        for row, name in enumerate(names)
    )
    return Index("Example Trading", periods, tuple(rows))


def write_sample(path):
    nbformat.write(sample_notebook(), path)
    return path
