"""What the team will have on its hands."""

import math

import numpy as np
import pandas as pd
import pytest

from slareport.findings.capacity import load, products, usual_number

QUARTERS = ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]


def counts(**people):
    return pd.DataFrame.from_dict(people, orient="index", columns=QUARTERS)


def deals(*rows):
    return pd.DataFrame(rows, columns=["owner", "chance"])


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        pytest.param([], (math.nan, math.nan, math.nan), id="none"),
        pytest.param([10, 20], (15, math.nan, math.nan), id="two: a mean without a range"),
        pytest.param([16, 16, 16, 16], (16, 16 - 3.18245 * 4 * 5**0.5 / 2, 16 + 3.18245 * 4 * 5**0.5 / 2),
                     id="steady: still a Poisson number, variance 16"),
        pytest.param([0, 0, 40, 40], (20, 0, 20 + 3.18245 * (1600 / 3 * 1.25) ** 0.5), id="unsteady: its own variance"),
    ],
)  # fmt: skip
def test_the_usual_number(past, expected):
    assert usual_number(past) == pytest.approx(expected, nan_ok=True, abs=1e-3)


def test_the_load_of_each_and_of_all():
    finding = load(
        counts(Ann=(10, 12, 11, 11), Bo=(9, 8, 10, 9), Gone=(9, 9, 9, 0)),
        deals(("Ann", 0.5), ("Ann", 0.5), ("Cy", 1.0)),
    )
    frame = finding.frame
    assert frame.index.tolist() == ["Ann", "Bo", "Cy", "all"], "who has left has no row, and still counts in all"
    assert frame["leads"].tolist() == [11, 9, 0, 26.75]
    assert frame["open_deals"].tolist() == [2, 0, 1, 3]
    assert frame["wins"].tolist() == pytest.approx([1, 0, 1, 2])
    assert frame.loc["all", ["wins_low", "wins_high"]].tolist() == [1, 3]
    assert finding.sentence == (
        "We expect 27 leads (8–45), 8.9 for each of 3 people; 3 deals are open, of which we expect to win 2 (1–3) in "  # noqa: RUF001
        "that time."
    )


def test_without_chances_only_the_load_is_said():
    finding = load(counts(Ann=(10, 12, 11, 11)), deals(("Ann", math.nan)))
    assert finding.sentence.endswith("; 1 deal is open.")


@pytest.mark.parametrize(
    "leads",
    [
        pytest.param(counts(Ann=(1, 2, 3, 4)).iloc[:, 1:], id="three periods"),
        pytest.param(pd.DataFrame(), id="nothing known"),
    ],
)
def test_of_too_few_periods_no_load_is_expected(leads):
    said = load(leads, deals()).sentence
    assert said == f"Too few past periods to expect a load from: {leads.shape[1]} of the 4 it takes."


def lines(*rows):
    return pd.DataFrame(rows, columns=["opportunity_id", "product", "quantity", "chance"])


def test_units_per_product_by_hand():
    finding = products(lines(("a", "Pump", 2, 0.5), ("b", "Pump", 2, 0.5), ("c", "Valve", 100, 1.0)))
    assert finding.frame.index.tolist() == ["Valve", "Pump"]
    assert finding.frame.loc["Pump"].tolist() == [2, 4, 2, 0, 4]
    assert finding.sentence == "Most units are expected of Valve: 100 (100–100)."  # noqa: RUF001


def test_products_that_cannot_be_told_apart_are_not_ranked():
    said = products(lines(("a", "Pump", 2, 0.5), ("b", "Valve", 2, 0.6))).sentence
    assert said == "No product is clearly ahead; most units are expected of Valve: 1 (0–2)."  # noqa: RUF001


def test_no_products():
    assert products(lines(("a", None, 1, 0.5))).sentence == "No product is on an open deal."


def test_the_range_holds_in_nineteen_of_twenty():
    """Poisson numbers: the next one lies outside in at most 5% of 1,000 teams."""
    rng = np.random.default_rng(2)
    drawn = rng.poisson(25, (1000, 9))
    ranges = [usual_number(row[:8].tolist()) for row in drawn]
    outside = [not low <= row[8] <= high for row, (_, low, high) in zip(drawn, ranges, strict=True)]
    assert np.mean(outside) <= 0.05
