"""A review's rows as one Excel workbook: a tab per table, local times, ids as text, and no cell that computes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

Row = Mapping[str, Any]

CREATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # the same rows give the same bytes
LONGEST_TEXT = 32_767  # what a cell of Excel holds
MOST_ROWS = 1_048_576 - 2  # of a sheet, without its header and the remark that there are more
CUT = " … (cut)"
WIDEST = 60
PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
TIME_FORMAT = "yyyy-mm-dd hh:mm"


def workbook(tables: Mapping[str, tuple[Sequence[str], Sequence[Row]]], zone: str) -> bytes:
    """The bytes of a workbook with a tab per table: its columns, and its rows as plain values.

    Columns named `*_at` hold ISO instants and become local times of the IANA `zone`, which the header names.
    Text stays text, whatever it begins with; one too long for a cell is cut, and says so.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, PLAIN) as book:
        book.set_properties({"created": CREATED})
        looks = {"head": book.add_format({"bold": True}), "time": book.add_format({"num_format": TIME_FORMAT})}
        for name, (columns, rows) in tables.items():
            _fill(book.add_worksheet(name), columns, rows, ZoneInfo(zone), looks)
    return file.getvalue()


def _fill(
    sheet: Worksheet, columns: Sequence[str], rows: Sequence[Row], zone: ZoneInfo, looks: Mapping[str, Any]
) -> None:
    for place, column in enumerate(columns):
        sheet.write_string(0, place, f"{column} ({zone.key})" if _is_time(column) else column, looks["head"])
    for line, row in enumerate(rows[:MOST_ROWS], start=1):
        for place, column in enumerate(columns):
            _write(sheet, line, place, row.get(column), zone if _is_time(column) else None, looks["time"])
    if len(rows) > MOST_ROWS:
        sheet.write_string(MOST_ROWS + 1, 0, f"{len(rows) - MOST_ROWS} more rows: see {sheet.get_name()}.csv")
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, min(len(rows), MOST_ROWS), len(columns) - 1)
    sheet.autofit(WIDEST * 7)


def _write(sheet: Worksheet, line: int, place: int, value: Any, zone: ZoneInfo | None, time: Any) -> None:
    if value is None:
        return
    if isinstance(value, str) and zone:
        local = dt.datetime.fromisoformat(value).astimezone(zone).replace(tzinfo=None)
        sheet.write_datetime(line, place, local, time)
    elif isinstance(value, (int, float)):
        sheet.write_number(line, place, value)
    else:
        text = str(value)
        sheet.write_string(line, place, text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - len(CUT)] + CUT)


def _is_time(column: str) -> bool:
    return column.endswith("_at")
