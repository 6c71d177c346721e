"""What a later look at a period corrects: the numbers that moved, and each item behind them with the reason.

    compare(view(evaluate(workspace, "2026Q3", "2026-10-08")), view(evaluate(workspace, "2026Q3", "2026-11-05")))

Two evaluations may differ in how much was known, in the CRM tables they were extracted from, and in the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from slareport import format as fmt
from slareport.counting import in_period
from slareport.evaluation import Evaluation
from slareport.items import Known
from slareport.judgements import Judgements
from slareport.kpi import COUNTED, KPI, KPIS, State
from slareport.period import Period

COUNTS = ("n", "numerator", "denominator", "met", "missed", "pending", "excluded", "invalid")
COMPARED = (*COUNTS, "value", "result")
CRM_TABLES = "CRM tables"
DEALS = ("opportunities", "won_deals")
SINCE = {"assigned_at": "assigned", "created_at": "came in", "closed_at": "closed", "qualified_at": "qualified"}
CARRIED = ("name", "account", "record_url", "state", "value", "at", "due_at", "stopped_at", "reason", "definition")


@dataclass(frozen=True)
class View:
    """One period as known at one `as_of`. `digests` holds, per parameter file and for the CRM tables, what was read."""

    known: Known
    judged: Judgements
    scorecard: pd.DataFrame
    rejects: pd.DataFrame
    digests: Mapping[str, str]

    @property
    def as_of(self) -> pd.Timestamp:
        """Up to when things are known."""
        return self.known.as_of


@dataclass(frozen=True)
class Restatement:
    """What changed from one view of a period to another.

    `rows` has the promises and results whose counts, value or result moved, each of `COMPARED` as `<name>_before`
    and `<name>_after`. `items` has a row per item that counts otherwise: `before` and `after` are its states (empty
    where it is not in the period), the columns of `COUNTS` the differences, which add up to those of the rows, and
    `reason` says why, `detail` with its dates. `inputs` names the parameter files that differ, and the CRM tables.
    """

    since: pd.Timestamp
    as_of: pd.Timestamp
    zone: str
    inputs: tuple[str, ...]
    rows: pd.DataFrame
    items: pd.DataFrame


def view(evaluation: Evaluation) -> View:
    """An evaluation, as something to compare."""
    digests = {**evaluation.workspace.digests, CRM_TABLES: evaluation.extract.digest}
    rejects = evaluation.extract.rejects()
    return View(evaluation.items, evaluation.judged, evaluation.scorecard(), rejects, digests)


def compare(before: View, after: View, period: Period) -> Restatement:
    """What the later of two views of a period corrects in the earlier one."""
    names = list(dict.fromkeys([*after.judged, *before.judged]))
    items = [_items(name, before, after, period) for name in names]
    kept = [part for part in items if len(part)] or items[:1]
    return Restatement(
        since=before.as_of,
        as_of=after.as_of,
        zone=after.known.zone,
        inputs=_differing(before, after),
        rows=moved(before.scorecard, after.scorecard),
        items=pd.concat(kept, ignore_index=True),
    )


def _differing(before: View, after: View) -> tuple[str, ...]:
    """The parameter files that two views do not have in common, and the CRM tables."""
    return tuple(sorted({name for name, _ in {*before.digests.items()} ^ {*after.digests.items()}}))


def moved(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The rows of two scorecards side by side, those that moved."""
    about = ["promise", "title", "kind", "unit", "target", "team", "period"]
    whole = after[[*about, *COMPARED]].merge(
        before[["promise", *COMPARED]], on="promise", how="outer", suffixes=("_after", "_before"), sort=False
    )
    differ = pd.Series(data=False, index=whole.index)
    for name in COMPARED:
        one, other = whole[f"{name}_before"], whole[f"{name}_after"]
        differ |= ~(one.eq(other).fillna(False).astype(bool) | (one.isna() & other.isna()))
    titles = before.set_index("promise")["title"]
    whole["title"] = whole["title"].fillna(whole["promise"].map(titles))
    order = dict.fromkeys([*after["promise"], *before["promise"]])
    place = {name: number for number, name in enumerate(order)}
    return whole[differ].sort_values("promise", key=lambda names: names.map(place), ignore_index=True)


