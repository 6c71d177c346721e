"""A CRM layout as data: which native table and column fills which canonical one.

One YAML file per layout, in `slareport/mappings/` or beside a workspace's `source.yaml`; a new CRM needs no code.
"""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from slareport.documents import Document, Place, Strict, Zone, checked, parse, read_document
from slareport.errors import DataError, Problem, SlareportError, UsageError, did_you_mean
from slareport.tables import TABLES

SHIPPED = Path(__file__).parent / "mappings"
ISO = "iso"
SUFFIXES = (".csv", ".parquet")
PROBE = dt.datetime(2026, 12, 31, 13, 45)  # noqa: DTZ001  a local time: day, month and hours can be told apart


def parse_instant_form(form: str) -> str:
    """A format of times: `iso`, or strptime codes that tell the year, month, day, hour and minute.

    >>> parse_instant_form("%d/%m/%Y %H:%M")
    '%d/%m/%Y %H:%M'
    """
    return _form(form, PROBE, "times", "%d/%m/%Y %H:%M")


def parse_date_form(form: str) -> str:
    """A format of dates: `iso`, or strptime codes that tell the year, month and day."""
    return _form(form, PROBE.replace(hour=0, minute=0), "dates", "%d/%m/%Y")


def parse_encoding(name: str) -> str:
    """An encoding by the name Python gives it."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise UsageError(Problem("no such encoding", cure="write for example utf-8, utf-16 or cp1252")) from None


def _form(form: str, probe: dt.datetime, kind: str, example: str) -> str:
    code = form.replace("%-", "%").replace("%z", "")  # what the engine knows and Python does not, or not without a zone
    try:
        has_year = any(year in code for year in ("%Y", "%y", "%c", "%x"))  # Python warns of a format without one
        if form == ISO or (has_year and dt.datetime.strptime(probe.strftime(code), code) == probe):  # noqa: DTZ007
            return form
    except ValueError:
        pass
    raise UsageError(Problem(f"no format of {kind}", cure=f'write iso, or for example "{example}"'))


InstantForm = Annotated[str, BeforeValidator(checked(parse_instant_form))]
DateForm = Annotated[str, BeforeValidator(checked(parse_date_form))]


class Case(Strict):
    """When all these native columns hold these values, then this."""

    when: dict[str, str]
    then: str


class Cell(Strict):
    """How one canonical column is read: from which native column, and through what.

    Give exactly one of `column`, `first_of` (the first that is not empty), `join` (parts with a space between),
    `constant` or `cases`. `values` translates what is found, `otherwise` stands for what is not listed there.
    `format` is `iso` or a strptime format; `timezone` the zone of times without one; `date: true` says that the
    value is a date without a time of day; `optional: true` that an export may lack the column.
    """

    column: str | None = None
    first_of: list[str] | None = None
    join: list[str] | None = None
    constant: str | None = None
    cases: list[Case] | None = None
    values: dict[str, str] | None = None
    otherwise: str | None = None
    format: str | None = None
    timezone: Zone | None = None
    date: bool = False
    optional: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Cell:
        given = [n for n in ("column", "first_of", "join", "constant", "cases") if getattr(self, n) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, first_of, join, constant, cases")
        return self

    @property
    def native(self) -> list[str]:
        """The native columns this reads."""
        named = [*([self.column] if self.column else []), *(self.first_of or []), *(self.join or [])]
        return named + [name for case in self.cases or [] for name in case.when]


def _cell(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class Part(Strict):
    """One native table that fills a canonical one; `where` keeps only the rows that hold these values."""

    source: str = Field(alias="from")
    where: dict[str, str] = {}
    columns: dict[str, Annotated[Cell, BeforeValidator(_cell)]]

    @property
    def native(self) -> list[str]:
        """Every native column this part cannot do without."""
        needed = (name for cell in self.columns.values() if not cell.optional for name in cell.native)
        return list(dict.fromkeys([*self.where, *needed]))

    @property
    def possible(self) -> list[str]:
        """Every native column this part reads where it is there."""
        return list(dict.fromkeys([*self.where, *(name for cell in self.columns.values() for name in cell.native)]))


def _parts(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Mapping(Strict):
    """A whole layout. `instants` and `dates` are the formats of columns that declare none of their own."""

    title: str
    instants: InstantForm | None = None
    dates: DateForm | None = None
    timezone: Zone | None = None
    record_url: str | None = None
    tables: dict[str, Annotated[list[Part], BeforeValidator(_parts)]]


class Csv(Strict):
    """How the CSV files are written."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Annotated[str, BeforeValidator(checked(parse_encoding))] = "utf-8"


