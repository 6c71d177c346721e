"""Every item under every promise and outcome, judged once, by the version in force when its clock started."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from slareport.agreement import Agreement, Measure, Promise, Version
from slareport.clock import NO_PAUSES, Clock, united
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.items import Known, owner_at
from slareport.kpi import COUNTED, KPI, KPIS, State, judge
from slareport.teams import Team
from slareport.worktime import Duration

CARRIED = ["team", "name", "account", "segment", "amount", "currency", "record_url", "created_at"]
EVIDENCE = [
    "due_at",
    "warn_at",
    "stopped_at",
    "elapsed_minutes",
    "paused_minutes",
    "late_minutes",
    "censored",
    "reason",
]
TYPES: dict[Any, str] = {
    **dict.fromkeys(["due_at", "warn_at", "stopped_at", "at", "created_at"], "datetime64[us, UTC]"),
    **dict.fromkeys(["numerator", "denominator", "value", "amount"], "float64"),
    **dict.fromkeys(["elapsed_minutes", "paused_minutes", "late_minutes"], "float64"),
    **dict.fromkeys(["state", "reason", "definition"], "object"),
    **dict.fromkeys(["team", "name", "account", "segment", "currency", "record_url"], "object"),
}
ABOUT_LEADS = ("leads", "lead_handoffs")
LEAVE = "leave"
WAIVED = "waived by "
DAY = pd.Timedelta(days=1)

Judgements = dict[str, pd.DataFrame]


def judge_items(
    items: Known, agreement: Agreement, teams: Mapping[str, Team], unmeasurable: Collection[str] = ()
) -> Judgements:
    """One frame per promise and outcome, by its id; one row per item that it covers, indexed by item.

    Beside the state, the counts and the evidence stand `at` (the instant that puts the item in a period), `version`
    (its position in the agreement), `definition` and what the item carries. Items from before the first version,
    or outside every version that has the measure, are not in it; nor is any item of a KPI that is `unmeasurable`,
    whose misses would say nothing but that the CRM does not hold what happened.
    """
    judged: dict[str, list[pd.DataFrame]] = {}

    @cache
    def dated(subject: str, on: str) -> list[pd.DataFrame]:
        governing = agreement.version_of(items[subject][on])
        return [items[subject][governing.eq(position)] for position in range(len(agreement.versions))]

    @cache
    def carried(subject: str) -> pd.DataFrame:
        return _typed(items[subject].reindex(columns=CARRIED))

    for position, version in enumerate(agreement.versions):
        for measure in version.measures:
            kpi = KPIS[measure.kpi]
            subject = dated(kpi.subject, kpi.on)[position]
            governed = population(subject.iloc[:0] if kpi.name in unmeasurable else subject, measure)
            parts = [
                _judged(kpi, part, knobs, measure, version, items, teams) for part, knobs in _parts(governed, measure)
            ]
            found = parts[0] if len(parts) == 1 else pd.concat(parts).reindex(governed.index)
            found = found.assign(version=position, definition=definition_of(measure))
            about = carried(kpi.subject).loc[governed.index]
            whole = pd.concat([_traced(_typed(found), kpi, governed, items), about], axis=1)
            judged.setdefault(measure.id, []).append(whole)
    return {name: pd.concat(frames).sort_index() for name, frames in judged.items()}


def definition_of(measure: Measure) -> str:
    """What exactly is measured: the KPI's definition and the knobs it is set to. Only like is compared with like."""
    set_to = [
        _set(measure.knobs),
        *(f"{column} {' or '.join(values)}" for column, values in measure.population.items()),
    ]
    if isinstance(measure, Promise):
        set_to += [f"without {column} {' or '.join(values)}" for column, values in measure.exclusions.items()]
        set_to += [f"paused for {' or '.join(measure.pause)}"] if measure.pause else []
    for column, values in measure.by.items():
        set_to += [f"{_set(knobs)} for {column} {value}" for value, knobs in values.items()]
    return ", ".join([KPIS[measure.kpi].definition, *(words for words in set_to if words)])


def _set(knobs: Mapping[str, Any]) -> str:
    return ", ".join(f"{knob.replace('_', ' ')} {_written(value)}" for knob, value in sorted(knobs.items()))


def _written(value: object) -> str:
    return value.words if isinstance(value, Duration) else str(value)


