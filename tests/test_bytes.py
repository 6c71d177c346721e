"""The same inputs give the same bytes: in any time zone, with any hash seed, in any order, by any way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from companies import PERIOD, made, sharing_extracts
from tiny import made_once, slareport, tree

from slareport import servers
from slareport.jobs import plan
from slareport.run import run
from slareport.workspace import open_workspace

pytestmark = pytest.mark.once

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
HERE = {"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C.UTF-8"}
THERE = {"TZ": "America/New_York", "PYTHONHASHSEED": "2", "LC_ALL": "C"}


@pytest.fixture(scope="module")
def one(sample, tmp_path_factory):
    """EMEA's review alone."""
    options = ("--team", "emea", "--notebook", "team_review", "--jobs", "1")
    return made_once(
        tmp_path_factory, "one", lambda folder: made(sample.root, folder, "--period", PERIOD, *options, **HERE)
    )


def test_a_run_elsewhere_beside_others_gives_the_same_packet(sample, one, tmp_path_factory):
    options = ("--team", "apac", "--team", "emea", "--notebook", "leadership_summary", "--notebook", "team_review")
    two = tmp_path_factory.mktemp("another place")  # with an extract of its own
    run = ("run", "--workspace", sample.root, "--outputs", two, "--period", PERIOD, "--quiet")
    done = slareport(*run, *options, "--jobs", "4", **THERE)
    assert (done.returncode, done.stderr) == (0, "")
    place = Path(PERIOD, "emea", "team_review")
    first, second = tree(one / place), tree(two / place)
    assert len(first) == 11
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_papermill_and_nbconvert_give_the_bytes_of_run(sample, one, tmp_path):
    notebook = tmp_path / "notebooks" / "team_review.ipynb"
    notebook.parent.mkdir()
    shutil.copyfile(NOTEBOOKS / "team_review.ipynb", notebook)
    (tmp_path / "parameters").symlink_to(sample.root / "parameters")
    environment = {**os.environ, **THERE, "SLAREPORT_WORKSPACE": str(sample.root)}
    bin_ = Path(sys.executable).parent
    for command in (
        "papermill notebooks/team_review.ipynb out.ipynb -f parameters/teams/emea.yaml -p period 2026Q3",
        "jupyter-nbconvert --to slareport out.ipynb",
    ):
        name, *arguments = command.split()
        subprocess.run(
            [sys.executable, bin_ / name, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True
        )
    published = one / PERIOD / "emea" / "team_review" / "current" / "packet.html"
    assert (tmp_path / "out.html").read_bytes() == published.read_bytes()


def test_kernels_that_are_not_forked_make_the_same_packet(sample, one, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "SERVER", "slareport.not_there")
    home = open_workspace(sample.root, sharing_extracts(sample.root, tmp_path))
    jobs = plan(home, [home.period(PERIOD)], ["emea"], ["team_review"])
    assert [outcome.failure for outcome in run(home, jobs, workers=1)] == [""]
    place = Path(PERIOD, "emea", "team_review")
    assert tree(tmp_path / place) == tree(one / place)
