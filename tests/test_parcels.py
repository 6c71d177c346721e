"""A packet made elsewhere: from one parcel, without the workspace, the CRM tables or anyone else's rows."""

from __future__ import annotations

import pickle
import shutil
import tempfile
from dataclasses import replace

import pytest
from tiny import CLOSE, PERIOD, make_workspace, write_notebook

from slareport.finishing import finish
from slareport.jobs import known_at, plan
from slareport.kernels import execute
from slareport.parcels import make, pack
from slareport.run import prepare
from slareport.servers import LIMITS, stop_servers
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once

LOOK = """
    from slareport.evaluation import evaluate
    from slareport.workspace import open_workspace
    made = evaluate(open_workspace(), period, team=team)
    print(made.scorecard()[["promise", "n", "numerator"]].to_csv())
"""


@pytest.fixture
def packed(tmp_path):
    """A workspace, its jobs by team, and what they are made from."""
    workspace = make_workspace(tmp_path / "company")
    write_notebook(workspace, "review", LOOK, CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], notebooks=["review"])
    return workspace, {job.team: job for job in jobs}, prepare(workspace, jobs)


def test_it_is_made_from_the_parcel_alone_and_leaves_nothing(packed, tmp_path, monkeypatch):
    workspace, jobs, made_from = packed
    here = execute(jobs["north"].path, jobs["north"].parameters, workspace.environment, LIMITS)
    expected = finish(here, jobs["north"], known_at(workspace, jobs["north"]))
    parcel = pickle.dumps(pack(made_from, jobs["north"], LIMITS))
    shutil.rmtree(workspace.root)
    temporary = tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    finished, versions = make(pickle.loads(parcel))  # noqa: S301
    stop_servers()
    assert finished.failure == ""
    assert finished.html == expected.html
    assert "win-rate,2,1" in str(finished.notebook)
    assert versions["slareport"]
    assert [path.name for path in temporary.glob("*/*")] == [
        "parameters"
    ]  # of the fork server, until this process ends


def test_a_team_s_parcel_has_nothing_of_other_teams(packed):
    _, jobs, made_from = packed
    parcel = pack(made_from, jobs["north"], LIMITS)
    folders = {name.split("/")[1] for cut in parcel.extracts.values() for name in cut}
    assert folders == {"north", "extract.json", "rejects.parquet"}


def test_a_notebook_that_looks_at_another_time_is_told_that_the_tables_are_not_there(packed):
    workspace, jobs, _ = packed
    write_notebook(workspace, "review", LOOK.replace("team=team", "'2017-05-01', team"), CLOSE)
    made_from = prepare(open_workspace(workspace.root), jobs.values())
    finished, _ = make(pack(made_from, jobs["north"], LIMITS))
    assert "the CRM tables are not here" in finished.failure


def test_a_worker_with_another_slareport_makes_nothing(packed):
    _, jobs, made_from = packed
    finished, _ = make(replace(pack(made_from, jobs["north"], LIMITS), package="another"))
    assert finished.failure.startswith("its worker has another slareport")
