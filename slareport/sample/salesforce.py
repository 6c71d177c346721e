"""The sample company's events in Salesforce's native columns: one function per file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from slareport.sample.cells import dates, days, flags, handle, ids, instants, money, of
from slareport.sample.company import (
    COMPANY,
    COMPANY_FORMS,
    COMPANY_STEMS,
    COMPANY_TRADES,
    FIRST_NAMES,
    INDUSTRIES,
    LAST_NAMES,
    PLANNERS,
    PRODUCTS,
    RATINGS,
    START,
)
from slareport.sample.deals import FORECAST, LOST, STAGES, WON
from slareport.sample.leads import EXPORT_AT, REPS, TEAMS
from slareport.sample.random import Draws, Ints, Texts, whole
from slareport.sample.tasks import ints

Columns = Mapping[str, object]

HIRED = f"{START.year - 2}-01-03T08:00:00.000Z"
ACCOUNTS_PER_TEAM = 90
OPENED, WORKING = "Open - Not Contacted", "Working - Contacted"
CONVERTED, DROPPED = "Closed - Converted", "Closed - Not Converted"
# kind: (Subject, TaskSubtype, CallType, CallDisposition)
TASK_KINDS = {
    "call": ("Call", "Call", "Outbound", "Connected"),
    "email": ("Email: Re: your inquiry, and next steps", "Email", "", ""),
    "auto": ('Email: "Thank you for your interest"', "Email", "", ""),
    "inbound": ("Customer called", "Call", "Inbound", "Connected"),
    "to-do": ("Prepare price list", "Task", "", ""),
    "planned call": ("Call back", "Call", "Outbound", ""),
}


# Users stand in this order: the reps, the managers, then head of sales, marketing, automation,
# and those of marketing who answer for a team's leads.
MANAGER = len(REPS)
HEAD, MARKETING, AUTOMATION = MANAGER + len(TEAMS), MANAGER + len(TEAMS) + 1, MANAGER + len(TEAMS) + 2
PLANNER = AUTOMATION + 1
USER_IDS = ids("005", range(AUTOMATION + 1 + len(TEAMS)))
QUEUE_IDS = ids("00G", range(len(TEAMS)))
PRODUCT_IDS = ids("01t", range(len(PRODUCTS)))
ACCOUNT_IDS = ids("001", range(len(TEAMS) * ACCOUNTS_PER_TEAM))


def users() -> Columns:
    """User.csv."""
    names = [rep.name for _, rep in REPS] + [team.manager for team in TEAMS]
    names += [COMPANY.head_of_sales, COMPANY.marketing, COMPANY.automation, *PLANNERS]
    divisions = [team.division for team, _ in REPS] + [team.division for team in TEAMS] + ["", "Marketing", ""]
    divisions += [team.division for team in TEAMS]
    zones = [team.zone for team, _ in REPS] + [team.zone for team in TEAMS] + ["Europe/Berlin", "Europe/Berlin", "GMT"]
    zones += [team.zone for team in TEAMS]
    bosses = [str(USER_IDS[MANAGER + TEAMS.index(team)]) for team, _ in REPS]
    bosses += [str(USER_IDS[HEAD])] * len(TEAMS) + ["", str(USER_IDS[HEAD]), ""]
    bosses += [str(USER_IDS[MARKETING])] * len(TEAMS)
    titles = ["Account Executive"] * len(REPS) + ["Team Leader"] * len(TEAMS)
    return {
        "Id": USER_IDS,
        "Name": names,
        "Email": [f"{handle(name)}.{i}@halden.example" for i, name in enumerate(names)],
        "IsActive": "true",
        "UserType": ["Standard"] * AUTOMATION + ["AutomatedProcess"] + ["Standard"] * len(TEAMS),
        "Division": divisions,
        "Title": [*titles, "Head of Sales", "Marketing Operations", "", *["Demand Generation"] * len(TEAMS)],
        "ManagerId": bosses,
        "TimeZoneSidKey": zones,
        "CreatedDate": HIRED,
    }


def groups() -> Columns:
    """Group.csv: one queue per team."""
    return {
        "Id": QUEUE_IDS,
        "Name": [f"{team.name} Lead Queue" for team in TEAMS],
        "DeveloperName": [f"{team.id.title()}_Lead_Queue" for team in TEAMS],
        "Type": "Queue",
        "Division__c": [team.division for team in TEAMS],
    }


def products() -> Columns:
    """Product2.csv."""
    names, codes = zip(*PRODUCTS, strict=True)
    return {"Id": PRODUCT_IDS, "Name": names, "ProductCode": codes, "IsActive": "true"}


def accounts(draws: Draws) -> Columns:
    """Account.csv: the same number for every team."""
    team, count = np.repeat(np.arange(len(TEAMS)), ACCOUNTS_PER_TEAM), len(ACCOUNT_IDS)
    return {
        "Id": ACCOUNT_IDS,
        "Name": company_names(draws, "account", count),
        "Industry": draws.word("account/industry", count, INDUSTRIES),
        "BillingCountry": countries(draws, "account", team),
        "Region__c": of([t.division for t in TEAMS], team),
    }


def company_names(draws: Draws, purpose: str, count: int) -> Texts:
    """Return invented companies."""
    words = [draws.word(f"{purpose}/{w[0]}", count, w) for w in (COMPANY_STEMS, COMPANY_TRADES, COMPANY_FORMS)]
    return np.strings.add(np.strings.add(np.strings.add(words[0], " "), np.strings.add(words[1], " ")), words[2])


def countries(draws: Draws, purpose: str, team: Ints) -> Texts:
    """Return a country of each row's team."""
    number = np.array([len(t.countries) for t in TEAMS])
    first = np.cumsum(number) - number
    chosen = first[team] + whole(np.floor(draws.uniform(f"{purpose}/country", len(team)) * number[team]))
    return of([country for t in TEAMS for country in t.countries], chosen)


