"""Every command and every line of code in the README is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser import chromium

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BIN = Path(sys.executable).parent


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


LINES = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
COMMANDS = [line.partition("#")[0].strip() for line in LINES]
MADE_BY_HAND = "--workspace sales"  # a workspace whose exports a person has yet to put there


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    said = shell("slareport init --sample", folder)
    assert said.returncode == 0, said.stderr
    return folder


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("SLAREPORT_")}
    path = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, shell=True, cwd=folder, env=own | path, capture_output=True, text=True)  # noqa: S602


def test_the_two_make_commands_come_first_and_ci_runs_both() -> None:
    assert [command for command in COMMANDS if command.startswith("make")] == ["make packets", "make test"]
    assert "make check packets test" in (ROOT / ".ci" / "run").read_text()


def test_every_other_command_runs_as_it_stands(workspace: Path) -> None:
    for command in COMMANDS:
        if command.startswith("make"):
            continue
        if command.split()[1] in ("mail", "pdf"):
            chromium()
        said = shell(command, workspace)
        if MADE_BY_HAND in command:
            assert said.returncode == 4, said.stderr
            assert "put there" not in said.stdout
            assert "CRM tables" in said.stderr
        else:
            urgent = command.startswith("slareport watch")  # in August something was late
            assert said.returncode == (10 if urgent else 0), f"{command}\n{said.stdout}\n{said.stderr}"


def test_a_kpi_in_ten_lines_reaches_the_scorecard(workspace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "company"
    assert shell(f"cp -r {workspace} {folder}", tmp_path).returncode == 0
    (code,), (agreed,) = blocks("python"), blocks("yaml")
    assert len([line for line in code.split("\n\n\n")[1].splitlines() if line.strip()]) <= 10
    (folder / "kpis.py").write_text(code)
    for path in (folder / "parameters" / "agreement").glob("*.yaml"):
        entry = agreed.split("outcomes:\n")[1]
        path.write_text(path.read_text().replace("outcomes:\n", f"outcomes:\n{entry}"))
    assert shell("slareport check", folder).returncode == 0
    script = "from slareport.review import Review; print(Review('emea', '2026Q3').rows.to_csv())"
    said = shell(f'python -c "{script}"', folder)
    assert "deal-size,Deal size,outcome,deal_size" in said.stdout, said.stderr


def test_the_picture_and_every_file_it_links_to_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target
