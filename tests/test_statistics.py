"""Statistics against published figures; each id names the source."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from slareport.statistics import (
    chance_of_at_most,
    chance_of_exhaustion,
    clopper_pearson,
    difference,
    error_budget,
    evidence,
    median_with_interval,
    misses_allowed,
    quantile_with_interval,
    share_met,
    wilson,
)
from slareport.statistics.decomposition import dwell_change, funnel_change, mix_and_rate
from slareport.statistics.forecasting import (
    bias,
    brier,
    chance_of_at_least,
    forecast_value_added,
    naive_forecasts,
    outlook,
    reliability,
    spiegelhalter,
    value_distribution,
    wape,
    win_distribution,
)
from slareport.statistics.looks import adjusted, looks
from slareport.statistics.satisfaction import net_promoter_score
from slareport.statistics.shrinkage import Prior, beta_binomial_prior, observed_over_expected, shrunk_rates
from slareport.statistics.survival import chance_by, cumulative_incidence, kaplan_meier, logrank, time_until
from slareport.statistics.variation import signals, usual_range

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
        pytest.param(34, 40, 0.7093, 0.9294, id="a share of promises, 34 of 40"),
        pytest.param(3, 8, 0.1368, 0.6943, id="a backtest of eight periods, 3 of 8"),
        pytest.param(10, 10, 10 / (10 + 1.959964**2), 1.0, id="by hand, all of n: n / (n + z squared)"),
    ],
)
def test_the_interval_of_a_share(k, n, low, high):
    assert wilson(k, n) == pytest.approx((low, high), abs=6e-5)


def test_the_exact_interval_of_a_share_scipy_binomtest_example_7_of_50():
    assert clopper_pearson(7, 50) == pytest.approx((0.05819170033997, 0.26739600249701), abs=1e-11)


@pytest.mark.parametrize(("k", "low", "high"), [(0, 0.0, 1 - 0.025 ** (1 / 9)), (9, 0.025 ** (1 / 9), 1.0)])
def test_the_exact_interval_of_none_and_of_all_by_hand(k, low, high):
    assert clopper_pearson(k, 9) == pytest.approx((low, high))


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


EXAM_SCORES = [189, 233, 195, 160, 212, 176, 231, 185, 199, 213, 202, 193, 174, 166, 248]


def test_the_interval_of_a_quantile_conover_exam_scores():
    # Conover tests 193 as the upper quartile and finds p = .0346, so 193 lies outside of the interval.
    published = stats.quantile_test(EXAM_SCORES, q=193, p=0.75)
    assert (published.statistic, round(published.pvalue, 6)) == (7, 0.0346)
    assert quantile_with_interval(EXAM_SCORES, 0.75) == (212.5, 195, 248)


def test_the_interval_of_a_high_quantile_of_few_has_no_upper_end():
    value, low, high = quantile_with_interval(range(1, 21), 0.9)
    assert (value, low, math.isnan(high)) == (pytest.approx(18.1), 15, True)


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
    assert 1 - chance_of_at_most(2, 15, 0.1) == pytest.approx(0.18406106910639)
    assert evidence(3, 15, 0.1) == "too_few"


@pytest.mark.parametrize(
    ("k", "n", "tail"), [(17, 20, 0.3231), (14, 20, 0.01125), (2, 4, 0.0523), (0, 2, 0.01), (34, 40, 0.2063)]
)
def test_how_likely_so_few_are_on_target(k, n, tail):
    assert chance_of_at_most(k, n, "0.9") == pytest.approx(tail, abs=5e-5)


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


def test_the_difference_of_two_shares_newcombe_1998_56_of_70_against_48_of_80():
    change = difference(56 / 70, *wilson(56, 70), 48 / 80, *wilson(48, 80))
    assert change == pytest.approx((0.2, 0.0524, 0.3339), abs=6e-5)


def test_the_difference_of_two_shares_newcombe_1998_all_of_10_against_none_of_10():
    change = difference(1.0, *wilson(10, 10), 0.0, *wilson(0, 10))
    assert change == pytest.approx((1.0, 0.6075, 1.0), abs=6e-5)


def test_the_difference_of_two_medians_by_hand():
    # 10 (7 to 14) against 4 (1 to 8): 6, minus root(3^2 + 4^2) = 5, plus root(4^2 + 3^2) = 5.
    assert difference(10, 7, 14, 4, 1, 8) == (6, 1, 11)


def test_the_error_budget_of_40_at_90_percent_with_6_misses():
    assert error_budget(6, 40, 0.9) == (4, -2, 1.5, 1.5)


@pytest.mark.parametrize(
    ("misses", "hours", "used", "burn"),
    [
        pytest.param(144, 1, 0.02, 14.4, id="SRE Workbook, table 5-8: 2% in an hour burns at 14.4"),
        pytest.param(360, 6, 0.05, 6, id="SRE Workbook, table 5-8: 5% in six hours burns at 6"),
        pytest.param(720, 72, 0.1, 1, id="SRE Workbook, table 5-8: 10% in three days burns at 1"),
    ],
)
def test_the_burn_rate_of_a_budget_of_30_days(misses, hours, used, burn):
    judged = 1000 * hours
    assert error_budget(misses, judged, "0.99", further=720_000 - judged) == (7200, 7200 - misses, used, burn)


@pytest.mark.parametrize(
    ("misses", "further", "chance"),
    [
        pytest.param(3, 2, 0.01, id="4 of 42 allowed, both of two more must miss"),
        pytest.param(4, 2, 0.19, id="none left, one of two more may miss"),
        pytest.param(5, 2, 1, id="overspent already"),
        pytest.param(2, 1, 0, id="two left and one to come"),
        pytest.param(4, 0, 0, id="just kept, and nothing to come"),
    ],
)
def test_the_chance_of_exhausting_the_budget(misses, further, chance):
    assert chance_of_exhaustion(misses, 40, "0.9", further=further, miss_rate=0.1) == pytest.approx(chance)


# Freireich 1963: weeks of remission; 0 is still in remission.
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
TREATED_ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
FAN_BELTS, BROKEN = [77, 47, 81, 56, 80, 62, 60, 43, 71, 37], [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("durations", "ended", "survival"),
    [
        pytest.param(
            TREATED,
            TREATED_ENDED,
            {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482},
            id="Freireich 1963, 6-MP (Kalbfleisch and Prentice, table 1.1)",
        ),
        pytest.param(
            FAN_BELTS, BROKEN, {47: 0.875, 56: 0.75, 77: 0.5, 80: 0.25, 81: 0.0}, id="SciPy's ecdf example, fan belts"
        ),
        pytest.param([60, 840, 900, 90], [1, 1, 0, 0], {60: 0.75, 840: 0.375}, id="C6 two of four leads answered"),
    ],
)
def test_the_share_still_going_on(durations, ended, survival):
    table = kaplan_meier(durations, ended)
    assert table.loc[table["ended"] > 0, "survival"].to_dict() == pytest.approx(survival, abs=5e-5)


@pytest.mark.parametrize(
    ("durations", "ended", "share", "expected"),
    [
        pytest.param(TREATED, TREATED_ENDED, 0.5, (23, 13, math.nan), id="Freireich 1963, 6-MP, median 23"),
        pytest.param(PLACEBO, [1] * 21, 0.5, (8, 4, 11), id="Freireich 1963, placebo, median 8"),
        pytest.param(TREATED, TREATED_ENDED, 0.9, (math.nan,) * 3, id="90% of the 6-MP arm: not reached"),
        pytest.param(FAN_BELTS, BROKEN, 0.5, (77, 47, math.nan), id="fan belts: exactly a half is a half"),
        pytest.param(
            [60, 840, 900, 90], [1, 1, 0, 0], 0.5, (840, 60, math.nan), id="C6, where the answered average 450"
        ),
        pytest.param([5, 9], [0, 0], 0.5, (math.nan,) * 3, id="nothing has ended"),
        pytest.param([], [], 0.5, (math.nan,) * 3, id="nothing at all"),
        pytest.param([math.nan, 3, 3], [1, 1, 1], 0.5, (3, math.nan, math.nan), id="a missing duration is left out"),
    ],
)
def test_how_long_it_takes_open_items_included(durations, ended, share, expected):
    assert time_until(durations, ended, share) == pytest.approx(expected, nan_ok=True)


def test_two_groups_take_unequally_long_freireich_1963():
    result = logrank(TREATED, TREATED_ENDED, PLACEBO, [1] * 21)
    assert result == pytest.approx((16.793, 4.17e-5), rel=1e-3)


DAYS, ENDS = [10, 20, 30, 40], ["won", "lost", "won", None]


def test_won_and_lost_compete_hand_case_half_are_won_where_lost_as_open_says_five_eighths():
    table = cumulative_incidence(DAYS, ENDS).set_index(["outcome", "duration"])
    assert table.index.unique("duration").tolist() == [10, 20, 30]  # nothing ended at 40
    assert table.loc[("won", 30), "incidence"] == 0.5
    assert table.loc[("lost", 30), "incidence"] == 0.25
    assert 1 - kaplan_meier(DAYS, [end == "won" for end in ENDS]).loc[30, "survival"] == 0.625


@pytest.mark.parametrize(
    ("outcome", "horizon", "expected"),
    [
        pytest.param("won", 30, 0.5, id="within 30 days"),
        pytest.param("won", 29, 0.25, id="a day before the second"),
        pytest.param("lost", 40, 0.25, id="at the age of the open one"),
        pytest.param("lost", 19, 0.0, id="before the first"),
        pytest.param("won", 41, math.nan, id="older than the open one, whose end nobody knows"),
    ],
)
def test_the_chance_of_an_outcome_by_an_age(outcome, horizon, expected):
    assert chance_by(DAYS, ENDS, outcome, horizon).value == pytest.approx(expected, nan_ok=True)


def test_the_chance_at_any_age_is_known_once_all_have_ended():
    assert chance_by([1, 2], ["won", "lost"], "won", 99).value == 0.5


NIST = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
JETS = "78.4 80.1 84.4 79.1 80.4 83.5 73.8 83.5 75.0 76.8 70.5 80.3 82.4 79.4 86.4 90.5 77.7 82.5 79.9 83.2"


@pytest.mark.parametrize(
    ("values", "state", "expected"),
    [
        pytest.param(NIST, "provisional", (50.81, 45.8159, 55.8041, 1.8778), id="NIST/SEMATECH Handbook 6.3.2.2"),
        pytest.param(JETS.split(), "established", (80.39, 66.224, 94.556, 5.3263), id="SAS/QC IRCHART, Jets"),
    ],
)
def test_the_usual_range(values, state, expected):
    found = usual_range(values)
    assert found.state == state
    assert (found.centre, found.low, found.high, found.moving_range) == pytest.approx(expected, rel=2e-5)
    assert found.moving_range_limit == pytest.approx(3.267 * expected[3], rel=1e-4)


@pytest.mark.parametrize(
    ("points", "state"), [(5, "too_few"), (6, "provisional"), (11, "provisional"), (12, "established")]
)
def test_a_range_needs_six_points_and_is_provisional_below_twelve(points, state):
    found = usual_range([math.nan, *range(points)])
    assert (found.state, found.points, math.isnan(found.low)) == (state, points, state == "too_few")


def test_a_point_outside_the_range_and_the_eighth_in_a_row_are_signals():
    usual = usual_range([9, 11] * 6)  # centre 10, mean step 2, limits 10 plus and minus 5.3
    found = signals([15, 16, 4, *[11] * 7, math.nan, 11, 12, 10, 9], usual)
    assert found.index[found["outside"]].tolist() == [1, 2]
    assert found.index[found["run"]].tolist() == [11, 12]


def counts(*values, index=("inbound", "outbound")):
    return pd.Series(values, index=list(index))


def test_mix_and_rate_kidney_stones_charig_1986():
    table = mix_and_rate(counts(81, 192), counts(87, 263), counts(234, 55), counts(270, 80))
    assert table["rate_effect"].sum() == pytest.approx(0.053671, abs=5e-7)
    assert table["mix_effect"].sum() == pytest.approx(-0.099386, abs=5e-7)
    assert table[["rate_effect", "mix_effect"]].sum().sum() == pytest.approx(273 / 350 - 289 / 350)


def test_mix_and_rate_sales_hand_case_nobody_got_worse():
    table = mix_and_rate(counts(15, 14), counts(30, 70), counts(30, 8), counts(60, 40))
    assert table["rate_effect"].tolist() == [0, 0]
    # both fell below a mean of .335: less of the better one, more of the worse one
    assert table["mix_effect"].tolist() == pytest.approx([-0.3 * (0.5 - 0.335), 0.3 * (0.2 - 0.335)])


def test_a_segment_that_is_new_or_gone_changes_the_mix_alone():
    both = counts(30, 8), counts(60, 40)
    one = counts(30, index=["inbound"]), counts(60, index=["inbound"])
    new, gone = mix_and_rate(*both, *one), mix_and_rate(*one, *both)
    assert new["rate_effect"].tolist() == gone["rate_effect"].tolist() == [0, 0]
    assert math.isnan(new.loc["outbound", "rate_before"])
    assert new["mix_effect"].sum() == pytest.approx(0.38 - 0.5) == -gone["mix_effect"].sum()


STAGES = ["qualified", "proposed", "won"]


def test_a_funnel_that_fell_from_10_to_7_5_percent_at_its_second_step():
    before = [counts(500, 200, 100, index=STAGES), counts(1000, 500, 200, index=STAGES)]
    table = funnel_change(counts(500, 150, 75, index=STAGES), counts(1000, 500, 150, index=STAGES), *before)
    assert table["effect"].sum() == pytest.approx(math.log(0.075 / 0.1))
    assert table["part"].tolist() == pytest.approx([0, 1, 0])
    assert table["sure"].tolist() == [False, True, False]


def test_the_stage_that_made_the_cycle_longer():
    before = pd.DataFrame({"qualify": [1.0, 2, 3, 2], "propose": [4.0, 5, 6, 5], "sign": [0.0, 9, 1, 2]})
    now = pd.DataFrame({"qualify": [2.0, 1, 2, 3], "propose": [8.0, 9, 10, 9], "sign": [8.0, 0, 2, 6]})
    table = dwell_change(now, before)
    assert table["effect"].tolist() == [0, 4, 1]
    assert table["part"].tolist() == pytest.approx([0, 0.8, 0.2])
    assert table["sure"].tolist() == [False, True, False]
    twin = stats.ttest_ind(now["sign"], before["sign"], equal_var=False).confidence_interval()
    assert table.loc["sign", ["low", "high"]].tolist() == pytest.approx([twin.low, twin.high])


ROBINSON = Prior(101.4, 287.3, 101.4 / (101.4 + 287.3))
SIX_REPS = pd.Series([8, 3, 12, 5, 2, 30]), pd.Series([10, 10, 40, 20, 2, 100])


def test_shrinkage_turns_the_order_round_robinson_2015_batting_averages():
    prior, rates = shrunk_rates(pd.Series([4, 300]), pd.Series([10, 1000]), ROBINSON)
    assert rates.index.tolist() == [1, 0]
    assert rates["shrunk"].tolist() == pytest.approx([0.289, 0.264], abs=5e-4)
    assert prior.state == "given"


def test_six_reps_fitted_by_maximum_likelihood():
    prior, rates = shrunk_rates(*SIX_REPS)
    assert prior == (
        pytest.approx(5.6957, abs=5e-5),
        pytest.approx(9.0480, abs=5e-5),
        pytest.approx(0.3863, abs=5e-5),
        "fitted",
    )
    expected = [0.5535, 0.3514, 0.3232, 0.3078, 0.4596, 0.3111]
    assert rates["shrunk"].sort_index().tolist() == pytest.approx(expected, abs=5e-5)
    # the first four cannot be told from the best; the two of the second rank cannot be told from each other
    assert rates["rank"].sort_index().tolist() == [1, 1, 1, 5, 1, 5]
    assert rates["above_mean"].is_monotonic_decreasing is False
    assert rates.loc[0, "above_mean"] == pytest.approx(stats.beta.sf(prior.mean, 8 + prior.alpha, 2 + prior.beta))


def test_the_common_rate_is_pooled_over_items_not_over_reps():
    assert beta_binomial_prior(pd.Series([2, 30, 5]), pd.Series([4, 60, 10])) == (math.inf, math.inf, 0.5, "alike")


def test_what_an_owner_kept_against_everybodys_rate_in_the_same_segments_by_hand():
    # hard: 2 of 6 are kept, easy: 4 of 5. A has 4 hard, 1 easy; B 2 hard, 4 easy.
    owners = pd.Series(list("AAAABBABBBB"))
    segments = pd.Series(["hard"] * 6 + ["easy"] * 5)
    kept = pd.Series([1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0])
    table = observed_over_expected(owners, segments, kept)
    assert table["n"].tolist() == [5, 6]
    assert table["observed"].tolist() == [3, 3]
    assert table["expected"].tolist() == pytest.approx([4 / 3 + 4 / 5, 2 / 3 + 16 / 5])
    assert table["ratio"].tolist() == pytest.approx([45 / 32, 45 / 58])
    # Ulm 1990: the exact Poisson limits of 3 are 0.6187 and 8.7673
    assert (table["low"] * table["expected"]).tolist() == pytest.approx([0.6187] * 2, abs=5e-5)
    assert (table["high"] * table["expected"]).tolist() == pytest.approx([8.7673] * 2, abs=5e-5)


FIVE_DEALS = [0.9, 0.6, 0.5, 0.3, 0.1]


def test_the_number_of_wins_of_five_deals():
    wins = win_distribution(FIVE_DEALS)
    assert wins.tolist() == pytest.approx([0.0126, 0.1517, 0.3812, 0.3402, 0.1062, 0.0081])
    assert outlook(wins) == pytest.approx((2.4, 0.88, 1, 4))
    assert chance_of_at_least(wins, 3) == pytest.approx(0.4545)


def test_the_value_of_two_deals_by_hand():
    value = value_distribution([0.5, 0.2], [100, 300])
    assert value[value > 0].to_dict() == pytest.approx({0: 0.4, 100: 0.4, 300: 0.1, 400: 0.1})
    assert outlook(value) == pytest.approx((110, 0.25 * 100**2 + 0.16 * 300**2, 0, 400))
    assert [chance_of_at_least(value, total) for total in (0, 100, 100.01, 300, 401)] == pytest.approx(
        [1, 0.6, 0.2, 0.2, 0]
    )


def test_brier_score_scikit_learn_example():
    assert brier([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]) == pytest.approx(0.0375)
    assert math.isnan(brier([], []))


def test_whether_30_percent_came_in_30_percent_of_cases():
    table = reliability([0.25, 0.3, 0.3, 0.39, 1.0, 0.29], [0, 1, 0, 0, 1, 1], bins=10)
    assert table[["above", "up_to"]].to_numpy().tolist() == [[0.2, 0.3], [0.3, 0.4], [0.9, 1.0]]
    assert table["n"].tolist() == [2, 3, 1]
    assert table["forecast"].tolist() == pytest.approx([0.27, 0.33, 1])
    assert table["observed"].tolist() == pytest.approx([1 / 2, 1 / 3, 1])
    assert tuple(table.loc[1, ["low", "high"]]) == wilson(1, 3)
    assert reliability([0.29], [1], bins=100).loc[0, "above"] == 0.29  # which 0.29 * 100 falls short of


def test_spiegelhalters_z_by_hand():
    # (.2 - 0)(...): sum of (y - p)(1 - 2p) = .32 - .12, over the root of .36 * .16 + .36 * .16
    z, pvalue = spiegelhalter([0.2, 0.2], [1, 0])
    assert z == pytest.approx((0.8 * 0.6 - 0.2 * 0.6) / math.sqrt(2 * 0.36 * 0.16))
    assert pvalue == pytest.approx(2 * stats.norm.sf(z))


def test_wape_baeldung_5_94_percent_where_the_mean_percentage_error_says_36_7():
    actual, forecast = [50, 1, 50, math.nan, 7], [55, 2, 50, 9, math.nan]
    assert wape(actual, forecast) == pytest.approx(0.0594, abs=5e-5)
    assert bias(actual, forecast) == pytest.approx(6 / 101)
    assert bias(forecast, actual) == pytest.approx(-6 / 107)


def test_the_value_a_forecast_adds_by_hand():
    actual = pd.Series([100.0, 120, 90, 110, 130, 100])
    naive = naive_forecasts(actual, season=4)
    table = forecast_value_added(actual, actual + 11, naive)
    assert table["n"].tolist() == [5, 2]
    # last period is off by 20 + 30 + 20 + 20 + 30 of 550, the year before by 30 + 20 of 230, the forecast by 11 each
    assert table["naive_wape"].tolist() == pytest.approx([120 / 550, 50 / 230])
    assert table["value_added"].tolist() == pytest.approx([(120 - 55) / 550, (50 - 22) / 230])


def test_the_net_promoter_score_whuber_cross_validated_18603():
    score, low, high, variance = net_promoter_score(162, 108, 54)
    assert (score, variance) == pytest.approx((100 / 3, 5 / 9))
    assert math.sqrt(variance) == pytest.approx(0.7454, abs=5e-5)
    assert math.sqrt(variance / 324) == pytest.approx(0.0414, abs=5e-5)
    assert (high - low) / 2 == pytest.approx(1.96 * 4.14, abs=0.05)


def test_the_interval_of_a_net_promoter_score_by_hand_ten_promoters():
    # 10.75 promoters and 0.75 detractors of 13: mean .7692, variance .8846 - .5917 = .2929
    score, low, high, variance = net_promoter_score(10, 0, 0)
    assert (score, low, high, variance) == (100, pytest.approx(47.50, abs=0.01), 100, 0)


def test_many_looks_find_some_below_by_chance():
    # on target, 14 or fewer of 20 come with .01125, none of 2 with .01, and one look at 1 can never say "below"
    found = looks([14, 20, 0, 1, 0], [20, 20, 2, 1, 0], [0.9] * 5)
    assert (found.verdicts, found.below) == (4, 2)
    assert found.by_chance == pytest.approx(2 * 0.01125 + 0.01, abs=1e-5)
    assert found.adjusted.tolist() == pytest.approx([0.0225, 1, 0.0225, 1, math.nan], abs=1e-4, nan_ok=True)


def test_fifteen_looks_benjamini_and_hochberg_1995_four_survive():
    published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    published += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert (adjusted(published) <= 0.05).tolist() == [True] * 4 + [False] * 11
    assert np.isnan(adjusted([math.nan])).all()
