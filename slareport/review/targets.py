"""What could be promised: every promise played back over the past."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from slareport import findings
from slareport.charts import Figure
from slareport.evaluation import evaluate
from slareport.exhibits import Gallery, targets, trend
from slareport.findings import targets as told
from slareport.findings.sentences import period_word
from slareport.playback import STRETCH, UNREACHABLE, Playback, play_back
from slareport.review.company import EVERYONE
from slareport.review.inside import Inside
from slareport.sections import Asked, Section
from slareport.workspace import Workspace, open_workspace


class TargetSetting(Inside):
    """The promises of the newest version of the agreement, in force or a draft, as past periods would have kept them.

    `period` is the last one played back, such as 2026Q3; `as_of` as for `Review`.
    """

    kind = "Target setting"
    notebook = "target_setting"
    more = ""
    judges = False

    def __init__(self, period: str, as_of: str = "", *, workspace: Workspace | None = None) -> None:
        home = workspace or open_workspace()
        super().__init__(evaluate(home.reaching(period), period, as_of), "all teams")
        self.proposed = home.agreement.versions[-1]

    @cached_property
    def played(self) -> dict[str, list[Playback]]:
        """Every promise played back, of all teams together under "All teams" and of each, to work with."""
        made = self.evaluation
        teams = [(EVERYONE, None), *((team.name, name) for name, team in made.workspace.teams.items())]
        promises = self.proposed.promises
        return {title: [play_back(made, promise, team) for promise in promises] for title, team in teams}

    @cached_property
    def company(self) -> list[Playback]:
        """Those of all teams together, what asks for a decision first."""
        return told.by_weight(self.played[EVERYONE])

    @cached_property
    def lede(self) -> str:
        """How many promises are unreachable, a stretch, realistic, slack."""
        return told.in_all(self.company)

    @cached_property
    def points(self) -> list[str]:
        """A sentence for each promise that asks too much, and one for those that ask nothing."""
        found = [told.too_much(one) for one in self._asking][: findings.MOST_POINTS - 1]
        return [*found, *filter(None, [told.too_little(self.company)])]

    def promises(self) -> Section:
        """Every promise: how often it would have been kept, the level reached, the time needed."""
        return targets.played_back(self.company, self._word)

    def by_team(self) -> Section:
        """The verdict on every promise in each team."""
        order = [one.promise.id for one in self.company]
        alike = {team: sorted(each, key=lambda one: order.index(one.promise.id)) for team, each in self.played.items()}
        return targets.by_team(alike)

    def over_time(self) -> Gallery:
        """Each promise that asks too much, period by period, as it would have been."""
        return Gallery(*(self._figure(one) for one in self._asking))

    def services(self) -> Section:
        """The services that nothing measures."""
        return targets.unmeasured([service.name for service in self.proposed.services if not service.promises])

    @property
    def _asking(self) -> list[Playback]:
        return [one for one in self.company if one.verdict in (UNREACHABLE, STRETCH)]

    @property
    def _word(self) -> str:
        return period_word(self.period.name)

    def _figure(self, one: Playback) -> Figure:
        rows = one.rows
        return trend(rows.iloc[-1], rows, self.period.history(len(rows)), self.name)

    def _asked(self) -> tuple[Sequence[Asked], str]:
        return [], ""
