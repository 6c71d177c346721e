"""A place to start from: a new workspace, or a scratch copy of a notebook."""

from __future__ import annotations

import ast
import shutil

import nbformat
import pytest
from tiny import CLOSE, make_workspace, slareport, tree, write_notebook

from slareport.errors import MachineError, UsageError
from slareport.start import make_workspace as start
from slareport.start import scratch_copy
from slareport.workspace import PACKAGE, open_workspace

pytestmark = pytest.mark.once

EXPORTS = "outputs/.sample"


def test_a_new_workspace_has_parameters_and_notebooks_and_waits_for_tables(tmp_path):
    done = slareport("init", tmp_path / "new")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["notebooks", "parameters"]
    checked = slareport("check", "--workspace", tmp_path / "new")
    assert checked.returncode == 4
    assert "data" in checked.stderr
    assert "sample" not in (tmp_path / "new" / "parameters" / "source.yaml").read_text().splitlines()[-1]


def test_nothing_that_is_the_sample_company_s_alone_is_in_a_new_workspace(tmp_path):
    start(tmp_path / "new", sample=False)
    assert not (tmp_path / "new" / "parameters" / "reviews").exists()
    assert not (tmp_path / "new" / "parameters" / "signatures").exists()
    settings = [path.read_text() for path in (tmp_path / "new" / "parameters").rglob("*.yaml")]
    assert not any("reviews.halden" in text or "lightning.force" in text for text in settings)


def test_its_own_tables_are_read_from_data(tmp_path, sample):
    start(tmp_path / "new", sample=False)
    shutil.copytree(sample.source.data, tmp_path / "new" / "data")
    checked = slareport("check", "--workspace", tmp_path / "new")
    assert checked.returncode == 0
    unsigned = "is not signed by Sales, Marketing, Customer success and Product; fix: slareport sign"
    assert [unsigned in line for line in checked.stderr.splitlines()] == [True, True]


def test_a_sample_workspace_is_in_order_at_once(tmp_path):
    done = slareport("init", "new", "--sample", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    checked = slareport("check", cwd=tmp_path / "new" / "notebooks")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert list((tmp_path / "new" / EXPORTS).iterdir())
    signatures = tree(tmp_path / "new" / "parameters" / "signatures")
    assert signatures == tree(PACKAGE.parent / "parameters" / "signatures")
    assert any(name.startswith("evidence/") for name in signatures)


def test_the_sample_s_exports_are_made_again_in_a_workspace_of_it(tmp_path):
    start(tmp_path, sample=True)
    before = tree(tmp_path / EXPORTS)
    (tmp_path / "parameters" / "teams" / "emea.yaml").write_text("team: emea\n# mine\n")
    shutil.rmtree(tmp_path / EXPORTS)
    start(tmp_path, sample=True)
    assert tree(tmp_path / EXPORTS) == before
    assert "mine" in (tmp_path / "parameters" / "teams" / "emea.yaml").read_text()


def test_nothing_of_anyone_is_overwritten(tmp_path):
    (tmp_path / "a" / "parameters").mkdir(parents=True)
    (tmp_path / "b" / "notebooks").mkdir(parents=True)
    with pytest.raises(UsageError, match="a workspace already"):
        start(tmp_path / "a", sample=False)
    with pytest.raises(UsageError, match="notebooks here already"):
        start(tmp_path / "b", sample=False)
    (tmp_path / "file").touch()
    with pytest.raises(MachineError):
        start(tmp_path / "file", sample=False)


def test_a_scratch_copy_is_set_to_team_and_period_and_shows_nothing_yet(sample, tmp_path):
    workspace = open_workspace(sample.root, tmp_path)
    committed = tree(PACKAGE.parent / "notebooks")
    path = scratch_copy(workspace, "team_review", "emea", "2026Q2")
    assert path == tmp_path / ".scratch" / "team_review-emea-2026Q2.ipynb"
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    injected = next(cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", []))
    values = {node.targets[0].id: node.value.value for node in ast.parse(injected.source).body}
    assert values == {"team": "emea", "period": "2026Q2"}
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    assert tree(PACKAGE.parent / "notebooks") == committed


def test_a_scratch_copy_is_never_overwritten(sample, tmp_path):
    workspace = open_workspace(sample.root, tmp_path)
    scratch_copy(workspace, "team_review", "emea", "2026Q2").write_text("mine")
    with pytest.raises(UsageError, match="a scratch copy is there already"):
        scratch_copy(workspace, "team_review", "emea", "2026Q2")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("team_review", "emae", "2026Q2"), "did you mean emea", id="a team that does not exist"),
        pytest.param(("team_review", "emea", "2026Q7"), "not a period", id="a period that does not exist"),
        pytest.param(("team_revue", "emea", "2026Q2"), "did you mean team_review", id="a notebook of no one"),
        pytest.param(("leadership_summary", "emea", "2026Q2"), "takes no team", id="a notebook without a team"),
    ],
)
def test_a_scratch_copy_of_what_does_not_exist_is_refused(sample, arguments, told):
    with pytest.raises(UsageError, match=told):
        scratch_copy(sample, *arguments)


def test_the_command_says_where_the_copy_is(tmp_path):
    workspace = make_workspace(tmp_path)
    write_notebook(workspace, "review", CLOSE)
    done = slareport("notebook", "north", "2017Q2", "--notebook", "review", cwd=workspace.root)
    path = workspace.outputs / ".scratch" / "review-north-2017Q2.ipynb"
    assert (done.returncode, done.stdout) == (0, f"a copy is in {path}; next: jupyter lab {path}\n")
    assert path.is_file()
