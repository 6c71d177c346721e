"""Amounts in one currency: at the rate of the day, and never added without one."""

from types import SimpleNamespace

import pandas as pd
import pytest
from canonical import canonical

from slareport.items import Known
from slareport.items.money import converted, together

RATES = pd.DataFrame(
    [("USD", "2026-01-01", 1.25), ("USD", "2026-04-01", 1.0), ("JPY", "2026-01-01", 150.0)],
    columns=["currency", "from_on", "rate"],
)


def known(own="EUR"):
    agreement = SimpleNamespace(zone="Europe/Berlin", versions=[SimpleNamespace(currency=own)])
    return Known({"fx_rates": canonical(fx_rates=RATES)["fx_rates"]}, agreement, pd.Timestamp("2026-07-08T00:00Z"), {})


@pytest.mark.parametrize(
    ("currency", "at", "to", "expected"),
    [
        pytest.param("EUR", "2026-02-01T00:00Z", "EUR", (300.0, "EUR"), id="its own currency: as it is"),
        pytest.param("USD", "2026-02-01T00:00Z", "EUR", (240.0, "EUR"), id="a dollar at 1.25 a euro"),
        pytest.param("USD", "2026-03-31T22:30Z", "EUR", (300.0, "EUR"), id="a new rate from local midnight"),
        pytest.param("USD", "2026-03-31T21:30Z", "EUR", (240.0, "EUR"), id="the old rate until then"),
        pytest.param("EUR", "2026-02-01T00:00Z", "USD", (375.0, "USD"), id="from the agreement's currency"),
        pytest.param("JPY", "2026-02-01T00:00Z", "USD", (2.5, "USD"), id="between two others"),
        pytest.param("USD", "2025-12-31T00:00Z", "EUR", (300.0, "USD"), id="no rate yet: it stays in its own"),
        pytest.param("CHF", "2026-02-01T00:00Z", "EUR", (300.0, "CHF"), id="no rate at all"),
        pytest.param("USD", "2026-02-01T00:00Z", None, (300.0, "USD"), id="nothing to convert to"),
        pytest.param(None, "2026-02-01T00:00Z", "EUR", (300.0, None), id="no currency: the only one there is"),
    ],
)
def test_an_amount_is(currency, at, to, expected):
    given = pd.Series([300.0], ["d"]), pd.Series([currency], ["d"], dtype=object)
    (found,) = converted(known(), *given, pd.Timestamp(at), to).itertuples(index=False, name=None)
    amount, now_in = found
    assert amount == pytest.approx(expected[0])
    assert now_in == expected[1] or (pd.isna(now_in) and expected[1] is None)


def test_the_agreement_s_own_rate_is_one_whatever_a_table_says():
    amounts, currencies = pd.Series([300.0]), pd.Series(["USD"])
    assert converted(known("USD"), amounts, currencies, pd.Timestamp("2026-02-01T00:00Z"), "USD")["amount"][0] == 300
    assert converted(known("JPY"), amounts, currencies, pd.Timestamp("2026-02-01T00:00Z"), "JPY")["amount"][0] == 240


def test_each_row_at_its_own_day():
    at = pd.Series(pd.to_datetime(["2026-02-01T00:00Z", "2026-05-01T00:00Z"]), ["a", "b"])
    rows = pd.Series([300.0, 300.0], ["a", "b"]), pd.Series(["USD", "USD"], ["a", "b"])
    assert converted(known(), *rows, at, "EUR")["amount"].to_dict() == pytest.approx({"a": 240.0, "b": 300.0})


def test_currencies_that_nothing_makes_one_are_named_together():
    assert together(pd.Series(["USD", None, "EUR"]), pd.Series(["EUR"])) == "EUR, USD"
    assert together(pd.Series([None], dtype=object)) is None
