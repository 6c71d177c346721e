"""Misses answered for in a workbook: what leaves, what comes back, and what is refused of it."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
from test_outputs import executed
from tiny import make_workspace, slareport

from slareport.answers import FIXED, TO_FILL, export, read
from slareport.errors import UsageError
from slareport.outputs import Place
from slareport.publishing import publish
from slareport.saying import say
from slareport.workspace import open_workspace

DAY = dt.date(2017, 7, 14)
PERIOD = "2017Q2"
PLACE = Place(PERIOD, "north", "team_review")
FILE = "parameters/reviews/2017Q2/north.yaml"
PROMISE = """promises:
  - {id: reply, title: First reply, promise: We reply., kpi: lead_response, knobs: {within: 2 business hours},
     target: 90%, owner: Ada}
"""
MISS = {
    "team": "north", "period": PERIOD, "promise": "reply", "item": "00123", "name": "Zoe  =1+1", "account": "Acme",
    "amount": 1234.567891, "currency": "USD", "owner_at_deadline": "Ann", "started_at": "2017-05-02T14:00:00+00:00",
    "due_at": "2017-05-02T16:20:07.123456+00:00", "stopped_at": None, "elapsed_minutes": 100.0,
    "late_minutes": 33.333333, "cause": "answered late", "record_url": "https://crm.example/1",
}  # fmt: skip
MISSES = [MISS, MISS | {"item": "L2", "name": "Łucja_x0041_", "stopped_at": "2017-05-03T14:00:00+00:00"},
          MISS | {"item": "L3", "amount": None}]  # fmt: skip
SAID = """# What Ada says.
explanations:
  - {promise: reply, item: L2, by: Ada, on: 2017-07-12, text: She was ill}  # true
disputes:
  - {promise: reply, item: L3, by: Ada, on: 2017-07-12, text: We called, answer: No, answered_by: Bo,
     answered_on: 2017-07-13, upheld: no}
# The end.
"""


@pytest.fixture
def workspace(tmp_path):
    made = make_workspace(tmp_path)
    agreement = made.root / "parameters" / "agreement" / "2016-10-01.yaml"
    agreement.write_text(agreement.read_text().replace("promises: []\n", PROMISE))
    publish(made.outputs, PLACE, executed(misses=MISSES), "<p>", {})
    return open_workspace(made.root)


@pytest.fixture
def book(workspace, tmp_path):
    """The workbook as it was exported."""
    path = tmp_path / "misses.xlsx"
    path.write_bytes(export(workspace, workspace.period(PERIOD), "north"))
    return path


def fill(path, cells, *, sheet="misses"):
    """Write into cells of a workbook: `column row` to value."""
    book = openpyxl.load_workbook(path)
    table = book[sheet]
    heads = {cell.value: cell.column_letter for cell in table[1]}
    for where, value in cells.items():
        column, _, line = where.rpartition(" ")
        table[f"{heads.get(column, column)}{line}"] = value
    book.save(path)
    return path


def brought(workspace, path, on=DAY):
    """The minutes after a workbook has come back, and their text."""
    found = read(workspace, path, on)
    say(workspace, found.period, found.team, found.changes)
    return open_workspace(workspace.root)


def said(workspace):
    return workspace.reviews.of(workspace.period(PERIOD), "north")


def with_minutes(workspace):
    path = workspace.root / FILE
    path.parent.mkdir(parents=True)
    path.write_text(SAID)
    return open_workspace(workspace.root)


EXPLAINED = {"explanation 2": "He was ill", "explained by 2": "Ada"}
WAIVED = {"waiver reason 3": "A flood", "waiver approved by 3": "Cy"}
DISPUTED = {"dispute 4": "We called.\nTwice: =1+1", "disputed by 4": " Ada "}


# ── Export ──


def test_a_row_per_miss_with_what_was_said_of_it_and_where_it_is_from(workspace, tmp_path):
    made = with_minutes(workspace)
    path = tmp_path / "misses.xlsx"
    path.write_bytes(export(made, made.period(PERIOD), "north"))
    book = openpyxl.load_workbook(path)
    head, *rows = [[cell.value for cell in row] for row in book["misses"].iter_rows()]
    assert head[-len(TO_FILL) :] == TO_FILL
    assert head[: len(FIXED)] == [f"{name} (Europe/Berlin)" if name.endswith("_at") else name for name in FIXED]
    filled = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["item"] for row in filled] == ["00123", "L2", "L3"]
    assert (filled[1]["explanation"], filled[1]["explained by"]) == ("She was ill", "Ada")
    assert (filled[2]["dispute"], filled[2]["disputed by"]) == ("We called", "Ada")
    facts = {row[0].value: row[1].value for row in book["about"].iter_rows()}
    manifest = PLACE.current(workspace.outputs)
    assert facts["packet"] == manifest["content_digest"]
    assert (facts["period"], facts["team"], facts["as_of"]) == (PERIOD, "north", manifest["as_of"])


def test_only_what_is_to_be_filled_is_unlocked_and_the_header_stays_in_sight(book):
    sheet = openpyxl.load_workbook(book)["misses"]
    heads = [cell.value for cell in sheet[1]]
    unlocked = {heads[cell.column - 1] for row in sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert unlocked == set(TO_FILL)
    assert all(cell.protection.locked for cell in sheet[1])
    assert sheet.protection.sheet
    assert not sheet.protection.password
    assert sheet.freeze_panes == "B2"


def test_without_a_packet_there_is_nothing_to_export(workspace):
    with pytest.raises(UsageError, match="north has no packet of 2017Q3; fix: make it: slareport run --period 2017Q3"):
        export(workspace, workspace.period("2017Q3"), "north")


# ── Import ──


def test_what_was_filled_in_stands_in_the_minutes(workspace, book):
    again = brought(workspace, fill(book, EXPLAINED | WAIVED | DISPUTED))
    assert (
        (again.root / FILE).read_text()
        == """# What people say about North, 2017Q2.
