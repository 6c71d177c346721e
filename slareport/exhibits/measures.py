"""The scorecard, its trends, causes and misses, and where every row went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from slareport import charts, findings, sections
from slareport import format as fmt
from slareport.findings import ICONS, result_in_words, value_in_words
from slareport.kpi import KPIS
from slareport.period import Period
from slareport.scorecard import KEPT, MISSED, SHORT
from slareport.sections import Cell, Column, Figure, Section, Table

SHOWN_MISSES = 10
AFTER_HOURS = "after hours"  # late, and yet no working time had passed since it was due
TABLE_WORDS = {"leads": "Leads", "opportunities": "Deals", "lead_assignments": "Assignments of leads"}

Words = Callable[[pd.Series], str]


def headline(rows: pd.DataFrame, misses: pd.DataFrame) -> Section:
    """Three or four numbers about the promises; nothing where none are agreed."""
    promises = rows[rows["kind"].eq("promise")]
    if promises.empty:
        return sections.nothing("no promises")
    judged = promises[promises["result"].isin([KEPT, MISSED])]
    kept = f"{judged['result'].eq(KEPT).sum()} of {len(judged)}" if len(judged) else fmt.NO_DATA
    on_time, due, waiting = (int(promises[column].sum()) for column in ("met", "n", "pending"))
    share = fmt.percent(on_time / due) if due else fmt.NO_DATA
    figures = [
        Figure("Promises kept", kept, "of those that could be judged" if len(judged) else "nothing to judge"),
        Figure("Items on time", share, f"{fmt.count(on_time)} of {fmt.count(due)}"),
        Figure("Misses", fmt.count(len(misses)), f"{fmt.count(waiting)} more still waiting" if waiting else "in all"),
    ]
    about_leads = promises["promise"][promises["kpi"].map(lambda name: KPIS[name].subject == "leads")]
    late = misses[misses["promise"].isin(about_leads)].dropna(subset="amount").drop_duplicates("item")
    worth = late.groupby("currency")["amount"].sum()
    if len(worth):
        said = fmt.listed([fmt.money(amount, str(currency)) for currency, amount in worth.items()])
        figures.append(Figure("Deals behind the misses", said, "worth of the deals the late leads became"))
    return sections.section("headline", "headline numbers", figures=figures)


def scorecard(rows: pd.DataFrame, at_risk: Mapping[str, int]) -> Section:
    """Every promise and every result, in the order of the agreement.

    `at_risk` counts, per promise, what is still waiting and past its warning time.
    """
    promises = rows[rows["kind"].eq("promise")]
    outcomes = rows[rows["kind"].eq("outcome")]
    found = []
    if len(promises):
        titles = ["Promise", "#Promised", "#On time", "#Of", "#Late", "#Allowed", "#Waiting", "#Change", "Result"]
        cells = [_promise_cells(row) for _, row in promises.iterrows()]
        found.append(Table("Promises", _columns(titles), cells, "scorecard"))
    if len(outcomes):
        titles = ["Result", "#Now", "Likely range", "#Counted", "#Before", "#Change", "Compared"]
        cells = [_outcome_cells(row) for _, row in outcomes.iterrows()]
        found.append(Table("Results", _columns(titles), cells, "scorecard"))
    warned = zip(promises["title"], promises["promise"].map(at_risk).fillna(0), strict=True)
    below = [f"{title}: {fmt.count(n)} still waiting and past the warning time." for title, n in warned if n]
    return sections.tables("scorecard", *found, below=below)


def matrix(caption: str, by_team: Mapping[str, pd.DataFrame], kind: str, words: Words) -> Section:
    """One kind of measure, teams down and measures across, each cell a result in words."""
    titles = {r["promise"]: r["title"] for rows in by_team.values() for _, r in rows[rows["kind"].eq(kind)].iterrows()}
    if not titles:
        return sections.nothing(f"no {kind}s")
    cells: list[list[Cell]] = []
    for team, rows in by_team.items():
        found = {row["promise"]: row for _, row in rows.iterrows()}
        cells.append([team, *(_result(found[name], words(found[name])) for name in titles)])
    return sections.tables(caption, Table(caption, _columns(["Team", *titles.values()]), cells))


def trend(row: pd.Series, rows: pd.DataFrame, periods: Sequence[Period], name: str) -> charts.Figure:
    """One promise or outcome over several periods: `row` is the newest of `rows`, which are oldest first."""
    words = [findings.now_in_words(each) for _, each in rows.iterrows()]
    table = pd.DataFrame(
        {
            "Period": [period.title for period in periods],
            "#Value": words,
            "#Likely range": [findings.interval_in_words(each).strip("()") for _, each in rows.iterrows()],
            "#Counted": [findings.of_how_many(each) for _, each in rows.iterrows()],
            "Result": [result_in_words(each) for _, each in rows.iterrows()],
        }
    )
    told = "; ".join(f"{period.title} {word}" for period, word in zip(periods, words, strict=True))
    now = f"{words[-1]}. {result_in_words(row)}" if row["n"] else "no data this period"
    claim = f"{row['title']}: {now}"
    caption = f"{name}, last {fmt.plural(len(periods), findings.period_word(row['period']))}"
    caption += ", each with its likely range (95%)" + _remarks(rows, periods)
    chart = charts.trend(rows, words, [label(period) for period in periods], unit=row["unit"])
    return charts.Figure(f"trend-{row['promise']}", claim, caption, f"{row['title']}: {told}.", chart, table)


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


def misses(rows: pd.DataFrame, titles: Mapping[str, str], zone: str) -> Section:
    """The latest misses, with who held them when they were due and why; the total is said."""
    if rows.empty:
        return sections.nothing("no misses")
    shown = rows.sort_values(["late_minutes", "item"], ascending=[False, True]).head(SHOWN_MISSES)
    cells = [_miss_cells(row, titles, zone) for _, row in shown.iterrows()]
    columns = _columns(["Item", "Account", "Promise", "Due", "#Late by", "Held by", "Cause"])
    total = f"{len(shown)} of " * (len(shown) < len(rows)) + fmt.plural(len(rows), "miss")
    total += ", the longest overdue first" * (len(rows) > 1)
    late = (
        "Late by is counted like the time that was promised: until it was done or, if it was not, until the data ends."
    )
    below = [f"{late} Due times are local to {zone}. All misses are in misses.csv."]
    return sections.tables("misses", Table(total, columns, cells), below=below)


def trust(
    accounting: pd.DataFrame,
    judged: pd.DataFrame,
    left_out: Mapping[str, int],
    lost: pd.DataFrame,
    rejects: pd.DataFrame,
    aliased: Mapping[str, int],
    more: str = "",
) -> Section:
    """Where every row and every item went, what was set aside and why, and what that could change.

    `lost` are scorecard rows with how many items were `lost` because of their data; `more` says where to read on.
    """
    numbers = ("read", "used", "excluded", "set_aside")
    read = accounting[accounting["read"].gt(0)]
    rows = [[_table(row["table"]), *(fmt.count(row[n]) for n in numbers)] for _, row in read.iterrows()]
    titles = ["Created in the period", "#Rows read", "#Used", "#Excluded", "#Set aside"]
    found = [Table("Rows read = used + excluded + set aside", _columns(titles), rows)]
    states = ("items", "judged", "pending", "excluded", "invalid", "no_case")
    dated = judged[judged["items"].gt(0)]
    items = [[row["title"], *(fmt.count(row[s]) for s in states)] for _, row in dated.iterrows()]
    titles = ["Dated in the period", "#Items", "#Counted", "#Waiting", "#Excluded", "#Invalid", "#Not applicable"]
    caption = "Items = counted + waiting + excluded + invalid + not applicable"
    found.append(Table(caption, _columns(titles), items))
    if len(rejects):
        # Reasons are counted without the ids in them.
        reason = rejects["reason"].str.replace(r"^(merged into|its owner is no user of the CRM).*", r"\1", regex=True)
        groups = rejects.assign(reason=reason).groupby(["table", "reason", "effect"], sort=True)
        counts: list[list[Cell]] = []
        for key, part in groups:
            table, why, effect = map(str, key)
            counts.append([_table(table), _sentence(why), _sentence(effect), fmt.count(len(part))])
        titles = ["Table", "Reason", "Effect", "#Rows"]
        found.append(Table("Rows that are not used as they stand", _columns(titles), counts))
    below = [f"{title} leaves out {fmt.count(n)} whose clock never started." for title, n in left_out.items() if n]
    below += _unusable(lost[lost["lost"].gt(0)])
    below += [f"{fmt.count(n)} values of {what}." for what, n in aliased.items() if n]
    below.append("Every such row is listed in rejects.csv with its file, row and value.")
    return sections.tables("where every row went", *found, below=below + [more] * bool(more))


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


def _columns(titles: Sequence[str]) -> list[Column]:
    """Columns by their titles; one marked `#` holds numbers."""
    return [Column(title.lstrip("#"), title.startswith("#")) for title in titles]


def _result(row: pd.Series, words: str) -> Cell:
    return sections.result(ICONS.get(row["result"], "none"), words)


def _promise_cells(row: pd.Series) -> list[Cell]:
    return [
        row["title"],
        findings.promised_in_words(row),
        findings.now_in_words(row),
        fmt.count(row["n"]),
        fmt.count(row["missed"]),
        fmt.count(row["allowed"]),
        fmt.count(row["pending"]),
        findings.change_in_words(row),
        _result(row, result_in_words(row)),
    ]


def _outcome_cells(row: pd.Series) -> list[Cell]:
    return [
        row["title"],
        findings.now_in_words(row),
        findings.interval_in_words(row).strip("()"),
        findings.of_how_many(row),
        value_in_words(row, row["previous"]) if pd.notna(row["previous"]) else fmt.DASH,
        findings.change_in_words(row),
        _result(row, result_in_words(row)),
    ]


def _miss_cells(row: pd.Series, titles: Mapping[str, str], zone: str) -> list[Cell]:
    return [
        sections.link(_text(row["name"]) or row["item"], _text(row["record_url"])),
        _text(row["account"]),
        titles[row["promise"]],
        fmt.moment(row["due_at"], zone),
        fmt.duration(row["late_minutes"]) if row["late_minutes"] else AFTER_HOURS,
        row["owner_at_deadline"],
        _text(row["cause"]).capitalize(),
    ]


def _table(name: str) -> str:
    return TABLE_WORDS.get(name) or _sentence(name.replace("_", " "))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


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


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
