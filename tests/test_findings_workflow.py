"""How the work really runs: counted by hand on small tables, and the planted pain point first on the sample company."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from judging import at

from slareport.exhibits import workflow as shown
from slareport.findings import workflow
from slareport.findings.workflow import DELAY, DROP, REWORK
from slareport.review import WorkflowAnalysis

pytestmark = pytest.mark.once

SPAN = (at("2026-01-01T00:00Z"), at("2027-01-01T00:00Z"))
ORDER = ["Prospecting", "Proposal", "Negotiation"]
DAY = pd.Timedelta(days=1)
SEEDS = range(8)


def history(*deals):
    """Stage history: of each deal its team and pairs of a day of the year and the stage, or end, it came to."""
    rows = [
        {
            "opportunity_id": f"D{number}",
            "team": team,
            "entered_at": SPAN[0] + day * DAY,
            "stage": stage,
            "status": stage if stage in ("won", "lost") else "open",
        }
        for number, (team, *moves) in enumerate(deals)
        for day, stage in moves
    ]
    return pd.DataFrame(rows)


def visits(**stays):
    """Stays in Proposal of each team: the days, and whether the deal went on and was won."""
    rows = [
        {
            "stage": "Proposal",
            "team": team,
            "dwell_days": float(days),
            "moved_on": on,
            "status": "won" if on else "lost",
        }
        for team, found in stays.items()
        for days, on in found
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(entered_at=SPAN[0] + DAY, left_at=SPAN[0] + 100 * DAY)


def test_moves_are_counted_with_what_they_lead_to():
    found = workflow.moves(
        history(
            ("north", (0, "Prospecting"), (10, "Proposal"), (12, "Prospecting"), (20, "Proposal"), (30, "won")),
            ("north", (0, "Prospecting"), (5, "Proposal"), (6, "Proposal"), (400, "lost")),
        ),
        ORDER,
        SPAN,
    ).set_index(["start", "to"])
    assert found.loc[("Prospecting", "Proposal"), ["times", "share", "days", "back"]].tolist() == [3, 1.0, 8.0, False]
    assert found.loc[("Proposal", "Prospecting"), ["times", "share", "back"]].tolist() == [1, 0.5, True]
    assert found.loc[("Proposal", "won"), "share"] == 0.5
    assert ("Proposal", "lost") not in found.index, "that was in another year"


def test_stages_stand_in_their_order_with_what_is_still_there():
    there = visits(north=[(4, True), (6, True), (8, False)]).assign(stage=["Proposal", "Proposal", "Odd"])
    there.loc[1, "left_at"] = pd.NaT
    found = workflow.stages(there, ORDER, SPAN)
    assert found.index.tolist() == ["Proposal", "Odd"]
    assert found.loc["Proposal", ["entered", "median", "left", "went_on"]].tolist() == [2, 4.0, 1, 1.0]


def test_leads_are_queued_by_the_clock_of_their_team():
    leads = pd.DataFrame(
        {
            "created_at": [at("2026-03-02T07:30Z"), at("2026-03-02T08:30Z"), at("2026-03-02T08:30Z")],
            "first_touch_at": [at("2026-03-02T09:30Z"), pd.NaT, at("2026-03-02T09:00Z")],
        }
    )
    zones = pd.Series(["Europe/Berlin", "Europe/Berlin", "Asia/Singapore"])
    found = workflow.queues(leads, zones, SPAN)
    morning, afternoon = found.to_dict("records")
    assert (morning["weekday"], workflow.BLOCKS[morning["block"]]) == (0, (8, 10))
    assert (morning["leads"], morning["waited"]) == (2, 120)
    assert (workflow.BLOCKS[afternoon["block"]], afternoon["leads"], afternoon["waited"]) == ((16, 18), 1, 30)


def test_handoffs_have_the_time_until_accepted_and_the_shares_refused():
    offered = at("2026-03-02T08:00Z")
    rows = pd.DataFrame(
        {
            "kind": "marketing to sales",
            "offered_at": offered,
            "accepted_at": [offered + 2 * DAY / 24, offered + 4 * DAY / 24, pd.NaT, pd.NaT],
            "rejected_at": [pd.NaT, pd.NaT, offered + DAY, pd.NaT],
            "returned_at": [pd.NaT, offered + DAY, pd.NaT, pd.NaT],
        }
    ).astype(dict.fromkeys(["accepted_at", "rejected_at", "returned_at"], "datetime64[us, UTC]"))
    (row,) = workflow.handoffs(rows, SPAN).to_dict("records")
    assert (row["offered"], row["hours"], row["waiting"], row["rejected"], row["returned"]) == (4, 3.0, 1, 0.25, 0.25)


def test_a_delay_costs_what_a_day_of_all_deals_brought():
    """Ten days longer for twenty deals, in a year in which 30 wins took 500 days: 12 wins, 3 a quarter."""
    there = visits(north=[(20, True)] * 10 + [(20, False)] * 10, south=[(10, True)] * 5 + [(10, False)] * 5)
    there["dwell_days"] += np.tile([-0.1, 0.1], 15)
    won = history(*(("north", (1, "Proposal"), (50, "won")) for _ in range(30)))
    delay = workflow.pains(there, won, ORDER, SPAN).set_index(["kind", "team"]).loc[(DELAY, "north")]
    assert delay["effect"] == pytest.approx(10)
    assert delay["cost"] == pytest.approx(10 * 20 * 30 / 500 / 4)
    assert delay["low"] < delay["cost"] < delay["high"]


def test_a_drop_costs_what_those_that_go_on_win():
    there = visits(north=[(5, True)] * 20 + [(5, False)] * 20, south=[(5, True)] * 36 + [(5, False)] * 4)
    drop = workflow.pains(there, history(("north", (1, "Proposal"), (50, "won"))), ORDER, SPAN)
    drop = drop.set_index(["kind", "team"]).loc[(DROP, "north")]
    assert drop["effect"] == pytest.approx(0.4)
    assert drop["cost"] == pytest.approx(0.4 * 40 * 1.0 / 4)
    assert drop["sure"]


def test_what_is_done_again_costs_all_of_its_time():
    again = [
        ("north", (0, "Prospecting"), (10, "Proposal"), (20, "Prospecting"), (26 + n / 100, "lost")) for n in range(12)
    ]
    won = [("north", (1, "Proposal"), (50, "won"))]
    there = visits(north=[(100, True)])
    (row,) = workflow.pains(there, history(*again, *won), ORDER, SPAN).to_dict("records")
    assert (row["kind"], row["place"], row["deals"], row["sure"]) == (REWORK, "Prospecting", 12, True)
    assert row["effect"] == pytest.approx(6.055)
    assert row["cost"] == pytest.approx(6.055 * 12 * 1 / 100 / 4)


def test_teams_that_are_alike_have_no_pain_that_is_clear():
    """Of 8 companies of three like teams about 0.4 should have one by chance."""
    found = 0
    for seed in SEEDS:
        draws = np.random.default_rng(seed)
        stays = {team: [(draws.exponential(20), draws.random() < 0.7) for _ in range(80)] for team in "abc"}
        won = history(*(("a", (1, "Proposal"), (50, "won")) for _ in range(100)))
        found += workflow.pains(visits(**stays), won, ORDER, SPAN)["sure"].any()
    assert found <= 2


def test_without_deals_there_is_no_pain():
    nothing = visits(north=[(5, True)] * 3)
    assert workflow.pains(nothing, history(("north", (1, "Proposal"), (50, "won"))), ORDER, SPAN).empty


@pytest.fixture(scope="module")
def analysis(sample):
    return WorkflowAnalysis("2026Q3", workspace=sample)


def test_the_planted_pain_point_is_ranked_first(analysis):
    first = analysis.pain.iloc[0]
    assert (first["kind"], first["place"], first["team"]) == (DELAY, "Proposal", "apac")
    assert analysis.pain["sure"].tolist() == [True] + [False] * (len(analysis.pain) - 1)
    assert analysis.lede.startswith("APAC: deals stay 20.4 days")
    assert "won deals" in analysis.lede
    assert analysis.points == []


def test_it_is_the_same_before_any_agreement_was_in_force(analysis, sample):
    first, *later = sample.agreement.versions
    drafts = [first.model_copy(update={"effective_from": dt.date(2027, 1, 1)}), *later]
    young = replace(sample, agreement=replace(sample.agreement, versions=tuple(drafts[:1])))
    before = WorkflowAnalysis("2026Q3", workspace=young)
    assert (before.lede, before.points) == (analysis.lede, analysis.points)
    pd.testing.assert_frame_equal(before.pain, analysis.pain)
    assert "agreement version 1, not in force then" in before.header().html
    assert "not in force" not in analysis.header().html


def test_its_record_judges_no_promise(analysis):
    data = analysis.close().data
    assert data["scorecard"] == data["versions"] == data["misses"] == []
    assert len(data["rejects"]) > 0


def test_the_cost_is_told_in_money_where_amounts_have_one_currency(analysis):
    assert "€" in analysis.lede
    assert "€" not in shown.pain(analysis.pain.iloc[0], {}, "")
