"""The commands. They parse, print and choose the exit code; everything else is elsewhere."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from slareport.errors import Problem, SlareportError, UsageError

PARTIAL = 3
INTERRUPTED = 130
TERMINATED = 143

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sales SLA reviews from CRM tables.",
)
out, err = Console(soft_wrap=True, highlight=False), Console(stderr=True, soft_wrap=True, highlight=False)

Workspace_ = Annotated[Path | None, typer.Option("--workspace", "-w", help="The workspace [default: found upwards].")]
Outputs_ = Annotated[
    Path | None, typer.Option("--outputs", "-o", help="Where packets go [default: WORKSPACE/outputs].")
]
Command = TypeVar("Command", bound=Callable[..., Any])


def told(command: Command) -> Command:
    """Errors a person can mend are printed, each on its line, and end with their exit code."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except SlareportError as error:
            for problem in error.problems:
                err.print(f"[red]error[/red] {_plain(problem)}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            err.print("interrupted; run the same command again to make what is missing")
            raise typer.Exit(INTERRUPTED) from None

    return wrapped  # type: ignore[return-value]


@app.command()
@told
def run(
    period: Annotated[str, typer.Option(help="A period or a range: last, 2026Q3, 2024Q1..2026Q3.")] = "last",
    team: Annotated[list[str] | None, typer.Option(help="A team; repeat for more [default: all].")] = None,
    notebook: Annotated[list[str] | None, typer.Option(help="A notebook; repeat for more [default: all].")] = None,
    as_of: Annotated[str, typer.Option(help="Data up to this local time [default: when the period settled].")] = "",
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Notebooks at a time [default: one per core].")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made and why; make nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only problems.")] = False,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Make the review packets of some teams and periods, and the index of all reviews."""
    from slareport import run as batch
    from slareport.kernels import stop_all
    from slareport.period import parse_periods

    home = _open(workspace, outputs)
    today = dt.datetime.now(dt.UTC).date()
    periods = parse_periods(period, fiscal_start=home.agreement.fiscal_start, today=today)
    planned = batch.plan(home, periods, team or (), notebook or (), as_of)
    if dry_run:
        _show_plan(home, planned)
        return
    failed = made = 0
    with _stopping(stop_all), _progress(len(planned), quiet=quiet) as (cell_started, ended):
        for outcome in batch.run(home, planned, workers=jobs or os.cpu_count() or 1, progress=cell_started):
            failed, made = failed + bool(outcome.failure), made + (not outcome.failure)
            ended(outcome)
    if not quiet:
        out.print(f"{made} of {len(planned)} packets made. All reviews: {home.outputs / 'index.html'}")
    if failed:
        raise typer.Exit(PARTIAL)


@app.command()
@told
def check(workspace: Workspace_ = None, outputs: Outputs_ = None) -> None:
    """Check agreement, teams, source and notebooks without running anything."""
    from slareport import run as batch
    from slareport.source import Reader

    home = _open(workspace, outputs)
    Reader(home.source, home.agreement.zone).check()
    for name in batch.reviews(home):
        batch.parameters_of(home.notebook(name))
    latest = home.agreement.versions[-1]
    out.print(f"agreement   {len(home.agreement.versions)} versions, the latest from {latest.effective_from}")
    out.print(f"            {len(latest.promises)} promises, {len(latest.outcomes)} results")
    out.print(f"teams       {', '.join(home.teams)}")
    out.print(f"source      {home.source.mapping.title}: {', '.join(sorted(home.source.mapping.tables))}")
    out.print(f"notebooks   {', '.join(batch.reviews(home))}")
    out.print("everything is in order")


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
def notebook(
    team: Annotated[str, typer.Argument(help="A team.")],
    period: Annotated[str, typer.Argument(help="A period, such as 2026Q3.")],
    name: Annotated[str, typer.Option("--notebook", help="The notebook to copy.")] = "team_review",
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Copy a notebook, set to a team and period, to work in; the committed one stays as it is."""
    from slareport.start import scratch_copy

    out.print(str(scratch_copy(_open(workspace, outputs), name, team, period)))


@app.command()
@told
def verify(workspace: Workspace_ = None, outputs: Outputs_ = None) -> None:
    """Compare every published file with its manifest."""
    from slareport.outputs import verify as hold

    home = _open(workspace, outputs)
    out.print(f"{hold(home.outputs)} packets hold: no file changed, none missing, none added")


def _open(workspace: Path | None, outputs: Path | None) -> Any:
    """The workspace, named in the environment too, so that kernels open the same one."""
    from slareport.workspace import OUTPUTS_VARIABLE, ROOT_VARIABLE, open_workspace

    if workspace is not None and not workspace.is_dir():
        raise UsageError(Problem("no such folder", str(workspace), cure="name a folder with parameters/"))
    home = open_workspace(workspace, outputs)
    os.environ[ROOT_VARIABLE], os.environ[OUTPUTS_VARIABLE] = str(home.root), str(home.outputs)
    return home


def _show_plan(home: Any, planned: list[Any]) -> None:
    table = Table("notebook", "period", "team", "why", box=None, pad_edge=False)
    for job in planned:
        before = job.place.current(home.outputs)
        why = f"again: one of {before['as_of'][:10]} is there" if before else "no packet yet"
        table.add_row(job.notebook, job.period, job.team, why)
    out.print(table)
    out.print(f"{len(planned)} packets would be made")


@contextlib.contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[tuple[Any, Any]]:
    """A bar over the batch with the cells in work; plain lines where there is no terminal; nothing when quiet."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    bar = Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal)
    working: dict[str, str] = {}

    def cell_started(job: Any, cell: str) -> None:
        working[str(job)] = f"{job}: {cell}"
        bar.update(task, description=" | ".join(sorted(working.values())))

    def ended(outcome: Any) -> None:
        working.pop(str(outcome.job), None)
        bar.advance(task)
        if outcome.failure:
            err.print(f"[red]failed[/red] {outcome.job}: {_escaped(outcome.failure)}; see {outcome.folder}")
        elif not quiet:
            out.print(f"made   {outcome.job}: {outcome.folder / 'packet.html'}")

    with bar:
        task = bar.add_task("", total=total)
        yield cell_started, ended


@contextlib.contextmanager
def _stopping(stop_all: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and Ctrl-C end the kernels first, then the command."""

    def terminate(*_: Any) -> None:
        stop_all()
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt:
        stop_all()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _plain(problem: Problem) -> str:
    return _escaped(str(problem))


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
