"""The mappings that are shipped: each CRM's layout as it exports it, and the traps in it."""

from __future__ import annotations

import os
import shutil
from functools import cached_property
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pytest
from exports import BERLIN, OLD_CALLS, Left, a_source, left_of, listed, rows
from judging import version

from slareport.agreement import Agreement
from slareport.delimited import FOOTER
from slareport.errors import DataError, UsageError
from slareport.items import build_items
from slareport.kpi import State
from slareport.kpis import pipeline
from slareport.mapping import Source, shipped_mappings
from slareport.source import Read, Reader
from slareport.tables import EXCLUDED, SET_ASIDE

pytestmark = OLD_CALLS
SHARED = Path(__file__).parents[2] / "shared" / "data"


class Layout:
    """A source read through a shipped mapping: its tables as read, and what a reduction makes of them."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def read(self, table: str) -> Read:
        """One canonical table, the columns of all checked."""
        reader = Reader(self.source, BERLIN)
        reader.check()
        return reader.read(table)

    def facts(self, table: str, *columns: str) -> list[tuple]:
        """Some columns of the usable rows of a table."""
        return [tuple(row[column] for column in columns) for row in rows(self.read(table))]

    @cached_property
    def reduced(self) -> Left:
        return left_of(Reader(self.source, BERLIN), "2026-12-31T00:00Z")

    def counts(self, table: str) -> dict[str, int]:
        """The accounting of a table."""
        return self.reduced.accounting.set_index("table").loc[table].to_dict()

    def excluded(self, table: str) -> list[tuple]:
        """The id and reason of every row listed as excluded."""
        rejects = self.reduced.rejects
        return sorted(listed(rejects[rejects["table"].eq(table) & rejects["effect"].eq(EXCLUDED)], "id", "reason"))


def exported(root: Path, mapping: str, *, files: dict[str, str], **settings: str) -> Layout:
    """CSV files of a few lines; every other native table the mapping needs is an empty one."""
    source = a_source(root, layout=f"mapping: {mapping}", **settings)
    empty = {name: ",".join(columns) for name, columns in source.asked().items() if name in source.natives()}
    for name, text in {**empty, **files}.items():
        if "*" not in name:
            (source.data / f"{name}.csv").write_text(dedent(text).strip("\n") + "\n")
    return Layout(source)


def given(root: Path, mapping: str, folder: str, rename, **settings: str) -> Layout:
    """Tables of `../shared/data` read through a shipped mapping."""
    if not (SHARED / folder).is_dir():
        told = f"no tables in {SHARED / folder}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    source = a_source(root, layout=mapping, **settings)
    for path in (SHARED / folder).glob("*.csv"):
        if name := rename(path.stem):
            shutil.copy(path, source.data / f"{name}.csv")
    return Layout(source)


# Tables nobody here wrote


def no_history_mode(name: str) -> str:
    """The name of a Fivetran table; tables of history mode belong to another schema."""
    return "" if name.endswith("_history_data") else name.removeprefix("sf_").removesuffix("_data")


@pytest.fixture(scope="module")
def fivetran_salesforce(tmp_path_factory):
    root = tmp_path_factory.mktemp("fivetran_salesforce")
    return given(root, "mapping: fivetran_salesforce", "fivetran_salesforce_seeds", no_history_mode)


@pytest.fixture(scope="module")
def fivetran_hubspot(tmp_path_factory):
    root = tmp_path_factory.mktemp("fivetran_hubspot")
    return given(root, "mapping: fivetran_hubspot", "fivetran_hubspot_seeds", no_history_mode)


DEVORG = """mapping: salesforce
instants: "%m/%d/%y %I:%M %p"
dates: "%m/%d/%y"
timezone: America/New_York
tables:
  users: []
  lead_assignments: []
  activities: []
  stage_history: []
  products: []
  opportunity_products: []
  leads:
    from: Lead
    columns: {lead_id: Id, name: Name, created_at: {column: CreatedDate, optional: true}, owner_id: OwnerId,
              is_deleted: IsDeleted, modified_at: LastModifiedDate}
  opportunities:
    from: Opportunity
    columns:
      opportunity_id: Id
      name: Name
      created_at: {column: CreatedDate, date: true}
      status: {cases: [{when: {IsWon: "true"}, then: won}, {when: {IsClosed: "true"}, then: lost}], otherwise: open}
      stage: StageName
      amount: Amount
      probability: {column: Probability, percent: true}
      expected_close_on: CloseDate
      closed_at: {column: CloseDate, date: true}"""


@pytest.fixture(scope="module")
def devorg(tmp_path_factory):
    """A developer org that exports neither users nor tasks, no creation of leads, and deals by day."""
    return given(tmp_path_factory.mktemp("devorg"), DEVORG, "salesforce_devorg", lambda name: name)


@pytest.mark.parametrize("name", ["fivetran_salesforce", "fivetran_hubspot", "devorg"])
def test_every_row_of_every_table_is_accounted_for(request, name):
    layout = request.getfixturevalue(name)
    accounting = layout.reduced.accounting.set_index("table")
    reader = Reader(layout.source, BERLIN)
    assert {table for table in layout.source.tables if reader.parts(table)} <= set(accounting.index)
    assert accounting["read"].sum() > 20
    assert accounting["read"].tolist() == accounting.drop(columns="read").sum(axis=1).tolist()


def test_deals_that_salesforce_deleted_are_excluded_and_listed(fivetran_salesforce):
    found = fivetran_salesforce.excluded("opportunities")
    assert (len(found), {reason for _, reason in found}) == (10, {"deleted in the CRM"})
    counts = fivetran_salesforce.counts("opportunities")
    assert (counts["read"], counts["used"], counts["excluded"]) == (10, 0, 10)


def test_a_probability_of_1000_percent_is_none(fivetran_salesforce):
    found = fivetran_salesforce.read("opportunities")
    wrong = found.rejects[found.rejects["reason"].eq("is no rate between 0 and 1")]
    assert listed(wrong, "place", "value") == [("opportunity.csv row 2, probability", "1000")]
    assert sorted(filter(pd.notna, (row["probability"] for row in rows(found)))) == [*[0.0] * 4, 0.65, *[1.0] * 4]


def seeds(name: str) -> pd.DataFrame:
    return pd.read_csv(SHARED / "fivetran_hubspot_seeds" / f"{name}_data.csv", dtype=str)


def test_contacts_that_hubspot_merged_are_excluded_and_name_their_survivor(fivetran_hubspot):
    audit = seeds("contact_merge_audit").set_index("vid_to_merge")["canonical_vid"]
    told = {**audit, **dict.fromkeys(["76340251", "46897301", "76226001"], "78971951")}
    merged = {one for one, reason in fivetran_hubspot.excluded("leads") if reason.startswith("merged into")}
    assert merged == set(seeds("contact")["id"]) & told.keys()
    found = dict(fivetran_hubspot.facts("leads", "lead_id", "merged_into_id"))
    assert {one: into for one, into in found.items() if into} == {one: told[one] for one in merged}


def test_deals_that_hubspot_merged_are_excluded_and_name_their_survivor(fivetran_hubspot):
    told = seeds("merged_deal").set_index("merged_deal_id")["deal_id"]
    found = dict(fivetran_hubspot.facts("opportunities", "opportunity_id", "merged_into_id"))
    assert {one: into for one, into in found.items() if into} == {one: told[one] for one in found if one in told}
    gone = {one for one, reason in fivetran_hubspot.excluded("opportunities") if reason.startswith("merged into")}
    assert gone == {one for one in found if one in told}


def test_leads_without_the_time_they_were_created_are_set_aside_and_counted(devorg):
    found = devorg.read("leads")
    assert (rows(found), found.count, found.excluded) == ([], 22, 0)
    assert listed(found.rejects, "reason", "effect") == [("has no value", SET_ASIDE)] * 22
    assert devorg.counts("leads")["set_aside"] == 22


def test_deals_closed_before_they_were_created_stay_in_rates_and_leave_durations(devorg):
    assert len(devorg.facts("opportunities", "opportunity_id")) == 36
    early = [one for one, begun, ended in devorg.facts("opportunities", "opportunity_id", "created_at", "closed_at")
             if ended < begun]  # fmt: skip
    assert len(early) == 32
    known = build_items(devorg.reduced.tables, Agreement((version(),), {}), pd.Timestamp("2026-12-31T00:00Z"), {})
    deals = known["opportunities"].loc[early]
    assert deals["status"].value_counts().to_dict() == {"open": 13, "won": 12, "lost": 7}
    assert pipeline.win_rate(deals["status"])["denominator"].sum() == 19
    cycle = pipeline.sales_cycle_length(
        deals["status"], deals["cycle_days"], deals["first_cycle_days"], deals["active_days"]
    )
    assert cycle["state"].value_counts().to_dict() == {State.DOES_NOT_APPLY: 20, State.INVALID: 12}
    assert set(cycle["reason"].dropna()) == {"closed before it was created"}


# Small exports in each real layout

UTC = None  # the zone of an instant that is in UTC already


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


SALESFORCE = {
    "Task": """
        Id,WhoId,WhatId,OwnerId,TaskSubtype,CallType,IsClosed,ActivityDate,CompletedDateTime,CreatedDate,LastModifiedDate
        T1,L1,,A,Call,Outbound,true,2026-06-30,2026-06-15T08:00:00Z,2026-06-14T08:00:00Z,
        T2,L1,,A,Call,,true,2026-06-30,,2026-06-14T09:00:00Z,
        T3,L1,,A,Email,,true,,2026-06-15T10:00:00Z,2026-06-15T10:00:00Z,
        T4,L1,,A,Email,,true,,2026-06-15T11:00:00Z,2026-06-15T11:00:00Z,
        T5,L1,,A,Call,,false,2026-06-30,,2026-06-15T12:00:00Z,
        """,
    "EmailMessage": """
        Id,ActivityId,RelatedToId,CreatedById,Incoming,IsBounced,Status,MessageDate,CreatedDate,LastModifiedDate
        M3,T3,,A,true,false,1,2026-06-15T10:00:00Z,2026-06-15T10:00:00Z,
        M4,T4,,A,false,true,3,2026-06-15T11:00:00Z,2026-06-15T11:00:00Z,
        M6,,D1,A,false,false,3,2026-06-16T09:00:00Z,2026-06-16T09:00:00Z,
        M7,,D1,A,false,false,5,2026-06-16T10:00:00Z,2026-06-16T10:00:00Z,
        """,
    "Event": """
        Id,WhoId,WhatId,OwnerId,IsChild,StartDateTime,CreatedDate,LastModifiedDate
        E1,L1,D1,A,false,2026-06-17T09:00:00Z,2026-06-10T09:00:00Z,
        E2,L1,D1,B,true,2026-06-17T09:00:00Z,2026-06-10T09:00:00Z,
        """,
    "User": "Id,Name,UserType,Division,ManagerId,UserRoleId\nA,Anna,Standard,N,B,R1\nB,Bert,Standard,N,,\n",
    "UserRole": "Id,Name\nR1,Account Executive\n",
    "Opportunity": """
        Id,Name,AccountId,OwnerId,CreatedDate,StageName,IsClosed,IsWon,Amount,CurrencyIsoCode,Probability,ForecastCategory,CloseDate,Type,IsDeleted,LastModifiedDate
        D1,Big,C1,A,2026-06-01T08:00:00Z,Proposal,false,false,100,EUR,40,Forecast,2026-07-31,Renewal,false,
        """,
}


@pytest.fixture(scope="module")
def salesforce(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("salesforce"), "salesforce", files=SALESFORCE)


def test_salesforce_counts_what_was_done_when_it_was_done_and_each_message_once(salesforce):
    columns = ("activity_id", "channel", "direction", "outcome", "occurred_at")
    assert sorted(salesforce.facts("activities", *columns)) == [
        ("E1", "meeting", "outbound", None, at("2026-06-17 09:00")),
        ("M6", "email", "outbound", None, at("2026-06-16 09:00")),
        ("T1", "call", "outbound", None, at("2026-06-15 08:00")),
        ("T2", "call", "outbound", None, at("2026-06-14 09:00")),
        ("T3", "email", "inbound", None, at("2026-06-15 10:00")),
        ("T4", "email", "outbound", "bounced", at("2026-06-15 11:00")),
    ]


def test_salesforce_knows_a_user_s_role_and_manager_and_what_is_expected_of_a_deal(salesforce):
    assert salesforce.facts("users", "user_id", "role", "manager") == [
        ("A", "Account Executive", "Bert"),
        ("B", None, None),
    ]
    asked = ("probability", "forecast_category", "kind", "account", "expected_close_on")
    assert salesforce.facts("opportunities", *asked) == [(0.4, "commit", "Renewal", "C1", at("2026-07-31"))]


FIVETRAN = {
    "opportunity_history": """
        id,opportunity_id,stage_name,created_date,amount,probability,close_date,created_by_id
        H1,D1,Proposal,2026-06-02 08:00:00,100,40,2026-07-31 00:00:00,A
        H2,D1,Closed Won,2026-06-20 08:00:00,120,100,2026-06-20 00:00:00,A
        """
}


def test_fivetran_keeps_the_object_of_stage_changes_with_dates_at_midnight(tmp_path):
    columns = ("history_id", "status", "probability", "expected_close_on", "entered_at")
    assert exported(tmp_path, "fivetran_salesforce", files=FIVETRAN).facts("stage_history", *columns) == [
        ("H1", "open", 0.4, at("2026-07-31"), at("2026-06-02 08:00")),
        ("H2", "won", 1.0, at("2026-06-20"), at("2026-06-20 08:00")),
    ]


HUBSPOT = {
    "owners": "id,firstName,lastName,type,team\n7,Ann,Ash,PERSON,N\n8,Inbound,,QUEUE,N\n",
    "contacts": """
        hs_object_id,firstname,lastname,email,createdate,hubspot_owner_id,hs_merged_object_ids,hs_v2_date_entered_marketingqualifiedlead
        1,Ada,Lo, Ada@Example.com ,2026-06-15T08:00:00.000Z,7,2;3,2026-06-15T08:30:00Z
        2,Ada,L,ada@example.com,2026-06-14T08:00:00Z,7,,
        4,Bo,Ny,bo@example.com,2026-06-16T08:00:00Z,8,,
        """,
    "calls": """
        hs_object_id,hubspot_owner_id,hs_call_direction,hs_call_status,hs_timestamp,hs_createdate
        20,7,OUTBOUND,NO_ANSWER,2026-06-15T10:00:00Z,2026-06-15T10:05:00Z
        """,
    "emails": """
        hs_object_id,hubspot_owner_id,hs_email_direction,hs_email_status,hs_timestamp,hs_createdate
        21,7,INCOMING_EMAIL,,2026-06-15T11:00:00Z,2026-06-15T11:00:00Z
        22,7,EMAIL,BOUNCED,2026-06-15T12:00:00Z,2026-06-15T12:00:00Z
        """,
    "meetings": """
        hs_object_id,hubspot_owner_id,hs_meeting_outcome,hs_timestamp,hs_createdate
        23,7,NO_SHOW,2026-06-16T12:00:00Z,2026-06-15T12:00:00Z
        """,
    "associations": """
        from_object_type,from_object_id,to_object_type,to_object_id
        calls,20,contacts,1
        calls,20,contacts,4
        calls,20,deals,9
        emails,21,contacts,1
        emails,22,contacts,1
        meetings,23,contacts,1
        contacts,1,deals,10
        contacts,1,deals,9
        """,
    "deals": """
        hs_object_id,dealname,hubspot_owner_id,createdate,closedate,dealstage,hs_is_closed,hs_is_closed_won,amount,hs_deal_stage_probability
        9,Big,7,2026-06-01T08:00:00Z,2026-06-30T21:59:59Z,sent,false,false,100,0.6
        10,Small,7,2026-06-01T08:00:00Z,2026-06-10T09:30:00Z,lost2,true,false,50,0
        """,
    "deal_stages": "id,label,isClosed,probability\nsent,Sent,false,0.6\nwon2,Won,true,1.0\nlost2,Lost,true,0.0\n",
    "property_history": """
        object_type,object_id,property,value,timestamp
        deals,10,dealstage,won2,2026-06-10T09:30:00Z
        deals,10,dealstage,lost2,2026-06-12T09:30:00Z
        deals,10,dealstage,gone,2026-06-13T09:30:00Z
        contacts,4,hubspot_owner_id,8,2026-06-16T08:00:00Z
        contacts,4,email,x@example.com,2026-06-16T08:00:00Z
        """,
}


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("hubspot"), "hubspot", files=HUBSPOT)


def test_hubspot_says_who_wrote_to_whom_and_what_reached_nobody(hubspot):
    columns = ("activity_id", "lead_id", "opportunity_id", "channel", "direction", "outcome")
    assert sorted(hubspot.facts("activities", *columns), key=str) == [
        ("20", "1", None, "call", "outbound", "attempted"),
        ("20", "4", None, "call", "outbound", "attempted"),
        ("20", None, "9", "call", "outbound", "attempted"),
        ("21", "1", None, "email", "inbound", None),
        ("22", "1", None, "email", "outbound", "bounced"),
        ("23", "1", None, "meeting", "outbound", "no show"),
    ]


def test_hubspot_contacts_know_their_survivor_their_deal_and_their_person(hubspot):
    found = hubspot.facts("leads", "lead_id", "merged_into_id", "opportunity_id", "qualified_at", "person")
    assert [row[:4] for row in found] == [
        ("1", None, "9", at("2026-06-15 08:30")),
        ("2", "1", None, None),
        ("4", None, None, None),
    ]
    same, again, other = (row[4] for row in found)
    assert same == again != other
    assert "@" not in same
    assert hubspot.facts("lead_assignments", "lead_id", "owner_id") == [("4", "8")]
    assert hubspot.facts("users", "user_id", "kind") == [("7", "human"), ("8", "queue")]


def test_the_second_deal_of_a_contact_is_counted_as_left_out(hubspot):
    found = hubspot.read("leads")
    assert (found.count, found.excluded) == (4, 1)
    assert listed(found.rejects, "id", "place", "effect") == [("1", "associations.csv row 8, from_object_id", EXCLUDED)]


def test_hubspot_s_close_date_of_an_open_deal_is_only_expected_and_history_knows_the_last_closing(hubspot):
    expected = hubspot.facts("opportunities", "opportunity_id", "status", "expected_close_on", "probability")
    assert expected == [("9", "open", at("2026-06-30"), 0.6), ("10", "lost", at("2026-06-10"), 0.0)]
    history = hubspot.read("stage_history")
    assert [(row["stage"], row["status"]) for row in rows(history)] == [("Won", "won"), ("Lost", "lost")]
    assert listed(history.rejects, "value", "effect") == [("a stage that no pipeline has", SET_ASIDE)]
    known = build_items(hubspot.reduced.tables, Agreement((version(),), {}), at("2026-12-31T00:00Z"), {})
    assert known["opportunities"].loc["10", "closed_at"] == at("2026-06-12T09:30Z")
    assert pd.isna(known["opportunities"].loc["9", "closed_at"])


PIPEDRIVE = {
    "users": "id,name\n5,Pia\n",
    "leads": """
        id,title,person_id,organization_id,owner_id,source_name,add_time,update_time
        a-1,Acme lead,70,,5,Web,2026-06-15 08:00:00,2026-06-15 08:00:00
        """,
    "persons": "id,name,email,phone\n70,Ada,,+49 (30) 12-345\n",
    "deals": """
        id,title,user_id,org_id,status,stage_id,value,currency,probability,add_time,update_time,expected_close_date,close_time,won_time,first_won_time,lost_time,lead_id
        1,Big,5,30,won,2,100,EUR,,2026-06-01 08:00:00,,2026-06-30,2026-06-20 09:00:00,,2026-06-05 09:00:00,,a-1
        2,Gone,5,30,deleted,1,1,EUR,50,2026-06-01T08:00:00Z,2026-06-20T09:00:00Z,,,,,,
        """,
    "stages": "id,name,deal_probability\n1,Demo,20\n2,Offer,80\n",
    "activities": """
        id,type,done,due_date,due_time,marked_as_done_time,add_time,user_id,deal_id,lead_id
        11,call,1,2026-06-30,10:00,2026-06-15 09:00:00,2026-06-14 09:00:00,5,,a-1
        12,call,0,2026-06-30,10:00,,2026-06-14 09:00:00,5,,a-1
        13,task,1,2026-06-30,,2026-06-15 10:00:00,2026-06-14 09:00:00,5,1,
        """,
    "deal_changes": """
        deal_id,field_key,old_value,new_value,log_time,user_id
        1,stage_id,1,2,2026-06-03 09:00:00,5
        1,status,open,won,2026-06-05 09:00:00,5
        1,status,won,open,2026-06-06 09:00:00,5
        1,status,open,won,2026-06-20 09:00:00,5
        1,value,1,100,2026-06-04 09:00:00,5
        """,
}


@pytest.fixture(scope="module")
def pipedrive(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("pipedrive"), "pipedrive", files=PIPEDRIVE)


def test_pipedrive_s_times_without_zone_are_utc_like_those_with_a_z(pipedrive):
    assert pipedrive.facts("leads", "lead_id", "created_at", "created_at__zone", "opportunity_id") == [
        ("a-1", at("2026-06-15 08:00"), UTC, "1")
    ]
    begun = pipedrive.facts("opportunities", "opportunity_id", "created_at", "created_at__zone")
    assert begun == [(name, at("2026-06-01 08:00"), UTC) for name in ("1", "2")]


def test_a_deal_that_pipedrive_won_twice_counts_at_the_last_and_one_deleted_is_excluded(pipedrive):
    columns = ("opportunity_id", "status", "stage", "probability", "closed_at", "is_deleted")
    assert pipedrive.facts("opportunities", *columns) == [
        ("1", "won", "Offer", 0.8, at("2026-06-20 09:00"), False),
        ("2", "open", "Demo", 0.5, None, True),
    ]
    assert pipedrive.excluded("opportunities") == [("2", "deleted in the CRM")]
    changes = pipedrive.facts("stage_history", "entered_at", "stage", "status")
    assert sorted(changes, key=str) == [
        (at("2026-06-03 09:00"), "Offer", "open"),
        (at("2026-06-05 09:00"), None, "won"),
        (at("2026-06-06 09:00"), None, "open"),
        (at("2026-06-20 09:00"), None, "won"),
    ]


def test_what_pipedrive_only_plans_is_no_activity_and_what_is_done_happened_when_it_was_done(pipedrive):
    assert pipedrive.facts("activities", "activity_id", "occurred_at", "direction") == [
        ("11", at("2026-06-15 09:00"), "outbound"),
        ("13", at("2026-06-15 10:00"), "internal"),
    ]


DYNAMICS = {
    "systemuser": """
        systemuserid,fullname,businessunitidname,parentsystemuserid,applicationid
        u1,Una,N,u2,
        u2,Ute,N,,
        u3,Flow,,,app-1
        """,
    "lead": """
        leadid,fullname,companyname,emailaddress1,createdon,modifiedon,ownerid,qualifyingopportunityid,masterid
        l1,Ada,Acme,ada@example.com,2026-06-15T08:00:00Z,2026-06-15T08:00:00Z,u1,o1,
        l2,Ada,Acme,ada@example.com,2026-06-15T09:00:00Z,2026-06-15T09:00:00Z,u1,,l1
        """,
    "activitypointer": """
        activityid,activitytypecode,statecode,regardingobjectid,ownerid,scheduledend,actualend,createdon,modifiedon
        a1,phonecall,1,l1,u1,2026-06-30T00:00:00Z,2026-06-15T10:00:00Z,2026-06-15T09:00:00Z,
        a2,Email,Completed,l1,u1,,2026-06-15T11:00:00Z,2026-06-15T11:00:00Z,
        a3,appointment,2,o1,u1,,2026-06-16T11:00:00Z,2026-06-15T11:00:00Z,
        a4,phonecall,0,l1,u1,2026-06-30T00:00:00Z,,2026-06-15T09:00:00Z,
        a5,4202,1,o1,u1,,2026-06-17T11:00:00Z,2026-06-17T11:00:00Z,
        """,
    "phonecall": "activityid,directioncode\na1,true\n",
    "email": "activityid,directioncode,statuscode\na2,false,4\na5,true,8\n",
    "opportunity": """
        opportunityid,name,ownerid,createdon,modifiedon,statecode,statuscode,actualvalue,estimatedvalue,closeprobability,estimatedclosedate,actualclosedate
        o1,Open,u1,2026-06-01T08:00:00Z,,0,1,,100,40,2026-07-31,
        o2,Won,u1,2026-06-01T08:00:00Z,,1,3,120,100,100,2026-06-30,2026-06-20
        o3,Lost,u1,2026-06-01T08:00:00Z,,2,5,0,100,0,2026-06-30,2026-06-21
        o4,Canceled,u1,2026-06-01T08:00:00Z,,2,4,0,100,0,2026-06-30,2026-06-22
        o5,New state,u1,2026-06-01T08:00:00Z,,7,1,,100,10,2026-06-30,
        """,
    "opportunityclose": """
        activityid,opportunityid,actualend,createdon
        c1,o2,2026-06-10T09:00:00Z,2026-06-10T09:00:00Z
        c2,o2,2026-06-20T09:00:00Z,2026-06-20T09:00:00Z
        c3,o3,,2026-06-21T09:00:00Z
        """,
}


@pytest.fixture(scope="module")
def dynamics(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("dynamics"), "dynamics", files=DYNAMICS)


def test_dynamics_state_codes_are_read_and_one_nobody_knows_is_not_guessed(dynamics):
    found = dynamics.read("opportunities")
    assert [(row["opportunity_id"], row["status"]) for row in rows(found)] == [
        ("o1", "open"), ("o2", "won"), ("o3", "lost"), ("o4", "no decision")
    ]  # fmt: skip
    aside = found.rejects[found.rejects["effect"].eq(SET_ASIDE)]
    assert listed(aside, "place", "reason") == [("opportunity.csv row 6, statecode, statuscode", "has no value")]


def test_dynamics_closes_a_deal_at_its_last_closing_and_the_earlier_one_is_counted(dynamics):
    closed = dict(dynamics.facts("opportunities", "opportunity_id", "closed_at"))
    assert (closed["o2"], closed["o3"]) == (at("2026-06-20 09:00"), at("2026-06-21 09:00"))
    found = dynamics.read("opportunities")
    assert (found.count, found.excluded) == (6, 1)
    assert "opportunityclose.csv row 2, opportunityid" in set(found.rejects["place"])


def test_dynamics_knows_directions_only_in_the_tables_of_the_kinds(dynamics):
    assert sorted(dynamics.facts("activities", "activity_id", "channel", "direction", "outcome")) == [
        ("a1", "call", "outbound", None),
        ("a2", "email", "inbound", None),
        ("a3", "meeting", "outbound", "cancelled"),
        ("a5", "email", "outbound", "bounced"),
    ]


def test_dynamics_merges_and_people(dynamics):
    assert dynamics.excluded("leads") == [("l2", "merged into l1")]
    assert dynamics.facts("users", "user_id", "kind", "manager") == [
        ("u1", "human", "Ute"), ("u2", "human", None), ("u3", "automation", None)
    ]  # fmt: skip


FOOT = """

