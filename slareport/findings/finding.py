"""What a finding is: a frame, and a sentence made from it that says how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from slareport import format as fmt

ALPHA = 0.05  # the share of false alarms a finding may raise where there is nothing to find


@dataclass(frozen=True, eq=False)
class Finding:
    """One answer to one question of a review.

    `name` tells findings apart and `title` is a heading; the `sentence` is for the page, with its uncertainty in it,
    and every number in it comes from the `frame`. `method` says how it was found. Where nothing is `clear` of the
    uncertainty the sentence says so and names nothing.
    """

    name: str
    title: str
    sentence: str
    frame: pd.DataFrame
    method: str
    clear: bool = False


def worth(rows: pd.DataFrame) -> str:
    """What deals are worth by currency, "€1.2m and $300k"; empty where no amounts are known.

    `rows` has `amount` and `currency`, one row per deal.
    """
    totals = rows.dropna(subset=["amount", "currency"]).groupby("currency")["amount"].sum()
    return fmt.listed([fmt.money(amount, str(currency)) for currency, amount in totals.items()])
