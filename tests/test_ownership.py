"""Whose a lead, a deal or anything about them is: the team of that day, also after merges and moves between teams."""

import csv

import pandas as pd
import pytest
from exports import BERLIN, OLD_CALLS, a_source, export, left_of, listed

from slareport.source import Reader
from slareport.tables import EXCLUDED, SUSPECT

pytestmark = [*OLD_CALLS, pytest.mark.once]

OWN_TABLES = """{
  memberships: {from: Membership, columns: {user_id: User, team: Team, from_on: From, to_on: To}},
  handoffs: {from: Handoff, columns: {handoff_id: Id, kind: {constant: marketing to sales}, lead_id: Lead,
    opportunity_id: Deal, offered_at: Offered}},
  feedback: {from: Feedback, columns: {feedback_id: Id, opportunity_id: Deal, user_id: User, submitted_at: At}},
  quotas: {from: Quota, columns: {quota_id: Id, user_id: User, measure: {constant: won amount}, from_on: From,
    to_on: To, amount: Amount}}
}""".replace("\n", " ")
COLUMNS = {
    "Membership": ["User", "Team", "From", "To"],
    "Handoff": ["Id", "Lead", "Deal", "Offered"],
    "Feedback": ["Id", "Deal", "User", "At"],
    "Quota": ["Id", "User", "From", "To", "Amount"],
}
MOVED = [("A", "N", "2026-01-01", "2026-06-10"), ("A", "S", "2026-06-10", "")]


def world(root, *, memberships=(), handoffs=(), feedback=(), quotas=(), as_of="2026-07-01T00:00Z", **tables):
    """Salesforce's tables, with the company's own ones beside them."""
    data = export(root, **tables).data
    for name, rows in zip(COLUMNS, (memberships, handoffs, feedback, quotas), strict=True):
        with (data / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS[name], *rows])
    source = a_source(root, tables=OWN_TABLES)
    return left_of(Reader(source, BERLIN), as_of)


def teams_of(made, name):
    frame = made.tables[name]
    return dict(zip(frame.iloc[:, 0], frame["team"], strict=True))


def lead(name, day, **more):
    return {"Id": name, "CreatedDate": f"2026-06-{day:02d}T08:00:00Z", **more}


def deal(name, closed=None, **more):
    ended = {"IsClosed": "true", "IsWon": "true", "CloseDate": closed} if closed else {}
    return {"Id": name, "CreatedDate": "2026-05-01T08:00:00Z", **ended, **more}


def test_a_lead_is_its_owners_team_of_the_day_it_was_assigned(tmp_path):
    made = world(tmp_path, memberships=MOVED, Lead=[lead("before", 9), lead("on the day", 10), lead("after", 11)])
    assert teams_of(made, "leads") == {"before": "north", "on the day": "south", "after": "south"}


def test_a_deal_is_its_owners_team_of_the_day_it_closed_and_an_open_one_of_today(tmp_path):
    deals = [deal("early", "2026-06-01"), deal("late", "2026-06-20"), deal("open")]
    assert teams_of(world(tmp_path, memberships=MOVED, Opportunity=deals), "opportunities") == {
        "early": "north",
        "late": "south",
        "open": "south",
    }


def test_without_a_membership_on_that_day_nobody_answers_for_it(tmp_path):
    made = world(tmp_path, memberships=[("A", "N", "2026-06-15", "")], Lead=[lead("too early", 9)])
    assert teams_of(made, "leads") == {"too early": "unassigned"}


def test_who_has_no_memberships_always_belonged_to_the_team_of_today(tmp_path):
    assert teams_of(world(tmp_path, memberships=MOVED, Lead=[lead("L", 9, OwnerId="S")]), "leads") == {"L": "south"}


@pytest.mark.parametrize(
    ("row", "team"),
    [
        pytest.param(("F", "D", "S", "2026-06-02T08:00:00Z"), "north", id="its deal's team comes before its user's"),
        pytest.param(("F", "", "S", "2026-06-02T08:00:00Z"), "south", id="without a deal, its user's team"),
        pytest.param(("F", "", "", "2026-06-02T08:00:00Z"), "unassigned", id="about nobody: no team, but not lost"),
    ],
)
def test_whose_feedback_is(tmp_path, row, team):
    assert teams_of(world(tmp_path, feedback=[row], Opportunity=[deal("D")]), "feedback") == {"F": team}


def test_rows_about_an_unknown_deal_are_outside_and_the_accounts_add_up(tmp_path):
    rows = [("F", "gone", "", "2026-06-02T08:00:00Z"), ("G", "D", "", "2026-07-02T08:00:00Z")]
    made = world(tmp_path, feedback=rows, Opportunity=[deal("D")])
    read = made.accounting.set_index("table").loc["feedback"]
    assert read.to_dict() == {"read": 2, "used": 0, "excluded": 0, "set_aside": 0, "outside": 2}


def test_what_was_about_a_merged_lead_or_deal_is_about_its_survivor(tmp_path):
    handoffs = [("H", "gone", "", "2026-06-20T08:00:00Z")]
    feedback = [("F", "D2", "", "2026-06-20T08:00:00Z")]
    leads = [lead("lives", 9), lead("gone", 10, MasterRecordId="lives", IsDeleted="true")]
    made = world(tmp_path, handoffs=handoffs, feedback=feedback, Lead=leads, Opportunity=[deal("D2")])
    assert made.tables["handoffs"]["lead_id"].tolist() == ["lives"]
    assert made.tables["feedback"]["opportunity_id"].tolist() == ["D2"]
    assert ("gone", "merged into lives", EXCLUDED) in listed(made.rejects, "id", "reason", "effect")


def test_a_quota_is_its_users_and_its_days_are_local_dates(tmp_path):
    made = world(tmp_path, quotas=[("Q1", "S", "2026-07-01", "2026-09-30", "1000")])
    assert teams_of(made, "quotas") == {"Q1": "south"}
    assert made.tables["quotas"]["from_on"].tolist() == [pd.Timestamp("2026-07-01")]


def test_a_deal_takes_the_name_and_segment_of_its_account(tmp_path):
    accounts = [{"Id": "001", "Name": "Acme", "Industry": "Energy"}]
    made = world(tmp_path, Account=accounts, Opportunity=[deal("D", AccountId="001"), deal("E", AccountId="002")])
    deals = made.tables["opportunities"].set_index("opportunity_id")
    assert deals.loc["D", ["account", "segment"]].tolist() == ["Acme", "Energy"]
    assert deals.loc["E", "account"] == "002"


def test_two_leads_of_a_person_within_a_month_are_counted_and_suspect(tmp_path):
    mails = {"first": (1, "ann@x.com"), "again": (20, " ANN@x.com"), "other": (20, "bob@x.com"), "none": (20, "")}
    made = world(tmp_path, Lead=[lead(name, day, Email=mail) for name, (day, mail) in mails.items()])
    assert sorted(made.tables["leads"]["lead_id"]) == ["again", "first", "none", "other"]
    suspects = made.rejects[made.rejects["effect"].eq(SUSPECT)]
    assert listed(suspects, "id", "reason") == [("again", "the same person as another lead shortly before: first")]
    assert not made.tables["leads"]["person"].str.contains("@").any()
