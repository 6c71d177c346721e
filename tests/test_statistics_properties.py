"""Statistics: what is said when there is nothing to say, what always holds, and slow twins of what is vectorised."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from slareport.statistics import (
    Z,
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
    chance_of_at_least,
    outlook,
    spiegelhalter,
    value_distribution,
    wape,
    win_distribution,
)
from slareport.statistics.satisfaction import net_promoter_score
from slareport.statistics.shrinkage import beta_binomial_prior, observed_over_expected, shrunk_rates
from slareport.statistics.survival import chance_by, cumulative_incidence, kaplan_meier, logrank
from slareport.statistics.variation import signals, usual_range


def counts(*values, index=("inbound", "outbound")):
    return pd.Series(values, index=list(index))


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_a_share_of_nothing_has_no_interval(interval):
    assert all(math.isnan(end) for end in interval(0, 0))


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


def test_no_items_are_neither_kept_nor_missed():
    with pytest.raises(ValueError, match="no items"):
        share_met(0, 0, 0.9)


@pytest.mark.parametrize("target", [95, -0.1, "1.01"])
def test_a_target_is_a_rate(target):
    with pytest.raises(ValueError, match="0-1"):
        misses_allowed(10, target)


@given(st.integers(1, 500), st.integers(0, 1000).map(lambda thousandths: str(thousandths / 1000)))
def test_the_allowed_misses_keep_the_target_and_one_more_does_not(n, target):
    allowed = misses_allowed(n, target)
    assert share_met(n - allowed, n, target)
    assert allowed == n or not share_met(n - allowed - 1, n, target)


def test_a_difference_without_an_interval_has_none():
    change, low, high = difference(10, math.nan, math.nan, 4, 1, 8)
    assert (change, math.isnan(low), math.isnan(high)) == (6, True, True)


@pytest.mark.parametrize(("misses", "used"), [(0, math.nan), (1, math.inf)])
def test_a_promise_of_all_has_no_budget_to_use(misses, used):
    assert error_budget(misses, 10, 1) == pytest.approx((0, -misses, used, used), nan_ok=True)


def test_an_unknown_rate_of_misses_foretells_nothing():
    assert math.isnan(chance_of_exhaustion(1, 40, "0.9", further=9, miss_rate=math.nan))


def test_groups_in_which_nothing_ended_cannot_be_told_apart():
    assert logrank([1, 2], [0, 0], [3], [0]) == pytest.approx((math.nan, math.nan), nan_ok=True)
    assert logrank([], [], [3], [1]) == pytest.approx((math.nan, math.nan), nan_ok=True)


def test_no_items_have_no_chance():
    assert cumulative_incidence([], []).empty
    assert math.isnan(chance_by([], [], "won", 30).value)


@pytest.mark.parametrize(
    ("sizes", "state"),
    [
        pytest.param([80, 100, 120, 100, 80, 120], "provisional", id="within 25% of their mean"),
        pytest.param([75, 125, 100, 100, 100, 100], "provisional", id="just 25%"),
        pytest.param([74, 126, 100, 100, 100, 100], "sizes_differ", id="26%"),
        pytest.param([100, 100, 100, 100, 100, math.nan], "sizes_differ", id="a size nobody knows"),
    ],
)
def test_shares_of_too_different_numbers_have_no_usual_range(sizes, state):
    found = usual_range([0.9, 0.8, 0.9, 0.7, 0.9, 0.8], sizes)
    assert (found.state, math.isnan(found.high)) == (state, state == "sizes_differ")


def test_points_on_the_centre_and_points_without_a_range_are_no_signals():
    assert not signals([5] * 12, usual_range([5] * 12)).any(axis=None)
    assert not signals([1, 99] * 6, usual_range([1, 99])).any(axis=None)


def test_a_period_without_items_has_no_mix_and_no_rate():
    table = mix_and_rate(counts(1, 1), counts(2, 2), counts(0, 0), counts(0, 0))
    assert table[["rate_effect", "mix_effect"]].isna().all(axis=None)


def test_a_step_that_converts_none_has_no_effect_to_tell():
    table = funnel_change(*(counts(*values) for values in ([5, 0], [9, 5], [4, 4], [9, 5])))
    assert table["effect"].isna().tolist() == [False, True]
    assert table["part"].isna().all()
    assert not table["sure"].any()


@pytest.mark.parametrize(
    ("now", "effect"),
    [pytest.param([3.0], 1.0, id="one deal"), pytest.param([5.0, 5.0], 3.0, id="all the same"), ([], math.nan)],
)
def test_times_without_variation_have_a_change_and_no_interval(now, effect):
    table = dwell_change(pd.DataFrame({"sign": now}), pd.DataFrame({"sign": [2.0, 2.0]}))
    assert table.loc["sign", ["effect", "low", "high"]].tolist() == pytest.approx(
        [effect, math.nan, math.nan], nan_ok=True
    )


def test_the_size_of_a_missing_point_does_not_matter():
    assert usual_range([math.nan, *range(6)], [1, *[100] * 6]).state == "provisional"


@pytest.mark.parametrize(("stage", "days", "message"), [("sign", math.nan, "took 0"), ("close", 1, "other stages")])
def test_times_that_do_not_add_up_are_refused(stage, days, message):
    with pytest.raises(ValueError, match=message):
        dwell_change(pd.DataFrame({"sign": [1.0]}), pd.DataFrame({stage: [days]}))


def test_a_rep_without_items_has_the_teams_rate_and_no_raw_one():
    rates = shrunk_rates(pd.Series([8, 3, 12, 5, 2, 30, 0]), pd.Series([10, 10, 40, 20, 2, 100, 0])).rates
    assert rates.loc[6, "shrunk"] == pytest.approx(0.3863, abs=5e-5)
    assert math.isnan(rates.loc[6, "raw"])


@pytest.mark.parametrize(
    ("k", "n", "state", "shrunk"),
    [
        pytest.param([3, 6, 9], [10, 20, 30], "alike", [0.3] * 3, id="the same rate: the fit runs off to infinity"),
        pytest.param([4, 5, 6, 5], [10] * 4, "alike", [0.5] * 4, id="less spread than luck has"),
        pytest.param([0, 0, 0], [5, 9, 2], "alike", [0.0] * 3, id="none of any"),
        pytest.param([0, 9, 0], [9] * 3, "apart", None, id="all or none: held at one item"),
        pytest.param([1, 9], [9, 9], "too_few", [math.nan] * 2, id="two reps are no team"),
        pytest.param([1, 0, 1, 1], [1] * 4, "too_few", [math.nan] * 4, id="one item each tells no spread"),
    ],
)
def test_when_no_spread_of_rates_can_be_fitted_the_prior_says_so(k, n, state, shrunk):
    prior, rates = shrunk_rates(pd.Series(k), pd.Series(n))
    assert prior.state == state
    if shrunk is not None:
        assert rates["shrunk"].tolist() == pytest.approx(shrunk, nan_ok=True)
        assert rates["above_mean"].isna().all()
        assert rates["rank"].isna().all() == (state == "too_few")
        assert state == "too_few" or rates[["low", "high"]].iloc[0].tolist() == list(wilson(sum(k), sum(n)))
    else:
        assert prior.alpha + prior.beta == pytest.approx(1)


def test_nothing_expected_has_no_ratio_and_none_observed_has_no_lower_end_above_0():
    owners, segments = pd.Series(["A", "B", "B", None]), pd.Series(["x", "y", "y", "y"])
    table = observed_over_expected(owners, segments, pd.Series([False, False, False, True]))
    assert table.loc["A", ["ratio", "low", "high"]].isna().all()
    assert table.loc["B", ["ratio", "low"]].tolist() == [0, 0]
    assert table["n"].tolist() == [1, 2, 1]  # without an owner too


def test_items_without_a_segment_are_a_segment():
    table = observed_over_expected(pd.Series(["A", "B"]), pd.Series([None, None]), pd.Series([True, False]))
    assert table["expected"].tolist() == [0.5, 0.5]


def test_an_empty_pipeline_brings_nothing_for_sure():
    assert outlook(win_distribution([])) == outlook(value_distribution([], [])) == (0, 0, 0, 0)
    assert chance_of_at_least(win_distribution([]), 1) == 0


@pytest.mark.parametrize(
    ("probabilities", "amounts"), [([50], [1]), ([math.nan], [1]), ([0.5], [math.nan]), ([0.5], [-1]), ([0.5], [1, 2])]
)
def test_deals_without_probability_or_amount_are_refused(probabilities, amounts):
    with pytest.raises(ValueError, match="probability"):
        value_distribution(probabilities, amounts)


def test_coin_tosses_cannot_be_miscalibrated():
    assert all(math.isnan(part) for part in spiegelhalter([0.5, 1.0], [1, 1]))


@pytest.mark.parametrize("measure", [wape, bias])
def test_nothing_sold_has_no_accuracy(measure):
    assert math.isnan(measure([0, 0], [1, 2]))
    assert math.isnan(measure([], []))


def test_nine_answers_are_too_few_for_an_interval_and_none_for_a_score():
    assert net_promoter_score(5, 2, 2)[:3] == pytest.approx((100 / 3, math.nan, math.nan), nan_ok=True)
    assert all(math.isnan(part) for part in net_promoter_score(0, 0, 0))


few = settings(max_examples=50, deadline=None)
fates = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["won", "lost", None])), min_size=1, max_size=25)
counted = st.integers(0, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def survival_twin(items):
    """Kaplan-Meier, item by item and day by day."""
    alive, curve = 1.0, {}
    for day in sorted({days for days, _ in items}):
        still = sum(days >= day for days, _ in items)
        for _ in range(sum(days == day and end is not None for days, end in items)):
            alive, still = alive * (still - 1) / still, still - 1  # ends of one day, one after the other
        curve[day] = alive
    return curve


@few
@given(fates)
def test_survival_equals_its_slow_twin(items):
    durations, ends = zip(*items, strict=True)
    table = kaplan_meier(durations, [end is not None for end in ends])
    assert table["survival"].to_dict() == pytest.approx(survival_twin(items))
    assert ((table["low"].fillna(0) <= table["survival"]) & (table["survival"] <= table["high"].fillna(1))).all()


def incidence_twin(items, outcome):
    """Aalen-Johansen: the mass of everybody who leaves unseen is handed on to those still there."""
    mass, reached, curve = dict.fromkeys(range(len(items)), 1 / len(items)), 0.0, {}
    for day in sorted({days for days, _ in items}):
        for i, (days, end) in enumerate(items):
            if days == day and end is not None:
                gone = mass.pop(i)
                reached += gone * (end == outcome)
        for i, (days, end) in enumerate(items):
            if days == day and end is None:
                spread = mass.pop(i)
                later = [j for j in mass if items[j][0] > day]
                for j in later:
                    mass[j] += spread / len(later)
        curve[day] = reached
    return curve


@few
@given(fates)
def test_cumulative_incidence_equals_its_slow_twin(items):
    durations, ends = zip(*items, strict=True)
    table = cumulative_incidence(durations, ends)
    for outcome, part in table.groupby("outcome"):
        twin = incidence_twin(items, outcome)
        assert part["incidence"].tolist() == pytest.approx([twin[day] for day in part["duration"]])


@few
@given(fates)
def test_the_chances_of_all_outcomes_and_of_being_open_add_up_to_one(items):
    durations, ends = zip(*items, strict=True)
    reached = cumulative_incidence(durations, ends).groupby("duration")["incidence"].sum()
    survival = kaplan_meier(durations, [end is not None for end in ends])["survival"]
    assert (reached + survival[reached.index]).tolist() == pytest.approx([1.0] * len(reached))


@few
@given(fates)
def test_one_outcome_alone_is_the_complement_of_survival_with_greenwoods_variance(items):
    durations, ends = zip(*items, strict=True)
    ended = [end is not None for end in ends]
    table = cumulative_incidence(durations, np.where(ended, "ended", None))
    survival = kaplan_meier(durations, ended)
    left = survival["at_risk"] - survival["ended"]
    greenwood = (survival["ended"] / survival["at_risk"] / left).cumsum()
    for _, row in table[table["low"].notna()].iterrows():
        gone = 1 - survival.loc[row["duration"], "survival"]
        assert row["incidence"] == pytest.approx(gone)
        power = math.exp(Z * (1 - gone) * math.sqrt(greenwood[row["duration"]]) / (gone * -math.log(gone)))
        assert (row["low"], row["high"]) == pytest.approx((gone**power, gone ** (1 / power)))


@few
@given(fates)
def test_without_open_items_incidence_is_a_share_with_its_binomial_variance(items):
    closed = [(days, end) for days, end in items if end is not None]
    durations, ends = zip(*closed, strict=True) if closed else ((), ())
    for _, row in cumulative_incidence(durations, ends).iterrows():
        share = sum(days <= row["duration"] and end == row["outcome"] for days, end in closed) / len(closed)
        assert row["incidence"] == pytest.approx(share)
        if 0 < share < 1:
            power = math.exp(Z * math.sqrt(share * (1 - share) / len(closed)) / (share * -math.log(share)))
            assert (row["low"], row["high"]) == pytest.approx((share**power, share ** (1 / power)))


@few
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_the_interval_of_a_quantile_is_scipys(values, share):
    twin = stats.quantile_test(values, p=share).confidence_interval(0.95)
    assert quantile_with_interval(values, share)[1:] == pytest.approx((twin.low, twin.high), nan_ok=True)


@few
@given(counted.filter(lambda pair: pair[1]), st.integers(1, 99))
def test_evidence_is_against_the_targets_outside_of_the_exact_interval(pair, percent):
    low, high = clopper_pearson(*pair)
    target = percent / 100
    expected = "above" if target < low else "below" if target > high else "too_few"
    assert evidence(*pair, target) == expected


@few
@given(st.integers(0, 30), st.integers(0, 9), st.integers(0, 30), st.integers(0, 100))
def test_the_chance_of_exhaustion_is_the_chance_of_missing_the_target(judged, misses, further, percent):
    rate = percent / 100
    whole = judged + misses + further
    chances = [
        stats.binom.pmf(more, further, rate)
        for more in range(further + 1)
        if whole and not share_met(whole - misses - more, whole, "0.9")
    ]
    found = chance_of_exhaustion(misses, judged + misses, "0.9", further=further, miss_rate=rate)
    assert found == pytest.approx(sum(chances), abs=1e-9)


@few
@given(st.lists(st.tuples(counted, counted), min_size=1, max_size=5))
def test_mix_and_rate_add_up_to_the_change(pairs):
    (k, n), (k_before, n_before) = (zip(*side, strict=True) for side in zip(*pairs, strict=True))
    assume(sum(n) and sum(n_before))
    index = range(len(pairs))
    table = mix_and_rate(*(counts(*values, index=index) for values in (k, n, k_before, n_before)))
    change = sum(k) / sum(n) - sum(k_before) / sum(n_before)
    assert table[["rate_effect", "mix_effect"]].sum().sum() == pytest.approx(change, abs=1e-12)


@few
@given(st.lists(counted.filter(lambda pair: pair[1]), min_size=1, max_size=8))
def test_a_shrunk_rate_lies_between_the_raw_one_and_the_priors(pairs):
    k, n = (pd.Series(values) for values in zip(*pairs, strict=True))
    prior, rates = shrunk_rates(k, n)
    assert sorted(rates.index) == list(k.index)
    if prior.state == "too_few":
        assert rates["shrunk"].isna().all()
    else:
        ends = rates["raw"].to_frame().assign(mean=prior.mean)
        assert (rates["shrunk"] >= ends.min(axis=1) - 1e-9).all()
        assert (rates["shrunk"] <= ends.max(axis=1) + 1e-9).all()
        assert rates["rank"].is_monotonic_increasing


@few
@given(st.lists(counted.filter(lambda pair: pair[1]), min_size=3, max_size=8))
def test_no_other_prior_makes_the_counts_likelier(pairs):
    k, n = (np.array(values) for values in zip(*pairs, strict=True))
    prior = beta_binomial_prior(pd.Series(k), pd.Series(n))
    assume(prior.state == "fitted")
    best = stats.betabinom.logpmf(k, n, prior.alpha, prior.beta).sum()
    for more, less in [(1.05, 1), (0.95, 1), (1, 1.05), (1, 0.95), (2, 2), (50, 50)]:
        assert stats.betabinom.logpmf(k, n, prior.alpha * more, prior.beta * less).sum() <= best + 1e-6
    assert stats.binom.logpmf(k, n, k.sum() / n.sum()).sum() <= best


@few
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz"), st.booleans()), min_size=1, max_size=40))
def test_as_much_is_expected_of_all_as_all_have_kept(rows):
    owners, segments, kept = (pd.Series(values) for values in zip(*rows, strict=True))
    table = observed_over_expected(owners, segments, kept)
    assert table["expected"].sum() == pytest.approx(table["observed"].sum())
    known = table.dropna()
    assert ((known["low"] <= known["ratio"]) & (known["ratio"] <= known["high"])).all()


@few
@given(st.integers(1, 60), st.integers(0, 100).map(lambda percent: percent / 100))
def test_deals_of_equal_chances_are_binomial(n, chance):
    found = win_distribution([chance] * n)
    assert found.tolist() == pytest.approx(stats.binom.pmf(range(n + 1), n, chance).tolist(), abs=1e-9)


@few
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 50)), max_size=9))
def test_the_value_of_deals_equals_all_their_combinations(deals):
    chances, amounts = zip(*deals, strict=True) if deals else ((), ())
    twin = {}
    for won in itertools.product([0, 1], repeat=len(deals)):
        total = sum(w * amount for w, amount in zip(won, amounts, strict=True))
        chance = math.prod(p if w else 1 - p for w, p in zip(won, chances, strict=True))
        twin[total] = twin.get(total, 0) + chance
    found = value_distribution(chances, amounts)
    assert found.sum() == pytest.approx(1)
    for total, chance in twin.items():
        assert found[np.isclose(found.index, total, atol=1e-6)].sum() == pytest.approx(chance, abs=1e-9)


@few
@given(st.floats(0.01, 9e6))
def test_a_certain_deal_brings_its_amount(amount):
    assert chance_of_at_least(value_distribution([1.0], [amount]), amount) == 1


@few
@given(st.lists(st.floats(0.01, 9e6), min_size=1, max_size=6))
def test_the_grid_of_values_is_finer_than_a_ten_thousandth_of_the_total(amounts):
    found = value_distribution([1.0] * len(amounts), amounts)
    assert len(found) <= 100_001 + len(amounts)
    assert outlook(found).mean == pytest.approx(sum(amounts), rel=1e-4)


@few
@given(st.lists(st.floats(-9, 9), min_size=6, max_size=20), st.floats(1, 5), st.floats(-9, 9))
def test_the_usual_range_moves_and_stretches_with_its_points(values, factor, shift):
    plain, moved = usual_range(values), usual_range([value * factor + shift for value in values])
    assert (moved.low, moved.high) == pytest.approx((plain.low * factor + shift, plain.high * factor + shift), abs=1e-6)


def test_no_statistic_loads_scipy_stats_before_it_is_asked_for():
    code = "import sys, slareport.review; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
