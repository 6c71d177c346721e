"""Corrections in words: which numbers of a period have moved since an earlier look, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from slareport import format as fmt
from slareport import sections
from slareport.findings import RESULT_WORDS, value_in_words
from slareport.restatement import CRM_TABLES, Restatement
from slareport.sections import Cell, Section, Table

INSTANT = pd.Timedelta(microseconds=1)


def told(found: Restatement, since: str = "") -> Section:
    """The numbers before and after, and the items behind them by reason; one sentence where nothing moved.

    `since` says when the earlier look was, else that is the day its data ends.
    """
    since = since or f"the data of {fmt.day(found.since - INSTANT, found.zone)}"
    if found.rows.empty and found.items.empty:
        text = f"Nothing has been corrected since {since}."
        return sections.tables(text, above=[text, *_inputs(found)])
    columns = ["Promise or result", "#Before", "#Now", "#Counted before", "#Counted now", "Result now"]
    numbers = Table(
        f"Corrected since {since}",
        sections.columns(columns),
        [_moved(row) for _, row in found.rows.iterrows()],
    )
    reasons: list[list[Cell]] = []
    for key, part in found.items.groupby(["title", "reason"], sort=False):
        title, reason = map(str, key)
        reasons.append([title, reason[:1].upper() + reason[1:], fmt.count(len(part))])
    why = Table(
        "Items that count otherwise, by reason", sections.columns(["Promise or result", "Reason", "#Items"]), reasons
    )
    tables = [table for table in (numbers, why) if table.rows]
    return sections.tables(_sentence(found, since), *tables, above=list(_inputs(found)))


def _sentence(found: Restatement, since: str) -> str:
    n = found.items["item"].nunique()
    because = f", as {fmt.plural(n, 'item counts', 'items count')} otherwise" * bool(n)
    return f"Corrected since {since}: {fmt.plural(len(found.rows), 'number')}{because}."


def _moved(row: pd.Series) -> list[Cell]:
    values = [value_in_words(row, row[f"value_{side}"]) for side in ("before", "after")]
    said = [word if row[f"n_{side}"] else fmt.NO_DATA for word, side in zip(values, ("before", "after"), strict=True)]
    counts = [fmt.count(row[f"n_{side}"]) for side in ("before", "after")]
    was, now = (RESULT_WORDS.get(row[f"result_{side}"], fmt.DASH) for side in ("before", "after"))
    return [row["title"], *said, *counts, now if now == was else f"{now} (was: {was.lower()})"]


def _inputs(found: Restatement) -> Iterator[str]:
    """What the two looks were made from, where that differs."""
    if CRM_TABLES in found.inputs:
        yield "The CRM tables have been exported again since."
    parameters = [name for name in found.inputs if name != CRM_TABLES]
    if parameters:
        yield f"The two looks were made under different parameters: {fmt.listed(parameters)}."
