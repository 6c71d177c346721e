"""Replies in time and results: said as going together, and only when it is clear."""

# ruff: noqa: RUF001 - the sentences have the minus sign that people read

import numpy as np
import pandas as pd
import pytest

from slareport.findings.adherence import satisfaction_by_reply, wins_by_reply


def leads(early, late):
    rows = [(True, n < early[0]) for n in range(early[1])] + [(False, n < late[0]) for n in range(late[1])]
    return pd.DataFrame(rows, columns=["in_time", "kept"])


@pytest.mark.parametrize(
    ("items", "said"),
    [
        pytest.param(
            leads((120, 380), (9, 60)),
            "Deals from leads answered in time: 120 of 380 (32%) won; from leads answered late: 9 of 60 (15%). The "
            "difference is +16.6 points (+4.6 to +25.0 points). They go together; that does not show that one causes "
            "the other.",
            id="clearly more wins",
        ),
        pytest.param(
            leads((30, 100), (20, 30)),
            "Deals from leads answered in time: 30 of 100 (30%) won; from leads answered late: 20 of 30 (67%). The "
            "difference is −36.7 points (−52.9 to −16.4 points). They go together; that does not show that one causes "
            "the other.",
            id="clearly fewer: said as well",
        ),
        pytest.param(
            leads((97, 284), (2, 13)),
            "Deals from leads answered in time: 97 of 284 (34%) won; from leads answered late: 2 of 13 (15%). No clear "
            "difference: +18.8 points (−8.6 to +31.2 points).",
            id="too close to call",
        ),
        pytest.param(
            leads((97, 284), (0, 9)),
            "Replies and wins: too few to compare (284 answered in time, 9 answered late).",
            id="too few late ones",
        ),
        pytest.param(
            leads((0, 0), (0, 0)),
            "Replies and wins: too few to compare (0 answered in time, 0 answered late).",
            id="none",
        ),
    ],
)
def test_replies_and_wins(items, said):
    finding = wins_by_reply(items)
    assert finding.sentence == said
    assert finding.clear == ("They go together" in said)
    assert "cause" not in finding.sentence.replace("that does not show that one causes the other", "")


def test_replies_and_satisfaction_have_their_own_words():
    said = satisfaction_by_reply(leads((80, 100), (40, 100))).sentence
    assert said.startswith(
        "Customers from leads answered in time: 80 of 100 (80%) satisfied; from leads answered late:"
    )


@pytest.mark.parametrize("seed", range(10))
def test_half_the_win_rate_is_found(seed):
    rng = np.random.default_rng(seed)
    in_time = rng.random(1500) < 0.8
    kept = rng.random(1500) < np.where(in_time, 0.34, 0.17)
    assert wins_by_reply(pd.DataFrame({"in_time": in_time, "kept": kept})).clear


def test_what_does_not_go_together_is_said_to_in_about_one_of_twenty():
    """200 teams in which replies and wins have nothing to do with each other: 5%, give or take 3 points by chance."""
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(200):
        items = pd.DataFrame({"in_time": rng.random(400) < 0.8, "kept": rng.random(400) < 0.3})
        alarms += wins_by_reply(items).clear
    assert alarms / 200 <= 0.05 + 0.03
