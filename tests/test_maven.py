"""Tables nobody here wrote: the packets agree with the published answers, deal by deal.

The answers stand in `../shared/data/README.md`; the tables are not part of the project.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny import made_once, slareport

from slareport.review import Annex
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once

WORKSPACE = Path(__file__).parent / "workspaces" / "maven"
DATA = Path(__file__).parents[2] / "shared" / "data" / "maven_crm"
QUARTERS = ["2017Q1", "2017Q2", "2017Q3", "2017Q4"]
WON_OF_DECIDED = {"2017Q1": (531, 647), "2017Q2": (1254, 2032), "2017Q3": (1257, 2047), "2017Q4": (1196, 1985)}
YEAR = {
    "dustin-brinkmann": 62.98,
    "melvin-marxen": 62.20,
    "cara-losch": 64.43,
    "celia-rouche": 63.41,
    "summer-sewald": 64.34,
    "rocco-neubert": 62.08,
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The packets of every manager and quarter, made once."""
    if not DATA.is_dir():
        told = f"no tables in {DATA}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return made_once(tmp_path_factory, "maven", make)


def make(folder):
    period = f"{QUARTERS[0]}..{QUARTERS[-1]}"
    packets = ("--notebook", "team_review", "--notebook", "leadership_summary")
    command = ("run", "--workspace", WORKSPACE, "--period", period, "--outputs", folder, "--quiet", *packets)
    done = slareport(*command, timeout=1800)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def cards(outputs):
    """The scorecards of all team packets, one row per manager, quarter and result."""
    paths = [outputs / quarter / team / "team_review" / "current" for quarter in QUARTERS for team in YEAR]
    frames = [pd.read_csv(path / "scorecard.csv") for path in paths]
    return pd.concat(frames).set_index(["promise", "period", "team"]).sort_index()


def test_every_manager_and_quarter_has_a_packet_and_each_quarter_a_summary(outputs):
    pages = {path.relative_to(outputs).parts[:3] for path in outputs.glob("*/*/*/current/packet.html")}
    teams = {(quarter, team, "team_review") for quarter in QUARTERS for team in YEAR}
    assert pages == teams | {(quarter, "_all", "leadership_summary") for quarter in QUARTERS}
    assert len(teams) == 24


@pytest.mark.parametrize("quarter", QUARTERS)
def test_the_managers_add_up_to_the_quarter(cards, quarter):
    counts = cards.loc[("win-rate", quarter), ["numerator", "denominator"]].sum()
    assert tuple(counts) == WON_OF_DECIDED[quarter]


@pytest.mark.parametrize("quarter", QUARTERS)
def test_the_summary_counts_what_the_managers_count(outputs, quarter):
    card = pd.read_csv(outputs / quarter / "_all" / "leadership_summary" / "current" / "scorecard.csv")
    company = card.set_index("promise").loc["win-rate"]
    assert (company["numerator"], company["denominator"]) == WON_OF_DECIDED[quarter]


@pytest.mark.parametrize("team", YEAR)
def test_a_manager_s_year_agrees(cards, team):
    won, decided = cards.loc["win-rate", ["numerator", "denominator"]].xs(team, level="team").sum()
    assert round(100 * won / decided, 2) == YEAR[team]


def test_every_won_deal_is_in_a_cycle_and_its_days_agree(cards):
    deals = pd.read_csv(DATA / "sales_pipeline.csv", parse_dates=["engage_date", "close_date"])
    won = deals[deals["deal_stage"].eq("Won")]
    days = (won["close_date"] - won["engage_date"]).dt.days
    assert round(days.mean(), 3) == 51.782
    assert (days.median(), np.percentile(days, 90)) == (57, 106)
    assert round(100 * days.le(90).mean(), 2) == 77.21
    cycle = cards.loc["sales-cycle"]
    assert cycle["n"].sum() == len(won) == 4238
    managers = pd.read_csv(DATA / "sales_teams.csv").set_index("sales_agent")["manager"]
    quarters = won["close_date"].dt.to_period("Q").astype(str)
    teams = won["sales_agent"].map(managers).str.lower().str.replace(" ", "-")
    medians = days.groupby([quarters, teams]).median()
    assert cycle["value"].to_dict() == medians.to_dict()


def test_only_the_first_quarter_is_flagged_for_what_the_log_does_not_reach(cards):
    flagged = cards["result"].eq("incomplete history").groupby("period").agg(["all", "any"])
    assert flagged.loc["2017Q1", "all"]
    assert not flagged.drop("2017Q1")["any"].any()


def test_the_alias_leads_every_line_to_its_product(outputs):
    facts = [json.loads(path.read_text()) for path in (outputs / ".extracts").glob("*/extract.json")]
    known_at = [*QUARTERS, "the quarter before, for corrections"]
    assert [sum(fact["aliased"].values()) for fact in facts] == [1480] * len(known_at)
    page = next(outputs.glob("2017Q4/_all/*/current/packet.html")).read_text()
    assert "GTXPro" in page
    assert "1,480" in page


@pytest.mark.parametrize("quarter", QUARTERS)
def test_no_row_is_lost(outputs, quarter):
    for path in (outputs / quarter).glob("*/*/current/manifest.json"):
        for table in json.loads(path.read_text())["accounting"]:
            assert table["read"] == table["used"] + table["excluded"] + table["set_aside"]


SECTIONS = (
    "attention", "bottlenecks", "achievers", "outlook", "misses", "trust", "trends", "causes", "adherence", "capacity",
    "looks", "restated", "close",
)  # fmt: skip


def test_a_company_that_has_promised_nothing_yet_has_every_section(outputs):
    """Nothing is missed, nobody keeps anything, and there is no period before the first."""
    workspace = open_workspace(WORKSPACE, outputs)
    for quarter in ("2016Q4", *QUARTERS[:2]):
        review = Annex("dustin-brinkmann", quarter, workspace=workspace)
        assert [name for name in SECTIONS if getattr(review, name)() is None] == []
        assert review.missed.empty
