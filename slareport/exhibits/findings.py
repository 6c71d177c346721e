"""Findings to sections and charts: the sentences first. The numbers behind them, and the method, are for the annex."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pandas as pd

from slareport import charts, sections
from slareport import format as fmt
from slareport.exhibits.trends import label
from slareport.findings import Finding, period_word
from slareport.period import Period
from slareport.results import SHORT
from slareport.sections import Cell, Section, Table

SHOWN = 10
PLACE_COLUMNS = ["Place", "#Half leave within", "#Before", "#Added to the average deal", "#Likely range", "Compared"]

Cells = Callable[[str, pd.Series], Sequence[Cell]]


def sentences(text: str, *found: Finding) -> Section:
    """Findings by their sentences alone, what is clear first."""
    return sections.tables(text, above=_said(*found))


def bottlenecks(stages: Finding, steps: Finding, *others: Finding) -> Section:
    """Where deals get stuck: stages and steps with what they add to the average deal, then why shares moved."""
    tables = [
        _table(caption, PLACE_COLUMNS, finding, _place)
        for caption, finding in (("Stages", stages), ("Steps", steps))
        if len(finding.frame)
    ]
    return sections.tables(
        "where deals get stuck", *tables, above=_said(stages, steps, *others), below=_methods(stages)
    )


def dwell(rows: pd.DataFrame, place: str, periods: Sequence[Period], name: str) -> charts.Figure:
    """How long one place held half of the deals, by the period they entered it. `rows` as `bottlenecks.medians` has."""
    words = [fmt.days(value) if value == value else fmt.NO_DATA for value in rows["value"]]
    ranges = [fmt.interval(low, high, "days").strip("()") for low, high in rows[["low", "high"]].to_numpy(float)]
    table = pd.DataFrame(
        {"Entered in": [p.title for p in periods], "#Half leave within": words, "#Likely range": ranges,
         "#Deals": [fmt.count(n) for n in rows["n"]]}
    )  # fmt: skip
    chart = charts.trend(
        rows.assign(target=math.nan, result=""), words, [label(period) for period in periods], unit="days"
    )
    told = "; ".join(f"{period.title} {word}" for period, word in zip(periods, words, strict=True))
    caption = (
        f"{name}, days until half of the deals have left {place}, by the {period_word(periods[-1].name)} they came"
    )
    claim = f"Half of the deals leave {place} within {words[-1]}"
    return charts.Figure("dwell", claim, caption, f"Half of the deals leave within: {told}.", chart, table)


def achievers(wins: Finding, promises: Finding, *, full: bool = True) -> Section:
    """Who does well beyond luck: everybody in the table, so that ties are seen as ties.

    Unless `full`, a table of people who are all alike is left out.
    """
    titles = ["Person", "#Kept", "#Of", "#Share", "#Usual for the mix", "#Likely share", "Place", "Compared"]
    found = [("Deals won", wins), ("Promises kept", promises)]
    shown = [(caption, finding) for caption, finding in found if finding.clear or (full and len(finding.frame))]
    tables = [_table(caption, titles, finding, _person(finding)) for caption, finding in shown]
    below = ["Likely share: drawn to the team's the more, the fewer items it stands on."] if tables else []
    below += _methods(wins) if full else []
    return sections.tables("done well", *tables, above=_said(wins, promises), below=below)


def adherence(*found: Finding) -> Section:
    """Whether keeping promises goes with better results."""
    names = ["Group", "#Number", "#Of", "#Share", "#Likely range"]
    shown = [finding for finding in found if finding.frame["n"].gt(0).all()]
    tables = [_table(finding.title, names, finding, _group) for finding in shown]
    return sections.tables("replies and results", *tables, above=_said(*found), below=_methods(*found[:1]))


def outlook(expected: Finding, record: Finding, periods: Sequence[Period], currency: str) -> Section:
    """What the next period will bring, and how such forecasts did before. `periods` end with the one to come."""
    named = dict(zip(expected.frame.index, [period.title for period in periods], strict=True))

    def cells(name: str, row: pd.Series) -> list[Cell]:
        low, high = (fmt.money(row[f"amount_{end}"], currency) for end in ("low", "high"))
        held = row["held"]
        return [
            named[name],
            fmt.count(row["wins_mean"]),
            _between(row, "wins"),
            fmt.count(row["wins"]),
            fmt.money(row["amount_mean"], currency),
            f"{low} to {high}" if row["amount_low"] == row["amount_low"] else "",
            fmt.money(row["amount"], currency),
            "" if pd.isna(held) else "inside" if held else "outside",
        ]

    names = ["Period", "#Wins forecast", "#Likely range", "#Won", "#Worth forecast", "#Likely range", "#Came", "Range"]
    forecast = expected.frame["wins_mean"].notna()
    tables = [_table("Forecasts as they would have been made", names, expected, cells, expected.frame[forecast])]
    shown = tables if forecast.any() else []
    return sections.tables("next period", *shown, above=_said(expected, record), below=_methods(expected, record))


def wins_ahead(expected: Finding, periods: Sequence[Period], name: str) -> charts.Figure:
    """Wins per period with the range forecast, the period to come last and hollow."""
    frame = expected.frame
    values = frame["wins"].where(frame["wins"].notna(), frame["wins_mean"])
    rows = pd.DataFrame({"value": values, "low": frame["wins_low"], "high": frame["wins_high"], "target": math.nan})
    words = [fmt.count(value) for value in rows["value"]]
    ranges = [_between(row, "wins") for _, row in frame.iterrows()]
    table = pd.DataFrame({"Period": [p.title for p in periods], "#Wins": words, "#Forecast": ranges})
    result = ["", *[""] * (len(rows) - 2), SHORT]
    chart = charts.trend(rows.assign(result=result), words, [label(period) for period in periods], unit="wins")
    told = "; ".join(f"{period.title} {word}" for period, word in zip(periods, words, strict=True))
    caption = f"{name}, wins per {period_word(periods[-1].name)} with the range forecast; hollow: to come"
    claim = f"{periods[-1].title}: {words[-1]} wins ({ranges[-1]})"
    return charts.Figure("outlook", claim, caption, f"Wins: {told} (forecast).", chart, table)


def capacity(load: Finding, products: Finding) -> Section:
    """Leads, open deals and wins to expect per person, and units per product."""
    people = ["Person", "#Leads", "#Likely range", "#Open deals", "#Wins", "#Likely range"]
    goods = ["Product", "#On open deals", "#Units offered", "#Units", "#Likely range"]
    tables = []
    if len(load.frame):
        tables.append(_table("Expected per person", people, load, _load))
    if len(products.frame):
        tables.append(_table("Expected per product", goods, products, _product, products.frame.head(SHOWN)))
    return sections.tables("load", *tables, above=_said(load, products), below=_methods(load, products))


def _said(*found: Finding) -> list[str]:
    return [finding.sentence for finding in sorted(found, key=lambda finding: not finding.clear)]


def _methods(*found: Finding) -> list[str]:
    """How findings were found, each way once."""
    return list(dict.fromkeys(f"How: {finding.method}" for finding in found if finding.method))


def _table(
    caption: str, names: Sequence[str], finding: Finding, cells: Cells, frame: pd.DataFrame | None = None
) -> Table:
    rows = finding.frame if frame is None else frame
    return Table(caption, sections.columns(names), [list(cells(str(name), row)) for name, row in rows.iterrows()])


def _place(name: str, row: pd.Series) -> list[Cell]:
    return [
        name[:1].upper() + name[1:],
        fmt.days(row["median"]),
        fmt.days(row["median_before"]),
        fmt.difference(row["effect"], "days"),
        fmt.interval(row["low"], row["high"], "days").strip("()"),
        f"Longer since {row['since']}" if row["sure"] else "Not clearly longer",
    ]


def _person(finding: Finding) -> Cells:
    shared = finding.frame["rank"].duplicated(keep=False)

    def cells(name: str, row: pd.Series) -> list[Cell]:
        few = math.isnan(row["chance"])
        place = fmt.DASH if few else fmt.count(row["rank"]) + " (shared)" * bool(shared[name])
        return [
            name,
            fmt.count(row["kept"]),
            fmt.count(row["n"]),
            fmt.percent(row["raw"]),
            fmt.count(row["expected"]),
            fmt.percent(row["shrunk"]),
            place,
            "Too few to tell" if few else "More than luck" if row["sure"] else "Could be luck",
        ]

    return cells


def _group(name: str, row: pd.Series) -> list[Cell]:
    limits = fmt.interval(row["low"], row["high"]).strip("()")
    return [name[:1].upper() + name[1:], fmt.count(row["kept"]), fmt.count(row["n"]), fmt.percent(row["share"]), limits]


def _load(name: str, row: pd.Series) -> list[Cell]:
    person = "All" if name == "all" else name
    leads, wins = (_between(row, what) for what in ("leads", "wins"))
    return [person, fmt.number(row["leads"], 1), leads, fmt.count(row["open_deals"]), fmt.number(row["wins"], 1), wins]


def _product(name: str, row: pd.Series) -> list[Cell]:
    numbers = (row["deals"], row["offered"], row["units"])
    return [name, *(fmt.count(number) for number in numbers), _between(row, "units")]


def _between(row: pd.Series, what: str) -> str:
    low, high = row[f"{what}_low"], row[f"{what}_high"]
    return f"{fmt.count(low)}{fmt.DASH}{fmt.count(high)}" if low == low else ""
