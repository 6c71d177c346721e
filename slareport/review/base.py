"""What a team's review and the company's have in common."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from slareport import corrected, exhibits, findings, glossary, record, restatement, sections, telling
from slareport import format as fmt
from slareport import timeline as timelines
from slareport.charts import Figure
from slareport.counting import measures
from slareport.errors import Problem, UsageError
from slareport.evaluation import Evaluation, evaluate, instant
from slareport.exhibits import Gallery
from slareport.findings import looks, period_word
from slareport.minutes import MOST_DECISIONS, Decision, Minutes
from slareport.scorecard import CLEARLY, MISSED, WORSE
from slareport.sections import Section
from slareport.teams import COMPANY

INSTANT = pd.Timedelta(microseconds=1)
WEIGHTS = {MISSED: 2, WORSE: 1}
REGULAR = {"month": "Monthly", "quarter": "Quarterly", "half-year": "Half-yearly", "year": "Yearly"}
MOST_CHARTS = 4  # in full size; what else needs attention is shown small


class Base:
    """The sections that every review has."""

    kind: str
    more: str
    full = False

    def __init__(self, evaluation: Evaluation, name: str) -> None:
        self.evaluation = evaluation
        self.name = name
        self.period = evaluation.period
        self.agreement = evaluation.workspace.agreement

    @property
    def zone(self) -> str:
        """The time zone of its readers."""
        return self.evaluation.zone

    @cached_property
    def history(self) -> dict[str, pd.DataFrame]:
        """The rows of each promise and result over the last ten periods, oldest first, to work with."""
        return {name: self.evaluation.trend(name) for name in measures(self.agreement, self.period)}

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The scorecard as a frame, to work with."""
        return pd.concat([rows.iloc[[-1]] for rows in self.history.values()], ignore_index=True)

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

    @cached_property
    def minutes(self) -> Minutes:
        """What people have said about this review."""
        whose = self.evaluation.teams[0] if len(self.evaluation.teams) == 1 else COMPANY
        return self.evaluation.workspace.reviews.of(self.period, whose)

    def bottom_line(self) -> Section:
        """The one sentence to take away, what is behind it, and what is to be decided."""
        decisions = self._decisions()
        lede = f"{findings.bottom_line(self.rows)} {exhibits.needed(decisions)}".strip()
        asked, others = exhibits.asked(decisions[:MOST_DECISIONS]), len(decisions) - MOST_DECISIONS
        more = f"{fmt.plural(others, 'more decision')} in the teams' own reviews." if others > 0 else ""
        return sections.section("bottom_line", lede, lede=lede, points=self._points(), asked=asked, more=more)

    def headline(self) -> Section:
        """Three or four numbers, each with the period before."""
        before = pd.concat([rows.iloc[[-2]] for rows in self.history.values()], ignore_index=True)
        comparable = self.rows["previous"].notna() | self.rows["n"].eq(0)
        promises = self.rows["kind"].eq("promise")
        return exhibits.headline(self.rows, before if comparable[promises].all() else before[:0], self.missed)

    def scorecard(self) -> Section:
        """Every promise and every result, in the order of the agreement."""
        return exhibits.scorecard(self.history, self.evaluation.at_risk())

    def attention(self) -> Gallery:
        """What was missed or got worse, the clearest first: how it went, the causes, and who answers for it."""
        shown: list[Figure | Section] = []
        for number, name in enumerate(self._attended()):
            row = self.history[name].iloc[-1]
            shown.append(self._trend(row) if number < MOST_CHARTS else self._small(row))
            if row["result"] == MISSED:
                missed = self.missed[self.missed["promise"].eq(name)]
                shown.append(exhibits.explained(missed, self.minutes.explained(name), self._owner(name)))
        return Gallery(*shown)

    def others(self) -> Gallery:
        """The promises that need no attention and had items to judge, in small."""
        due = self.rows[self.rows["kind"].eq("promise") & self.rows["n"].gt(0)]
        others = due[~due["promise"].isin(self._attended())]
        return Gallery(*(self._small(row) for _, row in others.iterrows()))

    def trends(self) -> Gallery:
        """One chart per promise and result over the last ten periods, in the order of the agreement."""
        return Gallery(*(self._trend(row) for _, row in self.rows.iterrows()))

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
        return glossary.definitions(self.agreement.in_force(self.period), calendars, full=self.full)

    def close(self) -> record.Record:
        """End the review: emit the record of its figures, the proof that every cell before has run."""
        title = self.header().text
        return record.make(self.evaluation, self.name, title, self.zone, self.rows, self.missed, self._forecasts())

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

    def _decisions(self) -> list[Decision]:
        return self.minutes.decisions

    def _points(self) -> list[str]:
        return findings.points(self.rows, self.missed)

    def _attended(self) -> list[str]:
        """The promises and results that need attention, the clearest misses first."""
        weight = self.rows["result"].map(WEIGHTS) + self.rows["evidence"].eq(CLEARLY)
        order = self.rows.assign(weight=weight).sort_values("weight", ascending=False, kind="stable")
        return order["promise"][order["weight"].gt(0)].tolist()

    def _owner(self, name: str) -> str:
        """Who answers for a promise, as the version in force at the end of the period says."""
        return next(m.owner for v in self.agreement.in_force(self.period)[::-1] if (m := v.measure(name)))

    def _trend(self, row: pd.Series) -> Figure:
        rows = self.history[row["promise"]]
        return exhibits.trend(row, rows, self.period.history(len(rows)), self.name)

    def _small(self, row: pd.Series) -> Figure:
        rows = self.history[row["promise"]]
        return exhibits.small(row, rows, self.period.history(len(rows)), self.name)
