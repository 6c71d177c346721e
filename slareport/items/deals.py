"""Deals: how each stands at `as_of`, the stages it went through, and how it was kept moving."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from slareport.agreement import Agreement
from slareport.items.known import SECONDS_A_DAY, Known
from slareport.items.leads import sent_messages


def opportunities(known: Known) -> pd.DataFrame:
    """Deals with `status` and `closed_at` as of the last closing known, and how long each took.

    `cycle_days` runs from creation to the last closing, `first_cycle_days` to the first one, and `active_days`
    leaves out the time a deal was closed before it was opened again. `missing_steps` and `repeated_steps` name the
    recorded steps of the agreement in force at its closing that were not done, or done by two people.
    """
    deals, history = known.tables["opportunities"].set_index("opportunity_id"), known.tables["stage_history"]
    closed = deals["closed_at"].le(known.as_of)
    status = deals["status"].where(closed | deals["status"].eq("open"), "open")
    closed_at = deals["closed_at"].where(closed & status.ne("open"))
    exact = deals.index.isin(history["opportunity_id"])  # a history knows the instant, and what it says stands
    closings = _closings(history)
    status = status.mask(exact, _last_status(history).reindex(deals.index))
    closed_at = closed_at.mask(exact, closings["last"].reindex(deals.index).where(status.ne("open")))
    first_at = closed_at.mask(exact, closings["first"].reindex(deals.index)).where(closed_at.notna())
    by_day = deals["created_at__date"] | (deals["closed_at__date"] & ~exact)
    cycle = _days_between(known, deals["created_at"], closed_at, by_day)
    idle = _idle_days(history).reindex(deals.index).fillna(0)
    sent = sent_messages(known)
    last_touch = sent[sent["actor_id"].map(known.kinds()).eq("human")].groupby("opportunity_id")["occurred_at"].max()
    known_deals = deals.assign(status=status, closed_at=closed_at)
    return known_deals.assign(
        cycle_days=cycle,
        first_cycle_days=_days_between(known, deals["created_at"], first_at, by_day),
        active_days=cycle - idle.where(closed_at.notna()),
        reopened=closings["times"].reindex(deals.index).fillna(0).gt(1),
        last_touch_at=last_touch,
        record_url=known.record_urls("opportunities", deals.index.to_series()),
        **_step_faults(known, known_deals),
    )


def stage_visits(known: Known) -> pd.DataFrame:
    """Every stage a deal was in: `entered_at` first, `left_at` for good (NaT while it is there), `dwell_days` in all.

    `moved_on` says that the deal has reached a later stage or was won: later in the order of the agreement's
    `stages`, or simply afterwards where the agreement does not name the stage. `visits` counts how often it came.
    """
    history = known.tables["stage_history"].copy()
    deal = history.groupby("opportunity_id")
    history["left_at"] = deal["entered_at"].shift(-1)
    order = {stage: position for position, stage in enumerate(known.agreement.versions[-1].stages)}
    position = history["stage"].map(order).astype("float64").where(history["status"].eq("open"))
    history["position"] = position.mask(history["status"].eq("won"), len(order))
    open_rows = history[history["status"].eq("open")]
    until = open_rows["left_at"].fillna(known.as_of)
    dwell = (until - open_rows["entered_at"]).dt.total_seconds() / SECONDS_A_DAY
    came = history["stage"].ne(deal["stage"].shift()) | history["status"].ne(deal["status"].shift())
    visits = open_rows.assign(dwell_days=dwell, is_last=open_rows["left_at"].isna(), came=came)
    grouped = visits.groupby(["opportunity_id", "stage"], sort=True)
    frame = grouped.agg(
        team=("team", "first"),
        entered_at=("entered_at", "min"),
        left_at=("left_at", "max"),
        dwell_days=("dwell_days", "sum"),
        is_last=("is_last", "any"),
        visits=("came", "sum"),
        position=("position", "first"),
    ).reset_index()
    reached = frame["opportunity_id"].map(history.groupby("opportunity_id")["position"].max()).astype("float64")
    won_at = history[history["status"].eq("won")].groupby("opportunity_id")["entered_at"].max()
    won_at = won_at.reindex(frame["opportunity_id"]).set_axis(frame.index)
    left = frame["opportunity_id"].map(_last_open(visits)).ne(frame["stage"])
    onward = left | won_at.gt(frame["entered_at"])
    frame["moved_on"] = (reached > frame["position"]).where(frame["position"].notna(), onward)
    frame["left_at"] = frame["left_at"].where(~frame["is_last"])
    frame["created_at"] = frame["entered_at"]
    frame.index = pd.Index(frame["opportunity_id"] + ":" + frame["stage"], dtype=object)
    return known.of_deals(frame, ("amount", "status", "lost_reason"))


def touch_gaps(known: Known) -> pd.DataFrame:
    """The waits of a deal while it is open, from its creation or opening again to a person's touch, or its closing.

    Every touch ends one and begins the next. What is done about a deal while it is closed neither ends nor begins one.
    """
    deals, sent = known["opportunities"], sent_messages(known)
    touched = sent[sent["actor_id"].map(known.kinds()).eq("human") & sent["opportunity_id"].isin(deals.index)]
    turns = _turns(known.tables["stage_history"])
    unrecorded = deals[~deals.index.isin(known.tables["stage_history"]["opportunity_id"])]
    moments = pd.concat(
        [
            _moments(deals["created_at"], opens=1),
            _moments(turns.loc[turns["opens"], "entered_at"], opens=1),
            _moments(turns.loc[~turns["opens"], "entered_at"], opens=0),
            _moments(unrecorded["closed_at"], opens=0),
            _moments(touched.set_index("opportunity_id")["occurred_at"]),
        ],
        ignore_index=True,
    ).sort_values(["opportunity_id", "started_at"], kind="stable")
    grouped = moments.groupby("opportunity_id")
    moments["stopped_at"] = grouped["started_at"].shift(-1)
    waits = moments[grouped["opens"].ffill().eq(1)]
    number = waits.groupby("opportunity_id").cumcount() + 1
    waits.index = pd.Index(waits["opportunity_id"] + "#" + number.astype(str), dtype=object)
    team = waits["opportunity_id"].map(deals["team"])
    frame = waits.drop(columns="opens").assign(team=team, created_at=waits["started_at"])
    return known.of_deals(frame, ("amount",))


def steps(known: Known) -> pd.DataFrame:
    """Every recorded step of a deal, from the request to its completion, with who did it as its owner."""
    rows = known.tables["steps"].set_index("step_id")
    rows = rows.assign(owner_id=rows["performer_id"], created_at=rows["requested_at"])
    return known.of_deals(rows.assign(completed_at=known.happened(rows["completed_at"])), ("amount",))


def _last_status(history: pd.DataFrame) -> pd.Series:
    return history.groupby("opportunity_id")["status"].last()


def _turns(history: pd.DataFrame) -> pd.DataFrame:
    """The rows in which a deal was opened again or closed, indexed by deal; `opens` says which."""
    opens = history["status"].eq("open")
    before = opens.groupby(history["opportunity_id"]).shift(fill_value=True)
    return history[opens.ne(before)].assign(opens=opens).set_index("opportunity_id")


def _moments(instants: pd.Series, opens: float = float("nan")) -> pd.DataFrame:
    frame = instants.dropna().rename("started_at").rename_axis("opportunity_id").reset_index()
    return frame.assign(opens=opens)


def _closings(history: pd.DataFrame) -> pd.DataFrame:
    """When each deal first and last closed, and how often: a win turned into a loss is one more, an edit is none."""
    before = history.groupby("opportunity_id")["status"].shift()
    entries = history[history["status"].ne(before) & history["status"].ne("open")]
    grouped = entries.groupby("opportunity_id")["entered_at"]
    return pd.DataFrame({"first": grouped.min(), "last": grouped.max(), "times": grouped.size()})


def _idle_days(history: pd.DataFrame) -> pd.Series:
    """Days each deal was closed before it was opened again."""
    until = history.groupby("opportunity_id")["entered_at"].shift(-1)
    closed = history["status"].ne("open")
    reopened = history.groupby("opportunity_id")["status"].shift(-1).eq("open")
    spent = (until - history["entered_at"]).dt.total_seconds() / SECONDS_A_DAY
    runs = (history["status"].eq("open")).groupby(history["opportunity_id"]).cumsum()
    ends_open = reopened.groupby([history["opportunity_id"], runs]).transform("any")
    return spent.where(closed & ends_open).groupby(history["opportunity_id"]).sum()


def _days_between(known: Known, start: pd.Series, stop: pd.Series, by_day: pd.Series) -> pd.Series:
    """Days from one instant to another; whole local days where only dates are known."""
    whole = (known.local_days(stop) - known.local_days(start)).dt.days
    return ((stop - start).dt.total_seconds() / SECONDS_A_DAY).mask(by_day, whole)


def _last_open(visits: pd.DataFrame) -> pd.Series:
    return visits.groupby("opportunity_id")["stage"].last()


def _step_faults(known: Known, deals: pd.DataFrame) -> dict[str, pd.Series]:
    """Per deal, the recorded steps of the agreement that are missing, and those that two people did."""
    rows = known.tables["steps"]
    rows = rows[known.happened(rows["completed_at"]).notna()]
    done = rows.drop_duplicates(["opportunity_id", "step", "performer_id"])
    people = Counter(zip(done["opportunity_id"], done["step"], strict=True))
    versions = known.agreement.version_of(deals["closed_at"].fillna(known.as_of))
    missing, repeated = [], []
    for deal, team, position in zip(deals.index, deals["team"], versions, strict=True):
        steps = _required(known.agreement, team, position)
        missing.append(", ".join(step for step in steps if not people[deal, step]))
        repeated.append(", ".join(step for step in steps if people[deal, step] > 1))
    return {
        "missing_steps": pd.Series(missing, deals.index, dtype=object),
        "repeated_steps": pd.Series(repeated, deals.index, dtype=object),
    }


def _required(agreement: Agreement, team: str, position: int) -> list[str]:
    """The steps that the version at a position wants recorded of a team's deals; none without a version."""
    held = agreement.versions[position].responsibilities if position >= 0 else []
    return list(dict.fromkeys(r.step for r in held if r.recorded and r.team in (None, team)))
