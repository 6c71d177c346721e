"""The weeks between reviews: which clocks run now, what is due next, and how many misses a period has left."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from slareport.agreement import Promise
from slareport.counting import in_period
from slareport.evaluation import Evaluation, evaluate
from slareport.kpi import State
from slareport.period import Period
from slareport.statistics import chance_of_exhaustion, error_budget
from slareport.teams import UNASSIGNED
from slareport.workspace import Workspace
from slareport.worktime import Duration

LATE, TODAY, AT_RISK, RUNNING = "late and open", "due today", "at risk", "running"
URGENCY = (LATE, TODAY, AT_RISK, RUNNING)
ITEM = ["team", "promise", "title", "item", "name", "account", "owner"]
CLOCKS = [*ITEM, "started_at", "due_at", "left_minutes", "state"]
BUDGETS = ["team", "promise", "title", "judged", "missed", "running", "expected", "allowed", "left", "chance"]


@dataclass(frozen=True)
class Watch:
    """What stands between now and the next review, as known at `as_of`.

    `clocks` has a row per item that waits, the most urgent first: its `state` and the minutes left until it is `due_at`
    (of the promise's own time: business or wall clock; below 0 how late it is). `budgets` has a row per team and
    promise: items `judged` and `missed` so far, `running`, `expected` to come until the period ends (going by the one
    before), the misses `allowed` of all of these, those `left`, and the `chance` (0-1) that they will not be enough.
    """

    period: Period
    as_of: pd.Timestamp
    clocks: pd.DataFrame
    budgets: pd.DataFrame

    def of(self, team: str) -> Watch:
        """The same for one team."""
        mine = (rows[rows["team"].eq(team)].reset_index(drop=True) for rows in (self.clocks, self.budgets))
        return Watch(self.period, self.as_of, *mine)

    @property
    def urgent(self) -> bool:
        """Whether anything is late, due today or at risk."""
        return bool(self.clocks["state"].ne(RUNNING).any())


def watch(workspace: Workspace, as_of: pd.Timestamp, teams: Sequence[str] = ()) -> Watch:
    """All clocks that run at an instant, of some teams or all of them.

    The CRM tables are read as they are; nothing is kept of it. Raises `UsageError` for unknown teams, and where no
    agreement is in force.
    """
    for team in teams:
        workspace.team(team)
    day = as_of.tz_convert(workspace.agreement.zone).date()
    period = workspace.agreement.period_at(day)
    with tempfile.TemporaryDirectory() as folder:
        made = evaluate(replace(workspace, outputs=Path(folder)), period.name, as_of.isoformat())
        chosen = list(teams) or [*workspace.teams, UNASSIGNED]
        promises = [m for m in workspace.agreement.in_force(period)[-1].promises if m.kpi not in made.lacking]
        clocks = pd.concat([_clocks(made, promise) for promise in promises] or [pd.DataFrame(columns=CLOCKS)])
        budgets = [_budget(made, promise, team) for team in chosen for promise in promises]
    clocks = clocks[clocks["team"].isin(chosen)]
    order = clocks["state"].map({state: number for number, state in enumerate(URGENCY)})
    ordered = clocks.assign(order=order).sort_values(["order", "due_at", "promise", "item"], ignore_index=True)
    frame = pd.DataFrame([row for row in budgets if row["judged"] or row["running"]], columns=BUDGETS)
    return Watch(period, as_of, ordered[CLOCKS], frame)


def _clocks(made: Evaluation, promise: Promise) -> pd.DataFrame:
    """The items of a promise that wait, and those of the period that are late and still open."""
    rows, now = made.judged[promise.id], made.as_of
    here = in_period(rows, made.period, made.zone)
    late = here[here["state"].eq(State.MISSED) & here["stopped_at"].isna()]
    waiting = rows[rows["state"].eq(State.PENDING) & rows["due_at"].notna()]
    found = pd.concat([late.assign(state=LATE), waiting.assign(state=RUNNING)])
    calendars, version = _calendars(made, found), made.workspace.agreement.versions[-1]
    left = pd.Series(pd.Timedelta(0), found.index, "timedelta64[us]")
    today = pd.Series(data=False, index=found.index)
    moment = pd.Series(now, found.index, dtype="datetime64[us, UTC]")
    for name, part in found.groupby(calendars):
        calendar = version.working_hours()[str(name)]
        local = part["due_at"].dt.tz_convert(calendar.zone).dt.date
        today.loc[part.index] = local.eq(now.tz_convert(calendar.zone).date())
        business = calendar.elapsed(moment.loc[part.index], part["due_at"])
        left.loc[part.index] = business if _in_business_time(promise) else part["due_at"] - now
    state = found["state"].mask(found["state"].eq(RUNNING) & found["warn_at"].le(now), AT_RISK)
    state = state.mask(found["state"].eq(RUNNING) & today, TODAY)
    return found.assign(
        promise=promise.id,
        title=promise.title,
        item=found.index,
        owner=found["owner_at_deadline"],
        started_at=found["at"],
        left_minutes=left.dt.total_seconds() / 60,
        state=state,
    )[CLOCKS]


def _calendars(made: Evaluation, found: pd.DataFrame) -> pd.Series:
    """The calendar of each item's team; that of reviews where it has none."""
    known = {name: team.calendar for name, team in made.workspace.teams.items()}
    return found["team"].map(known).fillna(made.workspace.agreement.versions[-1].review.calendar)


def _in_business_time(promise: Promise) -> bool:
    within = promise.knobs.get("within")
    return isinstance(within, Duration) and within.business


def _budget(made: Evaluation, promise: Promise, team: str) -> dict[str, object]:
    """The misses a team has left under a promise until the period ends."""
    rows = made.judged[promise.id]
    mine = rows[rows["team"].eq(team)]
    now, before = (
        in_period(mine, period, made.zone)["state"].value_counts() for period in (made.period, made.period.previous())
    )
    met, missed, running = (int(now.get(state, 0)) for state in (State.MET, State.MISSED, State.PENDING))
    past = int(before.get(State.MET, 0) + before.get(State.MISSED, 0))
    start, end = made.period.bounds(made.zone)
    expected = round(past * max((end - made.as_of) / (end - start), 0.0))
    budget = error_budget(missed, met + missed, promise.target, further=running + expected)
    rate = before.get(State.MISSED, 0) / past if past else float("nan")
    chance = chance_of_exhaustion(missed, met + missed, promise.target, further=running + expected, miss_rate=rate)
    counts = {"judged": met + missed, "missed": missed, "running": running, "expected": expected}
    named = {"team": team, "promise": promise.id, "title": promise.title}
    return {**named, **counts, "allowed": budget.allowed, "left": budget.left, "chance": chance}
