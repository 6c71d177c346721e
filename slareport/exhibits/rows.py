"""The rows behind the numbers: every miss, and where every row of the CRM went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from slareport import format as fmt
from slareport import sections
from slareport.kpi import KPIS
from slareport.sections import Cell, Section, Table

SHOWN_MISSES = 10
AFTER_HOURS = "after hours"  # late, and yet no working time had passed since it was due
TABLE_WORDS = {"leads": "Leads", "opportunities": "Deals", "lead_assignments": "Assignments of leads"}


def misses(rows: pd.DataFrame, titles: Mapping[str, str], zone: str) -> Section:
    """The items missed that are longest overdue, with who held them when they were due and why; the total is said."""
    if rows.empty:
        return sections.nothing("no misses")
    ordered = rows.sort_values(["late_minutes", "item"], ascending=[False, True], kind="stable")
    items = [part for _, part in ordered.groupby("item", sort=False)]
    cells = [_miss_cells(part, titles, zone) for part in items[:SHOWN_MISSES]]
    columns = sections.columns(["Item", "Account", "Promise", "Due", "#Late by", "Held by", "Cause"])
    shown = [place for place in range(len(columns)) if any(row[place] for row in cells)]
    columns, cells = [columns[place] for place in shown], [[row[place] for place in shown] for row in cells]
    whole = fmt.plural(len(rows), "miss")
    if len(items) < len(rows):
        whole = f"{fmt.plural(len(items), 'item')} with {whole}"
    caption = f"{len(cells)} of " * (len(cells) < len(items)) + whole
    caption += ", the longest overdue first" * (len(items) > 1)
    late = "Late by counts like the time that was promised, until it was done or the data ends."
    below = [f"{late} Due times are local to {zone}."]
    below += ["All misses are in misses.csv."] * (len(cells) < len(items))
    return sections.tables("misses", Table(caption, columns, cells), below=below)


def trust(
    accounting: pd.DataFrame,
    judged: pd.DataFrame,
    left_out: Mapping[str, int],
    lost: pd.DataFrame,
    rejects: pd.DataFrame,
    aliased: Mapping[str, int],
    waived: pd.DataFrame,
    more: Sequence[str] = (),
) -> Section:
    """Where every row and every item went, what was set aside, waived and why, and what that could change.

    `lost` are scorecard rows with how many items were `lost` because of their data; `waived` has the items that someone
    waived, with the `title` of the promise and the `reason`; `more` are further notes, the last where to read on.
    """
    numbers = ("read", "used", "excluded", "set_aside")
    read = accounting[accounting["read"].gt(0)]
    rows = [[_table(row["table"]), *(fmt.count(row[n]) for n in numbers)] for _, row in read.iterrows()]
    titles = ["Created in the period", "#Rows read", "#Used", "#Excluded", "#Set aside"]
    found = [Table("Rows read = used + excluded + set aside", sections.columns(titles), rows)] * bool(rows)
    partly = judged[judged["items"].gt(judged["judged"] + judged["no_case"])]
    found += [_counts(partly)] * bool(len(partly))
    if len(waived):
        found.append(_waived(waived))
    if len(rejects):
        # Reasons are counted without the ids in them.
        reason = rejects["reason"].str.replace(r"^(merged into|its owner is no user of the CRM).*", r"\1", regex=True)
        groups = rejects.assign(reason=reason).groupby(["table", "reason", "effect"], sort=True)
        counts: list[list[Cell]] = []
        for key, part in groups:
            table, why, effect = map(str, key)
            counts.append([_table(table), _sentence(why), _sentence(effect), fmt.count(len(part))])
        titles = ["Table", "Reason", "Effect", "#Rows"]
        found.append(Table("Rows that are not used as they stand", sections.columns(titles), counts))
    below = [f"{title} leaves out {fmt.count(n)} whose clock never started." for title, n in left_out.items() if n]
    whole = int(judged["items"].gt(0).sum()) - len(partly)
    if whole:
        below.insert(0, f"{'The other' if len(partly) else 'All'} {whole} measures count every item they apply to.")
    below += _unusable(lost[lost["lost"].gt(0)])
    below += [f"{fmt.count(n)} values of {what}." for what, n in aliased.items() if n]
    if not rows:
        below.insert(0, "The CRM has no row that was created in the period.")
    below.append("Every such row is listed in rejects.csv with its file, row and value.")
    return sections.tables("where every row went", *found, below=[*below, *filter(None, more)])


def counted(judged: pd.DataFrame) -> Section:
    """What became of the items of each promise, for readers who do not see the rows behind them."""
    seen = judged[judged["items"].gt(0)]
    return sections.tables("what was counted", *[_counts(seen)] * bool(len(seen)))


def _counts(judged: pd.DataFrame) -> Table:
    states = ("items", "judged", "pending", "excluded", "invalid", "no_case")
    items = [[row["title"], *(fmt.count(row[s]) for s in states)] for _, row in judged.iterrows()]
    titles = ["Dated in the period", "#Items", "#Counted", "#Waiting", "#Excluded", "#Invalid", "#Not applicable"]
    return Table("Items = counted + waiting + excluded + invalid + not applicable", sections.columns(titles), items)


def _waived(items: pd.DataFrame) -> Table:
    """The waivers of items that are excluded, by who gave them and why."""
    rows: list[list[Cell]] = []
    for key, part in items.groupby(["title", "reason"], sort=False):
        title, reason = map(str, key)
        rows.append([title, _sentence(reason), fmt.count(len(part))])
    return Table("Excluded because someone waived the promise", sections.columns(["Promise", "Waiver", "#Items"]), rows)


def _unusable(lost: pd.DataFrame) -> list[str]:
    """What rows that could not be used would change: were all of them late, or all in time."""
    said, same = [], []
    for _, row in lost.iterrows():
        n, title = int(row["lost"]), row["title"]
        many = f"{title}: {fmt.plural(n, 'row')} could not be used because of {'its' if n == 1 else 'their'} data"
        if KPIS[row["kpi"]].estimate != "share" or pd.isna(row["value"]):
            said.append(f"{many}.")
            continue
        least, most = (fmt.percent((row["numerator"] + more) / (row["denominator"] + n)) for more in (0, n))
        if least == most == fmt.percent(row["value"]):
            same.append(title)
        else:
            said.append(f"{many}; with {'it' if n == 1 else 'them'} the share would be {least} to {most}.")
    return said + [f"Rows that could not be used would change no share of {fmt.listed(same)}."] * bool(same)


def _miss_cells(rows: pd.DataFrame, titles: Mapping[str, str], zone: str) -> list[Cell]:
    """One item and the promises that were missed for it, the longest overdue first."""
    row = rows.iloc[0]
    others = len(rows) - 1
    promise = titles[row["promise"]] + f", and {fmt.plural(others, 'other promise')}" * bool(others)
    return [
        sections.link(_text(row["name"]) or row["item"], _text(row["record_url"])),
        _text(row["account"]),
        promise,
        fmt.moment(row["due_at"], zone),
        fmt.duration(row["late_minutes"]) if row["late_minutes"] else AFTER_HOURS,
        _text(row["owner_at_deadline"]),
        _text(row["cause"]).capitalize(),
    ]


def _table(name: str) -> str:
    return TABLE_WORDS.get(name) or _sentence(name.replace("_", " "))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
