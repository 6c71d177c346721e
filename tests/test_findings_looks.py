"""How many clear misses chance alone brings, when many promises are looked at."""

import numpy as np
import pandas as pd
import pytest

from slareport.findings.looks import many


def card(*rows):
    frame = pd.DataFrame(rows, columns=["met", "n", "target"])
    return frame.assign(kind="promise", team="emea", period="2026Q3", promise="reply", title="First reply")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param([], "No promise could be judged.", id="none"),
        pytest.param([(0, 0, 0.9)], "No promise could be judged.", id="nothing was due"),
        pytest.param(
            [(9, 10, 0.9)] * 3,
            "3 promises were judged and 0 clearly missed; if all were kept at just the promised rate, chance alone "
            "would bring 0.0.",
            id="none missed",
        ),
        pytest.param(
            [(107, 139, 0.9), *[(92, 100, 0.9)] * 19],
            "20 promises were judged and 1 clearly missed; if all were kept at just the promised rate, chance alone "
            "would bring 0.4. So many comparisons leave 1 of them clear.",
            id="one far below stays clear",
        ),
        pytest.param(
            [(83, 100, 0.9), *[(92, 100, 0.9)] * 39],
            "40 promises were judged and 1 clearly missed; if all were kept at just the promised rate, chance alone "
            "would bring 0.8. So many comparisons leave 0 of them clear.",
            id="one of forty a little below does not",
        ),
    ],
)
def test_many_promises_at_once(rows, said):
    finding = many(card(*rows))
    assert finding.sentence == said
    assert finding.clear == finding.sentence.endswith("leave 1 of them clear.")


def test_results_are_no_promises():
    assert many(card((1, 100, 0.9)).assign(kind="outcome")).sentence == "No promise could be judged."


def test_one_promise():
    assert many(card((9, 10, 0.9))).sentence.startswith("1 promise was judged and 0 clearly missed")


def test_something_is_clear_by_chance_in_at_most_one_of_twenty():
    """200 companies with 30 promises, all exactly on target."""
    rng = np.random.default_rng(4)
    clear = [many(card(*[(k, 80, 0.9) for k in rng.binomial(80, 0.9, 30)])).clear for _ in range(200)]
    assert np.mean(clear) <= 0.05
