"""From an executed notebook to a packet: what is shown, what stays behind, what is refused."""

from __future__ import annotations

import base64
import copy
import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from packet_samples import (
    HEADER,
    RECORD_DATA,
    chart,
    fragment,
    line_chart,
    notebook,
    sample_notebook,
    section,
    shown,
    write_sample,
)

from slareport.errors import SlareportError
from slareport.packet import CHART, PacketExporter

ROOT = Path(__file__).parent.parent


def packet(*cells, record=RECORD_DATA):
    page, _ = PacketExporter().from_notebook_node(notebook(*cells, record=record))
    return page


@pytest.fixture(scope="module")
def sample():
    page, _ = PacketExporter().from_notebook_node(sample_notebook())
    return page


# ── What is shown ──


def test_sections_stand_in_order_under_their_headings(sample):
    assert re.findall(r'<section id="([^"]+)" aria-labelledby="\1.h"[^>]*>\n<h2 id="\1.h">', sample) == [
        "bottom-line",
        "headline-numbers",
        "scorecard",
        "what-needs-attention",
        "all-promises",
        "misses",
        "can-you-trust-this",
        "definitions",
    ]


def test_the_first_fragment_is_the_header():
    page = packet(fragment(HEADER), *section("Bottom line", fragment("<p>2 of 3</p>")))
    header = page[page.index("<header>") : page.index("</header>")]
    assert "<h1>Northern Europe, 2026 Q3</h1>" in header
    assert page.count("<h1") == 1
    assert page.index("</header>") < page.index("<main")


def test_a_notebook_without_header_is_headed_by_its_title():
    assert "<h1>Quarterly SLA review" in packet(*section("Bottom line", fragment("<p>2 of 3</p>")))


def test_title_and_foot_come_from_the_record(sample):
    assert "<title>Quarterly SLA review – Northern Europe, 2026 Q3</title>" in sample  # noqa: RUF001
    assert '@bottom-left{content:"Northern Europe · 2026 Q3' in sample
    assert "<footer>\n<p>Northern Europe · 2026 Q3" in sample


def test_a_record_may_say_nothing():
    assert "<title>Sales SLA review</title>" in packet(fragment(HEADER), record={})


def test_prose_under_a_heading_is_shown_as_markdown():
    page = packet(new_markdown_cell("## Can we trust this?\n\nAll *438* leads.\n\n## Next\n\n- one\n- two"))
    assert '<h2 id="can-we-trust-this.h">Can we trust this?</h2>\n<p>All <em>438</em> leads.</p>' in page
    assert '<h2 id="next.h">Next</h2>\n<ul>\n<li>one</li>' in page


def test_a_heading_inside_a_code_block_opens_no_section():
    page = packet(new_markdown_cell("## How\n\n```\n## not a heading\n```"))
    assert page.count("<section") == 1


def test_equal_headings_get_ids_of_their_own():
    page = packet(*section("Misses", fragment("<p>1</p>")), *section("Misses", fragment("<p>2</p>")))
    assert re.findall(r'<section id="([^"]+)"', page) == ["misses", "misses-2"]


def test_a_section_never_takes_the_id_of_a_chart():
    page = packet(*section("Quotes", chart(name="quotes")))
    assert '<figure id="quotes"' in page
    assert '<section id="quotes-2"' in page


def test_outputs_of_execute_result_are_shown_too():
    result = nbformat.v4.new_output("execute_result", data={"text/html": "<p>here</p>"}, execution_count=1)
    assert "<p>here</p>" in packet(*section("A", new_code_cell("x", outputs=[result])))


# ── Figures ──


def test_a_figure_has_claim_caption_chart_and_numbers():
    page = packet(*section("A", chart()))
    figure = page[page.index("<figure") : page.index("</figure>")]
    assert '<figure id="quotes" style="--w:' in figure
    assert "<figcaption>Quotes slowed down in mid-August<span>Share of quotes sent" in figure
    assert '<svg role="img" aria-label="Quotes slowed down' in figure
    assert "<caption>Share of quotes sent" in figure
    assert '<th scope="col">Week of</th><th scope="col" class="n">On time</th>' in figure
    assert '<tr><th scope="row">29 Jun</th><td class="n">91%</td><td class="n">10</td></tr>' in figure
    assert len(figure) < 20_000


def test_charts_that_follow_each_other_stand_side_by_side():
    page = packet(*section("A", chart(name="a"), chart(name="b"), fragment("<p>then</p>"), chart(name="c")))
    assert [group.count("<figure") for group in page.split('<div class="charts">')[1:]] == [2, 1]


def test_a_chart_that_cannot_be_drawn_is_a_visible_box_with_its_numbers():
    broken = line_chart() | {"layer": [{"mark": "nope"}]}
    page, resources = PacketExporter().from_notebook_node(notebook(*section("A", shown({CHART: broken}))))
    assert "This chart could not be drawn." in page
    assert "<details open>" in page
    assert '<th scope="row">29 Jun</th>' in page
    assert resources["undrawn"] == ["quotes"]


