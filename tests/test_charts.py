"""Charts: complete, in words too, the same twice, and drawn without anything touching."""

import json
import re
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
from browser import PROBLEMS, opened_page
from hypothesis import given
from hypothesis import strategies as st
from judging import deal, judge, lead

from slareport import charts, exhibits
from slareport.drawing import COLOURS, draw, refuse_time
from slareport.period import parse_period
from slareport.review import Annex, Summary
from slareport.scorecard import trend

pytestmark = pytest.mark.once

QUARTERS = parse_period("2026Q3").history(10)
MONTHS = parse_period("2026-09").history(10)


@pytest.fixture(scope="module")
def figures(sample):
    review, summary = Annex("emea", "2026Q3", workspace=sample), Summary("2026Q3", workspace=sample)
    shown = (review.trends(), review.causes(), summary.trends(), summary.compared())
    return [figure for gallery in shown for figure in gallery.figures]


def rows(values, *, periods=QUARTERS, unit="%", target=0.9, **changes):
    """Scorecard rows of one measure by its values; None for a period without data."""
    made = []
    for period, value in zip(periods[-len(values) :], values, strict=True):
        nothing = value is None
        spread = 0.05 if unit == "%" else 10
        made.append(
            {"team": "emea", "period": period.name, "promise": "reply", "title": "First reply", "unit": unit,
             "kind": "promise" if target else "outcome", "kpi": "lead_response" if target else "sales_cycle_length",
             "definition": "lead_response.1", "version": "1", "target": target if target else float("nan"),
             "value": float("nan") if nothing else value, "n": 0 if nothing else 20,
             "numerator": 18, "denominator": 20 if unit == "%" else pd.NA,
             "low": float("nan") if nothing else max(0, value - spread),
             "high": float("nan") if nothing else min(1.0 if unit == "%" else 1e9, value + spread),
             "result": "no data" if nothing else "kept" if target else "no real change", "evidence": "clearly",
             **changes}
        )  # fmt: skip
    return pd.DataFrame(made)


def figure(values, periods=QUARTERS, **changes):
    made = rows(values, periods=periods, **changes)
    return exhibits.trend(made.iloc[-1], made, periods[-len(values) :], "EMEA")


AWKWARD = [
    pytest.param(figure([0.9] * 10), id="flat, at what is promised"),
    pytest.param(figure([1.0] * 10), id="always 100%"),
    pytest.param(figure([0.0] * 10), id="always 0%"),
    pytest.param(figure([0.95, None, 0.9]), id="a period without data in the middle"),
    pytest.param(figure([0.95, None]), id="no data now"),
    pytest.param(figure([None, None]), id="no data at all"),
    pytest.param(figure([0.95]), id="one period"),
    pytest.param(figure([0.93] * 10, periods=MONTHS), id="months"),
    pytest.param(figure([0.0, 0.0], unit="days", target=None), id="a median of 0 days"),
    pytest.param(figure([400.0, 30.0], unit="days", target=None, low=float("nan"), high=float("nan")), id="no ranges"),
    pytest.param(figure([0.7] * 3, result="incomplete history", target=None), id="incomplete history"),
    pytest.param(figure([0.7] * 3, result="missed"), id="missed throughout"),
    pytest.param(figure([0.9996, 0.9999], target=0.9995), id="at the very top"),
]


@pytest.mark.parametrize("made", AWKWARD)
def test_awkward_figures_are_drawn_with_all_their_words(made):
    spec = made.spec()
    refuse_time(spec)
    svg = draw(spec)
    assert "NaN" not in svg
    assert "undefined" not in svg
    told = re.findall(r'aria-label="([^"]*)"', svg)
    values = made.table.set_index("Period")["#Value"]
    expected = [value for value in values if value != "no data"]
    assert [text.rpartition(": ")[2] for text in told[1:]] == expected, "each period with data is told, nothing else"


def test_every_figure_of_the_sample_is_complete(figures):
    keys = [figure.key for figure in figures]
    assert len(figures) >= 10
    assert {"causes", "teams-lead-response", "trend-win-rate"} <= set(keys)
    for figure in figures:
        spec = figure.spec()
        assert re.fullmatch(r"[A-Za-z][\w-]*", spec["name"])
        assert spec["$schema"] == charts.SCHEMA
        for text in (spec["title"], spec["description"], spec["usermeta"]["slareport"]["caption"]):
            assert text
            assert "nan" not in text.lower().split()
        table = spec["usermeta"]["slareport"]["table"]
        assert len(table["rows"]) == len(figure.table) > 0
        assert len(table["columns"]) == len(table["numeric"]) == len(table["rows"][0])
        assert not any(cell in ("nan", "<NA>", "None") for cells in table["rows"] for cell in cells)
        refuse_time(spec)


def test_a_figure_gives_the_same_spec_and_drawing_twice(figures):
    for figure in figures[:5]:
        first, second = (json.dumps(figure.spec(), allow_nan=False) for _ in range(2))
        assert first == second
        assert draw(json.loads(first)) == draw(json.loads(second))


def test_altairs_global_theme_is_left_alone(figures):
    @alt.theme.register("someones-own", enable=True)
    def own():
        return alt.theme.ThemeConfig({"width": 111, "config": {"font": "Comic Sans"}})

    try:
        spec = figures[0].spec()
        assert alt.theme.active == "someones-own"
        assert "Comic Sans" not in json.dumps(spec)
        assert spec["width"] == charts.WIDTH
    finally:
        alt.theme.enable("default")
        alt.theme.unregister("someones-own")


