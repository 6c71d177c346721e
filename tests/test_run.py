"""The batch: what is refused before it starts, what becomes of notebooks that go wrong, and how it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

import nbformat
import pytest
from tiny import CLOSE, PERIOD, SLAREPORT, make_workspace, processes, slareport, tree, until, write_notebook

from slareport import outputs
from slareport.errors import LockedError, MachineError, UsageError
from slareport.jobs import known_at, plan
from slareport.kernels import Limits
from slareport.run import prepare, run
from slareport.workspace import open_workspace

LIMITS = Limits(cell=6)
ORPHAN = f"sleep 4321.{os.getpid()}"  # its own, whatever other sessions leave behind

BAD = {
    "raises": (["1 / 0", CLOSE], "cell [3] 1 / 0 failed: ZeroDivisionError: division by zero"),
    "leaves": (["import sys; sys.exit(0)", CLOSE], "ended before its closing call"),
    "leaves-last": ([CLOSE + "import sys; sys.exit(0)"], "did not run to its end"),
    "exits": (["import os; os._exit(0)", CLOSE], "its kernel died in cell [3] import os"),
    "killed": (
        [f"import os, subprocess\nsubprocess.Popen('{ORPHAN}'.split())\nos.kill(os.getpid(), 9)", CLOSE],
        "its kernel died in cell [3] import os, subprocess",
    ),
    "hangs": (["import time\ntime.sleep(60)", CLOSE], "cell [3] import time ran longer than 6 seconds"),
    "clings": (
        ["import time\nwhile True:\n    try: time.sleep(60)\n    except BaseException: pass", CLOSE],
        "ran longer than 6 seconds",
    ),
    "skips": (["1 / 0  # skipped", CLOSE], "not every cell ran, in order"),
    "unclosed": (["1 + 1"], "ended before its closing call"),
    "overwrites": (['team = "south"', CLOSE], "it reviewed team south instead of north"),
    "scripts": (["from IPython.display import HTML", "HTML('<script>1</script>')", CLOSE], "load or run something"),
    "javascript": (
        ["from IPython.display import HTML", "HTML('<img src=x onerror=alert(1)>')", CLOSE],
        "img onerror",
    ),
    "half-closed": (['display({"application/vnd.slareport.record+json": {}}, raw=True)'], "period None instead"),
    "colours": (['raise ValueError("\\x1b[31mred\\x1b[0m")', CLOSE], "ValueError: red"),
}
GOOD = ("good", "better")


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Every bad notebook and two good ones, in one batch whose temporary files are watched."""
    workspace = make_workspace(tmp_path_factory.mktemp("batch"))
    for name, (cells, _) in BAD.items():
        write_notebook(workspace, name, *cells)
    for name in GOOD:
        write_notebook(workspace, name, CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], ["north"], [*BAD, *GOOD])
    temporary = tmp_path_factory.mktemp("t")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        outcomes = {outcome.job.notebook: outcome for outcome in run(workspace, jobs, workers=2, limits=LIMITS)}
    return workspace, outcomes, list(temporary.iterdir())


# ── Notebooks that go wrong ──


@pytest.mark.parametrize("name", BAD)
def test_a_bad_notebook_publishes_nothing_and_tells_why(batch, name):
    workspace, outcomes, _ = batch
    place = outcomes[name].job.place
    assert BAD[name][1] in outcomes[name].failure
    assert outcomes[name].folder == place.folder(workspace.outputs) / "failed"
    assert [path.name for path in place.folder(workspace.outputs).iterdir()] == ["failed"]
    assert (outcomes[name].folder / "reason.txt").read_text().strip() == outcomes[name].failure


def test_the_executed_copy_with_the_error_is_kept(batch):
    kept = (batch[1]["raises"].folder / "notebook.ipynb").read_text()
    assert "ZeroDivisionError" in kept
    assert "completed" not in kept  # papermill says so of cells that never ran


@pytest.mark.parametrize("name", GOOD)
def test_the_other_packets_are_still_made(batch, name):
    workspace, outcomes, _ = batch
    assert outcomes[name].failure == ""
    assert outcomes[name].job.place.current(workspace.outputs)["team"] == "north"


def test_no_temporary_folder_is_left(batch):
    assert batch[2] == []


def test_no_process_of_a_dead_kernel_is_left(batch):  # noqa: ARG001
    assert ORPHAN.replace(" ", "\0") not in processes()


