"""What shows whether the agreement is lived: who is accountable on each day, who is trained on what is in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pandas as pd

from slareport.agreement import Module, Responsibility, Version
from slareport.items.known import Known
from slareport.teams import UNASSIGNED

BEFORE = pd.Timedelta(microseconds=1)
DAY = pd.Timedelta(days=1)


def role_days(known: Known) -> pd.DataFrame:
    """Per team, step and day of the agreement so far, how many roles are accountable for the step on that day."""
    teams, rows = _teams(known), []
    for version in known.agreement.versions:
        for day, step, held in _responsible(known, version):
            for team in teams:
                roles = {r.accountable for r in held if r.team in (None, team)}
                rows.append((f"{team}:{step}:{day}", team, step, day, ", ".join(sorted(roles)), len(roles)))
    columns = ["id", "team", "name", "day", "accountable", "roles"]
    frame = pd.DataFrame(rows, columns=columns).astype({"day": "datetime64[us]", "roles": "int64"})
    at = known.midnights(frame["day"])
    return frame.assign(day_at=at, created_at=at, owner_id=None).set_index("id").rename_axis(None)


def training(known: Known) -> pd.DataFrame:
    """Per person and module of training, when it was due (the last instant of the day) and when it was done."""
    rows = known.tables["training"]
    names = rows["user_id"].map(known.tables["users"].set_index("user_id")["name"])
    due_at = known.midnights(rows["due_on"] + DAY) - BEFORE
    done_at = known.happened(known.midnights(rows["completed_on"]))
    frame = rows.assign(name=names + ": " + rows["module"], owner_id=rows["user_id"], due_at=due_at, done_at=done_at)
    frame.index = pd.Index(rows["user_id"] + ":" + rows["module"], dtype=object)
    return frame.assign(created_at=due_at)


def learners(known: Known) -> pd.DataFrame:
    """Per person of a team and past review period, how much training was due by its end, and what was missing.

    The modules are those of the version in force on its last day, for the role that the CRM gives the person now. `due`
    counts them, `missing` names those not completed by then. Whoever had not come yet or had left is not in it, as far
    as `active_from` and `active_to` are known.
    """
    users, courses = known.tables["users"], known.tables["training"]
    people = users[users["kind"].eq("human") & users["home"].isin(_teams(known))]
    done = courses.groupby(["user_id", "module"])["completed_on"].min()
    rows = []
    for period, last, version in _reviewed(known):
        there = ~people["active_from"].gt(last) & ~people["active_to"].lt(last)
        for person in people[there].itertuples():
            due = [each.module for each in version.modules if _is_due(each, person, version, last)]
            missing = [module for module in due if not done.get((person.user_id, module), pd.NaT) <= last]
            name = f"{person.user_id}:{period}"
            rows.append((name, person.home, person.name, person.user_id, last, len(due), "; ".join(missing)))
    columns = ["id", "team", "name", "owner_id", "last", "due", "missing"]
    types = {"last": "datetime64[us]", "due": "int64", "missing": "object"}
    frame = pd.DataFrame(rows, columns=columns).astype(types)
    at = known.midnights(frame["last"] + DAY) - BEFORE
    return frame.assign(counted_at=at, created_at=at).set_index("id").rename_axis(None)


def _teams(known: Known) -> list[str]:
    """The teams that are looked at: those with any lead or deal."""
    return sorted({*known.tables["leads"]["team"], *known.tables["opportunities"]["team"]} - {UNASSIGNED})


def _reviewed(known: Known) -> Iterator[tuple[str, pd.Timestamp, Version]]:
    """Every review period that has ended: its name, its last day, and the version in force on that."""
    agreement, today = known.agreement, known.as_of.tz_convert(known.zone).date()
    period = agreement.period_at(agreement.versions[0].effective_from)
    while period.end <= today:
        last = pd.Timestamp(period.end) - DAY
        (position,) = agreement.version_of(known.midnights(pd.Series([last])))
        if position >= 0:
            yield period.name, last, agreement.versions[position]
        period = agreement.period_at(period.end)


def _is_due(module: Module, person: Any, version: Version, day: pd.Timestamp) -> bool:
    """Whether a person should have completed a module by the end of a day."""
    takes = str(person.role).casefold() in {role.casefold() for role in module.roles}
    came = version.effective_from if pd.isna(person.active_from) else person.active_from.date()
    return takes and module.due_on(max(version.effective_from, came)) <= day.date()


def _responsible(known: Known, version: Version) -> Iterator[tuple[dt.date, str, list[Responsibility]]]:
    """Each day and step of a version up to `as_of`, with the responsibilities that hold on it."""
    later = [
        other.effective_from for other in known.agreement.versions if other.effective_from > version.effective_from
    ]
    end = min([known.as_of.tz_convert(known.zone).date(), *later])
    last = min(end - dt.timedelta(days=1), version.ends_on or dt.date.max)
    for day in pd.date_range(version.effective_from, last).date:
        for step in dict.fromkeys(r.step for r in version.responsibilities):
            yield day, step, [r for r in version.responsibilities if r.step == step and r.covers(day)]
