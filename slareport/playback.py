"""A promise played back over past periods: how often it would have been kept, and what could have been promised.

Every version of the agreement is read as if it had promised just this, each with its own calendars; what was before
the first version is judged by its calendars too. The judging is that of the scorecard.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from slareport import scorecard as scores
from slareport.agreement import Agreement, Promise
from slareport.counting import in_period
from slareport.evaluation import Evaluation, of_team
from slareport.judgements import judge_items
from slareport.kpi import State
from slareport.results import KEPT, MISSED
from slareport.statistics import Estimate, wilson
from slareport.statistics.survival import time_until
from slareport.worktime import Duration

PERIODS = 10
ENOUGH = 6  # periods before "never" means anything
MOST_PERIODS = 0.8  # the share of past periods that a level must have been reached in
MOST_ITEMS = 0.9  # the share of items that would have been in time
UNREACHABLE, STRETCH, REALISTIC, SLACK, UNKNOWN = "unreachable", "stretch", "realistic", "slack", "no history"
NOTHING_KNOWN = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Playback:
    """What past periods say about one promise.

    `rows` has a scorecard row per period, oldest first. It would have been `kept` in so many of the periods `judged`;
    `level` is the share on time (0-1) that 80% of those reached, `within` the minutes (of the promise's own time) in
    which 90% of the items were done, with a 95% interval, and `needed` those for the share that is promised; NaN where
    there is nothing to tell, or no time is promised.
    """

    promise: Promise
    rows: pd.DataFrame
    level: float
    within: Estimate
    needed: float = math.nan

    @property
    def judged(self) -> int:
        """The periods with a result."""
        return int(self.rows["result"].isin([KEPT, MISSED]).sum())

    @property
    def kept(self) -> int:
        """The periods in which it would have been kept."""
        return int(self.rows["result"].eq(KEPT).sum())

    @property
    def share(self) -> Estimate:
        """The share of periods in which it would have been kept, with Wilson's 95% interval."""
        low, high = wilson(self.kept, self.judged)
        return Estimate(self.kept / self.judged if self.judged else math.nan, low, high)

    @property
    def verdict(self) -> str:
        """Unreachable, stretch, realistic or slack; see `verdict`."""
        return verdict(self.kept, self.judged)

    @property
    def thin(self) -> bool:
        """Whether so few periods could as well mean another verdict."""
        _, low, high = self.share
        return 0 < self.judged < ENOUGH or low < 0.5 <= high


def verdict(kept: int, judged: int) -> str:
    """What it means that a promise would have been kept in so many of the periods judged.

    >>> [verdict(*counts) for counts in ((0, 6), (3, 8), (4, 8), (20, 20), (0, 0))]
    ['unreachable', 'stretch', 'realistic', 'slack', 'no history']
    """
    if not judged:
        return UNKNOWN
    if not kept and judged >= ENOUGH:
        return UNREACHABLE
    if kept * 2 < judged:
        return STRETCH
    return REALISTIC if kept <= 0.95 * judged else SLACK


def play_back(made: Evaluation, promise: Promise, team: str | None = None, periods: int = PERIODS) -> Playback:
    """How a promise would have done in the periods up to that of an evaluation, in one of its teams or in all.

    All is as known at the evaluation's `as_of`.
    """
    agreement = promising(made.workspace.agreement, promise, made.extract.history_from)
    judged = of_team(judge_items(made.items, agreement, made.workspace.teams, made.lacking), team)
    frame, past = replace(made.frame(team), agreement=agreement), made.period.history(periods)
    rows = scores.trend(judged, promise.id, past, frame)
    counted = rows[rows["result"].isin([KEPT, MISSED])]
    level = level_reached((counted["met"] / counted["n"]).tolist())
    if not _is_timed(promise):
        return Playback(promise, rows, level, NOTHING_KNOWN)
    items = pd.concat([in_period(judged[promise.id], period, made.zone) for period in past])
    return Playback(promise, rows, level, time_needed(items), time_needed(items, float(promise.target)).value)


def promising(agreement: Agreement, promise: Promise, since: pd.Timestamp) -> Agreement:
    """An agreement that has promised just this ever since a time, with the calendars of each of its versions."""
    alone = (version.model_copy(update={"promises": [promise], "outcomes": []}) for version in agreement.versions)
    return replace(agreement, versions=tuple(alone)).reaching(since.tz_convert(agreement.zone).date())


def level_reached(shares: Sequence[float]) -> float:
    """The share on time that 80% of past periods reached, of the shares of all; NaN without any.

    >>> level_reached([0.7, 0.9, 0.8, 0.95, 0.6])
    0.7
    """
    best = sorted(shares, reverse=True)
    return best[math.ceil(MOST_PERIODS * len(best)) - 1] if best else math.nan


def time_needed(items: pd.DataFrame, share: float = MOST_ITEMS) -> Estimate:
    """The minutes in which a share (0-1) of the judged and waiting items were done, with a 95% interval.

    What has not been done counts as far as it got (Kaplan and Meier); NaN where so many have not been done.
    """
    known = items[items["state"].isin([State.MET, State.MISSED, State.PENDING])]
    return time_until(known["elapsed_minutes"], known["stopped_at"].notna(), share)


def _is_timed(promise: Promise) -> bool:
    return isinstance(promise.knobs.get("within"), Duration)
