"""Frames to charts: one theme, no computing. A chart shows what it is given, and says it in words and a table too.

Charts leave the kernel as Vega-Lite specs: JupyterLab draws them live, the packet's exporter as static SVG.
Times never reach a chart; their labels are finished words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"  # the mime type notebooks know how to draw
MIME = "application/vnd.vegalite.v5+json"
WIDTH, HEIGHT = 480, 160
SMALL_WIDTH, SMALL_HEIGHT = 190, 80
ROW_HEIGHT = 30
Y_LABELS = 52  # room for the labels of the value axis, so that charts below each other line up
LABEL_GAP = 0.11  # of the axis: labels nearer than this would touch

INK, QUIET, GRID, WASH = "#1f2933", "#5b6770", "#d5dbe1", "#edf0f3"
ACCENT, BAD, PAPER = "#12436d", "#a8201a", "#ffffff"
FONT = "Arial"
STATES = {  # fill, stroke, shape
    "other": (ACCENT, ACCENT, "circle"),
    "missed": (BAD, BAD, "diamond"),
    "incomplete history": (PAPER, ACCENT, "circle"),
}
AXIS = {
    "labelFontSize": 12,
    "titleFontSize": 12,
    "labelColor": QUIET,
    "titleColor": QUIET,
    "titleFontWeight": "normal",
    "gridColor": GRID,
    "domain": False,
    "ticks": False,
    "labelPadding": 8,
}
THEME = {"font": FONT, "background": "transparent", "view": {"stroke": None}, "axis": AXIS}

Chart = alt.LayerChart | alt.FacetChart


@dataclass(frozen=True)
class Figure:
    """A chart for a notebook cell: its claim, the measure behind it, the text alternative and the data table."""

    key: str
    title: str
    caption: str
    description: str
    chart: Chart
    table: pd.DataFrame

    def spec(self) -> dict[str, Any]:
        """The whole figure as one Vega-Lite spec."""
        with alt.theme.enable("none"):
            spec: dict[str, Any] = self.chart.to_dict(validate=False)  # its parts were checked as they were made
        titles = [str(column) for column in self.table]
        numeric = [t.startswith("#") or pd.api.types.is_numeric_dtype(self.table[t]) for t in titles]
        table = {
            "columns": [title.lstrip("#") for title in titles],
            "rows": self.table.astype(str).to_numpy().tolist(),
            "numeric": numeric,
        }
        about = {"slareport": {"caption": self.caption, "table": table}}
        named = {"$schema": SCHEMA, "name": self.key, "title": self.title, "description": self.description}
        return {**spec, **named, "config": THEME, "usermeta": about}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:  # noqa: ARG002
        return {MIME: self.spec(), "text/plain": f"{self.title}. {self.description}"}


@dataclass(frozen=True)
class Usual:
    """Where a measure usually lies, and since which of the labels it has left that range; both may be unknown."""

    low: float = math.nan
    high: float = math.nan
    left: str = ""
    told: str = ""


def trend(
    rows: pd.DataFrame, words: Sequence[str], labels: Sequence[str], *, unit: str, usual: Usual = Usual()
) -> Chart:
    """A measure over periods: value and interval per period, what was promised as a line, the last value named.

    `rows` are scorecard rows, oldest first; `words` their values and `labels` their periods as people read them.
    A period that was missed, or that the records cover in part only, is drawn in another shape. The usual range is
    shaded; where the measure has left it for good, it says so.
    """
    frame = _periods(rows, words, labels, unit)
    low, high = _domain(frame, unit)
    axis = alt.Axis(labelExpr="split(datum.label, ' ')", grid=False, labelAngle=0, labelOverlap=False)
    x, y = _axes(labels, low, high, unit, axis)
    layers = [*_range(usual, unit), *_drawn(frame, x, y)]
    names = []
    last = frame.iloc[-1]
    if pd.notna(last["target"]):
        names.append((float(last["target"]), f"promised {last['target']:g}%", QUIET, "normal"))
    if pd.notna(last["value"]):
        names.append((float(last["value"]), words[-1], ACCENT, "bold"))
    layers += [_name(*name) for name in _apart(names, high - low)]
    if usual.left:
        layers.append(_since(usual, x, near_the_end=list(labels).index(usual.left) > len(labels) / 2))
    return alt.layer(*layers, width=WIDTH, height=HEIGHT)


def small(rows: pd.DataFrame, words: Sequence[str], labels: Sequence[str], *, unit: str) -> Chart:
    """The same as `trend`, small enough to stand beside others: only the first and the last period are named."""
    frame = _periods(rows, words, labels, unit)
    low, high = _domain(frame, unit)
    axis = alt.Axis(values=[labels[0], labels[-1]], grid=False, labelAngle=0, labelOverlap=False)
    x, y = _axes(labels, low, high, unit, axis, ticks=2)
    return alt.layer(*_drawn(frame, x, y, size=20), width=SMALL_WIDTH, height=SMALL_HEIGHT)


class _Rows(alt.InlineData):
    """Rows as plain values. altair would look at every column of a frame anew, and copy all values, for every layer."""

    def __deepcopy__(self, memo: object) -> _Rows:
        return self


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as plain values, None where one is missing."""
    records = frame.to_dict("records")
    return [{str(name): value if value == value else None for name, value in row.items()} for row in records]


