"""Which deals of the sample company are won, and by whom: shares by team and quarter, and what else is planted.

A planted share of a team never moves here: wins are exchanged within a team and quarter only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.company import LAST_QUARTER, START
from slareport.sample.delays import quarters
from slareport.sample.leads import CALENDAR, EXPORT_AT, REPS, TEAMS
from slareport.sample.random import HOUR, Bools, Draws, Ints
from slareport.sample.story import Story
from slareport.sample.tasks import ints

FEW = 4  # deals that a lucky rep decides


def outcomes(draws: Draws, story: Story, team: Ints, rep: Ints, closed: Ints) -> Bools:
    """Which deals are won: the planted share of a team's closings in a quarter, better reps a little more."""
    quarter = CALENDAR.quarter_start[CALENDAR.day(team, closed)]
    starts = sorted(set(quarter.tolist()))
    wobble = draws.uniform("deal/wobble", len(starts) * len(TEAMS)).reshape(len(starts), len(TEAMS)) - 0.5
    table = np.array([[story.declared("win_rate", t.id, CALENDAR.dates[start]) for t in TEAMS] for start in starts])
    steady = np.array([CALENDAR.dates[start] >= LAST_QUARTER or not story.people_differ for start in starts])
    table += np.where(steady[:, np.newaxis], 0.0, 0.04 * wobble)
    skill = np.array([story.skill(person) for _, person in REPS])[rep]
    luck = draws.spread("deal/win", quarter * len(TEAMS) + team)
    return np.asarray(luck < table[np.searchsorted(starts, quarter), team] + skill)


def favour_fast(draws: Draws, story: Story, deals: pd.DataFrame, leads: pd.DataFrame) -> Bools:
    """Let deals from leads answered late lose to those answered fast; each win goes to a deal of like cycle."""
    won = deals["won"].to_numpy().copy()
    ratio = story.level("slow_reply_wins", "", START)
    if ratio is None:
        return won
    led = deals[(deals["lead"] >= 0) & (deals["closed"] <= EXPORT_AT)]
    lead = leads.loc[led["lead"]]
    limit = CALENDAR.later(ints(led["team"]), ints(lead["assigned"]), np.full(len(led), HOUR))
    about = pd.DataFrame(
        {
            "group": quarters(ints(led["team"]), ints(led["closed"])) * len(TEAMS) + ints(led["team"]),
            "fast": (ints(lead["replied"]) <= limit),
            "cycle": ints(led["closed"]) - ints(led["created"]),
            "won": led["won"],
            "turn": draws.uniform("fast/turn", len(led)),
            "chance": draws.uniform("fast/chance", len(led)),
        },
        index=led.index,
    )
    for _, group in about.groupby("group"):
        slow = group[~group["fast"]]
        winners = slow[slow["won"]].sort_values("turn").index
        left = int(ratio * group["won"].mean() * len(slow) + group["chance"].iloc[0])
        gainers = group[group["fast"] & ~group["won"]]
        cycles = gainers["cycle"].to_numpy(dtype=np.float64)
        for loser in winners[left:][: len(gainers)]:
            nearest = np.abs(cycles - group["cycle"][loser]).argmin()
            cycles[nearest] = np.inf  # wins once only
            won[[loser, gainers.index[nearest]]] = False, True
    return won


def favour_people(draws: Draws, story: Story, deals: pd.DataFrame) -> Ints:
    """Return each deal's rep: those of whom it is planted exchange direct deals with colleagues of their team."""
    rep = ints(deals["rep"]).copy()
    names = [person.name for _, person in REPS]
    quarter = quarters(ints(deals["team"]), ints(deals["closed"]))
    chance = draws.uniform("people/chance", len(CALENDAR.dates))
    movable = (deals["lead"] < 0).to_numpy() & (deals["closed"] <= EXPORT_AT).to_numpy()
    lost = ~deals["won"].to_numpy()
    for truth in [*story.people("win_rate"), *story.people("lucky_wins")]:
        who, team = names.index(truth.who), [t.id for t in TEAMS].index(truth.team)
        once = truth.name == "lucky_wins"
        for start in sorted(set(quarter.tolist())):
            there = (deals["team"] == team).to_numpy() & (quarter == start)
            mine = there & (rep == who)
            if once and CALENDAR.dates[start] == truth.since:
                exchange(rep, lost, mine, there & movable, int(truth.value))
                rep[np.flatnonzero(there & movable & lost & (rep != who))[: FEW - mine.sum()]] = who
            elif not once:
                exchange(rep, lost, mine, there & movable, int(truth.value * mine.sum() + chance[start]))
    return rep


def exchange(rep: Ints, lost: Bools, mine: Bools, movable: Bools, want: int) -> None:
    """Change `rep` in place: lost deals of mine against won ones of others (or back), until `want` of mine are won."""
    need = want - int((mine & ~lost).sum())
    give = np.flatnonzero(mine & movable & (lost == (need > 0)))[: abs(need)]
    take = np.flatnonzero(~mine & movable & (lost != (need > 0)))[: len(give)]
    give = give[: len(take)]
    rep[give], rep[take] = rep[take], rep[give]
