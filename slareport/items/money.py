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
    if (currencies.isna() | currencies.eq(to)).all():
        return pd.DataFrame({"amount": amounts * 1.0, "currency": currencies})
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
    asked, on = currencies.astype(object).where(currencies.notna(), None).to_numpy(), days.to_numpy()
    found = np.full(len(asked), np.nan)
    for currency, (since, rates) in known.once("rates", lambda: _by_currency(known.tables["fx_rates"])).items():
        mine = (asked == currency) & ~np.isnat(on)
        last = np.searchsorted(since, on[mine], side="right") - 1
        found[mine] = np.where(last < 0, np.nan, rates[last])
    rate = pd.Series(found, currencies.index)
    own = known.agreement.versions[-1].currency
    return rate if own is None else rate.mask(currencies.eq(own), 1.0)


def _by_currency(rates: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Since when each rate of a currency holds, in order, and the rates."""
    ordered = rates.sort_values("from_on", kind="stable")
    return {
        str(currency): (part["from_on"].to_numpy(), part["rate"].to_numpy(float))
        for currency, part in ordered.groupby("currency")
    }
