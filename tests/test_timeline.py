"""The timeline behind one judgement, told so that a dispute ends: every instant, and why it counts or not."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import REPLY, TEAMS, at, deal, judge, lead, version
from rich.console import Console

import slareport.kpis  # noqa: F401  registers the KPIs
from slareport.errors import UsageError
from slareport.telling import lines, moment, renderable, told
from slareport.timeline import explain
from slareport.worktime import parse_duration

MONDAY = "2026-06-15 09:00"
REJECTS = ["table", "id", "place", "value", "reason", "effect"]


def timeline(judged, item, promise="reply", rejects=None):
    return explain(judged.items, judged.frames, judged.items.agreement, TEAMS, item, promise, rejects)


def story(found):
    """The events as a person reads them."""
    whole = list(lines(found))
    start = whole.index(f"Timeline, local to {found.zone}") + 1
    return [line.strip() for line in whole[start:]]


def facts(found):
    return [line.strip() for line in lines(found) if line.startswith("  ") and ": " in line]


def promising(within="60 business minutes", **changes):
    """A version whose promise is set otherwise."""
    knobs = {"within": parse_duration(within)}
    return version(promises=[REPLY | {"target": "0.9", "knobs": knobs} | changes])


def holds(*rows):
    columns = ["lead_id", "started_at", "ended_at", "reason"]
    frame = pd.DataFrame([(i, at(a), at(b), why) for i, a, b, why in rows], columns=columns)
    return frame.assign(hold_id=[f"H{n}" for n in range(len(rows))])


def touch(when, actor="A", channel="email", direction="outbound", outcome="connected", logged=None):
    row = {"activity_id": f"T{when}", "lead_id": "L", "actor_id": actor, "channel": channel, "direction": direction}
    return row | {"outcome": outcome, "occurred_at": at(when), "logged_at": at(logged or when)}


# ── A lead ──


def test_c5_a_reassigned_lead_is_missed_by_who_held_it_when_it_was_due():
    """A held it for 240 minutes and B for 45; it was due with A, whatever the CRM's owner is today."""
    handed = lead("L", [("A", MONDAY), ("B", "2026-06-15 13:00")], [("B", "2026-06-15 13:45")])
    found = timeline(judge([handed]), "L")
    assert story(found) == [
        "Mon 15 Jun 2026 09:00  Lead L came in",
        "Mon 15 Jun 2026 09:00  Owner: A, who held it for 4 h of the clock",
        "Mon 15 Jun 2026 09:00  Clock starts: 60 business minutes (business time)",
        "clock running 45 min",
        "Mon 15 Jun 2026 09:45  Warning: 75% of the time is used",
        "clock running 15 min",
        "Mon 15 Jun 2026 10:00  Deadline missed, held by A",
        "clock running 3 h",
        "Mon 15 Jun 2026 13:00  Owner: B, who held it for 45 min of the clock",
        "clock running 45 min",
        "Mon 15 Jun 2026 13:45  Email by B (counts: it stops the clock)",
        "Mon 15 Jun 2026 13:45  Clock stops after 4 h 45 min: 3 h 45 min late",
    ]
    assert facts(found)[0] == (
        "First reply: Missed; 4 h 45 min on the clock; due Mon 15 Jun 2026 10:00, held by A; 3 h 45 min late; "
        "dated 15 June 2026; answered late"
    )
    assert facts(found)[1] == (
        "Agreed as: version 2020-01-01, lead_response.1, within 60 business minutes, calendar berlin"
    )
    assert found.record_url == "https://crm.example/L"


def test_an_owner_after_the_reply_held_nothing_of_the_clock():
    answered = lead("L", [("A", MONDAY), ("B", "2026-06-15 13:00")], [("A", "2026-06-15 09:20")])
    owners = [line for line in story(timeline(judge([answered]), "L")) if "Owner" in line]
    assert owners == [
        "Mon 15 Jun 2026 09:00  Owner: A, who held it for 20 min of the clock",
        "Mon 15 Jun 2026 13:00  Owner: B",
    ]


