"""One team in one period: its review, and the numbers and methods behind it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pandas as pd

from slareport import corrected, exhibits, restatement, sections, signing
from slareport import format as fmt
from slareport.editions import inside
from slareport.errors import UsageError
from slareport.evaluation import evaluate
from slareport.exhibits import Gallery, team_findings
from slareport.findings import Finding, asked, outlook, value_in_words
from slareport.review.inside import Inside
from slareport.sections import Section
from slareport.workspace import Workspace, open_workspace


class Review(Inside):
    """The review of one team in one period.

    `team` is a name of `parameters/teams.yaml`, `period` such as 2026Q3, `as_of` empty (when the period has
    settled) or a local date or time, `edition` the audience: team or leadership. Raises `UsageError` for names that
    do not exist, with the nearest ones.
    """

    kind = "{} SLA review"
    notebook = "team_review"
    more = "Every promise over time, the numbers behind the findings and how they were found: the annex of this review."

    def __init__(
        self, team: str, period: str, as_of: str = "", edition: str = "team", *, workspace: Workspace | None = None
    ) -> None:
        evaluation = evaluate(workspace or open_workspace(), period, as_of, team, inside(edition))
        self.team = evaluation.workspace.team(team)
        super().__init__(evaluation, self.team.name)

    @property
    def zone(self) -> str:
        """The time zone of the team's calendar."""
        return self.agreement.versions[-1].calendars[self.team.calendar].zone

    def since_last(self) -> Section:
        """What is corrected in what was signed, and what became of earlier decisions and actions; else nothing."""
        return sections.joined(self.corrected(), self._restated(), self._agreed_before())

    def _restated(self) -> Section:
        """The numbers of the period before that are no longer as they were signed."""
        then = [value_in_words(row, row["previous_published"]) for _, row in self.rows.iterrows()]
        now = [value_in_words(row, row["previous"]) for _, row in self.rows.iterrows()]
        both = self.rows["previous"].notna() & self.rows["previous_published"].notna()
        moved = [f"{title} {before} → {after}" for title, before, after, known in
                 zip(self.rows["title"], then, now, both, strict=True) if known and before != after]  # fmt: skip
        if self._before is None or not moved:
            return sections.nothing("nothing signed was corrected")
        signed = signing.words(self._before.signature)
        text = f"{self.period.previous().title} was {signed}. Corrected since: {fmt.listed(moved)}. The annex says why."
        return sections.tables(text, above=[text])

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

    def _answers(self) -> list[str]:
        return [f"Led by {self.evaluation.people.hide(self.team.leader)}"]


class Annex(Review):
    """The numbers and methods behind the review of one team in one period. Parameters as for `Review`."""

    kind = "{} SLA review, annex"
    notebook = "annex"
    more = ""
    full = True

    def causes(self) -> Gallery:
        """Why items of each promise were missed, counted."""
        figures = [] if self.missed.empty else [exhibits.causes(self.missed, self.name, self.period)]
        return Gallery(team_findings.causes(self.evaluation, self.rows, self.missed), *figures)

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
        then = now.again(before.name)
        then_view, now_view = restatement.view(then), restatement.view(replace(now, period=before))
        return corrected.told(restatement.compare(then_view, now_view, before))
