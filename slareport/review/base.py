"""What every edition of a review has: the sections that a client may see too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pandas as pd

from slareport import exhibits, findings, glossary, record, sections
from slareport import format as fmt
from slareport.charts import Figure
from slareport.evaluation import Evaluation
from slareport.exhibits import Gallery
from slareport.findings import period_word
from slareport.results import CLEARLY, MISSED, WORSE
from slareport.sections import Asked, Section

INSTANT = pd.Timedelta(microseconds=1)
WEIGHTS = {MISSED: 2, WORSE: 1}
REGULAR = {"month": "Monthly", "quarter": "Quarterly", "half-year": "Half-yearly", "year": "Yearly"}
MOST_CHARTS = 4  # in full size; what else needs attention is shown small


class Base:
    """The sections that every review has, whoever reads it."""

    kind: str
    full = False
    judges = True  # whether its record holds a scorecard and misses

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
        return self.evaluation.trends()

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The scorecard as a frame, to work with."""
        rows = pd.concat([rows.iloc[[-1]] for rows in self.history.values()], ignore_index=True)
        return rows.assign(previous_published=rows["promise"].map(self._published()).astype("float64"))

    @cached_property
    def missed(self) -> pd.DataFrame:
        """Every miss of the period as a frame, to work with."""
        return self.evaluation.misses()

    @cached_property
    def lede(self) -> str:
        """The bottom line as one or two sentences."""
        return findings.bottom_line(self.rows)

    @cached_property
    def points(self) -> list[str]:
        """At most five points behind the bottom line, the weightiest first."""
        return findings.points(self.rows, self.missed)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.header()._repr_mimebundle_(include, exclude)

    def header(self) -> Section:
        """Whose review this is, of which period, and how current the data is."""
        known = fmt.day(self.evaluation.as_of - INSTANT, self.evaluation.zone)
        in_force = self.agreement.in_force(self.period)
        states = [self.evaluation.workspace.signatures.state(self.agreement, version) for version in in_force]
        versions = fmt.listed([version.version for version in in_force])
        agreed = f"agreement version {versions}" + ", not in force then" * bool(self.agreement.reaches)
        return sections.section(
            "header",
            self._title(),
            company=self.agreement.versions[-1].title,
            heading=f"{self.kind.format(REGULAR[period_word(self.period.name)])}: {self.name}, {self.period.title}",
            about=" · ".join([*self._answers(), f"Data up to {known}", agreed]),
            unsigned=[state.sentence for state in states if state.missing],
            provisional=self.evaluation.provisional,
            settles=fmt.day(self.agreement.as_of(self.period), self.evaluation.zone),
            supersedes=self._supersedes(),
        )

    def bottom_line(self) -> Section:
        """The one sentence to take away, what is behind it, and what is to be decided."""
        asked, more = self._asked()
        return sections.section("bottom_line", self.lede, lede=self.lede, points=self.points, asked=asked, more=more)

    def headline(self) -> Section:
        """Three or four numbers, each with the period before."""
        before = pd.concat([rows.iloc[[-2]] for rows in self.history.values()], ignore_index=True)
        comparable = self.rows["previous"].notna() | self.rows["n"].eq(0)
        promises = self.rows["kind"].eq("promise")
        return exhibits.headline(self.rows, before if comparable[promises].all() else before[:0], self.missed)

    def scorecard(self) -> Section:
        """Every promise and every result, in the order of the agreement; under each version what a change splits."""
        split = [] if self._split.empty else [exhibits.split(self._split, self.agreement.versions)]
        return exhibits.scorecard(self.history, self.evaluation.at_risk(), split)

    def attention(self) -> Gallery:
        """What was missed or got worse, the clearest first: how it went, the causes, and who answers for it."""
        shown: list[Figure | Section] = []
        for number, name in enumerate(self._attended()):
            row = self.history[name].iloc[-1]
            shown.append(self._trend(row) if number < MOST_CHARTS else self._small(row))
            if row["result"] == MISSED:
                shown += self._why(name)
        return Gallery(*shown)

    def others(self) -> Gallery:
        """The promises that need no attention and had items to judge, in small."""
        due = self.rows[self.rows["kind"].eq("promise") & self.rows["n"].gt(0)]
        others = due[~due["promise"].isin(self._attended())]
        return Gallery(*(self._small(row) for _, row in others.iterrows()))

    def misses(self) -> Section:
        """The misses by how late they were, with who held them and why."""
        return exhibits.misses(self.missed, self._titles, self.zone)

    def trust(self) -> Section:
        """What became of every item: counted, waiting, excluded, or not used because of its data."""
        return exhibits.counted(self._items())

    def definitions(self) -> Section:
        """What each promise and result means, as agreed."""
        teams = [self.evaluation.workspace.teams.get(team) for team in self.evaluation.teams]
        calendars = sorted({team.calendar for team in teams if team})
        return glossary.definitions(self.agreement.in_force(self.period), calendars, full=self.full)

    def close(self) -> record.Record:
        """End the review: emit the record of its figures, the proof that every cell before has run."""
        return self._record

    @cached_property
    def _record(self) -> record.Record:
        told = record.Told(self._title(), self.name, self.zone, self.lede, self.points, self._said())
        judged = {"scorecard": self.rows, "versions": self._split, "misses": self.missed}
        figures = judged if self.judges else {name: rows.iloc[:0] for name, rows in judged.items()}
        return record.make(self.evaluation, told, {**figures, "forecasts": self._forecasts()})

    @cached_property
    def _split(self) -> pd.DataFrame:
        """What a change to the agreement splits, under each version."""
        return self.evaluation.split()

    def _title(self) -> str:
        return f"{self.name}, {self.period.title}"

    def _said(self) -> str:
        """The digest of what people say in it."""
        return ""

    def _supersedes(self) -> str:
        """Which signed packet this one supersedes, in words."""
        return ""

    def _published(self) -> dict[str, float]:
        """The values of the period before, as they were signed."""
        return {}

    @cached_property
    def _titles(self) -> dict[str, str]:
        return dict(zip(self.rows["promise"], self.rows["title"], strict=True))

    def _items(self) -> pd.DataFrame:
        """What became of the items of each promise and result, with its title."""
        items = self.evaluation.judged_items()
        return items.assign(title=items["measure"].map(self._titles))

    def _forecasts(self) -> pd.DataFrame:
        return pd.DataFrame()

    def _answers(self) -> list[str]:
        """Who answers for all of it."""
        return []

    def _asked(self) -> tuple[Sequence[Asked], str]:
        """The decisions asked for, and what else is to be said of them."""
        return [], ""

    def _why(self, promise: str) -> list[Section]:  # noqa: ARG002  what a client is shown does not depend on it
        """Why a promise was missed."""
        return []

    def _attended(self) -> list[str]:
        """The promises and results that need attention, the clearest misses first."""
        weight = self.rows["result"].map(WEIGHTS) + self.rows["evidence"].eq(CLEARLY)
        order = self.rows.assign(weight=weight).sort_values("weight", ascending=False, kind="stable")
        return order["promise"][order["weight"].gt(0)].tolist()

    def _trend(self, row: pd.Series) -> Figure:
        rows = self.history[row["promise"]]
        return exhibits.trend(row, rows, self.period.history(len(rows)), self.name)

    def _small(self, row: pd.Series) -> Figure:
        rows = self.history[row["promise"]]
        return exhibits.small(row, rows, self.period.history(len(rows)), self.name)
