"""The mail between reviews: to everyone on the list, what their team's clocks say now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from slareport import files
from slareport import format as fmt
from slareport.exhibits import watch as shown
from slareport.mail import Letter, compose
from slareport.recipients import COMPANYS, load_list
from slareport.watch import Watch
from slareport.workspace import Workspace


def write_weekly(workspace: Workspace, found: Watch, folder: Path, sent_at: dt.datetime) -> Iterator[Path]:
    """Write one mail per recipient of `parameters/mail.yaml` into a folder; clients get none.

    Raises `UsageError` for a list that is missing or wrong.
    """
    known = load_list(workspace)
    watched = set(found.clocks["team"]) | set(found.budgets["team"])
    for entry in known.reviews:
        if entry.of != COMPANYS and entry.of not in watched:
            continue
        whose = found if entry.of == COMPANYS else found.of(str(entry.of))
        name = "All teams" if entry.of == COMPANYS else workspace.teams[str(entry.of)].name
        for recipient in entry.to:
            path = folder / f"watch-{entry.of}-{recipient.addr_spec}.eml"
            files.write(path, compose(_letter(workspace, whose, name), known.sender, recipient, sent_at, []))
            yield path


def _letter(workspace: Workspace, found: Watch, name: str) -> Letter:
    teams = {key: team.name for key, team in workspace.teams.items()}
    version = workspace.agreement.in_force(found.period)[-1]
    told = f"Known up to {fmt.moment(found.as_of, workspace.agreement.zone)}, agreement version {version.version}."
    tables = [shown.clocks(found, teams, workspace.zone_of), shown.budgets(found, teams)]
    return Letter(
        f"{name}, between reviews: {found.period.title}",
        shown.bottom_line(found),
        shown.exhausted(found, teams),
        [table for table in tables if table.rows],
        None,
        told,
    )
