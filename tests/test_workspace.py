"""The folder a company works in: where it is found, and that all that is wrong in it is told at once."""

import subprocess
import sys

import pytest
from test_agreement import written
from test_teams import GOOD

from slareport.errors import UsageError
from slareport.workspace import OUTPUTS_VARIABLE, ROOT_VARIABLE, find_root, open_workspace


@pytest.fixture
def home(tmp_path):
    """A workspace whose CRM tables are nowhere: nothing reads them here."""
    parameters = tmp_path / "parameters"
    parameters.mkdir()
    written(parameters, "2026-01-01")
    (parameters / "teams.yaml").write_text(GOOD)
    (parameters / "source.yaml").write_text("mapping: salesforce\ndata: data\n")
    return tmp_path


def test_a_workspace_is_opened_with_the_digest_of_every_file(home):
    found = open_workspace(home)
    assert set(found.digests) == {
        f"parameters/{name}" for name in ("agreement/2026-01-01.yaml", "teams.yaml", "source.yaml")
    } | {"mappings/salesforce.yaml"}
    assert found.outputs == home / "outputs"
    assert found.period("2026Q3").title == "Q3 2026"


def test_the_problems_of_all_files_are_told_at_once(home):
    (home / "parameters" / "agreement" / "2026-01-01.yaml").write_text("titel: x\n")
    (home / "parameters" / "teams.yaml").write_text("teams: {}\n")
    (home / "parameters" / "source.yaml").write_text("mapping: hubspott\ndata: d\n")
    (home / "kpis.py").write_text("1 / 0\n")
    with pytest.raises(UsageError) as caught:
        open_workspace(home)
    files = {problem.file for problem in caught.value.problems}
    assert files == {"kpis.py"} | {
        f"parameters/{name}" for name in ("agreement/2026-01-01.yaml", "teams.yaml", "source.yaml")
    }


def test_a_workspace_is_the_one_named_else_the_nearest_upwards(home, tmp_path_factory, monkeypatch):
    deep = home / "notebooks" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    monkeypatch.chdir(deep)
    assert find_root() == home
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv(ROOT_VARIABLE, str(home))
    assert find_root() == home
    with pytest.raises(UsageError, match="no workspace here"):
        find_root(deep)


def test_outputs_may_lie_elsewhere(home, monkeypatch):
    monkeypatch.setenv(OUTPUTS_VARIABLE, str(home / "there"))
    assert open_workspace(home).outputs == home / "there"
    assert open_workspace(home, home / "here").extracts == home / "here" / ".extracts"


def test_unknown_teams_and_notebooks_come_with_the_nearest_names(home):
    found = open_workspace(home)
    with pytest.raises(UsageError, match=r"no such team; found 'nort'; fix: did you mean north\?"):
        found.team("nort")
    with pytest.raises(UsageError, match=r"did you mean team_review\?"):
        found.notebook("team_reveiw")


def test_a_workspaces_own_kpis_are_known_to_its_agreement(home):
    """In a process of its own, so that the KPI is not known to the other tests."""
    (home / "kpis.py").write_text(OWN_KPI)
    path = home / "parameters" / "agreement" / "2026-01-01.yaml"
    path.write_text(
        path.read_text().replace("outcomes:\n", "outcomes:\n  - {id: own, title: Own, kpi: own_kpi, owner: Ada}\n")
    )
    code = "import sys; from pathlib import Path; from slareport.workspace import open_workspace\n"
    code += "print(open_workspace(Path(sys.argv[1])).agreement.versions[0].measure('own').kpi)"
    ran = subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("own_kpi\n", "")


OWN_KPI = '''
from slareport.kpi import kpi

@kpi(kind="outcome", subject="leads", on="created_at", estimate="share", label="Own", unit="%", better="higher")
def own_kpi(created_at):
    """Share of leads.

    Counts every lead.
    """
    return created_at.notna().astype(float)
'''


def test_opening_a_workspace_twice_changes_nothing(home):
    assert open_workspace(home).digests == open_workspace(home).digests


@pytest.fixture
def sampled(home):
    (home / "parameters" / "source.yaml").write_text("mapping: salesforce\ndata: crm\nsample: {seed: 1, size: 0.05}\n")
    return home


def test_the_sample_company_s_exports_are_made_once_and_again_when_they_would_differ(sampled):
    open_workspace(sampled)
    first = (sampled / "crm" / "Lead.csv").read_bytes()
    (sampled / "crm" / "Lead.csv").write_text("as it is")
    open_workspace(sampled)
    assert (sampled / "crm" / "Lead.csv").read_text() == "as it is"
    source = sampled / "parameters" / "source.yaml"
    source.write_text(source.read_text().replace("seed: 1", "seed: 2"))
    open_workspace(sampled)
    other = (sampled / "crm" / "Lead.csv").read_bytes()
    assert other != first
    assert other.startswith(b"Id,IsDeleted")


def test_a_folder_of_someone_s_own_exports_is_never_touched(sampled):
    (sampled / "crm").mkdir()
    (sampled / "crm" / "Lead.csv").write_text("mine")
    open_workspace(sampled)
    assert [path.name for path in (sampled / "crm").iterdir()] == ["Lead.csv"]
    assert (sampled / "crm" / "Lead.csv").read_text() == "mine"


def test_a_team_s_reviews_are_found_where_the_agreement_says(sample, home):
    assert sample.page("emea") == "https://reviews.halden.example/sla/index.html#team-emea"
    assert open_workspace(home).page("north") is None
