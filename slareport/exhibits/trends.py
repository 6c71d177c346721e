"""One measure over periods or across teams, and why it was missed: charts with their claims."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from slareport import charts, findings
from slareport import format as fmt
from slareport.findings import result_in_words, value_in_words
from slareport.findings.ranges import usual
from slareport.period import Period
from slareport.results import MISSED, SHORT


def trend(row: pd.Series, rows: pd.DataFrame, periods: Sequence[Period], name: str) -> charts.Figure:
    """One promise or outcome over several periods: `row` is the newest of `rows`, which are oldest first."""
    now = f"{findings.now_in_words(row)}. {result_in_words(row)}" if row["n"] else "no data this period"
    shaded = _usual(rows, periods)
    each = [one for _, one in rows.iterrows()]
    words = [findings.now_in_words(one) for one in each]
    chart = charts.trend(rows, words, [label(period) for period in periods], unit=row["unit"], usual=shaded)
    caption = f"{_span(row, periods, name)}, with likely ranges (95%){_remarks(rows, periods)}"
    caption += "; shaded: the usual range" * (shaded.low == shaded.low)
    return _over(f"trend-{row['promise']}", f"{row['title']}: {now}", caption, each, words, periods, chart)


def small(row: pd.Series, rows: pd.DataFrame, periods: Sequence[Period], name: str) -> charts.Figure:
    """The same, small enough to stand beside others."""
    each = [one for _, one in rows.iterrows()]
    words = [findings.now_in_words(one) for one in each]
    chart = charts.small(rows, words, [label(period) for period in periods], unit=row["unit"])
    claim = f"{row['title']}: {words[-1]}"
    return _over(f"small-{row['promise']}", claim, _span(row, periods, name), each, words, periods, chart)


def _over(
    key: str,
    claim: str,
    caption: str,
    rows: Sequence[pd.Series],
    words: Sequence[str],
    periods: Sequence[Period],
    chart: charts.Chart,
) -> charts.Figure:
    """A chart over periods with its table and the words that stand for it."""
    table = pd.DataFrame(
        {
            "Period": [period.title for period in periods],
            "#Value": words,
            "#Likely range": [findings.interval_in_words(row).strip("()") for row in rows],
            "#Counted": [findings.of_how_many(row) for row in rows],
            "Result": [result_in_words(row) for row in rows],
        }
    )
    told = "; ".join(f"{period.title} {word}" for period, word in zip(periods, words, strict=True))
    return charts.Figure(key, claim, caption, f"{rows[-1]['title']}: {told}.", chart, table)


def _span(row: pd.Series, periods: Sequence[Period], name: str) -> str:
    return f"{name}, last {fmt.plural(len(periods), findings.period_word(row['period']))}"


def _usual(rows: pd.DataFrame, periods: Sequence[Period]) -> charts.Usual:
    """The usual range as the chart shows it."""
    found = usual(rows, periods)
    if found.left is None:
        return charts.Usual(found.low, found.high)
    told = f"{'below' if found.below else 'above'} its usual range since {found.left.title}"
    return charts.Usual(found.low, found.high, label(found.left), told)


def compared(rows: pd.DataFrame, period: Period) -> charts.Figure:
    """One promise across teams: `rows` are its scorecard rows with `team` as people know it."""
    first = rows.iloc[0]
    missed = rows[rows["result"].eq(MISSED)]["team"].tolist()
    claim = f"{first['title']}: missed by {fmt.listed(missed) if missed else 'no team'}"
    words = [value_in_words(row, row["value"]) for _, row in rows.iterrows()]
    table = pd.DataFrame(
        {
            "Team": rows["team"],
            "#On time": words,
            "#Counted": [findings.of_how_many(row) for _, row in rows.iterrows()],
            "Result": [result_in_words(row) for _, row in rows.iterrows()],
        }
    )
    told = "; ".join(f"{team} {word}" for team, word in zip(rows["team"], words, strict=True))
    caption = f"{period.title}, share on time with its likely range (95%)"
    chart = charts.compared(rows, words, target=first["target"])
    about = f"{first['title']}, promised {findings.promised_in_words(first)}: {told}."
    return charts.Figure(f"teams-{first['promise']}", claim, caption, about, chart, table)


def causes(misses: pd.DataFrame, name: str, period: Period) -> charts.Figure:
    """Why items were missed, counted."""
    counts = misses["cause"].str.capitalize().value_counts()
    rows = pd.DataFrame({"name": counts.index.astype(str), "count": counts.to_numpy()})
    rows = rows.sort_values(["count", "name"], ascending=[False, True], ignore_index=True)
    claim = f"{rows['name'][0]}: {fmt.count(rows['count'][0])} of {fmt.plural(len(misses), 'miss')}"
    told = "; ".join(f"{cause} {n}" for cause, n in zip(rows["name"], rows["count"], strict=True))
    table = rows.rename(columns={"name": "Cause", "count": "Misses"})
    caption = f"{name}, {period.title}, misses by cause"
    return charts.Figure("causes", claim, caption, f"Misses by cause: {told}.", charts.counted(rows), table)


def label(period: Period) -> str:
    """A period below an axis, in at most two short words."""
    first, _, rest = period.title.partition(" ")
    return f"{first[:3]} {rest}" if first in fmt.MONTHS else period.title


def _remarks(rows: pd.DataFrame, periods: Sequence[Period]) -> str:
    """What a reader must know about some of the periods of a trend."""
    said = []
    used = [(set(d.split("; ")), p) for d, n, p in zip(rows["definition"], rows["n"], periods, strict=True) if n]
    changed = [later.title for (before, _), (now, later) in pairwise(used) if now - before]
    if changed:
        said.append(f"; measured differently since {fmt.listed(changed)}")
    if rows["result"].eq(SHORT).any():
        said.append("; hollow: the records begin too late for this period")
    return "".join(said)
