"""What the figures say, as sentences made from them: nothing here is written by hand for one period."""

from __future__ import annotations

from typing import Any

import pandas as pd

from slareport import format as fmt
from slareport.scorecard import BETTER, KEPT, MISSED, NO_DATA, NO_PREVIOUS, SAME, SHORT, TOO_FEW, WORSE

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
}
ICONS = {KEPT: "kept", MISSED: "missed", BETTER: "better", WORSE: "worse", SAME: "same"}


def result_in_words(row: pd.Series) -> str:
    """Kept or missed, and how sure that is: "Missed, clearly"."""
    words = RESULT_WORDS[row["result"]]
    return f"{words}, {row['evidence']}" if row["result"] in (KEPT, MISSED) else words


def bottom_line(scorecard: pd.DataFrame) -> str:
    """One sentence: how many promises were kept, and which is the problem."""
    promises = scorecard[scorecard["kind"].eq("promise")]
    judged = promises[promises["result"].isin([KEPT, MISSED])]
    if promises.empty:
        return f"No promises are agreed for this period. {_moves(scorecard)}".strip()
    if judged.empty:
        return "No promise could be judged: there were no items, or too few."
    missed = judged[judged["result"].eq(MISSED)]
    kept = f"{len(judged) - len(missed)} of {fmt.plural(len(judged), 'promise')} kept."
    clear = missed[missed["evidence"].eq("clearly")]["title"].str.lower().tolist()
    chance = missed[missed["evidence"].ne("clearly")]["title"].str.lower().tolist()
    problem = f" The problem: {fmt.listed(clear)}." if clear else ""
    unsure = f" Also missed, but that could be chance: {fmt.listed(chance)}." if chance and clear else ""
    unsure = f" Missed, but that could be chance: {fmt.listed(chance)}." if chance and not clear else unsure
    return kept + problem + unsure


def points(scorecard: pd.DataFrame, misses: pd.DataFrame) -> list[str]:
    """At most five sentences in order of weight: misses first, then results that moved, then what was kept."""
    promises = scorecard[scorecard["kind"].eq("promise")]
    missed = promises[promises["result"].eq(MISSED)].sort_values("evidence", ascending=False, kind="stable")
    said = [promise_sentence(row) for _, row in missed.iterrows()]
    said += [cause_sentence(misses[misses["promise"].eq(name)]) for name in missed["promise"]]
    outcomes = scorecard[scorecard["kind"].eq("outcome")]
    moved = outcomes[outcomes["result"].isin([BETTER, WORSE])]
    said += [outcome_sentence(row) for _, row in moved.iterrows()]
    kept = promises[promises["result"].eq(KEPT)]
    said += [promise_sentence(row) for _, row in kept.iterrows()]
    still = outcomes[outcomes["result"].eq(SAME)]["title"].str.lower().tolist()
    if still:
        said.append(f"No real change: {fmt.listed(still)}.")
    short = outcomes[outcomes["result"].eq(SHORT)]["title"].str.lower().tolist()
    if short:
        said.append(f"Not judged, because the records begin too late for this period: {fmt.listed(short)}.")
    return [sentence for sentence in said if sentence][:5]


def promise_sentence(row: pd.Series) -> str:
    """One promise in full: counts, share, what was promised, and how it compares."""
    share = value_in_words(row, row["value"])
    before = f"; the period before {fmt.percent(row['previous'])}" if pd.notna(row["previous"]) else ""
    counts = f"{fmt.count(row['met'])} of {fmt.count(row['n'])} on time ({share})"
    return f"{row['title']}: {counts}, promised {fmt.percent(row['target'])}{before}. {result_in_words(row)}."


def outcome_sentence(row: pd.Series) -> str:
    """One result of the business: its value, what it was before, better or worse."""
    now = value_in_words(row, row["value"])
    before = f", before {value_in_words(row, row['previous'])}" if pd.notna(row["previous"]) else ""
    return f"{row['title']}: {now}{before} ({of_how_many(row)}). {result_in_words(row)}."


def cause_sentence(misses: pd.DataFrame) -> str:
    """Why the misses of one promise happened, counted."""
    if misses.empty:
        return ""
    counts = misses["cause"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    parts = [f"{fmt.count(n)} {cause}" for cause, n in counts.items()]
    return f"Of the {fmt.plural(len(misses), 'miss')}, {fmt.listed(parts)}."


def promise_in_words(row: pd.Series) -> str:
    """A promise in the cell of a table: "Missed, clearly (107 of 139)"."""
    return f"{result_in_words(row)} ({of_how_many(row)})" if row["n"] else RESULT_WORDS[NO_DATA]


def outcome_in_words(row: pd.Series) -> str:
    """A result in the cell of a table: "43%: Better"."""
    return f"{value_in_words(row, row['value'])}: {result_in_words(row)}" if row["n"] else RESULT_WORDS[NO_DATA]


def value_in_words(row: pd.Series, value: float) -> str:
    """A value of a scorecard row in its unit, with as many decimals as its target asks for."""
    if row["unit"] == "%":
        return fmt.percent(value, target=None if pd.isna(row["target"]) else row["target"])
    return fmt.days(value)


def change_in_words(row: pd.Series) -> str:
    """The change since the period before, in points or in the unit."""
    return fmt.points(row["change"]) if row["unit"] == "%" else fmt.difference(row["change"], row["unit"])


def interval_in_words(row: pd.Series) -> str:
    """Where the true value may lie."""
    if row["unit"] == "%":
        return fmt.interval(row["low"], row["high"])
    return fmt.interval(row["low"], row["high"], row["unit"])


def of_how_many(row: pd.Series) -> str:
    """What a value rests on: "56 of 130" for a share, "55 items" for a median."""
    if pd.notna(row["denominator"]) and row["unit"] == "%":
        return f"{fmt.count(row['numerator'])} of {fmt.count(row['denominator'])}"
    return fmt.plural(int(row["n"]), "item")


def _moves(scorecard: pd.DataFrame) -> str:
    said: list[Any] = [outcome_sentence(row) for _, row in scorecard.iterrows() if row["result"] in (BETTER, WORSE)]
    return said[0] if said else "No result has really changed."