explanations:
  - promise: reply
    item: '00123'
    by: Ada
    on: 2017-07-14
    text: He was ill
waivers:
  - promise: reply
    item: L2
    reason: A flood
    approved_by: Cy
    on: 2017-07-14
disputes:
  - promise: reply
    item: L3
    by: Ada
    on: 2017-07-14
    text: "We called.\\nTwice: =1+1"
"""
    )


def test_importing_it_twice_changes_nothing(workspace, book):
    again = brought(workspace, fill(book, EXPLAINED | WAIVED | DISPUTED))
    text = (again.root / FILE).read_text()
    assert not read(again, book, DAY + dt.timedelta(days=9)).changes
    assert (brought(again, book).root / FILE).read_text() == text


def test_what_is_there_keeps_its_place_and_comments(workspace, book):
    made = with_minutes(workspace)
    filled = fill(book, EXPLAINED | {"explanation 3": "She was away", "explained by 3": "Ada"})
    text = (brought(made, filled).root / FILE).read_text()
    new = "  - promise: reply\n    item: '00123'\n    by: Ada\n    on: 2017-07-14\n    text: He was ill\n"
    changed = SAID.replace("2017-07-12, text: She was ill", "2017-07-14, text: She was away")
    assert text == changed.replace("# true\n", "# true\n" + new)


def test_a_cell_left_empty_takes_nothing_back(workspace, book):
    made = with_minutes(workspace)
    assert not read(made, book, DAY).changes


def test_what_office_programs_do_on_saving_is_no_change(workspace, book):
    cells = {
        "due_at (Europe/Berlin) 2": 42857.7639714468,  # a time in a cell that lost its format
        "late_minutes 2": 33.3333330000001,
        "name 2": "Zoe  =1+1 ",
        "account 2": " Acme",
        "stopped_at (Europe/Berlin) 2": "",
        "explanation 2": "  He was ill \r\n",
        "explained by 2": "Ada",
    }
    (one,) = said(brought(workspace, fill(book, cells))).explanations
    assert one.text == "He was ill"


def test_rows_may_be_sorted_and_left_out(workspace, book):
    filled = openpyxl.load_workbook(fill(book, DISPUTED))
    filled["misses"].delete_rows(2, 2)
    filled["misses"].insert_cols(1)
    filled.save(book)
    assert [one.item for one in said(brought(workspace, book)).disputes] == ["L3"]


# ── Refused ──

BAD = [
    pytest.param({"A 1": "Promise"}, ["misses!A1: a column that was not exported; found 'Promise'; fix: name it as it "
                 "was exported, or remove it; did you mean promise?", "misses: a column is missing; found 'promise'"],
                 id="a column renamed"),
    pytest.param({"B 1": None}, ["misses: a column is missing; found 'item'"], id="a column without its name"),
    pytest.param({"T 1": "explanation"}, ["misses!T1: a column that stands twice; found 'explanation'"],
                 id="a column twice"),
    pytest.param({"item 2": "L9"}, ["misses!B2: is no miss of this packet; found 'L9'"], id="a row that is no miss"),
    pytest.param({"item 2": 123}, ["misses!B2: is no miss of this packet; found 123"], id="an id that lost its zeros"),
    pytest.param({"cause 2": "no reply"}, ["misses!K2: cause has been changed; found 'no reply'; fix: put 'answered "
                 "late' back"], id="a text changed"),
    pytest.param({"late_minutes 2": 33.4}, ["late_minutes has been changed; found 33.4; fix: put '33.333333' back"],
                 id="a number changed"),
    pytest.param({"late_minutes 2": "33.333333"}, ["late_minutes has been changed"], id="a number that became a text"),
    pytest.param({"due_at (Europe/Berlin) 2": 42857.7646}, ["misses!H2: due_at has been changed"],
                 id="a time changed"),
    pytest.param({"stopped_at (Europe/Berlin) 2": "never"}, ["stopped_at has been changed; found 'never'; fix: clear"],
                 id="something where nothing was"),
    pytest.param({"waiver reason 2": "A flood"}, ["misses!R2: a waiver without approver; fix: write who"],
                 id="a waiver without approver"),
    pytest.param({"waiver approved by 2": "Cy"}, ["misses!Q2: an approver without a reason"],
                 id="an approver without a reason"),
    pytest.param({"explanation 2": "Ill"}, ["misses!N2: an explanation by nobody"], id="an explanation by nobody"),
    pytest.param({"disputed by 2": "Ada"}, ["misses!O2: someone disputes nothing"], id="a dispute of nothing"),
    pytest.param({"explanation 2": "=A1", "explained by 2": "Ada"}, ["misses!M2: a formula; found '=A1'"],
                 id="a formula in place of words"),
    pytest.param({"dispute 4": "We wrote", "disputed by 4": "Ada"}, ["misses!O4: has been answered, and stays as it"],
                 id="other words where there is an answer"),
    pytest.param({"explanation 2": "Ill", "item 3": "L9", "cause 4": "x"}, ["N2: an explanation", "B3: is no miss",
                 "K4: cause has been"], id="all of it at once"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "told"), BAD)
def test_a_workbook_is_refused_for(workspace, book, cells, told):
    made = with_minutes(workspace)
    with pytest.raises(UsageError) as caught:
        read(made, fill(book, cells), DAY)
    problems = [str(problem) for problem in caught.value.problems]
    assert len(problems) == len(told)
    for words, problem in zip(told, problems, strict=True):
        assert words in problem
        assert problem.startswith("misses.xlsx:misses")
    assert (workspace.root / FILE).read_text() == SAID


def test_a_miss_stands_once(workspace, book):
    filled = openpyxl.load_workbook(book)
    sheet = filled["misses"]
    sheet.append([cell.value for cell in sheet[2]])
    filled.save(book)
    with pytest.raises(UsageError, match=r"misses!B5: stands twice, first in row 2; found '00123'"):
        read(workspace, book, DAY)


ABOUT = [
    pytest.param({"B 5": "0" * 64}, r"misses.xlsx:about: packet: north has no such packet of 2017Q2; found '0000",
                 id="a packet there is not"),
    pytest.param({"B 5": None}, "misses.xlsx:about: does not say packet; fix: export", id="no packet"),
    pytest.param({"B 2": "nort"}, "no such team; found 'nort'; fix: did you mean north", id="a team there is not"),
    pytest.param({"B 1": "2017Q5"}, "2017Q5", id="a period there is not"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "told"), ABOUT)
def test_what_it_is_about_is_refused_for(workspace, book, cells, told):
    with pytest.raises(UsageError, match=told):
        read(workspace, fill(book, cells, sheet="about"), DAY)


def test_a_packet_that_has_been_superseded_is_named_with_the_one_that_did(workspace, book):
    publish(workspace.outputs, PLACE, executed(misses=MISSES[:1]), "<p>", {})
    now = PLACE.current(workspace.outputs)["content_digest"][:8]
    with pytest.raises(UsageError, match=f"this packet has been superseded by {now}, as of 2026-10-07T22:00:00"):
        read(workspace, book, DAY)


NONE = [
    pytest.param(b"item,explanation\n", "not a workbook", id="a CSV file with another name"),
    pytest.param(b"", "not a workbook", id="an empty file"),
    pytest.param(b"PK\x05\x06" + bytes(18), "not a workbook", id="a ZIP file with nothing in it"),
    pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "without a password", id="one with a password"),
]


@pytest.mark.parametrize(("content", "told"), NONE)
def test_what_is_no_workbook_is_refused(workspace, tmp_path, content, told):
    path = tmp_path / "misses.xlsx"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=told):
        read(workspace, path, DAY)
    with pytest.raises(UsageError, match="no such file"):
        read(workspace, tmp_path / "none.xlsx", DAY)


def test_another_workbook_is_refused_by_its_sheets(workspace, tmp_path):
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    with pytest.raises(UsageError, match=r"other\.xlsx: no sheet 'about'; found 'Sheet'"):
        read(workspace, tmp_path / "other.xlsx", DAY)


# ── The commands ──


def test_the_commands_export_and_import(workspace, tmp_path):
    at, path = ("--workspace", workspace.root), tmp_path / "misses.xlsx"
    done = slareport("review", "export", "--team", "north", "--period", PERIOD, "--to", path, *at)
    assert (done.returncode, done.stderr) == (0, "")
    fill(path, EXPLAINED | WAIVED)
    done = slareport("review", "import", path, "--on", "2017-07-14", *at)
    assert done.stdout.splitlines() == [
        f"2 entries new, 0 changed in {FILE}",
        "waivers count from then on: slareport run --period 2017Q2 --as-of 2017-07-15",
    ]
    done = slareport("review", "import", path, *at)
    assert (done.returncode, done.stdout) == (0, f"nothing is new; {FILE} stays as it is\n")
    fill(path, {"item 2": "L9", "explanation 4": "Ill"})
    done = slareport("review", "import", path, *at)
    assert done.returncode == 2
    assert done.stderr.count("error misses.xlsx:misses!") == 2
