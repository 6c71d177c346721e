"""Judgements to one row per promise and result: counts first, the estimate last, and what it means in a word."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from slareport import statistics
from slareport.agreement import Agreement, Outcome, Promise
from slareport.judgements import Judgements
from slareport.kpi import KPIS, State
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
    """One line of the scorecard. Rates are 0-1, medians in the KPI's unit; NaN where there is nothing to say."""

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
    numerator: float
    denominator: float
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
    rows = [score(judged, name, period, frame) for name in measures(frame.agreement, period)]
    return pd.DataFrame([asdict(row) for row in rows], columns=list(Row.__dataclass_fields__))


def trend(judged: Judgements, name: str, periods: Sequence[Period], frame: Frame) -> pd.DataFrame:
    """The rows of one promise or outcome over several periods, all as known now."""
    return pd.DataFrame([asdict(score(judged, name, period, frame)) for period in periods])


def measures(agreement: Agreement, period: Period) -> list[str]:
    """The ids of all promises, then all outcomes, of the versions in force in a period."""
    versions = agreement.in_force(period)[::-1]
    promises = [p.id for version in versions for p in version.promises]
    outcomes = [o.id for version in versions for o in version.outcomes]
    return list(dict.fromkeys(promises + outcomes))


def score(judged: Judgements, name: str, period: Period, frame: Frame) -> Row:
    """One promise or outcome in one period, compared with the period before."""
    now = _Count.of(judged, name, period, frame)
    before = _Count.of(judged, name, period.previous(), frame)
    comparable = before.n > 0 and now.n > 0 and now.definitions == before.definitions
    previous = before.value if comparable else math.nan
    result, evidence = _kept(now) if now.is_promise else (_moved(now, before, comparable), "")
    measure = now.measure
    return Row(
        team=frame.team,
        period=period.name,
        as_of=frame.as_of.isoformat(),
        promise=name,
        title=measure.title,
        kind=KPIS[measure.kpi].kind,
        kpi=measure.kpi,
        definition=", ".join(now.definitions) or KPIS[measure.kpi].definition,
        version=now.versions,
        unit=KPIS[measure.kpi].unit,
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
    numerator: float
    denominator: float
    value: float
    low: float
    high: float
    truncated: bool

    @property
    def is_promise(self) -> bool:
        return isinstance(self.measure, Promise)

    @classmethod
    def of(cls, judged: Judgements, name: str, period: Period, frame: Frame) -> _Count:
        versions = frame.agreement.versions
        rows = in_period(judged[name], period, frame.agreement.zone)
        counted = rows[rows["state"].isin([State.MET, State.MISSED, State.COUNTED])]
        having = [(p, m) for p, v in enumerate(versions) if (m := v.measure(name)) is not None]
        used = sorted(set(rows["version"]))
        measure = next((m for p, m in reversed(having) if not used or p == used[-1]), having[-1][1])
        kpi = KPIS[measure.kpi]
        estimate = _median(counted) if kpi.estimate == "median" else _share(counted)
        return cls(
            measure,
            {str(state): int(n) for state, n in rows["state"].value_counts().items()},
            ", ".join(versions[position].version for position in used),
            tuple(sorted(set(counted["definition"]))),
            _blended_target(counted, dict(having)),
            len(counted),
            float(counted["numerator"].sum()) if kpi.estimate == "share" else math.nan,
            float(counted["denominator"].sum()) if kpi.estimate == "share" else math.nan,
            *estimate,
            truncated=_truncated(judged[name], period, frame, frame.began_at.get(kpi.subject)),
        )


def _share(counted: pd.DataFrame) -> tuple[float, float, float]:
    numerator, denominator = int(counted["numerator"].sum()), int(counted["denominator"].sum())
    low, high = statistics.wilson(numerator, denominator)
    return numerator / denominator if denominator else math.nan, low, high


def _median(counted: pd.DataFrame) -> tuple[float, float, float]:
    value, low, high = statistics.median_with_interval(counted["value"])
    return value, low, high


def _blended_target(counted: pd.DataFrame, measures: Mapping[int, Promise | Outcome]) -> Fraction:
    """The target, exactly; where a period has several versions, each weighs by the items it governs."""
    targets = {p: Fraction(m.target) for p, m in measures.items() if isinstance(m, Promise)}
    n = {int(str(position)): int(times) for position, times in counted["version"].value_counts().items()}
    if not targets:
        return Fraction(0)
    if not n:
        return list(targets.values())[-1]
    return sum((targets[p] * times for p, times in n.items()), Fraction(0)) / sum(n.values())


def _truncated(judgements: pd.DataFrame, period: Period, frame: Frame, began_at: pd.Timestamp | None) -> bool:
    """Whether the log begins too late for this period: nine in ten of its items must be able to be in it.

    A period right after the log's beginning holds only the items that went fast, and flatters every result.
    """
    counted = judgements[judgements["state"].isin([State.MET, State.MISSED, State.COUNTED])]
    reach: Any = (counted["at"] - counted["created_at"]).quantile(REACH)
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
    met = int(now.numerator)
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
    if not comparable or before.truncated or before.n < now.measure.min_n:
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
