"""Commands around a review: a workbook to answer for its misses in, what came back in it, and the signature."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from slareport.cli.app import Outputs_, Workspace_, app, day_of, open_home, out, period_of, told

review = typer.Typer(no_args_is_help=True, help="Answer for the misses of a review in a workbook, and sign it.")
app.add_typer(review, name="review")

Period_ = Annotated[str, typer.Option(help="A period, such as 2026Q3.")]
Day_ = Annotated[str, typer.Option(help="The day it was said, such as 2026-10-09 [default: today].")]


@review.command()
@told
def export(
    team: Annotated[str, typer.Option(help="A team.")],
    period: Period_ = "last",
    to: Annotated[Path | None, typer.Option(help="The file to write [default: misses-PERIOD-TEAM.xlsx].")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Write a workbook of a review's misses, to explain and dispute them or to ask for a waiver."""
    from slareport import files
    from slareport.answers import export as answers_to

    home = open_home(workspace, outputs)
    when = period_of(home, period)
    path = to or Path(f"misses-{when.name}-{team}.xlsx")
    files.write(path, answers_to(home, when, team))
    out.print(f"made   {path}; next: fill in its coloured columns, then slareport review import {path}")


@review.command("import")
@told
def import_(
    workbook: Annotated[Path, typer.Argument(help="The workbook that was filled in.")],
    on: Day_ = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Take over what a filled workbook says into the minutes of its review; everything else there stays."""
    from slareport.answers import read
    from slareport.format import plural
    from slareport.saying import say

    home = open_home(workspace, outputs)
    found = read(home, workbook, day_of(home, on))
    file = say(home, found.period, found.team, found.changes)
    new, changed = sum(map(len, found.changes.added.values())), len(found.changes.changed)
    if not new + changed:
        out.print(f"nothing is new; {file} stays as it is")
        return
    out.print(f"{plural(new, 'entry', 'entries')} new, {changed} changed in {file}")
    if "waivers" in {*found.changes.added, *(name for name, _ in found.changes.changed)}:
        known = day_of(home, on) + dt.timedelta(days=1)
        out.print(f"waivers count from then on: slareport run --period {found.period.name} --as-of {known}")


@review.command()
@told
def sign(
    by: Annotated[str, typer.Option(help="Who signs.")],
    team: Annotated[str | None, typer.Option(help="A team [default: the company].")] = None,
    period: Period_ = "last",
    role: Annotated[str, typer.Option(help="What they sign as, such as 'Team leader'.")] = "",
    on: Annotated[str, typer.Option(help="The day it was signed, such as 2026-10-09 [default: today].")] = "",
    notebook: Annotated[str, typer.Option(help="The notebook whose packet is signed [default: the review].")] = "",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Sign the packet in force of a review: its digest goes into the minutes."""
    from slareport.signing import sign as put
    from slareport.teams import COMPANY

    home = open_home(workspace, outputs)
    if team:
        home.team(team)
    whose = team or COMPANY
    when = period_of(home, period)
    file = put(home, when, whose, notebook, by, role, day_of(home, on))
    out.print(f"signed by {by}: {whose.replace(COMPANY, 'the company')}, {when.name}; see {file}")
