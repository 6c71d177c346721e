"""What a published packet leaves: whole or not at all, never changed, and what a check of it finds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import resource
import signal
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from tiny import tree

from slareport import outputs
from slareport.errors import MachineError, VerificationError
from slareport.outputs import Place, verify
from slareport.publishing import CSV_COLUMNS, keep_failure, normalised, publish
from slareport.record import MIME

PLACE = Place("2026Q3", "emea", "team_review")
MADE = {"parameters": {"team": "emea"}, "digests": {"notebook": "n"}}


def executed(*, value=0.5, as_of="2026-10-07T22:00:00+00:00", provisional=False, **rows):
    """A notebook that ended with the record of a review."""
    data = {
        **dict.fromkeys(("team", "name", "period", "period_title", "title", "foot"), "emea"),
        "id": "1d",
        "edition": "team",
        "client": "",
        "bottom_line": {"lede": "Well.", "points": []},
        "as_of": as_of,
        "provisional": provisional,
        "zone": "Europe/Berlin",
        "data_digest": "d" * 64,
        "agreement_digest": "a" * 64,
        "accounting": [{"table": "leads", "read": 3, "used": 2, "excluded": 1, "set_aside": 0}],
        "items": [],
        "scorecard": [{"team": "emea", "promise": "lead-response", "value": value}],
        "versions": [],
        "misses": [],
        "forecasts": [],
        "rejects": [],
        **rows,
    }
    closing = new_output("execute_result", {MIME: data, "text/plain": "closed"}, execution_count=1)
    return new_notebook(cells=[new_code_cell("review.close()", id="close", execution_count=1, outputs=[closing])])


def published(folder, notebook=None, html="<html>packet</html>"):
    return publish(folder, PLACE, notebook or executed(), html, MADE)


# ── What is there ──


def test_a_packet_is_nine_files_and_a_pointer(tmp_path):
    folder = published(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "forecasts.csv",
        "manifest.json",
        "misses.csv",
        "notebook.ipynb",
        "packet.html",
        "packet.xlsx",
        "rejects.csv",
        "scorecard.csv",
        "versions.csv",
    ]
    assert folder.parent == tmp_path / "2026Q3" / "emea" / "team_review"
    assert folder.name == f"20261007T220000Z-{PLACE.current(tmp_path)['content_digest'][:8]}"
    assert (folder.parent / "current").readlink() == Path(folder.name)


def test_the_manifest_lists_every_file_and_says_what_made_them(tmp_path):
    folder = published(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, listed in manifest["files"].items():
        content = (folder / name).read_bytes()
        assert listed == {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert {*manifest["files"], "manifest.json"} == {path.name for path in folder.iterdir()}
    assert manifest["digests"] == {"agreement": "a" * 64, "data": "d" * 64, "notebook": "n"}
    assert manifest["parameters"] == {"team": "emea"}
    assert manifest["accounting"][0]["read"] == 3
    assert manifest["supersedes"] is None


@pytest.mark.parametrize("name", CSV_COLUMNS)
def test_the_columns_of_the_csv_files_are_always_all_there(tmp_path, name):
    head = (published(tmp_path) / f"{name}.csv").read_text().splitlines()[0]
    assert head.split(",") == CSV_COLUMNS[name]


def test_the_columns_are_the_interface_people_build_on():
    assert ",".join(CSV_COLUMNS["scorecard"]) == (
        "team,period,as_of,promise,title,kind,kpi,definition,version,unit,currency,target,value,n,numerator,denominator,met,"
        "missed,allowed,pending,excluded,invalid,low,high,result,evidence,previous,previous_published,change"
    )
    assert CSV_COLUMNS["versions"] == CSV_COLUMNS["scorecard"]
    assert ",".join(CSV_COLUMNS["misses"]) == (
        "team,period,promise,item,name,account,amount,currency,owner_at_deadline,started_at,due_at,stopped_at,"
        "elapsed_minutes,late_minutes,cause,record_url"
    )
    assert ",".join(CSV_COLUMNS["forecasts"]) == (
        "team,period,as_of,source,currency,wins_mean,wins_low,wins_high,wins,amount_mean,amount_low,amount_high,amount"
    )
    assert ",".join(CSV_COLUMNS["rejects"]) == "table,id,place,value,reason,effect"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        pytest.param("=HYPERLINK(1)", "'=HYPERLINK(1)", id="a formula"),
        pytest.param("+1", "'+1", id="text that begins with a plus"),
        pytest.param("-1", "'-1", id="text that begins with a minus"),
        pytest.param("@x", "'@x", id="an at sign"),
        pytest.param("\tx", "'\tx", id="a tab"),
        pytest.param("\r=x", "'\n=x", id="a carriage return"),
        pytest.param("\n=x", "'\n=x", id="a line feed"),
        pytest.param("\uff1d1+1", "'\uff1d1+1", id="a full-width equals sign"),
        pytest.param("NA", "NA", id="the region NA"),
        pytest.param('a "b", c', 'a "b", c', id="quotes and commas"),
        pytest.param(-1.5, "-1.5", id="a negative number stays a number"),
        pytest.param(3.0, "3", id="a whole number has no decimals"),
        pytest.param(0.1, "0.1", id="a number as it is"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_a_cell_of_a_csv_file_is_never_a_formula(tmp_path, value, cell):
    rejects = [{"table": "leads", "id": "00123", "value": value}]
    raw = (published(tmp_path, executed(rejects=rejects)) / "rejects.csv").read_bytes().decode()
    row = next(csv.DictReader(io.StringIO(raw, newline="")))
    assert (row["id"], row["value"]) == ("00123", cell)


def test_what_differs_from_run_to_run_is_not_published():
    notebook = executed()
    close = notebook.cells[0]
    close.metadata = {"execution": {"iopub.execute_input": "2026-10-07"}, "papermill": {"duration": 1}, "tags": []}
    close.outputs[:0] = [new_output("stream", name="stdout", text=text) for text in ("a", "b")]
    close.outputs[:0] = [new_output("stream", name="stderr", text="c")]
    notebook.metadata = {"papermill": {"input_path": "/home/ada"}, "language_info": {"name": "python", "version": "3"}}
    injected = new_code_cell("# Parameters", metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(0, injected)
    plain = normalised(notebook)
    assert plain.metadata == {"language_info": {"name": "python"}}
    assert plain.cells[0].id == "injected-0"
    assert plain.cells[1].metadata == {}
    assert [output.get("text") for output in plain.cells[1].outputs] == ["c", "ab", None]
    assert notebook.cells[0].id != "injected-0"
    nbformat.validate(plain)


# ── What stays, and what takes its place ──


def test_the_same_content_twice_changes_nothing(tmp_path):
    folder = published(tmp_path)
    before = tree(tmp_path)
    assert published(tmp_path) == folder
    assert tree(tmp_path) == before


def test_a_new_packet_supersedes_the_old_one_and_leaves_it_as_it_was(tmp_path):
    old = published(tmp_path)
    before = tree(old)
    new = published(tmp_path, executed(value=0.6))
    assert tree(old) == before
    assert (new.parent / "current").readlink() == Path(new.name)
    assert PLACE.current(tmp_path)["supersedes"].startswith(old.name[-8:])


@pytest.mark.parametrize(
    ("first", "second", "in_force"),
    [
        pytest.param(True, False, 2, id="a final packet replaces a provisional one"),
        pytest.param(True, True, 2, id="a later provisional packet replaces an earlier one"),
        pytest.param(False, True, 1, id="a provisional packet never replaces a final one"),
    ],
)
def test_which_packet_is_in_force(tmp_path, first, second, in_force):
    one = published(tmp_path, executed(provisional=first))
    two = published(tmp_path, executed(provisional=second, as_of="2026-08-01T00:00:00+00:00"))
    assert (one.parent / "current").readlink() == Path((one, two)[in_force - 1].name)
    superseded = json.loads((two / "manifest.json").read_text())["supersedes"]
    assert bool(superseded) == (in_force == 2)


def test_a_reader_of_current_always_finds_a_whole_packet(tmp_path, monkeypatch):
    """The pointer is looked at before and after every single rename."""
    published(tmp_path)
    seen = []

    def looked(rename):
        def wrapped(self, target):
            done = rename(self, target)
            seen.append(sorted(path.name for path in (PLACE.folder(tmp_path) / "current").iterdir()))
            return done

        return wrapped

    for name in ("rename", "replace"):
        monkeypatch.setattr(Path, name, looked(getattr(Path, name)))
    published(tmp_path, executed(value=0.6))
    assert len(seen) == 3
    assert all(len(files) == 9 for files in seen)


def test_a_full_disk_leaves_the_old_packet_and_no_half_of_the_new(tmp_path):
    published(tmp_path)
    before = tree(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(MachineError, match="cannot write: File too large"):
            published(tmp_path, html="x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert tree(tmp_path) == before
    assert not list(tmp_path.rglob(".writing-*"))


def test_a_failure_is_kept_beside_the_packet_until_the_next_success(tmp_path):
    published(tmp_path)
    keep_failure(tmp_path, PLACE, executed(), "first")
    folder = keep_failure(tmp_path, PLACE, None, "second")
    assert tree(folder) == {"reason.txt": b"second\n"}
    assert [reason for _, _, reason in outputs.published(tmp_path)] == ["second"]
    published(tmp_path)
    assert [reason for _, _, reason in outputs.published(tmp_path)] == [""]


# ── What a check finds ──


def remove(folder):
    (folder / "misses.csv").unlink()


def change(folder):
    (folder / "scorecard.csv").write_text((folder / "scorecard.csv").read_text().replace("0.5", "0.9"))


def change_with_its_digest(folder):
    change(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    digest = hashlib.sha256((folder / "scorecard.csv").read_bytes()).hexdigest()
    manifest["files"]["scorecard.csv"]["sha256"] = digest
    (folder / "manifest.json").write_text(json.dumps(manifest))


def change_with_all_digests(folder):
    change_with_its_digest(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = json.dumps(manifest["files"], sort_keys=True)
    manifest["content_digest"] = hashlib.sha256(listed.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param(change, r"scorecard\.csv: a published file was changed", id="a number is changed"),
        pytest.param(remove, r"misses\.csv: a published file is missing", id="a file is gone"),
        pytest.param(lambda f: (f / "x").touch(), "/x: a file the manifest does not know", id="a file is added"),
        pytest.param(lambda f: (f / "x").mkdir(), "/x: a file the manifest does not know", id="a folder is added"),
        pytest.param(change_with_its_digest, "the manifest was changed", id="the manifest is changed with it"),
        pytest.param(change_with_all_digests, "the manifest was changed", id="all of it but the folder's name"),
        pytest.param(lambda f: (f / "manifest.json").unlink(), "cannot be read", id="the manifest is gone"),
        pytest.param(lambda f: (f / "manifest.json").write_text("{"), "is not JSON", id="the manifest is torn"),
        pytest.param(lambda f: (f / "manifest.json").write_text("[]"), "not a manifest", id="it is something else"),
        pytest.param(lambda f: f.rename(f.with_name("20261007T220000Z-0")), "leads to no packet", id="a lost packet"),
    ],
)
def test_a_check_finds_what_is_not_as_it_was_published(tmp_path, damage, told):
    damage(published(tmp_path))
    with pytest.raises(VerificationError, match=told):
        verify(tmp_path)


def test_a_check_tells_everything_at_once(tmp_path):
    folder = published(tmp_path)
    change(folder)
    remove(folder)
    with pytest.raises(VerificationError) as error:
        verify(tmp_path)
    assert len(error.value.problems) == 2


def test_packets_that_hold_are_counted_and_failures_and_extracts_are_none(tmp_path):
    published(tmp_path)
    published(tmp_path, executed(value=0.6))
    keep_failure(tmp_path, PLACE, None, "no")
    (tmp_path / ".extracts" / "a" / "b" / "c").mkdir(parents=True)
    assert verify(tmp_path) == 2
