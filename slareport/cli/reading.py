"""Commands to read on with: what happened to one item, a review as PDF, and mails with reviews."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slareport.cli.app import Outputs_, Workspace_, app, now, open_home, out, period_of, told

POST = ".post"


@app.command()
@told
def explain(
    promise: Annotated[str, typer.Argument(help="A promise or result of the agreement.")],
    item: Annotated[str, typer.Argument(help="The id of a lead, a deal or what else is judged, as in misses.csv.")],
    period: Annotated[str, typer.Option(help="A period, such as 2026Q3: data up to when it settled.")] = "last",
    as_of: Annotated[str, typer.Option(help="Data up to this local time (default: when the period settled).")] = "",
    team: Annotated[str | None, typer.Option(help="Look among this team's items only.")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Tell what happened to one item, instant by instant, and why it is judged as it is."""
    from slareport.review import Review, Summary
    from slareport.telling import lines, renderable

    home = open_home(workspace, outputs)
    name = period_of(home, period).name
    whole = Review(team, name, as_of, workspace=home) if team else Summary(name, as_of, workspace=home)
    found = whole.timeline(item, promise)
    if out.is_terminal:
        out.print(renderable(found), soft_wrap=False)
    else:
        out.print("\n".join(lines(found)))


@app.command()
@told
def pdf(
    period: Annotated[str, typer.Option(help="A period, such as 2026Q3.")] = "last",
    team: Annotated[list[str] | None, typer.Option(help="A team; repeat for more (default: all packets).")] = None,
    client: Annotated[list[str] | None, typer.Option(help="A client; repeat for more.")] = None,
    edition: Annotated[str, typer.Option(help="For whom: team or leadership.")] = "team",
    notebook: Annotated[list[str] | None, typer.Option(help="A notebook (default: the reviews).")] = None,
    letter: Annotated[bool, typer.Option("--letter", help="For Letter paper instead of A4.")] = False,
    to: Annotated[Path | None, typer.Option(help="The folder to write to (default: OUTPUTS/.post).")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Print published packets as PDF, through Chromium."""
    from slareport.post import packets, write_pdfs

    home = open_home(workspace, outputs)
    chosen = packets(home, period_of(home, period), team or (), client or (), edition, notebook or ())
    for path in write_pdfs(chosen, to or home.outputs / POST, "Letter" if letter else "A4"):
        out.print(f"made   {path}")


@app.command()
@told
def mail(
    period: Annotated[str, typer.Option(help="A period, such as 2026Q3.")] = "last",
    of: Annotated[list[str] | None, typer.Option(help="A team, company or a client (default: the whole list).")] = None,
    to: Annotated[Path | None, typer.Option(help="The folder to write to (default: OUTPUTS/.post).")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Write a mail for everyone on the list of parameters/mail.yaml, with their review attached, ready to be sent."""
    from slareport.post import write_mails

    home = open_home(workspace, outputs)
    for path in write_mails(home, period_of(home, period), to or home.outputs / POST, now(), of or ()):
        out.print(f"made   {path}")
