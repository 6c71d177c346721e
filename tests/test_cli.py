"""The commands as people and schedulers meet them: words, exit codes, and what is on the screen."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import CLOSE, PERIOD, SLAREPORT, make_workspace, slareport, tree, write_notebook
from typer.testing import CliRunner

from slareport.cli import app

HEAVY = ("altair", "ibis", "jupyter_client", "nbconvert", "nbformat", "pandas", "papermill", "pydantic", "scipy")
COMMANDS = ("run", "check", "init", "map", "explain", "notebook", "verify", "watch", "review", "sign", "amend", "diff")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with one good notebook and one that fails; read it."""
    made = make_workspace(tmp_path_factory.mktemp("cli"))
    write_notebook(made, "good", CLOSE)
    write_notebook(made, "slow", "import time; time.sleep(1)", CLOSE)
    write_notebook(made, "bad", "raise ValueError('[red]no[/red]')", CLOSE)
    return made


def at(workspace, outputs, *options):
    command = ["run", "--workspace", workspace.root, "--outputs", outputs, "--period", PERIOD, "--team", "north"]
    return [*command, *options]


# ── Help ──


def test_help_names_every_command_and_imports_nothing_heavy():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, atexit\n"
            f"atexit.register(lambda: print('heavy:', sorted(set(sys.modules) & set({HEAVY!r}))))\n"
            "from slareport.cli import app\napp(['--help'], prog_name='slareport')",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "heavy: []" in told
    assert all(f" {command} " in told for command in COMMANDS)


@pytest.mark.parametrize(
    ("first", "compiles"),
    [
        pytest.param("slareport", False, id="a command or notebook of ours does not"),
        pytest.param("altair", True, id="what it is spared is still there"),
    ],
)
def test_importing_compiles_a_grammar_for_iris(first, compiles):
    code = f"import {first}, altair, nbformat, sys; print('lark' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(compiles)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_a_help(command):
    told = slareport(command, "--help", COLUMNS="100").stdout
    for option in re.findall(r"--\w[\w-]*", told):
        assert re.search(rf"{option}\b.*[a-z]{{3}}", told)


# ── Run ──


@pytest.fixture(scope="module")
def mixed(workspace, tmp_path_factory):
    """A run of the good and the bad notebook, without a terminal."""
    outputs = tmp_path_factory.mktemp("outputs") / "[bold]"
    return outputs, slareport(*at(workspace, outputs, "--notebook", "good", "--notebook", "bad", "--jobs", "2"))


def test_a_run_with_a_failure_ends_with_3_and_says_what_and_where(mixed):
    outputs, done = mixed
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        f"failed bad {PERIOD} north: cell [3] raise ValueError('[red]no[/red]') failed: ValueError: [red]no[/red]; "
        f"see {outputs}/{PERIOD}/north/bad/failed"
    ]


def test_a_run_says_which_packets_it_made(mixed):
    outputs, done = mixed
    made = (outputs / PERIOD / "north" / "good" / "current").resolve() / "packet.html"
    assert done.stdout.splitlines() == [
        f"made   good {PERIOD} north: {made}",
        f"1 of 2 packets made. All reviews: {outputs}/index.html",
    ]


def test_published_packets_are_verified_and_a_changed_one_ends_with_5(mixed, workspace):
    outputs, _ = mixed
    good = slareport("verify", "--workspace", workspace.root, "--outputs", outputs)
    assert (good.returncode, good.stdout) == (0, "1 packets hold: no file changed, none missing, none added\n")
    page = next(outputs.glob("*/*/good/*/packet.html"))
    whole = page.read_bytes()
    page.write_bytes(whole + b" ")
    bad = slareport("verify", "--workspace", workspace.root, "--outputs", outputs)
    page.write_bytes(whole)
    assert bad.returncode == 5
    assert "packet.html: a published file was changed" in bad.stderr


