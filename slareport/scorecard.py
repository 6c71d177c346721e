"""Judgements to one row per promise and result: the estimate with its counts, and what it means in a word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from slareport import statistics
from slareport.agreement import Promise, Version
from slareport.counting import Count, Frame, columns_of, count, dated_in, measures, reach_of
from slareport.judgements import Judgements, definition_of
from slareport.kpi import COUNTED, KPIS, State
from slareport.period import Period
from slareport.results import (
    BETTER,
    CHANCE,
    CLEARLY,
    KEPT,
    MISSED,
    NO_DATA,
    NO_PREVIOUS,
    NO_RANGE,
    NOT_MEASURABLE,
    SAME,
    SHORT,
    TOO_FEW,
    WORSE,
)
from slareport.statistics.variation import usual_range

PERIODS = 10
SUMS = ("numerator", "denominator")  # whole numbers as such, amounts with their decimals


@dataclass(frozen=True)
class Row:
    """One line of the scorecard. Rates are 0-1, medians in the KPI's unit; missing where there is nothing to say."""

    team: str
    period: str
    as_of: str
    promise: str
    title: str
    kind: str
    kpi: str
    definition: str
    version: str
    unit: str
    currency: str | None
    target: float
    value: float
    n: int
    numerator: int | float | None
    denominator: int | float | None
    met: int | None
    missed: int | None
    allowed: int | None
    pending: int
    excluded: int
    invalid: int
    low: float
    high: float
    result: str
    evidence: str
    previous: float
    previous_published: float
    change: float


def scorecard(judged: Judgements, period: Period, frame: Frame) -> pd.DataFrame:
    """The scorecard of a period: promises in the order of the agreement, then outcomes."""
    rows = [_scored(judged[name], name, [period], frame)[0] for name in measures(frame.agreement, period)]
    return _framed(rows)


def split(judged: Judgements, period: Period, frame: Frame) -> pd.DataFrame:
    """Every promise and result that a change to the agreement splits in a period, with a row under each version.

    That is what two versions define or promise otherwise, and had items under both: a blend of the two hides what
    either asked for. The rows are those of the scorecard, of the items that the version governs.
    """
    rows = []
    for name in measures(frame.agreement, period):
        ours = judged[name]
        due = ours["state"].isin([*COUNTED, State.PENDING]) & dated_in(ours, period, frame.agreement.zone)
        governing = sorted(set(ours["version"][due]))
        terms = [_terms(frame.agreement.versions[position], name) for position in governing]
        if any(one != terms[0] for one in terms):
            rows += [_scored(ours[ours["version"].eq(one)], name, [period], frame)[0] for one in governing]
    return _framed(rows)


def _terms(version: Version, name: str) -> list[Any]:
    """What a version says of a measure: what exactly is measured, and of a promise the share and the working hours."""
    measure = version.measure(name)
    promised = [measure.target, version.calendars] if isinstance(measure, Promise) else []
    return [definition_of(measure) if measure else "", *promised]


def trend(judged: Judgements, name: str, periods: Sequence[Period], frame: Frame) -> pd.DataFrame:
    """The rows of one promise or outcome over periods that follow each other, oldest first, all as known now."""
    return trends(judged, [name], periods, frame)[name]


def trends(
    judged: Judgements, names: Sequence[str], periods: Sequence[Period], frame: Frame
) -> dict[str, pd.DataFrame]:
    """The same of several promises and outcomes, by name."""
    whole = _framed([row for name in names for row in _scored(judged[name], name, periods, frame)])
    starts = range(0, len(whole), len(periods))
    return {
        name: whole[start : start + len(periods)].reset_index(drop=True)
        for name, start in zip(names, starts, strict=True)
    }


def _framed(rows: Sequence[Row]) -> pd.DataFrame:
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in Row.__dataclass_fields__}
    sums = {name: pd.Series(columns[name], dtype=object) for name in SUMS}
    types = {**dict.fromkeys(("met", "missed", "allowed"), "Int64"), "currency": "str"}
    return pd.DataFrame(columns | sums).astype(types)


def _scored(judgements: pd.DataFrame, name: str, periods: Sequence[Period], frame: Frame) -> list[Row]:
    """One measure in each period, compared with the period before it."""
    reach, columns = reach_of(judgements), columns_of(judgements)
    earlier = periods[0].history(PERIODS)
    counts = [count(columns, reach, name, period, frame) for period in (*earlier, *periods[1:])]
    now = range(PERIODS - 1, len(counts))
    return [_row(name, period, counts[: n + 1], frame) for n, period in zip(now, periods, strict=True)]


