"""The clock of one item under one promise: when it ran, stood still and stopped, and what each owner used of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from slareport import format as fmt
from slareport.agreement import Measure, Promise, Version
from slareport.clock import TOUCHED_EARLY
from slareport.items import Known, owner_at
from slareport.judgements import LEAVE
from slareport.kpi import KPIS, State
from slareport.timeline.events import Event, name_of, row_of, touches
from slareport.worktime import Calendar, Duration

DAY = pd.Timedelta(days=1)
ZERO = pd.Timedelta(0)
MANY = 3  # from so many holidays on they are counted, not named


@dataclass(frozen=True)
class Pause:
    """A stretch in which the clock stood still, and the promised time that it took away."""

    reason: str
    from_at: pd.Timestamp
    to_at: pd.Timestamp
    cost: pd.Timedelta = ZERO


@dataclass(frozen=True)
class ItemClock:
    """One item's judgement under one promise, with the calendar and the pauses that its clock ran by."""

    known: Known
    measure: Measure
    version: Version
    calendar: Calendar
    within: Duration
    started: pd.Timestamp
    row: pd.Series
    pauses: tuple[Pause, ...] = ()
    other_holds: tuple[Pause, ...] = field(default=(), repr=False)

    @property
    def end(self) -> pd.Timestamp:
        """When the clock stopped, or the end of the data."""
        return self.row["stopped_at"] if pd.notna(self.row["stopped_at"]) else self.known.as_of

    def open_time(self, start: pd.Timestamp, stop: pd.Timestamp) -> pd.Timedelta:
        """The promise's own time between two instants, pauses included."""
        if stop <= start:
            return ZERO
        if not self.within.business:
            return stop - start
        one, other = (pd.Series([at]).astype("datetime64[us, UTC]") for at in (start, stop))
        return pd.Timedelta(self.calendar.elapsed(one, other).iloc[0])

    def paused(self, start: pd.Timestamp, stop: pd.Timestamp) -> pd.Timedelta:
        """The promise's time between two instants that pauses took away."""
        cut = (self.open_time(max(p.from_at, start), min(p.to_at, stop)) for p in apart(self.pauses))
        return sum(cut, ZERO)

    def spent(self, start: pd.Timestamp, stop: pd.Timestamp) -> pd.Timedelta:
        """The promise's time between two instants that counted."""
        return self.open_time(start, stop) - self.paused(start, stop)

    def between(self, start: pd.Timestamp, stop: pd.Timestamp) -> str:
        """What the clock did from one event to the next; nothing before it started and after it stopped."""
        start, stop = max(start, self.started), min(stop, self.end)
        if stop <= start or self.row["state"] == State.INVALID:
            return ""
        paused = self.paused(start, stop)
        ran = self.spent(start, stop)
        closed = stop - start - self.open_time(start, stop)
        holidays = list(self._holidays(start, stop))
        off = sum((min(stop, to) - max(start, since) for _, since, to in holidays), ZERO)
        named = [fmt.day(day) for day, _, _ in holidays]
        days = f"holiday {fmt.listed(named)}" if len(named) < MANY else fmt.plural(len(named), "holiday")
        said = [
            f"clock running {fmt.duration(ran)}" if ran else "",
            f"paused {fmt.duration(paused)}" if paused else "",
            f"closed {fmt.duration(closed - off)} (outside hours)" if closed > off else "",
            days if holidays else "",
        ]
        return ", ".join(filter(None, said))

    def _holidays(
        self, start: pd.Timestamp, stop: pd.Timestamp
    ) -> Iterator[tuple[dt.date, pd.Timestamp, pd.Timestamp]]:
        """The days that would be working days and are closed, with their first instant and the first one after."""
        if not self.within.business:
            return
        first, last = (at.tz_convert(self.calendar.zone).tz_localize(None).normalize() for at in (start, stop))
        for day in pd.date_range(first, last):
            if day.weekday() in self.calendar.windows and not self.calendar.is_open_day(day.date()):
                since, to = (_midnight(at, self.calendar.zone) for at in (day, day + DAY))
                if since < stop and to > start:
                    yield day.date(), since, to


