"""One notebook in a kernel of its own, from its first cell to its last."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore
from typing import Any

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from slareport.managers import LOG, PREFIX, Home, manager_in
from slareport.servers import Limits

SHOWN_CALL = 60
SHOWN_LINE = 200

_CONTROL = re.compile(r"\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

Started = Callable[[str, int, int], None]
"""Told of every cell as it starts: its first line, its number, and how many there are."""


@dataclass(frozen=True)
class Executed:
    """A notebook as far as it ran, as JSON (empty if it never started), and what stopped it (empty if nothing)."""

    notebook: str
    failure: str = ""


def execute(
    path: Path,
    parameters: Mapping[str, str],
    environment: Mapping[str, str],
    limits: Limits,
    started: Started | None = None,
    *,
    turns: Semaphore | None = None,
    warm: bool = True,
) -> Executed:
    """Run a notebook from its first cell to its last. Whatever goes wrong in it is told, never raised.

    Everything passed in and out can travel to another process. An empty failure means only that papermill saw none:
    it takes `sys.exit(0)` for success. A `warm` kernel is forked from a process that has imported everything; should
    that process be lost, the notebook is run again in an ordinary one, with the same results. Its cells run while it
    holds one of the `turns`; it starts and ends without.
    """
    with (
        contextlib.closing(ensure_event_loop()),  # jupyter_client's, one per thread; it would leave it open
        tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder,
    ):
        home = Home(Path(folder), {**environment, **limits.environment}, patience=limits.start if warm else None)
        copy, at = home.folder / "executed.ipynb", _Place(started, turns)
        try:
            papermill.execute_notebook(
                literal(path),
                literal(copy),
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,  # twice per cell, it costs more than all else papermill does
                start_timeout=limits.start,
                execution_timeout=limits.cell,
                kernel_manager_class=manager_in(home),
                on_notebook_start=at.opened,
                on_cell_start=at.reached,
                on_cell_executed=at.passed,
            )
            failure = ""
        except PapermillExecutionError as error:
            failure = f"{at} failed: {error.ename}: {_CONTROL.sub('', error.evalue)}"
        except CellTimeoutError:
            failure = f"{at} ran longer than {limits.cell} seconds"
        except DeadKernelError:
            failure = f"its kernel died in {at}: it was killed, ran out of memory, or ended itself"
            failure += _last_words(home.folder)
        except Exception as error:  # one notebook must never stop the others
            failure = f"it could not be run: {type(error).__name__}: {_CONTROL.sub('', str(error))}"
            failure += _last_words(home.folder)
        finally:
            at.left()
        done = Executed(copy.read_text("utf-8") if copy.is_file() else at.written(), failure)
    return execute(path, parameters, environment, limits, started, turns=turns, warm=False) if home.lost else done


def literal(path: Path) -> str:
    """A path as papermill takes it: it would fill in the parameters between braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


class _Place:
    """Where in a notebook its execution stands."""

    def __init__(self, started: Started | None, turns: Semaphore | None) -> None:
        self.started = started
        self.turns = turns
        self.at_work = False
        self.notebook: Any = None
        self.number = self.cells = 0
        self.call = ""

    def opened(self, notebook: Any) -> None:
        self.notebook = notebook
        self.cells = sum(_runs(cell) for cell in notebook.cells)
        if self.turns:
            self.at_work = self.turns.acquire()

    def reached(self, cell: Any, cell_index: int) -> None:  # noqa: ARG002  nbclient names its arguments
        if _runs(cell):
            self.number += 1
            self.call = cell.source.strip().splitlines()[0][:SHOWN_CALL]
            if self.started:
                self.started(self.call, self.number, self.cells)

    def passed(self, cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG002  as above
        if self.number == self.cells:
            self.left()

    def left(self) -> None:
        if self.turns and self.at_work:
            self.at_work = False
            self.turns.release()

    def written(self) -> str:
        """The notebook as far as it ran, which papermill does not save where a kernel died or ran out of time."""
        return str(nbformat.writes(self.notebook)) if self.notebook else ""

    def __str__(self) -> str:
        return f"cell [{self.number}] {self.call}"


def _last_words(folder: Path) -> str:
    log = folder / LOG
    lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
    said = [line for line in lines if line.strip() and not line.startswith("[IPKernelApp]")]
    return f"; its last words: {_CONTROL.sub('', said[-1]).strip()[:SHOWN_LINE]}" if said else ""


def _runs(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())
