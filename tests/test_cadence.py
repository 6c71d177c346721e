"""The calendar of reviews: when data settle and by when a review is held, as the agreement says."""

import datetime as dt

import pytest
from icalendar import Calendar

from slareport.agreement import Agreement
from slareport.cadence import as_icalendar, schedule


def reviewing(sample, **review):
    """The sample's agreement, reviewed otherwise."""
    versions = [
        version.model_copy(update={"review": version.review.model_copy(update=review)})
        for version in sample.agreement.versions
    ]
    return Agreement(tuple(versions), sample.agreement.digests)


@pytest.mark.parametrize(
    ("review", "periods"),
    [
        pytest.param({}, ["2026Q2", "2026Q3", "2026Q4", "2027Q1"], id="quarterly, and two to come"),
        pytest.param(
            {"cadence": "monthly"},
            ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"],
            id="monthly",
        ),
        pytest.param({"cadence": "half-yearly"}, ["2026H1", "2026H2", "2027H1", "2027H2"], id="half-yearly"),
        pytest.param({"cadence": "yearly"}, ["2026", "2027", "2028"], id="yearly"),
    ],
)
def test_periods_follow_the_cadence(sample, review, periods):
    due = schedule(reviewing(sample, **review), dt.date(2026, 5, 1), dt.date(2026, 8, 31))
    assert [one.period.name for one in due] == periods


def test_it_begins_with_the_first_period_that_an_agreement_covers(sample):
    """2023Q2 was looked at before anything was agreed; the first version took effect with the fourth quarter."""
    due = schedule(sample.agreement, dt.date(2023, 4, 1), dt.date(2023, 4, 1))
    assert [one.period.name for one in due] == ["2023Q4"]
    first, *later = sample.agreement.versions
    late = first.model_copy(update={"effective_from": dt.date(2023, 10, 2)})
    due = schedule(Agreement((late, *later), sample.agreement.digests), dt.date(2023, 7, 1), dt.date(2023, 10, 1))
    assert [one.period.name for one in due] == ["2024Q1", "2024Q2"]


def test_days_are_business_days_of_the_calendar_of_reviews(sample):
    """Q3 ends with September; after five business days, as 8 October begins, data settle; ten more make it the 22nd."""
    third = schedule(sample.agreement, dt.date(2026, 7, 1), dt.date(2026, 7, 1))[0]
    assert third.settles == sample.agreement.as_of(third.period)
    assert third.hold_by == dt.date(2026, 10, 22)
    soon = schedule(reviewing(sample, hold_business_days=0), dt.date(2026, 7, 1), dt.date(2026, 7, 1))[0]
    assert soon.hold_by <= third.hold_by - dt.timedelta(days=13)


def test_a_cadence_that_changes_is_followed_from_the_day_it_does(sample):
    old, new = sample.agreement.versions
    monthly = new.model_copy(update={"review": new.review.model_copy(update={"cadence": "monthly"})})
    due = schedule(Agreement((old, monthly), sample.agreement.digests), dt.date(2025, 10, 1), dt.date(2026, 4, 1))
    assert [one.period.name for one in due][:5] == ["2025Q4", "2026Q1", "2026-04", "2026-05", "2026-06"]


def test_it_ends_with_the_agreement(sample):
    *before, last = sample.agreement.versions
    ending = Agreement((*before, last.model_copy(update={"ends_on": dt.date(2026, 12, 31)})), sample.agreement.digests)
    due = schedule(ending, dt.date(2026, 7, 1), dt.date(2026, 7, 1))
    assert [one.period.name for one in due] == ["2026Q3", "2026Q4"]


def test_any_calendar_can_read_it(sample):
    due = schedule(sample.agreement, dt.date(2026, 7, 1), dt.date(2026, 7, 1))
    raw = as_icalendar(due, sample.agreement)
    events = list(Calendar.from_ical(raw).walk("VEVENT"))
    assert len(events) == 2 * len(due)
    assert len({str(event["uid"]) for event in events}) == len(events)
    first, second = events[:2]
    assert (str(first["summary"]), first.decoded("dtstart")) == ("Q3 2026: data have settled", dt.date(2026, 10, 8))
    assert (str(second["summary"]), second.decoded("dtstart")) == (
        "Q3 2026: review to be held by today",
        due[0].hold_by,
    )
    assert as_icalendar(due, sample.agreement) == raw
