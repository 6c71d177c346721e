"""Select, execute, publish: the batch that turns notebooks into packets."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from slareport import files, outputs
from slareport.errors import Problem, SlareportError, UsageError, did_you_mean
from slareport.evaluation import instant
from slareport.extract import extract
from slareport.index import write_index
from slareport.kernels import ReviewKernelManager
from slareport.outputs import COMPANY, Place
from slareport.packet import PacketExporter
from slareport.period import Period
from slareport.workspace import Workspace, notebook_folders

START_SECONDS = 120
CELL_SECONDS = 600
REQUIRED = {"period"}
SUPPLIED = {"team", "period", "as_of"}

Progress = Callable[["Job", str], None]


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
        return {**whose, "period": self.period, "as_of": self.as_of}

    def __str__(self) -> str:
        return f"{self.notebook} {self.period} {self.team}".removesuffix(f" {COMPANY}")


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the folder of its packet, or the reason and the folder of its failure."""

    job: Job
    folder: Path
    failure: str = ""


def plan(
    workspace: Workspace,
    periods: Sequence[Period],
    teams: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    as_of: str = "",
) -> list[Job]:
    """The packets of these periods, teams and notebooks (all of them where none is named), checked before any runs.

    Raises `UsageError` for unknown teams and notebooks, notebooks that take other parameters than there are, and
    periods without an agreement.
    """
    chosen = list(dict.fromkeys(teams)) or list(workspace.teams)
    for team in chosen:
        workspace.team(team)
    for period in periods:
        workspace.agreement.in_force(period)
    if as_of:
        instant(as_of, workspace.agreement.zone)
    jobs = []
    for name in list(dict.fromkeys(notebooks)) or reviews(workspace):
        path = workspace.notebook(name)
        takes = parameters_of(path)
        whose = chosen if "team" in takes else [COMPANY] if not teams or name in notebooks else []
        jobs += [Job(name, path, period.name, team, as_of) for period in periods for team in whose]
    if not jobs:
        raise UsageError(Problem("nothing to run", cure="name a notebook that takes a team, or no team"))
    return jobs


def reviews(workspace: Workspace) -> list[str]:
    """The names of all notebooks that review a period."""
    names = {path.stem: path for folder in notebook_folders(workspace.root)[::-1] for path in folder.glob("*.ipynb")}
    return sorted(name for name, path in names.items() if set(papermill.inspect_notebook(str(path))) >= REQUIRED)


def parameters_of(path: Path) -> set[str]:
    """The parameters a notebook declares. Raises `UsageError` where slareport has no value for one of them."""
    declared = set(papermill.inspect_notebook(str(path)))
    if not declared >= REQUIRED:
        cure = "tag its parameters cell 'parameters' and declare period in it"
        raise UsageError(Problem("a review notebook takes a period", path.name, found=sorted(declared), cure=cure))
    for name in sorted(declared - SUPPLIED):
        what = f"the notebook asks for the parameter {name}, which no one gives"
        raise UsageError(Problem(what, path.name, cure=did_you_mean(name, SUPPLIED)))
    return declared


