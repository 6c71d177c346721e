"""The waivers that reviews have given, among those that the CRM holds: both count alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from slareport.items import Known
from slareport.judgements import Judgements
from slareport.kpi import KPIS
from slareport.minutes import Reviews, Waiver

DAY = pd.Timedelta(days=1)
COLUMNS = ["waiver_id", "item", "promise", "reason", "approved_by", "approved_at", "team"]

Given = Mapping[str, list[tuple[str, Waiver]]]
"""Waivers by team, each with the name of the period whose review has given it."""


def given(reviews: Reviews, teams: tuple[str, ...], known: Known) -> Given:
    """The waivers that the reviews of some teams have given up to `as_of`, those of the last day not yet."""
    return {
        team: [(name, one) for name, one in reviews.waivers(team) if _at(one, known) <= known.as_of] for team in teams
    }


def joined(items: Known, waived: Given) -> Known:
    """The items with these waivers among those of the CRM; one that names no item of its own team is left out."""
    rows = [
        (f"{period}/{team}/{one.promise}/{one.item}", one.item, one.promise, one.reason, one.approved_by,
         _at(one, items), team)
        for team, waivers in waived.items()
        for period, one in waivers
        if team in _teams(items, one)
    ]  # fmt: skip
    if not rows:
        return items
    crm = items.tables["waivers"]
    ours = pd.DataFrame(rows, columns=COLUMNS).reindex(columns=crm.columns).astype(crm.dtypes.to_dict())
    both = pd.concat([crm, ours], ignore_index=True) if len(crm) else ours
    return replace(items, tables={**items.tables, "waivers": both})


def idle(judged: Judgements, waived: Given, period: str) -> Iterator[Waiver]:
    """The waivers of one period's reviews that waive nothing: their promise has no such item of their team."""
    for team, waivers in waived.items():
        for name, one in waivers:
            rows = judged.get(one.promise)
            if name == period and rows is not None and not ((rows.index == one.item) & rows["team"].eq(team)).any():
                yield one


def _teams(items: Known, waiver: Waiver) -> set[str]:
    """The team that an item is of; none where its promise has no such item."""
    measures = (version.measure(waiver.promise) for version in items.agreement.versions)
    frames = [items[KPIS[measure.kpi].subject] for measure in measures if measure]
    return {str(frame.at[waiver.item, "team"]) for frame in frames if waiver.item in frame.index}


def _at(waiver: Waiver, items: Known) -> pd.Timestamp:
    """When a waiver is known: at the end of its day, in the reporting zone."""
    return items.midnights(pd.Series([pd.Timestamp(waiver.on) + DAY])).iloc[0]
