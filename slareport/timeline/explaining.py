"""From an id to its timeline: which item is meant, what happened to it, how it is judged, or why it is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from slareport import format as fmt
from slareport.agreement import Agreement, Measure, Version
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.items import Known
from slareport.judgements import Judgements
from slareport.kpi import KPIS, State
from slareport.teams import Team
from slareport.timeline.clocks import (
    ItemClock,
    about_of,
    clock_events,
    delays,
    item_clock,
    judged_touches,
    leg_events,
)
from slareport.timeline.events import EVENTS, Event, deal_events, lead_events, own_events, row_of
from slareport.worktime import Calendar

KINDS = {"leads": "Lead", "opportunities": "Deal"}
NEVER = {
    "assigned_at": "it was never assigned to a person",
    "closed_at": "it is not closed",
    "qualified_at": "it was never qualified",
    "decided_at": "nothing has been decided on it",
}
ABOUT = ["promise", "title", "kind", "unit", "item", "version", "position", "calendar"]
JUDGED = ["state", "numerator", "denominator", "value", "at", "due_at", "stopped_at"]
JUDGED += ["elapsed_minutes", "paused_minutes", "late_minutes", "owner_at_deadline", "reason", "cause", "definition"]


@dataclass(frozen=True)
class Timeline:
    """What happened to one item, and what it is judged to be.

    `events` has `at`, `event`, `words`, `remark` and `between` (what the clock did until the next event), in order.
    `judgements` has a row per promise or outcome and item: what the judgement says, with `promise`, `title`, `kind`,
    `item`, `version` and `calendar`. `unjudged` says, per promise, why it does not judge the item; `rejects` lists
    the source rows of the item that are not used as they stand. `delays` are in the time of the promise.
    """

    item: str
    kind: str
    name: str
    account: str
    zone: str
    as_of: pd.Timestamp
    record_url: str | None
    clock: ItemClock | None
    events: pd.DataFrame
    judgements: pd.DataFrame
    unjudged: Mapping[str, str]
    delays: Mapping[str, pd.Timedelta]
    rejects: pd.DataFrame


def explain(
    known: Known,
    judged: Judgements,
    agreement: Agreement,
    teams: Mapping[str, Team],
    item: str,
    promise: str = "",
    rejects: pd.DataFrame | None = None,
) -> Timeline:
    """The timeline of an item (a lead, a deal, or whatever a promise judges), for one promise or outcome, or for all.

    A row that was set aside, excluded or merged has a timeline too, which says so. Raises `UsageError` naming the
    nearest for an item or promise that does not exist.
    """
    asked = Asked(known, judged, agreement, teams)
    if promise and promise not in judged:
        raise UsageError(
            Problem(
                "no such promise or result", "parameters/agreement", found=promise, cure=did_you_mean(promise, judged)
            )
        )
    listed = rejects if rejects is not None else pd.DataFrame(columns=["table", "id", "place", "reason", "effect"])
    mine = listed[listed["id"].eq(item)].reset_index(drop=True)
    subject = asked.subject_of(item, promise)
    if subject is None:
        if mine.empty:
            raise _unknown(asked, item, promise)
        return _set_aside(asked, item, mine)
    return asked.timeline(item, subject, promise, mine)


@dataclass(frozen=True)
class Asked:
    """What a timeline is made from."""

    known: Known
    judged: Judgements
    agreement: Agreement
    teams: Mapping[str, Team]

    def subject_of(self, item: str, promise: str) -> str | None:
        """The subject whose item this is: that of the promise, else leads, deals, and whatever else is judged."""
        first = [self.kpi_subject(promise)] if promise else []
        others = [self.kpi_subject(name) for name in self.judged] if not promise else []
        for subject in dict.fromkeys([*first, "leads", "opportunities", *others]):
            if item in self.known[subject].index:
                return subject
        return None

    def kpi_subject(self, name: str) -> str:
        """The subject that a promise or outcome judges."""
        return KPIS[self.measure(name)[1].kpi].subject

    def measure(self, name: str, position: int | None = None) -> tuple[Version, Measure]:
        """A promise or outcome as a version has it, without one as the last version that has it."""
        versions = self.agreement.versions if position is None else [self.agreement.versions[position]]
        return next((v, m) for v in reversed(versions) if (m := v.measure(name)) is not None)

    def timeline(self, item: str, subject: str, promise: str, rejects: pd.DataFrame) -> Timeline:
        """The timeline of an item that is there."""
        row = row_of(self.known, subject, item)
        key, about = about_of(self.known, subject, item)
        names = [promise] if promise else list(self.judged)
        rows = self._judgements(item, subject, key, about, names)
        clock = self._clock(rows if promise else rows[rows["item"].eq(item)])
        calendar = self._calendar(self.agreement.versions[-1], row) if clock is None else clock.calendar
        unjudged = {
            name: self._why_not(name, row)
            for name in names
            if rows.empty or not rows["promise"].eq(name).any()
            if self.kpi_subject(name) == subject
        }
        if promise and rows.empty and not unjudged:
            unjudged = {promise: f"it has none of the {self.kpi_subject(promise).replace('_', ' ')} that this judges"}
        return Timeline(
            item=item,
            kind=KINDS.get(subject, _singular(subject)),
            name=_text(row.get("name")),
            account=_text(row.get("account")),
            zone=calendar.zone,
            as_of=self.known.as_of,
            record_url=_text(row.get("record_url")) or None,
            clock=clock,
            events=_framed(self._events(subject, item, about, clock), clock, self.known.as_of),
            judgements=rows,
            unjudged=unjudged,
            delays=delays(clock) if clock and about_of_leads(clock) else {},
            rejects=rejects,
        )

    def _events(self, subject: str, item: str, about: str, clock: ItemClock | None) -> Iterator[Event]:
        known = self.known
        if subject == "leads":
            yield from lead_events(known, item)
            yield from leg_events(clock, known, item)
            yield from judged_touches(clock, known, "lead_id", item)
        elif subject in ("opportunities", "won_deals"):
            yield from deal_events(known, about)
            yield from judged_touches(clock, known, "opportunity_id", about)
        else:
            yield from own_events(row_of(known, subject, item))
        if clock:
            yield from clock_events(clock)

    def _judgements(self, item: str, subject: str, key: str, about: str, names: Iterable[str]) -> pd.DataFrame:
        """Every judgement of the item, and of what belongs to the same lead or deal."""
        found = []
        for name in names:
            frame, of = self.judged[name], self.kpi_subject(name)
            mine = frame.index == item
            items = self.known[of]
            if subject in KINDS and of != subject and key in items.columns:
                mine |= items[key].reindex(frame.index).eq(about).to_numpy()
            part = frame[mine]
            versions = [self.agreement.versions[position] for position in part["version"]]
            calendars = [self._calendar_name(v, team) for v, team in zip(versions, part["team"], strict=True)]
            measures = [self.measure(name, position) for position in part["version"]]
            found.append(
                part.reindex(columns=JUDGED).assign(
                    promise=name,
                    title=[m.title for _, m in measures],
                    kind=KPIS[self.measure(name)[1].kpi].kind,
                    unit=KPIS[self.measure(name)[1].kpi].unit,
                    item=part.index,
                    version=[v.version for v in versions],
                    position=part["version"],
                    calendar=calendars,
                )
            )
        kept = [part for part in found if len(part)] or found[:1]
        return pd.concat(kept, ignore_index=True)

    def _clock(self, rows: pd.DataFrame) -> ItemClock | None:
        """The clock to show: of the promise that was missed, else of the first that has one."""
        timed = rows[rows["due_at"].notna()] if len(rows) else rows
        order = (
            timed.assign(kept=timed["state"].ne(State.MISSED)).sort_values("kept", kind="stable")
            if len(timed)
            else timed
        )
        for _, row in order.iterrows():
            version, measure = self.measure(row["promise"], row["position"])
            judgement = self.judged[row["promise"]].loc[row["item"]]
            calendar = version.working_hours()[row["calendar"]]
            if clock := item_clock(self.known, version, measure, row["item"], calendar, judgement):
                return clock
        return None

    def _calendar_name(self, version: Version, team: str) -> str:
        return self.teams[team].calendar if team in self.teams else version.review.calendar

    def _calendar(self, version: Version, row: pd.Series) -> Calendar:
        return version.working_hours()[self._calendar_name(version, row["team"])]

    def _why_not(self, name: str, row: pd.Series) -> str:
        """Why an item that is there has no judgement."""
        _, measure = self.measure(name)
        on = KPIS[measure.kpi].on
        began = row[on]
        if pd.isna(began):
            return f"its clock never started: {NEVER.get(on, f'it has no {on}')}"
        day = fmt.day(began, self.agreement.zone)
        position = int(self.agreement.version_of(pd.Series([began])).iloc[0])
        first = self.agreement.versions[0].effective_from
        if position < 0:
            before = began < self.agreement.effective_at()[0]
            gap = (
                f"before the first version of the agreement ({fmt.day(first)})"
                if before
                else "when no agreement was in force"
            )
            return f"it began on {day}, {gap}"
        version = self.agreement.versions[position]
        governed = version.measure(name)
        if governed is None:
            return f"version {version.version} of the agreement, in force on {day}, has no such promise"
        for column, values in governed.population.items():
            if row[column] not in values:
                found = "empty" if pd.isna(row[column]) else str(row[column])
                return f"outside its population: {column} is {found}, and it is about {fmt.listed(values, 'or')}"
        return "it is not among the judged items"


def about_of_leads(clock: ItemClock) -> bool:
    """Whether a clock is one of a lead itself."""
    return KPIS[clock.measure.kpi].subject == "leads"


def _framed(events: Iterable[Event], clock: ItemClock | None, as_of: pd.Timestamp) -> pd.DataFrame:
    """The events in order, each with what the clock did until the next."""
    whole = [event for event in events if pd.notna(event.at)]
    told = [event for event in whole if event.at <= as_of or event.event in ("deadline", "touch")]
    if clock is not None and pd.isna(clock.row["stopped_at"]):
        told.append(Event(as_of, "data ends", "End of the data"))
    told.sort(key=lambda event: (event.at, EVENTS.index(event.event)))
    frame = pd.DataFrame([vars(event) for event in told], columns=["at", "event", "words", "remark"])
    following = [event.at for event in told[1:]] + [as_of] * bool(told)
    between = [clock.between(one.at, other) if clock else "" for one, other in zip(told, following, strict=True)]
    return frame.assign(between=pd.Series(between, dtype=object))


def _set_aside(asked: Asked, item: str, rejects: pd.DataFrame) -> Timeline:
    """The timeline of an item of which only rows that are not used are left."""
    version = asked.agreement.versions[-1]
    kind = KINDS.get(str(rejects["table"].iloc[0]), _singular(str(rejects["table"].iloc[0])))
    why = f"{rejects['reason'].iloc[-1]} ({rejects['effect'].iloc[-1]})"
    zone = version.working_hours()[version.review.calendar].zone
    nothing: pd.DataFrame = _framed([], None, asked.known.as_of)
    rows = pd.DataFrame(columns=[*JUDGED, *ABOUT])
    return Timeline(item, kind, "", "", zone, asked.known.as_of, None, None, nothing, rows, {"": why}, {}, rejects)


def _unknown(asked: Asked, item: str, promise: str) -> UsageError:
    """The error for an item that is not there, with the ids that look most like it."""
    subjects = [asked.kpi_subject(promise)] if promise else []
    ids = dict.fromkeys(
        str(name) for subject in [*subjects, "leads", "opportunities"] for name in asked.known[subject].index
    )
    named = [
        str(at)
        for subject in dict.fromkeys([*subjects, "leads", "opportunities"])
        for at in asked.known[subject].index[asked.known[subject]["name"].eq(item)]
    ]
    near = named[:3] or difflib.get_close_matches(item, ids, n=3, cutoff=0.5)
    until = fmt.moment(asked.known.as_of, asked.agreement.zone)
    cure = (
        f"did you mean {fmt.listed(near, 'or')}?"
        if near
        else "take the id from misses.csv, or choose another team, period or as_of"
    )
    return UsageError(Problem(f"no such item in the data up to {until}", found=item, cure=cure))


def _singular(subject: str) -> str:
    return subject.replace("_", " ").removesuffix("s").capitalize()


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]
