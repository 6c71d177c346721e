"""Corrections: every number that moved between two looks is explained by the items that moved it."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import REPLY, at, deal, judge, lead, version

import slareport.kpis  # noqa: F401  registers the KPIs
from slareport.corrected import told
from slareport.errors import UsageError
from slareport.evaluation import evaluate
from slareport.period import parse_period
from slareport.restatement import COUNTS, CRM_TABLES, View, compare, view
from slareport.review import Review
from slareport.worktime import parse_duration

pytestmark = pytest.mark.once

MONDAY = "2026-03-09 09:00"
THEN, NOW = "2026-04-08 00:00", "2026-05-08 00:00"
REJECTS = ["table", "id", "place", "value", "reason", "effect"]
AGREED = version(within="240 business minutes")
MARCH = parse_period("2026-03")


def seen(judged, period=MARCH, rejects=(), **digests):
    """What a look at some data knows of a period."""
    listed = pd.DataFrame(list(rejects), columns=REJECTS)
    return View(judged.items, judged.frames, judged.card(period.name), listed, digests)


def looks(leads=(), deals=(), then=THEN, now=NOW, versions=None, **tables):
    """Two looks at the same data, an earlier and a later one."""
    return [seen(judge(leads, deals, versions or [AGREED], as_of=when, **known(tables, when))) for when in (then, now)]


def known(tables, when):
    """The rows that had been logged."""
    return {name: rows[rows["logged_at"].le(at(when))] for name, rows in tables.items()}


def touch(when, logged, about="L"):
    row = {"activity_id": f"{about}{when}", "lead_id": about, "actor_id": "A", "channel": "call"}
    return row | {"direction": "outbound", "occurred_at": at(when), "logged_at": at(logged)}


def reasons(found, measure="reply"):
    rows = found.items[found.items["promise"].eq(measure)]
    return {row["item"]: (row["before"], row["after"], row["reason"], row["detail"]) for _, row in rows.iterrows()}


def test_c6_a_later_look_restates_1_of_3_as_2_of_4():
    """At the end of March one of three was in time and one waited; a day later that one was answered in time."""
    leads = [
        lead("L1", [("A", "2026-03-30 09:00")], [("A", "2026-03-30 10:00")]),
        lead("L2", [("A", "2026-03-30 09:00")], [("A", "2026-03-31 15:00")]),
        lead("L3", [("A", "2026-03-30 10:00")]),
        lead("L4", [("A", "2026-03-31 15:30")], [("A", "2026-04-01 10:00")]),
    ]
    found = compare(*looks(leads, then="2026-04-01 00:00", now="2026-04-02 00:00"), MARCH)
    (row,) = found.rows.to_dict("records")
    assert (row["numerator_before"], row["n_before"], row["pending_before"]) == (1, 3, 1)
    assert (row["numerator_after"], row["n_after"], row["pending_after"]) == (2, 4, 0)
    assert reasons(found) == {"L4": ("pending", "met", "done since", "on 1 April 2026")}


def test_a_call_logged_late_turns_a_miss_into_a_reply_in_time():
    calls = pd.DataFrame([touch("2026-03-09 10:00", logged="2026-04-20 09:00")])
    found = compare(*looks([lead("L", [("A", MONDAY)])], activities=calls), MARCH)
    expected = ("missed", "met", "logged late", "a touch of 9 March 2026, logged on 20 April 2026")
    assert reasons(found) == {"L": expected}
    (row,) = found.rows.to_dict("records")
    assert (row["value_before"], row["value_after"]) == (0, 1)


def test_a_deadline_that_has_passed_meanwhile():
    found = compare(*looks([lead("L", [("A", "2026-03-31 16:00")])], then="2026-04-01 00:00"), MARCH)
    expected = ("pending", "missed", "its deadline has passed since", "due Wed 1 Apr 2026 12:00")
    assert reasons(found) == {"L": expected}


def test_c7_a_deal_that_was_reopened_takes_its_win_away():
    moves = [
        ("open", "2026-03-02 09:00"),
        ("won", "2026-03-20 09:00"),
        ("open", "2026-04-10 09:00"),
    ]
    found = compare(*looks(deals=[deal("D", "2026-03-02 09:00", "open", moves=moves)]), MARCH)
    assert reasons(found, "win-rate") == {"D": ("counted", "", "reopened", "on 10 April 2026")}
    assert reasons(found, "cycle") == {"D": ("counted", "", "reopened", "on 10 April 2026")}
    assert set(found.rows["promise"]) == {"win-rate", "cycle"}


BACK_DATED = {
    "an assignment": (
        [lead("L", [("A", MONDAY)], [("A", "2026-03-09 15:00")])],
        [lead("L", [("A", "2026-03-09 12:00")], [("A", "2026-03-09 15:00")])],
        ("missed", "met", "back-dated", "dated 9 March 2026 before, 9 March 2026 now"),
    ),
    "a reply": (
        [lead("L", [("A", MONDAY)])],
        [lead("L", [("A", MONDAY)], [("A", "2026-03-09 10:00")])],
        ("missed", "met", "back-dated", "stopped on 9 March 2026, which was not known then"),
    ),
    "a lead": (
        [],
        [lead("L", [("A", MONDAY)])],
        ("", "missed", "entered late", "dated 9 March 2026, and known only afterwards"),
    ),
    "a reply that is gone": (
        [lead("L", [("A", MONDAY)], [("A", "2026-03-09 10:00")])],
        [lead("L", [("A", MONDAY)])],
        ("met", "missed", "changed in the CRM", "what stopped it on 9 March 2026 is gone"),
    ),
    "a lead that is gone": (
        [lead("L", [("A", MONDAY)])],
        [],
        ("missed", "", "gone", "in another team's data, or no longer in the CRM"),
    ),
    "a lead dated into another month": (
        [lead("L", [("A", MONDAY)])],
        [lead("L", [("A", "2026-02-09 09:00")])],
        ("missed", "", "back-dated", "dated 9 March 2026 before, 9 February 2026 now"),
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), BACK_DATED.values(), ids=BACK_DATED)
def test_an_edit_of_the_past_between_two_exports(old, new, expected):
    before, after = (judge(leads, versions=[AGREED], as_of=when) for leads, when in ((old, THEN), (new, NOW)))
    found = compare(seen(before, tables="old"), seen(after, tables="new"), MARCH)
    assert reasons(found) == {"L": expected}


def test_a_win_that_became_a_loss_counts_otherwise_in_the_same_state():
    sides = [
        seen(
            judge(deals=[deal("D", "2026-03-02 09:00", status, "2026-03-20 09:00")], as_of=NOW), **{CRM_TABLES: status}
        )
        for status in ("won", "lost")
    ]
    found = compare(*sides, MARCH)
    assert reasons(found, "win-rate") == {
        "D": ("counted", "counted", "changed in the CRM", "another value than before")
    }
    assert found.items.set_index("promise").loc["win-rate", ["n", "numerator"]].tolist() == [0, -1]
    assert "The CRM tables have been exported again since." in told(found).html


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        pytest.param("merged into K", "merged", id="a merge"),
        pytest.param("deleted in the CRM", "deleted in the CRM", id="a deletion"),
        pytest.param("a test record", "a test record", id="marked as a test"),
    ],
)
def test_a_lead_that_left_the_data_says_how(reason, said):
    both = [lead("K", [("A", MONDAY)]), lead("L", [("A", MONDAY)])]
    before, after = (judge(leads, versions=[AGREED], as_of=when) for leads, when in ((both, THEN), (both[:1], NOW)))
    rejects = [["leads", "L", "Lead.csv row 2", "", reason, "row excluded"]]
    found = compare(seen(before), seen(after, rejects=rejects), MARCH)
    assert reasons(found) == {"L": ("missed", "", said, reason)}
    back = compare(seen(before, rejects=rejects), seen(judge(both, versions=[AGREED], as_of=NOW)), MARCH)
    assert reasons(back) == {}


def test_a_waiver_given_since_excludes():
    given_late = pd.DataFrame(
        [{"waiver_id": "W", "lead_id": "L", "promise": "reply", "reason": "flood", "approved_by": "Bo"}]
    ).assign(approved_at=at("2026-04-20"), logged_at=at("2026-04-20"))
    found = compare(*looks([lead("L", [("A", MONDAY)])], waivers=given_late), MARCH)
    assert reasons(found) == {"L": ("missed", "excluded", "excluded since", "waived by Bo: flood")}


def test_another_agreement_is_named_as_the_reason():
    leads = [lead("L", [("A", MONDAY)], [("A", "2026-03-09 11:00")])]
    sides = [
        seen(judge(leads, versions=[agreed], as_of=when), **{"agreement/2020-01-01.yaml": agreed.version + str(n)})
        for n, (agreed, when) in enumerate([(AGREED, THEN), (version(within="60 business minutes"), NOW)])
    ]
    found = compare(*sides, MARCH)
    change = "lead_response.1, within 240 business minutes → lead_response.1, within 60 business minutes"
    assert reasons(found) == {"L": ("met", "missed", "the agreement changed", change)}
    assert found.inputs == ("agreement/2020-01-01.yaml",)
    assert "under different parameters: agreement/2020-01-01.yaml" in told(found).html


def test_other_aliases_or_mappings_are_named():
    """A reason of holds is mapped otherwise, and now pauses the clock."""
    knobs = {"within": parse_duration("240 business minutes")}
    agreed = version(promises=[REPLY | {"target": "0.9", "knobs": knobs, "pause": ["asked"]}])
    hold = pd.DataFrame(
        {"hold_id": ["H"], "lead_id": ["L"], "started_at": [at(MONDAY)], "ended_at": [at("2026-03-09 12:00")]}
    )
    leads = [lead("L", [("A", MONDAY)], [("A", "2026-03-09 14:00")])]
    sides = [
        seen(
            judge(leads, versions=[agreed], as_of=NOW, holds=hold.assign(reason=why)), **{"parameters/source.yaml": why}
        )
        for why in ("Anfrage", "asked")
    ]
    found = compare(*sides, MARCH)
    expected = "due Mon 9 Mar 2026 13:00 before, Mon 9 Mar 2026 16:00 now"
    assert reasons(found) == {"L": ("missed", "met", "its deadline moved", expected)}
    assert found.inputs == ("parameters/source.yaml",)


# ── Whatever changes ──

DAYS = st.integers(0, 70)
LEADS = st.lists(st.tuples(DAYS, st.none() | DAYS, st.integers(0, 40)), max_size=6)
DEALS = st.lists(
    st.tuples(DAYS, st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["open", "won", "lost"])), max_size=3)),
    max_size=4,
)


def company(leads, deals):
    """Leads and deals from numbers of days after the first of March."""
    day = lambda n: str(pd.Timestamp("2026-03-01 10:00") + pd.Timedelta(days=n))  # noqa: E731
    made = [
        lead(f"L{n}", [("A", day(began))], [] if reply is None else [("A", day(began + reply / 4))])
        for n, (began, reply, _) in enumerate(leads)
    ]
    opened = []
    for n, (began, steps) in enumerate(deals):
        moves, when = [("open", day(began))], began
        for gap, status in steps:
            when += gap
            moves.append((status, day(when)))
        closed = moves[-1][1] if moves[-1][0] != "open" else None
        opened.append(deal(f"D{n}", day(began), moves[-1][0], closed, moves=moves))
    return made, opened


@settings(max_examples=20)
@given(LEADS, LEADS, DEALS, DEALS, st.integers(20, 60), st.integers(1, 30))
def test_the_items_that_changed_add_up_to_what_the_numbers_changed(old, new, old_deals, new_deals, then, later):
    """Between any two exports and looks: the difference of every count is the sum over the items."""
    instants = [str(pd.Timestamp("2026-03-01") + pd.Timedelta(days=n)) for n in (then, then + later)]
    sides = [
        seen(judge(*company(leads, deals), versions=[AGREED], as_of=when))
        for (leads, deals), when in zip([(old, old_deals), (new, new_deals)], instants, strict=True)
    ]
    found = compare(*sides, MARCH)
    cards = [side.scorecard.set_index("promise") for side in sides]
    summed = found.items.groupby("promise")[list(COUNTS)].sum()
    for name in cards[0].index:
        moved = name in set(found.rows["promise"])
        for count in COUNTS:
            before, after = (card.loc[name, count] for card in cards)
            if pd.notna(before) and pd.notna(after):
                assert summed[count].get(name, 0) == after - before
                assert moved or before == after
    assert found.items["reason"].str.len().gt(0).all()
    assert not found.items.duplicated(["promise", "item"]).any()


@settings(max_examples=8)
@given(LEADS, DEALS, st.integers(20, 60))
def test_the_same_look_twice_corrects_nothing(leads, deals, then):
    when = str(pd.Timestamp("2026-03-01") + pd.Timedelta(days=then))
    one, other = (seen(judge(*company(leads, deals), versions=[AGREED], as_of=when)) for _ in range(2))
    found = compare(one, other, MARCH)
    assert (len(found.rows), len(found.items), found.inputs) == (0, 0, ())


# ── On the page ──


def test_the_section_shows_numbers_before_and_after_and_counts_the_reasons():
    calls = pd.DataFrame([touch("2026-03-09 10:00", "2026-04-20", f"L{n}") for n in range(3)])
    leads = [lead(f"L{n}", [("A", MONDAY)]) for n in range(4)]
    shown = told(compare(*looks(leads, activities=calls), MARCH))
    assert shown.text == "Corrected since the data of 7 April 2026: 1 number, as 3 items count otherwise."
    assert "Corrected since the data of 7 April 2026" in shown.html
    assert '<td>Logged late</td><td class="n">3</td>' in shown.html
    assert '<td class="n">0%</td><td class="n">75%</td>' in shown.html


def test_the_section_says_so_when_nothing_was_corrected():
    shown = told(compare(*looks([lead("L", [("A", MONDAY)])]), MARCH))
    assert "Nothing has been corrected since the data of 7 April 2026." in shown.html


# ── The sample company ──


def test_looks_at_the_sample_company_add_up(sample):
    """Every later look at the third quarter is explained to the last item."""
    period = parse_period("2026Q3")
    seen_at = [view(evaluate(sample, "2026Q3", when, "emea")) for when in ("2026-09-20", "2026-10-08")]
    for before, after in pairwise(seen_at):
        found = compare(before, after, period)
        summed = found.items.groupby("promise")["n"].sum()
        for _, row in found.rows.iterrows():
            assert summed.get(row["promise"], 0) == row["n_after"] - row["n_before"]
        assert {"assigned since", "closed since"} <= set(found.items["reason"])


def test_a_review_tells_its_corrections(sample):
    review = Review("emea", "2026Q3", workspace=sample)
    assert "Corrected since the data of 19 September 2026" in review.corrections("2026-09-20").html
    with pytest.raises(UsageError, match="lies after the data of this review"):
        review.corrections("2026-12-01")
