"""The agreement to read and the handbook of a role: made of the agreement alone, and all of it that concerns them."""

import datetime as dt
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from slareport import format as fmt
from slareport.agreement import Promise
from slareport.editions import role_key
from slareport.errors import UsageError
from slareport.exhibits import agreed
from slareport.findings.examples import examples
from slareport.jobs import instants_of, plan
from slareport.review import Agreed, Handbook
from slareport.run import run
from slareport.worktime import Calendar, parse_duration

OFFICE = Calendar("berlin", "Europe/Berlin", dict.fromkeys(range(5), ((540, 1020),)), "DE-BE")
MONDAY = dt.date(2026, 3, 2)


def words(section):
    return " ".join(re.sub(r"<[^>]+>", " ", section.html).replace("&#39;", "'").split())


def promise(**changed):
    fields = {
        "id": "p",
        "title": "Replies",
        "promise": "We reply.",
        "kpi": "lead_response",
        "owner": "Ada",
        "target": "0.9",
    }
    return Promise(**fields | changed)


@pytest.mark.parametrize(
    ("within", "due"),
    [
        pytest.param(
            "60 business minutes",
            ["Mon 9 Mar 2026 09:30", "Mon 9 Mar 2026 10:00", "Mon 9 Mar 2026 10:00"],
            id="an hour: Friday 16:30 is due Monday 9:30",
        ),
        pytest.param(
            "24 hours",
            ["Sat 7 Mar 2026 16:30", "Sun 8 Mar 2026 15:00", "Tue 10 Mar 2026 09:00"],
            id="a day by the clock takes no account of the weekend",
        ),
    ],
)
def test_examples_are_worked_on_the_calendar(within, due):
    found = examples(promise(knobs={"within": parse_duration(within)}), OFFICE, MONDAY)
    came = ["Fri 6 Mar 2026 16:30", "Sat 7 Mar 2026 15:00", "Mon 9 Mar 2026 09:00"]
    assert found == [f"A lead that comes in on {start} is due on {end}." for start, end in zip(came, due, strict=True)]


def test_a_promise_without_a_time_has_no_example():
    assert examples(promise(), OFFICE, MONDAY) == []


def test_every_part_of_the_agreement_is_in_it(sample):
    paper, version = Agreed("2026Q3", workspace=sample), sample.agreement.versions[-1]
    for section, named in (
        (paper.services(), [service.name for service in version.services]),
        (paper.promises(), [one.promise for one in version.promises]),
        (paper.outcomes(), [one.title for one in version.outcomes]),
        (paper.standards(), version.standards),
        (paper.processes(), [step for process in version.processes for step in process.steps]),
        (paper.responsibilities(), [each.accountable for each in version.responsibilities]),
        (paper.handoffs(), [f"{each.channel} {fmt.listed(each.required_items)}" for each in version.handoffs]),
        (paper.hours(), [hours.zone for hours in version.calendars.values()]),
        (paper.training(), [module.module for module in version.modules]),
        (paper.reviews(), version.review.owners),
        (paper.signatures(), ["Ingrid Halden", "Chief sales officer"]),
        (paper.change(), [version.change.approved_by]),
    ):
        for name in named:
            assert name in words(section), (name, words(section))


def test_a_promise_is_told_with_all_its_terms():
    told = words(
        agreed.promises(
            [
                promise(
                    knobs={"within": parse_duration("2 business hours")},
                    min_n=5,
                    warn_at=Decimal("0.5"),
                    population={"segment": ["Hot", "Warm"]},
                    exclusions={"channel": ["Spam"]},
                    pause=["leave"],
                    escalation="Bo",
                    if_missed="We talk.",
                )
            ]
        )
    )
    for line in (
        "Kept if 90% of at least 5 items are in time, within 2 business hours. At risk from 50% of the time.",
        "Only: segment Hot or Warm.",
        "Without: channel Spam.",
        "The clock stands still for leave.",
        "Owner: Ada. If it sticks: Bo.",
        "If it is missed: We talk.",
    ):
        assert line in told


