"""Where deals get stuck: what is planted is found with its beginning, and what is not planted is not."""

import numpy as np
import pandas as pd
import pytest
from planted import END, PERIODS, STAGES, START, ZONE, history, visits

from slareport.findings.bottlenecks import bottleneck, medians, stage_spells, step_spells
from slareport.period import parse_period
from slareport.statistics.survival import logrank

pytestmark = pytest.mark.once

SINCE = parse_period("2025Q4").bounds(ZONE)[0]


def found(seed=1, kind="stage", **planted):
    return bottleneck(stage_spells(visits(history(seed, **planted))), PERIODS, ZONE, kind)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_became_slow_is_named_alone_with_its_beginning(stage, seed):
    finding = found(seed, n=900, slow=stage, since=SINCE)
    assert finding.clear
    frame = finding.frame
    assert frame.index[frame["sure"]].tolist() == [stage]
    row = frame.loc[stage]
    names = [period.title for period in PERIODS]
    assert names.index(row["since_first"]) <= names.index("Q4 2025") <= names.index(row["since_last"])
    assert row["median"] > 1.6 * row["median_before"]
    assert finding.sentence.startswith(f"Since {row['since']}")
    assert f"deals stay longer in {stage}: half" in finding.sentence


@pytest.mark.parametrize("stage", STAGES)
def test_the_segment_in_which_alone_it_became_slow_is_named(stage):
    sentence = found(2, n=1500, slow=stage, since=SINCE, segment="Energy", factor=4).sentence
    assert "to the average deal; mostly in Energy." in sentence


def test_a_stage_slow_in_every_segment_is_no_segments():
    assert "to the average deal." in found(3, slow="Proposal", since=SINCE).sentence


def test_the_worth_is_that_of_the_deals_there_this_period_and_longer_than_three_in_four_before():
    spells = stage_spells(visits(history(4, slow="Proposal", since=SINCE)))
    finding = bottleneck(spells, PERIODS, ZONE)
    begun = next(period for period in PERIODS if period.title == finding.frame.loc["Proposal", "since"]).bounds(ZONE)[0]
    mine = spells[spells["place"].eq("Proposal")]
    usual = mine[mine["entered_at"].lt(begun)]
    assert usual["ended"].all(), "so that the quantile below is the plain one"
    usual = np.sort(usual["days"])[int(np.ceil(0.75 * len(usual))) - 1]
    there = mine["entered_at"] + pd.to_timedelta(mine["days"], unit="D") >= PERIODS[-1].bounds(ZONE)[0]
    held = mine[mine["entered_at"].ge(begun) & there & (mine["days"] > usual)]
    worth = f"{held['amount'].sum() / 1e3:.0f}k" if held["amount"].sum() < 1e6 else ""
    said = (
        f"Of those there this quarter, {len(held)} deals, worth €{worth}, stayed longer than three in four did before."
    )
    assert finding.sentence.endswith(said)


def test_a_stage_that_became_quick_is_not_named():
    finding = found(5, slow="Proposal", since=SINCE, factor=0.3)
    assert finding.frame.loc["Proposal", "chance"] < 0.05
    assert not finding.clear
    assert finding.sentence == "No stage holds deals clearly longer than before."


def test_what_was_slow_and_is_no_longer_is_not_named():
    """Slow for a year until the spring: the deals of this quarter do not feel it any more."""
    spells = stage_spells(visits(history(6, n=1500)))
    then = spells["entered_at"].between(PERIODS[4].bounds(ZONE)[0], PERIODS[8].bounds(ZONE)[0])
    spells["days"] = spells["days"].mask(spells["place"].eq("Proposal") & then & spells["ended"], spells["days"] * 2)
    finding = bottleneck(spells, PERIODS, ZONE)
    row = finding.frame.loc["Proposal"]
    assert row["chance"] < 0.001
    assert row["median"] > row["median_before"]
    assert row["low"] < 0
    assert not finding.clear


