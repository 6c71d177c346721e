"""What is left of a CRM's rows: the newest of each, merged leads as one, each with a team; every row accounted for."""

import random
from collections import Counter

import pandas as pd
import pytest
from exports import BERLIN, LEADS, OLD_CALLS, left_of, listed, one_table, reduced

from slareport import embedded
from slareport.ownership import survivors
from slareport.source import Reader
from slareport.tables import ADJUSTED, COUNTED_UNASSIGNED, EXCLUDED, EXTRACTED, SET_ASIDE, SUSPECT

pytestmark = OLD_CALLS

DAY = "2026-06-15T"


def lead(name, at="07:00:00Z", **more):
    return {"Id": name, "CreatedDate": DAY + at, **more}


def assigned(name, at, to, before=""):
    return {"LeadId": name, "CreatedDate": DAY + at, "OldValue": before, "NewValue": to}


def call(name, at, about, **more):
    return {"Id": name, "WhoId": about, "CreatedDate": DAY + at, "CompletedDateTime": DAY + at, **more}


# C10, row by row as the domain notes have it
C10 = [
    lead("00Q1", "09:00:00Z", LastModifiedDate=DAY + "10:00:00Z", Company="Open"),
    lead("00Q1", "09:00:00Z", LastModifiedDate=DAY + "12:00:00Z", Company="Working"),
    lead("00Q2", "09:10:00Z", Company="x@a.com"),
    lead("00Q3", "11:00:00Z", Company="X@A.com", MasterRecordId="00Q2"),
    lead("00Q4", "13:00:00Z"),
]
OTHERS = [
    lead("young", "09:00:00Z"),
    lead("older, merged into young", "08:00:00Z", MasterRecordId="middle", IsDeleted="true"),
    lead("middle", "10:00:00Z", MasterRecordId="young", IsDeleted="true"),
    lead("circle 1", MasterRecordId="circle 2"),
    lead("circle 2", MasterRecordId="circle 1"),
    lead("merged into itself", MasterRecordId="merged into itself"),
    lead("merged into nobody", MasterRecordId="gone"),
    lead("a test", Test__c="true"),
    lead("deleted", IsDeleted="1"),
    lead("too old", CreatedDate="2020-01-01T00:00:00Z"),
    lead("not yet", CreatedDate="2026-07-01T00:00:01Z"),
    lead("just known", CreatedDate="2026-07-01T00:00:00Z"),
    lead("no owner", OwnerId=""),
    lead("unknown owner", OwnerId="Z"),
    lead("owner of no team", OwnerId="X"),
    lead("in a queue", OwnerId="Q"),
    lead("taken over", OwnerId="B"),
    lead("taken from the queue by South", OwnerId="A"),
    lead("handed over by nobody's", OwnerId="A"),
    lead("written twice", OwnerId="B"),
    {"Id": "set aside", "CreatedDate": "yesterday"},
]
CHANGES = [
    assigned("taken over", "11:00:00Z", "B", before="A"),
    assigned("taken from the queue by South", "09:00:00Z", "A", before="S"),
    assigned("taken from the queue by South", "08:00:00Z", "S", before="Q"),
    assigned("handed over by nobody's", "08:00:00Z", "A", before="X"),
    assigned("written twice", "08:00:00Z", "B", before="A"),
    assigned("written twice", "08:00:00Z", "Bert", before="Anna"),
    assigned("too old", "08:00:00Z", "B", before="A"),
    assigned("older, merged into young", "08:30:00Z", "B", before="A"),
]
CALLS = [
    call("T1", "11:20:00Z", "00Q3"),
    call("of the older", "08:40:00Z", "older, merged into young"),
    call("logged late", "11:00:00Z", "00Q4", CreatedDate="2026-07-01T00:00:01Z"),
    call("planned", "11:00:00Z", "00Q4", CompletedDateTime="2026-07-02T00:00:00Z"),
    call("open", "11:00:00Z", "00Q4", IsClosed="false"),
    call("of a deal", "11:00:00Z", "003000", WhatId="D1"),
    call("of nobody", "11:00:00Z", "003000"),
    call("of a test", "11:00:00Z", "a test"),
]
DEALS = [
    {"Id": "D1"},
    {
        "Id": "won long ago",
        "CreatedDate": "2020-01-01T00:00:00Z",
        "CloseDate": "2020-02-01",
        "IsWon": "true",
        "IsClosed": "true",
    },
    {"Id": "open for long", "CreatedDate": "2020-01-01T00:00:00Z"},
    {
        "Id": "closed just now",
        "CreatedDate": "2020-01-01T00:00:00Z",
        "CloseDate": "2026-06-01",
        "IsWon": "true",
        "IsClosed": "true",
    },
    {"Id": "no owner", "OwnerId": ""},
    {"Id": "of South", "OwnerId": "S", "Amount": "1e400"},
]
STAGES = [
    {"Id": "H1", "OpportunityId": "D1"},
    {"Id": "H2", "OpportunityId": "won long ago"},
    {"Id": "H3", "OpportunityId": "D1", "CreatedDate": "2026-07-01T00:00:01Z"},
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """All of the above, as known on 1 July."""
    tables = {"Lead": [*C10, *OTHERS], "LeadHistory": CHANGES, "Task": CALLS}
    return reduced(tmp_path_factory.mktemp("world"), **tables, Opportunity=DEALS, OpportunityHistory=STAGES)


def one(frame, **values):
    for column, value in values.items():
        frame = frame[frame[column].eq(value)]
    (row,) = frame.to_dict("records")
    return row


def legs(world, name):
    held = world.tables["lead_legs"]
    return listed(held[held["lead_id"].eq(name)].assign(at=held["from_at"].dt.strftime("%H:%M")), "owner_id", "at")


def test_c10_five_rows_are_three_leads(world):
    """Five rows counted as five leads, or a touch counted for two of them, are the wrong answers."""
    leads = world.tables["leads"]
    assert leads[leads["lead_id"].str.startswith("00Q")]["lead_id"].tolist() == ["00Q1", "00Q2", "00Q4"]
    assert one(leads, lead_id="00Q1")["account"] == "Working"
    touch = one(world.tables["activities"], activity_id="T1")
    assert touch["lead_id"] == "00Q2"
    since = one(leads, lead_id="00Q2")["created_at"]
    assert (touch["occurred_at"] - since) / pd.Timedelta(minutes=1) == 130, "20 is the wrong answer"


@pytest.mark.parametrize(
    ("merged", "there", "expected"),
    [
        pytest.param({"b": "a"}, "ab", {"b": "a"}, id="one merge"),
        pytest.param({"c": "b", "b": "a"}, "abc", {"b": "a", "c": "a"}, id="a chain leads to its end"),
        pytest.param({"a": "b", "b": "a"}, "ab", {"b": "a"}, id="of two merged into each other one lives on"),
        pytest.param({"x": "b", "c": "b", "b": "c"}, "bcx", {"c": "b", "x": "b"}, id="a chain into a circle"),
        pytest.param({"a": "a"}, "a", {}, id="a merge into itself is none"),
        pytest.param({"a": "gone"}, "a", {}, id="a lead merged into one that is not there lives on"),
        pytest.param({"b": "a", "a": "gone"}, "ab", {"b": "a"}, id="a chain ends at the last one there"),
    ],
)
def test_who_lives_on(merged, there, expected):
    assert survivors(merged, there) == expected


def test_a_survivor_has_the_earliest_creation_and_all_touches_and_owners_of_its_chain(world):
    young = one(world.tables["leads"], lead_id="young")
    assert young["created_at"] == pd.Timestamp(DAY + "08:00Z")
    assert one(world.tables["activities"], activity_id="of the older")["lead_id"] == "young"
    assert legs(world, "young") == [("A", "08:00"), ("B", "08:30")]


def test_of_leads_merged_in_a_circle_one_is_left(world):
    left = set(world.tables["leads"]["lead_id"])
    assert "circle 1" in left
    assert "circle 2" not in left
    assert {"merged into itself", "merged into nobody"} <= left


def test_what_is_excluded_is_listed_with_its_reason_team_and_day(world):
    out = world.rejects[world.rejects["effect"].eq(EXCLUDED) & world.rejects["table"].eq("leads")]
    assert set(listed(out, "id", "reason", "team")) == {
        ("00Q1", "the same id again, in a newer or equal row", "north"),
        ("00Q3", "merged into 00Q2", "north"),
        ("older, merged into young", "merged into young", "north"),
        ("middle", "merged into young", "north"),
        ("circle 2", "merged into circle 1", "north"),
        ("a test", "a test record", "north"),
        ("deleted", "deleted in the CRM", "north"),
    }
    assert out["at"].notna().all()
    assert one(out, id="00Q1")["place"] == "Lead.csv row 2"


def test_only_the_window_and_what_was_known_counts(world):
    left = set(world.tables["leads"]["lead_id"])
    assert "just known" in left
    assert not {"too old", "not yet"} & left
    assert set(world.tables["opportunities"]["opportunity_id"]) == {
        "D1", "open for long", "closed just now", "no owner", "of South"
    }  # fmt: skip
    assert set(world.tables["stage_history"]["history_id"]) == {"H1"}


def test_a_touch_counts_if_it_had_happened_and_had_been_logged(world):
    assert set(world.tables["activities"]["activity_id"]) == {"T1", "of the older", "of a deal"}


def test_c11_without_an_owner_of_a_team_an_item_is_unassigned_and_listed_never_dropped(world):
    leads = world.tables["leads"].set_index("lead_id")
    alone = world.rejects[world.rejects["effect"].eq(COUNTED_UNASSIGNED)]
    assert set(listed(alone, "table", "id", "reason")) == {
        ("leads", "no owner", "has no owner"),
        ("leads", "unknown owner", "its owner is no user of the CRM: Z"),
        ("leads", "owner of no team", "its owner's team is none of teams.yaml: Nowhere"),
        ("leads", "handed over by nobody's", "its owner's team is none of teams.yaml: Nowhere"),
        ("opportunities", "no owner", "has no owner"),
    }
    assert leads.loc[alone.loc[alone["table"].eq("leads"), "id"], "team"].eq("unassigned").all()
    assert leads.loc["in a queue", "team"] == "north"


def test_a_lead_belongs_to_the_team_of_the_first_person_it_was_assigned_to(world):
    assert one(world.tables["leads"], lead_id="taken from the queue by South")["team"] == "south"
    assert legs(world, "taken from the queue by South") == [("Q", "07:00"), ("S", "08:00"), ("A", "09:00")]


def test_a_change_of_owner_written_with_ids_and_with_names_is_one_change(world):
    assert legs(world, "written twice") == [("A", "07:00"), ("B", "08:00")]


def test_tables_that_are_put_in_order_share_by_share_lose_no_row(tmp_path, monkeypatch):
    tables = REASSIGNED | {"Lead": [lead("taken over", OwnerId="B"), *(lead(str(number)) for number in range(49))]}
    whole = reduced(tmp_path / "whole", **tables)
    monkeypatch.setattr(embedded, "IN_ORDER", 7)
    shared = reduced(tmp_path / "shared", **tables)
    assert len(whole.tables["leads"]) == 50
    for name, table in whole.tables.items():
        key = list(EXTRACTED[name])
        again = shared.tables[name].sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(again, table.sort_values(key, ignore_index=True))


def test_a_local_time_that_the_clocks_skip_is_listed(tmp_path):
    raw = "Id,Name,Created,Owner,Test,Modified\n1,Ada,2026-03-29 02:30,A,,\n2,Bo,2026-03-29 03:30,A,,\n"
    reader = Reader(one_table(tmp_path, raw, mapping=LEADS), BERLIN)
    found = left_of(reader, "2026-07-01T00:00Z")
    assert found.tables["leads"]["created_at"].tolist() == [
        pd.Timestamp("2026-03-29T01:00Z"),
        pd.Timestamp("2026-03-29T01:30Z"),
    ]
    assert listed(found.rejects[found.rejects["effect"].eq(ADJUSTED)], "place", "value", "at") == [
        ("Lead.csv row 2, created_at", "2026-03-29 02:30:00", pd.Timestamp("2026-03-29T01:00Z"))
    ]
    assert found.began_at == {"leads": "2026-03-29T01:00:00+00:00"}


REASSIGNED = {
    "Lead": [lead("taken over", OwnerId="B")],
    "LeadHistory": [assigned("taken over", "11:00:00Z", "B", before="A")],
    "Task": [call("late", "11:45:00Z", "taken over", OwnerId="B")],
}


def test_c5_a_reassigned_lead_was_first_held_by_the_first_owner(world, tmp_path):
    """15 June in Berlin: A from 9:00, B from 13:00, who calls at 13:45. As of noon, only A had ever held it."""
    assert legs(world, "taken over") == [("A", "07:00"), ("B", "11:00")]
    at_noon = reduced(tmp_path, as_of=DAY + "10:00Z", **REASSIGNED)
    assert legs(at_noon, "taken over") == [("A", "07:00")], "B, who holds it today, is the wrong answer"
    assert at_noon.tables["activities"].empty


def test_every_row_read_is_used_excluded_set_aside_or_outside(world):
    parts = world.accounting.set_index("table")
    assert parts["read"].equals(parts[["used", "excluded", "set_aside", "outside"]].sum(axis=1))
    assert parts.loc["leads"].tolist() == [26, 16, 7, 1, 2]
    assert parts.loc["activities"].tolist() == [7, 3, 0, 0, 4]
    assert parts.loc["lead_assignments"].tolist() == [8, 6, 1, 0, 1]
    for name in ("leads", "activities", "opportunities", "stage_history"):
        assert parts.loc[name, "used"] == len(world.tables[name])
    aside = world.rejects[world.rejects["effect"].eq(SET_ASIDE)]
    assert Counter(aside["table"]) == {"leads": 1}


# The twin: the same reduction of leads with dicts and loops


def random_leads(seed):
    draw = random.Random(seed)  # noqa: S311  not a secret
    ids = [f"L{n}" for n in range(60)]
    days = ["2019-05-01", "2026-05-01", "2026-05-02", "2026-06-30", "2026-07-05", "soon", ""]
    return [
        {
            "Id": draw.choice([*ids, ""]),
            "CreatedDate": (day := draw.choice(days)) + "T08:00:00Z" * bool(day),
            "LastModifiedDate": draw.choice(["", "2026-06-01T08:00:00Z", "2026-06-02T08:00:00Z"]),
            "OwnerId": draw.choice(["A", "S", "X", "Q", "Z", ""]),
            "MasterRecordId": draw.choice(["", "", "", "", *ids, "gone"]),
            "Test__c": draw.choice(["", "", "", "true"]),
            "IsDeleted": draw.choice(["", "false", "", "true"]),
        }
        for _ in range(150)
    ]


def twin(rows):
    good = [row for row in rows if row["Id"] and row["CreatedDate"] and "soon" not in row["CreatedDate"]]
    newest = {}
    for row in good:
        if row["Id"] not in newest or row["LastModifiedDate"] >= newest[row["Id"]]["LastModifiedDate"]:
            newest[row["Id"]] = row
    last = {name: end_of(name, newest) for name in newest}
    homes = {"A": "north", "Q": "north", "S": "south"}
    left = {}
    for name, row in newest.items():
        created = min(newest[other]["CreatedDate"] for other in newest if last[other] == name or other == name)
        removed = last[name] != name or row["Test__c"] == "true" or row["IsDeleted"] == "true"
        if not removed and "2023" < created < "2026-07-01T00:00:01":
            left[name] = (created, homes.get(row["OwnerId"], "unassigned"))
    return left, len(rows) - len(good)


def end_of(name, newest):
    seen = []
    while name not in seen:
        seen.append(name)
        target = newest[name]["MasterRecordId"]
        if target not in newest:
            return name
        name = target
    return min(seen[seen.index(name) :])


def test_dicts_and_loops_leave_the_same_leads(tmp_path):
    rows = random_leads(seed=1)
    found = reduced(tmp_path, Lead=rows)
    expected, aside = twin(rows)
    leads = found.tables["leads"]
    created = leads["created_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert dict(zip(leads["lead_id"], zip(created, leads["team"], strict=True), strict=True)) == expected
    counts = one(found.accounting, table="leads")
    assert (counts["read"], counts["used"], counts["set_aside"]) == (len(rows), len(expected), aside)
    assert (
        found.rejects.query("table == 'leads' and effect == @EXCLUDED").drop_duplicates("place").shape[0]
        == counts["excluded"]
    )


def test_a_deal_that_is_closed_without_a_day_counts_as_open_and_is_listed(tmp_path):
    closed = {"IsWon": "true", "IsClosed": "true"}
    deals = [
        {"Id": "dated", **closed, "CloseDate": "2026-06-20"},
        {"Id": "in the history", **closed},
        {"Id": "nothing says when", **closed},
        {"Id": "open"},
    ]
    stages = [{"Id": "1", "OpportunityId": "in the history", "StageName": "Closed Won"}]
    found = reduced(tmp_path, Opportunity=deals, OpportunityHistory=stages)
    assert listed(found.rejects, "id", "reason", "effect") == [
        ("nothing says when", "closed, and nothing says when: it counts as open", SUSPECT)
    ]
    assert len(found.tables["opportunities"]) == 4