def test_a_client_sees_what_is_promised_to_clients(sample):
    paper = Agreed("2026Q3", "client", workspace=sample)
    told = words(paper.promises())
    assert "First reply to a lead" in told
    assert "Speed to lead" not in told
    for section in (paper.services(), paper.responsibilities(), paper.outcomes(), paper.handoffs(), paper.change()):
        assert section.html == ""


def test_a_service_without_a_promise_is_not_measured(sample):
    version = sample.agreement.versions[-1]
    bare = version.services[0].model_copy(update={"promises": []})
    assert "Promised, not measured" in words(agreed.services(version.model_copy(update={"services": [bare]})))


def test_the_version_is_the_one_in_force_when_the_period_ends(sample):
    assert Agreed("2025Q4", workspace=sample).version.version == "1"
    assert Agreed("2026Q1", workspace=sample).version.version == "2"


def test_a_handbook_holds_what_concerns_the_role(sample):
    book = Handbook("Account executive", "emea", "2026Q3", workspace=sample)
    assert [one.id for one in book.owed] == [
        "lead-response",
        "speed-to-lead",
        "lead-decision",
        "proposal-turnaround",
        "negotiation-turnaround",
        "handoff",
    ]
    owed = "We reply to every lead within 2 business hours of its assignment. Customers and marketing You keep it"
    assert owed in words(book.owes())
    assert "Opportunity management You do it" in words(book.steps())
    assert "A lead that comes in on Fri 20 Feb 2026 16:30 is due on Mon 23 Feb 2026 10:30." in words(book.by_when())
    assert "Europe/Berlin" in words(book.hours())
    assert "America" not in words(book.hours())
    training = "Agreement, version 2 Team leader and Account executive 18 March 2026 30 days"
    assert training in words(book.training())


def test_a_role_that_only_answers_owes_without_doing(sample):
    book = Handbook("Head of product", "apac", "2026Q3", workspace=sample)
    assert "You answer for it" in words(book.owes())
    assert "You keep it" not in words(book.owes())
    assert "Asia/Singapore" in words(book.hours())


@pytest.mark.parametrize(
    ("make", "asked", "near"),
    [
        pytest.param(Handbook, ("Account executiv", "emea", "2026Q3"), "Account executive", id="a role"),
        pytest.param(Handbook, ("Legal", "emee", "2026Q3"), "emea", id="a team"),
        pytest.param(Agreed, ("2026Q3", "clients"), "client", id="an edition"),
        pytest.param(Agreed, ("2020Q1",), "add a version", id="a period without an agreement"),
    ],
)
def test_what_there_is_not_is_told_with_the_nearest(sample, make, asked, near):
    with pytest.raises(UsageError, match=near):
        make(*asked, workspace=sample)


def test_papers_are_published_without_reading_a_table(sample, tmp_path):
    home = replace(sample, outputs=tmp_path / "outputs")
    period = home.period("2026Q3")
    jobs = plan(home, [period], ["emea"], ["handbook"], roles=["Legal", "Team leader"])
    jobs += plan(home, [period], notebooks=["agreement"])
    assert [job.role for job in jobs] == ["Legal", "Team leader", ""]
    assert all(instants_of(home, job) == [] for job in jobs)
    done = list(run(home, jobs, workers=2))
    assert [one.failure for one in done] == ["", "", ""]
    assert not (home.outputs / ".extracts").exists()
    assert (home.outputs / "2026Q3" / "emea" / f"handbook@{role_key('Team leader')}" / "current").is_dir()
    again = list(run(home, jobs, workers=2))
    assert all(one.unchanged for one in again)


def test_notebooks_made_on_request_are_not_part_of_the_regular_review(sample):
    names = {job.notebook for job in plan(sample, [sample.period("2026Q3")])}
    assert names == {"team_review", "leadership_summary", "annex"}
