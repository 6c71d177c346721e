"""Opportunities of the sample company: where they come from, how they move, how they end.

The frame of deals has one row per opportunity and the frame of moves one row per line of its history;
both run past the export and are cut off when the files are written.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from slareport.sample.company import LAST_QUARTER, LOSS_REASONS, PRODUCTS, START, level
from slareport.sample.leads import CALENDAR, EXPORT_AT, FIRST_REP, LAST_DAY, REP_COUNT, REPS, TEAMS, quiet
from slareport.sample.random import DAY, MINUTE, OFFICE_DAY, OPENING, Bools, Draws, Ints, whole
from slareport.sample.tasks import ints

STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
PROBABILITY = (10, 25, 50, 75, 100, 0)
FORECAST = ("Pipeline", "Pipeline", "BestCase", "Forecast", "Closed", "Omitted")
WON, LOST = 4, 5
CYCLE_SPREAD = 0.42
RUSH_DAYS, RUSH, REOPENED = 21, 0.45, 0.025


def simulate_deals(draws: Draws, leads: pd.DataFrame, size: float) -> pd.DataFrame:
    """Return one row per deal: team, lead (-1: none), rep, created, closed, won, cents, new business."""
    frame = pd.concat([from_leads(leads), direct(draws, size)])
    frame = frame[frame["created"] <= EXPORT_AT].sort_values(["created", "lead"], kind="stable", ignore_index=True)
    team, count = ints(frame["team"]), len(frame)
    closed = closings(draws, team, ints(frame["created"]))
    median = np.array([t.deal_size for t in TEAMS])[team] * 100
    return frame.assign(
        closed=closed,
        won=outcomes(draws, team, ints(frame["rep"]), closed),
        cents=draws.duration("deal/amount", count, median, 0.5),
        loss=draws.word("deal/loss", count, LOSS_REASONS),
        existing=draws.chance("deal/type", count, 0.6) & (frame["lead"] < 0),
    )


def from_leads(leads: pd.DataFrame) -> pd.DataFrame:
    """The deals that leads were converted to, with the lead's rep."""
    converted = leads[leads["converted"] & (leads["ended"] <= EXPORT_AT)]
    return pd.DataFrame(
        {
            "team": converted["team"],
            "lead": converted.index,
            "rep": converted["mover"],
            "created": converted["ended"],
        }
    )


def direct(draws: Draws, size: float) -> pd.DataFrame:
    """Deals without a lead, opened in office hours."""
    weight = np.array([quiet(d) if d.weekday() < 5 else 0.0 for d in CALENDAR.dates[:LAST_DAY]])
    counts = [max(1, round(t.direct_deals * weight.sum() / (365.25 / 4 * 5 / 7) * size)) for t in TEAMS]
    team = np.repeat(np.arange(len(TEAMS)), counts)
    day = draws.pick("direct/day", len(team), weight)
    second = OPENING + whole(draws.uniform("direct/second", len(team)) * OFFICE_DAY)
    rep = FIRST_REP[team] + whole(np.floor(draws.uniform("direct/rep", len(team)) * REP_COUNT[team]))
    return pd.DataFrame({"team": team, "lead": -1, "rep": rep, "created": CALENDAR.instant(team, day, second)})


def closings(draws: Draws, team: Ints, created: Ints) -> Ints:
    """When each deal closes: skewed around the team's median cycle, on weekdays, many in a quarter's last days."""
    count = len(team)
    median = np.array([t.cycle_days for t in TEAMS])[team]
    cycle = np.clip(draws.duration("deal/cycle", count, median * DAY, CYCLE_SPREAD), 4 * DAY, 300 * DAY)
    first = CALENDAR.day(team, created)
    day = CALENDAR.day(team, created + cycle)
    day += np.maximum(7 - CALENDAR.weekday[day], 0) * (CALENDAR.weekday[day] >= 5)
    start = CALENDAR.quarter_start[day]
    pulled = start - 1 - whole(np.floor(6 * draws.uniform("deal/rush day", count)))
    pulled -= np.maximum(CALENDAR.weekday[pulled] - 4, 0)
    rush = draws.chance("deal/rush", count, RUSH) & (day - start < RUSH_DAYS) & (pulled > first + 4)
    second = OPENING + whole(draws.uniform("deal/second", count) * (OFFICE_DAY - 1))
    return CALENDAR.instant(team, np.where(rush, pulled, day), second)


