"""The committed notebooks: thin, complete, and with outputs that fail a test as soon as a number moves."""

from __future__ import annotations

import ast
import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from slareport.jobs import ON_REQUEST, WITH_DRAFTS, WITHOUT_DATA, parameters_of
from slareport.record import MIME

pytestmark = pytest.mark.once

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
CHART = "application/vnd.vegalite.v5+json"


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, 4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} >= {"team_review", "leadership_summary"}


def test_it_declares_only_parameters_that_are_given(path):
    reads_data = WITHOUT_DATA not in code(nbformat.read(path, 4))[0].metadata.tags
    assert parameters_of(path) >= {"period", *["as_of"] * reads_data}


def test_it_is_parameters_an_opening_and_single_calls(notebook):
    parameters, opening, *rest = code(notebook)
    assert {"parameters"} <= set(parameters.metadata.tags) <= {"parameters", ON_REQUEST, WITHOUT_DATA, WITH_DRAFTS}
    assert all(isinstance(node, ast.Assign) for node in ast.parse(parameters.source).body)
    assert len(opening.source.split()) < 20
    for cell in rest:
        (statement,) = ast.parse(cell.source).body
        assert re.fullmatch(r"review\.\w+\(\)", ast.unparse(statement))


def test_every_section_has_a_heading(notebook):
    kinds = [(cell.cell_type, cell.source) for cell in notebook.cells]
    opened = kinds.index(("code", code(notebook)[1].source))
    following, last = kinds[opened + 1 : -1], kinds[-1]
    assert following[0][0] == "markdown"
    assert all(re.match(r"## \S", source) for kind, source in following if kind == "markdown")
    sections = "".join("h" if kind == "markdown" else "c" for kind, _ in following)
    assert re.fullmatch(r"(hc+)+", sections)
    assert last == ("code", "review.close()")


def test_its_outputs_are_stored(notebook):
    assert unstored(notebook) == []


def unstored(notebook):
    """The code cells that should show something and do not, or were not run in order."""
    cells = code(notebook)
    shown = [not cell.outputs for cell in cells[1:]]
    counted = [cell.execution_count != number for number, cell in enumerate(cells, start=1)]
    return [cell.id for cell, *wrong in zip(cells, [False, *shown], counted, strict=True) if any(wrong)]


def test_a_cleared_notebook_would_be_noticed(notebook):
    for cell in code(notebook):
        cell.outputs, cell.execution_count = [], None
    assert unstored(notebook) == [cell.id for cell in code(notebook)]


def test_it_ends_with_the_record_of_all_its_figures(notebook):
    (output,) = code(notebook)[-1].outputs
    assert {"scorecard", "misses", "rejects"} <= set(output.data[MIME])


def test_nothing_of_the_machine_or_the_day_is_stored(path, notebook):
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert set(notebook.metadata.get("language_info", {})) <= {"name"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    assert all(not output.get("metadata") for cell in code(notebook) for output in cell.outputs)
    assert all(output.output_type not in ("stream", "error") for cell in code(notebook) for output in cell.outputs)
    text = path.read_text("utf-8")
    assert not re.search(r"/(home|root|tmp|work|Users|private)/|0x[0-9a-f]{8}|\b3\.1\d\.\d+\b", text)
    assert all(re.fullmatch(r"[a-z][a-z-]+", cell.id) for cell in notebook.cells)


def test_nbval_passes_what_is_stored_and_fails_every_number_that_is_not(tmp_path, sample):
    """One copy of the team review with a number changed in a table, in a chart and in the record."""
    notebook = nbformat.read(next(path for path in NOTEBOOKS if path.stem == "team_review"), 4)
    changed = [change(notebook, "text/html"), change(notebook, CHART), change(notebook, MIME)]
    nbformat.write(notebook, tmp_path / "team_review.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval", "-p", "no:cacheprovider", "-q", "-rA", tmp_path]
    environment = {**os.environ, "SLAREPORT_WORKSPACE": str(sample.root)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    numbers = [number for number, cell in enumerate(code(notebook)) if cell.id in changed]
    assert sorted(map(int, re.findall(r"^FAILED .*Cell (\d+)", done.stdout, re.M))) == numbers
    assert len(re.findall(r"^PASSED", done.stdout, re.M)) == len(code(notebook)) - len(numbers) == 12


def change(notebook, kind):
    """Add one to the last digit of the last number a cell shows in this form; the id of the cell."""
    for cell in code(notebook)[2:]:
        for output in cell.outputs:
            if kind not in output.get("data", {}):
                continue
            before = copy.deepcopy(output.data[kind])
            text = json.dumps(before)
            values = list(re.finditer(r"(?<=[>: ])\d+(?=[<,}% ])", text))
            last = values[-1]
            output.data[kind] = json.loads(f"{text[: last.start()]}{int(last[0]) + 1}{text[last.end() :]}")
            assert output.data[kind] != before
            return cell.id
    raise AssertionError(f"no cell shows {kind}")
