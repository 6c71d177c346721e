"""How the work really runs, from the tables alone: stages, moves, waits and handoffs, and what hurts most.

Nothing here asks what is promised. Frames only; what they mean in words is `exhibits.workflow`'s.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy import special

from slareport.findings.finding import ALPHA
from slareport.statistics import Estimate, Z, difference, median_with_interval, wilson
from slareport.statistics.decomposition import welch
from slareport.statistics.survival import time_until

FEWEST = 10  # visits on either side of a comparison
QUARTERS = 4  # what a year of costs is divided by
SECONDS_A_DAY = 86_400
BLOCKS = ((0, 8), (8, 10), (10, 12), (12, 14), (14, 16), (16, 18), (18, 24))  # hours of a day
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DELAY, REWORK, DROP = "delay", "rework", "drop"
PAINS = ["kind", "place", "team", "deals", "effect", "effect_low", "effect_high", "cost", "low", "high", "sure"]

Span = tuple[pd.Timestamp, pd.Timestamp]


def stages(visits: pd.DataFrame, order: Sequence[str], span: Span) -> pd.DataFrame:
    """Each stage of a year: deals that came, the days that half of them stay, and the share that goes on.

    `visits` are the items `stage_visits`. A row per stage in the order of the process, others after: `entered`,
    `median` in days with `low` and `high` (open ones included), `left`, `went_on` (0-1) with `on_low` and `on_high`.
    """
    rows = {}
    for stage, mine in visits.groupby("stage"):
        came, left = mine[_within(mine["entered_at"], span)], mine[_within(mine["left_at"], span)]
        stay = time_until(came["dwell_days"], came["left_at"].notna())
        on = int(left["moved_on"].sum())
        share = on / len(left) if len(left) else math.nan
        rows[str(stage)] = (len(came), *stay, len(left), share, *wilson(on, len(left)))
    names = ["entered", "median", "low", "high", "left", "went_on", "on_low", "on_high"]
    known = [stage for stage in order if stage in rows]
    return pd.DataFrame.from_dict(rows, "index", columns=names).reindex([*known, *sorted(set(rows) - set(known))])


def moves(history: pd.DataFrame, order: Sequence[str], span: Span) -> pd.DataFrame:
    """Every move between stages, and to an end: a row per `start` and `to`, the most frequent first.

    `history` is the canonical `stage_history`. `times`, their `share` of the moves from there (0-1), the median `days`
    before, and whether it leads `back` to an earlier stage: rework.
    """
    named = history.assign(place=history["stage"].where(history["status"].eq("open"), history["status"]))
    deal = named.groupby("opportunity_id")
    to, at = deal["place"].shift(-1), deal["entered_at"].shift(-1)
    found = named.assign(
        start=named["place"], to=to, days=(at - named["entered_at"]).dt.total_seconds() / SECONDS_A_DAY
    )
    found = found[to.notna() & to.ne(found["start"]) & _within(at, span)]
    counted = found.groupby(["start", "to"])["days"].agg(times="size", days="median").reset_index()
    counted["share"] = counted["times"] / counted.groupby("start")["times"].transform("sum")
    position = {stage: number for number, stage in enumerate(order)}
    counted["back"] = counted["to"].map(position) < counted["start"].map(position)
    return counted.sort_values(["times", "start", "to"], ascending=[False, True, True], ignore_index=True)


def queues(leads: pd.DataFrame, zones: pd.Series, span: Span) -> pd.DataFrame:
    """When leads come, and how long those of an hour wait: a row per `weekday` (0 is Monday) and `block` of hours.

    `leads` are the items of that name, `zones` the time zone of each. `leads` that came, `waited` the median minutes
    from coming in to a person's first reply, nights and weekends included; NaN where none was answered.
    """
    came = leads[_within(leads["created_at"], span)]
    local = pd.Series(pd.NaT, came.index, dtype="datetime64[us]")
    for zone, part in came.groupby(zones.loc[came.index]):
        local.loc[part.index] = part["created_at"].dt.tz_convert(str(zone)).dt.tz_localize(None)
    starts = np.array([first for first, _ in BLOCKS])
    waited = (came["first_touch_at"] - came["created_at"]).dt.total_seconds() / 60
    frame = pd.DataFrame(
        {
            "weekday": local.dt.day_of_week,
            "block": np.searchsorted(starts, local.dt.hour, side="right") - 1,
            "waited": waited.clip(lower=0),
        }
    )
    grouped = frame.groupby(["weekday", "block"])["waited"]
    return grouped.agg(leads="size", waited="median").reset_index()


def handoffs(rows: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Each kind of handoff of a year: how many, the median hours until accepted, and the shares refused and returned.

    `rows` is the canonical table. A row per `kind`: `offered`, `hours` with `low` and `high`, `waiting`, `rejected` and
    `returned` (0-1).
    """
    offered = rows[_within(rows["offered_at"], span)]
    found = {}
    for kind, mine in offered.groupby("kind"):
        taken = (mine["accepted_at"] - mine["offered_at"]).dt.total_seconds() / 3600
        waiting = mine["accepted_at"].isna() & mine["rejected_at"].isna()
        shares = (float(mine[column].notna().mean()) for column in ("rejected_at", "returned_at"))
        found[str(kind)] = (len(mine), *median_with_interval(taken.dropna()), int(waiting.sum()), *shares)
    names = ["offered", "hours", "low", "high", "waiting", "rejected", "returned"]
    return pd.DataFrame.from_dict(found, "index", columns=names)


