"""Why a share moved: other segments or other work, and at which step."""

# ruff: noqa: RUF001 - the sentences have the minus sign that people read

import numpy as np
import pandas as pd
import pytest
from planted import PERIODS, ZONE, history, visits

from slareport.findings.conversions import funnel, mix_or_rate

pytestmark = pytest.mark.once

NOW = PERIODS[-1]
TOO_FEW = "Win rate: too few to compare with the period before."


def items(**counts):
    """Items by segment: `inbound=(15, 30)` are 30 of which 15 were kept."""
    rows = [(segment, n < kept) for segment, (kept, of) in counts.items() for n in range(of)]
    return pd.DataFrame(rows, columns=["segment", "kept"])


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        pytest.param(
            items(inbound=(150, 300), outbound=(140, 700)),
            items(inbound=(300, 600), outbound=(80, 400)),
            "Win rate fell by 9.0 points (29%, before 38%): 0.0 points (−4.1 to +4.1 points) from how well segments "
            "did, −9.0 points from which segments came.",
            id="nobody got worse: only the mix did",
        ),
        pytest.param(
            items(inbound=(80, 100), outbound=(60, 100)),
            items(inbound=(60, 100), outbound=(40, 100)),
            "Win rate rose by 20.0 points (70%, before 50%): +20.0 points (+10.8 to +29.2 points) from how well "
            "segments did, 0.0 points from which segments came.",
            id="everybody got better",
        ),
        pytest.param(
            items(inbound=(15, 30), outbound=(14, 70)),
            items(inbound=(30, 60), outbound=(8, 40)),
            "Win rate: no clear change (29%, before 38%).",
            id="the same with few: not clear, so not explained",
        ),
        pytest.param(items(inbound=(9, 9)), items(inbound=(0, 50)), TOO_FEW, id="too few"),
        pytest.param(items(), items(), TOO_FEW, id="none at all"),
    ],
)
def test_mix_or_rate(now, before, said):
    finding = mix_or_rate(now, before, "Win rate")
    assert finding.sentence == said
    assert finding.clear == ("from how well" in said)


def test_both_parts_add_up_to_the_change():
    now, before = items(a=(20, 60), b=(50, 80)), items(a=(30, 50), b=(20, 90))
    frame = mix_or_rate(now, before, "Win rate").frame
    whole = now["kept"].mean() - before["kept"].mean()
    assert frame[["rate_effect", "mix_effect"]].sum().sum() == pytest.approx(whole)


def test_items_without_a_segment_are_a_segment():
    now = items(a=(50, 100)).assign(segment=None)
    assert mix_or_rate(now, now, "Win rate").frame.index.tolist() == ["no segment"]


def test_the_range_of_the_rate_part_holds_what_is_planted_19_times_in_20():
    """A twin by drawing lots: both periods drawn again and again, the rate part's spread is what its range says."""
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(500):
        parts = [
            items(a=(rng.binomial(150, rates[0]), 150), b=(rng.binomial(100, rates[1]), 100))
            for rates in ((0.6, 0.3), (0.4, 0.2))
        ]
        drawn.append(mix_or_rate(*parts, "Win rate").frame["rate_effect"].sum())
    said = mix_or_rate(items(a=(90, 150), b=(30, 100)), items(a=(60, 150), b=(20, 100)), "Win rate").sentence
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert "(+7.8 to +24.2 points)" in said
    assert (low, high) == pytest.approx((0.078, 0.242), abs=0.015)


def test_no_change_is_explained_falsely_in_about_one_of_twenty():
    """200 pairs of like periods: 5% of them, give or take 3 points by chance."""
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(200):
        now, before = (
            pd.DataFrame({"segment": rng.choice(["a", "b", "c"], 120), "kept": rng.random(120) < 0.3}) for _ in range(2)
        )
        alarms += mix_or_rate(now, before, "Win rate").clear
    assert alarms / 200 <= 0.05 + 0.03


# --- the funnel ---


def changed(rows):
    stays = visits(rows)
    ended = [
        stays["left_at"].ge(p.bounds(ZONE)[0]) & stays["left_at"].lt(NOW.bounds(ZONE)[1]) for p in (NOW, PERIODS[5])
    ]
    return funnel(stays, ended[0], ended[1] & ~ended[0])


def falling(stage, share):
    """From the last period on a stage lets fewer or more deals through."""
    usual = {"Discovery": 0.7, "Proposal": 0.65, "Negotiation": 0.7}
    since = NOW.bounds(ZONE)[0]
    return {s: (lambda at, s=s: share if s == stage and at >= since else usual[s]) for s in usual}


@pytest.mark.parametrize(("share", "word"), [(0.25, "Fewer"), (0.95, "More")])
@pytest.mark.parametrize("stage", ["Discovery", "Proposal", "Negotiation"])
def test_the_stage_at_which_deals_drop_out_is_named(stage, share, word):
    finding = changed(history(3, n=6000, on=falling(stage, share)))
    assert finding.clear
    assert finding.sentence.startswith(f"{word} deals go on from {stage}: ")


def test_a_funnel_by_hand():
    """Of 100 deals 50 go on and then 40; now 50 and then 20: the whole change is the second stage's."""

    def stays(first, second):
        rows = [("First", 0, n < first) for n in range(100)] + [("Second", 1, n < second) for n in range(50)]
        return pd.DataFrame(rows, columns=["stage", "position", "moved_on"]).assign(left_at=pd.Timestamp("2026-01-01"))

    whole = pd.concat([stays(50, 20), stays(50, 40)], ignore_index=True)
    now = pd.Series(range(300)).lt(150)
    finding = funnel(whole, now, ~now)
    assert finding.sentence == (
        "Fewer deals go on from Second: 20 of 50 (40%), before 40 of 50 (80%). "
        "That is 100% of the change of the whole funnel."
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"left_at": pd.NaT}, id="none has ended"),
        pytest.param({"position": float("nan")}, id="stages the agreement does not name"),
    ],
)
def test_a_funnel_of_nothing(change):
    stays = visits(history(1)).assign(**change)
    everything = pd.Series(True, stays.index)
    assert funnel(stays, everything, everything).sentence == "Too few deals left each stage to compare."


def test_no_stage_is_named_falsely_in_more_than_one_of_twenty():
    """50 companies whose funnel does not change."""
    assert sum(changed(history(seed, n=800)).clear for seed in range(50)) / 50 <= 0.05
