"""The commands. They parse, print and choose the exit code; everything else is elsewhere."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console

from slareport.errors import Problem, SlareportError, UsageError

if TYPE_CHECKING:  # imported where they are used, so that --help is instant
    import pandas as pd
    from rich.table import Table

    from slareport.jobs import Job
    from slareport.period import Period
    from slareport.run import Outcome
    from slareport.workspace import Workspace

PARTIAL = 3
INTERRUPTED = 130
TERMINATED = 143
POST = ".post"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sales SLA reviews from CRM tables.",
)
out, err = Console(soft_wrap=True, highlight=False, markup=False), Console(stderr=True, soft_wrap=True, highlight=False)

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
    edition: Annotated[str, typer.Option(help="For whom: team or leadership.")] = "team",
    client: Annotated[list[str] | None, typer.Option(help="A client's own review instead; repeat for more.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Notebooks at a time [default: one per core].")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made and why; make nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only problems.")] = False,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Make the review packets of some teams and periods, and the index of all reviews."""
    home = _open(workspace, outputs)
    if not dry_run:
        _warm(home)
    from slareport import run as batch
    from slareport.jobs import plan
    from slareport.period import parse_periods

    now = dt.datetime.now(dt.UTC)
    periods = parse_periods(period, fiscal_start=home.agreement.fiscal_start, today=now.date())
    planned = plan(home, periods, team or (), notebook or (), as_of, edition, client or ())
    if not as_of and not quiet:
        _note_unsettled(home, periods, now)
    if dry_run:
        _show_plan(home, planned)
        return
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it warns of is told by the outcome
    made = flawed = 0
    with _ending_on_sigterm(), _progress(len(planned), quiet=quiet) as (started, ended):
        outcomes = batch.run(home, planned, workers=jobs or os.cpu_count() or 1, progress=started)
        with contextlib.closing(outcomes):
            for outcome in outcomes:
                made += not outcome.failure
                flawed += bool(outcome.failure or outcome.undrawn)
                ended(outcome)
    if not quiet:
        out.print(f"{made} of {len(planned)} packets made. All reviews: {home.outputs / 'index.html'}")
    if flawed:
        raise typer.Exit(PARTIAL)