def pains(visits: pd.DataFrame, history: pd.DataFrame, order: Sequence[str], span: Span) -> pd.DataFrame:
    """What costs most, team by team against the others: deals that stay longer, go back, or drop out, in a year.

    A row per pain, the costliest of those first that are `sure` (a range that is as much wider as there are
    comparisons leaves out zero): its `kind` (delay,
    rework, drop), `place` (the stage), `team`, the `deals` concerned, the `effect` per deal (days; of a drop the share
    lost, 0-1) with its 95% range, and the `cost` a quarter with `low` and `high`, in won deals: a day of a deal is
    worth what a day of all deals brought that year, a deal that drops out what those that go on win.
    """
    ended = visits[_within(visits["left_at"], span)]
    won = history[history["status"].eq("won") & _within(history["entered_at"], span)]["opportunity_id"].nunique()
    spent = ended["dwell_days"].sum()
    a_day = won / spent if spent else math.nan
    found = [*_delays(ended, a_day), *_drops(ended), *_reworks(history, order, span, a_day)]
    frame = pd.DataFrame(found, columns=PAINS[:-1])
    half = frame["effect"] - frame["effect_low"]
    stricter = special.ndtri(1 - ALPHA / 2 / max(len(frame), 1)) / Z
    sure = frame["effect"] > half * stricter
    return frame.assign(sure=sure).sort_values(["sure", "cost"], ascending=False, kind="stable", ignore_index=True)


def _delays(ended: pd.DataFrame, a_day: float) -> Iterator[tuple[object, ...]]:
    for stage, team, mine, others in _against_others(ended):
        longer = welch(mine["dwell_days"].to_numpy(), others["dwell_days"].to_numpy())
        yield DELAY, stage, team, len(mine), *longer, *_costs(longer, len(mine) * a_day)


def _drops(ended: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    for stage, team, mine, others in _against_others(ended):
        shares = [(part["moved_on"].mean(), *wilson(int(part["moved_on"].sum()), len(part))) for part in (others, mine)]
        fewer = difference(*shares[0], *shares[1])
        gone_on = ended[ended["stage"].eq(stage) & ended["moved_on"]]
        yield (
            DROP,
            stage,
            team,
            len(mine),
            *fewer,
            *_costs(fewer, len(mine) * float(gone_on["status"].eq("won").mean())),
        )


def _reworks(history: pd.DataFrame, order: Sequence[str], span: Span, a_day: float) -> Iterator[tuple[object, ...]]:
    """Stays in a stage after a later one had been reached: all of their time is done again."""
    deal = history.groupby("opportunity_id")
    left = deal["entered_at"].shift(-1)
    position = history["stage"].map({stage: number for number, stage in enumerate(order)})
    furthest = position.groupby(history["opportunity_id"]).cummax()
    again = history["status"].eq("open") & (position < furthest) & _within(left, span)
    days = (left - history["entered_at"]).dt.total_seconds() / SECONDS_A_DAY
    for (stage, team), mine in history[again].assign(days=days).groupby(["stage", "team"]):
        if len(mine) >= FEWEST:
            extra = welch(mine["days"].to_numpy(), np.zeros(len(mine)))
            yield REWORK, stage, team, len(mine), *extra, *_costs(extra, len(mine) * a_day)


def _against_others(ended: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, pd.DataFrame]]:
    for stage, rows in ended.groupby("stage"):
        for team, mine in rows.groupby("team"):
            others = rows[rows["team"].ne(team)]
            if min(len(mine), len(others)) >= FEWEST:
                yield str(stage), str(team), mine, others


def _costs(effect: Estimate, weight: float) -> Estimate:
    return Estimate(*(each * weight / QUARTERS for each in effect))


def _within(instants: pd.Series, span: Span) -> pd.Series:
    return instants.ge(span[0]) & instants.lt(span[1])