def test_a_chart_without_table_is_shown_alone():
    spec = line_chart()
    del spec["usermeta"]
    page = packet(*section("A", shown({CHART: spec})))
    assert "<svg" in page
    assert "<details" not in page


# ── What stays behind ──


@pytest.mark.parametrize(
    "left_behind",
    [
        pytest.param("secret_source", id="code"),
        pytest.param("<plain>", id="plain text"),
        pytest.param("LayerChart", id="plain text of a chart"),
        pytest.param("nothing to report", id="printed lines"),
        pytest.param("since-you-last-signed", id="a section that shows nothing"),
        pytest.param("Try other limits", id="notes for analysts"),
        pytest.param("Team review", id="the notebook's own title"),
        pytest.param("then run all cells", id="prose before the first section"),
        pytest.param("parameters", id="tags"),
        pytest.param("vega", id="chart specifications"),
        pytest.param("slareport", id="names of machinery"),
    ],
)
def test_stays_in_the_notebook(sample, left_behind):
    assert left_behind.lower() not in sample.lower()


def test_cell_ids_and_metadata_stay_in_the_notebook():
    nb = sample_notebook()
    nb.metadata["papermill"] = {"input_path": "/home/someone/private.ipynb"}
    page, _ = PacketExporter().from_notebook_node(nb, {"metadata": {"name": "q3_final", "path": "/home/someone"}})
    assert not [cell.id for cell in nb.cells if cell.id in page]
    assert "private" not in page
    assert "q3_final" not in page


@pytest.mark.parametrize(
    "bundle",
    [
        {"application/javascript": "f()"},
        {"image/png": "AAAA"},
        {"image/svg+xml": "<svg/>"},
        {"text/latex": "$x$"},
        {"text/markdown": "**x**"},
        {"text/html": "  "},
    ],
)
def test_an_output_of_another_kind_shows_nothing_and_leaves_no_section(bundle):
    assert "<section" not in packet(fragment(HEADER), *section("A", shown(bundle)))


def test_prose_alone_does_not_keep_a_section_whose_cells_show_nothing():
    assert "<section" not in packet(new_markdown_cell("## Done well\n\nPeople:"), shown(stream="none"))


def test_prose_before_the_first_section_is_for_analysts():
    page = packet(fragment(HEADER), new_markdown_cell("Change the team above."), fragment("<p>a lead</p>"))
    assert "a lead" in page
    assert "Change the team" not in page


def test_a_first_level_heading_never_becomes_a_second_title():
    page = packet(fragment(HEADER), new_markdown_cell("## A\n\n# Notebook title\n\ntext"))
    assert page.count("<h1") == 1
    assert "Notebook title" not in page


def test_a_cell_tagged_note_shows_nothing():
    cell = fragment("<p>for analysts</p>")
    cell.metadata["tags"] = ["note"]
    assert "for analysts" not in packet(*section("A", cell, fragment("<p>x</p>")))


def test_pictures_and_markup_in_prose_are_text():
    page = packet(
        new_markdown_cell("## A <b>\n\n![logo](https://x.example/a.png) <script>f()</script> [go](javascript:f())")
    )
    assert "<img" not in page
    assert "&lt;script&gt;f()" in page
    assert "javascript:" not in page
    assert "x.example" not in page


# ── What is refused ──


def refused(nb):
    with pytest.raises(SlareportError) as raised:
        PacketExporter().from_notebook_node(nb, {"metadata": {"name": "north", "path": "out"}})
    return str(raised.value)


def test_a_notebook_that_stopped_is_refused_with_place_and_cure():
    message = refused(notebook(fragment(HEADER), shown(error="no such team")))
    assert message.startswith("out/north.ipynb:cell 2: this notebook did not run to its end")
    assert "ValueError: no such team" in message
    assert "fix: run the notebook again" in message


def test_an_error_counts_even_in_a_cell_for_analysts():
    cell = shown(error="oops")
    cell.metadata["tags"] = ["note"]
    assert "oops" in refused(notebook(cell))


@pytest.mark.parametrize("record", [None, "text", ["list"]])
def test_a_notebook_without_closing_record_is_refused(record):
    message = refused(notebook(fragment(HEADER), record=record))
    assert message.startswith("out/north.ipynb: this notebook did not run to its end")
    assert "review.close()" in message


def test_a_live_fragment_is_refused():
    message = refused(notebook(fragment("<script src='https://cdn.example/vega.js'></script>")))
    assert "cell 1: an output would load or run something" in message
    assert "https://cdn.example/vega.js" in message


def test_a_chart_on_a_time_axis_is_refused():
    spec = line_chart() | {"layer": [{"mark": "line", "encoding": {"x": {"field": "week", "type": "temporal"}}}]}
    message = refused(notebook(shown({CHART: spec})))
    assert message.startswith("out/north.ipynb:cell 1, chart 'quotes', layer[0].encoding.x.type")


@pytest.mark.parametrize("key", ["name", "title", "description"])
def test_a_chart_without_claim_key_or_text_alternative_is_refused(key):
    spec = line_chart()
    del spec[key]
    assert f"a chart needs {key}" in refused(notebook(shown({CHART: spec})))


