"""The workbook beside a packet, read back by another library."""

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slareport import workbook as module
from slareport.workbook import LONGEST_TEXT, workbook

COLUMNS = ["item", "value", "due_at"]


def sheet(*rows, columns=COLUMNS, zone="Europe/Berlin"):
    made = workbook({"misses": (columns, rows)}, zone)
    return openpyxl.load_workbook(io.BytesIO(made))["misses"]


CELLS = [
    pytest.param("00123", "00123", "s", id="an id keeps its zeros"),
    pytest.param("1e5", "1e5", "s", id="text that looks like a number"),
    pytest.param("=1+1", "=1+1", "s", id="a formula is text"),
    pytest.param("+49 30 1234", "+49 30 1234", "s", id="a telephone number"),
    pytest.param("@SUM(A1)", "@SUM(A1)", "s", id="an old formula"),
    pytest.param("https://crm.example/1", "https://crm.example/1", "s", id="an address is no link"),
    pytest.param("Łucja \U0001f600", "Łucja \U0001f600", "s", id="any script"),
    pytest.param(0.123456, 0.123456, "n", id="a number"),
    pytest.param(7, 7, "n", id="a whole number"),
    pytest.param(None, None, "n", id="nothing"),
]


@pytest.mark.parametrize(("value", "read", "kind"), CELLS)
def test_a_cell(value, read, kind):
    cell = sheet({"item": value})["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (read, kind, None)


TIMES = [
    pytest.param("2026-07-01T10:00:00+00:00", "Europe/Berlin", "2026-07-01T12:00:00", id="in summer"),
    pytest.param("2026-12-01T10:00:00+00:00", "Europe/Berlin", "2026-12-01T11:00:00", id="in winter"),
    pytest.param("2026-12-31T20:00:00+00:00", "Asia/Singapore", "2027-01-01T04:00:00", id="past midnight"),
]


@pytest.mark.parametrize(("instant", "zone", "local"), TIMES)
def test_times_are_local_and_the_header_says_where(instant, zone, local):
    made = sheet({"due_at": instant}, zone=zone)
    assert made["C2"].value.isoformat() == local
    assert made["C1"].value == f"due_at ({zone})"


def test_a_text_too_long_for_a_cell_is_cut_and_says_so():
    text = sheet({"item": "x" * 40_000})["A2"].value
    assert len(text) == LONGEST_TEXT
    assert text.endswith("… (cut)")


def test_rows_too_many_for_a_sheet_are_counted(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    made = sheet(*({"item": str(number)} for number in range(5)))
    assert [row[0].value for row in made.iter_rows()] == ["item", "0", "1", "3 more rows: see misses.csv"]


def test_a_tab_per_table_in_their_order():
    made = openpyxl.load_workbook(io.BytesIO(workbook({"scorecard": (["a"], []), "misses": (["b"], [])}, "UTC")))
    assert made.sheetnames == ["scorecard", "misses"]


@given(
    st.lists(st.fixed_dictionaries({"item": st.text(alphabet=st.characters(codec="utf-8"), max_size=20)}), max_size=3)
)
def test_the_same_rows_give_the_same_bytes_and_no_formula(rows):
    tables = {"misses": (COLUMNS, rows)}
    made = workbook(tables, "UTC")
    assert made == workbook(tables, "UTC")
    read = openpyxl.load_workbook(io.BytesIO(made))["misses"]
    assert all(cell.data_type != "f" for line in read.iter_rows() for cell in line)
