"""Two versions of the agreement, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from slareport import format as fmt
from slareport import sections
from slareport.agreement import Version
from slareport.differing import Difference, Under
from slareport.findings.targets import in_periods
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


def _title(version: Version) -> str:
    return f"Version {version.version}, from {fmt.day(version.effective_from)}"


def _kept(one: Playback) -> str:
    """In how many periods it would have been kept, and the share on time in all of them."""
    if not one.judged:
        return fmt.NO_DATA
    judged = one.rows[one.rows["n"].gt(0)]
    return f"kept in {in_periods(one)}, {fmt.percent(judged['met'].sum() / judged['n'].sum())} on time"
