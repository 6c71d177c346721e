"""Execute and publish: the batch that turns notebooks into packets."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from slareport import files
from slareport.freshness import Ingredients
from slareport.index import write_index
from slareport.jobs import Job, Progress, instants_of
from slareport.outputs import CURRENT
from slareport.servers import LIMITS, Limits, review_environment, stop_servers, warm
from slareport.workspace import Workspace

if TYPE_CHECKING:
    from slareport.finishing import Finished


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the folder of its packet, or the reason and the folder of its failure.

    `unchanged` says that the packet in force was made from the very same, and was not made again. `undrawn` names the
    charts of the packet that stand in it as a table only, because they could not be drawn.
    """

    job: Job
    folder: Path
    failure: str = ""
    undrawn: tuple[str, ...] = ()
    unchanged: bool = False


def run(
    workspace: Workspace,
    jobs: Sequence[Job],
    *,
    workers: int,
    force: bool = False,
    executor: Executor | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Generator[Outcome, None, None]:
    """Make every packet that is not there as it would be made now, and yield what became of each as it ends.

    With `force` also those that are; at last rewrite the index of all reviews. One failure never stops another packet.
    Runs on any `concurrent.futures.Executor`: all that a packet is made from is sent to it, and `workers` says how many
    notebooks it runs at a time. Without one, on threads of this process, each driving its kernel. A batch that is
    closed early kills its kernels. Raises `LockedError` while another run writes the same outputs, `MachineError` when
    they cannot be written.
    """
    with files.lock(workspace.outputs, wait=False):
        try:
            if executor is None:
                warm([sys.executable], review_environment(workspace.environment))  # it imports during the extracts
            made_from = prepare(workspace, jobs)
            why = {job: _why(made_from, job, force=force) for job in jobs}
            for job in (job for job in jobs if not why[job]):
                yield Outcome(job, (job.place.folder(workspace.outputs) / CURRENT).resolve(), unchanged=True)
            if due := {job: made_from.digests(job) for job in jobs if why[job]}:
                yield from _make(made_from, due, workers, executor, limits, progress)
        finally:
            stop_servers()
            write_index(workspace)


def prepare(workspace: Workspace, jobs: Iterable[Job]) -> Ingredients:
    """Read the CRM tables for all jobs at once, so that every notebook sees the same and none waits for another."""
    extracts = {instant: workspace.extract(instant, again=True) for instant in _instants(workspace, jobs)}
    pinned = {instant.isoformat(): made.folder.name for instant, made in extracts.items()}
    return Ingredients(replace(workspace, pinned=pinned), extracts)


def reasons(workspace: Workspace, jobs: Sequence[Job], *, force: bool = False) -> dict[Job, str]:
    """Why a run would make each packet; empty where it would not.

    Nothing is made to know it: where the CRM tables have changed since they were last read, every packet is due, though
    a run may find that they say the same of some teams; and a database is taken to hold what it held then.
    """
    there = {instant: workspace.extracted(instant) for instant in _instants(workspace, jobs)}
    made_from = Ingredients(workspace, {instant: made for instant, made in there.items() if made})
    return {job: _why(made_from, job, force=force) for job in jobs}


def _instants(workspace: Workspace, jobs: Iterable[Job]) -> list[pd.Timestamp]:
    return sorted({instant for job in jobs for instant in instants_of(workspace, job)})


def _why(made_from: Ingredients, job: Job, *, force: bool) -> str:
    return made_from.why(job) or ("all are asked for" if force else "")


def _make(
    made_from: Ingredients,
    due: Mapping[Job, dict[str, Any]],
    workers: int,
    executor: Executor | None,
    limits: Limits,
    progress: Progress | None,
) -> Generator[Outcome, None, None]:
    from slareport.workers import here, there  # not before there is something to make: they import all of Jupyter

    if executor is None:
        made = here(made_from, list(due), workers, limits, progress)
    else:
        made = there(executor, made_from, list(due), workers, limits)
    with contextlib.closing(made):
        for job, finished, versions in made:
            provenance = {"parameters": job.parameters, "digests": due[job], "made_with": versions}
            yield _publish(made_from.workspace.outputs, job, finished, provenance)


def _publish(outputs: Path, job: Job, finished: Finished, provenance: dict[str, Any]) -> Outcome:
    from slareport.publishing import keep_failure, publish

    if finished.failure:
        return Outcome(job, keep_failure(outputs, job.place, finished.notebook, finished.failure), finished.failure)
    provenance = {**provenance, "undrawn": list(finished.undrawn)}
    folder = publish(outputs, job.place, finished.notebook, finished.html, provenance)
    return Outcome(job, folder, undrawn=finished.undrawn)
