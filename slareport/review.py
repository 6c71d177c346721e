"""What a notebook holds: one review of one period, its sections in the order a notebook calls them.

    review = Review("emea", "2026Q3")
    review.scorecard()

Each method is one section of the packet; `close()` is the last and proves that the notebook ran to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pandas as pd
from IPython.display import display

from slareport import charts, exhibits, findings, glossary, record, sections
from slareport import format as fmt
from slareport.evaluation import Evaluation, evaluate
from slareport.scorecard import MISSED
from slareport.sections import Section
from slareport.workspace import Workspace, open_workspace

INSTANT = pd.Timedelta(microseconds=1)


class Gallery:
    """Several charts shown by one cell."""

    def __init__(self, figures: Sequence[charts.Figure]) -> None:
        self.figures = list(figures)

    def _ipython_display_(self) -> None:
        for figure in self.figures:
            display(figure)


class _Review:
    """What a team's review and the company's have in common."""

    kind: str

    def __init__(self, evaluation: Evaluation, name: str) -> None:
        self.evaluation = evaluation
        self.name = name
        self.period = evaluation.period
        self.agreement = evaluation.workspace.agreement

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The scorecard as a frame, to work with."""
        return self.evaluation.scorecard()

    @cached_property
    def missed(self) -> pd.DataFrame:
        """Every miss of the period as a frame, to work with."""
        return self.evaluation.misses()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.header()._repr_mimebundle_(include, exclude)

    def header(self) -> Section:
        """Whose review this is, of which period, and how current the data is."""
        known = fmt.day(self.evaluation.as_of - INSTANT, self.evaluation.zone)
        versions = fmt.listed([version.version for version in self.agreement.in_force(self.period)])
        return sections.section(
            "header",
            f"{self.name}, {self.period.title}",
            company=self.agreement.versions[-1].title,
            heading=f"{self.kind}: {self.name}, {self.period.title}",
            about=f"Data up to {known} · agreement version {versions}",
            provisional=self.evaluation.provisional,
            settles=fmt.day(self.agreement.as_of(self.period), self.evaluation.zone),
        )

    def bottom_line(self) -> Section:
        """The one sentence to take away, and what is behind it."""
        lede = findings.bottom_line(self.rows)
        return sections.section("bottom_line", lede, lede=lede, points=self._points())

    def headline(self) -> Section:
        """Three or four numbers."""
        return exhibits.headline(self.rows, self.missed)

    def scorecard(self) -> Section:
        """Every promise and every result, in the order of the agreement."""
        return exhibits.scorecard(self.rows)

    def trends(self) -> Gallery:
        """One chart per promise and result over the last ten periods, what was missed first."""
        order = self.rows.assign(kept=self.rows["result"].ne(MISSED)).sort_values("kept", kind="stable")
        return Gallery([self._trend(row) for _, row in order.iterrows()])

    def trust(self) -> Section:
        """Where every row went, and what was set aside."""
        titles = dict(zip(self.rows["promise"], self.rows["title"], strict=True))
        judged = self.evaluation.judged_items()
        judged["title"] = judged["measure"].map(titles)
        rejects = self.evaluation.rejects()
        left_out = {titles[name]: n for name, n in self.evaluation.unstarted().items()}
        return exhibits.trust(self.evaluation.accounting(), judged, left_out, rejects, self.evaluation.extract.aliased)

    def definitions(self) -> Section:
        """What each promise and result means, as agreed."""
        teams = [self.evaluation.workspace.teams.get(team) for team in self.evaluation.teams]
        calendars = sorted({team.calendar for team in teams if team})
        return glossary.definitions(self.agreement.in_force(self.period), calendars)

    def close(self) -> record.Record:
        """End the review: emit the record of its figures, the proof that every cell before has run."""
        return record.make(self.evaluation, self.name, self.header().text, self.rows, self.missed)

    def _points(self) -> list[str]:
        return findings.points(self.rows, self.missed)

    def _trend(self, row: pd.Series) -> charts.Figure:
        rows = self.evaluation.trend(row["promise"])
        return exhibits.trend(row, rows, self.period.history(len(rows)), self.name)


class Review(_Review):
    """The review of one team in one period.

    `team` is a name of `parameters/teams.yaml`, `period` such as 2026Q3, `as_of` empty (when the period has
    settled) or a local date or time. Raises `UsageError` for names that do not exist, with the nearest ones.
    """

    kind = "Quarterly SLA review"

    def __init__(self, team: str, period: str, as_of: str = "", *, workspace: Workspace | None = None) -> None:
        evaluation = evaluate(workspace or open_workspace(), period, as_of, team)
        self.team = evaluation.workspace.team(team)
        super().__init__(evaluation, self.team.name)

    def causes(self) -> Gallery:
        """Why items were missed, counted."""
        return Gallery([] if self.missed.empty else [exhibits.causes(self.missed, self.name, self.period)])

    def misses(self) -> Section:
        """The misses by how late they were, with who held them and why."""
        titles = dict(zip(self.rows["promise"], self.rows["title"], strict=True))
        return exhibits.misses(self.missed, titles, self.agreement.versions[-1].calendars[self.team.calendar].zone)


class Summary(_Review):
    """The company in one period: every team side by side, for leadership. Parameters as for `Review`."""

    kind = "Quarterly SLA summary"

    def __init__(self, period: str, as_of: str = "", *, workspace: Workspace | None = None) -> None:
        super().__init__(evaluate(workspace or open_workspace(), period, as_of), "all teams")

    @cached_property
    def by_team(self) -> dict[str, pd.DataFrame]:
        """The scorecard of each team, of the items of none if there are any, and of all together, by name."""
        known = self.evaluation.workspace.teams
        each = {team: self.evaluation.scorecard(team) for team in self.evaluation.teams}
        seen = {team: rows for team, rows in each.items() if team in known or rows[["n", "pending"]].any(axis=None)}
        named = {known[team].name if team in known else "Unassigned": rows for team, rows in seen.items()}
        return {**named, "All teams": self.rows}

    def promises(self) -> Section:
        """Promises by team: kept or missed, and how sure."""
        return exhibits.matrix("Every team's promises", self.by_team, "promise", findings.promise_in_words)

    def compared(self) -> Gallery:
        """Each promise across the teams, against what is promised."""
        return Gallery([exhibits.compared(rows, self.period) for rows in self._promises_due()])

    def outcomes(self) -> Section:
        """Results by team; where nothing has really changed it says so."""
        return exhibits.matrix("Every team's results", self.by_team, "outcome", findings.outcome_in_words)

    def _points(self) -> list[str]:
        """Which teams missed what comes first: it tells what is one team's and what is everyone's."""
        teams = []
        for rows in self._promises_due():
            by_team = {str(row["team"]): row for _, row in rows.iterrows()}
            teams.append(findings.team_sentence(rows["title"].iloc[0], by_team))
        return (teams + super()._points())[: findings.MOST_POINTS]

    def _promises_due(self) -> list[pd.DataFrame]:
        """Each promise that had items to judge, a row per team."""
        teams = [rows.assign(team=name) for name, rows in self.by_team.items() if name != "All teams"]
        whole = pd.concat(teams)
        due = whole[whole["kind"].eq("promise") & whole["n"].gt(0)]
        return [rows for _, rows in due.groupby("promise", sort=False)]
