"""What all commands share: the application, its consoles and options, and how errors are told."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console

from slareport.errors import Problem, SlareportError, UsageError

if TYPE_CHECKING:  # imported where they are used, so that --help is instant
    from slareport.period import Period
    from slareport.sections import Table
    from slareport.workspace import Workspace

PARTIAL = 3
INTERRUPTED = 130
TERMINATED = 143

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Sales SLA reviews from CRM tables.",
)
out, err = Console(soft_wrap=True, highlight=False, markup=False), Console(stderr=True, soft_wrap=True, highlight=False)

Workspace_ = Annotated[Path | None, typer.Option("--workspace", "-w", help="The workspace (default: found upwards).")]
Outputs_ = Annotated[
    Path | None, typer.Option("--outputs", "-o", help="Where packets go (default: WORKSPACE/outputs).")
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
                err.print(f"[red]error[/red] {plain(problem)}")
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            err.print("interrupted; run the same command again to make what is missing")
            raise typer.Exit(INTERRUPTED) from None

    return wrapped  # type: ignore[return-value]


def open_home(workspace: Path | None, outputs: Path | None) -> Workspace:
    """The workspace a command is about."""
    from slareport.workspace import open_workspace

    return open_workspace(folder_of(workspace), outputs)


def now() -> dt.datetime:
    """The time it is, or the one that SOURCE_DATE_EPOCH says."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch else dt.datetime.now(dt.UTC)


def show(table: Table) -> None:
    """Print a table: in columns that wrap on a terminal, else a row per line with tabs between the cells."""
    if not out.is_terminal:
        lines = [[column.title for column in table.columns], *table.rows]
        print("\n".join([table.caption, *("\t".join(map(str, line)) for line in lines)]))  # as rich keeps no tabs
        return
    from rich.table import Table as Grid

    grid = Grid(title=table.caption, title_justify="left", box=None, header_style="dim", pad_edge=False)
    for column in table.columns:
        grid.add_column(str(column.title), justify="right" if column.numeric else "left")
    for row in table.rows:
        grid.add_row(*(escaped(str(cell)) for cell in row))
    out.print(grid, soft_wrap=False)


def period_of(home: Workspace, text: str) -> Period:
    """The period a person typed."""
    from slareport.period import parse_period

    return parse_period(text, fiscal_start=home.agreement.fiscal_start, today=now().date())


def day_of(home: Workspace, text: str, place: str = "--on") -> dt.date:
    """The day a person typed at a place of the command; today in the reporting zone for none after --on."""
    from zoneinfo import ZoneInfo

    from slareport.documents import parse_day

    if not text and place == "--on":
        return now().astimezone(ZoneInfo(home.agreement.zone)).date()
    try:
        return parse_day(text)
    except UsageError as error:
        raise UsageError(replace(problem, place=place, found=text) for problem in error.problems) from None


def folder_of(workspace: Path | None) -> Path | None:
    """A folder that a person named, if it is there."""
    if workspace is not None and not workspace.is_dir():
        raise UsageError(Problem("no such folder", str(workspace), cure="name a folder with parameters/"))
    return workspace


def plain(problem: Problem) -> str:
    """A problem as it is printed."""
    return escaped(str(problem))


def escaped(text: str) -> str:
    """A text that holds no markup of the terminal."""
    from rich.markup import escape

    return escape(text)
