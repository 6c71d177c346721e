"""How far many results at once can be trusted: some are bad by chance alone."""

from __future__ import annotations

import pandas as pd

from slareport import format as fmt
from slareport.findings.finding import ALPHA, Finding
from slareport.statistics.looks import looks

METHOD = (
    "Exact binomial tails of 2.5% each; of all misses whose adjusted chance (Benjamini and Hochberg) is 5% or less, 5% "
    "are false on average."
)


def many(rows: pd.DataFrame) -> Finding:
    """How many clear misses to expect by chance, and which are clear nevertheless.

    `rows` are scorecard rows of any number of promises, teams and periods; results are left out. The frame has a row
    per promise that had items, with `chance`, adjusted for their number, and `sure`.
    """
    title = "How many misses chance alone brings"
    due = rows[rows["kind"].eq("promise") & rows["n"].gt(0)]
    seen = looks(due["met"].tolist(), due["n"].tolist(), due["target"].tolist())
    frame = due[["team", "period", "promise", "title", "met", "n", "target"]].assign(chance=seen.adjusted)
    frame["sure"] = frame["chance"].le(ALPHA)
    if not seen.verdicts:
        return Finding("looks", title, "No promise could be judged.", frame, METHOD)
    said = (
        f"{fmt.plural(seen.verdicts, 'promise was', 'promises were')} judged and {fmt.count(seen.below)} clearly "
        f"missed; if all were kept at just the promised rate, chance alone would bring "
        f"{fmt.number(seen.by_chance, 1)}. "
    )
    said += f"So many comparisons leave {fmt.count(frame['sure'].sum())} of them clear." if seen.below else ""
    return Finding("looks", title, said.strip(), frame, METHOD, bool(frame["sure"].any()))
