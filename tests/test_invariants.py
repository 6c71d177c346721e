"""What holds for every KPI, also for one added tomorrow: rows in are rows out, and counts add up."""

import inspect

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judging import INSTANT, deal
from judging import judge as judge_company

from slareport.clock import Clock
from slareport.kpi import COUNTED, KPIS, State, judge
from slareport.tables import STATUS
from slareport.worktime import Calendar, Duration, parse_duration

SUBJECTS = judge_company(deals=[deal("D", "2026-01-05")]).items  # as the real path builds them
CALENDARS = {
    "berlin": Calendar("berlin", "Europe/Berlin", dict.fromkeys(range(5), ((540, 1020),)), "DE-BE"),
    "always": Calendar("always", "Australia/Lord_Howe", dict.fromkeys(range(7), ((0, 1440),))),
}
AS_OF = pd.Timestamp("2026-04-08T00:00Z")
AWKWARD = [
    "2024-02-29T00:00Z",  # leap day
    "2026-03-29T00:59:59.999999Z",  # the last instant before Berlin's clocks go forward
    "2026-03-29T01:00Z",
    "2025-10-26T00:30Z",  # shown twice in Berlin
    "2025-10-26T01:30Z",
    "2025-12-31T23:00Z",  # midnight in Berlin, a new year
    "2026-04-07T23:59:59.999999Z",
    "2026-04-08T00:00Z",  # the end of the data
    "2026-05-01T12:00Z",
]
INSTANTS = (
    st.none()
    | st.sampled_from(AWKWARD).map(pd.Timestamp)
    | st.integers(0, 2_000_000).map(lambda minutes: pd.Timestamp("2023-01-01T00:00Z") + pd.Timedelta(minutes=minutes))
)
NUMBERS = st.none() | st.integers(-5, 200).map(float) | st.floats(-5, 200)
KNOBS = {
    Duration: st.sampled_from(["1 business minute", "2 business hours", "11.5 hours"]).map(parse_duration),
    int: st.integers(1, 120),
    float: st.floats(0, 1),
    str: st.text(max_size=3),
    bool: st.booleans(),
}


def cells(column, dtype):
    """Whatever may stand in a column of this name and type."""
    if isinstance(dtype, pd.DatetimeTZDtype):
        return INSTANTS
    if pd.api.types.is_bool_dtype(dtype):
        return st.booleans()
    if pd.api.types.is_numeric_dtype(dtype):
        return NUMBERS
    return st.sampled_from(STATUS.choices) if column == "status" else st.none() | st.text(max_size=3)


@st.composite
def companies(draw, known):
    """Items of a KPI's subject with a team, and the knobs to judge them with."""
    n = draw(st.integers(0, 12))
    types = SUBJECTS[known.subject].dtypes
    columns = {
        name: pd.Series(draw(st.lists(cells(name, types[name]), min_size=n, max_size=n)), dtype=_plain(types[name]))
        for name in known.columns
    }
    items = pd.DataFrame(columns, index=range(n)).set_axis([f"id-{number * 7 % 13}" for number in range(n)])
    teams = draw(st.lists(st.sampled_from(["north", "south"]), min_size=n, max_size=n))
    knobs = {name: draw(KNOBS[parameter.annotation]) for name, parameter in known.knobs.items()}
    return items, pd.Series(teams, items.index, dtype=object), knobs


def _plain(dtype):
    return INSTANT if isinstance(dtype, pd.DatetimeTZDtype) else dtype


def judged(known, items, teams, knobs):
    calendar_of = teams.map({"north": "berlin", "south": "always"}).astype(object)
    return judge(known, items, knobs, Clock(AS_OF, CALENDARS, "Europe/Berlin", calendar_of))


def counts(frame):
    counted = frame[frame["state"].isin(COUNTED)]
    sums = counted[["numerator", "denominator"]].sum().to_dict()
    return frame["state"].value_counts().to_dict() | sums


every_kpi = pytest.mark.parametrize("known", list(KPIS.values()), ids=list(KPIS))
quickly = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])


@every_kpi
@quickly
@given(st.data())
def test_rows_in_are_rows_out_and_no_input_is_changed(known, data):
    items, teams, knobs = data.draw(companies(known))
    before, knobs_before = items.copy(deep=True), dict(knobs)
    found = judged(known, items, teams, knobs)
    assert found.index.equals(items.index)
    pd.testing.assert_frame_equal(items, before)
    assert knobs == knobs_before
    allowed = set(State) - ({State.COUNTED} if known.kind == "promise" else {State.MET, State.MISSED})
    assert set(found["state"]) <= allowed


@every_kpi
@quickly
@given(st.data())
def test_the_order_of_rows_means_nothing(known, data):
    items, teams, knobs = data.draw(companies(known))
    order = data.draw(st.permutations(list(items.index)))
    found = judged(known, items, teams, knobs)
    pd.testing.assert_frame_equal(judged(known, items.loc[order], teams.loc[order], knobs).loc[items.index], found)


@every_kpi
@quickly
@given(st.data())
def test_the_teams_add_up_to_the_whole(known, data):
    items, teams, knobs = data.draw(companies(known))
    whole = counts(judged(known, items, teams, knobs))
    parts = [judged(known, items[teams.eq(team)], teams[teams.eq(team)], knobs) for team in ("north", "south")]
    added = [counts(part) for part in parts]
    assert {name: sum(part.get(name, 0) for part in added) for name in whole} == whole


@every_kpi
@quickly
@given(st.data())
def test_what_waits_is_never_counted(known, data):
    items, teams, knobs = data.draw(companies(known))
    found = judged(known, items, teams, knobs)
    counted = found["state"].isin(COUNTED)
    estimated = found["value"].notna() if known.estimate == "median" else found["denominator"].eq(1)
    assert estimated[counted].all(), "what counts has something to count"
    if known.kind == "promise" or known.estimate == "median":
        assert not estimated[~counted].any(), "and what waits has not"


@every_kpi
def test_nothing_in_nothing_out(known):
    items = SUBJECTS[known.subject].head(0)
    knobs = {name: _some(parameter.annotation) for name, parameter in known.knobs.items()}
    found = judged(known, items, pd.Series(dtype=object, index=items.index), knobs)
    assert found.empty
    assert {"state", "numerator", "denominator", "value"} <= set(found)


def _some(annotation):
    return parse_duration("1 hour") if annotation is Duration else annotation(1)


@every_kpi
def test_it_says_what_it_is_and_what_counts(known):
    assert known.meaning.endswith("."), "a sentence"
    assert len(known.counting) > 60, "what counts, what does not, what waits"
    assert known.subject in SUBJECTS
    assert known.on in SUBJECTS[known.subject], "the column that dates an item is one of its own"
    assert {p.annotation for p in known.knobs.values()} <= set(KNOBS), "teach KNOBS in this test the new kind of knob"
    assert not {p.kind for p in inspect.signature(known.function).parameters.values()} & {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    }