def _chart(rows: Any) -> alt.Chart:
    return alt.Chart(_Rows(values=rows))


def _periods(rows: pd.DataFrame, words: Sequence[str], labels: Sequence[str], unit: str) -> pd.DataFrame:
    """The numbers a chart over periods shows, in the unit of its axis, and how each period looks."""
    frame = rows[["value", "low", "high", "target"]].mul(100 if unit == "%" else 1).round(2)
    state = rows["result"].where(rows["result"].isin(["missed", "incomplete history"]), "other")
    told = [f"{label}: {word}" for label, word in zip(labels, words, strict=True)]
    return frame.assign(label=list(labels), text=told, state=state)


def _axes(
    labels: Sequence[str], low: float, high: float, unit: str, axis: alt.Axis, ticks: int = 4
) -> tuple[alt.X, alt.Y]:
    x = alt.X("label", type="ordinal", sort=list(labels), title=None, axis=axis)
    said = "%" if unit == "%" else f" {unit}"
    up = alt.Axis(tickCount=ticks, minExtent=Y_LABELS, labelExpr=f"datum.label + '{said}'")
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    return x, alt.Y("value", type="quantitative", title=None, scale=scale, axis=up)


def _drawn(frame: pd.DataFrame, x: alt.X, y: alt.Y, size: int = 60) -> list[Any]:
    """Intervals, what was promised, the line and its points."""
    rows = _rows(frame)
    base, given = _chart(rows), _chart([row for row in rows if row["value"] is not None])
    limits = _chart([row for row in rows if row["low"] is not None]).mark_rule(color=GRID, strokeWidth=6, aria=False)
    layers = [limits.encode(x, alt.Y("low", type="quantitative"), alt.Y2("high"))]
    if frame["target"].notna().any():
        line = base.mark_line(color=QUIET, strokeDash=[5, 4], strokeWidth=1, interpolate="step")
        layers.append(line.encode(x, alt.Y("target", type="quantitative")))
    layers.append(base.mark_line(color=ACCENT, strokeWidth=2).encode(x, y))
    told = alt.Description("text", type="nominal")
    points = given.mark_point(size=size, opacity=1, strokeWidth=2)
    return [*layers, points.encode(x, y, *_marks(), description=told)]


def _range(usual: Usual, unit: str) -> list[Any]:
    """The usual range as a band behind everything; nothing where there is none."""
    if usual.low != usual.low:
        return []
    ends = {
        end: round(value * (100 if unit == "%" else 1), 2) for end, value in (("low", usual.low), ("high", usual.high))
    }
    band = _chart([ends]).mark_rect(color=WASH, aria=False, clip=True)
    return [band.encode(alt.Y("low", type="quantitative"), alt.Y2("high"))]


def _since(usual: Usual, x: alt.X, *, near_the_end: bool) -> Any:
    """A remark above the plot, over the first period outside the usual range."""
    mark: Any = {"align": "right" if near_the_end else "left", "dx": 24 if near_the_end else -24, "dy": -10}
    return (
        _chart([{"label": usual.left, "text": usual.told}])
        .mark_text(color=INK, fontSize=12, baseline="bottom", **mark)
        .encode(x, y=_fixed(alt.YValue, 0), text=alt.Text("text", type="nominal"))
    )


def _fixed(channel: Any, pixels: int) -> Any:
    """A place in pixels, whatever the data. Given a bare `alt.value`, altair looks through all its schemas for it."""
    return channel(pixels)


def counted(rows: pd.DataFrame) -> Chart:
    """Named counts as bars, the largest first: `rows` has `name` and `count`."""
    order = rows.sort_values(["count", "name"], ascending=[False, True])
    frame = order.assign(text=order["name"] + ": " + order["count"].astype(str))
    y = alt.Y("name", type="nominal", sort=None, title=None, axis=alt.Axis(labelColor=INK, labelLimit=260))
    x = alt.X(
        "count",
        type="quantitative",
        axis=None,
        scale=alt.Scale(domain=[0, float(frame["count"].max()) * 1.1]),
    )
    base = _chart(_rows(frame))
    bars = base.mark_bar(color=ACCENT, height=16).encode(x, y, description=alt.Description("text", type="nominal"))
    named = base.mark_text(align="left", dx=6, color=INK, fontSize=12).encode(
        x, y, alt.Text("count", type="quantitative")
    )
    return alt.layer(bars, named, width=380, height=ROW_HEIGHT * len(frame))


