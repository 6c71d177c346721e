"""Registering KPIs and judging with them: what is accepted, and what each refusal says."""

import pandas as pd
import pytest

from slareport.errors import UsageError
from slareport.kpi import COUNTED, KPIS, SUPPLIED, State, judge, kpi

ITEMS = pd.DataFrame({"size": [1.0, 2.0, None], "won": [True, False, True]}, index=["a", "b", "c"])
ABOUT = {"subject": "leads", "on": "assigned_at", "label": "Size", "unit": "%", "better": "higher"}


@pytest.fixture(autouse=True)
def _registry():
    """Whatever a test registers is forgotten after it."""
    known = dict(KPIS)
    yield
    KPIS.clear()
    KPIS.update(known)


def answering(answer, kind="outcome", estimate="share"):
    """A KPI that answers with what a function makes of the column `size`."""

    def size_kpi(size):
        """One sentence.

        What counts.
        """
        return answer(size)

    kpi(kind=kind, estimate=estimate, **ABOUT)(size_kpi)
    return KPIS["size_kpi"]


def test_the_signature_and_the_docstring_say_everything():
    @kpi(kind="outcome", estimate="median", version=3, **ABOUT)
    def weight(size, won, *, limit: int, clock):  # noqa: ARG001
        """How heavy it is,
        on one line.

        What counts
        and what does not.

        A third paragraph is for analysts.
        """
        return size

    known = KPIS["weight"]
    assert (known.columns, list(known.knobs)) == (("size", "won"), ["limit"])
    assert SUPPLIED not in known.knobs
    assert (known.meaning, known.counting) == ("How heavy it is, on one line.", "What counts and what does not.")
    assert known.definition == "weight.3"
    assert weight(ITEMS["size"], ITEMS["won"], limit=1, clock=None).equals(ITEMS["size"]), "returned untouched"


def test_a_cell_run_twice_registers_the_same_kpi_again():
    first, second = answering(lambda size: size), answering(lambda size: size * 2)
    assert first.place == second.place
    assert KPIS["size_kpi"] is second


def test_one_name_from_two_places_is_refused_naming_both():
    answering(lambda size: size)

    def size_kpi(size):
        """One sentence.

        What counts.
        """

    with pytest.raises(UsageError, match=r"defined twice: in \S*answering\S* and in \S*two_places"):
        kpi(kind="outcome", estimate="share", **ABOUT)(size_kpi)


@pytest.mark.parametrize("text", ["", "One sentence.", "One sentence,\nstill the first paragraph."])
def test_a_docstring_without_both_paragraphs_is_refused(text):
    def silent(size):
        return size

    silent.__doc__ = text
    with pytest.raises(UsageError, match="what counts, what does not"):
        kpi(kind="outcome", estimate="share", **ABOUT)(silent)
    assert "silent" not in KPIS


def test_a_promise_is_a_share_of_items():
    with pytest.raises(UsageError, match="kept or missed item by item"):
        answering(lambda size: size, kind="promise", estimate="median")


def test_a_missing_column_is_named_with_the_nearest_there_is():
    with pytest.raises(UsageError, match=r"needs size of leads.*siez"):
        judge(answering(lambda size: size), ITEMS.rename(columns={"size": "siez"}), {}, None)


STATES = ["met", "missed", "pending"]


@pytest.mark.parametrize(
    ("answer", "kind", "estimate", "states"),
    [
        pytest.param(
            lambda s: pd.Series(STATES, s.index), "promise", "share", STATES, id="a Series of states: a promise"
        ),
        pytest.param(
            lambda s: pd.DataFrame({"state": STATES, "due_at": pd.NaT}, s.index), "promise", "share", STATES,
            id="a frame of states and evidence",
        ),
        pytest.param(
            lambda s: s, "outcome", "median", ["counted", "counted", "does not apply"],
            id="a Series of values: what has one counts",
        ),
        pytest.param(
            lambda s: pd.DataFrame({"numerator": 0.0, "denominator": [1.0, 1.0, 0.0]}, s.index), "outcome", "share",
            ["counted", "counted", "does not apply"], id="numerator and denominator: what has a denominator counts",
        ),
        pytest.param(
            lambda s: pd.DataFrame({"value": s, "state": [None, "pending", None]}, s.index), "outcome", "median",
            ["counted", "pending", "does not apply"], id="a state that is given goes before one that is implied",
        ),
    ],
)  # fmt: skip
def test_the_answers_a_kpi_may_give(answer, kind, estimate, states):
    found = judge(answering(answer, kind, estimate), ITEMS, {}, None)
    assert found["state"].tolist() == states
    assert {"numerator", "denominator", "value"} <= set(found)


def test_a_promise_counts_its_met_among_its_met_and_missed():
    found = judge(answering(lambda s: pd.Series(STATES, s.index), "promise"), ITEMS, {}, None)
    assert found["numerator"].tolist()[:2] == [1, 0]
    assert found["denominator"].tolist()[:2] == [1, 1]
    assert found.loc["c", ["numerator", "denominator"]].isna().all(), "what waits is in neither"


@pytest.mark.parametrize(
    ("answer", "kind", "estimate", "said"),
    [
        pytest.param(lambda s: s > 1, "promise", "share", "booleans", id="booleans: an open item would be a miss"),
        pytest.param(
            lambda s: (s > 1).astype("boolean"), "promise", "share", "booleans", id="booleans that can be missing"
        ),
        pytest.param(
            lambda s: (s > 1).astype(object), "promise", "share", "states promises do not have", id="hidden booleans"
        ),
        pytest.param(
            lambda s: pd.DataFrame({"state": s > 1}), "promise", "share", "states promises do not have",
            id="booleans in a frame",
        ),
        pytest.param(
            lambda s: pd.Series("late", s.index), "promise", "share", "'late'.*there are: met, missed, pending",
            id="a state that does not exist",
        ),
        pytest.param(
            lambda s: pd.Series("missed", s.index), "outcome", "share", "states outcomes do not have",
            id="an outcome that is missed: a lost deal is no miss",
        ),
        pytest.param(
            lambda s: pd.Series("counted", s.index), "promise", "share", "states promises do not have",
            id="a promise that is neither kept nor missed",
        ),
        pytest.param(lambda s: s.dropna(), "outcome", "median", "one row per item", id="rows left out"),
        pytest.param(
            lambda s: s.reset_index(drop=True), "outcome", "median", "one row per item", id="another index"
        ),
        pytest.param(
            lambda s: pd.DataFrame({"value": s, "state": "counted"}), "outcome", "median", "without a value",
            id="a median that counts an item without a value",
        ),
        pytest.param(
            lambda s: pd.DataFrame({"numerator": s, "denominator": 2.0}), "outcome", "share", "neither 0 nor 1 of 1",
            id="a share that counts an item twice",
        ),
        pytest.param(lambda s: s, "outcome", "share", "neither 0 nor 1 of 1", id="a share of values"),
    ],
)  # fmt: skip
def test_the_answers_a_kpi_may_not_give(answer, kind, estimate, said):
    with pytest.raises(TypeError, match=said):
        judge(answering(answer, kind, estimate), ITEMS, {}, None)


def test_the_states_that_count():
    assert set(COUNTED) == {State.MET, State.MISSED, State.COUNTED}
