"""Amounts in one currency, so that they can be added."""

from __future__ import annotations

import numpy as np
import pandas as pd

from slareport.items.known import Known

BETWEEN = ", "  # currencies that stand in one cell, because no rates make them one


def converted(
    known: Known, amounts: pd.Series, currencies: pd.Series, at: pd.Series | pd.Timestamp, to: str | None
) -> pd.DataFrame:
    """`amount` and `currency` of each row, in currency `to` at the rates in force on the local day of an instant.

    The canonical rates are units of a currency per unit of the agreement's. An amount stays in its own currency where
    a rate is missing, and as it is where it has no currency or `to` is None.
    """
    if to is None:
        return pd.DataFrame({"amount": amounts, "currency": currencies})
    days = known.local_days(pd.Series(at, index=amounts.index, dtype="datetime64[us, UTC]"))
    factor = _rates(known, currencies.map(lambda _: to), days) / _rates(known, currencies, days)
    factor = factor.mask(currencies.isna() | currencies.eq(to), 1.0)
    there = factor.notna() & currencies.notna()
    return pd.DataFrame(
        {"amount": amounts.where(factor.isna(), amounts * factor), "currency": currencies.mask(there, to)}
    )


def together(*currencies: pd.Series) -> str | None:
    """The currencies of several columns in one cell; None where none is known."""
    return BETWEEN.join(sorted({each for column in currencies for each in column.dropna()})) or None


def _rates(known: Known, currencies: pd.Series, days: pd.Series) -> pd.Series:
    asked = pd.DataFrame({"currency": currencies.astype(object), "from_on": days, "row": np.arange(len(days))})
    rates = known.tables["fx_rates"].astype({"currency": object}).sort_values("from_on")
    found = pd.merge_asof(asked.dropna().sort_values("from_on"), rates, on="from_on", by="currency").set_index("row")
    rate = found["rate"].astype("float64").reindex(asked["row"]).set_axis(currencies.index)
    own = known.agreement.versions[-1].currency
    return rate if own is None else rate.mask(currencies.eq(own), 1.0)
