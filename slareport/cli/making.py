"""Commands that make packets, and hold what is published to its manifests."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from slareport.cli.app import PARTIAL, Outputs_, Workspace_, app, err, now, open_home, out, told
from slareport.cli.progress import ending_on_sigterm, progress

ANSWERS = 10  # how long a cluster may take to answer, in seconds
GIB = 2**30
RETRIES = 2  # of a packet whose worker was lost

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from slareport.jobs import Job
    from slareport.workspace import Workspace


@app.command()
@told
def run(
    period: Annotated[str, typer.Option(help="A period or a range: last, 2026Q3, 2024Q1..2026Q3.")] = "last",
    team: Annotated[list[str] | None, typer.Option(help="A team; repeat for more (default: all).")] = None,
    notebook: Annotated[list[str] | None, typer.Option(help="A notebook; repeat for more (default: all).")] = None,
    as_of: Annotated[str, typer.Option(help="Data up to this local time (default: when the period settled).")] = "",
    edition: Annotated[str, typer.Option(help="For whom: team or leadership.")] = "team",
    role: Annotated[list[str] | None, typer.Option(help="A role to make the handbook of (default: all).")] = None,
    client: Annotated[list[str] | None, typer.Option(help="A client's own review instead; repeat for more.")] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=64, help="Notebooks at a time (default: one per core).")
    ] = None,
    dask: Annotated[str, typer.Option(help="Run on a Dask cluster: the address of its scheduler, tcp://….")] = "",
    force: Annotated[bool, typer.Option("--force", help="Make also what nothing has changed for.")] = False,
    memory: Annotated[
        float | None,
        typer.Option(min=3, help="GiB that one notebook may use (default: its share of the machine, at least 4)."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made and why; make nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only problems.")] = False,
    workspace: Workspace_ = None,
    outputs: Outputs_ = None,
) -> None:
    """Make the review packets of some teams and periods, and the index of all reviews."""
    home = open_home(workspace, outputs)
    if not dry_run and not dask:
        _warm(home)
    from slareport import run as batch
    from slareport.jobs import plan
    from slareport.period import parse_periods
    from slareport.servers import Limits

    periods = parse_periods(period, fiscal_start=home.agreement.fiscal_start, today=now().date())
    planned = plan(home, periods, team or (), notebook or (), as_of, edition, client or (), role or ())
    if not as_of and not quiet:
        _note_unsettled(home, planned)
    if dry_run:
        _show_plan(home, planned, force=force)
        return
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it warns of is told by the outcome
    made = unchanged = flawed = 0
    with (
        ending_on_sigterm(),
        _executor(dask, jobs) as (executor, workers),
        progress(len(planned), quiet=quiet) as (started, ended),
        contextlib.closing(
            batch.run(
                home,
                planned,
                workers=workers,
                force=force,
                executor=executor,
                limits=Limits(memory=_bytes(memory, 0 if dask else workers)),
                progress=started,
            )
        ) as outcomes,
    ):
        for outcome in outcomes:
            unchanged += outcome.unchanged
            made += not outcome.failure and not outcome.unchanged
            flawed += bool(outcome.failure or outcome.undrawn)
            ended(outcome)
    if not quiet:
        same = f", {unchanged} unchanged" if unchanged else ""
        out.print(f"{made} of {len(planned)} packets made{same}. All reviews: {home.outputs / 'index.html'}")
    if flawed:
        raise typer.Exit(PARTIAL)


@app.command()
@told
def verify(workspace: Workspace_ = None, outputs: Outputs_ = None) -> None:
    """Compare every published file with its manifest, and find the packet of every signature."""
    from slareport.outputs import verify as hold
    from slareport.signing import unfounded

    home = open_home(workspace, outputs)
    out.print(f"{hold(home.outputs, unfounded(home))} packets hold: no file changed, none missing, none added")


def _warm(home: Workspace) -> None:
    """Have the process that forks kernels import everything while this one does."""
    from slareport.servers import review_environment, warm

    warm([sys.executable], review_environment(home.environment))


def _bytes(asked: float | None, workers: int) -> int | None:
    """How much memory a notebook may use: as asked, else its share of this machine, if any workers are here."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    share = max(4 * GIB, machine // workers) if workers else None
    return int(asked * GIB) if asked else share


def _note_unsettled(home: Workspace, planned: list[Job]) -> None:
    from slareport.jobs import WITHOUT_DATA, known_at

    for period, settles in {job.period: known_at(home, job) for job in planned if WITHOUT_DATA not in job.tags}.items():
        if settles > now():
            err.print(
                f"[yellow]note[/yellow] {period} settles on {settles.tz_convert(home.agreement.zone):%Y-%m-%d}: "
                "what is not done yet counts as not done; for a provisional review give --as-of"
            )


@contextlib.contextmanager
def _executor(address: str, jobs: int | None) -> Iterator[tuple[Executor | None, int]]:
    """Where notebooks run, and how many at a time: here (None), or on a Dask cluster."""
    if not address:
        yield None, jobs or os.cpu_count() or 1
        return
    from slareport.errors import MachineError, Problem

    try:
        from distributed import Client
    except ImportError:
        cure = "pip install 'slareport[dask]'"
        raise MachineError(Problem("Dask is not installed", "--dask", cure=cure)) from None
    try:
        client = Client(address, timeout=ANSWERS)
    except (OSError, ValueError) as error:
        cure = "start it, or correct the address: tcp://host:8786"
        raise MachineError(Problem(f"no scheduler answers: {error}", "--dask", found=address, cure=cure)) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=ANSWERS)
        except TimeoutError:
            cure = f"start one: dask worker {address}"
            raise MachineError(Problem("the cluster has no workers", "--dask", found=address, cure=cure)) from None
        with client.get_executor(retries=RETRIES) as executor:
            yield executor, jobs or sum(client.nthreads().values())


def _show_plan(home: Workspace, planned: list[Job], *, force: bool) -> None:
    from rich.table import Table

    from slareport.run import reasons

    table = Table("notebook", "period", "team", "why", box=None, pad_edge=False)
    why = reasons(home, planned, force=force)
    for job in planned:
        if why[job]:
            table.add_row(job.notebook, job.period, job.client or job.team, why[job])
    due = sum(map(bool, why.values()))
    if due:
        out.print(table)
    out.print(f"{due} of {len(planned)} packets would be made")
