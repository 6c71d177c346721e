"""Statistics against published figures; each id names the source."""

import math
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from slareport.statistics import (
    difference,
    evidence,
    median_with_interval,
    misses_allowed,
    share_met,
    wilson,
)

TRANSISTOR_LIVES = [
    46.9,
    47.2,
    49.1,
    56.5,
    56.8,
    59.2,
    59.9,
    63.2,
    63.3,
    63.4,
    63.7,
    64.1,
    67.1,
    67.7,
    73.3,
    78.5,
]


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        pytest.param(81, 263, 0.2553, 0.3662, id="Newcombe 1998, table I, 81 of 263"),
        pytest.param(15, 148, 0.0624, 0.1605, id="Newcombe 1998, table I, 15 of 148"),
        pytest.param(0, 20, 0.0, 0.1611, id="Newcombe 1998, table I, none of 20"),
        pytest.param(1, 29, 0.0061, 0.1718, id="Newcombe 1998, table I, 1 of 29"),
        pytest.param(23, 60, 0.2709, 0.5098, id="VassarStats, 23 of 60"),
        pytest.param(7, 50, 0.0695, 0.2619, id="SciPy's binomtest example, 7 of 50"),
        pytest.param(10, 10, 10 / (10 + 1.959964**2), 1.0, id="by hand, all of n: n / (n + z squared)"),
    ],
)
def test_the_interval_of_a_share(k, n, low, high):
    assert wilson(k, n) == pytest.approx((low, high), abs=6e-5)


def test_a_share_of_nothing_has_no_interval():
    assert all(math.isnan(end) for end in wilson(0, 0))


@pytest.mark.parametrize(
    ("values", "median", "low", "high"),
    [
        pytest.param(TRANSISTOR_LIVES, 63.25, 56.5, 67.1, id="Conover, transistor lives"),
        pytest.param(range(1, 7), 3.5, 1, 6, id="six values: the smallest and the largest"),
        pytest.param(range(1, 10), 5, 2, 8, id="nine values: second and eighth"),
        pytest.param(range(1, 11), 5.5, 2, 9, id="ten values: second and ninth"),
        pytest.param([3, math.nan, 1, 2, 6, 5, 4], 3.5, 1, 6, id="any order, missing values left out"),
    ],
)
def test_the_interval_of_a_median(values, median, low, high):
    assert median_with_interval(values) == (median, low, high)
    assert median_with_interval(pd.Series(values, dtype=float)) == (median, low, high)


def test_five_values_are_too_few_for_an_interval():
    median, low, high = median_with_interval([5, 1, 4, 2, 3])
    assert (median, math.isnan(low), math.isnan(high)) == (3, True, True)


def test_no_values_have_no_median():
    assert all(math.isnan(part) for part in median_with_interval([math.nan]))


@given(st.integers(6, 300))
def test_the_interval_of_a_median_covers_at_least_95_percent_and_no_tighter_one_does(n):
    _, low, high = median_with_interval(range(1, n + 1))
    assert low + high == n + 1
    assert 1 - 2 * stats.binom.cdf(low - 1, n, 0.5) >= 0.95 > 1 - 2 * stats.binom.cdf(low, n, 0.5)


@pytest.mark.parametrize(
    ("k", "n", "verdict"),
    [
        pytest.param(17, 20, "too_few", id="17 of 20, tail .3231"),
        pytest.param(14, 20, "below", id="14 of 20, tail .0113"),
        pytest.param(2, 4, "too_few", id="2 of 4, tail .0523"),
        pytest.param(0, 2, "below", id="none of 2, tail .0100"),
        pytest.param(0, 1, "too_few", id="none of 1, where Wilson would say below"),
        pytest.param(40, 50, "below", id="40 of 50, tail .0245"),
        pytest.param(23, 30, "too_few", id="23 of 30, tail .0258"),
        pytest.param(34, 40, "too_few", id="34 of 40, tail .2063"),
        pytest.param(35, 35, "too_few", id="all of 35, tail .02503"),
        pytest.param(36, 36, "above", id="all of 36"),
        pytest.param(0, 0, "too_few", id="nothing"),
    ],
)
def test_evidence_against_ninety_percent(k, n, verdict):
    assert evidence(k, n, "0.9") == evidence(k, n, 0.9) == verdict


