"""The weeks between reviews in words: what is urgent, what is due when, and the misses a period has left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from slareport import format as fmt
from slareport import sections
from slareport.sections import Cell, Table
from slareport.watch import AT_RISK, LATE, RUNNING, TODAY, Watch

MOST_CLOCKS = 40
LIKELY = 0.5  # that a period runs out of misses
STATES = {TODAY: "due today", AT_RISK: "at risk", LATE: "late and still open", RUNNING: "running"}


def bottom_line(found: Watch) -> str:
    """How much is due today, at risk, late and still open."""
    counts = found.clocks["state"].value_counts()
    said = [f"{fmt.count(counts[state])} {words}" for state, words in STATES.items() if counts.get(state)]
    return f"{fmt.listed(said)}." if said else "No clock is running."


def exhausted(found: Watch, teams: Mapping[str, str]) -> list[str]:
    """The promises that have no misses left, or will probably have none before the period ends."""
    over = found.budgets[found.budgets["left"].lt(0)]
    near = found.budgets[found.budgets["left"].ge(0) & found.budgets["chance"].ge(LIKELY)]
    named = [_named(rows, teams) for rows in (over, near)]
    end = fmt.day(found.period.end - pd.Timedelta(days=1))
    return [
        *[f"Out of reach until {end}: {fmt.listed(named[0])}."] * bool(named[0]),
        *[f"Probably missed by {end}: {fmt.listed(named[1])}."] * bool(named[1]),
    ]


def clocks(found: Watch, teams: Mapping[str, str], zone_of: Callable[[str], str]) -> Table:
    """What waits, the most urgent first, each time in the zone of its team."""
    titles = ["State", "Promise", "Item", "Team", "Owner", "Due", "#Time left"]
    cells: list[Sequence[Cell]] = [
        [
            row["state"].capitalize(),
            row["title"],
            str(row["name"]),
            teams.get(row["team"], row["team"]),
            str(row["owner"]),
            fmt.moment(row["due_at"], zone_of(row["team"])),
            _left(row["left_minutes"]),
        ]
        for _, row in found.clocks.head(MOST_CLOCKS).iterrows()
    ]
    more = len(found.clocks) - MOST_CLOCKS
    caption = "Clocks" + f", the first {MOST_CLOCKS} of {fmt.count(len(found.clocks))}" * (more > 0)
    return Table(caption, sections.columns(titles), cells)


def budgets(found: Watch, teams: Mapping[str, str]) -> Table:
    """The misses that each promise has left until the period ends."""
    titles = [
        "Team",
        "Promise",
        "#Late so far",
        "#Running",
        "#Still expected",
        "#May be late",
        "#Left",
        "#Chance of missing",
    ]
    cells: list[Sequence[Cell]] = [
        [
            teams.get(row["team"], row["team"]),
            row["title"],
            f"{fmt.count(row['missed'])} of {fmt.count(row['judged'])}",
            fmt.count(row["running"]),
            fmt.count(row["expected"]),
            fmt.count(row["allowed"]),
            fmt.count(row["left"]),
            fmt.percent(row["chance"]),
        ]
        for _, row in found.budgets.iterrows()
    ]
    return Table(f"Misses left in {found.period.title}", sections.columns(titles), cells)


def as_json(found: Watch) -> str:
    """All of it for a program: instants in UTC, empty values as null."""
    rows = {
        name: json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s"))
        for name, frame in (("clocks", found.clocks), ("budgets", found.budgets))
    }
    told = {"as_of": found.as_of.isoformat(), "period": found.period.name, **rows}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _named(rows: pd.DataFrame, teams: Mapping[str, str]) -> list[str]:
    return [f"{row['title']} ({teams.get(row['team'], row['team'])})" for _, row in rows.iterrows()]


def _left(minutes: float) -> str:
    return f"{fmt.duration(-minutes)} late" if minutes < 0 else fmt.duration(minutes)
