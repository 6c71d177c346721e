"""What a batch shows while it runs, and how it ends when it is told to."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from slareport.cli.app import TERMINATED, err, escaped, out

if TYPE_CHECKING:
    from slareport.jobs import Job
    from slareport.run import Outcome


@contextlib.contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[tuple[Any, Any]]:
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
            err.print(f"[red]failed[/red] {outcome.job}: {escaped(f'{outcome.failure}; see {outcome.folder}')}")
        elif outcome.undrawn:
            charts = ", ".join(outcome.undrawn)
            page = outcome.folder / outcome.job.place.page
            err.print(f"[yellow]made[/yellow]   {outcome.job}, without drawing {charts}: {escaped(str(page))}")
        elif not quiet and not outcome.unchanged:
            say(f"made   {outcome.job}: {outcome.folder / outcome.job.place.page}", markup=False)

    with bar:
        whole = bar.add_task("packets", total=total, at=f"0/{total}")
        yield started, ended


@contextlib.contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """SIGTERM ends the command as Ctrl-C does, in order, with an exit code of its own."""

    def terminate(*_: Any) -> None:
        err.print("terminated; run the same command again to make what is missing")
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
