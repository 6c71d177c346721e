"""Waivers given at reviews: they count as those of the CRM do, from the end of their day on, for their own team."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from judging import TEAMS, at, judge, lead, measuring, rows

from slareport.judgements import judge_items
from slareport.minutes import Minutes, Reviews, Waiver
from slareport.period import parse_period
from slareport.waivers import given, idle, joined

MONDAY = "2026-03-09 09:00"
AGREED = measuring("lead_response", "60 business minutes")
LEADS = [lead("L", [("A", MONDAY)]), lead("M", [("A", MONDAY)], team="south")]
DAY = "2026-04-08"


def waiver(item="L", on=DAY, promise="it"):
    return Waiver(promise=promise, item=item, reason="flood", approved_by="Ada", on=dt.date.fromisoformat(on))


def reviews(*waivers, team="north", period="2026Q1"):
    minutes = {(period, team): Minutes(waivers=list(waivers))}
    return Reviews(minutes, {period: parse_period(period)}, {(period, team): "a file"})


def judged(said, leads=LEADS, teams=("north", "south"), as_of="2026-06-01 00:00", **tables):
    items = judge(leads, versions=[AGREED], as_of=as_of, **tables).items
    waived = given(said, teams, items)
    return judge_items(joined(items, waived), items.agreement, TEAMS)["it"], waived


def test_it_counts_exactly_as_one_of_the_crm_does():
    crm = rows({"waiver_id": "W", "promise": "it", "reason": "flood", "approved_by": "Ada", "item": "L",
                "approved_at": DAY, "team": "north"})  # fmt: skip
    ours, _ = judged(reviews(waiver()))
    theirs, _ = judged(reviews(), waivers=crm)
    pd.testing.assert_frame_equal(ours, theirs)
    assert ours["state"].to_dict() == {"L": "excluded", "M": "missed"}
    assert ours.loc["L", "reason"] == "waived by Ada: flood"


def test_it_stands_beside_those_of_the_crm():
    crm = rows({"waiver_id": "W", "promise": "it", "reason": "war", "approved_by": "Bo", "lead_id": "M",
                "team": "south", "approved_at": DAY})  # fmt: skip
    both, _ = judged(reviews(waiver()), waivers=crm)
    assert both["reason"].to_dict() == {"L": "waived by Ada: flood", "M": "waived by Bo: war"}


KNOWN = [
    pytest.param("2026-04-08 23:59", "missed", id="before the end of its day it is not known"),
    pytest.param("2026-04-09 00:00", "excluded", id="from the end of its day on it is, local to the agreement"),
]


@pytest.mark.parametrize(("as_of", "state"), KNOWN)
def test_it_is_known_from_the_end_of_its_day(as_of, state):
    found, _ = judged(reviews(waiver()), as_of=as_of)
    assert found.loc["L", "state"] == state


WITHOUT = [
    pytest.param(reviews(waiver("X")), ["X"], id="an item there is not"),
    pytest.param(reviews(waiver("M")), ["M"], id="an item of another team"),
    pytest.param(reviews(waiver(promise="other")), [], id="a promise that this audience does not see"),
]


@pytest.mark.parametrize(("said", "without"), WITHOUT)
def test_a_waiver_that_waives_nothing_is_told(said, without):
    found, waived = judged(said)
    assert set(found["state"]) == {"missed"}
    assert [one.item for one in idle({"it": found}, waived, "2026Q1")] == without
    assert list(idle({"it": found}, waived, "2026Q2")) == [], "only at the review that has given it"


def test_a_waiver_that_waives_something_is_not_idle():
    found, waived = judged(reviews(waiver()))
    assert list(idle({"it": found}, waived, "2026Q1")) == []


def test_a_later_review_may_waive_an_item_of_an_earlier_period():
    found, _ = judged(reviews(waiver(), period="2026Q2"))
    assert found.loc["L", "state"] == "excluded"
    assert found.loc["L", "at"] == at(MONDAY)


def test_only_the_teams_asked_for_have_a_say():
    found, _ = judged(reviews(waiver()), teams=("south",))
    assert set(found["state"]) == {"missed"}
