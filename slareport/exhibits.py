"""Frames to what a reader sees: each function makes one section or one figure, in finished words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from slareport import charts, findings, sections
from slareport import format as fmt
from slareport.findings import ICONS, result_in_words, value_in_words
from slareport.period import Period
from slareport.scorecard import KEPT, MISSED
from slareport.sections import Cell, Column, Figure, Section, Table

SHOWN_MISSES = 10
TABLE_WORDS = {"leads": "Leads", "opportunities": "Deals"}

Words = Callable[[pd.Series], str]


def headline(rows: pd.DataFrame, misses: pd.DataFrame) -> Section:
    """Three or four numbers about the promises; nothing where none are agreed."""
    promises = rows[rows["kind"].eq("promise")]
    if promises.empty:
        return sections.nothing("no promises")
    judged = promises[promises["result"].isin([KEPT, MISSED])]
    on_time, due, waiting = (int(promises[column].sum()) for column in ("met", "n", "pending"))
    share = fmt.percent(on_time / due) if due else "no data"
    figures = [
        Figure("Promises kept", f"{judged['result'].eq(KEPT).sum()} of {len(judged)}", "judged this period"),
        Figure("Items on time", share, f"{fmt.count(on_time)} of {fmt.count(due)}"),
        Figure(
            "Misses", fmt.count(len(misses)), f"{fmt.count(waiting) if waiting else 'none'} still inside their time"
        ),
    ]
    worth = misses.dropna(subset="amount").drop_duplicates("item").groupby("currency")["amount"].sum()
    if len(worth):
        said = fmt.listed([fmt.money(amount, str(currency)) for currency, amount in worth.items()])
        figures.append(Figure("Deals from missed leads", said, "amount of the deals they became"))
    return sections.section("headline", "headline numbers", figures=figures)


def scorecard(rows: pd.DataFrame) -> Section:
    """Every promise and every result, in the order of the agreement."""
    promises = rows[rows["kind"].eq("promise")]
    outcomes = rows[rows["kind"].eq("outcome")]
    found = []
    if len(promises):
        titles = ["Promise", "#Promised", "#On time", "#Of", "#Late", "#Waiting", "#Change", "Result"]
        cells = [_promise_cells(row) for _, row in promises.iterrows()]
        found.append(Table("Promises", _columns(titles), cells, "scorecard"))
    if len(outcomes):
        titles = ["Result", "#Now", "Likely range", "#Counted", "#Before", "#Change", "Compared"]
        cells = [_outcome_cells(row) for _, row in outcomes.iterrows()]
        found.append(Table("Results", _columns(titles), cells, "scorecard"))
    return sections.tables("scorecard", *found)


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
    words = [value_in_words(each, each["value"]) if each["n"] else "no data" for _, each in rows.iterrows()]
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
    now = value_in_words(row, row["value"]) if row["n"] else "no data this period"
    claim = f"{row['title']}: {now}" + (f". {result_in_words(row)}" if row["n"] else "")
    caption = f"{name}, last {len(periods)} periods, with the likely range (95%) of each"
    target = row["target"] if row["kind"] == "promise" else None
    chart = charts.trend(rows, words, [period.title for period in periods], unit=row["unit"], target=target)
    return charts.Figure(f"trend-{row['promise']}", claim, caption, f"{row['title']}: {told}.", chart, table)


def compared(rows: pd.DataFrame, period: Period) -> charts.Figure:
    """One promise across teams: `rows` are its scorecard rows with `team` as people know it."""
    first = rows.iloc[0]
    missed = rows[rows["result"].eq(MISSED)]["team"].tolist()
    claim = f"{first['title']}: " + (f"missed by {fmt.listed(missed)}" if missed else "missed by no team")
    words = [value_in_words(row, row["value"]) for _, row in rows.iterrows()]
    table = pd.DataFrame(
        {
            "Team": rows["team"],
            "#On time": words,
            "#Counted": [findings.of_how_many(row) for _, row in rows.iterrows()],
            "Result": [result_in_words(row) for _, row in rows.iterrows()],
        }
    )
    promised = fmt.percent(first["target"])
    told = "; ".join(f"{team} {word}" for team, word in zip(rows["team"], words, strict=True))
    caption = f"{period.title}, share on time with its likely range (95%); the line is the promise, {promised}"
    chart = charts.compared(rows, words, target=first["target"])
    about = f"{first['title']}, promised {promised}: {told}."
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
    total = f"{len(shown)} of {fmt.plural(len(rows), 'miss')}, the latest first"
    late = "Late by is working time, up to the reply or, without one, to the end of the data."
    below = [f"{late} Due times are local to {zone}. All misses are in misses.csv."]
    return sections.tables("misses", Table(total, columns, cells), below=below)


def trust(accounting: pd.DataFrame, judged: pd.DataFrame, rejects: pd.DataFrame, aliased: Mapping[str, int]) -> Section:
    """Where every row and every item went, and what was set aside and why."""
    numbers = ("read", "used", "excluded", "set_aside")
    read = accounting[accounting["read"].gt(0)]
    rows = [[TABLE_WORDS[row["table"]], *(fmt.count(row[n]) for n in numbers)] for _, row in read.iterrows()]
    titles = ["Created in the period", "#Rows read", "#Used", "#Excluded", "#Set aside"]
    found = [Table("Rows read = used + excluded + set aside", _columns(titles), rows)]
    states = ("items", "judged", "pending", "excluded", "invalid", "no_case")
    items = [[row["title"], *(fmt.count(row[s]) for s in states)] for _, row in judged.iterrows()]
    titles = ["Dated in the period", "#Items", "#Judged", "#Waiting", "#Excluded", "#Invalid", "#No case"]
    found.append(Table("Items = judged + waiting + excluded + invalid + no case", _columns(titles), items))
    if len(rejects):
        # Reasons are counted without the ids in them.
        reason = rejects["reason"].str.replace(r"^(merged into|its owner is no user of the CRM).*", r"\1", regex=True)
        groups = rejects.assign(reason=reason).groupby(["table", "reason", "effect"], sort=True)
        counts: list[list[Cell]] = [[*map(str, key), fmt.count(len(part))] for key, part in groups]
        titles = ["Table", "Reason", "Effect", "#Rows"]
        found.append(Table("Rows that are not used as they stand", _columns(titles), counts))
    below = [f"{fmt.count(n)} values of {what}." for what, n in aliased.items() if n]
    below.append("Every such row is listed in rejects.csv with its file, row and value.")
    return sections.tables("where every row went", *found, below=below)


def _columns(titles: Sequence[str]) -> list[Column]:
    """Columns by their titles; one marked `#` holds numbers."""
    return [Column(title.lstrip("#"), title.startswith("#")) for title in titles]


def _result(row: pd.Series, words: str) -> Cell:
    return sections.result(ICONS.get(row["result"], "none"), words)


def _promise_cells(row: pd.Series) -> list[Cell]:
    return [
        row["title"],
        fmt.percent(row["target"]),
        value_in_words(row, row["value"]) if row["n"] else "no data",
        fmt.count(row["n"]),
        fmt.count(row["missed"]),
        fmt.count(row["pending"]),
        findings.change_in_words(row),
        _result(row, result_in_words(row)),
    ]


def _outcome_cells(row: pd.Series) -> list[Cell]:
    return [
        row["title"],
        value_in_words(row, row["value"]) if row["n"] else "no data",
        findings.interval_in_words(row).strip("()"),
        findings.of_how_many(row),
        value_in_words(row, row["previous"]),
        findings.change_in_words(row),
        _result(row, result_in_words(row)),
    ]


def _miss_cells(row: pd.Series, titles: Mapping[str, str], zone: str) -> list[Cell]:
    return [
        sections.link(_text(row["name"]) or row["item"], row["record_url"]),
        _text(row["account"]),
        titles[row["promise"]],
        fmt.moment(row["due_at"], zone),
        fmt.duration(row["late_minutes"]),
        row["owner_at_deadline"],
        _text(row["cause"]).capitalize(),
    ]


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