def test_evidence_uses_the_tail_of_the_published_example():
    # SciPy's binomtest example: 3 or more unsafe of 15 at 10% has probability 0.18406106910639.
    assert stats.binom.sf(2, 15, 0.1) == pytest.approx(0.18406106910639)
    assert evidence(3, 15, 0.1) == "too_few"


@pytest.mark.parametrize(("k", "verdict"), [(9, "below"), (10, "too_few")])
def test_a_target_of_all_is_certainly_missed_by_one_miss_and_never_surpassed(k, verdict):
    assert evidence(k, 10, 1) == verdict


@pytest.mark.parametrize(
    ("k", "n", "target", "met"),
    [
        pytest.param(9, 10, 0.9, True, id="nine tenths are nine tenths"),
        pytest.param(7, 10, 0.7, True, id="0.7 as a binary fraction is below seven tenths, 0.7 here is not"),
        pytest.param(8996, 10_000, "0.9", False, id="C15 89.96% misses 90%"),
        pytest.param(899, 1000, 0.9, False, id="C15 89.9% misses 90%"),
        pytest.param(10**17 * 9 - 1, 10**18, 0.9, False, id="one short in 10^18, where floats are equal"),
        pytest.param(2, 3, Fraction(2, 3), True, id="two thirds"),
        pytest.param(0, 5, Decimal("0"), True, id="no target at all"),
    ],
)
def test_a_target_is_compared_exactly(k, n, target, met):
    assert share_met(k, n, target) is met


def test_no_items_are_neither_kept_nor_missed():
    with pytest.raises(ValueError, match="no items"):
        share_met(0, 0, 0.9)


@pytest.mark.parametrize("target", [95, -0.1, "1.01"])
def test_a_target_is_a_rate(target):
    with pytest.raises(ValueError, match="0-1"):
        misses_allowed(10, target)


@pytest.mark.parametrize(
    ("n", "target", "allowed"),
    [
        pytest.param(40, 0.9, 4, id="4 of 40, where floats say 3.9999 and so 3"),
        pytest.param(39, 0.9, 3, id="a fraction of a miss is none"),
        pytest.param(40, 1, 0, id="none when all are promised"),
        pytest.param(0, 0.9, 0, id="none of nothing"),
    ],
)
def test_misses_allowed(n, target, allowed):
    assert misses_allowed(n, target) == allowed


@given(st.integers(1, 500), st.integers(0, 1000).map(lambda thousandths: str(thousandths / 1000)))
def test_the_allowed_misses_keep_the_target_and_one_more_does_not(n, target):
    allowed = misses_allowed(n, target)
    assert share_met(n - allowed, n, target)
    assert allowed == n or not share_met(n - allowed - 1, n, target)


def test_the_difference_of_two_shares_newcombe_1998_56_of_70_against_48_of_80():
    change = difference(56 / 70, *wilson(56, 70), 48 / 80, *wilson(48, 80))
    assert change == pytest.approx((0.2, 0.0524, 0.3339), abs=6e-5)


def test_the_difference_of_two_shares_newcombe_1998_all_of_10_against_none_of_10():
    change = difference(1.0, *wilson(10, 10), 0.0, *wilson(0, 10))
    assert change == pytest.approx((1.0, 0.6075, 1.0), abs=6e-5)


def test_the_difference_of_two_medians_by_hand():
    # 10 (7 to 14) against 4 (1 to 8): 6, minus root(3^2 + 4^2) = 5, plus root(4^2 + 3^2) = 5.
    assert difference(10, 7, 14, 4, 1, 8) == (6, 1, 11)


def test_a_difference_without_an_interval_has_none():
    change, low, high = difference(10, math.nan, math.nan, 4, 1, 8)
    assert (change, math.isnan(low), math.isnan(high)) == (6, True, True)