def test_the_version_named_is_the_one_in_force_when_the_clock_started():
    old, new = version("2026-01-01", within="240 business minutes"), version("2026-06-16", within="30 minutes")
    found = timeline(judge([lead("L", [("A", MONDAY)])], versions=[old, new]), "L")
    assert "Agreed as: version 2026-01-01, lead_response.1, within 240 business minutes, calendar berlin" in facts(
        found
    )


def test_what_the_system_took_and_what_people_took_are_told_apart():
    """It lay in a queue for an hour of Friday; then A needed 20 minutes of Monday."""
    queued = lead("L", [("queue", "2026-06-12 16:00"), ("A", MONDAY)], [("A", "2026-06-15 09:20")])
    found = timeline(judge([queued]), "L")
    assert found.delays == {"system": pd.Timedelta(hours=1), "human": pd.Timedelta(minutes=20)}
    assert "System delay, until it was assigned: 1 h" in facts(found)


def test_nights_weekends_and_holidays_are_not_on_the_clock():
    """Thursday 16:30 to Monday 10:30 over the first of May: the clock ran two hours."""
    found = timeline(judge([lead("L", [("A", "2026-04-30 16:30")], [("A", "2026-05-04 10:30")])]), "L")
    assert story(found)[3:] == [
        "clock running 45 min, closed 64 h (outside hours), holiday 1 May 2026",
        "Mon 4 May 2026 09:15  Warning: 75% of the time is used",
        "clock running 15 min",
        "Mon 4 May 2026 09:30  Deadline missed, held by A",
        "clock running 1 h",
        "Mon 4 May 2026 10:30  Email by A (counts: it stops the clock)",
        "Mon 4 May 2026 10:30  Clock stops after 2 h: 1 h late",
    ]


def test_a_night_in_which_the_clocks_change_has_the_hours_it_has():
    """Saturday 22:00 to Sunday 10:00 is 11 hours; the times of that Sunday say by which clock."""
    judged = judge(
        [lead("L", [("A", "2026-03-28 22:00")], [("A", "2026-03-29 10:00")])], versions=[promising("12 hours")]
    )
    assert story(timeline(judged, "L"))[2:] == [
        "Sat 28 Mar 2026 22:00  Clock starts: 12 hours (wall-clock time)",
        "clock running 9 h",
        "Sun 29 Mar 2026 08:00 CEST  Warning: 75% of the time is used",
        "clock running 2 h",
        "Sun 29 Mar 2026 10:00 CEST  Email by A (counts: it stops the clock)",
        "Sun 29 Mar 2026 10:00 CEST  Clock stops after 11 h: in time",
        "Sun 29 Mar 2026 11:00 CEST  Deadline",
    ]


def test_an_hour_that_the_clocks_show_twice_is_told_apart():
    shown = [moment(pd.Timestamp(utc), "Europe/Berlin") for utc in ("2026-10-25T00:30Z", "2026-10-25T01:30Z")]
    assert shown == ["Sun 25 Oct 2026 02:30 CEST", "Sun 25 Oct 2026 02:30 CET"]


def test_a_paused_lead_says_why_it_stood_still_and_what_that_cost():
    """Two holds overlap from 9:30 to 11:00: together they cost 90 minutes, not 120. A third reason pauses nothing."""
    held = holds(
        ("L", "2026-06-15 09:30", "2026-06-15 10:30", "customer asked"),
        ("L", "2026-06-15 10:00", "2026-06-15 11:00", "customer asked"),
        ("L", "2026-06-15 09:10", "2026-06-15 09:20", "lunch"),
    )
    judged = judge(
        [lead("L", [("A", MONDAY)])],
        versions=[promising(pause=["customer asked"])],
        as_of="2026-06-15 12:00",
        holds=held,
    )
    found = timeline(judged, "L")
    assert story(found)[2:] == [
        "Mon 15 Jun 2026 09:00  Clock starts: 60 business minutes (business time)",
        "clock running 10 min",
        "Mon 15 Jun 2026 09:10  On hold: lunch (the clock runs on: this promise does not pause for it)",
        "clock running 20 min",
        "Mon 15 Jun 2026 09:30  Paused: customer asked",
        "paused 30 min",
        "Mon 15 Jun 2026 10:00  Paused: customer asked",
        "paused 30 min",
        "Mon 15 Jun 2026 10:30  Resumed: the pause took 1 h of the clock",
        "paused 30 min",
        "Mon 15 Jun 2026 11:00  Resumed: the pause took 30 min of the clock",
        "clock running 15 min",
        "Mon 15 Jun 2026 11:15  Warning: 75% of the time is used",
        "clock running 15 min",
        "Mon 15 Jun 2026 11:30  Deadline missed, held by A",
        "clock running 30 min",
        "Mon 15 Jun 2026 12:00  End of the data",
    ]
    assert sum((pause.cost for pause in found.clock.pauses), pd.Timedelta(0)) == pd.Timedelta(minutes=90)


