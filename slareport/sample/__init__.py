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
from slareport.sample.company import COMPANY, DEFECTS, EXPORT, SMALLEST, START, TRUTHS
from slareport.sample.deals import simulate_deals, simulate_items, simulate_moves
from slareport.sample.defects import plant
from slareport.sample.leads import EXPORT_AT, TEAMS, simulate_leads
from slareport.sample.random import Draws
from slareport.sample.tasks import ints, simulate_tasks

__all__ = ["COMPANY", "DEFECTS", "EXPORT", "START", "TRUTHS", "write_sample"]


def write_sample(folder: Path, *, seed: int = 2026, size: float = 1.0) -> None:
    """Write the sample company's CRM exports into a folder: ten CSV files in Salesforce's own columns.

    `size` scales the numbers of leads and deals (1: about 5,000 leads, 3,000 deals). The same seed and size give the
    same bytes everywhere. `TRUTHS` hold at seed 2026 and size 1; `DEFECTS` hold always. Raises `UsageError` below 0.05,
    where the rows no longer suffice for the defects.
    """
    if not SMALLEST <= size < math.inf:
        raise UsageError(Problem("the sample company cannot have this size", found=size, cure=f"{SMALLEST} or more"))
    tables = exports(Draws(seed), size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            write_csv(folder / name, table)
    except OSError as error:
        raise MachineError(Problem(f"the sample company cannot be written: {error}", file=str(folder))) from error


def exports(draws: Draws, size: float) -> dict[str, pd.DataFrame]:
    """Return every file as a frame of text: simulate, show what is there at the export, plant the defects."""
    leads = simulate_leads(draws, size)
    deals = simulate_deals(draws, leads, size)
    tasks = simulate_tasks(draws, leads, deals)
    moves = simulate_moves(draws, deals)

    tasks = tasks[tasks["logged"] <= EXPORT_AT]
    moves = moves[moves["at"] <= EXPORT_AT]
    now = moves.drop_duplicates("deal", keep="last")
    team_of_rep = np.repeat(np.arange(len(TEAMS)), [len(team.reps) for team in TEAMS])
    accounts = salesforce.accounts(draws)
    tables = {
        "User.csv": salesforce.users(),
        "Group.csv": salesforce.groups(),
        "Account.csv": accounts,
        "Product2.csv": salesforce.products(),
        "Lead.csv": salesforce.lead_rows(draws, leads, deals),
        "LeadHistory.csv": salesforce.lead_history_rows(leads),
        "Task.csv": salesforce.task_rows(draws, tasks, team_of_rep[np.maximum(ints(tasks["rep"]), 0)]),
        "Opportunity.csv": salesforce.deal_rows(draws, deals, now, leads, np.asarray(accounts["Name"])),
        "OpportunityHistory.csv": salesforce.deal_history_rows(moves, deals),
        "OpportunityLineItem.csv": salesforce.item_rows(simulate_items(draws, ints(now["cents"]))),
    }
    return plant({name: frame(columns) for name, columns in tables.items()}, draws)


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