def test_a_quicker_stage_that_more_deals_reach_is_not_slow():
    """All deals reach Review now, a third did before: it adds to the average deal, and yet holds each less long."""
    rows = []
    for n in range(300):
        at = PERIODS[2 + n // 50].bounds(ZONE)[0] + pd.Timedelta(days=n % 50)
        now = n >= 150
        rows.append((f"d{n}", "Draft", at, 10.0 + n % 5))
        if now or n % 3 == 0:
            rows.append((f"d{n}", "Review", at + pd.Timedelta(days=20), (15.0 if now else 20.0) + n % 5))
    names = ["opportunity_id", "place", "entered_at", "days"]
    spells = pd.DataFrame(rows, columns=names).assign(ended=True, segment="all", amount=1.0, currency="EUR")
    finding = bottleneck(spells, PERIODS[:8], ZONE)
    row = finding.frame.loc["Review"]
    assert row["low"] > 0
    assert row["chance"] < 0.001
    assert not finding.clear


def test_the_chance_is_multiplied_by_the_number_of_trials():
    """A twin with every trial written out: three stages, nine beginnings each."""
    spells = stage_spells(visits(history(11, n=900)))
    frame = bottleneck(spells, PERIODS, ZONE).frame
    starts = [period.bounds(ZONE)[0] for period in PERIODS]
    for stage, row in frame.iterrows():
        mine = spells[spells["place"].eq(stage) & spells["entered_at"].lt(END)]
        trials = []
        for start in starts[1:]:
            now = mine["entered_at"].ge(start)
            groups = [part for which in (now, ~now) for part in (mine["days"][which], mine["ended"][which])]
            trials.append(logrank(*groups).pvalue)
        assert row["chance"] == pytest.approx(min(1, 27 * min(trials)))


def test_what_is_usual_is_not_taken_from_the_quick_deals_of_the_first_weeks():
    """The records begin with the first deal, so those done soon after are the quick ones: they are left out."""
    rows = history(12, n=3000, slow="Proposal", since=PERIODS[3].bounds(ZONE)[0])
    before = bottleneck(stage_spells(visits(rows)), PERIODS, ZONE).frame["mean_before"].sum()
    usual = 14 * 1.5 * (1 + 0.7 + 0.7 * 0.65)
    assert before == pytest.approx(usual, rel=0.1)


@pytest.mark.parametrize("n", [0, 3, 15])
def test_of_few_deals_nothing_is_said(n):
    finding = found(7, n=n)
    assert finding.sentence == "Too few deals went through the stages to compare them with before."
    assert finding.frame.empty


def test_the_parts_add_up_to_the_change_of_the_whole():
    frame = found(8).frame
    assert frame["effect"].sum() == pytest.approx((frame["mean"] - frame["mean_before"]).sum())
    assert frame["effect"].to_numpy() == pytest.approx((frame["mean"] - frame["mean_before"]).to_numpy())


def test_nothing_planted_raises_a_false_alarm_in_at_most_one_of_twenty():
    """50 companies without a bottleneck; 5% of them are 2.5, and more than that would be too many."""
    alarms = sum(found(seed).clear for seed in range(100, 150))
    assert alarms / 50 <= 0.05


def test_deals_still_there_count_as_far_as_they_got():
    """Three deals entered Proposal: two left after 10 and 20 days, one is there for 40: the median is 20."""
    at = START + pd.Timedelta(days=5)
    spells = pd.DataFrame(
        {"place": "Proposal", "entered_at": [at] * 3, "days": [10.0, 20.0, 40.0], "ended": [True, True, False]}
    )
    rows = medians(spells, "Proposal", PERIODS, ZONE)
    assert rows.loc["2024Q2", ["value", "n"]].tolist() == [20, 3]
    assert rows["n"].sum() == 3


def test_steps_are_timed_from_the_request_and_open_ones_up_to_the_end_of_the_data():
    day = pd.Timedelta(days=1)
    steps = pd.DataFrame(
        {
            "opportunity_id": ["a", "b", "c"],
            "step": "proposal_creation",
            "requested_at": [END - 9 * day, END - 4 * day, pd.NaT],
            "completed_at": [END - 7 * day, pd.NaT, END],
            "segment": "Energy",
            "amount": 1.0,
            "currency": "EUR",
        }
    )
    spells = step_spells(steps, END)
    assert spells["place"].tolist() == ["proposal creation"] * 2
    assert spells["days"].tolist() == [2, 4]
    assert spells["ended"].tolist() == [True, False]


def test_a_step_is_called_a_step():
    assert found(9, kind="step").sentence == "No step holds deals clearly longer than before."


def test_slow_everywhere_names_a_segment_in_at_most_one_of_twenty():
    """Of 50 companies in which all segments slowed down alike, those in which one is said to stand out."""
    said = [found(seed, n=900, slow="Proposal", since=SINCE).sentence for seed in range(200, 250)]
    assert all("deals stay longer in Proposal" in sentence for sentence in said)
    assert sum("mostly in" in sentence for sentence in said) / 50 <= 0.05
