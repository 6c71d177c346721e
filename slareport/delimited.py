"""CSV files split into rows and columns by Python, where the engine will not: slowly, and saying where each row stands.

A row is numbered as a spreadsheet shows it: the header is row 1, and a line break inside quotes starts no new row.
"""

from __future__ import annotations

import csv
import mmap
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa

from slareport.errors import DataError, Problem
from slareport.layout import Csv
from slareport.tables import EXCLUDED, SET_ASIDE

BATCH = 50_000
DELIMITERS = ",;\t|"
BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")
TORN = ["place", "value", "reason", "effect"]
Torn = tuple[str, str, str, str]
Row = tuple[int, list[str], str]
FOOTER = "a line of the report's footer"


def header(path: Path, written: Csv) -> list[str]:
    """The column names of a file, stripped; nameless ones are numbered.

    Raises `DataError` for an empty file, another encoding or delimiter than declared, and a name that stands twice.
    """
    try:
        with path.open(encoding=_codec(written), newline="") as file:
            names = [name.strip() for name in next(csv.reader(file, delimiter=written.delimiter), [])]
    except UnicodeError:
        raise _wrong_encoding(path, written) from None
    except csv.Error as error:
        raise DataError(Problem(f"not a CSV file: {error}", path.name, "1", cure="export it again")) from None
    if not any(names):
        raise DataError(Problem("the file has no header", path.name, cure="export it again, with its column names"))
    if len(names) == 1:
        other = max(DELIMITERS, key=names[0].count)
        if other in names[0]:
            what = f"the columns are not separated by {written.delimiter!r}; it looks like {other!r}"
            raise DataError(Problem(what, path.name, "1", names[0], f'declare `csv: {{delimiter: "{other}"}}`'))
    names = [name or f"(column {number})" for number, name in enumerate(names, 1)]
    twice = [name for name, times in Counter(name.casefold() for name in names).items() if times > 1]
    if twice:
        found = [name for name in names if name.casefold() == twice[0]]
        raise DataError(Problem("a column stands twice in the header", path.name, "1", found[1], "export it once"))
    return names


def has_blank_lines(path: Path) -> bool:
    """Whether a file has empty lines, which engines skip without counting them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        return BLANK_LINE.search(raw) is not None


def split(path: Path, written: Csv, names: list[str], row_name: str) -> tuple[pa.Table, pd.DataFrame]:
    """The rows of a file as text, numbered in the column `row_name`, and those that are none.

    These have too few or too many columns, or are lines of a declared footer.

    Raises `DataError` for bytes in another encoding than declared, and for a quote that swallows the rows after it:
    how many were lost nobody could say.
    """
    torn: list[Torn] = []
    schema = pa.schema([*((name, pa.string()) for name in names), (row_name, pa.int64())])
    try:
        batches = list(_batches(path, written, schema, torn))
    except UnicodeError:
        raise _wrong_encoding(path, written) from None
    return pa.Table.from_batches(batches, schema), pd.DataFrame(torn, columns=TORN)


def _batches(path: Path, written: Csv, schema: pa.Schema, torn: list[Torn]) -> Iterator[pa.RecordBatch]:
    width = len(schema) - 1
    kept: list[tuple[str | int, ...]] = []
    for number, row, wrong in _without_footer(path, written, torn):
        if len(row) == width + 1 and not row[-1]:
            row.pop()  # a delimiter at the end of a row: the engine allows it too
        if wrong or len(row) != width:
            reason = wrong or f"has {len(row)} columns, where the header has {width}"
            torn.append((f"{path.name} row {number}", written.delimiter.join(row), reason, SET_ASIDE))
        else:
            kept.append((*row, number))
        if len(kept) == BATCH:
            yield _batch(kept, schema)
            kept = []
    if kept:
        yield _batch(kept, schema)


def _batch(rows: list[tuple[str | int, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch([pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)], schema=schema)


def _without_footer(path: Path, written: Csv, torn: list[Torn]) -> Iterator[Row]:
    """The rows that are not blank, without the footer if one is declared.

    A footer is all that follows a blank line, to the end of the file, if each line of it fills the first column only.
    """
    held: list[Row] = []
    below_blank = False
    for number, row, wrong in _rows(path, written):
        if not row and not wrong:
            below_blank = written.footer
        elif below_blank and row and row[0] and not any(row[1:]):
            held.append((number, row, wrong))
        else:
            yield from held
            held, below_blank = [], False
            yield number, row, wrong
    torn += [(f"{path.name} row {number}", row[0], FOOTER, EXCLUDED) for number, row, _ in held]


def _rows(path: Path, written: Csv) -> Iterator[Row]:
    """Every row after the header: its number, its columns, and what is wrong with its quotes."""
    with path.open(encoding=_codec(written), newline="") as file:
        reader = csv.reader(file, delimiter=written.delimiter, strict=True)
        next(reader)
        number, line = 1, reader.line_num
        while True:
            number += 1
            try:
                row = next(reader)
                yield number, row, ""
            except StopIteration:
                return
            except csv.Error as error:
                if reader.line_num > line + 1:
                    what = f"a quote is opened in row {number} and not closed as it should be: {error}"
                    cure = "double quotes inside quoted text, or export the file again"
                    raise DataError(Problem(what, path.name, f"row {number}", cure=cure)) from None
                yield number, [], f"cannot be split into columns: {error}"
            line = reader.line_num


def _codec(written: Csv) -> str:
    return "utf-8-sig" if written.encoding == "utf-8" else written.encoding


def _wrong_encoding(path: Path, written: Csv) -> DataError:
    """The error for a file that is not in its declared encoding, with the line of the first byte that is not."""
    raw = path.read_bytes()
    place = ""
    try:
        raw.decode(_codec(written))
    except UnicodeDecodeError as error:
        place = str(raw.count(b"\n", 0, error.start) + 1)
    cure = "declare `csv: {encoding: …}` as the export was written, for example cp1252, or export as UTF-8"
    return DataError(Problem(f"not {written.encoding}", path.name, place, cure=cure))