def _items(name: str, before: View, after: View, period: Period) -> pd.DataFrame:
    """The items of one measure that count otherwise, and by how much."""
    sides = {which: _counted(name, one, period) for which, one in (("before", before), ("after", after))}
    ids = sides["after"].index.union(sides["before"].index)
    then, now = (side.reindex(ids) for side in sides.values())
    differences = pd.DataFrame({c: now[c].fillna(0) - then[c].fillna(0) for c in COUNTS}, index=ids)
    same_value = then["value"].eq(now["value"]) | (then["value"].isna() & now["value"].isna())
    same_state = then["state"].eq(now["state"]) | (then["state"].isna() & now["state"].isna())
    changed = differences.ne(0).any(axis=1) | ~same_value | ~same_state
    frame = (
        differences[changed].rename_axis("item").reset_index().assign(promise=name, title=_title(name, before, after))
    )
    for column in ("name", "account", "record_url"):
        latest, earlier = (frame["item"].map(side[column]).astype(object) for side in (now, then))
        frame[column] = latest.where(latest.notna(), earlier)
    for side, one in (("before", then), ("after", now)):
        states = frame["item"].map(one["state"]).astype(object)
        frame[side] = states.where(states.notna(), "")
        frame[f"value_{side}"] = frame["item"].map(one["value"])
    why = [_Item(name, item, before, after).why() for item in frame["item"]]
    reasons = pd.DataFrame(why, columns=["reason", "detail"], index=frame.index, dtype=object)
    return frame.join(reasons)


def _counted(name: str, one: View, period: Period) -> pd.DataFrame:
    """The items of one measure in a period, each with what it adds to the counts."""
    frame = one.judged.get(name)
    if frame is None:
        columns = [*CARRIED, *COUNTS]
        return pd.DataFrame(columns=columns, index=pd.Index([], dtype=object)).astype(dict.fromkeys(COUNTS, "float64"))
    rows = in_period(frame, period, one.known.zone)
    states = rows["state"]
    counted = states.isin(COUNTED)
    sums = {column: rows[column].where(counted).fillna(0.0) for column in ("numerator", "denominator")}
    flags = {state: states.eq(state).astype(float) for state in ("met", "missed", "pending", "excluded", "invalid")}
    return rows[list(CARRIED)].assign(n=counted.astype(float), **sums, **flags)


