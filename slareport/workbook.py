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
FORM_WIDTH = 36
ALLOWED = {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True}
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


def form(
    name: str, columns: Sequence[str], rows: Sequence[Row], to_fill: Sequence[str], about: Mapping[str, str], zone: str
) -> bytes:
    """The bytes of a workbook to fill in: one table whose cells are locked, but for those of the columns `to_fill`.

    A second sheet, `about`, has what the table is of. There is no password: the locks keep one from slips only.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, PLAIN) as book:
        book.set_properties({"created": CREATED})
        looks = {"head": book.add_format({"bold": True}), "time": book.add_format({"num_format": TIME_FORMAT})}
        unlocked = book.add_format({"locked": False, "bg_color": "#FFF8DC", "border": 1, "text_wrap": True})
        sheet = book.add_worksheet(name)
        _fill(sheet, [*columns, *to_fill], rows, ZoneInfo(zone), looks)
        for place, column in enumerate(to_fill, start=len(columns)):
            sheet.set_column(place, place, FORM_WIDTH)
            for line, row in enumerate(rows, start=1):
                text = fitted(str(row.get(column) or ""))
                sheet.write_string(line, place, text, unlocked) if text else sheet.write_blank(
                    line, place, None, unlocked
                )
        sheet.protect(options=ALLOWED)
        facts = book.add_worksheet("about")
        for line, (key, value) in enumerate(about.items()):
            facts.write_string(line, 0, key, looks["head"])
            facts.write_string(line, 1, value)
        facts.autofit(WIDEST * 7)
        facts.protect()
    return file.getvalue()


def _fill(
    sheet: Worksheet, columns: Sequence[str], rows: Sequence[Row], zone: ZoneInfo, looks: Mapping[str, Any]
) -> None:
    for place, column in enumerate(columns):
        sheet.write_string(0, place, header(column, zone.key), looks["head"])
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
        sheet.write_string(line, place, fitted(str(value)))


def header(column: str, zone: str) -> str:
    """What stands above a column: its name, of times with their zone."""
    return f"{column} ({zone})" if _is_time(column) else column


def fitted(text: str) -> str:
    """A text as a cell holds it: one too long is cut, and says so."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - len(CUT)] + CUT


def _is_time(column: str) -> bool:
    return column.endswith("_at")
