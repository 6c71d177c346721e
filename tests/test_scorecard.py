"""Judgements become a scorecard: what each result word takes, what is compared with what, and who missed what."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import CALENDARS, OUTCOMES, REPLY, at, deal, judge, lead, version

from slareport.period import parse_period
from slareport.results import BETTER, CHANCE, CLEARLY, KEPT, MISSED, NO_DATA, NO_PREVIOUS, SAME, SHORT, TOO_FEW, WORSE
from slareport.scorecard import MISS_COLUMNS, Row, misses, scorecard, split, trend
from slareport.worktime import parse_duration

IN_TIME, TOO_LATE = "2026-03-09 09:30", "2026-03-09 12:00"


def leads(kept, missed=0, day="2026-03-09", mark=""):
    """So many leads of one morning, answered in time and too late."""
    return [
        lead(f"L{mark}{n}", [("A", f"{day} 09:00")], [("A", f"{day} {'09:30' if n < kept else '12:00'}")])
        for n in range(kept + missed)
    ]


def deals(won, lost=0, closed="2026-03-10", created="2026-01-05", mark=""):
    return [deal(f"D{mark}{n}", created, "won" if n < won else "lost", f"{closed} 12:00") for n in range(won + lost)]


def days_after(day, days):
    return str((pd.Timestamp(day) + pd.Timedelta(days=days)).date())


@pytest.mark.parametrize(
    ("kept", "missed", "min_n", "result", "evidence"),
    [
        pytest.param(0, 0, 1, NO_DATA, "", id="nothing due is no data, neither 0% nor 100%"),
        pytest.param(3, 1, 5, TOO_FEW, CHANCE, id="fewer than agreed"),
        pytest.param(4, 1, 5, MISSED, CHANCE, id="80% of 5: missed, but 5 prove nothing"),
        pytest.param(17, 3, 5, MISSED, CHANCE, id="17 of 20: binomial tail 0.32"),
        pytest.param(14, 6, 5, MISSED, CLEARLY, id="14 of 20: binomial tail 0.011"),
        pytest.param(18, 2, 5, KEPT, CHANCE, id="exactly 90%"),
        pytest.param(35, 0, 5, KEPT, CHANCE, id="35 of 35 could still be chance"),
        pytest.param(36, 0, 5, KEPT, CLEARLY, id="36 of 36 could not"),
        pytest.param(0, 2, 1, MISSED, CLEARLY, id="0 of 2: binomial tail 0.01"),
    ],
)
def test_the_result_of_a_promise(kept, missed, min_n, result, evidence):
    promise = REPLY | {"target": "0.9", "min_n": min_n, "knobs": {"within": parse_duration("60 business minutes")}}
    row = judge(leads(kept, missed), versions=[version(promises=[promise])]).row()
    assert (row["result"], row["evidence"]) == (result, evidence)
    assert (row["met"], row["missed"], row["n"]) == (kept, missed, kept + missed)
    assert math.isnan(row["value"]) if kept + missed == 0 else row["value"] == kept / (kept + missed)


@pytest.mark.parametrize(
    ("before", "now", "result"),
    [
        pytest.param((5, 45), (25, 25), BETTER, id="10% to 50%"),
        pytest.param((25, 25), (5, 45), WORSE, id="50% to 10%"),
        pytest.param((20, 30), (22, 28), SAME, id="40% to 44%"),
        pytest.param((0, 0), (25, 25), NO_PREVIOUS, id="nothing before"),
        pytest.param((2, 7), (25, 25), NO_PREVIOUS, id="too few before"),
        pytest.param((25, 25), (5, 4), TOO_FEW, id="too few now"),
        pytest.param((25, 25), (0, 0), NO_DATA, id="nothing now"),
    ],
)
def test_the_result_of_an_outcome(before, now, result):
    outcomes = [OUTCOMES[0] | {"min_n": 10}]
    made = deals(*before, closed="2025-12-10", created="2025-11-05", mark="B") + deals(*now)
    row = judge(deals=made, versions=[version(outcomes=outcomes)]).row("win-rate")
    assert row["result"] == result
    compared = bool(sum(before) and sum(now))
    assert pd.isna(row["previous"]) != compared
    if compared:
        assert row["change"] == pytest.approx(now[0] / sum(now) - before[0] / sum(before))


@pytest.mark.parametrize(
    ("days_before", "days_now", "result"),
    [
        pytest.param(10, 40, WORSE, id="a longer cycle is worse"),
        pytest.param(40, 10, BETTER, id="a shorter one is better"),
    ],
)
def test_lower_may_be_better(days_before, days_now, result):
    quick = [deal(f"B{n}", "2025-10-20", "won", days_after("2025-10-20", days_before)) for n in range(12)]
    late = [deal(f"N{n}", "2026-01-20", "won", days_after("2026-01-20", days_now)) for n in range(12)]
    assert judge(deals=quick + late).row("cycle")["result"] == result


def test_a_period_too_small_for_a_likely_range_is_no_comparison():
    few = [deal(f"B{n}", "2025-10-20", "won", days_after("2025-10-20", 60)) for n in range(5)]
    many = [deal(f"N{n}", "2026-01-20", "won", days_after("2026-01-20", 10)) for n in range(12)]
    cycle = {**OUTCOMES[2], "min_n": 3}
    found = judge(deals=few + many, versions=[version(outcomes=[cycle])]).row("cycle")
    assert found["result"] == NO_PREVIOUS


@pytest.mark.parametrize(
    ("change", "compared"),
    [
        pytest.param({}, True, id="a version that changes nothing"),
        pytest.param({"outcomes": [OUTCOMES[1] | {"knobs": {"horizon_days": 20}}]}, False, id="another horizon"),
    ],
)
def test_only_like_is_compared_with_like(change, compared):
    before = deals(20, 20, "2025-11-10", "2025-11-01", mark="B")
    made = before + deals(20, 20, "2026-02-10", "2026-02-01")
    row = judge(deals=made, versions=[version("2025-01-01"), version("2026-01-01", **change)]).row("closure")
    assert row["n"] == 40
    assert (row["result"] == SAME) == compared
    assert (row["result"] == NO_PREVIOUS) != compared
    assert pd.notna(row["previous"]) == compared


def test_a_promise_with_another_limit_is_not_compared_either():
    made = leads(9, 1, "2025-12-08", "B") + leads(8, 2)
    row = judge(made, versions=[version("2025-01-01", "4 business hours"), version("2026-01-01")]).row()
    assert (row["value"], pd.isna(row["previous"]), row["result"]) == (0.8, True, MISSED)


def slow_deals(period_start, count=30):
    """Deals that took 60 days and closed all over a quarter, half of them won."""
    return [
        deal(
            f"{period_start}-{n}",
            days_after(period_start, 3 * n - 60),
            "won" if n % 2 else "lost",
            days_after(period_start, 3 * n),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("began", "results"),
    [
        pytest.param("2025-01-01", [SAME, SAME], id="records from long before"),
        pytest.param("2025-10-01", [NO_PREVIOUS, SAME], id="records from the quarter before"),
        pytest.param("2026-01-01", [SHORT, NO_PREVIOUS], id="records from this quarter"),
    ],
)
def test_records_that_begin_too_late(began, results):
    """Deals that take 60 days cannot have closed in the first 60 days of the records."""
    made = [each for start in ("2025-10-01", "2026-01-01", "2026-04-01") for each in slow_deals(start)]
    outcomes = [OUTCOMES[0]]
    judged = judge(deals=made, versions=[version(outcomes=outcomes)], began_at=began)
    found = [judged.row("win-rate", period) for period in ("2026Q1", "2026Q2")]
    assert [row["result"] for row in found] == results
    for row in found:
        assert pd.isna(row["previous"]) == (row["result"] in (SHORT, NO_PREVIOUS))


def test_records_that_begin_a_few_days_into_a_quarter_are_whole_enough():
    made = [lead(f"L{n}", [("A", f"2026-01-0{5 + n % 5} 09:00")]) for n in range(20)]
    assert judge(made, began_at="2026-01-04").row()["result"] == MISSED


def test_a_trend_is_the_scorecard_of_each_period():
    closed = deals(4, 6) + deals(5, 5, "2025-12-10", "2025-11-01", "B")
    judged = judge(leads(3, 1) + leads(5, 1, "2025-12-08", "B"), closed)
    periods = parse_period("2026Q1").history(3)
    for name in judged.frames:
        cards = [judged.card(period.name) for period in periods]
        alone = pd.concat([card[card["promise"].eq(name)] for card in cards], ignore_index=True)
        pd.testing.assert_frame_equal(trend(judged.frames, name, periods, judged.frame), alone, check_dtype=False)


def test_the_rows_are_in_the_order_of_the_agreement():
    card = judge().card()
    assert card["promise"].tolist() == ["reply", "win-rate", "closure", "cycle"]
    assert list(card) == list(Row.__dataclass_fields__)
    assert card["result"].eq(NO_DATA).all()
    assert card["value"].isna().all()


def test_without_items_the_version_of_the_period_speaks():
    versions = [version("2025-01-01", target="0.8"), version("2026-01-01", target="0.95")]
    assert [judge(versions=versions).row("reply", period)["target"] for period in ("2025Q4", "2026Q1")] == [0.8, 0.95]


def test_counts_are_whole_numbers():
    card = judge(leads(3, 1), deals(1, 1)).card()
    for name in ("n", "met", "missed", "pending", "excluded", "invalid"):
        assert str(card[name].dtype).lower() == "int64"


COUNTS = ["n", "numerator", "denominator", "met", "missed", "pending", "excluded", "invalid"]
TEAM = st.sampled_from(["north", "south", "unassigned"])
STARTS = st.sampled_from(["2026-03-09 09:00", "2026-03-31 16:30", "2026-04-07 16:59", "2025-12-31 12:00"])
STATUSES = st.sampled_from(["won", "lost", "open"])
TOUCHES = st.sampled_from([[], [("A", IN_TIME)], [("A", TOO_LATE)], [("A", "2025-01-01")], [("robot", IN_TIME)]])


@settings(max_examples=10)
@given(st.lists(st.tuples(TEAM, STARTS, TOUCHES), max_size=30), st.lists(st.tuples(TEAM, STATUSES), max_size=30))
def test_the_company_is_the_sum_of_its_teams_and_of_what_has_none(many_leads, many_deals):
    made = [lead(f"L{n}", [("A", start)], touches, team=team) for n, (team, start, touches) in enumerate(many_leads)]
    sold = [deal(f"D{n}", "2026-01-05", status, "2026-03-01", team=team) for n, (team, status) in enumerate(many_deals)]
    judged = judge(made, sold, as_of="2026-04-08 00:00")
    period = parse_period("2026Q1")
    parts = [
        scorecard({name: f[f["team"].eq(team)] for name, f in judged.frames.items()}, period, judged.frame)
        for team in ("north", "south", "unassigned")
    ]
    whole = judged.card()
    assert sum(part[COUNTS].fillna(0) for part in parts).astype(int).equals(whole[COUNTS].fillna(0).astype(int))


def test_misses_are_the_very_items_the_longest_overdue_first():
    made = [
        lead("late", [("A", "2026-03-09 09:00")], [("A", "2026-03-09 12:00")]),
        lead("never", [("A", "2026-03-30 09:00")]),
        lead("kept", [("A", "2026-03-09 09:00")], [("A", "2026-03-09 09:10")]),
        lead("waits", [("A", "2026-04-08 08:30")]),
        lead("before", [("A", "2025-12-09 09:00")]),
    ]
    judged = judge(made, deals(0, 5), as_of="2026-04-08 09:00")
    found = misses(judged.frames, parse_period("2026Q1"), judged.frame)
    assert list(found) == MISS_COLUMNS
    assert found["item"].tolist() == ["never", "late"]
    # Monday 30 March 9:00 to Wednesday 8 April, without Good Friday and Easter Monday: 5 days of 8 hours, less one.
    assert found["late_minutes"].tolist() == [5 * 480 - 60, 120]
    assert found["started_at"].tolist() == [at("2026-03-30 09:00"), at("2026-03-09 09:00")]
    assert set(found["promise"]) == {"reply"}


def test_a_lost_deal_is_never_a_miss():
    judged = judge(deals=deals(0, 20))
    assert misses(judged.frames, parse_period("2026Q1"), judged.frame).empty


# A change to the agreement in the middle of a period

FEBRUARY, MARCH = "2026-02-02", "2026-03-09"


@pytest.mark.parametrize(
    ("changed", "days", "expected"),
    [
        pytest.param({"within": "60 minutes"}, (FEBRUARY, MARCH), [("1", 1, 3), ("2", 1, 3)], id="another time"),
        pytest.param({"target": "0.5"}, (FEBRUARY, MARCH), [("1", 1, 3), ("2", 1, 3)], id="another share"),
        pytest.param(
            {"calendars": CALENDARS | {"berlin": CALENDARS["always"]}},
            (FEBRUARY, MARCH),
            [("1", 1, 3), ("2", 1, 3)],
            id="other working hours",
        ),
        pytest.param({}, (FEBRUARY, MARCH), [], id="the same promise again"),
        pytest.param({"title": "Other words"}, (FEBRUARY, MARCH), [], id="other words of the agreement"),
        pytest.param({"target": "0.5"}, (MARCH,), [], id="items under one version only"),
        pytest.param({"target": "0.5"}, ("2025-12-15", MARCH), [], id="items of the other are of another period"),
    ],
)
def test_what_a_change_splits_has_a_row_under_each_version(changed, days, expected):
    items = [one for day in days for one in leads(1, 2, day, mark=day)]
    made = judge(items, versions=[version("2025-12-01", version="1"), version("2026-02-16", **changed, version="2")])
    found = split(made.frames, parse_period("2026Q1"), made.frame)
    assert [tuple(row) for row in found[["version", "met", "n"]].to_numpy()] == expected
    assert list(found.columns) == list(Row.__dataclass_fields__)


def test_what_a_change_splits_is_judged_by_what_each_version_promised():
    items = [*leads(7, 3, FEBRUARY, mark="old"), *leads(7, 3, MARCH, mark="new")]
    versions = [version("2026-01-01", target="0.6", version="1"), version("2026-02-16", target="0.8", version="2")]
    made = judge(items, versions=versions)
    found = split(made.frames, parse_period("2026Q1"), made.frame)
    assert [tuple(row) for row in found[["target", "result", "allowed"]].to_numpy()] == [
        (0.6, KEPT, 4),
        (0.8, MISSED, 2),
    ]
    assert made.row()["target"] == 0.7, "the scorecard's own row blends them"


def test_a_result_is_split_where_two_versions_measure_it_otherwise():
    closure = OUTCOMES[1] | {"knobs": {"horizon_days": 20}}
    versions = [version("2026-01-01", version="1"), version("2026-02-16", outcomes=[closure], version="2")]
    items = [*deals(1, created="2026-02-10", mark="old"), *deals(1, created="2026-03-02", mark="new")]
    made = judge(deals=items, versions=versions)
    found = split(made.frames, parse_period("2026Q1"), made.frame)
    assert found[["promise", "version"]].to_numpy().tolist() == [["closure", "1"], ["closure", "2"]]
