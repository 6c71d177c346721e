"""Promises played back over past periods, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slareport import format as fmt
from slareport import sections
from slareport.agreement import Promise
from slareport.findings import targets
from slareport.playback import REALISTIC, SLACK, STRETCH, UNREACHABLE, Playback
from slareport.sections import Cell, Section, Table
from slareport.worktime import Duration

ICONS = {UNREACHABLE: "missed", STRETCH: "worse", REALISTIC: "kept", SLACK: "better"}
METHOD = (
    "Every promise was judged as if it had always been promised so, with the working hours of the version in force "
    "then. Unreachable: kept in none of at least 6 periods; a stretch: in fewer than half; realistic: in up to 95%; "
    "slack: in more. The evidence is thin where so few periods could as well mean the other side of a half."
)


def played_back(played: Sequence[Playback], word: str) -> Section:
    """What is promised, how often it would have been kept, and what could have been promised, weightiest first."""
    titles = ["Promise", "Verdict", "Promised", "#Kept in", f"#80% of {word}s reached", "#90% took up to"]
    cells: list[list[Cell]] = [
        [
            one.promise.title,
            _verdict(one),
            promised(one.promise),
            targets.in_periods(one) if one.judged else fmt.NO_DATA,
            fmt.percent(one.level),
            _needed(one),
        ]
        for one in played
    ]
    table = Table("Promises as past periods would have kept them", sections.columns(titles), cells, "scorecard")
    return sections.tables("promises over the past", table, below=[METHOD])


def by_team(played: Mapping[str, Sequence[Playback]]) -> Section:
    """Promises down and teams across, each cell a verdict with its counts."""
    names = list(played)
    rows = zip(*played.values(), strict=True)
    cells: list[list[Cell]] = [
        [
            each[0].promise.title,
            *(_verdict(one, targets.in_periods(one) * bool(one.judged)) for one in each),
        ]
        for each in rows
    ]
    table = Table("Promises over the past, by team", sections.columns(["Promise", *names]), cells, "matrix")
    return sections.tables("promises over the past, by team", table)


def unmeasured(services: Sequence[str]) -> Section:
    """The services that no promise measures."""
    if not services:
        return sections.nothing("every service has a promise")
    said = [f"Promised, not measured: {fmt.listed(services)}. No promise says how well this is done."]
    return sections.tables(said[0], above=said)


def promised(promise: Promise) -> str:
    """A promise in figures: "90% within 2 business hours"."""
    within = promise.knobs.get("within")
    share = fmt.percent(promise.target)
    return f"{share} within {within.words}" if isinstance(within, Duration) else share


def _needed(one: Playback) -> str:
    value, low, high = one.within
    if value != value:
        return fmt.DASH
    return targets.time(value, low, high) if low == low and high == high else targets.time(value)


def _verdict(one: Playback, note: str = "") -> Cell:
    words = targets.WORDS[one.verdict].capitalize() + ", evidence thin" * one.thin
    return sections.result(ICONS.get(one.verdict, "none"), words, note)