def _row(name: str, period: Period, counts: Sequence[Count], frame: Frame) -> Row:
    """The last of the counts, compared with the one before it; all of them tell its usual range."""
    *_, before, now = counts
    comparable = _usable(before, now) and _usable(now, now)
    previous = before.value if comparable else math.nan
    result, evidence = _judged(now, before, counts[:-1], comparable)
    kpi = KPIS[now.measure.kpi]
    return Row(
        team=frame.team,
        period=period.name,
        as_of=frame.as_of.isoformat(),
        promise=name,
        title=now.measure.title,
        kind=kpi.kind,
        kpi=kpi.name,
        definition="; ".join(now.definitions) or definition_of(now.measure),
        version=now.versions,
        unit=kpi.unit,
        currency=now.currencies[0] if len(now.currencies) == 1 else None,
        target=float(now.target) if now.is_promise else math.nan,
        value=now.value,
        n=now.n,
        numerator=now.numerator,
        denominator=now.denominator,
        met=now.states.get(State.MET, 0) if now.is_promise else None,
        missed=now.states.get(State.MISSED, 0) if now.is_promise else None,
        allowed=statistics.misses_allowed(now.n, now.target) if now.is_promise else None,
        pending=now.states.get(State.PENDING, 0),
        excluded=now.states.get(State.EXCLUDED, 0),
        invalid=now.states.get(State.INVALID, 0),
        low=now.low,
        high=now.high,
        result=result,
        evidence=evidence,
        previous=previous,
        previous_published=math.nan,
        change=now.value - previous,
    )


def _usable(count: Count, now: Count) -> bool:
    """Whether a count can stand beside another: it has items, whole records, one currency and the same definition."""
    return count.n > 0 and not count.truncated and not count.mixed and count.definitions == now.definitions


def _judged(now: Count, before: Count, earlier: Sequence[Count], comparable: bool) -> tuple[str, str]:
    """The result, and for a promise how sure it is."""
    if now.lacking or now.mixed:
        return NOT_MEASURABLE, ", ".join(now.lacking) or f"one currency, not {' and '.join(now.currencies)}"
    if now.n == 0:
        return NO_DATA, ""
    if now.is_promise:
        return _kept(now)
    if now.truncated:
        return SHORT, ""
    if now.n < now.measure.min_n:
        return TOO_FEW, ""
    if not comparable or before.n < before.measure.min_n:
        return NO_PREVIOUS, ""
    return _moved(now, before) if now.low == now.low else _outside(now, earlier), ""


def _kept(now: Count) -> tuple[str, str]:
    """Kept or missed is a fact about the period; clearly or by chance is how sure that makes us of the work."""
    if now.n < now.measure.min_n:
        return TOO_FEW, CHANCE
    met = now.states.get(State.MET, 0)
    kept = statistics.share_met(met, now.n, now.target)
    sure = statistics.evidence(met, now.n, now.target) == ("above" if kept else "below")
    return KEPT if kept else MISSED, CLEARLY if sure else CHANCE


def _moved(now: Count, before: Count) -> str:
    """Whether the change since the period before is more than chance."""
    _, low, high = statistics.difference(now.value, now.low, now.high, before.value, before.low, before.high)
    if math.isnan(low) or math.isnan(high):
        return NO_PREVIOUS
    return _direction(now, up=low > 0, down=high < 0)


def _outside(now: Count, earlier: Sequence[Count]) -> str:
    """Whether a figure that has no interval of its own, such as a quota's coverage, leaves its usual range."""
    usual = usual_range([one.value for one in earlier if _usable(one, now)])
    if usual.state == "too_few" or math.isnan(now.value):
        return NO_RANGE
    return _direction(now, up=now.value > usual.high, down=now.value < usual.low)


def _direction(now: Count, *, up: bool, down: bool) -> str:
    if not (up or down):
        return SAME
    return BETTER if up == (KPIS[now.measure.kpi].better == "higher") else WORSE


def misses(judged: Judgements, period: Period, frame: Frame) -> pd.DataFrame:
    """The rows behind every miss of a period, the latest first within each promise."""
    found = {}
    for name in measures(frame.agreement, period):
        rows = judged[name]
        found[name] = rows[dated_in(rows, period, frame.agreement.zone) & rows["state"].eq(State.MISSED)]
    whole = pd.concat(found, names=["promise", "item"]).reset_index().assign(period=period.name)
    whole["started_at"] = whole["at"]
    ordered = whole.sort_values(["promise", "late_minutes", "item"], ascending=[True, False, True], ignore_index=True)
    return ordered.reindex(columns=MISS_COLUMNS)


MISS_COLUMNS: list[Any] = [
    "team",
    "period",
    "promise",
    "item",
    "name",
    "account",
    "amount",
    "currency",
    "owner_at_deadline",
    "started_at",
    "due_at",
    "stopped_at",
    "elapsed_minutes",
    "late_minutes",
    "cause",
    "record_url",
]
