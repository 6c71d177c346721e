"""The extract: made once from exactly what it is named by, used again, never changed, never trusted blindly."""

import ast
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from exports import AS_OF, BERLIN, NORTH, OLD_CALLS, TEAMS, a_source, export, extracted

from slareport import extract as extracting
from slareport.errors import DataError, VerificationError
from slareport.extract import extract_folder
from slareport.mapping import load_source
from slareport.workspace import PACKAGE as CODE

pytestmark = OLD_CALLS

LEADS = [{"Id": "1"}, {"Id": "2", "OwnerId": "S"}, {"Id": "3", "OwnerId": ""}]
CALLS = [{"Id": "T", "WhoId": "1", "CompletedDateTime": "2026-06-15T07:10:00Z"}]


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A source of three leads and its extract."""
    root = tmp_path_factory.mktemp("home")
    source = export(root, Lead=LEADS, Task=CALLS)
    return root, source, extracted(root, source)


def test_each_team_has_its_rows_and_all_users(home):
    *_, made = home
    north, south, alone = (made.read([team]) for team in ("north", "south", "unassigned"))
    assert [frames["leads"]["lead_id"].tolist() for frames in (north, south, alone)] == [["1"], ["2"], ["3"]]
    assert (len(north["activities"]), len(south["activities"])) == (1, 0)
    assert north["users"]["user_id"].tolist() == south["users"]["user_id"].tolist() == ["A", "B", "Q", "R", "S", "X"]
    both = made.read(["south", "north"])
    assert both["leads"]["lead_id"].tolist() == ["1", "2"]
    assert len(both["users"]) == 6


def test_it_says_what_it_is_made_of_and_how_far_back_it_reaches(home):
    *_, made = home
    assert made.folder.name.startswith("20260701T000000Z-")
    assert made.history_from == pd.Timestamp("2023-12-31T23:00Z"), (
        "ten quarters before the one that has begun in Berlin"
    )
    assert made.began_at == {"leads": "2026-06-15T07:00:00+00:00"}
    assert made.accounting.set_index("table").loc["leads"].tolist() == [3, 3, 0, 0, 0]
    assert made.rejects()["reason"].tolist() == ["has no owner"]


READ_AGAIN = f"""
import sys
from pathlib import Path
import pandas as pd
import slareport.review
from slareport.extract import extract
from slareport.mapping import load_source
from slareport.teams import Team

def team(name, value):
    return Team(name=name, leader="Ada", calendar="berlin", currency="EUR", crm=[value])

