"""Where notebooks become packets: on threads of this process, or on the workers of an executor, here or elsewhere."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Semaphore
from typing import TypeVar

from slareport.finishing import Finished, finish
from slareport.freshness import Ingredients, made_with
from slareport.jobs import Job, Progress, known_at
from slareport.kernels import Executed, execute
from slareport.managers import stop_all
from slareport.parcels import make, pack
from slareport.servers import Limits

T = TypeVar("T")
IN_FLIGHT = 2  # notebooks per core: while one works, another's kernel starts or ends, which is mostly waiting


def here(
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


def there(
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
