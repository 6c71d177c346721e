"""What holds for every KPI, also for one added tomorrow: rows in are rows out, and counts add up."""

import inspect
import random
import typing

import annotated_types
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import INSTANT, deal, lead
from judging import judge as judge_company

from slareport.clock import NO_PAUSES, Clock
from slareport.items import SUBJECTS
from slareport.kpi import COUNTED, KPIS, State, judge
from slareport.tables import TABLES
from slareport.worktime import Calendar, Duration, parse_duration

CALENDARS = {
    "berlin": Calendar("berlin", "Europe/Berlin", dict.fromkeys(range(5), ((540, 1020),)), "DE-BE"),
    "always": Calendar("always", "Australia/Lord_Howe", dict.fromkeys(range(7), ((0, 1440),))),
}
AS_OF = pd.Timestamp("2026-04-08T00:00Z")
AWKWARD = [
    pd.NaT,
    pd.Timestamp("2024-02-29T00:00Z"),  # leap day
    pd.Timestamp("2026-03-29T00:59:59.999999Z"),  # the last instant before Berlin's clocks go forward
    pd.Timestamp("2026-03-29T01:00Z"),
    pd.Timestamp("2025-10-26T00:30Z"),  # shown twice in Berlin
    pd.Timestamp("2025-10-26T01:30Z"),
    pd.Timestamp("2025-12-31T23:00Z"),  # midnight in Berlin, a new year
    pd.Timestamp("2026-04-07T23:59:59.999999Z"),
    AS_OF,  # the end of the data
    pd.Timestamp("2026-05-01T12:00Z"),
]
NUMBERS = [float("nan"), -5.0, 0.0, 0.5, 1.0, 6.0, 7.0, 9.0, 10.0, 199.9, 1e9]
TEXTS = [None, "", "x", "csat", "nps", *TABLES["opportunities"].columns["status"].choices]
DURATIONS = ["1 business minute", "2 business hours", "11.5 hours", "30 days"]

# As the real path builds them: the types of a subject's columns are those of its frame, which may be empty.
ITEMS = judge_company([lead("L", [("A", "2026-03-09 09:00")])], [deal("D", "2026-01-05")]).items


def cell(dice, dtype):
    """Whatever may stand in a column of this type."""
    if isinstance(dtype, pd.DatetimeTZDtype):
        near = AS_OF - pd.Timedelta(minutes=dice.randrange(-9_999, 99_999))
        return dice.choice([*AWKWARD, *[near] * len(AWKWARD)])
    if pd.api.types.is_bool_dtype(dtype):
        return dice.random() < 0.5
    if pd.api.types.is_integer_dtype(dtype):
        return dice.randrange(3)
    return dice.choice(NUMBERS if pd.api.types.is_numeric_dtype(dtype) else TEXTS)


def knob(dice, annotation):
    """A value that an agreement may give a knob of this type, at its limits too."""
    if annotation is Duration:
        return parse_duration(dice.choice(DURATIONS))
    if typing.get_origin(annotation) is typing.Literal:
        return dice.choice(typing.get_args(annotation))
    base, *limits = typing.get_args(annotation) or (annotation,)
    metadata = [one for limit in limits for one in getattr(limit, "metadata", [limit])]
    low = next((limit.ge for limit in metadata if isinstance(limit, annotated_types.Ge)), 0)
    high = next((limit.le for limit in metadata if isinstance(limit, annotated_types.Le)), low + 120)
    kinds = {int: dice.randint(low, high), float: dice.uniform(low, high), bool: dice.random() < 0.5, str: "x"}
    if base not in kinds:
        raise NotImplementedError(f"teach this test to make a knob of the type {annotation}")
    return dice.choice([low, kinds[base]]) if base is int else kinds[base]


def company(known, dice, n=None):
    """Items of a KPI's subject with anything in its columns, a team for each, knobs, and pauses of some."""
    n = dice.randrange(9) if n is None else n
    whole, index = ITEMS[known.subject], [f"i{number * 7 % 13}" for number in range(n)]
    items = pd.DataFrame(
        {name: pd.Series([cell(dice, whole[name].dtype) for _ in range(n)], index, _plain(whole[name].dtype))
         for name in known.columns},
        index=index,
    )  # fmt: skip
    teams = pd.Series([dice.choice(["north", "south"]) for _ in range(n)], items.index, dtype=object)
    knobs = {name: knob(dice, parameter.annotation) for name, parameter in known.knobs.items()}
    paused = [name for name in index if dice.random() < 0.3]
    begun = AS_OF - pd.Timedelta(minutes=dice.randrange(9_999))
    pauses = pd.DataFrame({"item": paused}).assign(from_at=begun, to_at=begun + pd.Timedelta(days=dice.randrange(9)))
    return items, teams, knobs, pauses