root = Path(sys.argv[1])
source, teams = load_source(root / "source.yaml", root), {{"north": team("North", "N"), "south": team("South", "S")}}
made = extract(source, teams, "{BERLIN}", pd.Timestamp("{AS_OF}"), root / "extracts")
print(made.folder.name, len(made.read(["north"])["leads"]), {{"ibis", "duckdb"}} & set(sys.modules))
"""


def test_one_that_is_there_is_used_again_without_the_engine(home):
    root, _, made = home
    before = contents(made.folder)
    ran = subprocess.run([sys.executable, "-c", READ_AGAIN, str(root)], capture_output=True, text=True, check=True)
    assert ran.stdout == f"{made.folder.name} 1 set()\n"
    assert contents(made.folder) == before


def another_file(source):
    path = source.data / "Product2.csv"
    path.write_text(path.read_text() + "P1,Product\n")


def another_setting(source):
    path = source.data.parent / "source.yaml"
    path.write_text(path.read_text() + "record_url: https://crm/{id}\n")


CHANGED = [
    pytest.param(another_file, {}, id="a file of the CRM"),
    pytest.param(another_setting, {}, id="the settings of the source"),
    pytest.param(None, {"teams": {"north": NORTH}}, id="the teams"),
    pytest.param(None, {"as_of": pd.Timestamp("2026-06-30T00:00Z")}, id="the instant"),
    pytest.param(None, {"zone": "Asia/Tokyo"}, id="the reporting zone"),
]


@pytest.mark.parametrize(("change", "asked"), CHANGED)
def test_another_one_is_made_when_this_changes(home, tmp_path, change, asked):
    root, _, made = home
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    usual = {"teams": TEAMS, "zone": BERLIN, "as_of": pd.Timestamp(AS_OF), "folder": copy / "extracts"}
    assert extract_folder(load_source(copy / "source.yaml", copy), **usual).name == made.folder.name
    if change:
        change(load_source(copy / "source.yaml", copy))
    assert extract_folder(load_source(copy / "source.yaml", copy), **usual | asked).name != made.folder.name


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    source = export(tmp_path)
    monkeypatch.setattr(extracting, "_make", lambda *_: another_file(source))
    with pytest.raises(DataError, match="changed while it was read"):
        extracted(tmp_path, source)
    assert [path.name for path in (tmp_path / "extracts").iterdir()] == [".lock"]


def test_a_file_that_is_not_there_is_told_before_the_engine_starts(tmp_path):
    source = a_source(tmp_path)
    with pytest.raises(DataError) as caught:
        extracted(tmp_path, source)
    assert len(caught.value.problems) == len(source.natives())
    assert not (tmp_path / "extracts").exists()


def test_a_refused_source_leaves_nothing_behind(tmp_path):
    source = export(tmp_path)
    (source.data / "Lead.csv").write_text("Id\n")
    with pytest.raises(DataError, match=r"Lead\.csv: Lead has no column CreatedDate"):
        extracted(tmp_path, source)
    assert [path.name for path in (tmp_path / "extracts").iterdir()] == [".lock"]


def test_a_changed_file_is_found_and_never_used(home):
    *_, made = home
    path = made.folder / "north" / "leads.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    try:
        with pytest.raises(VerificationError, match="made again from the CRM tables"):
            made.read(["north"])
        assert len(made.read(["south"])["leads"]) == 1
    finally:
        path.write_bytes(whole)


MAKE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from exports import extracted, load_source
root = Path(sys.argv[2])
print(extracted(root, load_source(root / "source.yaml", root)).folder.name)
"""


def test_two_processes_that_make_the_same_extract_make_one_with_the_same_bytes(home, tmp_path):
    root, _, made = home
    copy = tmp_path / "copy"
    shutil.copytree(root, copy, ignore=lambda *_: ["extracts"])
    argv = [sys.executable, "-c", MAKE, str(Path(__file__).parent), str(copy)]
    running = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said == [made.folder.name] * 2
    assert sorted(path.name for path in (copy / "extracts").iterdir()) == sorted([".lock", made.folder.name])
    assert contents(copy / "extracts" / made.folder.name) == contents(made.folder)


# --- an extract is made again when the code that makes it changes ---

REFUSES_OR_NAMES = {  # on the way too, and yet no row is made there
    "__init__.py", "documents.py", "errors.py", "files.py", "format.py", "kpi.py", "layout_checks.py", "period.py",
    "teams.py", "worktime.py", "agreement/__init__.py", "agreement/loading.py", "agreement/models.py",
    "agreement/versions.py",
}  # fmt: skip


def imported_by(module):
    """The modules of the package that one of them imports, wherever in it."""
    nodes = [node for node in ast.walk(ast.parse((CODE / module).read_text())) if isinstance(node, ast.ImportFrom)]
    names = [f"{node.module}.{name.name}" for node in nodes for name in node.names] + [node.module for node in nodes]
    places = ["/".join(name.split(".")[1:]) for name in names if name.startswith("slareport.")]
    return {path for place in places for path in (f"{place}.py", f"{place}/__init__.py") if (CODE / path).is_file()}


def test_every_module_between_crm_tables_and_extract_is_in_its_digest():
    reached, ahead = set(), {"extract.py", "reduction.py"}
    while ahead:
        reached |= ahead
        ahead = {found for module in ahead for found in imported_by(module)} - reached
    assert reached - REFUSES_OR_NAMES == set(extracting.MADE_BY)
