"""Judgements of one measure in one period, counted and estimated, before they are compared or judged."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from slareport import statistics
from slareport.agreement import Agreement, Outcome, Promise
from slareport.items.money import BETWEEN
from slareport.kpi import COUNTED, KPI, KPIS
from slareport.period import Period
from slareport.statistics import survival
from slareport.statistics.ratios import ratio_with_interval

REACH = 0.9
FROM = ("at", "state", "version", "definition", "numerator", "denominator", "value", "censored", "currency")
Columns = dict[str, np.ndarray]
UNKNOWN = statistics.Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Frame:
    """What every row of one scorecard shares: whose it is, the agreement, and how the data came to be.

    `began_at` holds the first instant of the records of leads and of deals, by their subject; `lacking`, per KPI, what
    the CRM does not give.
    """

    team: str
    agreement: Agreement
    as_of: pd.Timestamp
    began_at: Mapping[str, pd.Timestamp]
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def measures(agreement: Agreement, period: Period) -> list[str]:
    """The ids of all promises, then all outcomes, of the versions in force in a period."""
    versions = agreement.in_force(period)[::-1]
    promises = [p.id for version in versions for p in version.promises]
    outcomes = [o.id for version in versions for o in version.outcomes]
    return list(dict.fromkeys(promises + outcomes))


def in_period(judgements: pd.DataFrame, period: Period, zone: str) -> pd.DataFrame:
    """The judgements dated in a period."""
    return judgements[dated_in(judgements, period, zone)]


def dated_in(judgements: pd.DataFrame, period: Period, zone: str) -> np.ndarray:
    """Which judgements are dated in a period."""
    return _inside(_instants(judgements), period, zone)


def _instants(judgements: pd.DataFrame) -> np.ndarray:
    return judgements["at"].to_numpy("datetime64[us]")  # compared many times faster than zoned ones


def _inside(at: np.ndarray, period: Period, zone: str) -> np.ndarray:
    start, end = (instant.to_datetime64() for instant in period.bounds(zone))
    inside: np.ndarray = (at >= start) & (at < end)
    return inside


def _where(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: values[rows] for name, values in columns.items()}


@dataclass(frozen=True)
class Count:
    """One measure in one period: the states of its items, and what they add up to.

    `lacking` names the canonical columns that it needs and the CRM does not give; `currencies` are those of its
    amounts: several where there are no rates to make them one.
    """

    measure: Promise | Outcome
    states: Mapping[str, int]
    versions: str
    definitions: tuple[str, ...]
    target: Fraction
    n: int
    numerator: int | float | None
    denominator: int | float | None
    value: float
    low: float
    high: float
    truncated: bool
    lacking: tuple[str, ...]
    currencies: tuple[str, ...]

    @property
    def mixed(self) -> bool:
        """Whether its amounts cannot be added."""
        return len(self.currencies) > 1

    @property
    def is_promise(self) -> bool:
        """Whether it is kept or missed."""
        return isinstance(self.measure, Promise)


def columns_of(judgements: pd.DataFrame) -> Columns:
    """What is counted of judgements, as arrays: a period is cut out of them many times faster than out of a frame."""
    columns = {name: judgements[name].to_numpy() for name in FROM[1:]}
    return {"at": _instants(judgements), **columns}


def count(columns: Columns, reach: Any, name: str, period: Period, frame: Frame) -> Count:
    """One measure in one period, from the columns of all its judgements and the reach of those."""
    rows = _where(columns, _inside(columns["at"], period, frame.agreement.zone))
    counted = _where(rows, np.array([state in COUNTED for state in rows["state"]], bool))
    having = {p: m for p, v in enumerate(frame.agreement.versions) if (m := v.measure(name)) is not None}
    used = sorted(set(rows["version"]))
    measure = having[used[-1]] if used else _in_force(having, period, frame.agreement)
    kpi = KPIS[measure.kpi]
    lacking, currencies = frame.lacking.get(kpi.name, ()), _currencies(kpi, counted)
    unknown = bool(lacking) or len(currencies) > 1
    sums = kpi.estimate != "median" and not unknown
    value, low, high = UNKNOWN if unknown else _estimate(kpi, counted)
    return Count(
        measure,
        {str(state): n for state, n in Counter(rows["state"]).items()},
        ", ".join(frame.agreement.versions[position].version for position in used),
        tuple(sorted(set(counted["definition"]))),
        _blended_target(counted, having, measure),
        len(counted["at"]),
        _whole(np.nansum(counted["numerator"])) if sums else None,
        _whole(np.nansum(counted["denominator"])) if sums else None,
        value,
        low,
        high,
        truncated=_truncated(reach, period, frame, frame.began_at.get(kpi.subject)),
        lacking=lacking,
        currencies=currencies,
    )


def _in_force(having: Mapping[int, Promise | Outcome], period: Period, agreement: Agreement) -> Promise | Outcome:
    """The measure as the last version of a period has it, where no item says which version governs."""
    begun = bisect_left(agreement.effective_at(), period.bounds(agreement.zone)[1])
    return next((having[p] for p in reversed(range(begun)) if p in having), next(iter(having.values())))


def _estimate(kpi: KPI, counted: Columns) -> statistics.Estimate:
    """How the rows become a number, as the KPI says; a median of items still open takes in how far they got."""
    if kpi.estimate == "ratio":
        return ratio_with_interval(counted["numerator"], counted["denominator"])
    if kpi.estimate == "share":
        kept, n = int(np.nansum(counted["numerator"])), len(counted["at"])
        return statistics.Estimate(kept / n if n else math.nan, *statistics.wilson(kept, n))
    if counted["censored"].any():
        return survival.time_until(counted["value"], ~counted["censored"])
    return statistics.median_with_interval(counted["value"])


def _whole(total: float) -> int | float:
    return int(total) if total == int(total) else float(total)


def _currencies(kpi: KPI, counted: Columns) -> tuple[str, ...]:
    """The currencies of a KPI's amounts; a sum over several says nothing."""
    known = [cell for cell in counted["currency"] if isinstance(cell, str)] if kpi.money else []
    return tuple(sorted({currency for cell in known for currency in cell.split(BETWEEN)}))


def _blended_target(counted: Columns, having: Mapping[int, Promise | Outcome], measure: Promise | Outcome) -> Fraction:
    """The target, exactly; where a period has several versions, each weighs by the items it governs."""
    if not isinstance(measure, Promise):
        return Fraction(0)
    targets = {p: Fraction(m.target) for p, m in having.items() if isinstance(m, Promise)}
    n = {int(position): times for position, times in Counter(counted["version"]).items()}
    if not n:
        return Fraction(measure.target)
    return sum((targets[p] * times for p, times in n.items()), Fraction(0)) / sum(n.values())


def reach_of(judgements: pd.DataFrame) -> Any:
    """How old nine in ten counted items were at most at the instant that puts them in a period; NaT without items."""
    counted = judgements["state"].isin(COUNTED)
    age: Any = judgements["at"][counted] - judgements["created_at"][counted]
    return age.quantile(REACH)


def _truncated(reach: Any, period: Period, frame: Frame, began_at: pd.Timestamp | None) -> bool:
    """Whether the log begins too late for this period: nine in ten items dated at its start must fit into it.

    A period right after the log's beginning holds only the items that went fast, and flatters every result.
    """
    if began_at is None or pd.isna(reach):
        return False
    start, _ = period.bounds(frame.agreement.zone)
    return bool(began_at > start - reach)
