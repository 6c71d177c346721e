"""Where time and deals are lost, before anything is promised."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pandas as pd

from slareport import findings
from slareport import format as fmt
from slareport.evaluation import evaluate
from slareport.exhibits import workflow as shown
from slareport.findings import workflow
from slareport.items.money import converted, together
from slareport.review.inside import Inside
from slareport.sections import Asked, Section
from slareport.workspace import Workspace, open_workspace

YEAR = pd.DateOffset(years=1)


class WorkflowAnalysis(Inside):
    """How the work really runs in the year up to the end of a period, whatever is promised. Parameters as `Summary`."""

    kind = "Workflow analysis"
    notebook = "workflow_analysis"
    more = ""
    judges = False

    def __init__(self, period: str, as_of: str = "", *, workspace: Workspace | None = None) -> None:
        super().__init__(evaluate((workspace or open_workspace()).reaching(period), period, as_of), "all teams")

    @cached_property
    def pain(self) -> pd.DataFrame:
        """What costs most, as a frame to work with; see `findings.workflow.pains`."""
        known = self.evaluation.items
        return workflow.pains(known["stage_visits"], known.tables["stage_history"], self._order, self._span)

    @cached_property
    def lede(self) -> str:
        """The costliest pain point."""
        clear = self.pain[self.pain["sure"]]
        if clear.empty:
            return "No team's deals clearly stay longer or drop out more than those of the others."
        return shown.pain(clear.iloc[0], self._teams, self._worth(clear.iloc[0]["cost"]))

    @cached_property
    def points(self) -> list[str]:
        """The pain points that follow."""
        clear = self.pain[self.pain["sure"]].iloc[1 : findings.MOST_POINTS + 1]
        return [shown.pain(row, self._teams, self._worth(row["cost"])) for _, row in clear.iterrows()]

    def pains(self) -> Section:
        """The pain points, costliest first."""
        return shown.pains(self.pain, self._teams)

    def stages(self) -> Section:
        """The stages: how many deals come, how long they stay, how many go on."""
        return shown.stages(workflow.stages(self.evaluation.items["stage_visits"], self._order, self._span))

    def moves(self) -> Section:
        """Every move between stages, those back to an earlier one marked."""
        return shown.moves(workflow.moves(self.evaluation.items.tables["stage_history"], self._order, self._span))

    def queues(self) -> Section:
        """When leads come and how long they wait, by weekday and hour."""
        leads = self.evaluation.items["leads"]
        return shown.queues(workflow.queues(leads, leads["team"].map(self.evaluation.workspace.zone_of), self._span))

    def handoffs(self) -> Section:
        """Handoffs by kind: how long until accepted, how many refused or returned."""
        return shown.handoffs(workflow.handoffs(self.evaluation.items.tables["handoffs"], self._span))

    @property
    def _order(self) -> list[str]:
        return self.agreement.versions[-1].stages

    @property
    def _span(self) -> workflow.Span:
        end = pd.Timestamp(self.period.end)
        start, end = ((each).tz_localize(self.zone).tz_convert("UTC") for each in (end - YEAR, end))
        return start, min(end, self.evaluation.as_of)

    @property
    def _teams(self) -> dict[str, str]:
        return {name: team.name for name, team in self.evaluation.workspace.teams.items()}

    def _worth(self, wins: float) -> str:
        """What so many won deals are worth, going by those of the year; empty where amounts have several currencies."""
        deals = self.evaluation.items["opportunities"]
        won = deals[deals["status"].eq("won") & deals["closed_at"].ge(self._span[0]) & deals["amount"].notna()]
        to = self.agreement.versions[-1].currency
        rows = converted(self.evaluation.items, won["amount"], won["currency"], won["closed_at"], to)
        currency = together(rows["currency"])
        if currency is None or "," in currency:
            return ""
        return fmt.money(wins * float(rows["amount"].mean()), currency)

    def _asked(self) -> tuple[Sequence[Asked], str]:
        return [], ""
