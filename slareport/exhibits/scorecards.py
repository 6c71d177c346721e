"""The scorecard, its headline numbers, and promises by team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from slareport import findings, sections
from slareport import format as fmt
from slareport.findings import ICONS, RESULT_WORDS, period_word, result_in_words
from slareport.kpi import KPIS
from slareport.results import CLEARLY, KEPT, MISSED, NOT_MEASURABLE, SHORT
from slareport.sections import Cell, Column, Figure, Section, Table
from slareport.sparkline import sparkline


def headline(rows: pd.DataFrame, before: pd.DataFrame, misses: pd.DataFrame) -> Section:
    """Three or four numbers about the promises, each with the period before; nothing where none are agreed.

    `before` are the rows of the period before, empty where there is nothing to compare with.
    """
    promises = _promises(rows)
    if promises.empty:
        return sections.nothing("no promises")
    then = _promises(before)
    judged = promises[promises["result"].isin([KEPT, MISSED])]
    word = period_word(promises["period"].iloc[0])
    last = [_kept(then), _share(then), fmt.count(then["missed"].sum())] if then["n"].sum() else []
    compared = [f"last {word} {figure}" for figure in last] or [""] * 3
    on_time, due, waiting = (int(promises[column].sum()) for column in ("met", "n", "pending"))
    counted = f"{fmt.count(on_time)} of {fmt.count(due)}"
    still = f"{fmt.count(waiting)} more still waiting" if waiting else ""
    figures = [
        Figure("Promises kept", _kept(promises), _note("" if len(judged) else "nothing to judge", compared[0])),
        Figure("Items on time", _share(promises), _note(counted, compared[1])),
        Figure("Misses", fmt.count(len(misses)), _note(still, compared[2]) or "in all"),
    ]
    about_leads = promises["promise"][promises["kpi"].map(lambda name: KPIS[name].subject == "leads")]
    late = misses[misses["promise"].isin(about_leads)].dropna(subset="amount").drop_duplicates("item")
    worth = late.groupby("currency")["amount"].sum()
    if len(worth):
        said = fmt.listed([fmt.money(amount, str(currency)) for currency, amount in worth.items()])
        note = f"worth of the {fmt.plural(len(late), 'deal')} that late leads became"
        figures.append(Figure("Deals behind the misses", said, note))
    return sections.section("headline", "headline numbers", figures=figures)


def scorecard(history: Mapping[str, pd.DataFrame], at_risk: Mapping[str, int], split: Sequence[Table] = ()) -> Section:
    """Every promise and every result, in the order of the agreement.

    `history` has the rows of each over the last periods, the one under review last; `at_risk` counts, per promise,
    what is still waiting and past its warning time; `split` is what a change to the agreement splits.
    """
    kinds = {kind: [r for r in history.values() if r["kind"].iloc[-1] == kind] for kind in ("promise", "outcome")}
    found = []
    if kinds["promise"]:
        titles = ["Promise", "#Promised", "#On time", "#Change", "#Late", "#Allowed", *_over(history), "Result"]
        cells = [_promise_cells(rows) for rows in kinds["promise"]]
        found.append(Table("Promises", sections.columns(titles), cells, "scorecard"))
    if kinds["outcome"]:
        titles = ["Result", "#Now", "#Likely range", "#Counted", "#Change", *_over(history), "Compared"]
        cells = [_outcome_cells(rows) for rows in kinds["outcome"]]
        found.append(Table("Results", sections.columns(titles), cells, "scorecard"))
    return sections.tables("scorecard", *found, *split, below=[*_waiting(kinds["promise"], at_risk)])


def brief(rows: pd.DataFrame) -> list[Table]:
    """The scorecard in plain words, for where nothing but words is to be had: a mail."""
    promises, outcomes = _promises(rows), rows[rows["kind"].eq("outcome")]
    kept: list[list[Cell]] = [
        [row["title"], findings.promised_in_words(row), findings.now_in_words(row), _late(row), result_in_words(row)]
        for _, row in promises.iterrows()
    ]
    moved: list[list[Cell]] = [
        [row["title"], findings.now_in_words(row), findings.change_in_words(row), result_in_words(row)]
        for _, row in outcomes.iterrows()
    ]
    found = [
        Table("Promises", sections.columns(["Promise", "#Promised", "#On time", "#Late", "Result"]), kept),
        Table("Results", sections.columns(["Result", "#Now", "#Change", "Compared"]), moved),
    ]
    return [table for table in found if table.rows]


def matrix(caption: str, by_team: Mapping[str, pd.DataFrame], kind: str, links: Mapping[str, str]) -> Section:
    """One kind of measure, measures down and teams across, each cell a result in words with its counts.

    `links` lead from the name of a team to its own review, where that is known.
    """
    titles = {r["promise"]: r["title"] for rows in by_team.values() for _, r in rows[rows["kind"].eq(kind)].iterrows()}
    if not titles:
        return sections.nothing(f"no {kind}s")
    found = {team: {row["promise"]: row for _, row in rows.iterrows()} for team, rows in by_team.items()}
    cells: list[list[Cell]] = [
        [title, *(_in_brief(rows[name]) for rows in found.values())] for name, title in titles.items()
    ]
    first = sections.columns(["Promise" if kind == "promise" else "Result"])
    teams = [Column(sections.link(team, links.get(team))) for team in by_team]
    below = ["What is not called clear could be chance."] if kind == "promise" else []
    return sections.tables(caption, Table(caption, [*first, *teams], cells, "matrix"), below=below)


def _promises(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["kind"].eq("promise")]


def _kept(promises: pd.DataFrame) -> str:
    judged = promises[promises["result"].isin([KEPT, MISSED])]
    return f"{judged['result'].eq(KEPT).sum()} of {len(judged)}" if len(judged) else fmt.NO_DATA


def _share(promises: pd.DataFrame) -> str:
    return fmt.percent(promises["met"].sum() / promises["n"].sum()) if promises["n"].sum() else fmt.NO_DATA


def _note(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _over(history: Mapping[str, pd.DataFrame]) -> list[str]:
    """The title of the column with the lines."""
    rows = next(iter(history.values()))
    return [f"Last {fmt.plural(len(rows), period_word(rows['period'].iloc[-1]))}"]


def _waiting(promises: Sequence[pd.DataFrame], at_risk: Mapping[str, int]) -> list[str]:
    """What of each promise is neither on time nor late yet."""
    said = []
    for row in (rows.iloc[-1] for rows in promises):
        if row["pending"]:
            risk = at_risk.get(row["promise"], 0)
            warned = f", {fmt.count(risk)} of them past the warning time" * bool(risk)
            said.append(f"{row['title']}: {fmt.count(row['pending'])} still waiting{warned}.")
    return said


def _result(row: pd.Series, words: str, note: str = "") -> Cell:
    return sections.result(ICONS.get(row["result"], "none"), words, note)


def _in_brief(row: pd.Series) -> Cell:
    """A result in a cell of a matrix: a promise with its counts, an outcome with its value."""
    if not row["n"]:
        return _result(row, result_in_words(row))
    if row["kind"] == "promise":
        sure = ", clearly" * (row["evidence"] == CLEARLY)
        return _result(row, RESULT_WORDS[row["result"]], findings.of_how_many(row) + sure)
    return _result(row, findings.value_in_words(row, row["value"]), result_in_words(row))


def _line(rows: pd.DataFrame) -> Cell:
    """The values of several periods, without those measured otherwise or covered by the records in part only."""
    row = rows.iloc[-1]
    alike = rows["definition"].eq(row["definition"]) & rows["n"].gt(0)
    whole = rows["value"].where(alike & ~rows["result"].isin([SHORT, NOT_MEASURABLE]))
    known = rows[whole.notna()]
    ends = [known.iloc[place] for place in (0, -1)] if len(known) else []
    words = [findings.value_in_words(each, each["value"]) for each in ends]
    told = f"{row['title']}: from {words[0]} to {words[1]}" if words else ""
    return sparkline(whole.tolist(), row["target"], told) or fmt.DASH


def _promise_cells(rows: pd.DataFrame) -> list[Cell]:
    row = rows.iloc[-1]
    return [
        row["title"],
        findings.promised_in_words(row),
        findings.now_in_words(row),
        findings.change_in_words(row),
        _late(row),
        fmt.count(row["allowed"]) if row["n"] else fmt.DASH,
        _line(rows),
        _result(row, result_in_words(row)),
    ]


def _late(row: pd.Series) -> str:
    return f"{fmt.count(row['missed'])} of {fmt.count(row['n'])}" if row["n"] else fmt.DASH


def _outcome_cells(rows: pd.DataFrame) -> list[Cell]:
    row = rows.iloc[-1]
    return [
        row["title"],
        findings.now_in_words(row),
        findings.interval_in_words(row).strip("()") or fmt.DASH,
        findings.of_how_many(row),
        findings.change_in_words(row),
        _line(rows),
        _result(row, result_in_words(row)),
    ]
