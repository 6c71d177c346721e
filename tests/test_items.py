"""What KPIs judge: deals as they stood at an instant, leads with who held them and who touched them first."""

import pandas as pd
import pytest
from canonical import canonical
from judging import version

from slareport.agreement import Agreement
from slareport.items import build_items, owner_at

BERLIN = "Europe/Berlin"
NEW_YORK = "America/New_York"
INSTANT = "datetime64[us, UTC]"
DAY = pd.Timedelta(days=1)
TIMES = ["created_at", "closed_at"]
TEXT = {"name": None, "account": None, "owner_id": None, "currency": None, "team": "north"}


def instants(*texts):
    return pd.Series([pd.Timestamp(text) if text else pd.NaT for text in texts], dtype=INSTANT)


def column(*texts):
    return instants(*texts).tolist()


def table(columns, *rows, times=()):
    frame = pd.DataFrame(list(rows), columns=columns)
    return frame.astype(dict.fromkeys(times, INSTANT))


def deal(name, created, status="open", closed=None, *, day=False):
    """A deal by what the CRM says of it today; a close `day` is a date without time."""
    return {
        "opportunity_id": name, "created_at": pd.Timestamp(created), "closed_at__date": day,
        "closed_at": pd.Timestamp(closed) if closed else pd.NaT, "created_at__date": False,
        "status": status, "amount": 100.0, **TEXT,
    }  # fmt: skip


def history(*visits):
    rows = [(name, status, pd.Timestamp(at)) for name, status, at in visits]
    return table(["opportunity_id", "status", "entered_at"], *rows, times=["entered_at"])


NO_LEADS = table(["lead_id", "opportunity_id"])
NO_LEGS = table(["lead_id", "leg", "owner_id", "from_at"], times=["from_at"])
NO_CALLS = table(["lead_id", "actor_id", "channel", "direction", "occurred_at"], times=["occurred_at"])
USERS = table(["user_id", "kind"], ("A", "human"), ("B", "human"), ("Q", "queue"), ("R", "automation"))


def build(
    *,
    deals=(),
    visits=(),
    leads=NO_LEADS,
    legs=NO_LEGS,
    calls=NO_CALLS,
    as_of="2026-12-01T00:00Z",
    zone=BERLIN,
    url=None,
):
    opportunities = pd.DataFrame([*deals] or [deal("none", "2026-01-01T00:00Z")])
    opportunities = opportunities.assign(**{c: pd.Series(opportunities[c].tolist(), dtype=INSTANT) for c in TIMES})
    tables = {"opportunities": opportunities, "stage_history": history(*visits), "leads": leads,
              "lead_legs": legs, "activities": calls, "users": USERS}  # fmt: skip
    known = {name: frame[frame["entered_at"].le(pd.Timestamp(as_of))] if name == "stage_history" else frame
             for name, frame in tables.items()}  # fmt: skip
    agreement = Agreement((version(timezone=zone),), {})
    links = dict.fromkeys(known, url) if url else {}
    return build_items(canonical(**known), agreement, pd.Timestamp(as_of), links)


# C7: created 5 January, won 10 February, reopened on the 20th, lost on 12 March

REOPENED = deal("D", "2026-01-05T09:00Z", "lost", "2026-03-12T09:00Z")
VISITS = [
    ("D", "open", "2026-01-05T09:00Z"),
    ("D", "open", "2026-01-20T09:00Z"),
    ("D", "won", "2026-02-10T09:00Z"),
    ("D", "open", "2026-02-20T09:00Z"),
    ("D", "lost", "2026-03-12T09:00Z"),
    ("D", "lost", "2026-03-20T09:00Z"),
]


