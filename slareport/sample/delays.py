"""How long things take in the sample company, by what its story plants for a team and quarter."""

from __future__ import annotations

import numpy as np

from slareport.sample.company import PROMISED
from slareport.sample.leads import CALENDAR, TEAMS
from slareport.sample.random import HOUR, NEVER, Bools, Draws, Floats, Ints, waits
from slareport.sample.story import Story


def levels(story: Story, name: str, team: Ints, quarter: Ints) -> Floats:
    """Return what is planted for each row's team in the quarter that starts on a day."""
    starts, at = np.unique(quarter, return_inverse=True)
    table = np.array([[story.declared(name, t.id, CALENDAR.dates[start]) for t in TEAMS] for start in starts])
    return np.asarray(table.reshape(len(starts), len(TEAMS))[at, team], dtype=np.float64)


def quarters(team: Ints, at: Ints) -> Ints:
    """Return the first day of the local quarter of each instant."""
    return CALENDAR.quarter_start[CALENDAR.day(team, np.minimum(at, NEVER))]


def lucky(draws: Draws, story: Story, name: str, team: Ints, at: Ints) -> Bools:
    """Return which rows are among the planted share of their team and quarter."""
    quarter = quarters(team, at)
    return draws.spread(f"share/{name}", quarter * len(TEAMS) + team) < levels(story, name, team, quarter)


def promised(draws: Draws, story: Story, name: str, team: Ints, at: Ints) -> Ints:
    """Return when what was begun at an instant is done: the planted share within `PROMISED` hours of office time."""
    quarter = quarters(team, at)
    luck = draws.spread(f"delay/{name}", quarter * len(TEAMS) + team)
    wait = waits(luck, levels(story, name, team, quarter), PROMISED[name] * HOUR)
    return np.where(at < NEVER, CALENDAR.later(team, at, wait), NEVER)
