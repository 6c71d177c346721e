"""Who does well beyond luck: skill is found, luck is not praised, ties are ties."""

import numpy as np
import pandas as pd
import pytest

from slareport.findings.achievers import keepers, standing, winners

OVER = "in the last 10 quarters"


def team(**counts):
    """Items by person: `ann=(8, 10)` are 10 of which 8 were kept, all in one segment."""
    rows = [(owner, n < kept) for owner, (kept, of) in counts.items() for n in range(of)]
    return pd.DataFrame(rows, columns=["owner", "kept"]).assign(segment="all")


def drawn(seed, rates, n=60, segments=("easy", "hard"), hard=0.5):
    """Deals of people with these win rates, halved (or so) in the hard segment."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(list(rates), n)
    segment = rng.choice(segments, len(owner))
    chance = np.array([rates[who] for who in owner]) * np.where(segment == "hard", hard, 1)
    return pd.DataFrame({"owner": owner, "segment": segment, "kept": rng.random(len(owner)) < chance})


@pytest.mark.parametrize(
    ("items", "said"),
    [
        pytest.param(
            team(Ann=(24, 41), Bo=(8, 40), Cy=(9, 40), Di=(10, 40)),
            "Ann won 24 of 41 decided deals in the last 10 quarters, where the same mix of segments usually gives 13: "
            "luck is an unlikely explanation.",
            id="one stands out",
        ),
        pytest.param(
            team(Ann=(28, 41), Bo=(28, 41), Cy=(9, 60), Di=(10, 60), Ed=(8, 60)),
            "Ann won 28 of 41 decided deals in the last 10 quarters, where the same mix of segments usually gives 13; "
            "Bo won 28 of 41 decided deals in the last 10 quarters, where the same mix of segments usually gives 13, "
            "and cannot be told apart: luck is an unlikely explanation.",
            id="two stand out, and tie",
        ),
        pytest.param(
            team(Ann=(12, 40), Bo=(8, 40), Cy=(9, 40), Di=(10, 40)),
            "Of 4 people nobody won more than luck explains, in the last 10 quarters.",
            id="all alike",
        ),
        pytest.param(
            team(Ann=(9, 9), Bo=(8, 40), Cy=(9, 40), Di=(10, 40)),
            "Of 3 people nobody won more than luck explains, in the last 10 quarters.",
            id="all of nine is luck until there are ten",
        ),
        pytest.param(
            team(Ann=(40, 40), Bo=(0, 40)),
            "Too few decided deals to compare people: 3 need at least 10 each.",
            id="two people are no team to compare with",
        ),
        pytest.param(team(), "Too few decided deals to compare people: 3 need at least 10 each.", id="nothing decided"),
    ],
)
def test_who_is_praised(items, said):
    finding = winners(items, OVER)
    assert finding.sentence == said
    assert finding.clear == said.endswith("unlikely explanation.")


def test_keeping_promises_has_words_of_its_own():
    items = team(Ann=(60, 60), Bo=(40, 60), Cy=(42, 60), Di=(41, 60))
    assert keepers(items, "in the last 4 quarters").sentence.startswith("Ann kept 60 of 60 promises due in the last 4")


def test_easy_deals_are_no_merit():
    """Ann wins more only because she has the easy segment: as many as the segment gives everybody."""
    rows = pd.concat([team(Ann=(36, 60), Bo=(12, 20)).assign(segment="easy"),
                      team(Ann=(4, 20), Bo=(12, 60), Cy=(12, 60)).assign(segment="hard")])  # fmt: skip
    table = standing(rows)
    assert table.loc["Ann", "raw"] > 1.5 * table.loc["Cy", "raw"]
    assert table["ratio"].to_numpy() == pytest.approx(1)
    assert not table["sure"].any()


def test_who_is_below_the_minimum_has_no_place_and_no_chance():
    table = standing(team(Ann=(3, 4), Bo=(8, 40), Cy=(9, 40), Di=(10, 40)))
    assert table.loc["Ann", ["ratio", "low", "high", "rank", "chance"]].isna().all()
    assert table.index[-1] == "Ann"
    assert table.loc["Ann", ["n", "kept"]].tolist() == [4, 3]


def test_people_who_cannot_be_told_apart_share_a_place():
    assert standing(team(Ann=(11, 40), Bo=(10, 40), Cy=(9, 40)))["rank"].tolist() == [1, 1, 1]


def test_items_of_nobody_do_not_count():
    items = team(Ann=(24, 41), Bo=(8, 40), Cy=(9, 40), Di=(10, 40))
    nobody = team(x=(400, 400)).assign(owner=None)
    assert winners(pd.concat([items, nobody]), OVER).sentence == winners(items, OVER).sentence


@pytest.mark.parametrize("seed", range(10))
def test_true_skill_is_found(seed):
    rates = dict.fromkeys(["Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal"], 0.28) | {"Ann": 0.56}
    table = winners(drawn(seed, rates, n=150), OVER).frame
    assert table.index[table["sure"]].tolist() == ["Ann"]


def test_the_chance_is_that_of_drawing_lots():
    items = team(Ann=(16, 30), Bo=(8, 30), Cy=(9, 30))
    rng = np.random.default_rng(3)
    lots = rng.binomial(30, 33 / 90, 200_000) >= 16
    chances = standing(items)["chance"]
    assert chances["Ann"] / 3 == pytest.approx(lots.mean(), abs=0.002), "the smallest of three, after adjusting"


def test_luck_is_praised_in_at_most_one_of_twenty_teams():
    """50 teams of eight equally good people."""
    rates = dict.fromkeys(["Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal"], 0.3)
    assert sum(winners(drawn(seed, rates), OVER).clear for seed in range(50)) / 50 <= 0.05