@pytest.mark.parametrize(
    ("as_of", "status", "closed", "cycle"),
    [
        pytest.param(
            "2026-02-15T00:00Z", "won", "2026-02-10T09:00Z", 36, id="before it was reopened: won, after 36 days"
        ),
        pytest.param("2026-02-28T00:00Z", "open", None, None, id="reopened: open, neither won nor lost"),
        pytest.param(
            "2026-03-31T00:00Z", "lost", "2026-03-12T09:00Z", 66, id="at last: lost, after 66 days, not also won"
        ),
    ],
)
def test_c7_a_reopened_deal_is_what_it_was_on_that_day(as_of, status, closed, cycle):
    found = build(deals=[REOPENED], visits=VISITS, as_of=as_of)["opportunities"].loc["D"]
    assert found["status"] == status
    assert found["closed_at"] == pd.Timestamp(closed) if closed else pd.isna(found["closed_at"])
    assert found["cycle_days"] == cycle if cycle else pd.isna(found["cycle_days"])


def test_c7_without_a_history_a_deal_closed_later_is_still_open():
    found = build(deals=[REOPENED], as_of="2026-03-12T08:59Z")["opportunities"].loc["D"]
    assert (found["status"], pd.isna(found["closed_at"])) == ("open", True)
    assert build(deals=[REOPENED], as_of="2026-03-12T09:00Z")["opportunities"].loc["D", "status"] == "lost"


def test_an_edit_after_the_closing_does_not_close_it_again():
    found = build(deals=[REOPENED], visits=VISITS)["opportunities"].loc["D"]
    assert found["closed_at"] == pd.Timestamp("2026-03-12T09:00Z"), "20 March, the last edit, is the wrong answer"


def test_where_the_history_and_the_deal_disagree_the_history_stands():
    won_says_the_deal = deal("D", "2026-01-05T09:00Z", "won", "2026-02-01T00:00Z")
    found = build(deals=[won_says_the_deal], visits=VISITS[:2])["opportunities"].loc["D"]
    assert (found["status"], pd.isna(found["closed_at"])) == ("open", True)


MIDNIGHT = "2026-02-01T23:00Z"  # of 2 February in Berlin


@pytest.mark.parametrize(
    ("created", "closed", "day", "cycle"),
    [
        pytest.param(
            "2026-02-02T08:10Z", "2026-02-02T15:40Z", False, 0.3125, id="C8a two instants of one day: 0.3125 days"
        ),
        pytest.param("2026-02-02T08:10Z", MIDNIGHT, True, 0, id="C8b a date: 0 days, not -0.38 as from its midnight"),
        pytest.param(
            "2026-02-05T08:10Z", MIDNIGHT, True, -3, id="C8c filled in afterwards: -3 days, kept for the win rate"
        ),
        pytest.param("2026-02-01T23:30Z", MIDNIGHT, True, 0, id="days are those of the reporting zone, not of UTC"),
    ],
)
def test_c8_a_cycle_within_a_day(created, closed, day, cycle):
    found = build(deals=[deal("D", created, "won", closed, day=day)])["opportunities"].loc["D"]
    assert found["cycle_days"] == pytest.approx(cycle)
    assert found["status"] == "won"


def test_c8_a_history_knows_the_instant_where_the_deal_has_a_date():
    visits = [("D", "open", "2026-02-02T08:10Z"), ("D", "won", "2026-02-02T15:40Z")]
    found = build(deals=[deal("D", "2026-02-02T08:10Z", "won", MIDNIGHT, day=True)], visits=visits)[
        "opportunities"
    ].loc["D"]
    assert found["cycle_days"] == 0.3125


def test_a_cycle_over_a_change_of_clocks_is_whole_days_where_dates_are_kept():
    by_day = deal("D", "2026-03-27T23:00Z", "won", "2026-03-29T22:00Z", day=True)  # 28 to 30 March in Berlin
    assert build(deals=[by_day])["opportunities"].loc["D", "cycle_days"] == 2


# Leads

