"""What is wrong in the sample company's exports, on purpose: as many rows of each kind as `DEFECTS` declares.

Defective leads, tasks and deals are added rows, copied from sound ones of the last quarters; except for the tasks
of merged leads, one amount and one stage nothing that was there is touched, so the planted truths stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from slareport.sample.cells import ids
from slareport.sample.random import Draws
from slareport.sample.salesforce import AUTOMATION, USER_IDS
from slareport.sample.story import rows_of

Tables = dict[str, pd.DataFrame]

RECENT, BEFORE = "2026-01-01", "2026-10-01"
UNUSED = 10**9  # ids from here on belong to no simulated row
# Whom each merged lead was merged into: -1 for a sound lead, else an earlier one of the merged.
MASTERS = (-1, -1, -1, -1, 3)


def plant(tables: Mapping[str, pd.DataFrame], draws: Draws) -> Tables:
    """Return the tables with every declared defect in them; the ones given stay as they are."""
    planted = dict(tables)
    planted["Lead.csv"], planted["Task.csv"] = merged_leads(draws, planted["Lead.csv"], planted["Task.csv"])
    planted["Lead.csv"] = defective_leads(draws, planted["Lead.csv"])
    planted["Task.csv"] = defective_tasks(draws, planted["Task.csv"])
    planted |= defective_deals(draws, planted["Opportunity.csv"], planted["OpportunityHistory.csv"])
    return planted


def sampled(draws: Draws, purpose: str, rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return some different rows, in random order."""
    order = np.argsort(draws.uniform("defect/" + purpose, len(rows)), kind="stable")
    return rows.iloc[order[:count]].reset_index(drop=True)


