"""The sample company: CRM exports with planted truths and planted defects, at any size, to try everything on.

`COMPANY` says who works there, `TRUTHS` and `DEFECTS` what a careful reader must find in the files.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd

from slareport.errors import MachineError, Problem, UsageError
from slareport.sample import salesforce
from slareport.sample.allowances import hold_rows, waiver_rows, with_lost_leads
from slareport.sample.company import COMPANY, EXPORT, SMALLEST, START
from slareport.sample.deals import simulate_deals, simulate_items, simulate_moves
from slareport.sample.defects import plant, plant_others
from slareport.sample.feedback import feedback_rows
from slareport.sample.handoffs import handoff_rows, offer_leads
from slareport.sample.leads import EXPORT_AT, TEAMS, simulate_leads
from slareport.sample.meetings import meeting_rows
from slareport.sample.people import absence_rows, training_rows
from slareport.sample.plans import forecast_rows, quota_rows, rate_rows
from slareport.sample.random import Draws, Ints
from slareport.sample.steps import step_rows
from slareport.sample.story import ALIKE, DEFECTS, PLANTED, TRUTHS, Story
from slareport.sample.surveys import survey_rows
from slareport.sample.tasks import ints, simulate_tasks

__all__ = ["COMPANY", "DEFECTS", "EXPORT", "START", "TRUTHS", "write_sample"]


def write_sample(folder: Path, *, seed: int = 2026, size: float = 1.0, planted: bool = True) -> None:
    """Write the sample company's CRM exports into a folder: CSV files as Salesforce's Data Loader makes them.

    `size` scales the numbers of leads and deals (1: about 5,000 leads, 3,000 deals). The same seed and size give the
    same bytes everywhere. `TRUTHS` hold at seed 2026 and size 1; `DEFECTS` hold always. Without `planted` all teams and
    reps behave alike and whatever differs is chance: what is clear in there is a false alarm. Raises `UsageError` below
    0.05, where the rows no longer suffice for the defects.
    """
    if not SMALLEST <= size < math.inf:
        raise UsageError(Problem("the sample company cannot have this size", found=size, cure=f"{SMALLEST} or more"))
    tables = exports(Draws(seed, even=planted), PLANTED if planted else ALIKE, size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            write_csv(folder / name, table)
    except OSError as error:
        raise MachineError(Problem(f"the sample company cannot be written: {error}", file=str(folder))) from error


def exports(draws: Draws, story: Story, size: float) -> dict[str, pd.DataFrame]:
    """Return every file as a frame of text: simulate, show what is there at the export, plant the defects."""
    leads = offer_leads(draws, story, simulate_leads(draws, story, size))
    deals = simulate_deals(draws, story, leads, size)
    tasks = simulate_tasks(draws, leads, deals)
    moves = simulate_moves(draws, story, deals)

    tasks = tasks[tasks["logged"] <= EXPORT_AT]
    told = moves[moves["at"] <= EXPORT_AT]
    now = told.drop_duplicates("deal", keep="last")
    team_of_rep = np.repeat(np.arange(len(TEAMS)), [len(team.reps) for team in TEAMS])
    accounts = salesforce.accounts(draws)
    account_of = salesforce.accounts_of(draws, deals)
    tables = {
        "User.csv": salesforce.users(),
        "Group.csv": salesforce.groups(),
        "Account.csv": accounts,
        "Product2.csv": salesforce.products(),
        "Lead.csv": salesforce.lead_rows(draws, leads, deals),
        "LeadHistory.csv": salesforce.lead_history_rows(leads),
        "Task.csv": salesforce.task_rows(draws, tasks, team_of_rep[np.maximum(ints(tasks["rep"]), 0)]),
        "Opportunity.csv": salesforce.deal_rows(deals, now, leads, account_of, np.asarray(accounts["Name"])),
        "OpportunityHistory.csv": salesforce.deal_history_rows(told, deals),
        "OpportunityLineItem.csv": salesforce.item_rows(simulate_items(draws, ints(now["cents"]))),
    }
    planted = plant({name: frame(columns) for name, columns in tables.items()}, draws)
    planted["Lead.csv"] = with_lost_leads(draws, planted["Lead.csv"], size)
    return plant_others(planted | others(draws, story, leads, deals, moves, account_of, size), draws)


def others(
    draws: Draws,
    story: Story,
    leads: pd.DataFrame,
    deals: pd.DataFrame,
    moves: pd.DataFrame,
    account_of: Ints,
    size: float,
) -> dict[str, pd.DataFrame]:
    """Return the files of what surrounds leads and deals: meetings, and the company's own objects."""
    closed = deals[deals["closed"] <= EXPORT_AT]
    steps = frame(step_rows(draws, story, deals, moves))
    tables = {
        "Event.csv": meeting_rows(draws, leads, deals),
        "Handoff__c.csv": handoff_rows(draws, story, leads, closed),
        "Product_Feedback__c.csv": feedback_rows(draws, story, deals),
        "Survey_Response__c.csv": survey_rows(draws, closed, account_of),
        "Quota__c.csv": quota_rows(story, moves, deals, size),
        "ForecastSnapshot__c.csv": forecast_rows(draws, story, deals, size),
        "DatedConversionRate.csv": rate_rows(draws),
        "Hold__c.csv": hold_rows(draws, leads, moves, size),
        "Waiver__c.csv": waiver_rows(draws, steps, size),
        "Training_Record__c.csv": training_rows(draws),
        "Absence__c.csv": absence_rows(draws, leads),
    }
    return {"Sales_Step__c.csv": steps} | {name: frame(columns) for name, columns in tables.items()}


def frame(columns: salesforce.Columns) -> pd.DataFrame:
    """Return columns of any kind, or one text for all rows, as a frame of text."""
    rows = len(np.asarray(columns["Id"]))
    texts = {name: [v] * rows if isinstance(v, str) else np.asarray(v, dtype=str) for name, v in columns.items()}
    return pd.DataFrame(texts, dtype="str")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write what Salesforce's Data Loader would: UTF-8, commas, a header, quotes only where needed, LF."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(zip(*(table[name].tolist() for name in table.columns), strict=True))
