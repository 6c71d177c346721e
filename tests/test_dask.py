"""Packets made on a real Dask cluster: the same as here, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
import time

import pytest
from companies import PERIOD, TEAMS, sharing_extracts
from distributed import Client, LocalCluster
from tiny import CLOSE, make_workspace, processes, slareport, tree, write_notebook
from tiny import PERIOD as QUARTER

from slareport.jobs import plan
from slareport.run import run
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers, each a process of its own."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


def kill_one_at_work(client):
    """Kill a worker that is making a packet."""
    pids = client.run(os.getpid)
    for _ in range(600):
        busy = [worker for worker, tasks in client.processing().items() if tasks]
        if busy:
            os.kill(pids[busy[0]], signal.SIGKILL)
            return
        time.sleep(0.1)
    pytest.fail("no worker was at work within a minute")


def test_a_cluster_that_loses_a_worker_makes_the_packets_of_one_machine(sample, quarter, cluster, tmp_path):
    there = open_workspace(sample.root, sharing_extracts(sample.root, tmp_path / "there"))
    jobs = plan(there, [there.period(PERIOD)], TEAMS, ["team_review"])
    with Client(cluster) as client, client.get_executor(retries=2) as executor:
        outcomes = run(there, jobs, workers=2, executor=executor)
        failures = [next(outcomes).failure]
        kill_one_at_work(client)
        failures += [outcome.failure for outcome in outcomes]
    assert failures == [""] * len(jobs)
    for job in jobs:
        place = job.place.folder(there.outputs).relative_to(there.outputs)
        assert tree(there.outputs / place) == tree(quarter / place)


def test_the_command_runs_on_a_cluster_by_its_address(cluster, tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "review", CLOSE)
    options = ["run", "--period", QUARTER, "--notebook", "review", "--dask", cluster.scheduler_address]
    done = slareport(*options, cwd=tmp_path)
    assert "2 of 2 packets made" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert str(tmp_path) not in processes("environ")


def test_a_scheduler_that_does_not_answer_is_told(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "review", CLOSE)
    done = slareport("run", "--period", QUARTER, "--notebook", "review", "--dask", "tcp://127.0.0.1:9", cwd=tmp_path)
    assert done.returncode == 12
    assert "no scheduler answers" in done.stderr
    assert "Traceback" not in done.stderr
