"""The definitions at the end of a packet: what is measured, how it counts, and on which hours."""

from __future__ import annotations

from collections.abc import Sequence

from slareport import format as fmt
from slareport import sections
from slareport.agreement import Hours, Outcome, Promise, Version
from slareport.judgements import definition_of
from slareport.kpi import KPIS
from slareport.sections import Entry, Section

EVIDENCE = Entry(
    "Clearly, or could be chance",
    [
        "Kept or missed is a fact about the period, judged on exact counts. Clearly means that a way of working that "
        "truly just reaches what is promised would give so good or so bad a count in at most 1 of 40 periods.",
        "Better or worse is said only where the likely range (95%) of the change leaves out zero; by chance alone "
        "that still happens in about 1 of 20 comparisons.",
    ],
)


def definitions(versions: Sequence[Version], calendars: Sequence[str], *, full: bool = True) -> Section:
    """The definitions of every measure of the versions in force, the newest first, and of the calendars named.

    Unless `full`, what counts and what does not is left to the annex.
    """
    measures: dict[str, Promise | Outcome] = {}
    for version in versions[::-1]:
        measures = {**measures, **{m.id: m for m in version.measures if m.id not in measures}}
    entries = [Entry(measure.title, _lines(measure, versions, full=full)) for measure in measures.values()]
    hours = [open_hours(versions[-1].calendars[name]) for name in calendars]
    return sections.section("definitions", "definitions", entries=[*entries, Entry("Working hours", hours), EVIDENCE])


def open_hours(hours: Hours) -> str:
    """When a calendar is open, in words."""
    days = fmt.listed([f"{_days(day)} {text}" for day, text in hours.hours.items()])
    return f"{days} in {hours.zone}{_free(hours.holidays)}."


def _lines(measure: Promise | Outcome, versions: Sequence[Version], *, full: bool) -> list[str]:
    kpi = KPIS[measure.kpi]
    lines = [kpi.meaning, kpi.counting] if full else [kpi.meaning]
    for version in versions:
        promised = version.measure(measure.id)
        if isinstance(promised, Promise):
            since = f"Version {version.version}, since {fmt.day(version.effective_from)}: " * (len(versions) > 1)
            lines.append(f"{since}{promised.promise} Promised: {fmt.percent(promised.target)}.")
    return [*lines, f"Owner: {measure.owner}. Definition: {definition_of(measure)}."]


def _free(holidays: str | None) -> str:
    return f", closed on the public holidays of {holidays}" if holidays else ", public holidays included"


def _days(days: str) -> str:
    return days.title().replace("-", fmt.DASH)