def item_clock(
    known: Known, version: Version, measure: Measure, item: str, calendar: Calendar, row: pd.Series
) -> ItemClock | None:
    """The clock that judged an item; None where the measure promises no time or the clock never started."""
    kpi = KPIS[measure.kpi]
    subject = row_of(known, kpi.subject, item)
    within = next((v for v in knobs_of(measure, subject).values() if isinstance(v, Duration)), None)
    if within is None or pd.isna(row["due_at"]) or pd.isna(subject[kpi.on]):
        return None
    clock = ItemClock(known, measure, version, calendar, within, subject[kpi.on], row)
    if not isinstance(measure, Promise):
        return clock
    key, about = about_of(known, kpi.subject, item)
    holds, others = _holds(known, measure, key, about)
    if LEAVE in measure.pause:
        holds += _leave(known, subject, item, clock)
    return _costed(clock, holds, others)


def knobs_of(measure: Measure, subject: pd.Series) -> dict[str, object]:
    """The knobs that govern one item."""
    for column, values in measure.by.items():
        return {**measure.knobs, **values.get(str(subject[column]), {})}
    return dict(measure.knobs)


def about_of(known: Known, subject: str, item: str) -> tuple[str, str]:
    """The lead or deal that an item is about: the key's name, and the id."""
    row = row_of(known, subject, item)
    key = "lead_id" if subject in ("leads", "lead_handoffs") else "opportunity_id"
    return key, str(row[key]) if subject not in ("leads", "opportunities", "won_deals") and key in row else item


def clock_events(clock: ItemClock) -> Iterator[Event]:
    """When the clock started, warned, ran out, stood still and stopped."""
    row, as_of = clock.row, clock.known.as_of
    state = row["state"]
    kind = "business time" if clock.within.business else "wall-clock time"
    yield Event(clock.started, "started", f"Clock starts: {clock.within.words} ({kind})")
    for pause in clock.pauses:
        yield Event(pause.from_at, "paused", f"Paused: {pause.reason}")
        if pause.to_at < as_of:
            yield Event(pause.to_at, "resumed", f"Resumed: the pause took {fmt.duration(pause.cost)} of the clock")
        elif pause.cost:
            yield Event(as_of, "resumed", f"Still paused: {fmt.duration(pause.cost)} of the clock so far")
    for hold in clock.other_holds:
        yield Event(
            hold.from_at, "paused", f"On hold: {hold.reason}", "the clock runs on: this promise does not pause for it"
        )
    if state == State.INVALID:
        return
    if isinstance(clock.measure, Promise) and row["warn_at"] <= min(clock.end, as_of):
        yield Event(
            row["warn_at"], "warning", f"Warning: {fmt.percent(float(clock.measure.warn_at))} of the time is used"
        )
    yield Event(row["due_at"], "deadline", _deadline(clock))
    if pd.notna(row["stopped_at"]):
        used = fmt.duration(row["elapsed_minutes"])
        yield Event(row["stopped_at"], "stopped", f"Clock stops after {used}: {_how(row)}")


def leg_events(clock: ItemClock | None, known: Known, lead: str) -> Iterator[Event]:
    """Every owner of a lead, with how long each held it in the promise's time while its clock could run."""
    legs = known.tables["lead_legs"]
    legs = legs[legs["lead_id"].eq(lead)].sort_values(["from_at", "leg"], kind="stable")
    for (_, leg), until in zip(legs.iterrows(), legs["from_at"].shift(-1), strict=True):
        owner = name_of(known, leg["owner_id"]) if pd.notna(leg["owner_id"]) else "nobody"
        held = ""
        if clock and clock.row["state"] != State.INVALID:
            ends = min(clock.end, until) if pd.notna(until) else clock.end
            spent = clock.spent(max(leg["from_at"], clock.started), ends)
            held = f", who held it for {fmt.duration(spent)} of the clock" if spent else ""
        yield Event(leg["from_at"], "owner", f"Owner: {owner}{held}")


def judged_touches(clock: ItemClock | None, known: Known, key: str, about: str) -> Iterator[Event]:
    """Every touch, with whether it counts for the promise, and if not why."""
    for row, event in touches(known, key, about):
        if event.at > known.as_of or row["logged_at"] > known.as_of:
            remark = "ignored: after the end of the data"
        elif event.remark:
            remark = f"ignored: {event.remark}" if _asks_for_touches(clock) else event.remark
        else:
            remark = _counted(clock, event.at)
        yield Event(event.at, "touch", event.words, remark)


def delays(clock: ItemClock) -> dict[str, pd.Timedelta]:
    """System delay, from coming in to the assignment, and human delay, from there to the reply or the data's end."""
    subject = row_of(clock.known, "leads", clock.row.name)
    assigned, as_of = subject["assigned_at"], clock.known.as_of
    until = assigned if pd.notna(assigned) else as_of
    found = {"system": clock.spent(subject["created_at"], until)}
    reply = subject["first_touch_at"]
    if pd.notna(assigned):
        found["human"] = clock.spent(assigned, reply if pd.notna(reply) else as_of)
    return found