def compared(rows: pd.DataFrame, words: Sequence[str], *, target: float) -> Chart:
    """One promise across teams: each team's share and interval against what is promised.

    `rows` are scorecard rows with `team`; a team that missed is drawn in another colour and another shape.
    """
    frame = rows[["value", "low", "high"]].mul(100).round(1).assign(team=list(rows["team"]), told=list(words))
    frame["text"] = frame["team"] + ": " + frame["told"]
    frame["state"] = rows["result"].where(rows["result"].eq("missed"), "other").to_numpy()
    goal = float(round(target * 100, 2))
    low = max(0.0, float(min(frame["low"].min(), goal - 1)) // 10 * 10)
    y = alt.Y("team", type="nominal", sort=None, title=None, axis=alt.Axis(labelColor=INK, labelLimit=260))
    scale = alt.Scale(domain=[low, 100], nice=False, zero=False)
    ticks = alt.Axis(tickCount=5, labelFlush=False, labelExpr="datum.label + '%'")
    x = alt.X("value", type="quantitative", title=None, scale=scale, axis=ticks)
    base = _chart(_rows(frame))
    promised = _chart([{"goal": goal, "named": f"promised {goal:g}%"}])
    at_goal = alt.X("goal", type="quantitative")
    return alt.layer(
        base.mark_rule(color=GRID, strokeWidth=6, aria=False).encode(
            alt.X("low", type="quantitative"), alt.X2("high"), y
        ),
        promised.mark_rule(color=QUIET, strokeDash=[5, 4], aria=False).encode(at_goal),
        promised.mark_text(color=QUIET, fontSize=12, baseline="bottom", dy=-6).encode(
            at_goal, alt.Text("named", type="nominal"), y=_fixed(alt.YValue, 0)
        ),
        base.mark_point(size=80, opacity=1, strokeWidth=2).encode(
            x, y, *_marks(), description=alt.Description("text", type="nominal")
        ),
        base.mark_text(color=INK, fontSize=12, dy=-13).encode(x, y, alt.Text("told", type="nominal")),
        width=460,
        height=46 * len(frame),
    )


@cache
def _marks() -> tuple[Any, ...]:
    """How each state looks: fill, stroke and shape, so that it can be told apart without colour."""
    parts = zip((alt.Fill, alt.Stroke, alt.Shape), zip(*STATES.values(), strict=True), strict=True)
    return tuple(
        channel("state", type="nominal", legend=None, scale=alt.Scale(domain=list(STATES), range=list(looks)))
        for channel, looks in parts
    )


def _domain(frame: pd.DataFrame, unit: str) -> tuple[float, float]:
    """What the value axis spans: every interval and promise, in round tens for shares, from zero for amounts."""
    values = frame[["low", "high", "value", "target"]].to_numpy(float)
    values = values[~np.isnan(values)]
    if not values.size:
        return 0.0, 1.0
    least, most = float(values.min()), float(values.max())
    if unit != "%":
        return min(0.0, least * 1.05), max(1.0, most * 1.05)
    low = min(90.0, max(0.0, least // 10 * 10))
    return low, min(100.0, max(low + 10, -(-most // 10) * 10))


def _apart(names: list[tuple[float, str, str, str]], span: float) -> list[tuple[float, str, str, str]]:
    """Labels moved along the axis until they do not touch: at most two, the higher one upwards."""
    if len(names) < 2 or abs(names[0][0] - names[1][0]) >= span * LABEL_GAP:
        return names
    lower, upper = sorted(names)
    middle, half = (lower[0] + upper[0]) / 2, span * LABEL_GAP / 2
    return [(middle - half, *lower[1:]), (middle + half, *upper[1:])]


def _name(height: float, text: str, colour: str, weight: str) -> Any:
    """A label to the right of the plot, at a height on its axis."""
    mark: Any = {"align": "left", "dx": 10, "color": colour, "fontSize": 12, "fontWeight": weight}
    return (
        _chart([{"height": round(height, 2), "text": text}])
        .mark_text(**mark)
        .encode(
            x=_fixed(alt.XValue, WIDTH), y=alt.Y("height", type="quantitative"), text=alt.Text("text", type="nominal")
        )
    )
