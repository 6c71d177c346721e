"""Two versions of the agreement, as tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from slareport import findings, sections
from slareport import format as fmt
from slareport.agreement import Outcome, Promise, Version
from slareport.differing import Difference, Under
from slareport.findings.targets import in_periods
from slareport.judgements import definition_of
from slareport.playback import Playback
from slareport.sections import Cell, Table


def differences(found: Sequence[Difference], old: Version, new: Version) -> Table:
    """Every place at which they differ."""
    titles = ["Where", _title(old), _title(new)]
    rows: list[Sequence[Cell]] = [[one.where, one.before, one.after] for one in found]
    return Table(f"{fmt.plural(len(found), 'difference')}", sections.columns(titles), rows)


def under_each(found: Sequence[Under], old: Version, new: Version) -> Table:
    """The promises that are made otherwise, with what a year would have been under each version."""
    titles = ["Promise", f"#{_title(old)}", f"#{_title(new)}"]
    rows: list[Sequence[Cell]] = [[one.after.promise.title, _kept(one.before), _kept(one.after)] for one in found]
    return Table("The last year under each", sections.columns(titles), rows)


def split(rows: pd.DataFrame, versions: Sequence[Version]) -> Table:
    """What a change in the middle of a period splits: each promise and result under each version.

    `rows` are scorecard rows of one version each, named by it.
    """
    titles = ["Promise or result", "Version", "Agreed", "#Now", "#Counted", "Result"]
    by_name = {version.version: version for version in versions}
    cells: list[Sequence[Cell]] = []
    for _, row in rows.iterrows():
        version = by_name[row["version"]]
        since = f"{version.version}, from {fmt.day(version.effective_from)}"
        said = findings.now_in_words(row), findings.of_how_many(row)
        result = sections.result(findings.ICONS.get(row["result"], "none"), findings.result_in_words(row))
        cells.append([row["title"], since, _agreed(version.measure(row["promise"])), *said, result])
    return Table("Under each version of the agreement", sections.columns(titles), cells, "scorecard")


def _agreed(measure: Promise | Outcome | None) -> str:
    """What one version says of a promise or result: the share, and all that it is set to."""
    if measure is None:
        return fmt.DASH
    _, _, terms = definition_of(measure).partition(", ")  # behind the name of the KPI
    share = fmt.percent(measure.target) if isinstance(measure, Promise) else ""
    return f"{share} {terms}".strip() or fmt.DASH


def _title(version: Version) -> str:
    return f"Version {version.version}, from {fmt.day(version.effective_from)}"


def _kept(one: Playback) -> str:
    """In how many periods it would have been kept, and the share on time in all of them."""
    if not one.judged:
        return fmt.NO_DATA
    judged = one.rows[one.rows["n"].gt(0)]
    return f"kept in {in_periods(one)}, {fmt.percent(judged['met'].sum() / judged['n'].sum())} on time"
