"""Deals of a company that does not exist, with something planted in them or nothing: drawn by a seed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
from canonical import canonical

from slareport.items import Known
from slareport.period import parse_periods

ZONE = "Europe/Berlin"
PERIODS = parse_periods("2024Q2..2026Q3")
START, END = PERIODS[0].bounds(ZONE)[0], PERIODS[-1].bounds(ZONE)[1]
STAGES = ("Discovery", "Proposal", "Negotiation")
SEGMENTS = ("Energy", "Biotech", "Chemicals")
ON = {"Discovery": 0.7, "Proposal": 0.65, "Negotiation": 0.7}
DAY = pd.Timedelta(days=1)


def history(seed, n=500, slow=None, since=None, segment=None, factor=2.5, until=END + 100 * DAY, on=ON):
    """Every stage that deals went through, as a stage history, without an end to what is known.

    Deals that enter the stage `slow` from `since` on (of a `segment`, if one is named) stay `factor` times as long.
    `on` is the share of each stage that goes on, of the last one that is won; it may be a function of the instant.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number, at in enumerate(START + np.sort(rng.uniform(0, (until - START) / DAY, n)) * DAY):
        mine = rng.choice(SEGMENTS)
        amount = float(np.round(rng.lognormal(10, 0.5), 2))
        for stage in STAGES:
            rows.append((f"D{number:04}", stage, "open", at, amount, mine))
            days = rng.gamma(1.5, 14)
            held = stage == slow and at >= since and mine == (segment or mine)
            at = at + (days * factor if held else days) * DAY
            chance = on[stage](at) if callable(on[stage]) else on[stage]
            if rng.random() > chance:
                rows.append((f"D{number:04}", "Closed", "lost", at, amount, mine))
                break
        else:
            rows.append((f"D{number:04}", "Closed", "won", at, amount, mine))
    frame = pd.DataFrame(rows, columns=["opportunity_id", "stage", "status", "entered_at", "amount", "segment"])
    frame["entered_at"] = pd.to_datetime(frame["entered_at"], utc=True).astype("datetime64[us, UTC]")
    frame = frame.assign(probability=0.3, expected_close_on=frame["entered_at"].dt.tz_localize(None) + 60 * DAY)
    return frame.sort_values("entered_at", kind="stable", ignore_index=True)


def known(rows, as_of=END):
    """A stage history as it was known at an instant."""
    seen = rows[rows["entered_at"].lt(as_of)].reset_index(drop=True)
    deals = pd.DataFrame({"opportunity_id": seen["opportunity_id"].unique(), "currency": "EUR"})
    agreement = SimpleNamespace(zone=ZONE, versions=[SimpleNamespace(currency=None)])
    tables = {"stage_history": seen, "opportunities": deals, "fx_rates": canonical()["fx_rates"]}
    return Known(tables, agreement, as_of, {})


def visits(rows, as_of=END):
    """The stays in stages as known at an instant: what the items `stage_visits` hold of them."""
    rows = rows.assign(left_at=rows.groupby("opportunity_id")["entered_at"].shift(-1))
    last = rows.groupby("opportunity_id")["status"].transform("last").eq("won")
    following = rows.groupby("opportunity_id")["status"].shift(-1)
    onward = following.eq("open") | (following.eq("won") & last)
    stays = rows.assign(moved_on=onward, position=rows["stage"].map({s: n for n, s in enumerate(STAGES)}))
    stays = stays[stays["status"].eq("open") & stays["entered_at"].lt(as_of)]
    left = stays["left_at"].where(stays["left_at"].lt(as_of))
    dwell = (left.fillna(as_of) - stays["entered_at"]) / DAY
    return stays.assign(left_at=left, dwell_days=dwell, moved_on=stays["moved_on"] & left.notna(), currency="EUR")
