"""CSV files nobody has described yet: how they are written, which belong together, and what is in them, as text."""

from __future__ import annotations

import codecs
import csv
import glob
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from slareport import delimited
from slareport.errors import DataError, Problem, UsageError
from slareport.layout import Csv

LOOKED_AT = 100_000  # rows per file: enough to tell what a column holds
HEAD = 64 * 1024
FALLBACK = "cp1252"
MONTH = (
    "jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(tember)?|oct(ober)?|nov(ember)?|dec(ember)?"
)
COUNTED = re.compile(rf"\d+|(?<![a-z])(?:{MONTH.replace('(', '(?:')}|q)(?![a-z])", re.IGNORECASE)
TOTALS = re.compile(r"^(grand )?totals?\b|^sum(me)?\b|^subtotal", re.IGNORECASE)


@dataclass(frozen=True)
class Export:
    """Files of one layout as one native table: `name` is what a mapping calls it, a glob where they are several.

    `frames` holds the rows of each file as text, `footer` how many lines below a blank one at its end are no rows, and
    `ascii` says that the files are the same in every encoding that is a superset of ASCII.
    """

    name: str
    paths: tuple[Path, ...]
    written: Csv
    frames: tuple[pd.DataFrame, ...]
    footer: int
    ascii: bool

    @property
    def columns(self) -> list[str]:
        """The column names, as the files have them."""
        return list(self.frames[0].columns)

    def values(self, column: str) -> pd.Series:
        """What a column holds, without empty cells."""
        whole = pd.concat([frame[column] for frame in self.frames], ignore_index=True).str.strip()
        return whole[whole.ne("")]

    def is_unique(self, column: str) -> bool:
        """Whether no value of a column stands twice in one file, and every row has one."""
        return all(frame[column].str.strip().ne("").all() and frame[column].is_unique for frame in self.frames)


def read_exports(places: Iterable[Path]) -> list[Export]:
    """Read files, or all CSV files of a folder, and group those of one layout.

    Raises `UsageError` for what is no CSV file and for files of several folders, `DataError` for files that cannot
    be read or are written differently.
    """
    paths = _paths(places)
    read = [_read(path) for path in paths]
    groups: dict[tuple[str, ...], list[Export]] = defaultdict(list)
    for export in read:
        groups[(_pattern(export.paths[0].stem), *export.columns)].append(export)
    taken = [_pattern(export.paths[0].stem) for exports in groups.values() for export in exports[:1]]
    return [
        export
        for group in groups.values()
        for export in _joined(group, alone=taken.count(_pattern(group[0].name)) == 1)
    ]


def _paths(places: Iterable[Path]) -> list[Path]:
    paths: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = sorted(path for path in place.iterdir() if path.suffix == ".csv")
            if not inside:
                raise UsageError(Problem("no CSV files here", str(place), cure="name the folder with the exports"))
            paths += inside
        elif not place.is_file():
            cure = "name an export, or a folder of them"
            raise UsageError(Problem("no such file or folder", str(place), cure=cure))
        elif place.suffix != ".csv":
            cure = "export as CSV, or rename it to end with .csv"
            raise UsageError(Problem("not a .csv file", str(place), cure=cure))
        else:
            paths.append(place)
    folders = sorted({str(path.resolve().parent) for path in paths})
    if len(folders) > 1:
        what = "the exports are in several folders"
        raise UsageError(Problem(what, found=", ".join(folders), cure="put them into one: a source is one folder"))
    return list(dict.fromkeys(paths))


def _read(path: Path) -> Export:
    try:
        return _read_as(path, _encoding(path))
    except UnicodeError:
        return _read_as(path, FALLBACK)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"


def _read_as(path: Path, encoding: str) -> Export:
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        head = file.read(HEAD)
        written = Csv(delimiter=_delimiter(head), encoding=encoding)
        columns = delimited.header(path, written)
        file.seek(0)
        rows: list[list[str]] = []
        footer, blank, widest, in_ascii = 0, False, 0, encoding == "utf-8" and head.isascii()
        try:
            reader = csv.reader(file, delimiter=written.delimiter)
            next(reader)
            for row in reader:
                if len(row) == len(columns) + 1 and not row[-1]:
                    row.pop()
                blank = blank or not row
                widest, in_ascii = max(widest, len(row)), in_ascii and "".join(row).isascii()
                if len(row) == len(columns) and not (TOTALS.match(row[0]) and row.count("") > len(row) / 2):
                    footer, blank = 0, False
                    if len(rows) < LOOKED_AT:
                        rows.append(row)
                else:
                    footer += blank and any(row)
        except csv.Error as error:
            raise DataError(Problem(f"not a CSV file: {error}", path.name, cure="export it again")) from None
    if not rows and widest > len(columns):
        cure = "delete the lines above the row with the column names"
        raise DataError(Problem("the first line is not the header", path.name, "1", ", ".join(columns), cure))
    if not rows:
        footer = 0  # nothing but torn rows: not a footer, and the reader will say what is wrong
    return Export(path.stem, (path,), written, (pd.DataFrame(rows, columns=columns, dtype=str),), footer, in_ascii)


def _delimiter(head: str) -> str:
    """The delimiter that splits the header into most columns; a comma where none does."""
    first = head.lstrip().split("\n", 1)[0]
    return max(delimited.DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))


def _pattern(stem: str) -> str:
    """The name of a file with its numbers and months replaced, so that 2026-01 and 2026-02 are one."""
    return "*".join(glob.escape(part) for part in COUNTED.split(stem))


def _joined(group: list[Export], *, alone: bool) -> list[Export]:
    """Files of one layout and name pattern as one export; as they are where the pattern fits other files too."""
    if len(group) == 1 or not alone:
        return group
    paths = tuple(path for export in group for path in export.paths)
    frames = tuple(frame for export in group for frame in export.frames)
    name = re.sub(r"\*[-_. *]*\*", "*", _pattern(paths[0].stem))
    footer = max(export.footer for export in group)
    return [Export(name, paths, group[0].written, frames, footer, all(export.ascii for export in group))]


def written(exports: list[Export]) -> Csv:
    """How all the files are written. Raises `DataError` where they differ: a source declares it once."""
    different = {(e.written.delimiter, e.written.encoding): e.paths[0].name for e in exports if not e.ascii}
    ways = different or {(e.written.delimiter, e.written.encoding): e.paths[0].name for e in exports}
    delimiters = {export.written.delimiter for export in exports}
    if len(ways) > 1 or len(delimiters) > 1:
        every = {(e.written.delimiter, e.written.encoding): e.paths[0].name for e in exports}
        found = "; ".join(f"{name}: {delimiter!r}, {code}" for (delimiter, code), name in every.items())
        cure = "export them alike, or put each kind into a folder of its own"
        raise DataError(Problem("the files are not written alike", found=found, cure=cure))
    ((delimiter, encoding),) = ways
    return Csv(delimiter=delimiter, encoding=encoding, footer=any(export.footer for export in exports))
