"""Where deals get stuck: which stage or step holds them longer, in which segment, since when, worth how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special

from slareport import format as fmt
from slareport.findings.finding import ALPHA, Finding, worth
from slareport.findings.sentences import period_word
from slareport.period import Period, containing
from slareport.statistics.decomposition import dwell_change
from slareport.statistics.survival import kaplan_meier, logrank, median_until, time_until

FEWEST = 10  # visits on either side of a comparison
FEWEST_ENDS = 5  # of a segment
WHOLE = 0.9  # of the cycles must fit between the beginning of the records and a deal that counts
LONG = 0.75
NEAR = 3.84  # chi-square below the best: beginnings that cannot be told from it
SECONDS_A_DAY = 86_400

COLUMNS = ["opportunity_id", "place", "entered_at", "days", "ended", "segment", "amount", "currency"]
FOUND = [
    "since",
    "since_first",
    "since_last",
    "visits",
    "there",
    "median_before",
    "median",
    "chance",
    "mean_before",
    "mean",
    "effect",
    "low",
    "high",
]

METHOD = (
    "Visits by the {period} they began in, those not ended yet included as far as they got (Kaplan-Meier). Every "
    "{period} was tried as the beginning (log-rank test, the chance multiplied by the number of trials). What is named "
    "also makes the average deal longer, with a 95% range that leaves out 0 (Welch)."
)


def stage_spells(visits: pd.DataFrame) -> pd.DataFrame:
    """The stays of deals in stages, from the items `stage_visits`."""
    return visits.assign(place=visits["stage"], days=visits["dwell_days"], ended=visits["left_at"].notna())[COLUMNS]


def step_spells(steps: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The time recorded steps took from request to completion, from the items `steps`; open ones up to `as_of`."""
    known = steps[steps["requested_at"].notna()]
    took = known["completed_at"].fillna(as_of) - known["requested_at"]
    return known.assign(
        place=known["step"].str.replace("_", " "),
        entered_at=known["requested_at"],
        days=took.dt.total_seconds() / SECONDS_A_DAY,
        ended=known["completed_at"].notna(),
    )[COLUMNS]


def bottleneck(
    spells: pd.DataFrame, periods: Sequence[Period], zone: str, kind: Literal["stage", "step"] = "stage"
) -> Finding:
    """The stage or step that holds deals longer than before, if any does beyond chance.

    `spells` has a row per deal and place: `opportunity_id`, `place`, `entered_at`, `days` (so far, for what has not
    `ended`), `segment`, `amount` and `currency`. `periods` are oldest first, the last one is under review.
    The frame has a row per place: `since` (the period from which it is compared with the time before; those from
    `since_first` to `since_last` fit as well), `visits` and how many are still `there`, medians in days now and before,
    the `chance` of so clear a difference by luck, the mean days per deal of the period under review and before, and
    their difference `effect` with the range `low`, `high`; effects add up to the change of the mean cycle. `sure` says
    what is named.
    """
    word = period_word(periods[-1].name)
    method = METHOD.format(period=word)
    title = "Where deals get stuck" if kind == "stage" else "Which step holds deals up"
    ages = _ages(spells, periods, zone)
    tried = _tried(ages, len(periods))
    if tried.empty:
        few = f"Too few deals went through the {kind}s to compare them with before."
        return Finding(f"bottleneck-{kind}", title, few, pd.DataFrame(columns=[*FOUND, "sure"]), method)
    tried["chance"] = (tried["chance"] * len(tried)).clip(upper=1)
    best = tried.sort_values("clarity", ascending=False, kind="stable").groupby("place").first()
    strongest = best.sort_values("clarity")["split"].iloc[-1]
    near = tried[tried["clarity"] > tried["place"].map(best["clarity"]) - NEAR]
    best = best.join(near.groupby("place")["split"].agg(since_first="min", since_last="max"))
    effects = _effects(spells, periods, zone, int(strongest))
    frame = best.join(effects).sort_values("effect", ascending=False, kind="stable")
    frame["sure"] = (
        frame["chance"].le(ALPHA) & frame["low"].gt(0) & frame["median"].fillna(math.inf).gt(frame["median_before"])
    )
    for column in ("since_first", "since_last"):
        frame[column] = [periods[split].title for split in frame[column]]
    frame["since"] = [periods[split].title for split in frame["split"]]
    named = frame[frame["sure"]]
    if named.empty:
        said = f"No {kind} holds deals clearly longer than before."
    else:
        place = str(named.index[0])
        start = periods[-1].bounds(zone)[0]
        said = _sentence(place, named.iloc[0], ages[ages["place"].eq(place)], start, word)
    found = frame.reindex(columns=[*FOUND, "sure"])
    return Finding(f"bottleneck-{kind}", title, said, found, method, len(named) > 0)


def medians(spells: pd.DataFrame, place: str, periods: Sequence[Period], zone: str) -> pd.DataFrame:
    """How long a place holds half of the deals that entered it in each period: `value`, `low`, `high` in days, `n`."""
    ages = _ages(spells[spells["place"].eq(place)], periods, zone)
    rows = []
    for number in range(len(periods)):
        mine = ages[ages["number"].eq(number)]
        rows.append((*time_until(mine["days"], mine["ended"]), len(mine)))
    return pd.DataFrame(rows, columns=["value", "low", "high", "n"], index=[p.name for p in periods])


