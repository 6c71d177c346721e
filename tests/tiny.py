"""A workspace of three deals and two teams, and notebooks that are only what a test needs them to be."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from slareport import files
from slareport.workspace import Workspace, open_workspace

PERIOD = "2017Q2"
AS_OF = "2017-07-11T04:00:00+00:00"  # when 2017Q2 has settled
SLAREPORT = [sys.executable, "-c", "from slareport.cli import app; app(prog_name='slareport')"]

MAVEN = Path(__file__).parent / "workspaces" / "maven" / "parameters"
PARAMETERS = 'team = "north"\nperiod = "2017Q2"\nas_of = ""'
TEAMS = """teams:
  north: {name: North, leader: Ada, calendar: office, currency: USD, crm: [Ada]}
  south: {name: South, leader: Bob, calendar: office, currency: USD, crm: [Bob]}
"""
DATA = {
    "sales_teams": "sales_agent,manager,regional_office\nAnn,Ada,East\nBen,Bob,West\n",
    "products": "product,series,sales_price\nGTX Pro,GTX,4821\n",
    "sales_pipeline": """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
        D1,Ann,GTX Pro,Acme,Won,2017-04-03,2017-05-02,4800
        D2,Ann,GTX Pro,Bcme,Lost,2017-04-04,2017-06-02,0
        D3,Ben,GTX Pro,Ccme,Won,2017-04-05,2017-06-06,4900
        """,
}
CLOSE = f"""
from IPython.display import HTML, display
row = dict(promise="win-rate", title="Win rate", kind="outcome", value=0.5, n=2)
display({{"application/vnd.slareport.record+json": dict(
    title="North: SLA review", foot="foot", id="1d", edition="team", client="", team=team, name=team.title(),
    bottom_line=dict(lede="Half of the deals were won.", points=[]), period=period, period_title="2017 Q2",
    as_of="{AS_OF}", provisional=False, zone="UTC", agreement_digest="a" * 64, data_digest="d" * 64,
    accounting=[], items=[], scorecard=[dict(row, team=team, period=period)], versions=[],
    misses=[], forecasts=[], rejects=[])}}, raw=True)
"""


def make_workspace(root: Path) -> Workspace:
    """Write the tiny workspace and open it."""
    parameters = root / "parameters"
    (parameters / "agreement").mkdir(parents=True)
    for name in ("agreement/2016-10-01.yaml", "maven.yaml"):
        (parameters / name).write_text((MAVEN / name).read_text())
    (parameters / "teams.yaml").write_text(TEAMS)
    (parameters / "source.yaml").write_text("mapping: maven\ndata: data\ndates: iso\n")
    (root / "data").mkdir()
    for name, text in DATA.items():
        (root / "data" / f"{name}.csv").write_text(dedent(text).replace("        ", ""))
    (root / "notebooks").mkdir()
    return open_workspace(root)


def write_notebook(
    workspace: Workspace, name: str, *cells: str, parameters: str = PARAMETERS, tag: bool = True
) -> Path:
    """A notebook of the workspace: its parameters, then one cell per text."""
    first = new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]} if tag else {})
    rest = [new_code_cell(dedent(cell), id=f"cell-{number}") for number, cell in enumerate(cells)]
    for cell in rest:
        cell.metadata = {"tags": ["skip-execution"]} if "# skipped" in cell.source else {}
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = workspace.root / "notebooks" / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=[first, *rest], metadata=metadata), path)
    return path


def slareport(
    *arguments: object, cwd: Path | None = None, timeout: float = 900, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    return subprocess.run(
        [*SLAREPORT, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is filled by the first of pytest-xdist's workers to ask for it, and read by all."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with files.lock(shared, wait=True):
        if not (shared / "made").exists():
            make(shared / "outputs")
            (shared / "made").touch()
    return shared / "outputs"


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything below a folder: the content of files, the targets of links."""
    paths = sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in paths
    }


def processes(what: str = "cmdline") -> str:
    """What all processes there are were started with."""
    texts = []
    for path in Path("/proc").glob(f"[0-9]*/{what}"):
        try:
            texts.append(path.read_text(errors="replace"))
        except OSError:  # it has just ended
            continue
    return "\n".join(texts)


def until(true: Callable[[], object]) -> None:
    """Wait for something to become true."""
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen within a minute")
