"""Commands to start with: a workspace, its mapping, whether all is in order, a notebook to work in."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slareport.cli.app import Outputs_, Workspace_, app, err, escaped, folder_of, open_home, out, plain, told

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table


@app.command()
@told
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make a workspace in.")] = Path(),
    sample: Annotated[
        bool, typer.Option("--sample", help="With the sample company's agreement and CRM exports.")
    ] = False,
) -> None:
    """Make a workspace: parameters and notebooks to start from."""
    from slareport.start import make_workspace

    made = make_workspace(folder, sample=sample)
    out.print(f"a workspace is in {made.resolve()}; next: slareport check, slareport run --period 2026Q3")


@app.command()
@told
def check(workspace: Workspace_ = None, outputs: Outputs_ = None) -> None:
    """Check agreement, teams, source and notebooks without running anything."""
    from slareport.checks import check as in_order
    from slareport.checks import doubtful, unmeasurable, unsettled
    from slareport.jobs import reviews

    home = in_order(folder_of(workspace), outputs)
    latest = home.agreement.versions[-1]
    out.print(f"agreement   {len(home.agreement.versions)} versions, the latest from {latest.effective_from}")
    out.print(f"            {len(latest.promises)} promises, {len(latest.outcomes)} results")
    out.print(f"teams       {', '.join(home.teams)}")
    out.print(f"source      {home.source.mapping.title}: {', '.join(sorted(home.source.tables))}")
    for title, needs in unmeasurable(home).items():
        out.print(f"            not measurable: {title} needs {', '.join(needs)}")
    out.print(f"notebooks   {', '.join(reviews(home.root))}")
    for problem in [*doubtful(home), *unsettled(home)]:
        err.print(f"[yellow]warning[/yellow] {plain(problem)}")
    out.print("everything is in order")


@app.command("map")
@told
def propose(
    exports: Annotated[list[Path], typer.Argument(help="CSV exports, or a folder of them.")],
    output: Annotated[Path | None, typer.Option("--output", help="A new file for the mapping.")] = None,
) -> None:
    """Propose a mapping for exports of an unknown layout, and say what they make measurable."""
    from slareport.measurable import sentence
    from slareport.proposal import preview, save
    from slareport.proposal import propose as look

    proposal = look(exports)
    out.print(proposal.text)
    if output:
        save(proposal, output)
    for table, rows in preview(proposal).items():
        out.print(_records(table, rows))
    out.print(f"{sentence(proposal.settled())}\n")
    out.print(f"{len(proposal.decisions)} to decide" + (f" in {output}, written" if output else ", marked above"))


@app.command()
@told
def notebook(
    team: Annotated[str, typer.Argument(help="A team.")],
    period: Annotated[str, typer.Argument(help="A period, such as 2026Q3.")],
    name: Annotated[str, typer.Option("--notebook", help="The notebook to copy.")] = "team_review",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Copy a notebook, set to a team and period, to work in; the committed one stays as it is."""
    from slareport.start import scratch_copy

    copy = scratch_copy(open_home(workspace, outputs), name, team, period)
    out.print(f"a copy is in {copy}; next: jupyter lab {shlex.quote(str(copy))}")


def _records(title: str, rows: pd.DataFrame) -> Table:
    """A few records side by side, a column of theirs per line."""
    from rich.table import Table

    table = Table(title, *rows.columns, box=None, pad_edge=False)
    for column, *values in rows.itertuples():
        table.add_row(column, *map(escaped, values))
    return table
