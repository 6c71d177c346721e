"""What the figures say, as sentences made from them: nothing here is written by hand for one period."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from slareport import format as fmt
from slareport.kpi import KPIS
from slareport.period import parse_period
from slareport.results import (
    BETTER,
    CLEARLY,
    KEPT,
    MISSED,
    NO_DATA,
    NO_PREVIOUS,
    NO_RANGE,
    NOT_MEASURABLE,
    SAME,
    SHORT,
    TOO_FEW,
    WORSE,
)

MOST_POINTS = 5
MOST_NAMED = 3
RESULT_WORDS = {
    KEPT: "Kept",
    MISSED: "Missed",
    TOO_FEW: "Too few to tell",
    NO_DATA: "No data",
    BETTER: "Better",
    WORSE: "Worse",
    SAME: "No real change",
    NO_PREVIOUS: "Nothing to compare with",
    SHORT: "Incomplete history",
    NO_RANGE: "No usual range yet",
    NOT_MEASURABLE: "Not measurable",
}
ICONS = {KEPT: "kept", MISSED: "missed", BETTER: "better", WORSE: "worse", SAME: "same"}
PERIOD_WORDS = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}  # by their months
ITEM_WORDS = {"leads": "lead", "opportunities": "deal", "stage_visits": "deal", "satisfaction": "answer"}
CAUSE_VERBS = {
    "owner on leave": ("came due on its owner's leave", "came due on their owner's leave"),
    "answered late": ("was answered late", "were answered late"),
    "only automatic mail": ("got only automatic mail", "got only automatic mail"),
    "no reply at all": ("got no reply at all", "got no reply at all"),
}


def result_in_words(row: pd.Series) -> str:
    """Kept or missed, and how sure that is: "Missed, clearly"."""
    words = RESULT_WORDS[row["result"]]
    if row["result"] == NOT_MEASURABLE:
        return f"{words}: needs {row['evidence']}"
    return f"{words}, {row['evidence']}" if row["result"] in (KEPT, MISSED) else words


def bottom_line(scorecard: pd.DataFrame) -> str:
    """One or two sentences to take away: how many promises were kept, what the problem is, what moved."""
    promises = scorecard[scorecard["kind"].eq("promise")]
    judged = promises[promises["result"].isin([KEPT, MISSED])]
    unknown = int(promises["result"].eq(NOT_MEASURABLE).sum())
    if promises.empty:
        said = ["No promises are agreed for this period."]
    elif unknown == len(promises):
        said = ["No promise can be measured with what the CRM holds."]
    elif judged.empty:
        said = ["No promise could be judged: nothing was due, or too little to tell."]
    else:
        kept = judged["result"].eq(KEPT).sum()
        said = [f"{kept} of {len(judged)} promises kept.", *_problems(judged[judged["result"].eq(MISSED)])]
    if 0 < unknown < len(promises):
        said.append(f"{fmt.plural(unknown, 'promise')} cannot be measured with what the CRM holds.")
    return " ".join([*said, *_moves(scorecard)])


def points(scorecard: pd.DataFrame, misses: pd.DataFrame) -> list[str]:
    """At most five points by weight: what was clearly missed, the first with its causes; what moved; the rest."""
    promises = scorecard[scorecard["kind"].eq("promise")]
    missed, outcomes = promises[promises["result"].eq(MISSED)], scorecard[scorecard["kind"].eq("outcome")]
    said: list[str] = []
    for _, row in missed[missed["evidence"].eq(CLEARLY)].iterrows():
        why = "" if said else cause_sentence(misses[misses["promise"].eq(row["promise"])])
        said.append(f"{promise_sentence(row)} {why}".strip())
    said += [outcome_sentence(row) for _, row in outcomes[outcomes["result"].isin([BETTER, WORSE])].iterrows()]
    said += _one_or_all(missed[missed["evidence"].ne(CLEARLY)], "Missed, but that could be chance")
    kept = promises[promises["result"].eq(KEPT)].sort_values("evidence", key=lambda e: e.ne(CLEARLY), kind="stable")
    said += _one_or_all(kept, "Kept")
    said += _one_or_all(promises[promises["result"].eq(TOO_FEW)], "Too few to tell")
    still = titles(outcomes[outcomes["result"].eq(SAME)])
    if still:
        said.append(f"No real change: {_some(still)}.")
    short = titles(outcomes[outcomes["result"].eq(SHORT)])
    if short:
        said.append(f"Not judged, because the records begin too late for this period: {_some(short)}.")
    return said[:MOST_POINTS]


def across_teams(promises: Sequence[pd.DataFrame]) -> list[str]:
    """What is everyone's and what is one team's: each promise missed by several teams, then the others by team.

    `promises` has a frame per promise, with a row per `team` that had items to judge.
    """
    if not promises:
        return []
    whole = pd.concat([rows.assign(of=len(rows)) for rows in promises])
    missed = whole[whole["result"].eq(MISSED)]
    several: list[tuple[float, str]] = []
    alone: dict[str, list[pd.DataFrame]] = {}
    for _, rows in missed.groupby("promise", sort=False):
        teams = len(rows)
        if teams > 1:
            of = int(rows["of"].iloc[0])
            who = "every team" if teams == of else f"{teams} of {of} teams"
            several.append((teams / of, f"{rows['title'].iloc[0]}: missed by {who}, {_how_sure(rows, rows['team'])}."))
        else:
            alone.setdefault(str(rows["team"].iloc[0]), []).append(rows)
    told = [sentence for _, sentence in sorted(several, key=lambda one: -one[0])]
    own = {team: pd.concat(rows) for team, rows in alone.items()}
    return told + [f"{team} alone missed {_how_sure(rows, titles(rows))}." for team, rows in own.items()]


def _how_sure(rows: pd.DataFrame, names: Sequence[str] | pd.Series) -> str:
    """Names of missed rows, those that clearly missed first."""
    clear = [name for name, sure in zip(names, rows["evidence"], strict=True) if sure == CLEARLY]
    chance = [name for name, sure in zip(names, rows["evidence"], strict=True) if sure != CLEARLY]
    said = [f"{_some(clear)} clearly"] * bool(clear) + [f"{_some(chance)} perhaps by chance"] * bool(chance)
    return ", ".join(said)


def promise_sentence(row: pd.Series) -> str:
    """One promise in full: counts, share, what was promised, and how it compares."""
    counts = f"{of_how_many(row)} on time ({value_in_words(row, row['value'])})"
    return f"{row['title']}: {counts}, promised {promised_in_words(row)}. {result_in_words(row)}{_before(row, '; ')}."


def outcome_sentence(row: pd.Series) -> str:
    """One result of the business: its value, what it was before, better or worse."""
    return f"{row['title']}: {_now(row)}{_before(row, ', ')}. {result_in_words(row)}."


def cause_sentence(misses: pd.DataFrame) -> str:
    """Why the misses of one promise happened, counted."""
    counts = cause_counts(misses)
    if counts.empty:
        return ""
    verbs = {cause: CAUSE_VERBS.get(str(cause), (f"was {cause}", f"were {cause}")) for cause in counts.index}
    if len(counts) == 1:
        who = {1: "The one miss", 2: "Both misses"}.get(len(misses), f"All {fmt.plural(len(misses), 'miss')}")
        return f"{who} {verbs[counts.index[0]][len(misses) > 1]}."
    parts = [f"{fmt.count(n)} {verbs[cause][n > 1]}" for cause, n in counts.items()]
    return f"Of the {fmt.plural(len(misses), 'miss')}, {fmt.listed(parts)}."


def cause_counts(misses: pd.DataFrame) -> pd.Series:
    """How many misses had which cause, the most frequent first."""
    counts = misses["cause"].dropna().value_counts()
    return counts.sort_index().sort_values(ascending=False, kind="stable")


def now_in_words(row: pd.Series) -> str:
    """The value of a scorecard row, or that there is none."""
    if row["result"] == NOT_MEASURABLE:
        return fmt.DASH
    return value_in_words(row, row["value"]) if row["n"] else fmt.NO_DATA


def value_in_words(row: pd.Series, value: float) -> str:
    """A value of a scorecard row in its unit, with as many decimals as its target asks for."""
    if row["unit"] == "%":
        return fmt.percent(value, target=None if pd.isna(row["target"]) else row["target"])
    if row["unit"] == "minutes":
        return fmt.duration(value)
    return fmt.days(value) if row["unit"] == "days" else f"{fmt.number(value, 1)} {row['unit']}"


def promised_in_words(row: pd.Series) -> str:
    """What was promised, with every decimal it has, up to two: a blend of two versions has some."""
    digits = next((d for d in (0, 1) if round(100 * row["target"], d) == round(100 * row["target"], 6)), 2)
    return fmt.percent(row["target"], digits=digits)


def change_in_words(row: pd.Series) -> str:
    """The change since the period before, in points or in the unit."""
    if row["unit"] == "minutes" and pd.notna(row["change"]):
        return ("+" if row["change"] > 0 else fmt.MINUS) * bool(row["change"]) + fmt.duration(abs(row["change"]))
    return fmt.points(row["change"]) if row["unit"] == "%" else fmt.difference(row["change"], row["unit"])


def interval_in_words(row: pd.Series) -> str:
    """Where the true value may lie."""
    if row["unit"] == "%":
        return fmt.interval(row["low"], row["high"])
    if pd.isna(row["low"]) or pd.isna(row["high"]):
        return ""
    if row["unit"] == "minutes":
        return f"({fmt.duration(row['low'])} to {fmt.duration(row['high'])})"
    low, high = (fmt.number(row[end], 1) for end in ("low", "high"))
    joint = " to " if row["low"] < 0 or row["unit"] == "points" else fmt.DASH
    return f"({low}{joint}{high} {row['unit']})"


def of_how_many(row: pd.Series) -> str:
    """What a value rests on: "56 of 130" for a share, "€1.2m of €3.4m" of amounts, "55 deals" for a median."""
    if row["result"] == NOT_MEASURABLE:
        return fmt.DASH
    if pd.notna(row.get("currency")) and pd.notna(row["denominator"]):
        return " of ".join(fmt.money(row[part], row["currency"]) for part in ("numerator", "denominator"))
    if pd.notna(row["denominator"]) and (KPIS[row["kpi"]].estimate == "share" or row["unit"] != "points"):
        return f"{fmt.count(row['numerator'])} of {fmt.count(row['denominator'])}"
    return fmt.plural(int(row["n"]), ITEM_WORDS.get(KPIS[row["kpi"]].subject, "item"))


def period_word(name: str) -> str:
    """What kind of period this is: quarter, month, half-year or year."""
    period = parse_period(name)
    return PERIOD_WORDS[(period.end.year - period.start.year) * 12 + period.end.month - period.start.month]


def titles(rows: pd.DataFrame) -> list[str]:
    """Titles as they stand inside a sentence; abbreviations such as CSAT keep their capitals."""
    return [title if title[1:2].isupper() else title[:1].lower() + title[1:] for title in rows["title"]]


def _problems(missed: pd.DataFrame) -> list[str]:
    clear, chance = (titles(missed[missed["evidence"].eq(CLEARLY) == sure]) for sure in (True, False))
    said = [f"The problem: {_some(clear)}."] if clear else []
    if len(chance) > MOST_NAMED and clear:
        said.append(f"{len(chance)} others missed, but that could be chance.")
    elif chance:
        said.append(f"{'Also missed' if clear else 'Missed'}, but that could be chance: {_some(chance)}.")
    return said


def _one_or_all(rows: pd.DataFrame, words: str) -> list[str]:
    """Promises of one result: a single one in full, several in one sentence with their counts."""
    if len(rows) == 1:
        return [promise_sentence(rows.iloc[0])]
    named = zip(titles(rows), rows["met"], rows["n"], strict=True)
    counted = [f"{title} ({fmt.count(met)} of {fmt.count(n)} on time)" for title, met, n in named]
    return [f"{words}: {_some(counted)}."] if counted else []


def _some(names: Sequence[str]) -> str:
    """Names in a sentence; of many the first ones, and how many others."""
    others = len(names) - MOST_NAMED
    return fmt.listed([*names[:MOST_NAMED], f"{others} others"] if others > 1 else names)


def _moves(scorecard: pd.DataFrame) -> Sequence[str]:
    moved = {result: titles(scorecard[scorecard["result"].eq(result)]) for result in (BETTER, WORSE)}
    said = [f"{result.capitalize()}: {fmt.listed(names)}." for result, names in moved.items() if names]
    quiet = scorecard["result"].eq(SAME).any() and not scorecard["result"].eq(MISSED).any()
    return said or ["No result has really changed."] * bool(quiet)


def _now(row: pd.Series) -> str:
    value = value_in_words(row, row["value"])
    return f"{of_how_many(row)} ({value})" if row["unit"] == "%" else f"{value} ({of_how_many(row)})"


def _before(row: pd.Series, joint: str) -> str:
    if pd.isna(row["previous"]):
        return ""
    return f"{joint}last {period_word(row['period'])} {value_in_words(row, row['previous'])}"
