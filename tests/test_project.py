"""The project's own files say the same thing everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA_NAMES = {"ibis-framework": "ibis-duckdb"}  # conda has a package per extra
CONDA_TOOLS = {"pytest", "nbval"}  # what the card asks for beside what slareport itself needs


def requirements(texts: list[str]) -> dict[str, str]:
    parsed = [Requirement(text) for text in texts]
    return {CONDA_NAMES.get(r.name, r.name): str(r.specifier) for r in parsed}


def test_the_conda_environment_asks_for_what_pyproject_asks_for() -> None:
    conda = YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]
    listed = requirements([text for text in conda if isinstance(text, str)])
    tools = requirements([t for t in PROJECT["dependency-groups"]["dev"] if Requirement(t).name in CONDA_TOOLS])
    wanted = {**requirements(PROJECT["project"]["dependencies"]), **tools, "pip": ""}
    wanted["python"] = PROJECT["project"]["requires-python"]
    assert listed == wanted


def test_every_pinned_package_has_a_version_and_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.findall(r"https?://|--index|--find-links|file:", lock)
    packages = re.split(r"\n(?=\S)", lock.split("make lock\n")[1].strip())
    assert all(re.match(r"[\w.-]+(\[[\w,]+\])?==\S+", package) for package in packages)
    assert all("--hash=sha256:" in package for package in packages)


@pytest.mark.parametrize("text", [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]])
def test_every_dependency_is_pinned_in_the_lock_within_its_range(text: str) -> None:
    wanted = Requirement(text)
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(rf"^{re.escape(wanted.name.replace('.', '-'))}(?:\[.*\])?==(\S+)", lock, re.MULTILINE)
    assert pinned
    assert all(wanted.specifier.contains(version) for version in pinned)


def test_modules_import_only_what_stands_above_them_in_the_readme() -> None:
    """The README's list of modules is the order of the house: no module imports one that stands below it."""
    house = (ROOT / "README.md").read_text().split("a module imports only what stands above it\n")[1].split("```")[0]
    words = [word for line in house.splitlines() for word in re.split(r"\s{2,}|←", line.strip())[0].split()]
    order = [word.rstrip("/") for word in words if word != "mappings/"]
    modules = {path.stem for path in (ROOT / "slareport").glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in (ROOT / "slareport").glob("*/__init__.py")}
    assert set(order) == modules
    for name in modules:
        paths = [ROOT / "slareport" / f"{name}.py", *(ROOT / "slareport" / name).glob("*.py")]
        text = "\n".join(path.read_text() for path in paths if path.is_file())
        found = set(re.findall(r"^\s*from slareport\.(\w+)|^\s*import slareport\.(\w+)", text, re.MULTILINE))
        grouped = re.findall(r"^\s*from slareport import ([\w, ]+)$", text, re.MULTILINE)
        names = {a or b for a, b in found} | {part.split()[0] for line in grouped for part in line.split(",")}
        below = {other for other in names & modules if order.index(other) > order.index(name)}
        assert not below, f"{name} imports {below}, which stand below it"


def test_the_wheel_holds_templates_mappings_notebooks_and_parameters(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run([sys.executable, "-m", "zipfile", "-l", wheel], check=True, capture_output=True, text=True)
    for name in (
        "slareport/templates/style.css",
        "slareport/templates/sections/tables.html.j2",
        "slareport/mappings/salesforce.yaml",
        "slareport/starter/notebooks/team_review.ipynb",
        "slareport/starter/parameters/teams.yaml",
    ):
        assert name in listed.stdout