def test_every_colour_follows_light_and_dark():
    used = {name: value for name, value in vars(charts).items() if re.fullmatch("#[0-9a-f]{6}", str(value))}
    assert used
    assert set(used.values()) <= set(COLOURS)


HEIGHTS = st.floats(0, 100)


@given(HEIGHTS, HEIGHTS, st.floats(1, 100))
def test_labels_never_touch_and_keep_their_order(one, other, span):
    names = [(one, "promised", "", ""), (other, "value", "", "")]
    apart = charts._apart(names, span)
    heights = {name[1]: name[0] for name in apart}
    assert abs(heights["promised"] - heights["value"]) >= span * charts.LABEL_GAP * (1 - 1e-9)
    if one != other:
        assert (heights["promised"] < heights["value"]) == (one < other)
    assert sum(heights.values()) == pytest.approx(one + other)


@given(st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=10), st.floats(0.01, 1))
def test_the_axis_holds_every_value_range_and_promise(values, target):
    made = rows(values, target=target)
    frame = made[["value", "low", "high", "target"]].mul(100)
    low, high = charts._domain(frame, "%")
    assert 0 <= low < high <= 100
    assert high - low >= 10
    held = frame.stack().dropna()
    assert held.between(low - 1e-9, high + 1e-9).all()


def test_a_missed_period_has_another_shape_and_an_incomplete_one_is_hollow():
    looks = charts.STATES
    assert looks["missed"][2] != looks["other"][2]
    assert looks["incomplete history"][0] != looks["incomplete history"][1]
    spec = figure([0.7, 0.95], result="missed").spec()
    assert '"missed"' in json.dumps(spec)


def texts(figure):
    """Every text of the drawn chart."""
    return re.findall(r"<text[^>]*>(.*?)</text>", draw(figure.spec()))


def test_the_usual_range_is_shaded_and_what_has_left_it_says_since_when():
    fallen = figure([0.90, 0.92, 0.91, 0.93, 0.90, 0.92, 0.91, 0.93, 0.60, 0.62])
    assert "below its usual range since Q2 2026" in texts(fallen)
    assert "var(--wash)" in draw(fallen.spec())
    assert fallen.caption.endswith("shaded: the usual range")


def test_without_a_usual_range_nothing_is_shaded_or_said():
    short = figure([0.9, 0.95, 0.6])
    assert "var(--wash)" not in draw(short.spec())
    assert not any("usual" in text for text in [*texts(short), short.caption])


def test_a_score_below_zero_is_on_its_axis():
    frame = rows([-50.0, 20.0], unit="points", target=None)
    low, high = charts._domain(frame[["value", "low", "high", "target"]], "points")
    assert low < -50
    assert high > 30


def test_a_small_chart_names_its_first_and_last_period_alone():
    made = rows([0.9] * 10)
    one = exhibits.small(made.iloc[-1], made, QUARTERS, "EMEA")
    assert (one.key, one.title) == ("small-reply", "First reply: 90%")
    assert [text for text in texts(one) if text.startswith("Q")] == ["Q2 2024", "Q3 2026"]
    assert len(draw(one.spec())) < 6_000
    assert len(one.table) == 10


def test_bars_are_ordered_by_their_counts():
    spec = charts.counted(pd.DataFrame({"name": ["b", "a", "c"], "count": [1, 3, 1]})).to_dict()
    (data,) = spec["datasets"].values()
    assert [each["name"] for each in data] == ["a", "b", "c"]
    assert [each["text"] for each in data] == ["a: 3", "b: 1", "c: 1"]


def test_what_is_promised_changes_where_the_agreement_did():
    made = rows([0.9, 0.9, 0.9])
    made["target"] = [0.8, 0.8, 0.95]
    spec = exhibits.trend(made.iloc[-1], made, QUARTERS[-3:], "EMEA").spec()
    data = next(d for d in spec["datasets"].values() if "target" in d[0])
    assert [each["target"] for each in data] == [80, 80, 95]
    assert '"promised 95%"' in json.dumps(spec)


def test_a_chart_only_shows_what_it_is_given():
    """The figures in the spec are those of the scorecard, to the two decimals of a percentage."""
    judged = judge(
        [lead(f"L{n}", [("A", "2026-03-09 09:00")], [("A", "2026-03-09 09:30")] if n else []) for n in range(7)],
        [deal("D", "2026-01-05", "won", "2026-02-05")],
    )
    periods = parse_period("2026Q1").history(2)
    found = trend(judged.frames, "reply", periods, judged.frame)
    spec = exhibits.trend(found.iloc[-1], found, periods, "North").spec()
    data = next(d for d in spec["datasets"].values() if len(d) == 2 and "target" in d[0])
    assert [each["value"] for each in data] == [None, round(600 / 7, 2)]
    assert data[-1]["low"] == round(100 * found["low"].iloc[-1], 2)


def test_nothing_overprints_in_the_browser(browser, figures, tmp_path):
    long = "A team with a very long name of Northern Europe, the Baltics and Greenland"
    teams = rows([0.5, 1.0, 0.9], result="missed").assign(team=[long, "B", "C"])
    drawn = [made.values[0] for made in AWKWARD] + figures + [exhibits.compared(teams, QUARTERS[-1])]
    page = Path(tmp_path) / "figures.html"
    style = "<style>body{font-family:Arial;margin:0} svg{display:block}</style>"
    page.write_text(f"<!doctype html><meta charset=utf-8>{style}<main>{''.join(draw(f.spec()) for f in drawn)}")
    with opened_page(browser, page, width=900) as opened:
        found = opened.page.evaluate(PROBLEMS)
    assert [problem for problem in found if re.search("overprint|cut off|nothing drawn|px:", problem)] == []
