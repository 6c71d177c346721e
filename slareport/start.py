"""A place to start from: a new workspace, or a scratch copy of a notebook in one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from slareport import files
from slareport.errors import Problem, UsageError
from slareport.jobs import parameters_of
from slareport.kernels import literal
from slareport.publishing import normalised
from slareport.workspace import PACKAGE, Workspace, open_workspace

SHIPPED = PACKAGE / "starter" if (PACKAGE / "starter").is_dir() else PACKAGE.parent  # a wheel, or a checkout
OWN_DATA = "data"
HALDENS = re.compile(
    r"^(sample|record_url|tables|portal_url):.*\n(?:[ ].*\n)*", re.MULTILINE
)  # the sample company's alone


def make_workspace(folder: Path, *, sample: bool) -> Path:
    """Write parameters and notebooks into a folder, and with `sample` the sample company's CRM exports.

    In a folder that is a workspace already only missing exports are written. Raises `UsageError` where that would
    leave nothing to do, so that no one's parameters are ever overwritten.
    """
    if (folder / "notebooks").exists() and not (folder / "parameters").is_dir():
        raise UsageError(Problem("there are notebooks here already", str(folder), cure="choose an empty folder"))
    if (folder / "parameters").is_dir():
        if not sample:
            raise UsageError(Problem("this is a workspace already", str(folder), cure="choose an empty folder"))
        open_workspace(folder)
        return folder
    left = shutil.ignore_patterns(".ipynb_checkpoints", *[] if sample else ["reviews", "signatures", "mail.yaml"])
    with files.told(folder):
        for name in ("parameters", "notebooks"):
            shutil.copytree(SHIPPED / name, folder / name, ignore=left)
    if sample:
        open_workspace(folder)
        return folder
    parameters = folder / "parameters"
    for path in (parameters / "source.yaml", *sorted((parameters / "agreement").glob("*.yaml"))):
        own = HALDENS.sub("", path.read_text("utf-8"))
        files.write(path, re.sub(r"^data:.*$", f"data: {OWN_DATA}", own, flags=re.MULTILINE))
    return folder


def scratch_copy(workspace: Workspace, name: str, team: str, period: str) -> Path:
    """A copy of a notebook under `outputs/.scratch/`, set to a team and period, without outputs."""
    workspace.team(team)
    values = {"team": team, "period": workspace.period(period).name}
    source = workspace.notebook(name)
    if "team" not in parameters_of(source):
        raise UsageError(Problem("this notebook takes no team", source.name, cure="choose one that does: --notebook"))
    path = workspace.outputs / ".scratch" / f"{name}-{values['team']}-{values['period']}.ipynb"
    if path.exists():
        raise UsageError(Problem("a scratch copy is there already", str(path), cure="work in it, or remove it"))
    notebook = normalised(parameterize_notebook(load_notebook_node(literal(source)), values))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    files.write(path, nbformat.writes(notebook) + "\n")
    return path