def test_a_chart_key_must_be_plain():
    assert "plain key" in refused(notebook(chart(name='x"><script>')))


def test_two_charts_of_one_key_are_refused():
    assert "two charts have the same name; found 'quotes'" in refused(notebook(chart(), chart()))


# ── Safe and self-contained ──


def test_nothing_in_the_page_points_to_a_network(sample):
    assert (
        re.findall(r"""(?:src|srcset|href|action|data)=["']?(?:\w+:)?//|url\(["']?(?!#)|@import|<link|<img""", sample)
        == []
    )


def test_the_policy_allows_exactly_the_script_that_is_there(sample):
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", sample, re.DOTALL)
    allowed = re.findall(r"script-src 'sha256-([^']+)'", sample)
    assert [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts] == allowed
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', sample)
    assert policy
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ")
    assert policy[1].endswith("; base-uri 'none'; form-action 'none'")


class Skeleton(HTMLParser):
    """Elements and attribute names of a page, without any text."""

    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_starttag(self, tag, attrs):
        self.parts.append((tag, *(name for name, _ in attrs)))


def skeleton(page):
    parser = Skeleton()
    parser.feed(page)
    return parser.parts


def with_words(word):
    """A packet in which every text from data and records is this word."""
    spec = copy.deepcopy(line_chart()) | {"title": word, "description": word}
    spec["layer"][3]["data"]["values"][0]["says"] = word
    table = {"columns": [word, word], "rows": [[word, word]], "numeric": [False, True]}
    spec["usermeta"] = {"slareport": {"caption": word, "table": table}}
    record = {"title": word, "foot": word, "packet": {"team": word}}
    return packet(*section("A", shown({CHART: spec})), record=record)


@pytest.mark.parametrize(
    "payload",
    [
        "</title></style></script><script>f()</script>",
        "\"><img src=x onerror='f()'>",
        "' onmouseover=f() x='",
        "<!--<script>",
        "{{ 7*7 }}{% raw %}",
        "]]></svg><h1>",
        "&lt;b&gt; \u202e\u2028 \\",
    ],
)
def test_no_word_from_the_data_changes_the_build_of_the_page(payload):
    assert skeleton(with_words(payload)) == skeleton(with_words("plain"))


def test_ids_are_unique_and_every_reference_leads_somewhere(sample):
    ids = re.findall(r'\sid="([^"]+)"', sample)
    assert len(ids) == len(set(ids))
    pointed = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"|aria-labelledby="([^"]+)"', sample)
    assert {name for names in pointed for name in names if name} <= set(ids)


def test_the_page_is_small(sample):
    assert len(sample.encode()) < 60_000


# ── Same notebook, same bytes ──


def test_other_notebooks_converted_before_leave_no_trace(sample):
    exporter = PacketExporter()
    exporter.from_notebook_node(notebook(*section("Other", chart(name="z"), chart(name="y"))))
    assert exporter.from_notebook_node(sample_notebook())[0] == sample


def test_the_notebook_is_left_as_it_was():
    nb = sample_notebook()
    before = copy.deepcopy(nb)
    PacketExporter().from_notebook_node(nb)
    assert nb == before


def test_templates_in_the_current_folder_are_not_looked_at(sample, tmp_path, monkeypatch):
    (tmp_path / "conf.json").write_text(
        '{"mimetypes": {"text/latex": true}, "preprocessors": {"1": {"type": "no.such"}}}'
    )
    (tmp_path / "packet.html.j2").write_text("not this one")
    monkeypatch.chdir(tmp_path)
    assert PacketExporter().from_notebook_node(sample_notebook())[0] == sample


def convert(path, zone, seed, tmp_path):
    """What a person types."""
    installed = importlib.metadata.entry_points(group="nbconvert.exporters", name="slareport")
    name = "slareport" if installed else "slareport.packet.PacketExporter"
    env = os.environ | {
        "TZ": zone,
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_DIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "nbconvert", "--to", name, path.name]
    return subprocess.run(command, cwd=path.parent, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("zone", "seed"), [("America/New_York", "2"), ("UTC", "1")])
def test_the_command_writes_the_same_bytes_anywhere(sample, tmp_path, zone, seed):
    path = write_sample(tmp_path / "executed.ipynb")
    run = convert(path, zone, seed, tmp_path)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "executed.html").read_text("utf-8").strip() == sample.strip()


def test_the_command_fails_for_a_notebook_that_did_not_end(tmp_path):
    nbformat.write(notebook(fragment(HEADER), record=None), tmp_path / "stopped.ipynb")
    run = convert(tmp_path / "stopped.ipynb", "UTC", "0", tmp_path)
    assert run.returncode != 0
    assert "stopped.ipynb: this notebook did not run to its end" in run.stderr
    assert not (tmp_path / "stopped.html").exists()


def test_the_exporter_is_the_one_that_is_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["nbconvert.exporters"]
    assert declared == {"slareport": f"{PacketExporter.__module__}:{PacketExporter.__name__}"}
