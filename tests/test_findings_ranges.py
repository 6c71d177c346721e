"""Where a measure usually lies, and since when it lies elsewhere."""

import math

import pandas as pd
import pytest

from slareport.findings.ranges import usual
from slareport.period import parse_period

PERIODS = parse_period("2026Q3").history(10)
STEADY = [0.90, 0.92, 0.91, 0.93, 0.90, 0.92, 0.91, 0.93]


def rows(values, *, n=100, unit="%", definition="d", result="kept"):
    frame = pd.DataFrame({"value": values, "n": n, "unit": unit, "definition": definition, "result": result})
    return frame.assign(value=frame["value"].astype(float))


def range_of(values, **changes):
    return usual(rows(values, **changes), PERIODS[-len(values) :])


LEFT = [
    pytest.param([*STEADY, 0.60, 0.62], "2026Q2", True, id="fell two periods ago and stays there"),
    pytest.param([*STEADY, 0.92, 0.60], "2026Q3", True, id="fell now"),
    pytest.param([*STEADY, 0.99, 1.00], "2026Q2", False, id="rose two periods ago"),
    pytest.param([*STEADY, 0.60, 0.92], None, False, id="fell once and came back"),
    pytest.param([*STEADY, 0.91, 0.92], None, False, id="never left"),
]


@pytest.mark.parametrize(("values", "since", "below"), LEFT)
def test_a_measure_has_left_its_range_when_all_periods_since_are_outside(values, since, below):
    found = range_of(values)
    assert (found.left.name if found.left else None, found.below) == (since, below)
    assert found.low < 0.90 < 0.93 < found.high


def test_the_range_is_that_of_the_periods_before_it_was_left():
    assert range_of([*STEADY, 0.60, 0.62])[:2] == range_of([*STEADY, 0.10, 0.12])[:2]


NONE = [
    pytest.param({"values": [0.9] * 5 + [0.1]}, id="too few periods"),
    pytest.param({"values": [*STEADY, 0.6, 0.6], "n": [100, 20, 90, 15, 100, 20, 90, 15, 100, 20]},
                 id="shares of too different numbers of items"),
    pytest.param({"values": [*STEADY, 0.6, 0.6], "definition": ["old"] * 7 + ["new"] * 3},
                 id="measured otherwise before"),
    pytest.param({"values": [*STEADY, 0.6, 0.6], "result": ["incomplete history"] * 6 + ["kept"] * 4},
                 id="records that begin too late"),
    pytest.param({"values": [*STEADY, 0.6, 0.6], "n": 0}, id="nothing counted"),
]  # fmt: skip


@pytest.mark.parametrize("given", NONE)
def test_without_enough_alike_periods_there_is_no_range(given):
    found = range_of(**given)
    assert math.isnan(found.low)
    assert found.left is None


def test_a_median_needs_no_equal_numbers():
    found = range_of([30.0, 32, 31, 33, 30, 32, 31, 33, 60, 61], n=[10, 50] * 5, unit="days", result="no real change")
    assert (found.left.name, found.below) == ("2026Q2", False)