def shifted(instants: pd.Series[str], **by: int) -> pd.Series[str]:
    """Return instants moved by some time."""
    moved = pd.to_datetime(instants, format="%Y-%m-%dT%H:%M:%S.000Z") + timedelta(**by)
    return moved.dt.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def merged_leads(draws: Draws, leads: pd.DataFrame, tasks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add losers of merges, which hold what people did for the leads they became; the last two form a chain."""
    file = "Lead.csv"
    answered = leads[(leads["Status"] == "Working - Contacted") & (leads["CreatedDate"] > RECENT)]
    count = rows_of("merged", file)
    winners = sampled(draws, "merged", answered, MASTERS.count(-1))
    own = ids("00Q", UNUSED + np.arange(count))
    copied = [i if master < 0 else master for i, master in enumerate(MASTERS)]
    losers = winners.iloc[copied].reset_index(drop=True)
    losers["MasterRecordId"] = [losers["Id"][i] if m < 0 else own[m] for i, m in enumerate(MASTERS)]
    moved = dict(zip(losers["Id"], own, strict=True))  # of a chain, the far end gets the tasks
    losers["Id"], losers["IsDeleted"], losers["Email"] = own, "true", losers["Email"].str.upper()
    losers["CreatedDate"] = shifted(losers["CreatedDate"], seconds=30)  # a form sent twice
    by_people = tasks["OwnerId"] != USER_IDS[AUTOMATION]
    tasks = tasks.assign(WhoId=tasks["WhoId"].mask(by_people, tasks["WhoId"].replace(moved)))
    return pd.concat([leads, losers], ignore_index=True), tasks


def defective_leads(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """Add all other defective leads."""
    file = "Lead.csv"
    sound = leads[(leads["IsDeleted"] == "false") & (leads["CreatedDate"] > RECENT)]
    unknown = ids("005", [UNUSED])[0]
    changes: dict[str, dict[str, str]] = {
        "deleted": {"IsDeleted": "true"},
        "test": {"Company": "Test", "Test__c": "true"},
        "no_owner": {"OwnerId": ""},
        "unknown_owner": {"OwnerId": unknown},
        "malformed_instant": {"CreatedDate": "2026-02-30T09:00:00.000Z"},
        "future_instant": {"CreatedDate": "2031-06-02T09:00:00.000Z"},
    }
    added = []
    for kind, change in changes.items():
        rows = fresh(sampled(draws, kind, sound, rows_of(kind, file))).assign(**change)
        added.append(rows.assign(Email=[f"{kind}{i}@mail.example" for i in range(len(rows))]))
    suspects = fresh(sampled(draws, "suspected", sound, rows_of("suspected_duplicate", file)))
    added.append(suspects.assign(Email=suspects["Email"].str.upper()))
    new = pd.concat(added, ignore_index=True)
    new["Id"] = ids("00Q", UNUSED + 100 + np.arange(len(new)))
    changed = sound[sound["LastModifiedDate"] > sound["CreatedDate"]]
    copies = rows_of("exact_duplicate", file)
    repeated = sampled(draws, "repeated", changed, copies + rows_of("stale_version", file))
    return pd.concat([leads, new, repeated.iloc[:copies], fresh(repeated.iloc[copies:])], ignore_index=True)


def fresh(rows: pd.DataFrame) -> pd.DataFrame:
    """Return leads as they stood on arrival: nobody has done anything yet."""
    return rows.assign(
        Status="Open - Not Contacted",
        LastModifiedDate=rows["CreatedDate"],
        IsConverted="false",
        ConvertedDate="",
        ConvertedOpportunityId="",
        SAL_Accepted_Date__c="",
        SAL_Rejected_Date__c="",
        Rejection_Reason__c="",
    )


def defective_tasks(draws: Draws, tasks: pd.DataFrame) -> pd.DataFrame:
    """Add tasks that stand there twice, belong to no lead, or happened at no time."""
    file = "Task.csv"
    recent = tasks[(tasks["WhoId"] != "") & (tasks["CompletedDateTime"] > RECENT)]
    orphans = sampled(draws, "orphans", recent, rows_of("unknown_lead", file))
    broken = sampled(draws, "broken", recent, rows_of("malformed_instant", file))
    new = pd.concat(
        [
            orphans.assign(WhoId=ids("00Q", UNUSED + 900 + np.arange(len(orphans)))),
            broken.assign(CompletedDateTime="yesterday, about noon"),
        ]
    )
    new["Id"] = ids("00T", UNUSED + np.arange(len(new)))
    twice = sampled(draws, "tasks twice", recent, rows_of("exact_duplicate", file))
    return pd.concat([tasks, new, twice], ignore_index=True)


def defective_deals(draws: Draws, deals: pd.DataFrame, moves: pd.DataFrame) -> Tables:
    """Add deals that are deleted, stand there twice or closed before they began; spoil an amount and a stage."""
    file = "Opportunity.csv"
    closed = deals[(deals["IsClosed"] == "true") & deals["CloseDate"].between(RECENT, BEFORE)]
    is_open = deals["IsClosed"] == "false"
    backdated = sampled(draws, "backdated", closed, rows_of("closed_before_created", file))
    backdated["CreatedDate"] = shifted(backdated["CloseDate"] + "T10:00:00.000Z", days=3)
    backdated["LastModifiedDate"] = backdated["CreatedDate"]
    deleted = sampled(draws, "deals deleted", deals[is_open], rows_of("deleted", file)).assign(IsDeleted="true")
    new = pd.concat([backdated, deleted], ignore_index=True)
    new["Id"] = ids("006", UNUSED + np.arange(len(new)))

    lost = closed[closed["IsWon"] == "false"]
    no_amount = sampled(draws, "amount", lost, rows_of("malformed_amount", file))["Id"]
    odd_stage = sampled(draws, "stage", deals[is_open], rows_of("unknown_stage", file))["Id"]
    deals = deals.assign(
        Amount=deals["Amount"].mask(deals["Id"].isin(no_amount), "n/a"),
        StageName=deals["StageName"].mask(deals["Id"].isin(odd_stage), "Verbal OK"),
    )
    last = ~moves["OpportunityId"].duplicated(keep="last") & moves["OpportunityId"].isin(odd_stage)
    sound = deals[deals["CreatedDate"].gt(RECENT) & ~deals["Id"].isin([*no_amount, *odd_stage])]
    twice = sampled(draws, "deals twice", sound, rows_of("exact_duplicate", file))
    return {
        file: pd.concat([deals, new, twice], ignore_index=True),
        "OpportunityHistory.csv": moves.assign(StageName=moves["StageName"].mask(last, "Verbal OK")),
    }


def plant_others(tables: Mapping[str, pd.DataFrame], draws: Draws) -> Tables:
    """Return the tables with the defects of all other files: a chance changed in place, rows added at the end."""
    planted = dict(tables)
    moves = planted["OpportunityHistory.csv"]
    between = moves[moves["OpportunityId"].duplicated(keep="last") & (moves["CreatedDate"] > RECENT)]
    odd = sampled(draws, "probability", between, rows_of("impossible_probability", "OpportunityHistory.csv"))["Id"]
    planted["OpportunityHistory.csv"] = moves.assign(
        Probability=moves["Probability"].mask(moves["Id"].isin(odd), "250")
    )
    changed: dict[tuple[str, str], dict[str, str]] = {
        ("malformed_instant", "Event.csv"): {"StartDateTime": "next Monday"},
        ("unknown_original", "Product_Feedback__c.csv"): {"Duplicate_Of__c": ids("a03", [UNUSED])[0]},
        ("malformed_amount", "Quota__c.csv"): {"Amount__c": "tbd"},
        ("snapshot_twice", "ForecastSnapshot__c.csv"): {"Amount__c": "1000000.00"},
        ("score_out_of_scale", "Survey_Response__c.csv"): {"Score__c": "11"},
        ("no_approver", "Waiver__c.csv"): {"Approved_By__c": ""},
        ("unknown_user", "Training_Record__c.csv"): {"User__c": ids("005", [UNUSED])[0]},
        ("ends_before_it_begins", "Absence__c.csv"): {"Start_Date__c": "2026-08-14", "End_Date__c": "2026-08-03"},
        ("unknown_deal", "Handoff__c.csv"): {"Opportunity__c": ids("006", [UNUSED + 900])[0]},
        ("unknown_kind", "Handoff__c.csv"): {"Type__c": "Sales to Somebody"},
    }
    backwards = {
        ("accepted_before_offered", "Handoff__c.csv"): ("Offered__c", "Accepted__c"),
        ("completed_before_requested", "Sales_Step__c.csv"): ("Requested__c", "Completed__c"),
        ("ends_before_it_begins", "Hold__c.csv"): ("Started__c", "Ended__c"),
    }
    for number, (kind, file) in enumerate([*changed, *backwards]):
        rows = sampled(draws, f"{file} {kind}", eligible(kind, tables[file]), rows_of(kind, file))
        rows["Id"] = ids(rows["Id"].iloc[0][:3], UNUSED + 1000 + 10 * number + np.arange(len(rows)))
        if (kind, file) in changed:
            rows = rows.assign(**changed[kind, file])
        else:
            begins, ends = backwards[kind, file]
            rows[ends] = shifted(rows[begins], days=-1)
        planted[file] = pd.concat([planted[file], rows], ignore_index=True)
    return planted


def eligible(kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that a defect is copied from."""
    if kind in {"unknown_deal", "unknown_kind", "accepted_before_offered"}:
        return rows[(rows["Type__c"] == "Sales to Customer Success") & (rows["Accepted__c"] > RECENT)]
    if kind == "score_out_of_scale":
        return rows[(rows["Survey__c"] == "NPS") & (rows["Score__c"] != "")]
    return rows
