"""Opportunities of the sample company: where they come from, how they move, how they end.

The frame of deals has one row per opportunity and the frame of moves one row per line of its history;
both run past the export and are cut off when the files are written.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.company import LOSS_REASONS, PRODUCTS
from slareport.sample.delays import levels
from slareport.sample.leads import CALENDAR, EXPORT_AT, FIRST_REP, LAST_DAY, REP_COUNT, TEAMS, quiet
from slareport.sample.random import DAY, MINUTE, OFFICE_DAY, OPENING, Draws, Floats, Ints, whole
from slareport.sample.story import Story
from slareport.sample.tasks import ints
from slareport.sample.wins import favour_fast, favour_people, outcomes

STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost")
PROBABILITY = (10, 25, 50, 75, 100, 0)
FORECAST = ("Pipeline", "Pipeline", "BestCase", "Forecast", "Closed", "Omitted")
WON, LOST = 4, 5
CYCLE_SPREAD = 0.42
RUSH_DAYS, RUSH, REOPENED = 21, 0.45, 0.025


def simulate_deals(draws: Draws, story: Story, leads: pd.DataFrame, size: float) -> pd.DataFrame:
    """Return one row per deal: team, lead (-1: none), rep, created, closed, won, cents, existing."""
    frame = pd.concat([from_leads(leads), direct(draws, size)])
    frame = frame[frame["created"] <= EXPORT_AT].sort_values(["created", "lead"], kind="stable", ignore_index=True)
    team, count = ints(frame["team"]), len(frame)
    closed = closings(draws, story, team, ints(frame["created"]))
    median = np.array([t.deal_size for t in TEAMS])[team] * 100
    deals = frame.assign(
        closed=closed,
        won=outcomes(draws, story, team, ints(frame["rep"]), closed),
        cents=draws.duration("deal/amount", count, median, 0.5),
        loss=draws.word("deal/loss", count, LOSS_REASONS),
        existing=draws.chance("deal/type", count, 0.6) & (frame["lead"] < 0),
        renewal=draws.chance("deal/renewal", count, 0.4),
    )
    deals = deals.assign(won=favour_fast(draws, story, deals, leads))
    return deals.assign(rep=favour_people(draws, story, deals))


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


def closings(draws: Draws, story: Story, team: Ints, created: Ints) -> Ints:
    """When each deal closes: skewed around the team's median cycle, on weekdays, many in a quarter's last days."""
    count = len(team)
    median = np.array([story.cycle_days(t) for t in TEAMS])[team]
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


def simulate_moves(draws: Draws, story: Story, deals: pd.DataFrame) -> pd.DataFrame:
    """Return one row per line of history, by deal and time: deal, at, stage, cents, expected (local day), chance."""
    count = len(deals)
    team, created, closed = (ints(deals[name]) for name in ("team", "created", "closed"))
    share = np.array([0.0, 0.18, 0.42, 0.72]) + 0.1 * (draws.uniform("move/at", count * 4).reshape(count, 4) - 0.5)
    share[:, 0] = 0.0
    slow = 0.15 * (dwelling(story, team, created + whole((closed - created) * (share[:, 2] - 0.15))) - 1)
    share += np.column_stack([slow * 0, slow * -0.43, -slow, slow])
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
    moves["chance"] = np.array(PROBABILITY)[moves["stage"]]
    every = pd.concat([moves, edits(draws, deals, moves)])
    every = every.sort_values(["deal", "at"], kind="stable", ignore_index=True)
    return every.drop_duplicates(["deal", "at"], ignore_index=True)


def dwelling(story: Story, team: Ints, at: Ints) -> Floats:
    """Return what multiplies the days in Proposal of deals that reach it at these instants."""
    quarter = CALENDAR.quarter_start[CALENDAR.day(team, at)]
    return levels(story, "proposal_dwell", team, quarter)


def edits(draws: Draws, deals: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """What reps change within a stage: the expected close, often later, at times into the past; amounts and chances."""
    times = draws.pick("edit/times", len(deals), (60, 25, 15))
    deal = np.repeat(np.arange(len(deals)), times)
    team, created, closed = (ints(deals[name])[deal] for name in ("team", "created", "closed"))
    at = created + whole((closed - created) * (0.05 + 0.9 * draws.uniform("edit/at", len(deal))))
    at = CALENDAR.later(team, at, np.zeros(len(deal), dtype=np.int64)) + 31
    rows = pd.DataFrame({"at": at, "deal": deal, "closed": closed}).sort_values("at", kind="stable")
    rows = pd.merge_asof(rows, moves.sort_values("at", kind="stable"), on="at", by="deal")
    rows = rows[(rows["at"] < rows["closed"]) & (rows["stage"] < WON)].reset_index(drop=True)
    count, today = len(rows), CALENDAR.day(ints(deals["team"])[rows["deal"]], ints(rows["at"]))
    later = np.maximum(ints(rows["expected"]), today) + 7 + whole(35 * draws.uniform("edit/later", count))
    past = today - 3 - whole(20 * draws.uniform("edit/past", count))
    dearer = whole(ints(rows["cents"]) * (0.8 + 0.4 * draws.uniform("edit/cents", count)))
    surer = ints(rows["chance"]) + 10 * draws.pick("edit/surer", count, (30, 20, 10)) - 10
    return rows.assign(
        expected=np.where(draws.chance("edit/into the past", count, 0.06), past, later),
        cents=np.where(draws.chance("edit/amount", count, 0.3), dearer, rows["cents"]),
        chance=np.where(draws.chance("edit/chance", count, 0.3), np.maximum(surer, 5), rows["chance"]),
    ).drop(columns="closed")


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
