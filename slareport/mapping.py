"""A CRM layout as data: which native table and column fills which canonical one.

One YAML file per layout, in `slareport/mappings/` or beside a workspace's `source.yaml`; a new CRM needs no code.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from slareport.documents import Document, Strict, parse, read_document
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.tables import TABLES

SHIPPED = Path(__file__).parent / "mappings"
ISO = "iso"


def _zone(name: str) -> str:
    if name not in available_timezones() or ("/" not in name and name != "UTC"):
        raise ValueError("no such time zone; write an IANA name such as Europe/Berlin, or UTC")
    return name


Zone = Annotated[str, AfterValidator(_zone)]


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


def _parts(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Mapping(Strict):
    """A whole layout. `instants` and `dates` are the formats of columns that declare none of their own."""

    title: str
    instants: str | None = None
    dates: str | None = None
    timezone: Zone | None = None
    record_url: str | None = None
    tables: dict[str, Annotated[list[Part], BeforeValidator(_parts)]]


class Csv(Strict):
    """How the CSV files are written."""

    delimiter: str = ","
    encoding: str = "utf-8"


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
    instants: str | None = None
    dates: str | None = None
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
    problems = [*_wrong_names(layout, mapping), *_undeclared(document, settings, mapping)]
    if problems:
        raise UsageError(problems)
    digests = {document.file: document.sha256, layout.file: layout.sha256}
    data = (root / settings.data).resolve()
    return Source(file=document.file, data=data, settings=settings, mapping=mapping, digests=digests)


def _wrong_names(layout: Document, mapping: Mapping) -> Iterator[Problem]:
    for name, parts in mapping.tables.items():
        table = TABLES.get(name)
        if table is None:
            yield layout.problem(("tables", name), "no such canonical table", cure=did_you_mean(name, TABLES))
            continue
        for index, part in enumerate(parts):
            place = ("tables", name, *((index,) if ("tables", name, 0) in layout.lines else ()))
            for column in part.columns:
                if column not in table.columns:
                    cure = did_you_mean(column, table.columns)
                    yield layout.problem((*place, "columns", column), f"{name} has no such column", cure=cure)
            for column in table.required:
                if column not in part.columns:
                    yield layout.problem(place, f"{name} needs {column}", cure=f"add `{column}:` under columns")


def _undeclared(document: Document, settings: SourceFile, mapping: Mapping) -> Iterator[Problem]:
    """Dates are never guessed: every instant and date column must have a declared format."""
    fallback = {"instant": settings.instants or mapping.instants, "date": settings.dates or mapping.dates}
    for name, parts in mapping.tables.items():
        for part in parts:
            for column, cell in part.columns.items():
                kind = TABLES[name].columns[column].type if name in TABLES and column in TABLES[name].columns else ""
                kind = "date" if kind == "instant" and cell.date else kind
                if kind in fallback and not cell.format and not fallback[kind]:
                    what = f"{part.source}.{', '.join(cell.native)} has no declared {kind} format"
                    cure = f'add `{kind}s: iso` or `{kind}s: "%d/%m/%Y"` as the export writes them'
                    yield document.problem((), what, cure=cure)
