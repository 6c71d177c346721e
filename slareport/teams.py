"""What a team is: its name, calendar and people, and what the CRM calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from slareport.agreement import Agreement, Identifier, Text
from slareport.documents import Strict, parse, read_document
from slareport.errors import UsageError, did_you_mean

UNASSIGNED = "unassigned"
COMPANY = "_all"  # what reviews of all teams together are filed under; no team can be called that


class Team(Strict):
    """A team that is reviewed. `crm` lists the values by which the CRM's users belong to it."""

    name: Text
    leader: Text
    calendar: Identifier
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    crm: list[Text] = Field(min_length=1)


class _Teams(Strict):
    teams: dict[Identifier, Team] = Field(min_length=1)


def load_teams(path: Path, root: Path, agreement: Agreement | None) -> dict[str, Team]:
    """Read `teams.yaml`. Raises `UsageError` for a calendar the agreement lacks or a CRM value of two teams."""
    document = read_document(path, root)
    teams = parse(document, _Teams).teams
    problems = []
    for name, team in teams.items():
        for version in agreement.versions if agreement else ():
            if team.calendar not in version.calendars:
                what = f"version {version.version} of the agreement has no such calendar"
                cure = did_you_mean(team.calendar, version.calendars)
                problems.append(document.problem(("teams", name, "calendar"), what, team.calendar, cure))
    if UNASSIGNED in teams:
        cure = "rename it: items without a team are shown under that name"
        problems.append(document.problem(("teams", UNASSIGNED), "this name is taken", UNASSIGNED, cure))
    owner: dict[str, str] = {}
    for name, value in ((name, value) for name, team in teams.items() for value in dict.fromkeys(team.crm)):
        if value in owner:
            what = f"this CRM value leads to the team {owner[value]} too"
            problems.append(document.problem(("teams", name, "crm"), what, value, "keep one of them"))
        owner.setdefault(value, name)
    if problems:
        raise UsageError(problems)
    return teams