def test_quiet_says_nothing_but_problems(workspace, tmp_path):
    good = slareport(*at(workspace, tmp_path, "--quiet", "--notebook", "good"))
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")


def test_a_dry_run_says_what_and_why_and_writes_nothing(workspace, mixed, tmp_path):
    before = tree(workspace.root)
    done = slareport(*at(workspace, tmp_path / "none", "--dry-run", "--notebook", "good"))
    assert done.returncode == 0
    assert re.search(rf"good +{PERIOD} +north +no packet yet", done.stdout)
    assert "1 of 1 packets would be made" in done.stdout
    assert not (tmp_path / "none").exists()
    assert tree(workspace.root) == before
    again = slareport(*at(workspace, mixed[0], "--dry-run", "--notebook", "good"))
    assert "0 of 1 packets would be made" in again.stdout


def test_a_terminal_shows_a_bar_and_the_cells_at_work(workspace, tmp_path):
    written = on_a_terminal(at(workspace, tmp_path, "--notebook", "slow", "--notebook", "bad", "--jobs", "1"))
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert re.search(r"packets +[━╺╸]+ 0/2", shown)
    assert re.search(rf"slow {PERIOD} north +[━╺╸]+ 3/4 import time; time\.sleep\(1\)", shown)
    assert re.search(rf"[\r\n]made   slow {PERIOD} north: {re.escape(str(tmp_path))}/\S+/packet\.html *\r?\n", shown)
    assert re.search(rf"failed bad {PERIOD} north: ", shown)
    assert shown.rstrip().endswith(f"1 of 2 packets made. All reviews: {tmp_path}/index.html")


