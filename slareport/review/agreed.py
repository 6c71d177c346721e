"""The agreement to read, and the handbook of a role: made of the agreement alone, without a figure."""

from __future__ import annotations

from functools import cached_property

from slareport import format as fmt
from slareport import record, sections
from slareport.agreement import Promise, Version
from slareport.editions import CLIENT, LEADERSHIP, TEAM, role_key
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.exhibits import agreed
from slareport.findings.examples import examples
from slareport.sections import Entry, Section
from slareport.signatures import Signed
from slareport.teams import COMPANY
from slareport.workspace import Workspace, open_workspace


class Paper:
    """What every paper made of the agreement has: a version, the one in force when a period ends."""

    kind: str
    name: str
    team = COMPANY
    edition: str = LEADERSHIP

    def __init__(self, period: str, workspace: Workspace | None) -> None:
        self.workspace = workspace or open_workspace()
        self.period = self.workspace.period(period)
        self.version: Version = self.workspace.agreement.in_force(self.period)[-1]

    @cached_property
    def signed(self) -> Signed:
        """Who has signed the version."""
        return self.workspace.signatures.state(self.workspace.agreement, self.version)

    @property
    def lede(self) -> str:
        """Which version this is, and since when it holds."""
        return f"Version {self.version.version}, in force from {fmt.day(self.version.effective_from)}."

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.header()._repr_mimebundle_(include, exclude)

    def header(self) -> Section:
        """What this is, of which version."""
        return sections.section(
            "header",
            self.kind,
            company=self.version.title,
            heading=self.kind,
            about=f"{self.name} · {self.lede}",
            provisional=False,
            unsigned=[self.signed.sentence] * bool(self.signed.missing),
            supersedes="",
        )

    def hours(self) -> Section:
        """The working hours, in words."""
        return agreed.hours(self.version)

    def reviews(self) -> Section:
        """When it is reviewed."""
        return agreed.reviews(self.version)

    def close(self) -> record.Record:
        """End the paper: its record, the proof that every cell before has run."""
        told = record.Told(self.kind, self.name, self.workspace.agreement.zone, self.lede, [])
        return record.of_paper(self.workspace, told, self.period, self.team, self.edition)


class Agreed(Paper):
    """A version of the agreement for people to read.

    `period` such as 2026Q3 chooses the version in force at its end; `edition` is leadership, team, or client, who sees
    the promises made to them. Raises `UsageError` for periods without an agreement and unknown editions.
    """

    kind = "The agreement"

    def __init__(self, period: str, edition: str = LEADERSHIP, *, workspace: Workspace | None = None) -> None:
        if edition not in (LEADERSHIP, TEAM, CLIENT):
            cure = did_you_mean(edition, (LEADERSHIP, TEAM, CLIENT))
            raise UsageError(Problem("no such edition", "edition", found=edition, cure=cure))
        super().__init__(period, workspace)
        self.edition = edition
        self.name = "For clients" if edition == CLIENT else "For everyone inside"

    @cached_property
    def shown(self) -> list[Promise]:
        """The promises made to the audience."""
        return [promise for promise in self.version.promises if self.edition in promise.audience]

    def promises(self) -> Section:
        """Every promise, with what it is measured by."""
        return agreed.promises(self.shown)

    def standards(self) -> Section:
        """What holds for everything that is promised."""
        return agreed.standards(self.version)

    # What follows is for inside readers.

    def services(self) -> Section:
        """What each party provides to another."""
        return self._inside(agreed.services(self.version))

    def processes(self) -> Section:
        """How work runs."""
        return self._inside(agreed.processes(self.version))

    def responsibilities(self) -> Section:
        """Who does what."""
        return self._inside(agreed.responsibilities(self.version, self._teams))

    def outcomes(self) -> Section:
        """The results that are watched."""
        return self._inside(agreed.outcomes(self.version))

    def handoffs(self) -> Section:
        """How work passes on."""
        return self._inside(agreed.handoffs(self.version.handoffs))

    def training(self) -> Section:
        """The training on it."""
        return self._inside(agreed.training(self.version))

    def signatures(self) -> Section:
        """Who has signed it."""
        return self._inside(agreed.signatures(self.version, self.signed))

    def change(self) -> Section:
        """Why it replaced the version before."""
        return self._inside(agreed.change(self.version))

    @property
    def _teams(self) -> dict[str, str]:
        return {name: team.name for name, team in self.workspace.teams.items()}

    def _inside(self, section: Section) -> Section:
        return sections.nothing("for inside readers") if self.edition == CLIENT else section


class Handbook(Paper):
    """What one role in one team owes, to whom and by when, with examples on the team's own calendar.

    `role` is one that the agreement names, `team` a name of `parameters/teams.yaml`; `period` as for `Agreed`. Raises
    `UsageError` for others, with the nearest.
    """

    def __init__(self, role: str, team: str, period: str, *, workspace: Workspace | None = None) -> None:
        super().__init__(period, workspace)
        known = self.version.roles
        if role not in known:
            raise UsageError(Problem("no such role", "role", found=role, cure=did_you_mean(role, known)))
        self.role, self.team, self.edition = role, team, role_key(role)
        self.of_team = self.workspace.team(team)
        self.kind, self.name = f"Handbook: {role}", self.of_team.name

    @cached_property
    def owed(self) -> list[Promise]:
        """The promises that the role owns, or does the step of."""
        return [promise for promise in self.version.promises if self.role in self.version.roles_of(promise)]

    def owes(self) -> Section:
        """What the role owes, to whom."""
        return agreed.owed(self.version, self.owed, self.role)

    def steps(self) -> Section:
        """The steps that the role answers for, does, is asked about or told of."""
        return agreed.part_in(self.version, self.role, self.team)

    def by_when(self) -> Section:
        """Examples: what comes in then is due then."""
        calendar = self.version.working_hours()[self.of_team.calendar]
        since = self.version.effective_from
        told = [Entry(each.title, found) for each in self.owed if (found := examples(each, calendar, since))]
        return agreed.entries("by when", told)

    def measured(self) -> Section:
        """How each of it is measured."""
        return agreed.promises(self.owed)

    def handoffs(self) -> Section:
        """How work reaches the role, and leaves it."""
        return agreed.handoffs(self.version.handoffs)

    def hours(self) -> Section:
        """The working hours of the team."""
        only = self.version.model_copy(update={"calendars": {self.of_team.calendar: self._calendar}})
        return agreed.hours(only)

    def training(self) -> Section:
        """The training the role takes."""
        mine = [module for module in self.version.training if self.role in module.roles]
        return agreed.training(self.version.model_copy(update={"training": mine}))

    @property
    def _calendar(self) -> object:
        return self.version.calendars[self.of_team.calendar]