class Sample(Strict):
    """The generated sample company in place of exports: its seed and size."""

    seed: int = 2026
    size: Annotated[float, Field(gt=0)] = 1.0


class SourceFile(Strict):
    """`parameters/source.yaml`: where the CRM tables are, and what the mapping cannot know.

    `data` is a folder of CSV or Parquet files or a DuckDB file, named from the workspace. `aliases` says, per
    canonical `table.column`, which value found means which other. `record_url` links a record, with `{id}` in it.
    """

    mapping: str
    data: str
    csv: Csv = Csv()
    instants: InstantForm | None = None
    dates: DateForm | None = None
    timezone: Zone | None = None
    record_url: str | None = None
    aliases: dict[str, dict[str, str]] = {}
    sample: Sample | None = None


class Source(Strict):
    """A source ready to read: the workspace's settings over the layout's, with the digests of both files."""

    file: str
    data: Path
    settings: SourceFile
    mapping: Mapping
    digests: dict[str, str]

    @property
    def record_url(self) -> str | None:
        """The template of a link to a CRM record."""
        return self.settings.record_url or self.mapping.record_url

    def form(self, cell: Cell, *, dated: bool) -> str:
        """The format a cell's times, or its dates, are written in."""
        settings, mapping = self.settings, self.mapping
        return (
            cell.format or (settings.dates or mapping.dates if dated else settings.instants or mapping.instants) or ISO
        )

    def zone(self, cell: Cell) -> str | None:
        """The zone of a cell's times that have no offset; None where none is declared."""
        return cell.timezone or self.settings.timezone or self.mapping.timezone

    def natives(self) -> list[str]:
        """The native tables the mapping reads."""
        return sorted({part.source for parts in self.mapping.tables.values() for part in parts})

    def native_file(self, name: str) -> Path:
        """The file that holds a native table. Raises `DataError` where it is missing, or could be two."""
        if self.data.is_file():
            return self.data
        if not self.data.is_dir():
            what = "the folder (or DuckDB file) of CRM tables is not there"
            raise DataError(Problem(what, self.file, found=self.settings.data, cure="correct `data:` or put it there"))
        found = [path for path in (self.data / f"{name}{suffix}" for suffix in SUFFIXES) if path.is_file()]
        if len(found) == 2:
            raise DataError(Problem(f"the table {name} is there twice", found[0].name, cure=f"remove {found[1].name}"))
        if not found:
            there = {path.stem for path in self.data.iterdir() if path.suffix in SUFFIXES}
            cure = f"put {name}.csv or {name}.parquet there, or correct the mapping; {did_you_mean(name, there)}"
            raise DataError(Problem(f"the table {name} is missing", self.settings.data, cure=cure))
        return found[0]

    def data_digests(self) -> dict[str, str]:
        """The sha256 of every file the mapping reads, by name. Raises `DataError` with every one that is missing."""
        digests, problems = {}, []
        for name in self.natives():
            try:
                path = self.native_file(name)
                with path.open("rb") as file:
                    digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                cure = "mend its permissions, or export it again"
                problems.append(Problem(f"cannot be read: {error.strerror}", name, cure=cure))
            except SlareportError as error:
                problems += error.problems
        if problems:
            raise DataError(dict.fromkeys(problems))
        return digests