def on_a_terminal(arguments, columns=100):
    """Everything a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "40", "TERM": "xterm-256color"}
    command = subprocess.Popen(
        [*SLAREPORT, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    chunks = []
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    command.wait()
    os.close(ours)
    return b"".join(chunks).decode()


def test_a_period_that_has_not_settled_is_noted(workspace):
    done = slareport("run", "-w", workspace.root, "--period", "2099Q1", "--notebook", "good", "--dry-run")
    assert done.returncode == 0
    assert "2099Q1 settles on 2099-04-0" in done.stderr


# ── What is refused ──


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        pytest.param(["--team", "nroth"], 2, "did you mean north", id="a team that does not exist"),
        pytest.param(["--notebook", "god"], 2, "did you mean good", id="a notebook that does not exist"),
        pytest.param(["--period", "2017Q9"], 2, "not a period", id="a period that does not exist"),
        pytest.param(["--period", "1990Q1"], 2, "no agreement is in force", id="a period before the agreement"),
        pytest.param(["--as-of", "never"], 2, "not a date", id="a time that is none"),
        pytest.param(["--jobs", "0"], 2, "jobs", id="no jobs"),
        pytest.param(["--workspace", "/nowhere"], 2, "no such folder", id="a workspace that does not exist"),
        pytest.param(["--workspace", "/"], 2, "no workspace here", id="a folder that is no workspace"),
        pytest.param(["--outputs", "/proc/outputs"], 12, "cannot write", id="outputs that cannot be written"),
    ],
)
def test_a_wrong_command_is_refused_and_writes_nothing(workspace, tmp_path, options, code, told):
    done = CliRunner().invoke(app, [*map(str, at(workspace, tmp_path / "none", "--notebook", "good")), *options])
    assert done.exit_code == code
    assert told in done.stderr
    assert not (tmp_path / "none").exists()


def test_tables_that_are_missing_end_with_4(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "good", CLOSE)
    (workspace.root / "data" / "sales_teams.csv").unlink()
    done = slareport(*at(workspace, tmp_path / "o", "--notebook", "good"))
    assert done.returncode == 4
    assert "sales_teams" in done.stderr
    assert "Traceback" not in done.stderr


# ── Explain ──


def explained(workspace, *arguments, **environment):
    return slareport("explain", *arguments, "--workspace", workspace.root, **environment)


def test_explain_tells_the_timeline_of_a_deal_as_plain_lines(workspace):
    done = explained(workspace, "win-rate", "D1", "--period", PERIOD, "--team", "north", COLUMNS="40")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("Deal D1")
    assert "Counted; 1 of 1; dated 2 May 2017" in done.stdout
    assert "Closed: won" in done.stdout.splitlines()[-1]


def test_explain_on_a_narrow_terminal_fits_it(workspace):
    written = on_a_terminal(["explain", "win-rate", "D1", "--period", PERIOD, "-w", workspace.root], columns=40)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 40
    assert "Closed: won" in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["win-rate", "D11"], "no such item .* did you mean D1", id="an item, with the nearest"),
        pytest.param(["win-rat", "D1"], "no such promise or result.*did you mean win-rate", id="a promise"),
        pytest.param(["win-rate", "D3", "--team", "north"], "no such item", id="another team's item"),
        pytest.param(["win-rate", "D1", "--team", "nroth"], "did you mean north", id="a team"),
        pytest.param(["win-rate", "D1", "--as-of", "1999-01-01"], "nothing of 2017Q2 is known", id="too early"),
    ],
)
def test_explain_refuses_what_does_not_exist_with_the_nearest(workspace, arguments, told):
    done = explained(workspace, *arguments, "--period", PERIOD)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(told, done.stderr)
    assert "Traceback" not in done.stderr


# ── Check ──


def test_a_workspace_in_order_is_said_to_be(workspace):
    done = slareport("check", "--workspace", workspace.root)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "everything is in order"
    assert done.stderr == (
        "warning parameters/agreement/2016-10-01.yaml:9: services[0]: promised, not measured; found 'Deal handling'; "
        "fix: name the promises that say how well: `promises: [...]`\n"
        "warning parameters/agreement/2016-10-01.yaml:5: parties: version 1 is not signed by Sales and Marketing; "
        "fix: slareport sign 2016-10-01 --party PARTY --by NAME\n"
    )
    listed = next(line for line in done.stdout.splitlines() if line.startswith("notebooks"))
    assert {"annex", "bad", "client_review", "good", "slow", "target_setting"} <= set(listed.replace(",", "").split())


def test_check_lists_all_problems_of_all_files_at_once(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "untagged", CLOSE, tag=False)
    write_notebook(workspace, "asking", CLOSE, parameters='period = ""\ntaem = ""')
    (workspace.root / "notebooks" / "torn.ipynb").write_text("{")
    (workspace.root / "data" / "products.csv").unlink()
    teams = workspace.root / "parameters" / "teams"
    teams.mkdir()
    (teams / "north.yaml").write_text("team: nroth\nclass: x\n")
    done = slareport("check", "--workspace", workspace.root)
    assert done.returncode == 2
    for told in (
        "untagged.ipynb: a review notebook takes a period",
        "asking.ipynb: the notebook asks for a parameter that no one gives; found 'taem'; fix: did you mean team",
        "torn.ipynb: not a notebook",
        "products",
        "parameters/teams/north.yaml:1: team: no such team; found 'nroth'; fix: did you mean north",
        "parameters/teams/north.yaml:2: class: no notebook takes this",
    ):
        assert told in done.stderr
    with (workspace.root / "parameters" / "teams.yaml").open("a") as file:
        file.write("  west: {}\nteems: {}\n")
    done = slareport("check", "--workspace", workspace.root)
    assert all(told in done.stderr for told in ("west", "teems", "untagged.ipynb", "asking.ipynb"))


def test_check_tells_missing_tables_with_4(tmp_path):
    workspace = make_workspace(tmp_path)
    (workspace.root / "data" / "products.csv").unlink()
    assert slareport("check", "--workspace", workspace.root).returncode == 4


def test_the_command_that_is_installed_is_this_one():
    command = Path(sys.executable).with_name("slareport")
    told = subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout
    assert "Sales SLA reviews" in told