def test_the_index_shows_failures(batch):
    page = (batch[0].outputs / "index.html").read_text()
    assert "failed/reason.txt" in page


def test_a_failure_leaves_the_earlier_packet_and_success_takes_the_failure_away(tmp_path):
    workspace = make_workspace(tmp_path)
    jobs = made(workspace, CLOSE)[0]
    before = tree(workspace.outputs / PERIOD)
    made(workspace, "1 / 0", CLOSE)
    after = tree(workspace.outputs / PERIOD)
    assert {name: after[name] for name in before} == before
    assert sorted(set(after) - set(before)) == [
        "north/review/failed/notebook.ipynb",
        "north/review/failed/reason.txt",
    ]
    assert "the last build failed" in (workspace.outputs / "index.html").read_text()
    made(workspace, CLOSE)
    assert tree(workspace.outputs / PERIOD) == before
    assert outputs.verify(workspace.outputs) == len(jobs)


def made(workspace, *cells):
    write_notebook(workspace, "review", *cells)
    jobs = plan(workspace, [workspace.period(PERIOD)], ["north"], ["review"])
    return jobs, list(run(workspace, jobs, workers=1))


# ── What is refused before a kernel starts ──


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    made = make_workspace(tmp_path_factory.mktemp("plan"))
    write_notebook(made, "review", CLOSE)
    return made


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param({"teams": ["nort"]}, "did you mean north", id="a team that does not exist"),
        pytest.param({"notebooks": ["reviw"]}, "did you mean review", id="a notebook that does not exist"),
        pytest.param({"as_of": "2017-03-01"}, "nothing of 2017Q2 is known yet", id="before the period"),
        pytest.param({"as_of": "soon"}, "not a date or time", id="an as_of that is no time"),
    ],
)
def test_a_wrong_name_or_time_is_refused(workspace, options, told):
    with pytest.raises(UsageError, match=told):
        plan(workspace, [workspace.period(PERIOD)], **options)


def test_a_period_without_an_agreement_is_refused(workspace):
    with pytest.raises(UsageError, match="no agreement is in force"):
        plan(workspace, [workspace.period("2015Q1")])


def test_before_any_agreement_there_is_what_looks_at_drafts(workspace):
    jobs = plan(workspace, [workspace.period("2016Q2")], notebooks=["workflow_analysis", "target_setting"])
    assert [known_at(workspace, job).isoformat() for job in jobs] == ["2016-07-09T04:00:00+00:00"] * 2


@pytest.mark.parametrize(
    ("parameters", "tag", "told"),
    [
        pytest.param('period = "2017Q2"', False, "takes a period", id="no cell is tagged parameters"),
        pytest.param('team = "north"', True, "takes a period", id="no period"),
        pytest.param('period = ""\nteams = ""', True, "did you mean team", id="a parameter no one gives"),
    ],
)
def test_a_notebook_that_takes_other_parameters_is_refused(tmp_path, parameters, tag, told):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "odd", CLOSE, parameters=parameters, tag=tag)
    with pytest.raises(UsageError, match=told):
        plan(workspace, [workspace.period(PERIOD)], notebooks=["odd"])


def test_as_of_needs_a_notebook_that_takes_it(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "review", CLOSE, parameters='team = ""\nperiod = ""')
    with pytest.raises(UsageError, match="takes no as_of"):
        plan(workspace, [workspace.period(PERIOD)], notebooks=["review"], as_of="2017-06-01")


@pytest.mark.parametrize("text", ["not json", "[]", '{"cells": []}'])
def test_a_file_that_is_no_notebook_is_refused_even_if_no_one_names_it(tmp_path, text):
    workspace = make_workspace(tmp_path)
    (workspace.root / "notebooks" / "torn.ipynb").write_text(text)
    with pytest.raises(UsageError, match=r"torn\.ipynb"):
        plan(workspace, [workspace.period(PERIOD)])


def test_a_notebook_without_parameters_is_never_left_out_in_silence(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "annex", CLOSE, tag=False)
    with pytest.raises(UsageError, match=r"annex\.ipynb"):
        plan(workspace, [workspace.period(PERIOD)])