"Grand Totals (3 records)"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"Confidential Information - Do Not Distribute"
"Generated By:  Anna Ash  3/7/2026 10:00 AM"
"""
LEADS_HEADER = "Lead ID,First Name,Last Name,Company / Account,Lead Owner,Owner Role,Created Date,Last Modified\n"
REPORTS = {
    "Leads 2026-06": LEADS_HEADER
    + "L1,Ada,Lo,Acme,Anna Ash,N,6/1/2026 9:00 AM,6/1/2026 9:00 AM\n"
    + "L2,Bo,Ny,Bcme,Anna Ash,N,6/30/2026 4:00 PM,6/30/2026 4:00 PM\n"
    + FOOT,
    "Leads 2026-07": LEADS_HEADER
    + "L2,Bo,Ny,Bcme,Bert Bay,N,6/30/2026 4:00 PM,7/2/2026 4:00 PM\n"
    + "L3,Cy,Oz,Ccme,Bert Bay,N,7/1/2026 8:00 AM,7/1/2026 8:00 AM\n"
    + FOOT,
    "Opportunities": "Opportunity ID,Opportunity Name,Opportunity Owner,Created Date,Closed,Won,Stage,Close Date\n"
    + "D1,Big,Anna Ash,6/2/2026 9:00 AM,1,1,Closed Won,6/20/2026\n",
}
VIEWER = {"instants": "'%m/%d/%Y %I:%M %p'", "dates": "'%m/%d/%Y'"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    root = tmp_path_factory.mktemp("reports")
    return exported(root, "salesforce_reports", files=REPORTS, timezone="America/New_York", **VIEWER)


def test_overlapping_reports_hold_each_lead_once_as_the_last_file_has_it(reports):
    leads = reports.read("leads")
    assert (leads.count, leads.excluded) == (12, 8)
    feet = leads.rejects[leads.rejects["reason"].eq(FOOTER)]
    assert listed(feet, "place", "effect")[0] == ("Leads 2026-06.csv row 6", EXCLUDED)
    assert set(leads.rejects["effect"]) == {EXCLUDED}
    again = [(one, why) for one, why in reports.excluded("leads") if why != FOOTER]
    assert again == [("L2", "the same id again, in a newer or equal row")]
    assert reports.reduced.tables["leads"].set_index("lead_id")["owner_id"]["L2"] == "Bert Bay"


def test_the_owners_a_report_names_are_its_users_each_once(reports):
    users = reports.read("users")
    assert sorted((row["user_id"], row["kind"], row["team"]) for row in rows(users)) == [
        ("Anna Ash", "human", "N"), ("Bert Bay", "human", "N")
    ]  # fmt: skip
    assert (users.count, users.excluded, len(users.rejects)) == (2, 0, 0)


def test_a_report_s_times_are_those_of_its_viewer(reports):
    (first, *_) = reports.facts("leads", "created_at", "created_at__zone")
    assert first == (at("2026-06-01 09:00"), "America/New_York")


def test_a_report_is_refused_until_its_format_and_zone_are_declared(tmp_path):
    with pytest.raises(UsageError, match="has no declared instant format"):
        exported(tmp_path / "formless", "salesforce_reports", files=REPORTS)
    with pytest.raises(DataError, match="declare `timezone:`"):
        exported(tmp_path / "zoneless", "salesforce_reports", files=REPORTS, **VIEWER).read("leads")


def test_the_layouts_that_companies_have_come_with_slareport():
    assert set(shipped_mappings()) >= {"salesforce", "hubspot", "pipedrive", "dynamics"}