def lead_rows(draws: Draws, leads: pd.DataFrame, deals: pd.DataFrame) -> Columns:
    """Lead.csv, as it stands at the export."""
    count, team = len(leads), ints(leads["team"])
    created, assigned, replied, moved, ended = (
        ints(leads[name]) for name in ("created", "assigned", "replied", "moved", "ended")
    )
    first, last = (
        draws.word("lead/first name", count, FIRST_NAMES),
        draws.word("lead/last name", count, LAST_NAMES),
    )
    converted = leads["converted"].to_numpy() & (ended <= EXPORT_AT)
    deal_of = np.full(count, -1)
    deal_of[deals.loc[deals["lead"] >= 0, "lead"]] = deals.index[deals["lead"] >= 0]
    happened = np.column_stack([created, assigned, replied, moved, ended])
    return {
        "Id": ids("00Q", range(count)),
        "IsDeleted": "false",
        "MasterRecordId": "",
        "FirstName": first,
        "LastName": last,
        "Company": company_names(draws, "lead", count),
        "Email": [f"{handle(f'{a} {b}')}{i}@mail.example" for i, (a, b) in enumerate(zip(first, last, strict=True))],
        "Status": np.select(
            [converted, ended <= EXPORT_AT, replied <= EXPORT_AT], [CONVERTED, DROPPED, WORKING], OPENED
        ),
        "LeadSource": leads["source"],
        "Rating": draws.word("lead/rating", count, RATINGS),
        "Industry": draws.word("lead/industry", count, INDUSTRIES),
        "Country": countries(draws, "lead", team),
        "OwnerId": np.select(
            [assigned > EXPORT_AT, moved <= EXPORT_AT],
            [QUEUE_IDS[team], USER_IDS[leads["mover"]]],
            USER_IDS[leads["rep"]],
        ),
        "CreatedDate": instants(created),
        "LastModifiedDate": instants(np.where(happened <= EXPORT_AT, happened, 0).max(axis=1)),
        "IsConverted": flags(converted),
        "ConvertedDate": np.where(converted, days(team, ended), ""),
        "ConvertedOpportunityId": np.where(converted, ids("006", deal_of), ""),
        "MQL_Date__c": instants(ints(leads["qualified"])),
        "SAL_Accepted_Date__c": instants(ints(leads["accepted"])),
        "SAL_Rejected_Date__c": instants(ints(leads["rejected"])),
        "Rejection_Reason__c": leads["reason"].where(leads["rejected"] <= EXPORT_AT, ""),
        "Withdrawn_Date__c": "",
        "Test__c": "false",
    }


def lead_history_rows(leads: pd.DataFrame) -> Columns:
    """LeadHistory.csv: owners and statuses, each with who changed it."""
    team = ints(leads["team"])
    rep, mover, replier = (USER_IDS[leads[name]] for name in ("rep", "mover", "replier"))
    closing = np.where(leads["converted"], CONVERTED, DROPPED)
    marketing, manager = np.full(len(leads), USER_IDS[MARKETING]), USER_IDS[MANAGER + team]
    parts = [
        history(leads, "assigned", "Owner", QUEUE_IDS[team], rep, marketing)[leads["routed"].to_numpy()],
        history(leads, "moved", "Owner", rep, mover, manager),
        history(leads, "replied", "Status", OPENED, WORKING, replier),
        history(leads, "ended", "Status", WORKING, closing, mover),
    ]
    rows = pd.concat(parts)
    rows = rows[rows["at"] <= EXPORT_AT].sort_values(["at", "lead"], kind="stable")
    return {
        "Id": ids("017", range(len(rows))),
        "LeadId": ids("00Q", ints(rows["lead"])),
        "Field": rows["field"],
        "OldValue": rows["old"],
        "NewValue": rows["new"],
        "CreatedDate": instants(ints(rows["at"])),
        "CreatedById": rows["by"],
    }


def history(leads: pd.DataFrame, event: str, field: str, old: object, new: object, by: Texts) -> pd.DataFrame:
    """Return one possible change per lead, at `NEVER` where it did not happen."""
    about = {"lead": leads.index, "at": leads[event], "field": field, "by": by}
    return pd.DataFrame(about | {"old": old, "new": new})