def outcomes(draws: Draws, team: Ints, rep: Ints, closed: Ints) -> Bools:
    """Which deals are won: the planted share of a team's closings in a quarter, better reps a little more."""
    quarter = CALENDAR.quarter_start[CALENDAR.day(team, closed)]
    starts = sorted(set(quarter.tolist()))
    wobble = draws.uniform("deal/wobble", len(starts) * len(TEAMS)).reshape(len(starts), len(TEAMS)) - 0.5
    table = np.array([[win_rate(t.id, CALENDAR.dates[start]) for t in TEAMS] for start in starts])
    steady = np.array([CALENDAR.dates[start] >= LAST_QUARTER for start in starts])
    table += np.where(steady[:, np.newaxis], 0.0, 0.04 * wobble)
    skill = np.array([person.skill for _, person in REPS])[rep]
    luck = draws.spread("deal/win", quarter * len(TEAMS) + team)
    return np.asarray(luck < table[np.searchsorted(starts, quarter), team] + skill)


def win_rate(team: str, on: date) -> float:
    """Return the planted win rate."""
    planted = level("win_rate", team, max(on, START))
    if planted is None:
        raise ValueError(f"no win_rate is planted for {team} on {on}")
    return planted


def simulate_moves(draws: Draws, deals: pd.DataFrame) -> pd.DataFrame:
    """Return one row per line of history, by deal and time: deal, at, stage, cents, expected (the local day)."""
    count = len(deals)
    team, created, closed = (ints(deals[name]) for name in ("team", "created", "closed"))
    share = np.array([0.0, 0.18, 0.42, 0.72]) + 0.1 * (draws.uniform("move/at", count * 4).reshape(count, 4) - 0.5)
    share[:, 0] = 0.0
    stage = np.tile(np.arange(4), (count, 1))
    reopened = draws.chance("move/reopened", count, REOPENED) & (closed - created > 25 * DAY)
    first_end = np.where(draws.chance("move/first end", count, 0.3), WON, LOST)
    share = np.column_stack([share, np.full(count, 0.52), np.full(count, 0.62), np.ones(count)])
    stage = np.column_stack([stage, first_end, np.full(count, 3), np.where(deals["won"], WON, LOST)])

    reached = np.where(deals["won"], 3, draws.pick("move/reached", count, (15, 30, 35, 20)))
    skips = draws.chance("move/skips", count, 0.12)
    happens = np.column_stack([np.arange(4) <= reached[:, np.newaxis], reopened, reopened, np.ones(count, bool)])
    happens[:, 1] &= ~skips
    deal, step = np.nonzero(happens)
    team, created, closed, cents = team[deal], created[deal], closed[deal], ints(deals["cents"])[deal]
    drawn = CALENDAR.later(team, created + whole((closed - created) * share[deal, step]), step * 0) + 97 * step
    at = np.where(step == 0, created, np.where(step == 6, closed, np.minimum(drawn, closed - (6 - step) * MINUTE)))
    guess = whole(cents * (0.75 + 0.5 * draws.uniform("move/guess", len(deal))))
    hoped = CALENDAR.day(team, closed) + whole(20 * draws.uniform("move/hoped", len(deal)) - 12)
    ends = (step == 4) | (step == 6)
    expected = np.where(step < 2, CALENDAR.day(team, created) + 90, np.maximum(hoped, CALENDAR.day(team, at)))
    expected = np.where(ends, CALENDAR.day(team, at), expected)
    amount = np.where(step < 2, guess, cents)
    moves = pd.DataFrame({"deal": deal, "at": at, "stage": stage[deal, step], "cents": amount, "expected": expected})
    return moves.sort_values(["deal", "at"], kind="stable", ignore_index=True)


def simulate_items(draws: Draws, cents: Ints) -> pd.DataFrame:
    """Return one to three line items per deal, which add up to its amount: deal, product, quantity, cents."""
    number = 1 + draws.pick("item/number", len(cents), (50, 35, 15))
    deal = np.repeat(np.arange(len(cents)), number)
    nth = np.arange(len(deal)) - np.repeat(np.cumsum(number) - number, number)
    piece = cents[deal] // (number[deal] + 1)
    total = np.where(nth == number[deal] - 1, cents[deal] - piece * (number[deal] - 1), piece)
    return pd.DataFrame(
        {
            "deal": deal,
            "product": draws.pick("item/product", len(deal), [1.0] * len(PRODUCTS)),
            "quantity": 1 + draws.pick("item/quantity", len(deal), (60, 20, 10, 5, 5)),
            "cents": total,
        }
    )
