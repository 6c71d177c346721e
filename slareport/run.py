"""Execute and publish: the batch that turns notebooks into packets."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Semaphore
from typing import Any

import nbformat
import pandas as pd

from slareport import files, outputs
from slareport.editions import own
from slareport.errors import SlareportError
from slareport.evaluation import instant
from slareport.extract import extract
from slareport.forks import stop_servers, warm
from slareport.index import write_index
from slareport.jobs import Job
from slareport.kernels import LIMITS, Executed, Limits, execute
from slareport.managers import review_environment, stop_all
from slareport.packet import PacketExporter
from slareport.workspace import Workspace

IN_FLIGHT = 2  # notebooks per core: while one works, another's kernel starts or ends, which is mostly waiting
LIBRARIES = (
    "altair",
    "ibis-framework",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "scipy",
    "vl-convert-python",
)

Progress = Callable[["Job", str, int, int], None]
"""Told of every cell as it starts: its job, its first line, its number, and how many there are."""


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the folder of its packet, or the reason and the folder of its failure.

    `undrawn` names the charts of the packet that stand in it as a table only, because they could not be drawn.
    """

    job: Job
    folder: Path
    failure: str = ""
    undrawn: tuple[str, ...] = ()


def run(
    workspace: Workspace,
    jobs: Sequence[Job],
    *,
    workers: int,
    executor: Executor | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Generator[Outcome, None, None]:
    """Make every packet and yield what became of each as it ends; at last rewrite the index of all reviews.

    One failure never stops another packet. Runs on any `concurrent.futures.Executor` whose workers see the same
    files; without one, on threads of this process, each driving its kernel. A batch that is closed early kills its
    kernels. Raises `LockedError` while another run writes the same outputs, `MachineError` when they cannot be.
    """
    with files.lock(workspace.outputs, wait=False):
        pool: Executor = executor or ThreadPoolExecutor(workers * IN_FLIGHT)
        run_one: Callable[..., Executed] = execute
        submitted: dict[Future[Executed], Job] = {}
        try:
            if executor is None:
                warm(
                    [sys.executable], review_environment(workspace.environment)
                )  # it imports while the extracts are made
                run_one = partial(execute, turns=Semaphore(workers))
            prepare(workspace, jobs)
            for job in jobs:
                # What is told goes to this process only: it cannot travel to a foreign executor.
                told = partial(progress, job) if progress and executor is None else None
                submitted[pool.submit(run_one, job.path, job.parameters, workspace.environment, limits, told)] = job
            for future in as_completed(submitted):
                yield _publish(workspace, submitted[future], _result(future))
        finally:
            for future in submitted:
                future.cancel()
            if executor is None:
                while wait(submitted, timeout=0.2).not_done:  # again and again: a kernel may just be starting
                    stop_all()
                pool.shutdown()
                stop_servers()
            write_index(workspace)


def prepare(workspace: Workspace, jobs: Iterable[Job]) -> None:
    """Make the extracts of all jobs, so that no notebook waits for another to read the CRM."""
    for as_of in sorted({_as_of(workspace, job) for job in jobs}):
        extract(workspace.source, workspace.teams, workspace.agreement.zone, as_of, workspace.extracts, again=True)


def _as_of(workspace: Workspace, job: Job) -> pd.Timestamp:
    if job.as_of:
        return instant(job.as_of, workspace.agreement.zone)
    return workspace.agreement.as_of(workspace.period(job.period))


def _result(future: Future[Executed]) -> Executed:
    try:
        return future.result()
    except Exception as error:  # a worker or its machine is gone
        return Executed("", f"its worker was lost: {type(error).__name__}: {error}")


def _publish(workspace: Workspace, job: Job, executed: Executed) -> Outcome:
    notebook, failure = _read(executed)
    failure = failure or _shortfall(notebook, job, _as_of(workspace, job))
    if not failure:
        try:
            html, made = PacketExporter().from_notebook_node(notebook)
        except SlareportError as error:
            failure = str(error)
        except Exception as error:  # one packet must never stop the others
            failure = f"no packet could be made of it: {type(error).__name__}: {error}"
    if failure:
        return Outcome(job, outputs.keep_failure(workspace.outputs, job.place, notebook, failure), failure)
    undrawn = tuple(made["undrawn"])
    provenance = {**_provenance(workspace, job), "undrawn": list(undrawn)}
    folder = outputs.publish(workspace.outputs, job.place, notebook, html, provenance)
    return Outcome(job, folder, undrawn=undrawn)


def _read(executed: Executed) -> tuple[Any, str]:
    if not executed.notebook:
        return None, executed.failure or "it left no executed copy"
    try:
        return nbformat.reads(executed.notebook, as_version=4), executed.failure
    except Exception as error:  # nbformat and json each raise their own
        return None, executed.failure or f"its executed copy cannot be read: {error}"


def _shortfall(notebook: Any, job: Job, as_of: pd.Timestamp) -> str:
    """What an executed notebook lacks to count as run to its end; empty if nothing.

    papermill calls a dead kernel or a `sys.exit(0)` a success in its metadata, so nothing it says is believed:
    a packet needs every cell run in order and the closing record of exactly this review.
    """
    try:
        data = outputs.closing_record(notebook)
    except KeyError:
        return "it ended before its closing call review.close()"
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        return "not every cell ran, in order"
    edition = job.edition or own(job.team)
    asked = {"period": job.period, "team": job.team, "as_of": as_of.isoformat(), "edition": edition}
    made = {name: data.get(name) for name in asked}
    if made != asked:
        told = ", ".join(f"{name} {made[name]} instead of {asked[name]}" for name in asked if made[name] != asked[name])
        return f"the notebook overwrites its parameters: it reviewed {told}"
    return ""


def _provenance(workspace: Workspace, job: Job) -> dict[str, Any]:
    """What made a packet, for its manifest."""
    return {
        "parameters": job.parameters,
        "digests": {
            "notebook": hashlib.sha256(job.path.read_bytes()).hexdigest(),
            "parameters": dict(sorted(workspace.digests.items())),
        },
        "made_with": {
            "slareport": version("slareport"),
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
    }