def run(
    workspace: Workspace,
    jobs: Sequence[Job],
    *,
    workers: int,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[Outcome]:
    """Make every packet and yield what became of each as it ends; at last rewrite the index of all reviews.

    One failure never stops another packet. Runs on any `concurrent.futures.Executor`; without one, on threads of
    this process, each driving its kernel. Raises `LockedError` while another run writes the same outputs.
    """
    with files.lock(workspace.outputs, wait=False):
        prepare(workspace, jobs)
        pool = executor or ThreadPoolExecutor(max_workers=workers)
        try:
            for future in as_completed(_submitted(pool, jobs, progress)):
                job, executed, failure = future.result()
                yield _publish(workspace, job, executed, failure)
                shutil.rmtree(executed.parent, ignore_errors=True)
            write_index(workspace)
        finally:
            pool.shutdown(wait=executor is None, cancel_futures=True)


def prepare(workspace: Workspace, jobs: Iterable[Job]) -> None:
    """Make the extracts of all jobs, so that no notebook waits for another to read the CRM."""
    zone = workspace.agreement.zone
    settled = {job.period: workspace.agreement.as_of(workspace.period(job.period)) for job in jobs if not job.as_of}
    given = {instant(job.as_of, zone) for job in jobs if job.as_of}
    for as_of in sorted({*settled.values(), *given}):
        extract(workspace.source, workspace.teams, zone, as_of, workspace.extracts)


def execute(job: Job, progress: Progress | None = None) -> tuple[Job, Path, str]:
    """Run one notebook in a kernel of its own: the executed copy, and why it does not count, empty if it does.

    papermill calls a dead kernel or a `sys.exit(0)` a success in its metadata, so nothing it says is believed:
    a packet needs every cell run in order and the closing record of exactly this review.
    """
    executed = Path(tempfile.mkdtemp(prefix="slareport-")) / "notebook.ipynb"
    hook = {"on_cell_start": _told(job, progress)} if progress else {}
    try:
        papermill.execute_notebook(
            str(job.path),
            str(executed),
            parameters=job.parameters,
            kernel_name="python3",
            progress_bar=False,
            start_timeout=START_SECONDS,
            execution_timeout=CELL_SECONDS,
            kernel_manager_class=ReviewKernelManager,
            **hook,
        )
        return job, executed, _shortfall(job, executed)
    except PapermillExecutionError as error:
        return job, executed, f"cell {error.cell_index + 1} failed: {error.ename}: {error.evalue}"
    except CellTimeoutError:
        return job, executed, f"a cell ran longer than {CELL_SECONDS} seconds"
    except (DeadKernelError, RuntimeError) as error:
        return job, executed, f"its kernel died: {str(error).splitlines()[0]}"


def _submitted(pool: Executor, jobs: Iterable[Job], progress: Progress | None) -> list[Future[tuple[Job, Path, str]]]:
    # A hook cannot travel to another process or machine.
    told = progress if isinstance(pool, ThreadPoolExecutor) else None
    return [pool.submit(execute, job, told) for job in jobs]


def _told(job: Job, progress: Progress) -> Callable[..., None]:
    def started(cell: Any, **_: Any) -> None:
        if cell.cell_type == "code":
            progress(job, cell.get("id", ""))

    return started


def _shortfall(job: Job, executed: Path) -> str:
    """What an executed notebook lacks to count as run to its end; empty if nothing."""
    notebook = nbformat.read(executed, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    try:
        data = outputs.closing_record(notebook)
    except KeyError:
        return "it ended before its closing call review.close()"
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        return "not every cell ran, in order"
    made = (data["period"], data["team"])
    if made != (job.period, job.team):
        return f"it reviewed {made[0]} {made[1]} instead: the notebook overwrites its parameters"
    return ""


def _publish(workspace: Workspace, job: Job, executed: Path, failure: str) -> Outcome:
    if not failure:
        notebook = nbformat.read(executed, as_version=4)
        try:
            html, _ = PacketExporter().from_notebook_node(notebook)
        except SlareportError as error:
            failure = str(error)
        else:
            return Outcome(
                job,
                outputs.publish(workspace.outputs, job.place, notebook, html, _provenance(workspace, job)),
            )
    return Outcome(job, outputs.keep_failure(workspace.outputs, job.place, executed, failure), failure)


def _provenance(workspace: Workspace, job: Job) -> dict[str, Any]:
    """What made a packet, for its manifest."""
    libraries = (
        "altair",
        "ibis-framework",
        "nbconvert",
        "numpy",
        "pandas",
        "papermill",
        "scipy",
        "vl-convert-python",
    )
    return {
        "parameters": job.parameters,
        "digests": {
            "notebook": hashlib.sha256(job.path.read_bytes()).hexdigest(),
            "parameters": dict(sorted(workspace.digests.items())),
        },
        "made_with": {
            "slareport": version("slareport"),
            "python": platform.python_version(),
            **{name: version(name) for name in libraries},
        },
    }
