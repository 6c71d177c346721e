"""The command for the weeks between reviews."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from slareport.cli.app import Outputs_, Workspace_, app, now, open_home, out, show, told
from slareport.cli.reading import POST

URGENT = 10


class Form(StrEnum):
    """How `watch` answers."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command()
@told
def watch(
    team: Annotated[list[str] | None, typer.Option(help="A team; repeat for more (default: all).")] = None,
    as_of: Annotated[str, typer.Option(help="Look as of this local time (default: now).")] = "",
    form: Annotated[Form, typer.Option("--format", help="A table to read, or all rows for a program.")] = Form.TABLE,
    mail: Annotated[bool, typer.Option("--mail", help="Write a mail for everyone in parameters/mail.yaml.")] = False,
    to: Annotated[Path | None, typer.Option(help="The folder for mails (default: OUTPUTS/.post).")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Say which clocks run now, what is due, and how many misses are left; exit with 10 if anything is urgent."""
    from slareport.exhibits import watch as shown
    from slareport.period import instant
    from slareport.watch import watch as look
    from slareport.weekly import write_weekly

    home = open_home(workspace, outputs)
    at = instant(as_of or now().isoformat(), home.agreement.zone)
    found = look(home, at, team or ())
    if mail:
        for path in write_weekly(home, found, to or home.outputs / POST, at.to_pydatetime()):
            out.print(f"made   {path}")
    elif form is Form.TABLE:
        teams = {key: one.name for key, one in home.teams.items()}
        out.print("\n".join([shown.bottom_line(found), *shown.exhausted(found, teams)]))
        for table in (shown.clocks(found, teams, home.zone_of), shown.budgets(found, teams)):
            show(table)
    else:
        print(found.clocks.to_csv(index=False) if form is Form.CSV else shown.as_json(found), end="")
    if found.urgent:
        raise typer.Exit(URGENT)
