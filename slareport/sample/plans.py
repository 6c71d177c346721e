"""What the sample company plans: quotas per rep, leads promised per team, forecasts as called at the time, rates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.sample.cells import dates, ids, instants, money, of
from slareport.sample.deals import WON
from slareport.sample.delays import levels, quarters
from slareport.sample.leads import CALENDAR, EXPORT_AT, REP_COUNT, REPS, TEAMS
from slareport.sample.random import HOUR, Draws, Ints, whole
from slareport.sample.salesforce import MANAGER, PLANNER, USER_IDS
from slareport.sample.story import NEXT_QUARTER, Story
from slareport.sample.tasks import ints

FIRST_PLANNED = 2  # quarters after the calendar's first, which is cut short
STARTS = np.unique(CALENDAR.quarter_start)[FIRST_PLANNED:]
STARTS = STARTS[: np.searchsorted(STARTS, CALENDAR.dates.index(NEXT_QUARTER)) + 1]
ENDS = np.array([np.flatnonzero(CALENDAR.quarter_start == start)[-1] for start in STARTS])
AGES, NOISE = (0, 30, 60), (0.25, 0.15, 0.08)  # days into the quarter, and how far off an unbiased forecast may be
DOLLARS, RATE_SPREAD = 1.1, 0.04
MEAN_DEAL, SHARE_WON = 1.57, 0.29
MODEST, DELIVERED = 0.78, 0.87  # quotas ask for less than is usual; the share of leads that marketing qualifies


def usual(size: float) -> Ints:
    """Return what each team wins in a quarter like others, in cents."""
    won = [(t.leads * t.conversion + t.direct_deals) * SHARE_WON * t.deal_size * MEAN_DEAL for t in TEAMS]
    return whole(np.array(won) * size * 100)


def quota_rows(story: Story, moves: pd.DataFrame, deals: pd.DataFrame, size: float) -> dict[str, object]:
    """Quota__c.csv: won amounts by rep, then qualified leads by team, quarter by quarter."""
    team = np.array([TEAMS.index(t) for t, _ in REPS])
    table = np.tile(whole(MODEST * usual(size) / REP_COUNT), (len(STARTS), 1))
    for i, t in enumerate(TEAMS):
        covered = story.level("coverage", t.id, NEXT_QUARTER)
        if covered is not None:
            pipeline = expected(moves, deals, i, int(STARTS[-1]), int(ENDS[-1]))
            table[-1, i] = round(pipeline / covered / REP_COUNT[i])
    amounts = (table[:, team] // 100_000 * 100_000).ravel() if size >= 1 else table[:, team].ravel()
    leads = np.array([max(1, round(t.leads * DELIVERED * size)) for t in TEAMS])
    people, planners = len(REPS), len(TEAMS)
    count = len(STARTS) * (people + planners)
    quarter = np.concatenate([np.repeat(np.arange(len(STARTS)), n) for n in (people, planners)])
    users = [*np.tile(np.arange(people), len(STARTS)), *np.tile(PLANNER + np.arange(planners), len(STARTS))]
    currency = np.tile(of([t.currency for t in TEAMS], team), len(STARTS)).tolist()
    return {
        "Id": ids("a05", range(count)),
        "User__c": USER_IDS[users],
        "Measure__c": ["Won Amount"] * len(amounts) + ["Qualified Leads"] * (len(STARTS) * planners),
        "Start_Date__c": dates(STARTS[quarter]),
        "End_Date__c": dates(ENDS[quarter]),
        "Amount__c": money(amounts) + np.tile(leads, len(STARTS)).astype(np.str_).tolist(),
        "CurrencyIsoCode": currency + [""] * (len(STARTS) * planners),
    }


def expected(moves: pd.DataFrame, deals: pd.DataFrame, team: int, start: int, end: int) -> int:
    """Return the open amount of a team whose deals were, as the quarter began, expected to close in it."""
    begin = int(CALENDAR.instant(np.array([team]), np.array([start]), np.array([0]))[0])
    standing = moves[moves["at"] < begin].drop_duplicates("deal", keep="last")
    standing = standing[(standing["stage"] < WON) & standing["expected"].between(start, end)]
    return int(standing.loc[ints(deals["team"])[standing["deal"]] == team, "cents"].sum())


def forecast_rows(draws: Draws, story: Story, deals: pd.DataFrame, size: float) -> dict[str, object]:
    """ForecastSnapshot__c.csv: what each team's manager called at the start of a quarter and twice within it."""
    quarter, team, age = (axis.ravel() for axis in np.indices((len(STARTS), len(TEAMS), len(AGES))))
    at = CALENDAR.instant(team, STARTS[quarter] + np.array(AGES)[age], np.full(len(team), 8 * HOUR))
    off = np.array(NOISE)[age] * (2 * draws.spread("forecast/noise", team * len(AGES) + age) - 1)
    called = won_amounts(deals, usual(size))[quarter, team] * (
        1 + levels(story, "forecast_bias", team, STARTS[quarter]) + off
    )
    shown = at <= EXPORT_AT
    quarter, team, at, called = quarter[shown], team[shown], at[shown], called[shown]
    return {
        "Id": ids("a06", range(len(team))),
        "Snapshot__c": instants(at),
        "User__c": USER_IDS[MANAGER + team],
        "Start_Date__c": dates(STARTS[quarter]),
        "End_Date__c": dates(ENDS[quarter]),
        "Amount__c": money(whole(called)),
        "CurrencyIsoCode": of([t.currency for t in TEAMS], team),
    }


def rate_rows(draws: Draws) -> dict[str, object]:
    """DatedConversionRate.csv: what a euro, the corporate currency, is in dollars, quarter by quarter."""
    off = 2 * draws.uniform("rates", len(STARTS)) - 1
    dollars = [f"{rate:.4f}" for rate in DOLLARS * (1 + RATE_SPREAD * off)]
    count = 2 * len(STARTS)
    return {
        "Id": ids("04w", range(count)),
        "IsoCode": ["EUR"] * len(STARTS) + ["USD"] * len(STARTS),
        "StartDate": np.tile(dates(STARTS), 2),
        "NextStartDate": np.tile(dates(ENDS + 1), 2),
        "ConversionRate": ["1.0000"] * len(STARTS) + dollars,
    }


def won_amounts(deals: pd.DataFrame, otherwise: Ints) -> Ints:
    """Return what was won by quarter and team; of a quarter not over yet, what is usual."""
    team, closed = ints(deals["team"]), ints(deals["closed"])
    quarter = np.searchsorted(STARTS, quarters(team, closed))
    planned = deals["won"].to_numpy() & (CALENDAR.day(team, closed) >= STARTS[0]) & (quarter < len(STARTS))
    table = np.zeros((len(STARTS), len(TEAMS)), dtype=np.int64)
    np.add.at(table, (quarter[planned], team[planned]), ints(deals["cents"])[planned])
    table[-1] = otherwise
    return table