def test_leave_pauses_whole_days_of_the_owner():
    away = pd.DataFrame(
        {"user_id": ["A"], "from_on": pd.to_datetime(["2026-06-16"]), "to_on": pd.to_datetime(["2026-06-16"])}
    )
    agreed = promising("10 business hours", pause=["leave"])
    judged = judge([lead("L", [("A", MONDAY)], [("A", "2026-06-17 09:30")])], versions=[agreed], absences=away)
    told_of = story(timeline(judged, "L"))
    assert "Tue 16 Jun 2026 00:00  Paused: A on leave" in told_of
    assert "Wed 17 Jun 2026 00:00  Resumed: the pause took 8 h of the clock" in told_of
    assert "Wed 17 Jun 2026 11:00  Deadline" in told_of


@pytest.mark.parametrize(
    ("row", "remark"),
    [
        pytest.param(touch("2026-06-15 09:10"), "counts: it stops the clock", id="a message of ours counts"),
        pytest.param(touch("2026-06-15 09:10", "robot"), "ignored: sent automatically", id="automatic mail"),
        pytest.param(touch("2026-06-15 09:10", "queue"), "ignored: sent by a queue", id="a queue"),
        pytest.param(touch("2026-06-15 09:10", None), "ignored: sent by nobody known", id="nobody known"),
        pytest.param(touch("2026-06-15 09:10", direction="inbound"), "ignored: from the customer", id="the customer's"),
        pytest.param(
            touch("2026-06-15 09:10", channel="note"), "ignored: internal: no message to the customer", id="a note"
        ),
        pytest.param(touch("2026-06-15 09:10", outcome="bounced"), "ignored: reached nobody: bounced", id="a bounce"),
        pytest.param(touch("2026-06-15 16:00"), "ignored: the clock had stopped", id="after the stop"),
        pytest.param(touch("2026-06-15 08:00"), "ignored: before the assignment", id="an hour before the assignment"),
        pytest.param(
            touch("2026-06-15 09:10", logged="2027-06-02"), "ignored: after the end of the data", id="not logged yet"
        ),
    ],
)
def test_every_touch_says_whether_it_counts_and_why_not(row, remark):
    later = touch("2026-06-15 15:00") | {"activity_id": "later"}
    judged = judge([lead("L", [("A", MONDAY)])], activities=pd.DataFrame([row, later]))
    found = timeline(judged, "L").events
    assert found[found["at"].eq(row["occurred_at"]) & found["event"].eq("touch")]["remark"].tolist() == [remark]


@pytest.mark.parametrize(
    ("touches", "as_of", "said"),
    [
        pytest.param([("A", "2026-06-15 09:30")], "2026-07-01", "Met; 30 min on the clock", id="met"),
        pytest.param([], "2026-06-15 09:30", "Pending; 30 min on the clock; due Mon 15 Jun 2026 10:00", id="pending"),
        pytest.param([("A", "2026-06-15 08:00")], "2026-07-01", "Invalid; 0 min on the clock", id="invalid"),
        pytest.param([], "2026-06-15 11:00", "Missed; 2 h on the clock", id="missed without any reply"),
    ],
)
def test_every_state_has_a_timeline(touches, as_of, said):
    found = timeline(judge([lead("L", [("A", MONDAY)], touches)], as_of=as_of), "L")
    assert facts(found)[0].startswith(f"First reply: {said}")


