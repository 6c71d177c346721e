"""What KPIs judge: one row per item of a subject, built from the canonical tables as known at `as_of`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from slareport.tables import MESSAGES

Tables = Mapping[str, pd.DataFrame]
SECONDS_A_DAY = 86_400


def build_items(tables: Tables, *, as_of: pd.Timestamp, zone: str, record_url: str | None) -> dict[str, pd.DataFrame]:
    """The item frames by subject: `leads` and `opportunities`, each indexed by its unique id.

    Every frame has `team`, `name`, `account`, `owner_id`, `amount`, `currency` and `record_url`, besides what its
    KPIs read. `zone` is the reporting zone, in which dates without a time of day are counted.
    """
    deals = _opportunities(tables, as_of, zone)
    frames = {"leads": _leads(tables, deals), "opportunities": deals}
    return {subject: frame.assign(record_url=_links(frame.index, record_url)) for subject, frame in frames.items()}


def owner_at(legs: pd.DataFrame, instants: pd.Series) -> pd.Series:
    """Who held each lead at an instant: `instants` is indexed by lead, the answer holds owner ids, NA for none."""
    asked = instants.dropna().rename("at").rename_axis("lead_id").reset_index().sort_values("at", kind="stable")
    held = legs.sort_values(["from_at", "leg"], kind="stable")
    found = pd.merge_asof(asked, held, left_on="at", right_on="from_at", by="lead_id")
    return found.set_index("lead_id")["owner_id"].reindex(instants.index)


def _leads(tables: Tables, deals: pd.DataFrame) -> pd.DataFrame:
    """Leads with `created_at`, `assigned_at` (to the first person), `first_touch_at` and `automatic_touch_at`."""
    kinds = tables["users"].set_index("user_id")["kind"]
    legs, touches = tables["lead_legs"], tables["activities"]
    people = legs[legs["owner_id"].map(kinds).eq("human")]
    sent = touches[touches["channel"].isin(MESSAGES) & touches["direction"].eq("outbound")]
    sender = sent["actor_id"].map(kinds)
    leads = tables["leads"].set_index("lead_id")
    worth = leads["opportunity_id"].map(deals["amount"]), leads["opportunity_id"].map(deals["currency"])
    return leads.assign(
        assigned_at=people.groupby("lead_id")["from_at"].min(),
        first_touch_at=sent[sender.eq("human")].groupby("lead_id")["occurred_at"].min(),
        automatic_touch_at=sent[sender.eq("automation")].groupby("lead_id")["occurred_at"].min(),
        amount=worth[0],
        currency=worth[1],
    )


def _opportunities(tables: Tables, as_of: pd.Timestamp, zone: str) -> pd.DataFrame:
    """Deals with `created_at`, `status` and `closed_at` as of the last closing known, and `cycle_days`."""
    deals = tables["opportunities"].set_index("opportunity_id")
    history = tables["stage_history"]
    known = deals["closed_at"].le(as_of)
    status = deals["status"].where(known | deals["status"].eq("open"), "open")
    closed_at = deals["closed_at"].where(known & status.ne("open"))
    exact = deals.index.isin(history["opportunity_id"])  # a history knows the instant, and what it says stands
    status = status.mask(exact, _last_status(history).reindex(deals.index))
    closed_at = closed_at.mask(exact, _last_closing(history).reindex(deals.index))
    by_day = deals["created_at__date"] | (deals["closed_at__date"] & ~exact)
    cycle = (closed_at - deals["created_at"]).dt.total_seconds() / SECONDS_A_DAY
    whole = (_local_day(closed_at, zone) - _local_day(deals["created_at"], zone)).dt.days
    return deals.assign(status=status, closed_at=closed_at, cycle_days=cycle.mask(by_day, whole))


def _last_status(history: pd.DataFrame) -> pd.Series:
    return history.groupby("opportunity_id")["status"].last()


def _last_closing(history: pd.DataFrame) -> pd.Series:
    """When each deal entered the status it is in now, for the deals that are closed: edits afterwards do not count."""
    before = history.groupby("opportunity_id")["status"].shift()
    entries = history[history["status"].ne(before)].groupby("opportunity_id")[["status", "entered_at"]].last()
    return entries["entered_at"].where(entries["status"].ne("open"))


def _local_day(instants: pd.Series, zone: str) -> pd.Series:
    return instants.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()


def _links(ids: pd.Index[Any], template: str | None) -> pd.Series:
    links = [template.replace("{id}", str(name)) if template else None for name in ids]
    return pd.Series(links, index=ids, dtype=object)
