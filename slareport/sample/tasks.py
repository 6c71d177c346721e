"""Calls, e-mails and to-dos of the sample company: the ones that count as a reply, and those that only look like it.

A frame of tasks has one row per task: lead and deal (row numbers, -1 for none), kind, rep (-1: the automation),
done (`NEVER` while open) and logged (when it was entered).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slareport.sample.leads import CALENDAR
from slareport.sample.random import DAY, HOUR, MINUTE, NEVER, Draws, Ints, Texts, whole

HUMAN = ("call", "email")


def simulate_tasks(draws: Draws, leads: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    """Return all tasks in the order they were entered; columns as above."""
    parts = [
        first_replies(draws, leads),
        follow_ups(draws, leads),
        automatic_replies(draws, leads),
        inbound_calls(draws, leads),
        to_dos(draws, leads),
        deal_work(draws, deals),
    ]
    return pd.concat(parts).sort_values(["logged", "lead", "deal"], kind="stable", ignore_index=True)


def first_replies(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """The reply the promise is about."""
    answered = leads[leads["replied"] < NEVER]
    kind = draws.word("task/reply", len(answered), {"call": 60, "email": 40})
    done = ints(answered["replied"])
    return tasks(kind, ints(answered["replier"]), done, late_log(draws, "task/reply", done), lead=answered.index)


def follow_ups(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """Further calls and e-mails; some were planned, so they are older as tasks than as deeds."""
    answered = leads[leads["replied"] < NEVER]
    times = draws.pick("task/follow-ups", len(answered), (15, 30, 30, 15, 10))
    rows = answered.loc[answered.index.repeat(times)]
    nth = ints(rows.groupby(level=0).cumcount()) + 1
    wait = draws.duration("task/follow-up wait", len(rows), 10 * HOUR) * nth
    done = CALENDAR.later(ints(rows["team"]), ints(rows["replied"]), wait)
    owner = np.where(rows["moved"] <= done, rows["mover"], rows["rep"])
    logged = late_log(draws, "task/follow-up", done)
    planned = draws.chance("task/planned", len(rows), 0.1)
    logged = np.where(planned, np.maximum(done - DAY, rows["replied"]), logged)
    return tasks(draws.word("task/follow-up kind", len(rows), HUMAN), owner, done, logged, lead=rows.index)


def automatic_replies(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """The machine's thank-you within a minute of every web lead."""
    web = leads[leads["source"] == "Web"]
    done = ints(web["created"]) + 4 + whole(50 * draws.uniform("task/auto", len(web)))
    return tasks(np.full(len(web), "auto"), np.full(len(web), -1), done, done + 1, lead=web.index)


def inbound_calls(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """Customers who call by themselves, often before anybody has answered."""
    called = leads[draws.chance("task/inbound", len(leads), 0.1) & (leads["assigned"] < NEVER)]
    wait = draws.duration("task/inbound wait", len(called), 50 * MINUTE, 1.0)
    done = CALENDAR.later(ints(called["team"]), ints(called["assigned"]), wait)
    return tasks(np.full(len(called), "inbound"), ints(called["rep"]), done, done + 2 * MINUTE, lead=called.index)


def to_dos(draws: Draws, leads: pd.DataFrame) -> pd.DataFrame:
    """Notes to oneself, done or not, and calls that were planned and never made."""
    noted = leads[draws.chance("task/to-do", len(leads), 0.3) & (leads["assigned"] < NEVER)]
    wait = draws.duration("task/to-do wait", len(noted), 30 * MINUTE, 1.0)
    logged = CALENDAR.later(ints(noted["team"]), ints(noted["assigned"]), wait)
    kind = draws.word("task/to-do kind", len(noted), {"to-do": 75, "planned call": 25})
    done = np.where((kind == "to-do") & draws.chance("task/to-do done", len(noted), 0.7), logged + HOUR, NEVER)
    return tasks(kind, ints(noted["rep"]), done, logged, lead=noted.index)


def deal_work(draws: Draws, deals: pd.DataFrame) -> pd.DataFrame:
    """Calls and e-mails along a deal, spread over its cycle."""
    times = draws.pick("task/deal", len(deals), (0, 10, 25, 30, 20, 15))
    rows = deals.loc[deals.index.repeat(times)]
    cycle = ints(rows["closed"]) - ints(rows["created"])
    at = ints(rows["created"]) + whole(cycle * draws.uniform("task/deal at", len(rows)))
    done = CALENDAR.later(ints(rows["team"]), at, np.zeros(len(rows), dtype=np.int64))
    kind = draws.word("task/deal kind", len(rows), {"call": 45, "email": 50, "to-do": 5})
    return tasks(kind, ints(rows["rep"]), done, late_log(draws, "task/deal", done), deal=rows.index)


def late_log(draws: Draws, purpose: str, done: Ints) -> Ints:
    """When a task was entered: mostly within minutes, for one in twelve hours or days later."""
    soon = done + whole(240 * draws.uniform(purpose + "/logged", len(done)))
    late = done + draws.duration(purpose + "/logged late", len(done), 20 * HOUR)
    return np.where(draws.chance(purpose + "/late", len(done), 0.08), late, soon)


def tasks(
    kind: Texts,
    rep: Ints,
    done: Ints,
    logged: Ints,
    lead: pd.Index | None = None,
    deal: pd.Index | None = None,
) -> pd.DataFrame:
    """Put the columns of some tasks together."""
    about = {"lead": -1 if lead is None else lead.to_numpy(), "deal": -1 if deal is None else deal.to_numpy()}
    return pd.DataFrame({"kind": kind, "rep": rep, "done": done, "logged": logged} | about)


def ints(column: pd.Series[int]) -> NDArray[np.int64]:
    """Return a column as whole numbers."""
    return np.asarray(column, dtype=np.int64)