def population(subject: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """The items that have one of the values that the measure is about."""
    for column, values in measure.population.items():
        subject = subject[_column(subject, column, measure).isin(values)]
    return subject


def _parts(items: pd.DataFrame, measure: Measure) -> Iterator[tuple[pd.DataFrame, dict[str, Any]]]:
    """The items by the knobs that govern them."""
    rest = items
    for column, values in measure.by.items():
        for value, knobs in values.items():
            yield rest[_column(rest, column, measure).eq(value)], {**measure.knobs, **knobs}
        rest = rest[~rest[column].isin(list(values))]
    yield rest, measure.knobs


def _column(items: pd.DataFrame, name: str, measure: Measure) -> pd.Series:
    if name not in items.columns:
        what = f"{measure.id}: the items of {KPIS[measure.kpi].subject} have no such column"
        raise UsageError(Problem(what, "parameters/agreement", found=name, cure=did_you_mean(name, items.columns)))
    return items[name]


def _judged(
    kpi: KPI,
    items: pd.DataFrame,
    knobs: Mapping[str, Any],
    measure: Measure,
    version: Version,
    known: Known,
    teams: Mapping[str, Team],
) -> pd.DataFrame:
    """The judgements of items that one set of knobs governs."""
    calendar_of = (
        items["team"].map({name: team.calendar for name, team in teams.items()}).fillna(version.review.calendar)
    )
    calendars = version.working_hours()
    clock = Clock(known.as_of, calendars, known.zone, calendar_of)
    if isinstance(measure, Promise):
        zone_of = calendar_of.map({name: calendar.zone for name, calendar in calendars.items()})
        pauses = _pauses(kpi, items, measure, known, zone_of)
        clock = replace(clock, pauses=pauses, warn=float(measure.warn_at))
    frame = judge(kpi, items, knobs, clock)
    dated = frame["dated_at"] if "dated_at" in frame else items[kpi.on]
    judged = frame.reindex(columns=["state", "numerator", "denominator", "value", *EVIDENCE]).assign(at=dated)
    return _excused(judged, kpi, items, measure, known) if isinstance(measure, Promise) else judged


def _about(kpi: KPI, items: pd.DataFrame) -> tuple[str, pd.Series]:
    """The leads or the deals that the items are about: holds and waivers name those."""
    key = "lead_id" if kpi.subject in ABOUT_LEADS else "opportunity_id"
    return key, items[key] if key in items.columns else items.index.to_series()


def _pauses(kpi: KPI, items: pd.DataFrame, promise: Promise, known: Known, zone_of: pd.Series) -> pd.DataFrame:
    """When the clock of each item stands still: during holds, and the leave of its owner, for the agreed reasons."""
    if not promise.pause:
        return NO_PAUSES
    key, about = _about(kpi, items)
    holds = known.tables["holds"]
    ours = holds["reason"].isin(promise.pause) & (holds["promise"].isna() | holds["promise"].eq(promise.id))
    spans = holds.loc[ours & holds[key].notna(), [key, "started_at", "ended_at"]].set_axis(
        ["about", "from_at", "to_at"], axis=1
    )
    spans["to_at"] = known.happened(spans["to_at"]).fillna(known.as_of)
    found = [about.rename("about").rename_axis("item").reset_index().merge(spans, on="about")]
    if LEAVE in promise.pause:
        found.append(_leave(kpi, items, items[kpi.on], known, zone_of))
    return united(pd.concat([part[["item", "from_at", "to_at"]] for part in found], ignore_index=True))


def _leave(kpi: KPI, items: pd.DataFrame, at: pd.Series, known: Known, zone_of: pd.Series) -> pd.DataFrame:
    """The leave of each item's owner, whole days in the zone of the team's calendar."""
    owners = _owners(kpi, items, at, known).rename("user_id").rename_axis("item").reset_index()
    leave = owners.assign(zone=zone_of.to_numpy()).merge(known.tables["absences"], on="user_id")
    for column, day in (("from_at", leave["from_on"]), ("to_at", leave["to_on"] + DAY)):
        leave[column] = pd.Series(pd.NaT, leave.index, "datetime64[us, UTC]")
        for zone, days in day.groupby(leave["zone"]):
            local = days.dt.tz_localize(str(zone), ambiguous=True, nonexistent="shift_forward")
            leave.loc[days.index, column] = local.dt.tz_convert("UTC")
    return leave


def _owners(kpi: KPI, items: pd.DataFrame, at: pd.Series, known: Known) -> pd.Series:
    """Who held each item at an instant; of what the CRM keeps no history, who holds it."""
    key, about = _about(kpi, items)
    if key != "lead_id":
        return items["owner_id"].astype(object)
    return owner_at(known.tables["lead_legs"], at, about)


def _excused(judged: pd.DataFrame, kpi: KPI, items: pd.DataFrame, promise: Promise, known: Known) -> pd.DataFrame:
    """The judgements, without the items that the agreement excludes, someone waived, or the lead took back in time."""
    _, about = _about(kpi, items)
    key = "lead_id" if kpi.subject in ABOUT_LEADS else "opportunity_id"
    waivers = known.tables["waivers"][known.tables["waivers"]["promise"].eq(promise.id)]
    words = WAIVED + waivers["approved_by"] + ": " + waivers["reason"]
    reason = about.map(words.groupby(waivers[key]).first()).astype(object)
    named = items.index.to_series().map(words.groupby(waivers["item"]).first())
    reason = reason.mask(reason.isna(), named)
    for column, values in promise.exclusions.items():
        found = _column(items, column, promise)
        reason = reason.mask(
            reason.isna() & found.isin(values), f"excluded by the agreement: {column} " + found.astype(object)
        )
    if "withdrawn_at" in items.columns:
        withdrawn = known.happened(items["withdrawn_at"])
        open_then = ~(judged["stopped_at"] <= withdrawn) & ~(judged["due_at"] <= withdrawn)
        reason = reason.mask(reason.isna() & withdrawn.notna() & open_then, "withdrawn before it was due")
    excused = reason.notna() & judged["state"].isin([*COUNTED, State.PENDING])
    blank = {column: judged[column].mask(excused) for column in ("numerator", "denominator", "value")}
    state = judged["state"].mask(excused, State.EXCLUDED)
    return judged.assign(state=state, reason=judged["reason"].mask(excused, reason), **blank)


def _traced(judged: pd.DataFrame, kpi: KPI, subject: pd.DataFrame, known: Known) -> pd.DataFrame:
    """With who held each item when it was due (a miss is theirs, whoever holds it now), and why it was missed."""
    owners = _owners(kpi, subject, judged["due_at"], known)
    names = owners.map(known.tables["users"].set_index("user_id")["name"])
    missed = judged["state"].eq(State.MISSED)
    replies = "first_touch_at" in kpi.columns
    cause = _causes(judged, subject, owners, known) if replies else _plain_causes(judged)
    return judged.assign(owner_at_deadline=names.fillna("nobody").astype(object), cause=cause.where(missed))


def _plain_causes(judged: pd.DataFrame) -> pd.Series:
    return judged["stopped_at"].notna().map({True: "done late", False: "not done"}).astype(object)


def _causes(judged: pd.DataFrame, leads: pd.DataFrame, owners: pd.Series, known: Known) -> pd.Series:
    """Why a lead was missed, in words: the first of these that is true of it."""
    assigned, due = known.happened(leads["assigned_at"]), judged["due_at"]
    words = np.select(
        [
            assigned.isna(),
            assigned >= due,
            _on_leave(owners, due, known),
            judged["stopped_at"].notna(),
            known.happened(leads["automatic_touch_at"]).notna(),
        ],
        ["never assigned", "assigned late", "owner on leave", "answered late", "only automatic mail"],
        default="no reply at all",
    )
    return pd.Series(words, index=judged.index, dtype=object)


def _on_leave(owners: pd.Series, at: pd.Series, known: Known) -> pd.Series:
    """Whether each owner was on leave on the local day of an instant."""
    days = known.local_days(at)
    asked = pd.DataFrame({"item": owners.index, "user_id": owners.to_numpy(), "day": days.to_numpy()})
    leave = asked.merge(known.tables["absences"], on="user_id")
    away = leave[leave["day"].ge(leave["from_on"]) & leave["day"].le(leave["to_on"])]
    return pd.Series(owners.index.isin(away["item"]), index=owners.index)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The same column types whatever a KPI left out, so that frames of several versions join cleanly."""
    if "censored" in frame:
        frame = frame.assign(censored=frame["censored"].eq(True))
    return frame.astype({name: TYPES[name] for name, kind in frame.dtypes.items() if TYPES.get(name, kind) != kind})
