"""A timeline in words: a section of a notebook, or lines for a terminal, wide or narrow, or a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from slareport import format as fmt
from slareport import sections
from slareport.kpi import State
from slareport.sections import Cell, Column, Section, Table
from slareport.timeline import Timeline

if TYPE_CHECKING:  # rich is for the terminal only
    from rich.console import Group

DELAYS = {"system": "System delay, until it was assigned", "human": "Human delay, from the assignment to the reply"}


def told(timeline: Timeline) -> Section:
    """A timeline as a section: what it is judged to be, then every event."""
    events = timeline.events
    rows: list[list[Cell]] = [
        [moment(at, timeline.zone), _with_remark(words, remark), between]
        for at, words, remark, between in events[["at", "words", "remark", "between"]].itertuples(index=False)
    ]
    facts: list[list[Cell]] = [[name, value] for name, value in facts_of(timeline)]
    if timeline.record_url:
        facts.append(["Record", sections.link(timeline.item, timeline.record_url)])
    tables = [Table(heading(timeline), [Column("What"), Column("Is")], facts)]
    if rows:
        columns = [Column("When"), Column("What happened"), Column("Until the next")]
        tables.append(Table(f"Timeline, local to {timeline.zone}", columns, rows))
    return sections.tables("\n".join(lines(timeline)), *tables)


def lines(timeline: Timeline) -> Iterator[str]:
    """A timeline as plain lines: facts, then one line per event, each followed by what the clock did until the next."""
    yield heading(timeline)
    for name, value in facts_of(timeline):
        yield f"  {name}: {value}"
    if timeline.record_url:
        yield f"  Record: {timeline.record_url}"
    if len(timeline.events):
        yield f"Timeline, local to {timeline.zone}"
    for at, words, remark, between in timeline.events[["at", "words", "remark", "between"]].itertuples(index=False):
        yield f"  {moment(at, timeline.zone)}  {_with_remark(words, remark)}"
        if between:
            yield f"    {between}"


def renderable(timeline: Timeline) -> Group:
    """A timeline for a terminal: two columns that wrap, so that a narrow one stays readable."""
    from rich.console import Group
    from rich.table import Table as Grid
    from rich.text import Text

    facts, events = Grid.grid(padding=(0, 2)), Grid.grid(padding=(0, 2))
    named = [*facts_of(timeline), *([("Record", timeline.record_url)] if timeline.record_url else [])]
    for name, value in named:
        facts.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    for at, words, remark, between in timeline.events[["at", "words", "remark", "between"]].itertuples(index=False):
        said = Text(_with_remark(words, remark))
        events.add_row(Text(moment(at, timeline.zone)), said.append(f"\n{between}" * bool(between), style="dim"))
    title = Text(f"Timeline, local to {timeline.zone}" * bool(len(timeline.events)), style="bold")
    return Group(Text(heading(timeline), style="bold"), facts, title, events)


def heading(timeline: Timeline) -> str:
    """What the timeline is about."""
    named = timeline.name if timeline.name != timeline.item else ""
    about = ", ".join(filter(None, [named, timeline.account]))
    return f"{timeline.kind} {timeline.item}" + (f": {about}" if about else "")


def facts_of(timeline: Timeline) -> Iterator[tuple[str, str]]:
    """What each promise makes of the item and under what, or why it judges nothing; then what else is to be known."""
    for _, row in timeline.judgements.iterrows():
        of = f" ({row['item']})" if row["item"] != timeline.item else ""
        yield f"{row['title']}{of}", _judged(row, timeline.zone)
        if timeline.clock is not None and row["promise"] == timeline.clock.measure.id:
            yield "Agreed as", f"version {row['version']}, {row['definition']}, calendar {row['calendar']}"
    for name, why in timeline.unjudged.items():
        yield name or "Not judged", f"not judged: {why}" if name else why
    for delay, amount in timeline.delays.items():
        yield DELAYS[delay], fmt.duration(amount)
    for _, row in timeline.rejects.iterrows():
        yield str(row["place"]), f"{row['reason']} ({row['effect']})"
    yield "Data up to", moment(timeline.as_of, timeline.zone)


def moment(at: pd.Timestamp, zone: str) -> str:
    """A local time with its weekday; on a day the clocks change also by which clock."""
    local = at.tz_convert(zone)
    midnight = local.tz_localize(None).normalize()
    edges = [
        (midnight + pd.Timedelta(days=n)).tz_localize(zone, ambiguous=True, nonexistent="shift_forward") for n in (0, 1)
    ]
    changing = edges[0].utcoffset() != edges[1].utcoffset()
    return fmt.moment(at, zone) + (f" {local.tzname()}" if changing else "")


def _judged(row: pd.Series, zone: str) -> str:
    """One judgement: the state, how long it took, by when it was due and who held it then, and the reason."""
    said = [str(row["state"]).capitalize()]
    if row["kind"] == "outcome" and row["state"] == State.COUNTED:
        share = pd.notna(row["denominator"])
        of = " of ".join(fmt.number(row[part]) for part in ("numerator", "denominator"))
        said.append(of if share else f"{fmt.number(row['value'], 1)} {row['unit']}")
    if pd.notna(row["elapsed_minutes"]):
        said.append(f"{fmt.duration(row['elapsed_minutes'])} on the clock")
    if pd.notna(row["paused_minutes"]) and row["paused_minutes"]:
        said.append(f"paused {fmt.duration(row['paused_minutes'])}")
    if pd.notna(row["due_at"]):
        said.append(f"due {moment(row['due_at'], zone)}, held by {row['owner_at_deadline']}")
    if pd.notna(row["late_minutes"]):
        said.append(f"{fmt.duration(row['late_minutes'])} late")
    if pd.notna(row["at"]):
        said.append(f"dated {fmt.day(row['at'], zone)}")
    said += [str(row[name]) for name in ("reason", "cause") if pd.notna(row[name])]
    return "; ".join(said)


def _with_remark(words: str, remark: str) -> str:
    return f"{words} ({remark})" if remark else words