def _ages(spells: pd.DataFrame, periods: Sequence[Period], zone: str) -> pd.DataFrame:
    """The spells that began in one of the periods, with its `number`."""
    name = containing(spells["entered_at"], periods, zone)
    number = name.map({period.name: number for number, period in enumerate(periods)})
    return spells.assign(number=number)[number.notna()]


def _tried(ages: pd.DataFrame, periods: int) -> pd.DataFrame:
    """Every place compared before and after the beginning of every period: a row per trial."""
    rows = []
    for place, mine in ages.groupby("place"):
        days, ended = mine["days"].to_numpy(float), mine["ended"].to_numpy(bool)
        for split in range(1, periods):
            now = mine["number"].to_numpy() >= split
            if min(now.sum(), (~now).sum()) < FEWEST:
                continue
            test = logrank(days[now], ended[now], days[~now], ended[~now])
            middles = (median_until(days[part], ended[part]) for part in (~now, now))
            there = int((~ended[now]).sum())
            rows.append((place, split, *test, *middles, int(now.sum()), there))
    names = ["place", "split", "clarity", "chance", "median_before", "median", "visits", "there"]
    return pd.DataFrame(rows, columns=names).dropna(subset="chance")


def _effects(spells: pd.DataFrame, periods: Sequence[Period], zone: str, split: int) -> pd.DataFrame:
    """What each place adds to the mean deal done in the last period, against deals done before the split.

    Deals done soon after the records begin are left out: only the quick ones would be there.
    """
    done = spells.groupby("opportunity_id")["ended"].transform("all")
    whole = spells[done].assign(until=spells["entered_at"] + pd.to_timedelta(spells["days"], unit="D"))
    days = whole.pivot_table(index="opportunity_id", columns="place", values="days", aggfunc="sum", fill_value=0.0)
    until = whole.groupby("opportunity_id")["until"].max().reindex(days.index)
    begun = spells["entered_at"].min() + pd.Timedelta(days=float(days.sum(axis=1).quantile(WHOLE)))
    (start, end), changed = periods[-1].bounds(zone), periods[split].bounds(zone)[0]
    now, before = days[until.ge(start) & until.lt(end)], days[until.ge(begun) & until.lt(changed)]
    if min(len(now), len(before)) < 2:
        return pd.DataFrame(math.nan, days.columns, ["mean_before", "mean", "effect", "low", "high"])
    return dwell_change(now, before)[["mean_before", "mean", "effect", "low", "high"]]


def _sentence(place: str, row: pd.Series, ages: pd.DataFrame, start: pd.Timestamp, word: str) -> str:
    after = ages["number"].ge(row["split"])
    segment = _segment(ages.assign(after=after))
    usual = time_until(ages["days"][~after], ages["ended"][~after], LONG).value
    there = (ages["entered_at"] + pd.to_timedelta(ages["days"], unit="D")).ge(start)
    held = ages[after & there & ages["days"].gt(usual)]
    where = f"; mostly in {segment}" if segment else ""
    half = (
        f"half of the deals leave it within {fmt.days(row['median'])}, before within {fmt.days(row['median_before'])}"
    )
    unclear = "half of the deals have not left it yet"
    first, last = row["since_first"], row["since_last"]
    or_else = f" (likely range {first} to {last})" if first != last else ""
    told = unclear if math.isnan(row["median"]) else half
    said = f"Since {row['since']}{or_else} deals stay longer in {place}: {told}. "
    adds = f"{fmt.days(row['effect'])} {fmt.interval(row['low'], row['high'], 'days')}"
    said += f"That adds {adds} to the average deal{where}."
    if len(held):
        amount = f", worth {worth(held)}," if worth(held) else ""
        said += f" Of those there this {word}, {fmt.plural(len(held), 'deal')}{amount} stayed longer than three "
        said += "in four did before."
    return said


def _segment(ages: pd.DataFrame) -> str:
    """The one segment in which a change is clearly greater than in the others, or nothing.

    Ends are counted against those expected at everybody's pace, so that the change of a segment's pace can be compared
    with that of the rest; the chance is multiplied by the number of segments.
    """
    curve = kaplan_meier(ages["days"], ages["ended"])
    hazard = (curve["ended"] / curve["at_risk"]).cumsum()
    counts = ages.assign(expected=ages["days"].map(hazard)).groupby(["segment", "after"])[["ended", "expected"]].sum()
    table: Any = counts.unstack("after", fill_value=0)
    rows, rest = table.astype(float), table.sum() - table
    enough = (rows["ended"].min(axis=1) >= FEWEST_ENDS) & (rest["ended"].min(axis=1) >= FEWEST_ENDS)
    rows, rest = rows[enough], rest[enough].astype(float)
    if len(rows) < 2:
        return ""
    slowed = _slowed(rows) - _slowed(rest)
    error = np.sqrt((1 / rows["ended"]).sum(axis=1) + (1 / rest["ended"]).sum(axis=1))
    clear = slowed[slowed / error > special.ndtri(1 - ALPHA / len(rows))]
    return str(clear.idxmax()) if len(clear) else ""


def _slowed(table: pd.DataFrame) -> pd.Series:
    pace = np.log(table["ended"] / table["expected"])
    return pace[False] - pace[True]