HELD = table(
    ["lead_id", "leg", "owner_id", "from_at"],
    ("L", 0, "Q", pd.Timestamp("2026-06-15T07:00Z")),
    ("L", 1, "A", pd.Timestamp("2026-06-15T08:00Z")),
    ("L", 2, "B", pd.Timestamp("2026-06-15T11:00Z")),
    ("M", 0, None, pd.Timestamp("2026-06-15T07:00Z")),
    ("M", 1, "A", pd.Timestamp("2026-06-15T09:00Z")),
    ("M", 2, "B", pd.Timestamp("2026-06-15T09:00Z")),
    times=["from_at"],
)


@pytest.mark.parametrize(
    ("lead", "at", "owner"),
    [
        pytest.param("L", "2026-06-15T06:59Z", None, id="before it was there: nobody"),
        pytest.param("L", "2026-06-15T07:00Z", "Q", id="from the first instant"),
        pytest.param("L", "2026-06-15T10:59Z", "A", id="until the next one takes it"),
        pytest.param("L", "2026-06-15T11:00Z", "B", id="who takes it holds it from that instant on"),
        pytest.param("M", "2026-06-15T08:00Z", None, id="held by nobody"),
        pytest.param("M", "2026-06-15T09:00Z", "B", id="of two at one instant the later leg"),
        pytest.param("N", "2026-06-15T09:00Z", None, id="a lead without legs"),
        pytest.param("L", None, None, id="no instant"),
    ],
)
def test_who_held_a_lead(lead, at, owner):
    asked = pd.Series(column(at), index=pd.Index([lead], name="lead_id"), dtype=INSTANT)
    found = owner_at(HELD.sample(frac=1, random_state=1), asked)
    assert found.index.equals(asked.index)
    assert found.iloc[0] == owner if owner else pd.isna(found.iloc[0])


LEADS = table(["lead_id", "opportunity_id"], ("L", "D"), ("M", None), ("N", None))
CALLS = table(
    ["lead_id", "actor_id", "channel", "direction", "occurred_at"],
    *[
        (lead, actor, channel, direction, pd.Timestamp(f"2026-06-15T{at}Z"))
        for lead, actor, channel, direction, at in [
            ("L", "R", "email", "outbound", "08:01"),  # automatic
            ("L", "A", "email", "inbound", "08:02"),  # the lead's own
            ("L", "A", "note", "outbound", "08:03"),
            ("L", "A", "call", "internal", "08:04"),
            ("L", "Z", "call", "outbound", "08:05"),  # by nobody we know
            ("L", "B", "meeting", "outbound", "09:30"),
            ("L", "A", "call", "outbound", "09:00"),
            ("M", "R", "email", "outbound", "08:00"),
        ]
    ],
    times=["occurred_at"],
)


def test_the_first_touch_is_a_message_that_a_person_sends():
    leads = build(leads=LEADS, legs=HELD, calls=CALLS)["leads"]
    assert leads["first_touch_at"].tolist() == column("2026-06-15T09:00Z", None, None)
    assert leads["automatic_touch_at"].tolist() == column("2026-06-15T08:01Z", "2026-06-15T08:00Z", None)


def test_a_lead_is_assigned_when_the_first_person_gets_it():
    assert build(leads=LEADS, legs=HELD)["leads"]["assigned_at"].tolist() == column(
        "2026-06-15T08:00Z", "2026-06-15T09:00Z", None
    )


def test_a_lead_is_worth_what_its_deal_is():
    leads = build(leads=LEADS, deals=[deal("D", "2026-06-16T00:00Z")])["leads"]
    assert leads["amount"].tolist()[0] == 100
    assert leads["amount"].isna().tolist() == [False, True, True]


def test_links_to_records_and_none_without_a_template():
    assert build(leads=LEADS, url="https://crm/{id}?x={id}")["leads"].loc["L", "record_url"] == "https://crm/L?x=L"
    assert build(leads=LEADS)["leads"].loc["L", "record_url"] is None


def test_nothing_in_gives_nothing_out_with_all_columns():
    full, empty = build(leads=LEADS, legs=HELD, calls=CALLS)["leads"], build()["leads"]
    assert empty.empty
    assert set(full.columns) == set(empty.columns)
