"""What a KPI is: a plain function over columns that judges every row, and the registry that finds it by name.

Before the `*` of its signature stand columns of the subject's items, after it knobs that the agreement sets;
`clock` is supplied. Nothing is declared twice: the registry reads the signature and the docstring.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeVar

import pandas as pd

from slareport.errors import Problem, UsageError, did_you_mean

SUPPLIED = "clock"


class State(StrEnum):
    """What became of one item under one promise or outcome."""

    MET = "met"
    MISSED = "missed"
    COUNTED = "counted"  # an outcome's item: it counts, and is neither kept nor missed
    PENDING = "pending"
    EXCLUDED = "excluded"
    INVALID = "invalid"
    DOES_NOT_APPLY = "does not apply"


COUNTED = (State.MET, State.MISSED, State.COUNTED)

Kind = Literal["promise", "outcome"]
Estimate = Literal["share", "median", "ratio"]
Better = Literal["higher", "lower"]
Function = TypeVar("Function", bound=Callable[..., "pd.Series | pd.DataFrame"])


@dataclass(frozen=True)
class KPI:
    """One registered KPI: the function as written, and what its signature and docstring say."""

    function: Callable[..., pd.Series | pd.DataFrame]
    kind: Kind
    subject: str
    on: str
    estimate: Estimate
    label: str
    unit: str
    better: Better
    money: bool
    definition: str
    place: str
    columns: tuple[str, ...]
    knobs: Mapping[str, inspect.Parameter]

    @property
    def name(self) -> str:
        """The name an agreement calls it by: the function's."""
        return self.function.__name__

    @property
    def meaning(self) -> str:
        """The definition a sales manager understands: the docstring's first line."""
        return _paragraphs(self.function)[0]

    @property
    def counting(self) -> str:
        """What counts, what does not and what is pending: the docstring's second paragraph."""
        return _paragraphs(self.function)[1]


KPIS: dict[str, KPI] = {}


def kpi(
    *,
    kind: Kind,
    subject: str,
    on: str,
    estimate: Estimate,
    label: str,
    unit: str,
    better: Better,
    money: bool = False,
    version: int = 1,
) -> Callable[[Function], Function]:
    """Register a function as a KPI and return it untouched.

    `on` is the item column that dates an item (its period and the agreement version that governs it). `money` says
    that it sums amounts, which must then be of one currency. Raise `version` whenever the definition changes:
    results under different versions are not compared.
    Raises `UsageError` for a name that is taken by another place, a docstring without its two paragraphs, or a
    promise that is not estimated as the share kept.
    """

    def register(function: Function) -> Function:
        place = f"{function.__module__}.{function.__qualname__}"
        known = KPIS.get(function.__name__)
        if known and known.place != place:
            what = f"the KPI {function.__name__} is defined twice: in {known.place} and in {place}"
            raise UsageError(Problem(what, cure="rename one of them"))
        if len(_paragraphs(function)) < 2:
            what = "its docstring lacks the definition (first line) or what counts, what does not (second paragraph)"
            raise UsageError(Problem(what, place, cure="write both: they are printed in the packet"))
        if kind == "promise" and estimate != "share":
            what = f"a promise is kept or missed item by item, so its estimate is the share kept, not the {estimate}"
            raise UsageError(Problem(what, place, cure='write estimate="share", or kind="outcome"'))
        parameters = inspect.signature(function, eval_str=True).parameters
        KPIS[function.__name__] = KPI(
            function,
            kind,
            subject,
            on,
            estimate,
            label,
            unit,
            better,
            money,
            f"{function.__name__}.{version}",
            place,
            tuple(name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD),
            {n: p for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY and n != SUPPLIED},
        )
        return function

    return register


def judge(kpi: KPI, items: pd.DataFrame, knobs: Mapping[str, Any], clock: object) -> pd.DataFrame:
    """One judgement per item: `state`, `numerator`, `denominator`, `value`, and whatever evidence the KPI gives.

    A share counts items, a ratio sums numerators over denominators, and a median is of the values; an item that is
    `censored` has lasted so long already, and is not over.

    `items` is the subject's item frame with a unique index; the result has the same index. Raises `UsageError`
    where the KPI asks for a column that is not there, and `TypeError` where it returns something else than it may.
    """
    missing = [name for name in kpi.columns if name not in items.columns]
    if missing:
        what = f"the KPI {kpi.name} needs {', '.join(missing)} of {kpi.subject}"
        cure = "map the columns it needs, or " + did_you_mean(missing[0], items.columns)
        raise UsageError(Problem(what, kpi.place, cure=cure))
    supplied = {SUPPLIED: clock} if SUPPLIED in inspect.signature(kpi.function).parameters else {}
    answer = kpi.function(*(items[name] for name in kpi.columns), **knobs, **supplied)
    if not answer.index.equals(items.index):
        raise TypeError(f"{kpi.place} must return one row per item, with the items' index")
    return _normal(kpi, answer)


def _normal(kpi: KPI, answer: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """The four shapes a KPI may answer in, as one."""
    if isinstance(answer, pd.Series):
        if pd.api.types.is_bool_dtype(answer):
            raise TypeError(f"{kpi.place} returns booleans: an open item would read as a miss; return states")
        column = "value" if pd.api.types.is_float_dtype(answer) else "state"
        answer = answer.to_frame(column)
    frame = answer.copy()
    for column in ("numerator", "denominator", "value"):
        if column not in frame:
            frame[column] = float("nan")
    counted = frame["value"].notna() | frame["denominator"].gt(0)
    implied = counted.map({True: State.COUNTED.value, False: State.DOES_NOT_APPLY.value}).astype(object)
    frame["state"] = frame["state"].where(frame["state"].notna(), implied) if "state" in frame else implied
    _refuse_unknown_states(kpi, frame["state"])
    if kpi.kind == "promise":
        judged = frame["state"].isin(COUNTED)
        frame["numerator"] = frame["state"].eq(State.MET).astype(float).where(judged)
        frame["denominator"] = judged.astype(float).where(judged)
    _refuse_uncountable(kpi, frame[frame["state"].isin(COUNTED)])
    return frame


def _refuse_unknown_states(kpi: KPI, states: pd.Series) -> None:
    """A promise is kept or missed; an outcome is counted, so that a lost deal can never become a miss."""
    other = {State.COUNTED} if kpi.kind == "promise" else {State.MET, State.MISSED}
    known = [state for state in State if state not in other]
    unknown = sorted({str(state) for state in states} - set(known))
    if unknown:
        raise TypeError(f"{kpi.place} returns states {kpi.kind}s do not have: {unknown}; there are: {', '.join(known)}")


def _refuse_uncountable(kpi: KPI, counted: pd.DataFrame) -> None:
    """A share counts every item once, as a whole; a median needs a value of every item, a ratio both its parts."""
    if kpi.estimate == "median" and counted["value"].isna().any():
        raise TypeError(f"{kpi.place} counts items without a value; give them another state")
    if kpi.estimate == "ratio" and counted[["numerator", "denominator"]].isna().any(axis=None):
        raise TypeError(f"{kpi.place} counts items without a numerator or denominator; give them another state")
    whole = counted["denominator"].eq(1) & counted["numerator"].isin([0, 1])
    if kpi.estimate == "share" and not whole.all():
        raise TypeError(f"{kpi.place} counts items that are neither 0 nor 1 of 1, so they make no share")


def _paragraphs(function: Callable[..., Any]) -> list[str]:
    text = inspect.getdoc(function) or ""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