def test_a_deadline_still_ahead_is_told_after_the_data_ends():
    found = timeline(judge([lead("L", [("A", MONDAY)])], as_of="2026-06-15 09:30"), "L")
    assert story(found)[-3:] == [
        "clock running 30 min",
        "Mon 15 Jun 2026 09:30  End of the data",
        "Mon 15 Jun 2026 10:00  Deadline, still ahead when the data ends",
    ]


def test_an_excluded_lead_says_who_excused_it():
    waived = pd.DataFrame(
        [
            {
                "waiver_id": "W",
                "lead_id": "L",
                "promise": "reply",
                "reason": "flood",
                "approved_by": "Bo",
                "approved_at": at(MONDAY),
            }
        ]
    )
    found = timeline(judge([lead("L", [("A", MONDAY)])], waivers=waived), "L")
    assert "Excluded" in facts(found)[0]
    assert "waived by Bo: flood" in facts(found)[0]


# ── What is not judged ──

LATER = version(
    "2026-06-01",
    promises=[REPLY | {"target": "0.9", "knobs": {"within": parse_duration("1 hour")}, "population": {"name": ["X"]}}],
)


NONE = version("2026-06-01", promises=[])


@pytest.mark.parametrize(
    ("owner", "versions", "why"),
    [
        pytest.param("queue", [version()], "never assigned to a person", id="never assigned"),
        pytest.param(
            "A",
            [version("2026-07-01")],
            "it began on 15 June 2026, before the first version of the agreement (1 July 2026)",
            id="before the agreement",
        ),
        pytest.param(
            "A", [LATER], "outside its population: name is Lead L, and it is about X", id="outside the population"
        ),
        pytest.param(
            "A",
            [version("2026-01-01"), NONE],
            "version 2026-06-01 of the agreement, in force on 15 June 2026, has no such promise",
            id="dropped by a version",
        ),
    ],
)
def test_an_item_that_is_not_judged_says_why(owner, versions, why):
    found = timeline(judge([lead("L", [(owner, MONDAY)])], versions=versions), "L")
    assert found.judgements.empty
    assert why in found.unjudged["reply"]
    assert any(why in line for line in lines(found))


def test_a_merged_row_leads_to_the_lead_it_became():
    rejects = pd.DataFrame([["leads", "M", "Lead.csv row 7", "", "merged into L", "row excluded"]], columns=REJECTS)
    found = timeline(judge([lead("L", [("A", MONDAY)])]), "M", rejects=rejects)
    assert facts(found)[:2] == [
        "Not judged: merged into L (row excluded)",
        "Lead.csv row 7: merged into L (row excluded)",
    ]
    assert found.events.empty


