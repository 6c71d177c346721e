"""Execute and publish: the batch that turns notebooks into packets."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Semaphore
from typing import TypeVar

from slareport import files, outputs
from slareport.finishing import Finished, finish
from slareport.forks import stop_servers, warm
from slareport.freshness import Ingredients, made_with
from slareport.index import write_index
from slareport.jobs import Job, instants_of, known_at
from slareport.kernels import LIMITS, Executed, Limits, execute
from slareport.managers import review_environment, stop_all
from slareport.outputs import CURRENT
from slareport.parcels import make, pack
from slareport.workspace import Workspace

T = TypeVar("T")
IN_FLIGHT = 2  # notebooks per core: while one works, another's kernel starts or ends, which is mostly waiting

Progress = Callable[["Job", str, int, int], None]
"""Told of every cell as it starts: its job, its first line, its number, and how many there are."""


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
            due = [job for job in jobs if _why(made_from, job, force=force)]
            for job in jobs:
                if job not in due:
                    yield Outcome(job, (job.place.folder(workspace.outputs) / CURRENT).resolve(), unchanged=True)
            if executor is None:
                made = _here(made_from, due, workers, limits, progress)
            else:
                made = _there(executor, made_from, due, workers, limits)
            with contextlib.closing(made):
                for job, finished, versions in made:
                    yield _publish(made_from, job, finished, versions)
        finally:
            stop_servers()
            write_index(workspace)


def prepare(workspace: Workspace, jobs: Iterable[Job]) -> Ingredients:
    """Read the CRM tables for all jobs at once, so that every notebook sees the same and none waits for another."""
    instants = sorted({instant for job in jobs for instant in instants_of(workspace, job)})
    extracts = {instant: workspace.extract(instant, again=True) for instant in instants}
    pinned = {instant.isoformat(): made.folder.name for instant, made in extracts.items()}
    return Ingredients(replace(workspace, pinned=pinned), extracts)


def reasons(workspace: Workspace, jobs: Sequence[Job], *, force: bool = False) -> dict[Job, str]:
    """Why a run would make each packet; empty where it would not.

    Nothing is made to know it: where the CRM tables have changed since they were last read, every packet is due, though
    a run may find that they say the same of some teams; and a database is taken to hold what it held then.
    """
    instants = sorted({instant for job in jobs for instant in instants_of(workspace, job)})
    there = {instant: workspace.extracted(instant) for instant in instants}
    made_from = Ingredients(workspace, {instant: made for instant, made in there.items() if made})
    return {job: _why(made_from, job, force=force) for job in jobs}


def _why(made_from: Ingredients, job: Job, *, force: bool) -> str:
    return made_from.why(job) or ("all are asked for" if force else "")


def _here(
    made_from: Ingredients, jobs: Sequence[Job], workers: int, limits: Limits, progress: Progress | None
) -> Generator[tuple[Job, Finished, dict[str, str]], None, None]:
    """Execute on threads of this process, each driving a kernel; what has ended is made a packet by this thread."""
    space, turns, versions = made_from.workspace, Semaphore(workers), made_with()
    started: list[Future[Executed]] = []

    def start(job: Job) -> Future[Executed]:
        told = partial(progress, job) if progress else None
        started.append(pool.submit(execute, job.path, job.parameters, space.environment, limits, told, turns=turns))
        return started[-1]

    with ThreadPoolExecutor(workers * IN_FLIGHT) as pool, contextlib.closing(_ended(start, jobs, len(jobs))) as ended:
        try:
            for job, future in ended:
                yield job, finish(_executed(future), job, known_at(space, job)), versions
        finally:
            ended.close()  # starts no more
            while wait(started, timeout=0.2).not_done:  # again and again: a kernel may just be starting
                stop_all()


def _there(
    executor: Executor, made_from: Ingredients, jobs: Sequence[Job], workers: int, limits: Limits
) -> Generator[tuple[Job, Finished, dict[str, str]], None, None]:
    """Make packets wherever an executor's workers are; no more of them under way than keeps those busy."""

    def start(job: Job) -> Future[tuple[Finished, dict[str, str]]]:
        return executor.submit(make, pack(made_from, job, limits))

    with contextlib.closing(_ended(start, jobs, workers * IN_FLIGHT)) as ended:
        for job, future in ended:
            try:
                yield job, *future.result()
            except Exception as error:
                yield job, Finished(None, failure=_lost(error)), made_with()


def _ended(
    start: Callable[[Job], Future[T]], jobs: Iterable[Job], most: int
) -> Generator[tuple[Job, Future[T]], None, None]:
    """Jobs as they end, with `most` of them under way."""
    waiting, under_way = deque(jobs), dict[Future[T], Job]()
    try:
        while waiting or under_way:
            while waiting and len(under_way) < most:
                job = waiting.popleft()
                under_way[start(job)] = job
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                yield under_way.pop(future), future
    finally:
        for future in under_way:
            future.cancel()


def _executed(future: Future[Executed]) -> Executed:
    try:
        return future.result()
    except Exception as error:
        return Executed("", _lost(error))


def _lost(error: Exception) -> str:
    return f"its worker was lost: {type(error).__name__}: {error}"


def _publish(made_from: Ingredients, job: Job, finished: Finished, versions: dict[str, str]) -> Outcome:
    folder = made_from.workspace.outputs
    if finished.failure:
        kept = outputs.keep_failure(folder, job.place, finished.notebook, finished.failure)
        return Outcome(job, kept, finished.failure)
    provenance = {
        "parameters": job.parameters,
        "digests": made_from.digests(job),
        "made_with": versions,
        "undrawn": list(finished.undrawn),
    }
    published = outputs.publish(folder, job.place, finished.notebook, finished.html, provenance)
    return Outcome(job, published, undrawn=finished.undrawn)