def _plain(dtype):
    return INSTANT if isinstance(dtype, pd.DatetimeTZDtype) else dtype


def judged(known, items, teams, knobs, pauses=NO_PAUSES):
    calendar_of = teams.map({"north": "berlin", "south": "always"}).astype(object)
    return judge(known, items, knobs, Clock(AS_OF, CALENDARS, "Europe/Berlin", calendar_of, pauses))


def counts(frame):
    counted = frame[frame["state"].isin(COUNTED)]
    sums = counted[["numerator", "denominator"]].sum().to_dict()
    return frame["state"].value_counts().to_dict() | sums


every_kpi = pytest.mark.parametrize("known", list(KPIS.values()), ids=list(KPIS))
quickly = settings(max_examples=5)
dice_of = given(st.integers(0, 2**32).map(random.Random))


@every_kpi
@quickly
@dice_of
def test_rows_in_are_rows_out_and_no_input_is_changed(known, dice):
    items, teams, knobs, pauses = company(known, dice)
    before, knobs_before, paused_before = items.copy(deep=True), dict(knobs), pauses.copy(deep=True)
    found = judged(known, items, teams, knobs, pauses)
    assert found.index.equals(items.index)
    pd.testing.assert_frame_equal(items, before)
    pd.testing.assert_frame_equal(pauses, paused_before)
    assert knobs == knobs_before
    allowed = set(State) - ({State.COUNTED} if known.kind == "promise" else {State.MET, State.MISSED})
    assert set(found["state"]) <= allowed


@every_kpi
@quickly
@dice_of
def test_the_order_of_rows_means_nothing(known, dice):
    items, teams, knobs, pauses = company(known, dice)
    order = dice.sample(list(items.index), len(items))
    found = judged(known, items, teams, knobs, pauses)
    again = judged(known, items.loc[order], teams.loc[order], knobs, pauses)
    pd.testing.assert_frame_equal(again.loc[items.index], found)


@every_kpi
@quickly
@dice_of
def test_the_teams_add_up_to_the_whole(known, dice):
    items, teams, knobs, pauses = company(known, dice)
    whole = counts(judged(known, items, teams, knobs, pauses))
    parts = [judged(known, items[teams.eq(t)], teams[teams.eq(t)], knobs, pauses) for t in ("north", "south")]
    added = [counts(part) for part in parts]
    assert {name: sum(part.get(name, 0) for part in added) for name in whole} == pytest.approx(whole)


@every_kpi
@quickly
@dice_of
def test_what_waits_is_never_counted(known, dice):
    """What counts has something to count; of a promise and a median what waits has nothing that could be."""
    found = judged(known, *company(known, dice))
    counted = found[found["state"].isin(COUNTED)]
    rest = found.drop(counted.index)
    if known.estimate == "median":
        assert counted["value"].notna().all()
        assert np.isfinite(counted["value"]).all()
    else:
        assert counted[["numerator", "denominator"]].notna().all(axis=None)
    if known.estimate == "share":
        assert counted["denominator"].eq(1).all()
        assert counted["numerator"].isin([0, 1]).all()
    if known.kind == "promise":
        assert rest[["numerator", "denominator"]].isna().all(axis=None)


@every_kpi
@settings(max_examples=1)
@dice_of
def test_nothing_in_nothing_out(known, dice):
    items, teams, knobs, pauses = company(known, dice, n=0)
    found = judged(known, items, teams, knobs, pauses)
    assert found.empty
    assert {"state", "numerator", "denominator", "value"} <= set(found)


@every_kpi
def test_it_says_what_it_is_and_what_counts(known):
    assert known.meaning.endswith("."), "a sentence"
    assert len(known.counting) > 60, "what counts, what does not, what waits"
    assert known.on in ITEMS[known.subject], "the column that dates an item is one of its own"
    assert isinstance(ITEMS[known.subject][known.on].dtype, pd.DatetimeTZDtype), "and it is an instant"
    assert not {p.kind for p in inspect.signature(known.function).parameters.values()} & {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    }


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_has_what_its_readers_need_even_when_it_is_empty(subject):
    empty, some = judge_company().items[subject], ITEMS[subject]
    needed = {"team", "name", "owner_id", "created_at"}
    for frame in (empty, some):
        assert needed <= set(frame)
        assert frame.index.is_unique
        assert frame.index.name not in frame.columns
    asked = {name for known in KPIS.values() if known.subject == subject for name in known.columns}
    assert asked, "a KPI asks for it"
    kinds = [frame[sorted(asked)].dtypes.map(_plain).astype(str).to_dict() for frame in (empty, some)]
    assert kinds[0] == kinds[1], "a column is of the same type whether there are items or not"
