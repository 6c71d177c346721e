"""What a careful reader would ask about a version of the agreement."""

import datetime as dt

import pytest

from slareport.agreement import Promise, Responsibility
from slareport.agreement.models import Service
from slareport.documents import read_document
from slareport.linting import lint

TEAMS = ("emea", "apac")


@pytest.fixture
def asked(sample):
    """What is asked about the sample's newest version with some parts replaced."""
    version = sample.agreement.versions[-1]
    document = read_document(sample.root / sample.agreement.file_of(version), sample.root)
    return lambda **parts: [problem.what for problem in lint(version.model_copy(update=parts), document, TEAMS)]


def promise(name, **changed):
    given = {"id": name, "title": name, "promise": "We reply.", "owner": "Ada", "kpi": "lead_response", "min_n": "5"}
    return Promise(**given | {"target": "0.9"} | changed)


def step(accountable, **changed):
    return Responsibility(**{"step": "proposal_creation", "accountable": accountable, "responsible": ["Bo"]} | changed)


def test_nothing_is_asked_about_the_sample(asked):
    assert asked() == []


@pytest.mark.parametrize(
    ("parts", "question"),
    [
        pytest.param(
            {"services": [Service(name="Advice", provider="Sales", receiver="All", description="We advise.")]},
            "services[0]: promised, not measured",
            id="a service without a promise",
        ),
        pytest.param(
            {"promises": [promise("a", min_n="1")]},
            "promises[0]: a share of so few items says next to nothing",
            id="a share of one item",
        ),
        pytest.param(
            {"promises": [promise("a"), promise("b", target="0.8")]},
            "promises[1].target: a promises another share of the same",
            id="two shares of the same",
        ),
        pytest.param(
            {"responsibilities": [step("Ada"), step("Cy", team="apac")]},
            "responsibilities[0]: from 2026-02-16 on Ada and Cy are accountable for proposal_creation",
            id="two roles in one team",
        ),
        pytest.param(
            {"responsibilities": [step("Ada", to_on="2026-06-30"), step("Cy", from_on="2026-07-02")]},
            "responsibilities[0]: from 2026-07-01 on nobody is accountable for proposal_creation",
            id="a day between two",
        ),
    ],
)
def test_this_is_asked_about(asked, parts, question):
    assert question in asked(**parts)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"promises": [promise("a"), promise("b", kpi="speed_to_lead", target="0.8")]}, id="other KPIs"),
        pytest.param(
            {"promises": [promise("a"), promise("b", target="0.8", population={"segment": "Hot"})]}, id="other items"
        ),
        pytest.param(
            {"responsibilities": [step("Ada", to_on="2026-06-30"), step("Cy", from_on="2026-07-01")]},
            id="one after the other",
        ),
        pytest.param(
            {"responsibilities": [step("Ada", team="emea"), step("Cy", team="apac")]}, id="a role in each team"
        ),
        pytest.param(
            {"responsibilities": [step("Ada", to_on="2026-12-31")], "ends_on": dt.date(2026, 12, 31)},
            id="until the version ends",
        ),
    ],
)
def test_this_is_not_asked_about(asked, parts):
    parts = {"services": [], "promises": [], **parts}
    assert asked(**parts) == []
