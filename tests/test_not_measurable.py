"""A CRM that holds leads, deals and activities only: what is promised beyond says what it needs, all else works."""

import shutil

import pytest
from test_exhibits import read
from tiny import slareport

from slareport.results import NOT_MEASURABLE
from slareport.review import Annex, Summary
from slareport.start import make_workspace
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once

PERIOD = "2026Q3"
MEASURED = {
    "lead-response", "speed-to-lead", "marketing-delivery", "win-rate", "closure-rate", "sales-cycle",
    "proposal-stage", "role-coverage",
}  # fmt: skip
BOTH = ("header", "bottom_line", "headline", "scorecard", "attention", "trends", "trust", "looks", "definitions")
TEAM = ("bottlenecks", "achievers", "outlook", "misses", "causes", "adherence", "capacity", "restated")
COMPANY = ("promises", "compared", "outcomes")


@pytest.fixture(scope="module")
def plain(tmp_path_factory, sample):
    """The sample company's exports in a workspace of a user of its own: Salesforce's standard objects, no more."""
    root = make_workspace(tmp_path_factory.mktemp("plain") / "company", sample=False)
    shutil.copytree(sample.source.data, root / "data")
    return open_workspace(root)


@pytest.fixture(scope="module")
def reviews(plain):
    return {"emea": Annex("emea", PERIOD, workspace=plain), "all": Summary(PERIOD, workspace=plain)}


@pytest.mark.parametrize("whose", ["emea", "all"])
def test_what_a_crm_does_not_hold_is_said_and_never_counted_as_missed(reviews, whose):
    review = reviews[whose]
    rows = review.rows.set_index("promise")
    lacking = rows[rows["result"].eq(NOT_MEASURABLE)]
    assert set(rows.index) - set(lacking.index) == MEASURED
    assert lacking["evidence"].ne("").all()
    assert lacking[["n", "missed", "pending"]].fillna(0).eq(0).all(axis=None)
    assert lacking["value"].isna().all()
    assert set(review.missed["promise"]) <= MEASURED


@pytest.mark.parametrize("whose", ["emea", "all"])
def test_the_page_says_what_it_needs(reviews, whose):
    words = read(reviews[whose].scorecard().html).words
    assert "Not measurable: needs training" in words
    assert "Not measurable: needs steps" in words


@pytest.mark.parametrize("whose", ["emea", "all"])
def test_every_other_section_is_there(reviews, whose):
    for name in (*BOTH, *(COMPANY if whose == "all" else TEAM)):
        shown = getattr(reviews[whose], name)()
        assert "nan" not in str(getattr(shown, "html", "")).lower(), name
    assert len(reviews[whose].close().data["scorecard"]) == len(reviews[whose].rows)


def test_check_says_it_before_anything_runs(plain):
    said = slareport("check", "--workspace", plain.root).stdout
    assert "not measurable: Training on the agreement needs training" in said
    assert "not measurable: Handoff to customer success needs handoffs" in said
    assert "not measurable: Win rate" not in said
