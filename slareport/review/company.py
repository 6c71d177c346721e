"""The company in one period: its teams side by side."""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from slareport import exhibits, findings, sections
from slareport.evaluation import evaluate
from slareport.exhibits import Gallery
from slareport.minutes import Decision
from slareport.results import CLEARLY, MISSED
from slareport.review.inside import Inside
from slareport.sections import Section
from slareport.workspace import Workspace, open_workspace

NOBODY, EVERYONE = "Unassigned", "All teams"


class Summary(Inside):
    """The company in one period: every team side by side, for leadership. Parameters as for `Review`."""

    kind = "{} SLA summary"
    notebook = "leadership_summary"
    more = "Every promise over time, the findings and how they were found: each team's review and its annex."

    def __init__(self, period: str, as_of: str = "", *, workspace: Workspace | None = None) -> None:
        super().__init__(evaluate(workspace or open_workspace(), period, as_of), "all teams")

    @cached_property
    def by_team(self) -> dict[str, pd.DataFrame]:
        """The scorecard of each team, of the items of none if there are any, and of all together, by name."""
        known = self.evaluation.workspace.teams
        each = {team: self.evaluation.scorecard(team) for team in self.evaluation.teams}
        seen = {team: rows for team, rows in each.items() if team in known or rows[["n", "pending"]].any(axis=None)}
        named = {known[team].name if team in known else NOBODY: rows for team, rows in seen.items()}
        return {**named, EVERYONE: self.rows}

    def promises(self) -> Section:
        """Promises by team: kept or missed, and how sure."""
        return exhibits.matrix("Every team's promises", self.by_team, "promise", self._links())

    def compared(self) -> Gallery:
        """The promises that several teams missed, one of them clearly: across the teams, against what is promised.

        What was noted at the company's review follows.
        """
        missed = [(rows, rows[rows["result"].eq(MISSED)]) for rows in self._promises_due()]
        several = [rows for rows, late in missed if len(late) > 1 and late["evidence"].eq(CLEARLY).any()]
        return Gallery(*(exhibits.compared(rows, self.period) for rows in several), *self._remarks())

    def since_last(self) -> Section:
        """What became of what earlier reviews of the company decided and agreed to do; else nothing."""
        return self._agreed_before()

    def trust(self) -> Section:
        """Where every row went, what was set aside, and what is corrected in the summary that was signed."""
        return sections.joined(self.corrected(), super().trust())

    def outcomes(self) -> Section:
        """Results by team; where nothing has really changed it says so."""
        return exhibits.matrix("Every team's results", self.by_team, "outcome", self._links())

    def _decisions(self) -> list[Decision]:
        """The company's own decisions, then those of the teams as they are due."""
        known = self.evaluation.workspace
        of_teams = [
            decision.model_copy(update={"question": f"{team.name}: {decision.question}"})
            for name, team in known.teams.items()
            for decision in known.reviews.of(self.period, name).decisions
        ]
        asked = [*self.minutes.decisions, *sorted(of_teams, key=lambda decision: decision.due)]
        return sorted((one.known(self.day) for one in asked), key=lambda decision: decision.taken is not None)

    @cached_property
    def points(self) -> list[str]:
        """What is everyone's and what is one team's comes first, then what moved in the company as a whole."""
        of_teams = findings.across_teams([self._of_teams(rows) for rows in self._promises_due()])
        moved = self.rows[self.rows["kind"].eq("outcome")]
        return [*of_teams, *findings.points(moved, self.missed)][: findings.MOST_POINTS]

    def _links(self) -> dict[str, str]:
        """Where each team's own review is found, if the agreement says where reviews are."""
        known = self.evaluation.workspace
        return {team.name: url for name, team in known.teams.items() if (url := known.page(name))}

    def _each_team(self) -> pd.DataFrame:
        return pd.concat([rows.assign(team=name) for name, rows in self.by_team.items() if name != EVERYONE])

    def _of_teams(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Without the items of no team: nobody answers for them."""
        return rows[rows["team"].ne(NOBODY)]

    def _promises_due(self) -> list[pd.DataFrame]:
        """Each promise that had items to judge, a row per team."""
        whole = self._each_team()
        due = whole[whole["kind"].eq("promise") & whole["n"].gt(0)]
        return [rows for _, rows in due.groupby("promise", sort=False)]
