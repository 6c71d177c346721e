"""What a packet corrects in the one that was signed, which it supersedes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from slareport.evaluation import Evaluation
from slareport.kpi import State
from slareport.record import DIGITS
from slareport.restatement import CRM_TABLES, Restatement, moved
from slareport.signing import Signed

NOW = {
    State.MET: "in time, as known now",
    State.PENDING: "still waiting, as known now",
    State.INVALID: "not used, because of its data",
}
GONE, LATE = "no longer among the items", "missed, as known now"
SUMS = ("numerator", "denominator", "value")


def superseded(packets: Sequence[Signed], packet: str) -> Signed | None:
    """The packet that was signed last, other than the one of this id: signing a packet never changes it."""
    return next((one for one in reversed(packets) if one.manifest["id"] != packet), None)


def corrections(before: Signed, now: Evaluation, scorecard: pd.DataFrame, misses: pd.DataFrame) -> Restatement:
    """The numbers that differ from those signed, and each item that was missed then or is now, with the reason.

    What was signed is read from its own files, so that nothing done since can change it.
    """
    rows = scorecard.assign(**{name: scorecard[name].map(_rounded, na_action="ignore") for name in SUMS})
    return Restatement(
        since=pd.Timestamp(before.manifest["as_of"]),
        as_of=now.as_of,
        zone=now.zone,
        inputs=tuple(sorted(_inputs(before, now))),
        rows=moved(before.table("scorecard.csv"), rows),
        items=_items(before.table("misses.csv"), misses, now, dict(zip(rows["promise"], rows["title"], strict=True))),
    )


def published(scorecard: pd.DataFrame) -> dict[str, float]:
    """The value of each promise and result, as it was published."""
    return dict(zip(scorecard["promise"], scorecard["value"], strict=True))


def _items(before: pd.DataFrame, after: pd.DataFrame, now: Evaluation, titles: Mapping[str, str]) -> pd.DataFrame:
    then, since = ({(str(one), str(item)) for one, item in rows[["promise", "item"]].to_numpy()}
                   for rows in (before, after))  # fmt: skip
    changed = [(name, item, _reason(now, name, item)) for name, item in sorted(then - since)]
    changed += [(name, item, LATE) for name, item in sorted(since - then)]
    rows = [(name, titles.get(name, name), item, reason) for name, item, reason in changed]
    return pd.DataFrame(rows, columns=["promise", "title", "item", "reason"], dtype=object)


def _reason(now: Evaluation, name: str, item: str) -> str:
    """Why an item is no longer missed."""
    judged = now.judged.get(name)
    if judged is None or item not in judged.index:
        return GONE
    row = judged.loc[item]
    if row["state"] == State.EXCLUDED:
        return str(row["reason"])
    return NOW.get(State(str(row["state"])), GONE)


def _inputs(before: Signed, now: Evaluation) -> Iterator[str]:
    """What else the two were made from, beside what was said at the review itself."""
    space, team = now.workspace, before.manifest["team"]
    then = before.manifest.get("digests", {})
    if then.get("data") != now.extract.digest:
        yield CRM_TABLES
    unread = {*space.reviews.unread(now.period, team), space.reviews.files.get((now.period.name, team))}
    read = then.get("parameters", {})
    known = {name: digest for name, digest in space.digests.items() if name not in unread} if read else {}
    yield from {name for name, _ in {*read.items()} ^ {*known.items()}} - unread


def _rounded(value: float) -> float:
    return round(value, DIGITS)