def task_rows(draws: Draws, tasks: pd.DataFrame, teams: Ints) -> Columns:
    """Task.csv; `teams` holds the team of each task's owner."""
    done, logged = ints(tasks["done"]), ints(tasks["logged"])
    kind = ints(tasks["kind"].map({kind: i for i, kind in enumerate(TASK_KINDS)}))
    subject, subtype, call, disposition = (of([v[i] for v in TASK_KINDS.values()], kind) for i in range(4))
    heard = draws.word("task/disposition", len(tasks), {"Connected": 60, "Left Voicemail": 25, "No Answer": 15})
    closed = done <= EXPORT_AT
    due = np.where(closed, np.maximum(done, logged), logged + 86_400)
    lead, deal = ints(tasks["lead"]), ints(tasks["deal"])
    return {
        "Id": ids("00T", range(len(tasks))),
        "WhoId": np.where(lead >= 0, ids("00Q", lead), ""),
        "WhatId": np.where(deal >= 0, ids("006", deal), ""),
        "OwnerId": USER_IDS[np.where(tasks["rep"] >= 0, tasks["rep"], AUTOMATION)],
        "Subject": subject,
        "TaskSubtype": subtype,
        "CallType": call,
        "CallDisposition": np.where((disposition != "") & (call == "Outbound"), heard, disposition),
        "Status": np.where(closed, "Completed", "Not Started"),
        "IsClosed": flags(closed),
        "ActivityDate": days(teams, due),
        "CreatedDate": instants(logged),
        "CompletedDateTime": instants(done),
        "LastModifiedDate": instants(np.maximum(np.where(closed, done, 0), logged)),
    }


def accounts_of(draws: Draws, deals: pd.DataFrame) -> Ints:
    """Return each deal's account, by its position in Account.csv."""
    return ints(deals["team"]) * ACCOUNTS_PER_TEAM + draws.pick("deal/account", len(deals), [1.0] * ACCOUNTS_PER_TEAM)


def deal_rows(deals: pd.DataFrame, now: pd.DataFrame, leads: pd.DataFrame, account: Ints, names: Texts) -> Columns:
    """Opportunity.csv; `now` is the last move of every deal before the export, `names` those of the accounts."""
    count, team, stage = len(deals), ints(deals["team"]), ints(now["stage"])
    source = np.array(["Referral"] * count, dtype=object)
    source[deals["lead"] >= 0] = leads["source"].to_numpy()[deals.loc[deals["lead"] >= 0, "lead"]]
    label = np.char.mod(" #%d", np.arange(count) + 1)
    return {
        "Id": ids("006", range(count)),
        "IsDeleted": "false",
        "AccountId": ACCOUNT_IDS[account],
        "Name": np.strings.add(names[account], label),
        "StageName": of(STAGES, stage),
        "Amount": money(ints(now["cents"])),
        "CurrencyIsoCode": of([t.currency for t in TEAMS], team),
        "Probability": ints(now["chance"]).astype(np.str_),
        "ForecastCategory": of(FORECAST, stage),
        "CloseDate": dates(ints(now["expected"])),
        "IsClosed": flags(stage >= WON),
        "IsWon": flags(stage == WON),
        "OwnerId": USER_IDS[deals["rep"]],
        "LeadSource": source,
        "Type": np.select(
            [deals["existing"] & deals["renewal"], deals["existing"]], ["Renewal", "Existing Business"], "New Business"
        ),
        "CreatedDate": instants(ints(deals["created"])),
        "LastModifiedDate": instants(ints(now["at"])),
        "Loss_Reason__c": np.where(stage == LOST, deals["loss"], ""),
    }


def deal_history_rows(moves: pd.DataFrame, deals: pd.DataFrame) -> Columns:
    """OpportunityHistory.csv: one row per move before the export."""
    moves = moves.sort_values(["at", "deal"], kind="stable")
    stage, deal = ints(moves["stage"]), ints(moves["deal"])
    return {
        "Id": ids("008", range(len(moves))),
        "OpportunityId": ids("006", deal),
        "StageName": of(STAGES, stage),
        "Amount": money(ints(moves["cents"])),
        "Probability": ints(moves["chance"]).astype(np.str_),
        "ForecastCategory": of(FORECAST, stage),
        "CloseDate": dates(ints(moves["expected"])),
        "CreatedDate": instants(ints(moves["at"])),
        "CreatedById": USER_IDS[ints(deals["rep"])[deal]],
    }


def item_rows(items: pd.DataFrame) -> Columns:
    """OpportunityLineItem.csv."""
    product = ints(items["product"])
    return {
        "Id": ids("00k", range(len(items))),
        "OpportunityId": ids("006", ints(items["deal"])),
        "Product2Id": PRODUCT_IDS[product],
        "ProductCode": of([code for _, code in PRODUCTS], product),
        "Quantity": ints(items["quantity"]).astype(np.str_),
        "TotalPrice": money(ints(items["cents"])),
    }
