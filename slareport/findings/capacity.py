"""What the team will have on its hands: leads and open deals per person, wins per person and product."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from slareport import format as fmt
from slareport.findings.finding import Finding
from slareport.statistics import TAIL, Estimate
from slareport.statistics.forecasting import outlook, value_distribution, win_distribution

FEWEST = 4  # past periods


def usual_number(counts: Sequence[float]) -> Estimate:
    """How many to expect next time, from the numbers of past periods, with the 95% range of a single period.

    The mean and its prediction range (Student's t), from the greater of the variance seen and that of a Poisson
    number. Without a range below four periods; NaN for none.
    """
    past = np.asarray(counts, dtype=float)
    if not past.size:
        return Estimate(math.nan, math.nan, math.nan)
    mean = float(past.mean())
    if past.size < FEWEST:
        return Estimate(mean, math.nan, math.nan)
    spread = math.sqrt(max(mean, float(past.var(ddof=1))) * (1 + 1 / past.size))
    half = float(special.stdtrit(past.size - 1, 1 - TAIL)) * spread
    return Estimate(mean, max(0.0, mean - half), mean + half)


def load(leads: pd.DataFrame, deals: pd.DataFrame) -> Finding:
    """Leads, open deals and wins to expect per person in the next period.

    `leads` holds counts, a row per person and a column per past period (oldest first); `deals` a row per open
    deal: `owner` and `chance` of a win (0-1). The frame has a row per person who had leads in the last period or has
    open deals, and one for `all`: `leads` and their range, `open_deals` now, `wins` of those and their range (missing
    without chances).
    """
    title = "Load per person"
    method = (
        "The mean of the past periods with the range a single period falls into (Student's t); wins from the chances "
        "of the deals open now (Poisson-binomial), without deals still to come."
    )
    busy = leads.index[leads.iloc[:, -1].gt(0)] if leads.shape[1] else leads.index
    people = sorted({*busy, *deals["owner"].dropna()})
    rows = {who: _row(leads.reindex([who], fill_value=0), deals[deals["owner"].eq(who)]) for who in people}
    rows["all"] = _row(leads, deals)
    names = ["leads", "leads_low", "leads_high", "open_deals", "wins", "wins_low", "wins_high"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    if not people or leads.shape[1] < FEWEST:
        said = f"Too few past periods to expect a load from: {leads.shape[1]} of the {FEWEST} it takes."
        return Finding("load", title, said, frame, method)
    whole = frame.iloc[-1]
    said = (
        f"We expect {fmt.count(whole['leads'])} leads ({_range(whole, 'leads')}), "
        f"{fmt.number(whole['leads'] / len(people), 1)} for each of {fmt.plural(len(people), 'person', 'people')}; "
        f"{fmt.plural(int(whole['open_deals']), 'deal is', 'deals are')} open"
    )
    if not math.isnan(whole["wins"]):
        said += f", of which we expect to win {fmt.count(whole['wins'])} ({_range(whole, 'wins')}) in that time"
    said += "."
    return Finding("load", title, said, frame, method)


def products(lines: pd.DataFrame) -> Finding:
    """Units to expect per product from the open deals.

    `lines` has a row per deal and product: `product`, `quantity` and the deal's `chance` of a win. The frame has a row
    per product: open `deals`, `offered` units, `units` expected with their range, the most first.
    """
    title = "Wins per product"
    method = (
        "Quantities on the open deals and the deals' chances, taken as independent; deals still to come are not in it."
    )
    known = lines[lines["quantity"].gt(0) & lines["product"].notna()]
    rows = {}
    for product, mine in known.groupby("product"):
        expected = outlook(value_distribution(mine["chance"], mine["quantity"]))
        rows[product] = (len(mine), mine["quantity"].sum(), expected.mean, expected.low, expected.high)
    names = ["deals", "offered", "units", "units_low", "units_high"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=names).sort_values("units", ascending=False)
    if frame.empty:
        return Finding("products", title, "No product is on an open deal.", frame, method)
    first = frame.iloc[0]
    said = f"Most units are expected of {frame.index[0]}: {fmt.count(first['units'])} ({_range(first, 'units')})."
    if len(frame) > 1 and frame.iloc[1]["units_high"] >= first["units_low"]:
        said = f"No product is clearly ahead; {said[:1].lower()}{said[1:]}"
    return Finding("products", title, said, frame, method)


def _row(leads: pd.DataFrame, deals: pd.DataFrame) -> tuple[float, ...]:
    expected = usual_number(leads.sum().tolist())
    if deals["chance"].isna().any():
        return (*expected, float(len(deals)), math.nan, math.nan, math.nan)
    wins = outlook(win_distribution(deals["chance"]))
    return (*expected, float(len(deals)), wins.mean, wins.low, wins.high)


def _range(row: pd.Series, name: str) -> str:
    return f"{fmt.count(row[f'{name}_low'])}{fmt.DASH}{fmt.count(row[f'{name}_high'])}"
