"""What was planned against what came: quotas, commitments, coverage, forecasts."""

from __future__ import annotations

import math

import pandas as pd

from slareport.items.known import Known
from slareport.items.money import converted, together

WON_AMOUNT, QUALIFIED_LEADS = "won amount", "qualified leads"
BEFORE = pd.Timedelta(microseconds=1)
DAY = pd.Timedelta(days=1)
SNAPSHOT_GRACE = pd.Timedelta(days=3)  # a snapshot of the first days of a period still is its opening forecast


def lead_commitments(known: Known) -> pd.DataFrame:
    """Per team and term, how many qualified leads marketing committed to, and how many people it delivered."""
    frame, leads = _terms(known, QUALIFIED_LEADS), known["leads"]
    person, qualified_at = leads["person"].fillna(leads.index.to_series()), known.happened(leads["qualified_at"])
    delivered = []
    for _, term in frame.iterrows():
        inside = qualified_at.ge(term["from_at"]) & qualified_at.lt(term["to_at"])
        delivered.append(float(person[inside & leads["team"].eq(term["team"])].nunique()))
    return frame.assign(committed=frame["planned"], delivered=pd.Series(delivered, frame.index, "float64"))


def coverage(known: Known) -> pd.DataFrame:
    """Per team and term, its quota against the open deals expected to close in it, as known when it began.

    `counted_at` is the last instant before the term: coverage belongs to the review of the period before.
    `stale_amount` is open and expected to close before the term began, so it is not in `open_amount`. Amounts are in
    the agreement's currency at the rates of the day the term began; `currency` names several where rates are missing.
    """
    frame = _terms(known, WON_AMOUNT)
    rows = []
    for _, term in frame.iterrows():
        open_deals = pipeline_at(known, term["from_at"])
        mine = _in_currency(known, open_deals[open_deals["team"].eq(term["team"])], term)
        expected = mine["expected_close_on"]
        inside, stale = expected.between(term["from_on"], term["to_on"]), expected.lt(term["from_on"])
        currency = together(term[["currency"]], mine["currency"][inside])
        unknown = math.nan if _before_history(known, term) else 0.0
        rows.append((mine["amount"][inside].sum() + unknown, mine["amount"][stale].sum() + unknown, currency))
    names = ["open_amount", "stale_amount", "currency"]
    amounts = pd.DataFrame(rows, columns=names, index=frame.index).astype(dict.fromkeys(names[:2], "float64"))
    return frame.assign(**amounts, quota=frame["planned"], counted_at=frame["from_at"] - BEFORE)


def forecasts(known: Known) -> pd.DataFrame:
    """Per team and term, what was forecast when it began, and what was then won in it.

    The forecast is the CRM's own last snapshot of before the term or of its first three days; where there is none it
    is rebuilt from the stage history, amount times probability, and `source` says so. Amounts are in the agreement's
    currency at the rates of the day the term began, forecast and won alike.
    """
    frame = _terms(known, WON_AMOUNT)
    taken = known.tables["forecasts"]
    won = known["opportunities"]
    won = won[won["status"].eq("won")]
    rows = []
    for _, term in frame.iterrows():
        mine = taken[taken["team"].eq(term["team"]) & taken["from_on"].eq(term["from_on"])]
        early = mine[mine["snapshot_at"].le(min(term["from_at"] + SNAPSHOT_GRACE, known.as_of))]
        last = early.sort_values("snapshot_at").drop_duplicates("user_id", keep="last")
        at = won["closed_at"]
        inside = won["team"].eq(term["team"]) & at.ge(term["from_at"]) & at.lt(term["to_at"])
        actual = converted(known, won["amount"][inside], won["currency"][inside], term["from_at"], term["currency"])
        called = _weighted(known, term) if last.empty else _in_currency(known, last, term)
        unknown = math.nan if last.empty and _before_history(known, term) else 0.0
        currency = together(term[["currency"]], actual["currency"], called["currency"])
        source = "rebuilt from the stage history" if last.empty else "snapshot"
        rows.append((called["amount"].sum() + unknown, actual["amount"].sum(), source, currency))
    found = pd.DataFrame(rows, columns=["forecast", "actual", "source", "currency"], index=frame.index)
    return frame.assign(**found.astype({"forecast": "float64", "actual": "float64", "source": object}))


def pipeline_at(known: Known, at: pd.Timestamp) -> pd.DataFrame:
    """The deals that were open at an instant, with amount, probability and expected close as last recorded then."""
    history = known.tables["stage_history"]
    then = history[history["entered_at"].le(at)].groupby("opportunity_id").last()
    currency = known.tables["opportunities"].set_index("opportunity_id")["currency"]
    return then[then["status"].eq("open")].join(currency)


def _terms(known: Known, measure: str) -> pd.DataFrame:
    """What was planned per team and term, summed over the people of the team, in the agreement's currency."""
    rows = known.tables["quotas"]
    rows = rows[rows["measure"].eq(measure)]
    to, begin = known.agreement.versions[-1].currency, known.midnights(rows["from_on"])
    rows = rows.assign(**converted(known, rows["amount"], rows["currency"], begin, to))
    grouped = rows.groupby(["team", "from_on", "to_on"])
    frame = grouped.agg(planned=("amount", "sum"), currency=("currency", together)).reset_index()
    first, last = (frame[day].dt.strftime("%Y-%m-%d") for day in ("from_on", "to_on"))
    frame.index = pd.Index(frame["team"] + ":" + first + ":" + last, dtype=object)
    begins, ends = known.midnights(frame["from_on"]), known.midnights(frame["to_on"] + DAY)
    return frame.assign(from_at=begins, to_at=ends, created_at=begins, name="from " + first, owner_id=None)


def _before_history(known: Known, term: pd.Series) -> bool:
    """Whether a term began before a team's stage history does: what stood open then is not known."""
    history = known.tables["stage_history"]
    return not history["entered_at"][history["team"].eq(term["team"])].min() <= term["from_at"]


def _weighted(known: Known, term: pd.Series) -> pd.DataFrame:
    """The open deals a team expected to close in a term, each amount times its probability."""
    open_deals = pipeline_at(known, term["from_at"])
    inside = open_deals["expected_close_on"].between(term["from_on"], term["to_on"])
    mine = _in_currency(known, open_deals[inside & open_deals["team"].eq(term["team"])], term)
    return mine.assign(amount=mine["amount"] * mine["probability"])


def _in_currency(known: Known, rows: pd.DataFrame, term: pd.Series) -> pd.DataFrame:
    """Rows with their amounts in the currency of a term, where there are rates."""
    return rows.assign(**converted(known, rows["amount"], rows["currency"], term["from_at"], term["currency"]))