def load_source(path: Path, root: Path) -> Source:
    """Read `source.yaml` and the mapping it names. Raises `UsageError` with all problems of both."""
    document = read_document(path, root)
    settings = parse(document, SourceFile)
    own = path.with_name(f"{settings.mapping}.yaml")
    shipped = SHIPPED / f"{settings.mapping}.yaml"
    if not own.is_file() and not shipped.is_file():
        there = {p.stem for p in SHIPPED.glob("*.yaml")}
        cure = did_you_mean(settings.mapping, there) + f"; or write {own.name} beside {path.name}"
        raise UsageError(document.problem(("mapping",), "no such mapping", settings.mapping, cure))
    layout = read_document(own, root) if own.is_file() else read_document(shipped, SHIPPED.parent)
    mapping = parse(layout, Mapping)
    problems = [
        *_wrong_names(layout, mapping),
        *_wrong_formats(document, settings, layout, mapping),
        *_wrong_aliases(document, settings),
    ]
    if problems:
        raise UsageError(problems)
    digests = {document.file: document.sha256, layout.file: layout.sha256}
    data = (root / settings.data).resolve()
    return Source(file=document.file, data=data, settings=settings, mapping=mapping, digests=digests)


def _wrong_names(layout: Document, mapping: Mapping) -> Iterator[Problem]:
    for name in mapping.tables:
        if name not in TABLES:
            yield layout.problem(("tables", name), "no such canonical table", cure=did_you_mean(name, TABLES))
    for name, part, place in _parts_of(layout, mapping):
        if name not in TABLES:
            continue
        table = TABLES[name]
        for column in part.columns:
            if column not in table.columns:
                cure = did_you_mean(column, table.columns)
                yield layout.problem((*place, "columns", column), f"{name} has no such column", cure=cure)
        for column in table.required:
            if column not in part.columns:
                yield layout.problem(place, f"{name} needs {column}", cure=f"add `{column}:` under columns")


def _wrong_formats(document: Document, settings: SourceFile, layout: Document, mapping: Mapping) -> Iterator[Problem]:
    """Dates are never guessed: every instant and date column must have a declared format, and a possible one."""
    fallback = {"instant": settings.instants or mapping.instants, "date": settings.dates or mapping.dates}
    parse_form = {"instant": parse_instant_form, "date": parse_date_form}
    for name, part, place in _parts_of(layout, mapping):
        for column, cell in part.columns.items():
            known = TABLES[name].columns.get(column) if name in TABLES else None
            kind = "date" if known and known.type == "instant" and cell.date else known.type if known else ""
            if kind not in parse_form:
                continue
            if cell.format:
                try:
                    parse_form[kind](cell.format)
                except UsageError as error:
                    at = (*place, "columns", column, "format")
                    yield from (layout.problem(at, p.what, cell.format, p.cure) for p in error.problems)
            elif not fallback[kind]:
                what = f"{part.source}.{', '.join(cell.native)} has no declared {kind} format"
                cure = f'add `{kind}s: iso` or `{kind}s: "%d/%m/%Y"` as the export writes them'
                yield document.problem((), what, cure=cure)


def _parts_of(layout: Document, mapping: Mapping) -> Iterator[tuple[str, Part, Place]]:
    """Every part with its canonical table and its place: a table of one part may be written without the list."""
    for name, parts in mapping.tables.items():
        for index, part in enumerate(parts):
            place: Place = ("tables", name)
            yield name, part, (*place, index) if (*place, 0) in layout.lines else place


def _wrong_aliases(document: Document, settings: SourceFile) -> Iterator[Problem]:
    columns = [f"{table.name}.{column}" for table in TABLES.values() for column in table.columns]
    for name in settings.aliases:
        if name not in columns:
            yield document.problem(("aliases", name), "no such canonical column", cure=did_you_mean(name, columns))
