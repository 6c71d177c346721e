"""A workbook that comes back filled in: its cells, and exactly what counts as changed of those that were locked.

Excel and its likes save numbers with 15 digits, times as fractions of days, texts with spaces at their ends: that is no
change. A number in place of a text that only looks like one is.
"""

from __future__ import annotations

import datetime as dt
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

import openpyxl
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from slareport.errors import Problem, UsageError, did_you_mean
from slareport.workbook import fitted

SECOND = dt.timedelta(seconds=1)
LARGEST = 50 * 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One row of a sheet: its cells by the names that the code has for the columns."""

    file: str
    sheet: str
    line: int
    cells: Mapping[str, Any]

    def text(self, column: str) -> str:
        """What a cell says, without spaces around it; empty where it says nothing."""
        return written(self.cells[column].value)

    def problem(self, column: str, what: str, cure: str) -> Problem:
        """A problem with one cell."""
        cell = self.cells[column]
        return Problem(what, self.file, f"{self.sheet}!{cell.coordinate}", cell.value, cure)

    def formula(self, column: str) -> Iterator[Problem]:
        """That a cell computes something, if it does."""
        if self.cells[column].data_type == "f":
            yield self.problem(column, "a formula", "write the text itself")

    def altered(self, expected: Mapping[str, Any], zone: str) -> Iterator[Problem]:
        """The cells that do not hold what was exported; times are local to a zone."""
        for column, value in expected.items():
            wanted = _local(value, zone) if column.endswith("_at") and value else value
            if not unchanged(self.cells[column].value, wanted):
                cure = f"put {str(wanted)!r} back: what was exported stays" if wanted is not None else "clear the cell"
                yield self.problem(column, f"{column} has been changed", cure)


def opened(path: Path) -> Workbook:
    """A workbook. Raises `UsageError` for a file that is none."""
    if not path.is_file():
        raise UsageError(Problem("no such file", str(path), cure="name the workbook that was filled in"))
    if path.stat().st_size > LARGEST:
        raise UsageError(Problem(f"larger than {LARGEST:,} bytes", str(path), cure="export the workbook again"))
    try:
        with warnings.catch_warnings(action="ignore"):  # of what openpyxl leaves out, nothing is read here
            return openpyxl.load_workbook(path)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, OSError) as error:
        cure = "save it as an Excel workbook (.xlsx) without a password"
        raise UsageError(Problem(f"not a workbook: {str(error).splitlines()[0]}", str(path), cure=cure)) from None


def facts(book: Workbook, sheet: str, names: Sequence[str], file: str) -> dict[str, str]:
    """What a sheet of keys and values says. Raises `UsageError` for keys that are not there."""
    cells = _sheet(book, sheet, file).iter_rows(max_col=2, values_only=True)
    found = {written(key): written(value) for key, value in ((*row, None, None)[:2] for row in cells)}
    if missing := [name for name in names if not found.get(name)]:
        cure = "export the workbook again, and leave this sheet as it is"
        raise UsageError([Problem(f"does not say {name}", file, sheet, cure=cure) for name in missing])
    return found


def rows(book: Workbook, sheet: str, columns: Mapping[str, str], file: str, problems: list[Problem]) -> Iterator[Row]:
    """The rows of a sheet that say anything; `columns` has the title of each column by its name.

    Raises `UsageError` with every column that is missing, unknown or there twice.
    """
    table = _sheet(book, sheet, file)
    head = [cell for cell in next(table.iter_rows(max_row=1), ()) if written(cell.value)]
    titles = [written(cell.value) for cell in head]
    missing = [title for title in columns.values() if title not in titles]
    for place, (cell, title) in enumerate(zip(head, titles, strict=True)):
        where = f"{sheet}!{cell.coordinate}"
        if title in titles[:place]:
            problems.append(Problem("a column that stands twice", file, where, title, "remove one of them"))
        elif title not in columns.values():
            cure = f"name it as it was exported, or remove it; {did_you_mean(title, missing or columns.values())}"
            problems.append(Problem("a column that was not exported", file, where, title, cure))
    problems += [Problem("a column is missing", file, sheet, title, "export the workbook again") for title in missing]
    if problems:
        raise UsageError(problems)
    at = {name: head[titles.index(title)].column - 1 for name, title in columns.items()}
    for cells in table.iter_rows(min_row=2):
        if any(written(cell.value) for cell in cells):
            yield Row(file, sheet, cells[0].row, {name: cells[place] for name, place in at.items()})


def written(value: Any) -> str:
    """A cell's value as a person would have typed it, without spaces around it.

    >>> written(" Ada "), written(5.0), written(dt.datetime(2026, 10, 9)), written(None)
    ('Ada', '5', '2026-10-09', '')
    """
    if value is None:
        return ""
    if isinstance(value, dt.datetime) and value.time() == dt.time.min:
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return unescape(str(value)).replace("\r\n", "\n").replace("\r", "\n").strip()


def same(text: str, other: str) -> bool:
    """Whether a cell says what a text says, as far as a cell can."""
    return text == written(fitted(other))


def unchanged(value: Any, expected: Any) -> bool:
    """Whether a cell still holds what was written into it: nothing, a text, a number or a local time."""
    if expected is None:
        return not written(value)
    if isinstance(expected, dt.datetime):
        if _number(value):
            value = from_excel(value)
        return isinstance(value, dt.datetime) and abs(value - expected) < SECOND
    if _number(expected):
        return _number(value) and math.isclose(value, expected, rel_tol=1e-12, abs_tol=1e-9)
    return str(value).strip() == fitted(str(expected)).strip() or same(written(value), str(expected))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _local(instant: str, zone: str) -> dt.datetime:
    return dt.datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _sheet(book: Workbook, name: str, file: str) -> Any:
    if name not in book.sheetnames:
        there = ", ".join(book.sheetnames)
        raise UsageError(
            Problem(f"no sheet {name!r}", file, found=there, cure="name it as it was exported, or export it again")
        )
    return book[name]