class _Item:
    """One item of one measure in both views."""

    def __init__(self, name: str, item: str, before: View, after: View) -> None:
        self.name, self.item, self.before, self.after = name, item, before, after
        self.then, self.now = (_row(one.judged.get(name), item) for one in (before, after))

    def why(self) -> tuple[str, str]:
        """The first of the reasons that is true of the item."""
        if self.name not in self.before.judged or self.name not in self.after.judged:
            return "the agreement changed", "another version has this promise"
        reopened = self._reopened()
        if reopened:
            return reopened
        if self.then is None or self.now is None:
            return self._came() if self.then is None else self._went()
        if self.then["definition"] != self.now["definition"]:
            return "the agreement changed", f"{self.then['definition']} → {self.now['definition']}"
        if State.EXCLUDED in (self.then["state"], self.now["state"]) and self.then["state"] != self.now["state"]:
            row = self.now if self.now["state"] == State.EXCLUDED else self.then
            return ("excluded since" if row is self.now else "no longer excluded"), str(row["reason"])
        return self._stopped() or self._dated() or self._waited() or self._otherwise()

    def _came(self) -> tuple[str, str]:
        """It was not judged before."""
        if reject := _reject(self.before.rejects, self.item):
            return "mended in the CRM", f"was left out: {reject}"
        if self.now["at"] >= self.before.as_of:
            return self._since(), f"on {self._day(self.now['at'])}"
        if self.item in self.before.known[self._subject()].index:
            return "back-dated", f"now dated {self._day(self.now['at'])}"
        return "entered late", f"dated {self._day(self.now['at'])}, and known only afterwards"

    def _went(self) -> tuple[str, str]:
        """It is no longer judged."""
        if reject := _reject(self.after.rejects, self.item):
            return reject.partition(" into ")[0], reject
        if self.item in self.after.known[self._subject()].index:
            return "changed in the CRM", "its clock never started, as it is known now"
        return "gone", "in another team's data, or no longer in the CRM"

    def _reopened(self) -> tuple[str, str] | None:
        """A deal that was closed, as known before, and opened again since."""
        histories = [one.known.tables["stage_history"] for one in (self.before, self.after)]
        about = self._deal()
        old, new = (rows[rows["opportunity_id"].eq(about)] for rows in histories)
        if self._subject() not in DEALS or old.empty or old["status"].iloc[-1] == "open":
            return None
        later = new[new["entered_at"].gt(old["entered_at"].iloc[-1]) & new["status"].eq("open")]
        return None if later.empty else ("reopened", f"on {self._day(later['entered_at'].iloc[0])}")

    def _stopped(self) -> tuple[str, str] | None:
        """It was stopped since, or a stop was entered late, or taken away."""
        then, now = self.then["stopped_at"], self.now["stopped_at"]
        if pd.isna(now):
            return None if pd.isna(then) else ("changed in the CRM", f"what stopped it on {self._day(then)} is gone")
        if then == now:
            return None
        if now > self.before.as_of:
            return "done since", f"on {self._day(now)}"
        logged = self._logged(now)
        if logged is not None and logged > self.before.as_of:
            return "logged late", f"a touch of {self._day(now)}, logged on {self._day(logged)}"
        return "back-dated", f"stopped on {self._day(now)}, which was not known then"

    def _logged(self, at: pd.Timestamp) -> pd.Timestamp | None:
        """When the touch of that instant was logged."""
        rows = self.after.known.tables["activities"]
        key = "lead_id" if self.item in self.after.known["leads"].index else "opportunity_id"
        about = self.item if key == "lead_id" else self._deal()
        logged = rows.loc[rows[key].eq(about) & rows["occurred_at"].eq(at), "logged_at"].min()
        return None if pd.isna(logged) else logged

    def _dated(self) -> tuple[str, str] | None:
        """It began, or was due, at another time than known before."""
        then, now = self.then["at"], self.now["at"]
        if then != now and not (pd.isna(then) and pd.isna(now)):
            if pd.isna(then) and now > self.before.as_of:
                return self._since(), f"on {self._day(now)}"
            return "back-dated", f"dated {self._day(then)} before, {self._day(now)} now"
        then, now = self.then["due_at"], self.now["due_at"]
        if pd.notna(then) and pd.notna(now) and then != now:
            return "its deadline moved", f"due {self._moment(then)} before, {self._moment(now)} now"
        return None

    def _waited(self) -> tuple[str, str] | None:
        """Nothing happened to it, and that has become the answer."""
        if self.then["state"] != State.PENDING:
            return None
        due = self.now["due_at"]
        if pd.notna(due) and self.before.as_of < due <= self.after.as_of:
            return "its deadline has passed since", f"due {self._moment(due)}"
        return "decided since", ""

    def _otherwise(self) -> tuple[str, str]:
        """Another value of the same item."""
        if self.then["censored"] and self.now["censored"]:
            return "still open", "it has lasted longer"
        if self.then["censored"]:
            return "done since", ""
        inputs = _differing(self.before, self.after)
        if set(inputs) - {CRM_TABLES}:
            return "the parameters changed", fmt.listed([name for name in inputs if name != CRM_TABLES])
        if CRM_TABLES in inputs:
            return "changed in the CRM", "another value than before"
        return "more has happened since", ""

    def _since(self) -> str:
        return f"{SINCE.get(self._kpi().on, 'began')} since"

    def _subject(self) -> str:
        return self._kpi().subject

    def _kpi(self) -> KPI:
        versions = [*self.before.known.agreement.versions, *self.after.known.agreement.versions]
        return next(KPIS[m.kpi] for version in reversed(versions) if (m := version.measure(self.name)))

    def _deal(self) -> Any:
        """The deal that the item is, or is about."""
        for one in (self.after, self.before):
            items = one.known[self._subject()]
            if self.item in items.index:
                is_deal = self.item in one.known["opportunities"].index
                return self.item if is_deal else items.loc[self.item].get("opportunity_id")
        return None

    def _day(self, at: pd.Timestamp) -> str:
        return fmt.day(at, self.after.known.zone)

    def _moment(self, at: pd.Timestamp) -> str:
        return fmt.moment(at, self.after.known.zone)


def _title(name: str, before: View, after: View) -> str:
    """A promise or outcome as the latest version that has it calls it."""
    versions = [*before.known.agreement.versions, *after.known.agreement.versions]
    return next(m.title for version in reversed(versions) if (m := version.measure(name)))


def _row(frame: pd.DataFrame | None, item: str) -> Any:
    return None if frame is None or item not in frame.index else frame.loc[item]


def _reject(rejects: pd.DataFrame, item: str) -> str:
    """Why the rows of an item were left out, empty where none were."""
    mine = rejects[rejects["id"].eq(item) & rejects["effect"].isin(["row excluded", "row set aside"])]
    told = mine[~mine["reason"].str.startswith("the same id again")]["reason"]
    return str(told.iloc[0]) if len(told) else ""
