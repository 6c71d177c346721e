"""A chart's drawing: same spec, same bytes; nothing but ink, in colours that follow dark mode."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from packet_samples import line_chart

from slareport.drawing import COLOURS, draw
from slareport.errors import SlareportError
from slareport.page import environment

pytestmark = pytest.mark.once

TEXT_COLOURS = {"--ink", "--quiet", "--accent", "--bad", "--good"}
MARK_COLOURS = {"--mark-2", "--mark-3", "--mark-4"}
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def drawing():
    return draw(line_chart())


def test_the_drawing_scales_and_is_named(drawing):
    root = ElementTree.fromstring(drawing)  # noqa: S314
    assert root.tag == "svg"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == line_chart()["description"]
    assert "viewBox" in root.attrib
    assert not {"width", "height"} & set(root.attrib)


def test_every_point_tells_its_value_and_nothing_else_speaks(drawing):
    told = re.findall(r'<(\w+)[^>]* aria-label="([^"]*)"', drawing)
    assert [says for tag, says in told if tag != "svg"][:2] == [
        "Week of 29 Jun: 91% on time",
        "Week of 6 Jul: 88% on time",
    ]
    assert {tag for tag, _ in told} == {"svg", "path"}
    assert len(told) == 14


def test_title_and_key_stay_outside_the_drawing(drawing):
    assert ">Quotes slowed down" not in drawing
    assert "_marks" not in drawing
    assert "font-family" not in drawing


def test_coordinates_have_at_most_two_decimals(drawing):
    assert re.findall(r"\d+\.\d{3,}", re.sub(r'aria-label="[^"]*"', "", drawing)) == []
    assert not re.search(r"-0(?![.\d])", drawing)


def test_ids_carry_the_key_and_every_reference_leads_to_one(drawing):
    ids = re.findall(r' id="([^"]+)"', drawing)
    assert ids == ["quotes.1"]
    assert set(re.findall(r"url\(#([^)]+)\)", drawing)) == set(ids)


def test_a_drawing_does_not_depend_on_what_was_drawn_before(drawing):
    draw(line_chart(name="other", values=range(60, 73)))
    assert draw(line_chart()) == drawing


def test_labels_hidden_because_they_would_overlap_are_not_there_at_all(drawing):
    weeks = re.findall(r">(\d+ \w{3})</text>", drawing)
    assert weeks[:3] == ["29 Jun", "13 Jul", "27 Jul"]
    assert 'opacity="0"' not in drawing


def test_the_spec_is_left_as_it_was():
    spec = line_chart()
    before = copy.deepcopy(spec)
    draw(spec)
    assert spec == before


@pytest.mark.parametrize(("zone", "seed"), [("America/New_York", "2"), ("Asia/Tokyo", "1")])
def test_time_zone_and_hash_seed_do_not_change_a_byte(drawing, zone, seed):
    script = "from packet_samples import *; from slareport.drawing import draw; print(draw(line_chart()))"
    paths = os.pathsep.join([str(HERE), str(HERE.parent)])
    env = os.environ | {"TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": paths, "PYTHONUTF8": "1"}
    run = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == drawing


def test_our_colours_become_variables_and_no_white_card_stays(drawing):
    assert {"var(--accent)", "var(--bad)", "var(--quiet)", "var(--ink)"} <= set(re.findall(r'"(var[^"]+)"', drawing))
    assert not re.search(r'(?:fill|stroke)="(?:#|white|black)', drawing)


@pytest.mark.parametrize(
    "hostile", ["</svg><script>1</script>", "a & b < c", "tab\x0bcontrol\x00 \ufffe", 'quote" onload="f()']
)
def test_data_stays_text(hostile):
    root = ElementTree.fromstring(draw(labelled(hostile)))  # noqa: S314
    texts = [element.text for element in root.iter("text")]
    assert re.sub("[\x00-\x1f\ufffe]", "\ufffd", hostile) in texts
    assert {element.tag for element in root.iter()} == {"svg", "g", "path", "text", "line"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


def test_links_and_pictures_do_not_come_out_of_a_drawing():
    spec = labelled("x")
    spec["encoding"]["href"] = {"value": "https://x.example/"}
    spec = {
        "layer": [
            spec,
            {"mark": {"type": "image", "url": "https://x.example/a.png"}, "data": {"values": [{}]}},
        ]
    }
    assert "x.example" not in draw(spec)
    assert not re.search(r"href|<a\b|<image", draw(spec))


def labelled(text):
    axis = {"field": "a", "type": "nominal", "axis": {"labelLimit": 900}}
    return {"data": {"values": [{"a": text}]}, "mark": "bar", "encoding": {"x": axis}}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"encoding": {"x": {"field": "a", "type": "temporal"}}}, "encoding.x.type", id="temporal axis"),
        pytest.param(
            {"encoding": {"x": {"field": "a", "type": "quantitative", "scale": {"type": "utc"}}}},
            "encoding.x.scale.type",
            id="time scale",
        ),
        pytest.param(
            {"encoding": {"x": {"field": "a", "type": "ordinal", "timeUnit": "month"}}},
            "encoding.x.timeUnit",
            id="time unit",
        ),
        pytest.param(
            {"transform": [{"timeUnit": "year", "field": "a", "as": "b"}]},
            "transform[0].timeUnit",
            id="time transform",
        ),
        pytest.param(
            {"data": {"values": [], "format": {"parse": {"a": "date"}}}},
            "data.format.parse",
            id="dates parsed from data",
        ),
        pytest.param(
            {"layer": [{"mark": "bar", "encoding": {"x": {"axis": {"formatType": "time"}}}}]},
            "layer[0].encoding.x.axis.formatType",
            id="labels formatted as times",
        ),
    ],
)
def test_a_chart_on_a_time_axis_is_refused(change, place):
    with pytest.raises(SlareportError, match=re.escape(place)) as refused:
        draw(labelled("x") | change)
    assert "format the date in Python" in str(refused.value)


def test_data_may_speak_of_time():
    spec = labelled("x")
    spec["data"]["values"] = [{"a": "x", "type": "temporal", "timeUnit": "month"}]
    assert draw(spec).startswith("<svg")


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"mark": "nope", "data": {"values": [{}]}}, id="a mark that does not exist"),
        pytest.param({"data": {"values": []}}, id="no mark"),
        pytest.param({"data": {"url": "https://x.example/a.csv"}, "mark": "bar"}, id="data from elsewhere"),
    ],
)
def test_a_chart_vega_cannot_draw_is_a_value_error(spec):
    with pytest.raises(ValueError, match="failed"):
        draw(spec)


# ── Colours ──


def variables():
    """Light and dark values of the style sheet's variables."""
    style = environment().globals["styles"]["style"]
    light, dark = (dict(re.findall(r"(--[\w-]+):(#\w+)", block)) for block in re.findall(r":root\{([^}]*)\}", style))
    return {"light": light, "dark": dark}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_the_formula_of_wcag():
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_marks_can_be_told_from_the_paper(mode):
    colours = variables()[mode]
    ratios = {name: contrast(value, colours["--paper"]) for name, value in colours.items()}
    assert {name: ratios[name] for name in TEXT_COLOURS if ratios[name] < 4.5} == {}
    assert {name: ratios[name] for name in MARK_COLOURS if ratios[name] < 3} == {}


def test_a_theme_colour_is_the_variable_it_becomes():
    light = variables()["light"]
    full = {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:]) for name, value in light.items()
    }
    ours = {colour: name[4:-1] for colour, name in list(COLOURS.items())[:10]}
    assert ours == {full[name]: name for name in ours.values()}
    assert set(variables()["dark"]) == set(light)