@app.command()
@told
def check(workspace: Workspace_ = None, outputs: Outputs_ = None) -> None:
    """Check agreement, teams, source and notebooks without running anything."""
    from slareport.checks import check as in_order
    from slareport.checks import unmeasurable
    from slareport.jobs import reviews

    home = in_order(_folder(workspace), outputs)
    latest = home.agreement.versions[-1]
    out.print(f"agreement   {len(home.agreement.versions)} versions, the latest from {latest.effective_from}")
    out.print(f"            {len(latest.promises)} promises, {len(latest.outcomes)} results")
    out.print(f"teams       {', '.join(home.teams)}")
    out.print(f"source      {home.source.mapping.title}: {', '.join(sorted(home.source.tables))}")
    for title, needs in unmeasurable(home).items():
        out.print(f"            not measurable: {title} needs {', '.join(needs)}")
    out.print(f"notebooks   {', '.join(reviews(home.root))}")
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
def explain(
    promise: Annotated[str, typer.Argument(help="A promise or result of the agreement.")],
    item: Annotated[str, typer.Argument(help="The id of a lead, a deal or what else is judged, as in misses.csv.")],
    period: Annotated[str, typer.Option(help="A period, such as 2026Q3: data up to when it settled.")] = "last",
    as_of: Annotated[str, typer.Option(help="Data up to this local time [default: when the period settled].")] = "",
    team: Annotated[str | None, typer.Option(help="Look among this team's items only.")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Tell what happened to one item, instant by instant, and why it is judged as it is."""
    from slareport.review import Review, Summary
    from slareport.telling import lines, renderable

    home = _open(workspace, outputs)
    name = _period(home, period).name
    whole = Review(team, name, as_of, workspace=home) if team else Summary(name, as_of, workspace=home)
    found = whole.timeline(item, promise)
    if out.is_terminal:
        out.print(renderable(found), soft_wrap=False)
    else:
        out.print("\n".join(lines(found)))


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

    copy = scratch_copy(_open(workspace, outputs), name, team, period)
    out.print(f"a copy is in {copy}; next: jupyter lab {shlex.quote(str(copy))}")


@app.command()
@told
def pdf(
    period: Annotated[str, typer.Option(help="A period, such as 2026Q3.")] = "last",
    team: Annotated[list[str] | None, typer.Option(help="A team; repeat for more [default: all packets].")] = None,
    client: Annotated[list[str] | None, typer.Option(help="A client; repeat for more.")] = None,
    edition: Annotated[str, typer.Option(help="For whom: team or leadership.")] = "team",
    notebook: Annotated[list[str] | None, typer.Option(help="A notebook [default: the reviews].")] = None,
    letter: Annotated[bool, typer.Option("--letter", help="For Letter paper instead of A4.")] = False,
    to: Annotated[Path | None, typer.Option(help="The folder to write to [default: OUTPUTS/.post].")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Print published packets as PDF, through Chromium."""
    from slareport.post import packets, write_pdfs

    home = _open(workspace, outputs)
    chosen = packets(home, _period(home, period), team or (), client or (), edition, notebook or ())
    for path in write_pdfs(chosen, to or home.outputs / POST, "Letter" if letter else "A4"):
        out.print(f"made   {path}")


@app.command()
@told
def mail(
    period: Annotated[str, typer.Option(help="A period, such as 2026Q3.")] = "last",
    of: Annotated[list[str] | None, typer.Option(help="A team, company or a client [default: the whole list].")] = None,
    to: Annotated[Path | None, typer.Option(help="The folder to write to [default: OUTPUTS/.post].")] = None,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Write a mail for everyone on the list of parameters/mail.yaml, with their review attached, ready to be sent."""
    from slareport.post import write_mails

    home = _open(workspace, outputs)
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    sent_at = dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch else dt.datetime.now(dt.UTC)
    for path in write_mails(home, _period(home, period), to or home.outputs / POST, sent_at, of or ()):
        out.print(f"made   {path}")


@app.command()
@told
def verify(workspace: Workspace_ = None, outputs: Outputs_ = None) -> None:
    """Compare every published file with its manifest."""
    from slareport.outputs import verify as hold

    home = _open(workspace, outputs)
    out.print(f"{hold(home.outputs)} packets hold: no file changed, none missing, none added")


def _open(workspace: Path | None, outputs: Path | None) -> Workspace:
    from slareport.workspace import open_workspace

    return open_workspace(_folder(workspace), outputs)


def _period(home: Workspace, text: str) -> Period:
    from slareport.period import parse_period

    return parse_period(text, fiscal_start=home.agreement.fiscal_start, today=dt.datetime.now(dt.UTC).date())


def _warm(home: Workspace) -> None:
    """Have the process that forks kernels import everything while this one does."""
    from slareport.forks import warm
    from slareport.managers import review_environment

    warm([sys.executable], review_environment(home.environment))


def _folder(workspace: Path | None) -> Path | None:
    if workspace is not None and not workspace.is_dir():
        raise UsageError(Problem("no such folder", str(workspace), cure="name a folder with parameters/"))
    return workspace


def _note_unsettled(home: Workspace, periods: list[Period], now: dt.datetime) -> None:
    for period in periods:
        settles = home.agreement.as_of(period)
        if settles > now:
            err.print(
                f"[yellow]note[/yellow] {period.name} settles on {settles.tz_convert(home.agreement.zone):%Y-%m-%d}: "
                "what is not done yet counts as not done; for a provisional review give --as-of"
            )


def _show_plan(home: Workspace, planned: list[Job]) -> None:
    from rich.table import Table

    table = Table("notebook", "period", "team", "why", box=None, pad_edge=False)
    for job in planned:
        before = job.place.current(home.outputs)
        why = f"again: one of {before['as_of'][:10]} is there" if before else "no packet yet"
        table.add_row(job.notebook, job.period, job.team, why)
    out.print(table)
    out.print(f"{len(planned)} packets would be made")


def _records(title: str, rows: pd.DataFrame) -> Table:
    """A few records side by side, a column of theirs per line."""
    from rich.table import Table

    table = Table(title, *rows.columns, box=None, pad_edge=False)
    for column, *values in rows.itertuples():
        table.add_row(column, *map(_escaped, values))
    return table


@contextlib.contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[tuple[Any, Any]]:
    """A bar over the batch and a line per notebook in work; plain lines where there is no terminal."""
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[at]}", markup=False))
    bar = Progress(
        *columns,
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    # On a terminal the bar's own console must print, or lines and bar would mix.
    say = err.print if out.is_terminal else out.print
    working: dict[Job, Any] = {}

    def started(job: Job, call: str, number: int, cells: int) -> None:
        if job not in working:
            working[job] = bar.add_task(str(job), total=cells, at="")
        bar.update(working[job], completed=number - 1, at=f"{number}/{cells} {call}")

    def ended(outcome: Outcome) -> None:
        if outcome.job in working:
            bar.remove_task(working.pop(outcome.job))
        bar.advance(whole)
        bar.update(whole, at=f"{bar.tasks[0].completed:.0f}/{total}")
        if outcome.failure:
            err.print(f"[red]failed[/red] {outcome.job}: {_escaped(f'{outcome.failure}; see {outcome.folder}')}")
        elif outcome.undrawn:
            charts = ", ".join(outcome.undrawn)
            page = outcome.folder / outcome.job.place.page
            err.print(f"[yellow]made[/yellow]   {outcome.job}, without drawing {charts}: {_escaped(str(page))}")
        elif not quiet:
            say(f"made   {outcome.job}: {outcome.folder / outcome.job.place.page}", markup=False)

    with bar:
        whole = bar.add_task("packets", total=total, at=f"0/{total}")
        yield started, ended


@contextlib.contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """SIGTERM ends the command as Ctrl-C does, in order, with an exit code of its own."""

    def terminate(*_: Any) -> None:
        err.print("terminated; run the same command again to make what is missing")
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _plain(problem: Problem) -> str:
    return _escaped(str(problem))


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
