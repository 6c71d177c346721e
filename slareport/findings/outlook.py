"""What the next period will bring: wins and their worth from open deals and deals still to come, with a record.

A deal's chance is the share of earlier deals that stood as it stands (stage, and younger or older than usual for the
stage) at the beginning of a period and were won by its end. Everything is taken from the stage history as it stood.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import fft

from slareport import format as fmt
from slareport.findings.finding import Finding
from slareport.findings.sentences import period_word
from slareport.items.known import Known
from slareport.items.money import converted
from slareport.items.plans import pipeline_at
from slareport.period import Period
from slareport.statistics.forecasting import (
    bias,
    forecast_value_added,
    naive_forecasts,
    outlook,
    value_distribution,
    wape,
    win_distribution,
)
from slareport.statistics.shrinkage import beta_binomial_prior, shrunk

FEWEST_DEALS = 30  # that stood open at the beginning of earlier periods
FEWEST_PERIODS = 2  # to learn from
RECORD = 4  # past forecasts that make a record
MADE_NOW, REBUILT = "made now", "rebuilt from the stage history"
LONG = 10_000  # points of a distribution
SPREADS = 6  # standard deviations that a distribution of new deals covers
METHOD = (
    "A deal's chance is the share of earlier deals of its stage and age that were won within a {period}, drawn to the "
    "team's share where they are few. The range adds the open deals (Poisson-binomial) and the deals still to come "
    "(their usual number), with at least 95% probability if deals are independent; past forecasts use only what was "
    "known then."
)


@dataclass(frozen=True, eq=False)
class Window:
    """One period as it looked at its beginning: the open deals, and what came by its end.

    `open_deals` has `stage`, `older`, `amount` and, once the period is over, `won`; `new` the amounts won of deals
    that were created in it; `weighted` is what the CRM's own probabilities say.
    """

    open_deals: pd.DataFrame
    new: pd.Series
    weighted: float


def windows(known: Known, periods: Sequence[Period], zone: str, currency: str) -> list[Window]:
    """Each period as it looked at its beginning, and what came by its end, from the canonical `stage_history`.

    Amounts are in `currency` at the rates of the beginning; one that no rate leads there from is unknown.
    """
    return known.once(("windows", *periods, zone, currency), lambda: _windows(known, periods, zone, currency))


def _windows(known: Known, periods: Sequence[Period], zone: str, currency: str) -> list[Window]:
    history = known.tables["stage_history"][["opportunity_id", "entered_at", "status", "amount"]]
    currencies = known.tables["opportunities"].set_index("opportunity_id")["currency"]
    created = history.groupby("opportunity_id")["entered_at"].min()
    found = []
    for period in periods:
        start, end = period.bounds(zone)
        then = pipeline_at(known, start)
        last = history[history["entered_at"].lt(end)].drop_duplicates("opportunity_id", keep="last")
        last = last.set_index("opportunity_id")
        won = last["amount"][last["status"].eq("won")]
        came = won[created.reindex(won.index).ge(start)]
        age = (start - created.reindex(then.index)).dt.total_seconds()
        expected = then["expected_close_on"].lt(pd.Timestamp(period.end))
        amount, new = (_amounts(known, amounts, currencies, start, currency) for amounts in (then["amount"], came))
        stood = then[["stage"]].assign(amount=amount, age=age, won=then.index.isin(won.index))
        found.append(Window(stood, new, float((amount * then["probability"])[expected].sum())))
    return found


def _amounts(known: Known, amounts: pd.Series, currencies: pd.Series, at: pd.Timestamp, to: str) -> pd.Series:
    found = converted(known, amounts, currencies.reindex(amounts.index), at, to)
    return found["amount"].where(found["currency"].isna() | found["currency"].eq(to))


def chances(open_deals: pd.DataFrame, past: Sequence[Window]) -> pd.Series | None:
    """The chance of each open deal to be won within a period, from periods past; None where they are too few."""
    if len(past) < FEWEST_PERIODS:
        return None
    learnt = pd.concat([window.open_deals for window in past])
    if len(learnt) < FEWEST_DEALS:
        return None
    middle = learnt.groupby("stage")["age"].median()
    cells = [_cell(frame, middle) for frame in (learnt, open_deals)]
    counts = learnt["won"].groupby(cells[0]).agg(["sum", "size"])
    rates = shrunk(counts["sum"], counts["size"], beta_binomial_prior(counts["sum"], counts["size"]))
    return cells[1].map(rates).astype(float).fillna(learnt["won"].mean())


def forecast(window: Window, past: Sequence[Window]) -> dict[str, float] | None:
    """Wins and won amount to expect of a period from what was known at its beginning, each with its 95% range."""
    found = chances(window.open_deals, past)
    if found is None:
        return None
    new = pd.concat([each.new for each in past])
    worth = new[new.gt(0)] if new.gt(0).any() else pd.concat([each.open_deals["amount"] for each in past]).dropna()
    amounts = window.open_deals["amount"].fillna(worth.mean() if len(worth) else 0.0).clip(lower=0)
    wins = outlook(_with_new(win_distribution(found), len(new), len(past), np.ones(1)))
    values = outlook(_with_new(_coarse(value_distribution(found, amounts)), len(new), len(past), worth.to_numpy(float)))
    said = {f"wins_{name}": getattr(wins, name) for name in ("mean", "low", "high")}
    return said | {f"amount_{name}": getattr(values, name) for name in ("mean", "low", "high")}


def next_period(known: Known, periods: Sequence[Period], zone: str, currency: str) -> list[Finding]:
    """What to expect of the period after the last of `periods` (oldest first), and how such forecasts did so far.

    The first frame has a row per period, the one to come last: wins and amounts forecast with their ranges, what came,
    and whether it `held`. The second has the errors of the forecasts beside those of the forecasts anybody could make.
    """
    return known.once(("next", *periods, zone, currency), lambda: _next_period(known, periods, zone, currency))


def _next_period(known: Known, periods: Sequence[Period], zone: str, currency: str) -> list[Finding]:
    word = period_word(periods[-1].name)
    ahead = [*periods, periods[-1].next()]
    seen = windows(known, ahead, zone, currency)
    rows = [forecast(window, seen[:number]) or {} for number, window in enumerate(seen)]
    columns = [f"{what}_{part}" for what in ("wins", "amount") for part in ("mean", "low", "high")]
    frame = pd.DataFrame(rows, index=[p.name for p in ahead], columns=columns, dtype=float)
    past = seen[:-1]
    frame["wins"] = [*(int(w.open_deals["won"].sum()) + len(w.new) for w in past), math.nan]
    frame["amount"] = [*(float(_won(w).sum()) for w in past), math.nan]
    frame["weighted"] = [window.weighted for window in seen]
    inside = frame["amount"].between(frame["amount_low"], frame["amount_high"])
    frame["held"] = inside.where(frame["amount"].notna() & frame["amount_low"].notna()).astype("boolean")
    method = METHOD.format(period=word)
    return [_expected(frame, word, currency, method), _record(frame, periods[-1], word, method)]


def snapshots(expected: Finding, team: str, as_of: pd.Timestamp, currency: str) -> pd.DataFrame:
    """The forecasts of `next_period`, as each run keeps them: the one made now, and earlier ones rebuilt.

    Amounts are in `currency`; ranges hold 95%. What came is missing where a period is not over.
    """
    frame = expected.frame.rename_axis("period").reset_index()
    source = [REBUILT] * (len(frame) - 1) + [MADE_NOW]
    kept = frame.assign(team=team, as_of=as_of.isoformat(), source=source, currency=currency)
    return kept[kept["wins_mean"].notna()]


def _expected(frame: pd.DataFrame, word: str, currency: str, method: str) -> Finding:
    title = f"Next {word}"
    row, held = frame.iloc[-1], frame["held"].dropna()
    if math.isnan(row["wins_mean"]):
        said = f"No forecast: fewer than {FEWEST_DEALS} deals stood open at the beginning of earlier {word}s."
        return Finding("outlook", title, said, frame, method)
    low, high = (fmt.money(row[f"amount_{end}"], currency) for end in ("low", "high"))
    said = (
        f"Next {word} we expect {fmt.count(row['wins_mean'])} wins "
        f"({fmt.count(row['wins_low'])}{fmt.DASH}{fmt.count(row['wins_high'])}) "
        f"worth {fmt.money(row['amount_mean'], currency)} ({low} to {high}). "
    )
    said += (
        f"Ranges made this way held in {held.sum()} of the last {fmt.plural(len(held), word)}."
        if len(held) >= RECORD
        else f"There is no record yet: {fmt.plural(len(held), f'past {word}')} of the {RECORD} it takes."
    )
    return Finding("outlook", title, said, frame, method, True)


def _record(frame: pd.DataFrame, period: Period, word: str, method: str) -> Finding:
    title = "How good such forecasts were"
    past = frame.iloc[:-1]
    season = round(365.25 / (period.end - period.start).days)
    simple = naive_forecasts(past["amount"], season).assign(weighted_pipeline=past["weighted"])
    value = forecast_value_added(past["amount"], past["amount_mean"], simple)
    tested = past.dropna(subset="amount_mean")
    value["bias"] = bias(tested["amount"], tested["amount_mean"])
    if len(tested) < RECORD:
        return Finding("record", title, "No record yet.", value, method)
    error, lean = wape(tested["amount"], tested["amount_mean"]), value["bias"].iloc[0]
    said = f"Over {fmt.plural(len(tested), f'past {word}')} such forecasts were {fmt.percent(error)} off and "
    said += f"{fmt.percent(abs(lean))} too {'high' if lean > 0 else 'low'} in all"
    usual = value.T["last_period"]
    if usual["n"] >= RECORD:
        said += f"; repeating last {word}'s amount was {fmt.percent(usual['naive_wape'])} off"
    return Finding("record", title, f"{said}.", value, method, True)


def _cell(deals: pd.DataFrame, middle: pd.Series) -> pd.Series:
    older = deals["age"].gt(deals["stage"].map(middle))
    return deals["stage"].astype(object) + np.where(older, ", older", ", younger")


def _won(window: Window) -> pd.Series:
    return pd.concat([window.open_deals["amount"][window.open_deals["won"]], window.new])


def _coarse(distribution: pd.Series) -> pd.Series:
    """A long distribution on a grid ten times as wide, still finer than what is shown, and much faster."""
    if len(distribution) < LONG:
        return distribution
    totals, place = distribution.index.to_numpy(float), np.rint(np.arange(len(distribution)) / 10).astype(int)
    pmf = np.bincount(place, weights=distribution.to_numpy(float))
    return pd.Series(pmf, index=pd.Index(np.arange(pmf.size) * 10 * (totals[1] - totals[0])))


def _with_new(distribution: pd.Series, came: int, periods: int, amounts: np.ndarray) -> pd.Series:
    """A distribution of wins or amounts with that of deals still to be created, whose number is negative binomial.

    `came` of them in so many past `periods`: the number to come varies by chance, and so did that of the past.
    """
    if not amounts.size:
        return distribution
    index = distribution.index.to_numpy(float)
    step = index[1] - index[0] if index.size > 1 else max(1.0, float(amounts.max()) / 100)
    units = np.rint(amounts / step).astype(int)
    shape, share = came + 0.5, periods / (periods + 1)
    most = shape / periods + SPREADS * math.sqrt(shape / periods / share) + SPREADS
    size = fft.next_fast_len(index.size + math.ceil(most * units.max()), real=True)
    one = fft.rfft(np.bincount(units, minlength=size) / units.size)
    pmf = fft.irfft(fft.rfft(distribution.to_numpy(float), size) * (share / (1 - (1 - share) * one)) ** shape, size)
    return pd.Series(pmf.clip(min=0) / pmf.clip(min=0).sum(), index=pd.Index(np.arange(size) * step))
