"""Judgements to one row per promise and result: counts first, the estimate last, and what it means in a word."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pandas as pd

from slareport import statistics
from slareport.agreement import Agreement, Outcome, Promise
from slareport.judgements import Judgements, definition_of
from slareport.kpi import COUNTED, KPIS, State
from slareport.period import Period

KEPT, MISSED, TOO_FEW, NO_DATA = "kept", "missed", "too few", "no data"
BETTER, WORSE, SAME, NO_PREVIOUS, SHORT = (
    "better",
    "worse",
    "no real change",
    "no comparison",
    "incomplete history",
)
CLEARLY, CHANCE = "clearly", "could be chance"
REACH = 0.9


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
    target: float
    value: float
    n: int
    numerator: int | None
    denominator: int | None
    met: int | None
    missed: int | None
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


@dataclass(frozen=True)
class Frame:
    """What every row of one scorecard shares: whose it is, the zone of its periods, and how the data came to be."""

    team: str
    agreement: Agreement
    as_of: pd.Timestamp
    began_at: Mapping[str, pd.Timestamp]


def scorecard(judged: Judgements, period: Period, frame: Frame) -> pd.DataFrame:
    """The scorecard of a period: promises in the order of the agreement, then outcomes."""
    rows = [_scored(judged[name], name, [period], frame)[0] for name in measures(frame.agreement, period)]
    return _framed(rows)


def trend(judged: Judgements, name: str, periods: Sequence[Period], frame: Frame) -> pd.DataFrame:
    """The rows of one promise or outcome over periods that follow each other, oldest first, all as known now."""
    return _framed(_scored(judged[name], name, periods, frame))


def measures(agreement: Agreement, period: Period) -> list[str]:
    """The ids of all promises, then all outcomes, of the versions in force in a period."""
    versions = agreement.in_force(period)[::-1]
    promises = [p.id for version in versions for p in version.promises]
    outcomes = [o.id for version in versions for o in version.outcomes]
    return list(dict.fromkeys(promises + outcomes))


def _framed(rows: Sequence[Row]) -> pd.DataFrame:
    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(Row.__dataclass_fields__))
    return frame.astype(dict.fromkeys(("numerator", "denominator", "met", "missed"), "Int64"))


def _scored(judgements: pd.DataFrame, name: str, periods: Sequence[Period], frame: Frame) -> list[Row]:
    """One measure in each period, compared with the period before it."""
    ages = _ages(judgements)
    counts = [_count(judgements, ages, name, period, frame) for period in (periods[0].previous(), *periods)]
    return [_row(name, period, *pair, frame) for period, pair in zip(periods, pairwise(counts), strict=True)]


def _row(name: str, period: Period, before: _Count, now: _Count, frame: Frame) -> Row:
    whole = before.n > 0 and now.n > 0 and not before.truncated and not now.truncated
    comparable = whole and now.definitions == before.definitions
    previous = before.value if comparable else math.nan
    result, evidence = _kept(now) if now.is_promise else (_moved(now, before, comparable), "")
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
        target=float(now.target) if now.is_promise else math.nan,
        value=now.value,
        n=now.n,
        numerator=now.numerator,
        denominator=now.denominator,
        met=now.states.get(State.MET, 0) if now.is_promise else None,
        missed=now.states.get(State.MISSED, 0) if now.is_promise else None,
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


def in_period(judgements: pd.DataFrame, period: Period, zone: str) -> pd.DataFrame:
    """The judgements dated in a period."""
    start, end = period.bounds(zone)
    return judgements[judgements["at"].ge(start) & judgements["at"].lt(end)]


@dataclass(frozen=True)
class _Count:
    """One measure in one period, counted and estimated, before it is compared."""

    measure: Promise | Outcome
    states: Mapping[str, int]
    versions: str
    definitions: tuple[str, ...]
    target: Fraction
    n: int
    numerator: int | None
    denominator: int | None
    value: float
    low: float
    high: float
    truncated: bool

    @property
    def is_promise(self) -> bool:
        return isinstance(self.measure, Promise)


def _count(judgements: pd.DataFrame, ages: pd.Series, name: str, period: Period, frame: Frame) -> _Count:
    rows = in_period(judgements, period, frame.agreement.zone)
    counted = rows[rows["state"].isin(COUNTED)]
    having = {p: m for p, v in enumerate(frame.agreement.versions) if (m := v.measure(name)) is not None}
    used = sorted(set(rows["version"]))
    measure = having[used[-1]] if used else _in_force(having, period, frame.agreement)
    kpi = KPIS[measure.kpi]
    share = kpi.estimate == "share"
    numerator, denominator = int(counted["numerator"].sum()), int(counted["denominator"].sum())
    value, low, high = (
        _share(numerator, denominator) if share else statistics.median_with_interval(counted["value"].to_numpy())
    )
    return _Count(
        measure,
        {str(state): int(n) for state, n in rows["state"].value_counts().items()},
        ", ".join(frame.agreement.versions[position].version for position in used),
        tuple(sorted(set(counted["definition"]))),
        _blended_target(counted, having, measure),
        len(counted),
        numerator if share else None,
        denominator if share else None,
        value,
        low,
        high,
        truncated=_truncated(ages, period, frame, frame.began_at.get(kpi.subject)),
    )


def _in_force(having: Mapping[int, Promise | Outcome], period: Period, agreement: Agreement) -> Promise | Outcome:
    """The measure as the last version of a period has it, where no item says which version governs."""
    begun = bisect_left(agreement.effective_at(), period.bounds(agreement.zone)[1])
    return next((having[p] for p in reversed(range(begun)) if p in having), next(iter(having.values())))


def _share(numerator: int, denominator: int) -> tuple[float, float, float]:
    low, high = statistics.wilson(numerator, denominator)
    return numerator / denominator if denominator else math.nan, low, high


def _blended_target(
    counted: pd.DataFrame, having: Mapping[int, Promise | Outcome], measure: Promise | Outcome
) -> Fraction:
    """The target, exactly; where a period has several versions, each weighs by the items it governs."""
    if not isinstance(measure, Promise):
        return Fraction(0)
    targets = {p: Fraction(m.target) for p, m in having.items() if isinstance(m, Promise)}
    n = {int(str(position)): int(times) for position, times in counted["version"].value_counts().items()}
    if not n:
        return Fraction(measure.target)
    return sum((targets[p] * times for p, times in n.items()), Fraction(0)) / sum(n.values())


def _ages(judgements: pd.DataFrame) -> pd.Series:
    """How old each counted item was at the instant that puts it in a period."""
    counted = judgements[judgements["state"].isin(COUNTED)]
    age: Any = counted["at"] - counted["created_at"]
    return age


def _truncated(ages: Any, period: Period, frame: Frame, began_at: pd.Timestamp | None) -> bool:
    """Whether the log begins too late for this period: nine in ten items dated at its start must fit into it.

    A period right after the log's beginning holds only the items that went fast, and flatters every result.
    """
    reach = ages.quantile(REACH)
    if began_at is None or pd.isna(reach):
        return False
    start, _ = period.bounds(frame.agreement.zone)
    return bool(began_at > start - reach)


def _kept(now: _Count) -> tuple[str, str]:
    """Kept or missed is a fact about the period; clearly or by chance is how sure that makes us of the work."""
    if now.n == 0:
        return NO_DATA, ""
    if now.n < now.measure.min_n:
        return TOO_FEW, CHANCE
    met = now.states.get(State.MET, 0)
    kept = statistics.share_met(met, now.n, now.target)
    sure = statistics.evidence(met, now.n, now.target) == ("above" if kept else "below")
    return KEPT if kept else MISSED, CLEARLY if sure else CHANCE


def _moved(now: _Count, before: _Count, comparable: bool) -> str:
    if now.n == 0:
        return NO_DATA
    if now.truncated:
        return SHORT
    if now.n < now.measure.min_n:
        return TOO_FEW
    if not comparable or before.n < now.measure.min_n:
        return NO_PREVIOUS
    _, low, high = statistics.difference(now.value, now.low, now.high, before.value, before.low, before.high)
    if not (low > 0 or high < 0):
        return SAME
    return BETTER if (low > 0) == (KPIS[now.measure.kpi].better == "higher") else WORSE


def misses(judged: Judgements, period: Period, frame: Frame) -> pd.DataFrame:
    """The rows behind every miss of a period, the latest first within each promise."""
    found = []
    for name in measures(frame.agreement, period):
        rows = in_period(judged[name], period, frame.agreement.zone)
        missed = rows[rows["state"].eq(State.MISSED)]
        found.append(missed.assign(promise=name).rename_axis("item").reset_index())
    whole = pd.concat(found, ignore_index=True).assign(period=period.name)
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