def test_a_notebook_of_other_parameters_is_no_review_and_left_out(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "handbook", CLOSE, parameters='role = "seller"')
    assert {job.notebook for job in plan(workspace, [workspace.period(PERIOD)])} == {
        "annex",
        "leadership_summary",
        "team_review",
    }


def test_every_team_and_period_gets_a_packet_and_the_company_one_a_period(workspace):
    periods = [workspace.period("2017Q1"), workspace.period("2017Q2")]
    jobs = plan(workspace, periods, notebooks=["review", "leadership_summary"])
    assert [str(job) for job in jobs] == [
        "review 2017Q1 north",
        "review 2017Q1 south",
        "review 2017Q2 north",
        "review 2017Q2 south",
        "leadership_summary 2017Q1",
        "leadership_summary 2017Q2",
    ]


# ── The same packets anywhere ──


def test_any_executor_gives_the_same_packets(tmp_path):
    workspace = make_workspace(tmp_path / "{team} of {period}")  # papermill fills in what stands between braces
    write_notebook(workspace, "review", "print('a', flush=True)\nprint('b')", CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], notebooks=["review"])
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert not any(outcome.failure for outcome in run(workspace, jobs, workers=2, executor=executor))
    elsewhere = open_workspace(workspace.root, tmp_path / "threads")
    assert not any(outcome.failure for outcome in run(elsewhere, jobs[::-1], workers=1))
    assert tree(workspace.outputs / PERIOD) == tree(elsewhere.outputs / PERIOD)


def test_a_lost_worker_is_a_failure_of_its_notebook(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "review", CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], notebooks=["review"])
    with ProcessPoolExecutor(1, initializer=os._exit, initargs=(1,)) as executor:
        outcomes = list(run(workspace, jobs, workers=1, executor=executor))
    assert all("its worker was lost" in outcome.failure for outcome in outcomes)


def test_progress_is_told_of_every_cell(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "review", "1 + 1", "", CLOSE)
    told = []
    jobs = plan(workspace, [workspace.period(PERIOD)], ["north"], ["review"])
    list(run(workspace, jobs, workers=1, progress=lambda *at: told.append(at)))
    assert [(call, number, cells) for _, call, number, cells in told] == [
        ('team = "north"', 1, 4),
        ("# Parameters", 2, 4),
        ("1 + 1", 3, 4),
        ("from IPython.display import HTML, display", 4, 4),
    ]


# ── How a batch ends ──


def test_a_closed_batch_kills_its_kernels_and_lists_what_it_made(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "quick", CLOSE)
    awake = tmp_path / "awake"
    write_notebook(workspace, "slow", f"import time; time.sleep(30); open({str(awake)!r}, 'w').close()", CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], ["north"], ["quick", "slow"])
    outcomes = run(workspace, jobs, workers=2)
    assert next(outcomes).failure == ""
    outcomes.close()
    assert not awake.exists()
    assert "packet.html" in (workspace.outputs / "index.html").read_text()
    assert not (workspace.outputs / PERIOD / "north" / "slow").exists()


def test_outputs_of_a_running_batch_are_locked(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "review", CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], ["north"], ["review"])
    first = run(workspace, jobs, workers=1)
    next(first)
    with pytest.raises(LockedError, match=f"process {os.getpid()}"):
        next(run(workspace, jobs, workers=1))
    first.close()
    list(run(workspace, jobs, workers=1))


def test_outputs_that_cannot_be_written_are_told_before_a_kernel_starts(workspace, tmp_path):
    (tmp_path / "file").write_text("")
    jobs = plan(workspace, [workspace.period(PERIOD)], notebooks=["review"])
    closed = open_workspace(workspace.root, tmp_path / "file" / "outputs")
    with pytest.raises(MachineError, match="cannot write"):
        next(run(closed, jobs, workers=1))


