"""Leads of the sample company: how they arrive, are routed, answered, handed over, converted or let go.

The frame has one row per lead, in order of arrival; instants are seconds, `NEVER` where nothing happened.
Whatever lies after the export is simulated too and cut off when the files are written.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from slareport.sample.company import (
    AMENDED,
    COMPANY,
    EXPORT,
    LAST_QUARTER,
    LEAD_SOURCES,
    PROMISED_HOURS,
    START,
)
from slareport.sample.random import HOUR, MINUTE, NEVER, Calendar, Draws, Floats, Ints, waits, whole
from slareport.sample.story import Story

TEAMS = COMPANY.teams
CALENDAR = Calendar([team.zone for team in TEAMS])
EXPORT_AT = int(EXPORT.timestamp())
FIRST_REP = np.cumsum([0] + [len(team.reps) for team in TEAMS])[:-1].astype(np.int64)
REP_COUNT = np.array([len(team.reps) for team in TEAMS], dtype=np.int64)
REPS = [(team, rep) for team in TEAMS for rep in team.reps]

DIRECT, NIGHT_DESK, STUCK, REASSIGNED, EARLY_BIRD = 0.35, 0.06, 0.008, 0.04, 0.3
NEVER_ANSWERED = 0.2  # of the leads that are not answered in time
LAST_DAY = CALENDAR.dates.index(date(2027, 1, 1))  # a little after the export, so that nothing thins out before it


def simulate_leads(draws: Draws, story: Story, size: float) -> pd.DataFrame:
    """Return one row per lead: team, created, routed, assigned, rep, replied, moved, mover, ended, converted."""
    frame = arrivals(draws, size)
    team, created = frame["team"].to_numpy(), frame["created"].to_numpy()
    count = len(frame)
    routed = ~draws.chance("lead/direct", count, DIRECT)
    wait = draws.duration("lead/routing", count, 25 * MINUTE)
    night = draws.chance("lead/night desk", count, NIGHT_DESK)
    assigned = np.where(night, created + wait, CALENDAR.later(team, created, wait))
    assigned = np.where(routed, assigned, created)
    assigned[routed & draws.chance("lead/stuck", count, STUCK)] = NEVER
    turn = draws.spread("lead/rep", CALENDAR.quarter_start[CALENDAR.day(team, created)] * len(TEAMS) + team)
    rep = FIRST_REP[team] + whole(np.floor(turn * REP_COUNT[team]))
    replied = replies(draws, story, team, rep, assigned)

    converts = np.array([story.conversion(t) for t in TEAMS])[team]
    convert = (draws.uniform("lead/convert", count) < converts) & (replied < NEVER)
    drop = draws.chance("lead/drop", count, 0.6) & (replied < NEVER)
    thinking = draws.duration("lead/thinking", count, 24 * HOUR)  # three days of office time
    ended = np.where(convert | drop, CALENDAR.later(team, replied, thinking + HOUR), NEVER)

    holding = draws.duration("lead/holding", count, 10 * HOUR, 0.8)
    moved = CALENDAR.later(team, assigned, holding)
    move = draws.chance("lead/reassigned", count, REASSIGNED) & (assigned < NEVER) & (moved < ended)
    step = 1 + whole(np.floor(draws.uniform("lead/new rep", count) * (REP_COUNT[team] - 1)))
    new_rep = FIRST_REP[team] + (rep - FIRST_REP[team] + step) % REP_COUNT[team]
    return frame.assign(
        source=draws.word("lead/source", count, LEAD_SOURCES),
        routed=routed,
        assigned=assigned,
        rep=rep,
        replied=replied,
        moved=np.where(move, moved, NEVER),
        mover=np.where(move, new_rep, rep),
        replier=np.where(move & (moved <= replied), new_rep, rep),
        ended=ended,
        converted=convert,
    )


def arrivals(draws: Draws, size: float) -> pd.DataFrame:
    """Return team and created: busy weekdays and office hours, a tail at night and weekends, quiet holidays."""
    day_weight = np.array([quiet(d) for d in CALENDAR.dates[:LAST_DAY]])
    quarters = day_weight.sum() / (365.25 / 4 * 5.3 / 7)
    counts = [max(1, round(team.leads * quarters * size)) for team in TEAMS]
    team = np.repeat(np.arange(len(TEAMS)), counts)
    day = draws.pick("lead/day", len(team), day_weight)
    hour = np.interp(
        draws.uniform("lead/hour", len(team)),
        [0, 0.05, 0.11, 0.48, 0.56, 0.89, 0.96, 1],
        [0, 7, 9, 12, 13, 17, 20, 24],
    )
    created = CALENDAR.instant(team, day, np.floor(hour * HOUR).astype(np.int64))
    frame = pd.DataFrame({"team": team, "created": created})
    return frame[created < EXPORT_AT].sort_values(["created", "team"], kind="stable", ignore_index=True)


def quiet(day: date) -> float:
    """How many leads a day brings, relative to an ordinary weekday."""
    if day < START:
        return 0.0
    season = {7: 0.9, 8: 0.85, 12: 0.85}.get(day.month, 1.0)
    if (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 2):
        season = 0.35
    return season * (1.0 if day.weekday() < 5 else 0.15)


def replies(draws: Draws, story: Story, team: Ints, rep: Ints, assigned: Ints) -> Ints:
    """Return the first human reply, so that the planted share of a team and quarter comes within the promise."""
    count = len(team)
    day = CALENDAR.day(team, np.minimum(assigned, EXPORT_AT))
    quarter = CALENDAR.quarter_start[day]
    limit = np.where(day < CALENDAR.dates.index(AMENDED), PROMISED_HOURS[START], PROMISED_HOURS[AMENDED]) * HOUR
    share, slow = shares_on_time(draws, story, rep, quarter)
    luck = draws.spread("lead/reply", (quarter * len(TEAMS) + team) * 2 + slow)
    delay = waits(luck, share, limit)
    replied = CALENDAR.later(team, assigned, np.maximum(delay, 40))
    morning = replied - CALENDAR.opening(team, replied) < 20 * MINUTE
    early = morning & (replied - HOUR > assigned) & draws.chance("lead/early", count, EARLY_BIRD)
    replied = np.where(early, replied - HOUR, replied)
    return np.where((assigned == NEVER) | (luck > 1 - (1 - share) * NEVER_ANSWERED), NEVER, replied)


def shares_on_time(draws: Draws, story: Story, rep: Ints, quarter: Ints) -> tuple[Floats, Ints]:
    """Return the share of leads each row's rep answers in time that quarter, and whether the rep is planted as slow."""
    starts = sorted(set(quarter.tolist()))
    table = np.empty((len(starts), len(REPS)))
    slow = np.zeros((len(starts), len(REPS)), dtype=np.int64)
    wobble = 0.7 + 0.6 * draws.uniform("lead/wobble", len(starts) * len(TEAMS)).reshape(len(starts), len(TEAMS))
    for q, start in enumerate(starts):
        on = max(CALENDAR.dates[start], START)
        if on >= LAST_QUARTER or not story.people_differ:
            wobble[q] = 1  # the newest quarter is planted to the point, the ones before it vary a little
        for r, (team, person) in enumerate(REPS):
            own = story.level("lead_response", team.id, on, person.name)
            late = (1 - others_level(story, team.id, on)) * wobble[q, TEAMS.index(team)] * story.pace(person)
            table[q, r] = 1 - late if own is None else own
            slow[q, r] = own is not None
    at = np.searchsorted(starts, quarter)
    return table[at, rep], slow[at, rep]


def others_level(story: Story, team: str, on: date) -> float:
    """Return what the reps without a truth of their own must reach for the team to be at its planted level."""
    reps = next(t for t in TEAMS if t.id == team).reps
    own = [v for v in (story.level("lead_response", team, on, rep.name) for rep in reps) if v is not None]
    return (story.declared("lead_response", team, on) * len(reps) - sum(own)) / (len(reps) - len(own))
