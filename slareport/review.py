"""What a notebook holds: one review of one period, its sections in the order a notebook calls them.

    review = Review("emea", "2026Q3")
    review.scorecard()

Each method is one section of the packet; `close()` is the last and proves that the notebook ran to its end.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pandas as pd

from slareport import charts, corrected, exhibits, findings, glossary, record, restatement, sections, telling
from slareport import format as fmt
from slareport import timeline as timelines
from slareport.errors import Problem, UsageError
from slareport.evaluation import Evaluation, evaluate, instant
from slareport.exhibits import Gallery, team_findings
from slareport.findings import Finding, asked, looks, outlook, period_word
from slareport.scorecard import BETTER, CLEARLY, MISSED, WORSE
from slareport.sections import Section
from slareport.workspace import Workspace, open_workspace

INSTANT = pd.Timedelta(microseconds=1)
WEIGHTS = {MISSED: 2, WORSE: 1, BETTER: 1}
REGULAR = {"month": "Monthly", "quarter": "Quarterly", "half-year": "Half-yearly", "year": "Yearly"}
MOST_CHARTS = 4  # of what needs attention


class _Review:
    """What a team's review and the company's have in common."""

    kind: str
    more: str

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
            heading=f"{self.kind.format(REGULAR[period_word(self.period.name)])}: {self.name}, {self.period.title}",
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
        return exhibits.scorecard(self.rows, self.evaluation.at_risk())

    def attention(self) -> Gallery:
        """What needs attention: why promises were missed, and how the clearest of them went over ten periods."""
        weight = self.rows["result"].map(WEIGHTS) + self.rows["evidence"].eq(CLEARLY)
        order = self.rows.assign(weight=weight).sort_values("weight", ascending=False, kind="stable")
        shown = order[order["weight"].gt(0)].head(MOST_CHARTS)
        why = team_findings.causes(self.evaluation, self.rows[self.rows["result"].eq(MISSED)], self.missed)
        return Gallery([self._trend(row) for _, row in shown.iterrows()], why)

    def trends(self) -> Gallery:
        """One chart per promise and result over the last ten periods, in the order of the agreement."""
        return Gallery([self._trend(row) for _, row in self.rows.iterrows()])

    def trust(self) -> Section:
        """Where every row went, and what was set aside."""
        titles = dict(zip(self.rows["promise"], self.rows["title"], strict=True))
        judged = self.evaluation.judged_items()
        judged["title"] = judged["measure"].map(titles)
        rejects = self.evaluation.rejects()
        left_out = {titles[name]: n for name, n in self.evaluation.unstarted().items()}
        lost = self.rows.assign(lost=self.rows["promise"].map(self.evaluation.lost()))
        aliased = self.evaluation.extract.aliased
        return exhibits.trust(self.evaluation.accounting(), judged, left_out, lost, rejects, aliased, self.more)

    def explain(self, item: str, promise: str = "") -> Section:
        """The timeline behind a judgement: of a lead, a deal or any other item, under one promise or all of them.

        Raises `UsageError` naming the nearest for an item or promise that does not exist.
        """
        return telling.told(self.timeline(item, promise))

    def corrections(self, since: str | Evaluation) -> Section:
        """What has been corrected in the period's numbers since an earlier look, and why.

        `since` is a local date or time up to which things were known then, or that very evaluation, which may have
        been made from other CRM tables or parameters. Raises `UsageError` for a time after this review's own.
        """
        now = self.evaluation
        then = since if isinstance(since, Evaluation) else self._as_known(since)
        return corrected.told(restatement.compare(restatement.view(then), restatement.view(now), self.period))

    def timeline(self, item: str, promise: str = "") -> timelines.Timeline:
        """What `explain` shows, to work with."""
        made, space = self.evaluation, self.evaluation.workspace
        rejects = made.extract.rejects()
        return timelines.explain(made.items, made.judged, space.agreement, space.teams, item, promise, rejects)

    def looks(self) -> Section:
        """How many clear misses chance alone would bring, among so many promises."""
        return exhibits.sentences("many promises at once", looks.many(self._each_team()))

    def definitions(self) -> Section:
        """What each promise and result means, as agreed."""
        teams = [self.evaluation.workspace.teams.get(team) for team in self.evaluation.teams]
        calendars = sorted({team.calendar for team in teams if team})
        return glossary.definitions(self.agreement.in_force(self.period), calendars)

    def close(self) -> record.Record:
        """End the review: emit the record of its figures, the proof that every cell before has run."""
        title = self.header().text
        return record.make(self.evaluation, self.name, title, self.rows, self.missed, self._forecasts())

    def _forecasts(self) -> pd.DataFrame:
        return pd.DataFrame()

    def _as_known(self, since: str) -> Evaluation:
        """The same evaluation as of an earlier time."""
        now = self.evaluation
        if instant(since, now.zone) > now.as_of:
            cure = "choose an earlier time, or make the review as of a later one"
            raise UsageError(Problem("lies after the data of this review", "since", found=since, cure=cure))
        return evaluate(now.workspace, self.period.name, since, now.teams[0] if len(now.teams) == 1 else None)

    def _each_team(self) -> pd.DataFrame:
        """The scorecards whose promises are compared with what was promised, one below the other."""
        return self.rows

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

    kind = "{} SLA review"
    more = "Every promise over time, the numbers behind the findings and how they were found: the annex of this review."
    full = False

    def __init__(self, team: str, period: str, as_of: str = "", *, workspace: Workspace | None = None) -> None:
        evaluation = evaluate(workspace or open_workspace(), period, as_of, team)
        self.team = evaluation.workspace.team(team)
        super().__init__(evaluation, self.team.name)

    @cached_property
    def findings(self) -> list[Finding]:
        """All findings as frames with their sentences, to work with."""
        return asked.everything(self.evaluation, self.rows, self.missed, self.team.currency)

    def bottlenecks(self) -> Gallery:
        """Where deals get stuck: the stage or step that holds them longer, since when, and why shares moved."""
        return team_findings.bottlenecks(self.evaluation, self.rows, self.name, full=self.full)

    def achievers(self) -> Section:
        """Who wins, and who keeps promises, beyond what luck explains."""
        return team_findings.achievers(self.evaluation, self.rows, full=self.full)

    def outlook(self) -> Gallery:
        """What the next period will bring, from open deals and deals still to come, with a record of such forecasts."""
        return team_findings.outlook(self.evaluation, self.name, self.team.currency, full=self.full)

    def _forecasts(self) -> pd.DataFrame:
        expected, _ = asked.what_comes(self.evaluation, self.team.currency)
        return outlook.snapshots(expected, self.evaluation.teams[0], self.evaluation.as_of, self.team.currency)

    def misses(self) -> Section:
        """The misses by how late they were, with who held them and why."""
        titles = dict(zip(self.rows["promise"], self.rows["title"], strict=True))
        return exhibits.misses(self.missed, titles, self.agreement.versions[-1].calendars[self.team.calendar].zone)


class Annex(Review):
    """The numbers and methods behind the review of one team in one period. Parameters as for `Review`."""

    kind = "{} SLA review, annex"
    more = ""
    full = True

    def causes(self) -> Gallery:
        """Why items of each promise were missed, counted."""
        figures = [] if self.missed.empty else [exhibits.causes(self.missed, self.name, self.period)]
        return Gallery(figures, team_findings.causes(self.evaluation, self.rows, self.missed))

    def adherence(self) -> Section:
        """Whether leads answered in time go with more wins and happier customers."""
        return team_findings.adherence(self.evaluation, self.rows)

    def capacity(self) -> Section:
        """Leads, open deals and wins to expect per person in the next period, and units per product."""
        return team_findings.capacity(self.evaluation, self.team.currency)

    def restated(self) -> Section:
        """What has been corrected in the numbers of the period before since it settled and was reviewed, and why."""
        now, before = self.evaluation, self.period.previous()
        try:
            settled = self.agreement.as_of(before)
        except UsageError:
            return sections.nothing("no agreement was in force in all of the period before")
        if settled >= now.as_of:
            return sections.nothing("the period before had not settled")
        then = evaluate(now.workspace, before.name, team=now.teams[0])
        then_view, now_view = restatement.view(then), restatement.view(replace(now, period=before))
        return corrected.told(restatement.compare(then_view, now_view, before))


class Summary(_Review):
    """The company in one period: every team side by side, for leadership. Parameters as for `Review`."""

    kind = "{} SLA summary"
    more = "Every promise over time, the findings and how they were found: each team's review and its annex."

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
        """Each promise that a team missed, across the teams, against what is promised."""
        missed = [rows for rows in self._promises_due() if rows["result"].eq(MISSED).any()]
        return Gallery([exhibits.compared(rows, self.period) for rows in missed])

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

    def _each_team(self) -> pd.DataFrame:
        return pd.concat([rows.assign(team=name) for name, rows in self.by_team.items() if name != "All teams"])

    def _promises_due(self) -> list[pd.DataFrame]:
        """Each promise that had items to judge, a row per team."""
        whole = self._each_team()
        due = whole[whole["kind"].eq("promise") & whole["n"].gt(0)]
        return [rows for _, rows in due.groupby("promise", sort=False)]