def apart(pauses: tuple[Pause, ...]) -> list[Pause]:
    """Pauses in order, each without what one before it already took, so that no time is taken twice."""
    found: list[Pause] = []
    reached = pd.Timestamp.min.tz_localize("UTC")
    for pause in sorted(pauses, key=lambda p: (p.from_at, p.to_at)):
        found.append(Pause(pause.reason, max(pause.from_at, reached), max(pause.to_at, reached)))
        reached = max(reached, pause.to_at)
    return found


def _asks_for_touches(clock: ItemClock | None) -> bool:
    return clock is not None and "first_touch_at" in KPIS[clock.measure.kpi].columns


def _counted(clock: ItemClock | None, at: pd.Timestamp) -> str:
    if clock is None or not _asks_for_touches(clock):
        return ""
    begins = KPIS[clock.measure.kpi].on.removesuffix("_at").replace("assigned", "the assignment")
    if at == clock.row["stopped_at"] and at >= clock.started - TOUCHED_EARLY:
        return "counts: it stops the clock"
    if at < clock.started:
        return f"ignored: before {begins}"
    if at > clock.end:
        return "ignored: the clock had stopped"
    return "ignored: another touch decides"


def _deadline(clock: ItemClock) -> str:
    row = clock.row
    if row["state"] == State.MISSED:
        return f"Deadline missed, held by {row['owner_at_deadline']}"
    if row["due_at"] > clock.known.as_of:
        return "Deadline, still ahead when the data ends"
    return "Deadline"


def _how(row: pd.Series) -> str:
    late = row["late_minutes"]
    if row["state"] == State.MISSED:
        return f"{fmt.duration(late)} late" if late else "late, though after hours"
    return "in time" if row["state"] == State.MET else str(row["state"])


def _holds(known: Known, promise: Promise, key: str, about: str) -> tuple[list[Pause], tuple[Pause, ...]]:
    """The holds that pause a promise, and those that do not."""
    rows = known.tables["holds"]
    rows = rows[rows[key].eq(about) & rows["started_at"].le(known.as_of)]
    ended = known.happened(rows["ended_at"]).fillna(known.as_of)
    ours = rows["reason"].isin(promise.pause) & (rows["promise"].isna() | rows["promise"].eq(promise.id))
    found = [
        Pause(str(row["reason"]), row["started_at"], end) for (_, row), end in zip(rows.iterrows(), ended, strict=True)
    ]
    pauses = [pause for pause, mine in zip(found, ours, strict=True) if mine]
    return pauses, tuple(pause for pause, mine in zip(found, ours, strict=True) if not mine)


def _leave(known: Known, subject: pd.Series, item: str, clock: ItemClock) -> list[Pause]:
    """The leave of who held the item when its clock started, whole days in the zone of the calendar."""
    owner = subject["owner_id"]
    if "assigned_at" in subject.index:
        owner = owner_at(known.tables["lead_legs"], pd.Series([clock.started], index=[item])).iloc[0]
    away = known.tables["absences"]
    zone = clock.calendar.zone
    return [
        Pause(f"{name_of(known, owner)} on leave", _midnight(row["from_on"], zone), _midnight(row["to_on"] + DAY, zone))
        for _, row in away[away["user_id"].eq(owner)].iterrows()
    ]


def _costed(clock: ItemClock, pauses: list[Pause], others: tuple[Pause, ...]) -> ItemClock:
    """The clock with the pauses that touch its running, each with what it cost."""
    touching = [p for p in pauses if p.to_at > clock.started and p.from_at < clock.end]
    ordered = sorted(touching, key=lambda p: (p.from_at, p.to_at))
    costed = tuple(
        Pause(p.reason, p.from_at, p.to_at, clock.open_time(max(a.from_at, clock.started), min(a.to_at, clock.end)))
        for p, a in zip(ordered, apart(tuple(ordered)), strict=True)
    )
    beside = tuple(p for p in others if p.to_at > clock.started and p.from_at < clock.end)
    return ItemClock(
        clock.known,
        clock.measure,
        clock.version,
        clock.calendar,
        clock.within,
        clock.started,
        clock.row,
        costed,
        beside,
    )


def _midnight(day: pd.Timestamp, zone: str) -> pd.Timestamp:
    return day.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
