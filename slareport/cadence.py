"""The calendar of reviews: when the data of each period settle, and by when its review is to be held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from slareport.agreement import Agreement
from slareport.errors import UsageError
from slareport.period import Period

AHEAD = 2  # periods to come that are shown


@dataclass(frozen=True)
class Due:
    """When one period is to be reviewed: its data settle at an instant, and the review is held by a day."""

    period: Period
    settles: pd.Timestamp
    hold_by: dt.date


def schedule(agreement: Agreement, first: dt.date, last: dt.date) -> list[Due]:
    """The reviews due from the period of one day to that of another and two more, as the agreement has the cadence.

    It begins with the first version, and ends where none is in force any more.
    """
    return list(_due(agreement, agreement.period_at(first), agreement.period_at(last)))


def as_icalendar(due: list[Due], agreement: Agreement) -> bytes:
    """The schedule for any calendar (RFC 5545): a day for the data and one for the review. Same input, same bytes."""
    from icalendar import Calendar, Event  # not before it is needed

    company = agreement.versions[-1].title
    calendar = Calendar()
    for name, value in (("prodid", "-//slareport//reviews//EN"), ("version", "2.0"), ("name", f"Reviews: {company}")):
        calendar.add(name, value)
    for one in due:
        settled = one.settles.tz_convert(agreement.zone).date()
        told = (("settles", settled, "data have settled"), ("review", one.hold_by, "review to be held by today"))
        for kind, day, words in told:
            event = Event()
            event.add("uid", f"{one.period.name}-{kind}@slareport")
            event.add("dtstamp", agreement.effective_at()[-1].to_pydatetime())
            event.add("dtstart", day)
            event.add("summary", f"{one.period.title}: {words}")
            event.add("description", company)
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _due(agreement: Agreement, period: Period, last: Period) -> Iterator[Due]:
    begun, ahead = agreement.versions[0].effective_from, 0
    while ahead <= AHEAD:
        ahead += period.start >= last.start
        try:
            version, settles = agreement.in_force(period)[-1], agreement.as_of(period)
        except UsageError:  # no agreement was in force yet, or none is any more
            if period.start >= begun:
                return
        else:
            calendar = version.working_hours()[version.review.calendar]
            day = settles.tz_convert(agreement.zone).date()
            yield Due(period, settles, calendar.open_days_after(day, version.review.hold_business_days))
        period = agreement.period_at(period.end)