@pytest.mark.parametrize(
    ("item", "promise", "said"),
    [
        pytest.param("Lead-00017", "reply", "did you mean Lead-00018", id="an item, with the nearest"),
        pytest.param("Lead Lead-00018", "reply", "did you mean Lead-00018", id="a lead by its name"),
        pytest.param("Lead-00018", "rely", "no such promise or result.*did you mean reply", id="a promise"),
        pytest.param("?", "reply", "no such item in the data up to Tue 1 Jun 2027", id="nothing like it"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest(item, promise, said):
    with pytest.raises(UsageError, match=said):
        timeline(judge([lead("Lead-00018", [("A", MONDAY)])]), item, promise)


# ── A deal ──

REOPENED = deal(
    "D",
    "2026-01-05 09:00",
    "lost",
    "2026-03-12 09:00",
    moves=[
        ("open", "2026-01-05 09:00"),
        ("won", "2026-02-10 09:00"),
        ("open", "2026-02-20 09:00"),
        ("lost", "2026-03-12 09:00"),
        ("lost", "2026-03-20 09:00"),
    ],
)


def test_c7_a_reopened_deal_from_its_first_contact_to_its_last_closing():
    first = lead("L", [("A", "2026-01-02 09:00")], [("A", "2026-01-02 09:30")], deal="D")
    found = timeline(judge([first], [REOPENED]), "D", "")
    assert story(found) == [
        "Fri 2 Jan 2026 09:00  First contact: lead L came in",
        "Fri 2 Jan 2026 09:30  First reply to lead L",
        "Mon 5 Jan 2026 09:00  Deal D created",
        "Mon 5 Jan 2026 09:00  Open, for 36.0 days",
        "Tue 10 Feb 2026 09:00  Closed: won",
        "Fri 20 Feb 2026 09:00  Reopened: open, for 20.0 days",
        "Thu 12 Mar 2026 09:00  Closed: lost",
    ]
    judgements = found.judgements.set_index("promise")
    assert judgements["state"].to_dict() == {
        "reply": "met",
        "win-rate": "counted",
        "closure": "counted",
        "cycle": "does not apply",
    }
    assert judgements["item"].tolist() == ["L", "D", "D", "D"]
    assert judgements.loc["win-rate", ["numerator", "denominator"]].tolist() == [0, 1]


def test_an_open_deal_says_that_it_is_not_closed():
    found = timeline(judge(deals=[deal("D", "2026-01-05 09:00")]), "D", "win-rate")
    assert found.unjudged == {"win-rate": "its clock never started: it is not closed"}


# ── Whatever happens ──

MINUTES = st.integers(0, 3 * 24 * 60)
WITHIN = st.sampled_from(["60 business minutes", "8 business hours", "90 minutes", "30 hours"])


@settings(max_examples=20)
@given(
    WITHIN,
    st.lists(st.tuples(MINUTES, MINUTES), max_size=3),
    st.lists(MINUTES, max_size=3),
    st.lists(MINUTES, max_size=2),
)
def test_what_the_timeline_tells_adds_up_to_what_is_judged(within, pauses, touched, moved):
    """Clock time from event to event is the elapsed time, the legs share it out, and the pauses cost what they cost."""
    start = pd.Timestamp("2026-06-18 10:00")
    when = lambda minutes: str(start + pd.Timedelta(minutes=minutes))  # noqa: E731
    held = holds(*(("L", when(a), when(a + b + 1), "asked") for a, b in pauses))
    owners = [("A", when(0)), *(("B" if n % 2 else "A", when(m)) for n, m in enumerate(sorted(moved)))]
    judged = judge(
        [lead("L", owners, [("A", when(m)) for m in touched])],
        versions=[promising(within, pause=["asked"])],
        as_of="2026-06-24",
        holds=held,
    )
    found = timeline(judged, "L")
    row, clock = judged.frames["reply"].loc["L"], found.clock
    steps = list(zip(found.events["at"], found.events["at"][1:], strict=False))
    spent = [clock.spent(max(one, clock.started), min(other, clock.end)) for one, other in steps]
    assert sum(spent, pd.Timedelta(0)) / pd.Timedelta(minutes=1) == pytest.approx(row["elapsed_minutes"])
    cost = sum((pause.cost for pause in clock.pauses), pd.Timedelta(0))
    assert cost / pd.Timedelta(minutes=1) == pytest.approx(row["paused_minutes"])


# ── On a page, and on a terminal ──


def test_a_section_links_the_record_and_shows_every_event():
    found = timeline(judge([lead("L", [("A", MONDAY)])]), "L")
    html = told(found).html
    assert '<a href="https://crm.example/L">L</a>' in html
    assert all(words in html for words in found.events["words"])
    assert told(found).text.startswith("Lead L: Lead L, Acme\n")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_of_any_width_shows_everything(width):
    found = timeline(judge([lead("L", [("A", MONDAY)])]), "L")
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(renderable(found))
    shown = console.export_text()
    assert max(map(len, shown.splitlines())) <= width
    flat = " ".join(shown.split())
    assert "Mon 15 Jun 2026 10:00" in flat
    assert all(word in flat for word in ("Deadline", "missed,", "held", "by", "A"))
