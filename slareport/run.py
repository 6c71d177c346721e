"""Select, execute, publish: the batch that turns notebooks into packets."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill

from slareport import files, outputs
from slareport.errors import Problem, SlareportError, UsageError, did_you_mean
from slareport.evaluation import instant
from slareport.extract import extract
from slareport.index import write_index
from slareport.kernels import LIMITS, Executed, Limits, execute, literal, stop_all
from slareport.outputs import Place
from slareport.packet import PacketExporter
from slareport.period import Period
from slareport.teams import COMPANY
from slareport.workspace import OUTPUTS_VARIABLE, ROOT_VARIABLE, Workspace, notebook_folders

REQUIRED = {"period"}
SUPPLIED = {"team", "period", "as_of"}
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
class Job:
    """One packet to make."""

    notebook: str
    path: Path
    period: str
    team: str
    as_of: str

    @property
    def place(self) -> Place:
        """Where it is published."""
        return Place(self.period, self.team, self.notebook)

    @property
    def parameters(self) -> dict[str, str]:
        """What its notebook is given."""
        whose = {} if self.team == COMPANY else {"team": self.team}
        known = {"as_of": self.as_of} if self.as_of else {}
        return {**whose, "period": self.period, **known}

    def __str__(self) -> str:
        return f"{self.notebook} {self.period} {self.team}".removesuffix(f" {COMPANY}")


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the folder of its packet, or the reason and the folder of its failure.

    `undrawn` names the charts of the packet that stand in it as a table only, because they could not be drawn.
    """

    job: Job
    folder: Path
    failure: str = ""
    undrawn: tuple[str, ...] = ()


def plan(
    workspace: Workspace,
    periods: Sequence[Period],
    teams: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    as_of: str = "",
) -> list[Job]:
    """The packets of these periods, teams and notebooks (all of them where none is named), checked before any runs.

    Raises `UsageError` for unknown teams and notebooks, notebooks that take other parameters than there are, and
    periods without an agreement or of which nothing is known yet.
    """
    chosen = list(dict.fromkeys(teams)) or list(workspace.teams)
    for team in chosen:
        workspace.team(team)
    for period in periods:
        _check_period(workspace, period, as_of)
    jobs = []
    for name in list(dict.fromkeys(notebooks)) or reviews(workspace.root):
        path = workspace.notebook(name)
        takes = parameters_of(path)
        if as_of and "as_of" not in takes:
            raise UsageError(Problem("the notebook takes no as_of", path.name, cure="declare it, or leave --as-of out"))
        whose = chosen if "team" in takes else [COMPANY] if not teams or name in notebooks else []
        jobs += [Job(name, path, period.name, team, as_of) for period in periods for team in whose]
    if not jobs:
        raise UsageError(Problem("nothing to run", cure="name a notebook that takes a team, or no team"))
    return jobs


def _check_period(workspace: Workspace, period: Period, as_of: str) -> None:
    agreement = workspace.agreement
    agreement.in_force(period)
    if as_of and instant(as_of, agreement.zone) <= period.bounds(agreement.zone)[0]:
        cure = "choose a time after the period's start, or an earlier period"
        raise UsageError(Problem(f"nothing of {period.name} is known yet", "as_of", found=as_of, cure=cure))


def reviews(root: Path) -> dict[str, Path]:
    """All notebooks of a workspace that review a period, by name; those that take something else are left out.

    Raises `UsageError` with every notebook that cannot be read, declares no parameters, or asks for an unknown one.
    """
    names = {path.stem: path for folder in notebook_folders(root)[::-1] for path in folder.glob("*.ipynb")}
    problems: list[Problem] = []
    found = {}
    for name, path in sorted(names.items()):
        try:
            declared = _declared(path)
            if declared >= REQUIRED or not declared:
                parameters_of(path)
                found[name] = path
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    return found


def parameters_of(path: Path) -> set[str]:
    """The parameters a notebook declares. Raises `UsageError` where slareport has no value for one of them."""
    declared = _declared(path)
    if not declared >= REQUIRED:
        cure = "declare period in a cell tagged 'parameters', or keep the notebook elsewhere"
        found = ", ".join(sorted(declared)) or None
        raise UsageError(Problem("a review notebook takes a period", path.name, found=found, cure=cure))
    problems = [
        Problem(
            "the notebook asks for a parameter that no one gives",
            path.name,
            found=name,
            cure=did_you_mean(name, SUPPLIED),
        )
        for name in sorted(declared - SUPPLIED)
    ]
    if problems:
        raise UsageError(problems)
    return declared


def _declared(path: Path) -> set[str]:
    try:
        return set(papermill.inspect_notebook(literal(path)))
    except Exception as error:  # nbformat, json and papermill each raise their own
        cure = "save it again from Jupyter as a Python notebook"
        raise UsageError(Problem("not a notebook", path.name, found=str(error).splitlines()[0], cure=cure)) from error


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
        prepare(workspace, jobs)
        pool = executor or ThreadPoolExecutor(max_workers=workers)
        environment = {ROOT_VARIABLE: str(workspace.root), OUTPUTS_VARIABLE: str(workspace.outputs)}
        submitted: dict[Future[Executed], Job] = {}
        try:
            for job in jobs:
                # What is told goes to this process only: it cannot travel to a foreign executor.
                told = partial(progress, job) if progress and executor is None else None
                submitted[pool.submit(execute, job.path, job.parameters, environment, limits, told)] = job
            for future in as_completed(submitted):
                yield _publish(workspace, submitted[future], _result(future))
        finally:
            for future in submitted:
                future.cancel()
            if executor is None:
                while wait(submitted, timeout=0.2).not_done:  # again and again: a kernel may just be starting
                    stop_all()
                pool.shutdown()
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
    asked = {"period": job.period, "team": job.team, "as_of": as_of.isoformat()}
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
