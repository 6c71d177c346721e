"""How the work really runs, in tables and sentences. The frames are those of `findings.workflow`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from slareport import format as fmt
from slareport import sections
from slareport.findings.workflow import BLOCKS, DELAY, DROP, WEEKDAYS
from slareport.sections import Cell, Section, Table

MOST_PAINS = 10
ENDS = {"won": "Won", "lost": "Lost"}
METHOD = (
    "Each team's deals of the past year against those of the other teams: days in a stage (Welch), the share that goes "
    "on (Newcombe), and every stay in a stage after a later one had been reached. A day of a deal counts what a day of "
    "all deals brought that year, a deal that drops out what those that go on win. Ranges are 95%; a pain "
    "is clear if its range, widened for the number of comparisons, still leaves out none."
)


def pain(row: pd.Series, teams: Mapping[str, str], win: str) -> str:
    """One pain as a sentence: what happens where, and what it costs a quarter."""
    team, place = teams.get(row["team"], row["team"]), row["place"]
    if row["kind"] == DROP:
        points = [100 * row[name] for name in ("effect", "effect_low", "effect_high")]
        shares = f"{fmt.number(points[0])} points fewer ({fmt.number(points[1])} to {fmt.number(points[2])})"
        said = f"{team}: of the deals that leave {place}, {shares} go on than elsewhere"
    else:
        days = f"{fmt.days(row['effect'])} {fmt.interval(row['effect_low'], row['effect_high'], 'days')}"
        longer = f"stay {days} longer in {place} than elsewhere" if row["kind"] == DELAY else ""
        said = f"{team}: deals {longer or f'come back to {place}, and stay {days} again'}"
    return f"{said}. That costs about {_wins(row)}{win and f', {win}'} a quarter."


def pains(frame: pd.DataFrame, teams: Mapping[str, str]) -> Section:
    """The pain points, costliest first; below them what could be chance."""
    kinds = {DELAY: "Stays longer", DROP: "Fewer go on"}
    titles = ["Where", "What", "#By", "#Deals in the year", "#Cost a quarter, in won deals", "Sure"]
    cells: list[list[Cell]] = [
        [
            f"{teams.get(row['team'], row['team'])}, {row['place']}",
            kinds.get(row["kind"], "Comes back"),
            _effect(row),
            fmt.count(row["deals"]),
            f"{fmt.number(row['cost'], 1)} ({fmt.number(row['low'], 1)} to {fmt.number(row['high'], 1)})",
            sections.result("missed", "Clear") if row["sure"] else "Could be chance",
        ]
        for _, row in frame[frame["cost"].gt(0)].head(MOST_PAINS).iterrows()
    ]
    if not cells:
        return sections.tables("pain points", above=["No team's deals fare worse than those of the others."])
    table = Table("Pain points, the costliest first", sections.columns(titles), cells, "scorecard")
    return sections.tables("pain points", table, below=[METHOD])


def stages(frame: pd.DataFrame) -> Section:
    """Stages in their order: how many deals, how long, how many go on."""
    titles = ["Stage", "#Deals that came", "#Half stay up to", "#Likely range", "#Left", "#Of these went on", "#Likely"]
    cells: list[list[Cell]] = [
        [
            str(stage),
            fmt.count(row["entered"]),
            fmt.days(row["median"]),
            fmt.interval(row["low"], row["high"], "days").strip("()") or fmt.DASH,
            fmt.count(row["left"]),
            fmt.percent(row["went_on"]),
            fmt.interval(row["on_low"], row["on_high"]).strip("()") or fmt.DASH,
        ]
        for stage, row in frame.iterrows()
    ]
    return sections.tables("stages", Table("Stages in their order", sections.columns(titles), cells))


def moves(frame: pd.DataFrame) -> Section:
    """Every move between stages, the most frequent first."""
    titles = ["From", "To", "#Times", "#Of the moves from there", "#Half after", "Back"]
    cells: list[list[Cell]] = [
        [
            ENDS.get(row["start"], row["start"]),
            ENDS.get(row["to"], row["to"]),
            fmt.count(row["times"]),
            fmt.percent(row["share"]),
            fmt.days(row["days"]),
            "Rework" * bool(row["back"]) or "Opened again" * (row["start"] in ENDS),
        ]
        for _, row in frame.iterrows()
    ]
    return sections.tables("moves", Table("Moves between stages", sections.columns(titles), cells))


def queues(frame: pd.DataFrame) -> Section:
    """When leads come, by weekday and hour, and how long they wait for a first reply."""
    waited = {
        (row["weekday"], row["block"]): f"{fmt.count(row['leads'])}, {_hours(row['waited'])}"
        for _, row in frame.iterrows()
    }
    hours = [f"{first}{fmt.DASH}{last}" for first, last in BLOCKS]

    cells: list[list[Cell]] = [
        [day, *(waited.get((number, block), fmt.DASH) for block in range(len(BLOCKS)))]
        for number, day in enumerate(WEEKDAYS)
    ]
    below = ["Leads that came, by the clock of their team, and the hours until half of them had a person's reply."]
    return sections.tables(
        "queues", Table("Leads by weekday and hour", sections.columns(["Day", *hours]), cells, "matrix"), below=below
    )


def handoffs(frame: pd.DataFrame) -> Section:
    """Handoffs by kind: how long until they are accepted, and how many are refused or come back."""
    if frame.empty:
        return sections.nothing("no handoffs are recorded")
    titles = ["Handoff", "#Offered", "#Half accepted within", "#Likely range", "#Waiting", "#Refused", "#Returned"]
    cells: list[list[Cell]] = [
        [
            str(kind).capitalize(),
            fmt.count(row["offered"]),
            fmt.duration(60 * row["hours"]),
            f"{fmt.duration(60 * row['low'])} to {fmt.duration(60 * row['high'])}" if row["low"] == row["low"] else "",
            fmt.count(row["waiting"]),
            fmt.percent(row["rejected"]),
            fmt.percent(row["returned"]),
        ]
        for kind, row in frame.iterrows()
    ]
    below = ["Times by the clock, nights and weekends included."]
    return sections.tables("handoffs", Table("Handoffs by kind", sections.columns(titles), cells), below=below)


def _wins(row: pd.Series) -> str:
    low, high = max(row["low"], 0.0), row["high"]
    return f"{fmt.number(row['cost'], 1)} won deals ({fmt.number(low, 1)} to {fmt.number(high, 1)})"


def _effect(row: pd.Series) -> str:
    return fmt.points(-row["effect"]) if row["kind"] == DROP else f"+{fmt.days(row['effect'])}"


def _hours(minutes: float) -> str:
    return f"{fmt.number(minutes / 60, 1)} h" if minutes == minutes else fmt.NO_DATA