@pytest.fixture
def sleeping(tmp_path):
    """The command at work on a notebook that sleeps, in a process of its own; its folder of temporary files."""
    workspace = make_workspace(tmp_path)
    marker, temporary = tmp_path / "asleep", tmp_path / "t"
    temporary.mkdir()
    write_notebook(
        workspace,
        "sleeps",
        f"from pathlib import Path\nPath({str(marker)!r}).touch()\nimport time; time.sleep(300)",
        CLOSE,
    )
    write_notebook(workspace, "waits", CLOSE)
    prepare(workspace, plan(workspace, [workspace.period(PERIOD)], ["north"], ["waits"]))
    options = ["run", "--period", PERIOD, "--team", "north", "--notebook", "sleeps", "--notebook", "waits"]
    environment = {**os.environ, "TMPDIR": str(temporary), "SLAREPORT_TEST": str(tmp_path)}
    command = subprocess.Popen(
        [*SLAREPORT, *options, "--jobs", "1"],
        cwd=workspace.root,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite in the background ignores Ctrl-C
    )
    until(marker.exists)
    with command:
        yield command, workspace, temporary
        command.kill()


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        pytest.param(signal.SIGTERM, 143, "terminated", id="SIGTERM"),
        pytest.param(signal.SIGINT, 130, "interrupted", id="Ctrl-C"),
    ],
)
def test_a_signal_ends_the_command_and_every_process_and_folder_of_it(sleeping, number, code, told):
    command, workspace, temporary = sleeping
    locked = slareport("run", "--period", PERIOD, "--notebook", "waits", cwd=workspace.root)
    assert locked.returncode == 11
    assert f"process {command.pid}" in locked.stderr
    command.send_signal(number)
    _, err = command.communicate(timeout=120)
    assert command.returncode == code
    assert told in err
    assert "Traceback" not in err
    assert str(temporary) not in processes("environ")
    assert list(temporary.iterdir()) == []
    assert not (workspace.outputs / PERIOD / "north" / "sleeps").exists()


def test_the_kernels_of_a_batch_are_forked_and_none_of_its_processes_is_left(tmp_path, monkeypatch):
    workspace = make_workspace(tmp_path)
    monkeypatch.setenv("SLAREPORT_TEST", str(tmp_path))
    forked = "import os, pathlib\nassert 'forkserver' in pathlib.Path(f'/proc/{os.getppid()}/cmdline').read_text()"
    write_notebook(workspace, "review", forked, CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], notebooks=["review"])
    assert not any(outcome.failure for outcome in run(workspace, jobs, workers=2))
    assert str(tmp_path) not in processes("environ")


def test_a_batch_whose_server_dies_ends_with_every_packet(tmp_path):
    workspace = make_workspace(tmp_path)
    once = f"""
        import os, pathlib, signal, time
        if 'forkserver' in pathlib.Path(f'/proc/{{os.getppid()}}/cmdline').read_text():
            pathlib.Path({str(tmp_path / "killed")!r}).touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
    """
    write_notebook(workspace, "kills", once, CLOSE)
    write_notebook(workspace, "review", "import time; time.sleep(1)", CLOSE)
    jobs = plan(workspace, [workspace.period(PERIOD)], notebooks=["kills", "review"])
    assert [outcome.failure for outcome in run(workspace, jobs, workers=2)] == [""] * len(jobs)
    assert (tmp_path / "killed").exists()


def test_papermill_s_command_forks_its_kernel_with_our_engine(tmp_path):
    workspace = make_workspace(tmp_path)
    look = """
        import os, pathlib, sys
        forked = 'forkserver' in pathlib.Path(f'/proc/{os.getppid()}/cmdline').read_text()
        print(forked, pathlib.Path.cwd().name, os.environ['OF_MINE'], sys.path[0], team)
    """
    path = write_notebook(workspace, "review", look)
    command = [sys.executable, "-m", "papermill", path, tmp_path / "out.ipynb", "-p", "team", "NO", "--no-progress-bar"]
    shown = {}
    for engine in ("slareport", "nbclient"):
        environment = {**os.environ, "OF_MINE": "1", "SLAREPORT_TEST": str(tmp_path)}
        subprocess.run([*command, "--engine", engine], cwd=tmp_path, env=environment, check=True, capture_output=True)
        shown[engine] = nbformat.read(tmp_path / "out.ipynb", 4).cells[-1].outputs[0].text.split(maxsplit=1)
    assert [forked for forked, _ in shown.values()] == ["True", "False"]
    assert shown["slareport"][1] == shown["nbclient"][1]
    assert str(tmp_path) not in processes("environ")


def test_a_killed_command_leaves_no_kernel_and_no_lock(sleeping):
    command, workspace, temporary = sleeping
    command.kill()
    command.wait()
    until(lambda: str(temporary) not in processes("environ"))
    again = slareport("run", "--period", PERIOD, "--team", "north", "--notebook", "waits", "-q", cwd=workspace.root)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
