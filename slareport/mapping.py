"""Where a company's CRM tables are: `source.yaml` laid over the layout it names, and the files both mean."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping as AnyMapping
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field

from slareport.documents import Document, Strict, Zone, parse, read_document
from slareport.errors import DataError, Problem, SlareportError, UsageError, did_you_mean
from slareport.layout import ISO, Cell, Csv, DateForm, Extra, InstantForm, Links, Mapping, Part, Tables
from slareport.layout_checks import problems_of
from slareport.tables import TABLES, TEXT, Table

SHIPPED = Path(__file__).parent / "mappings"
SECRETS = ("password", "passwd", "token", "secret")
SUFFIXES = (".csv", ".parquet")


class Sample(Strict):
    """The generated sample company in place of exports: its seed and size."""

    seed: int = 2026
    size: Annotated[float, Field(gt=0)] = 1.0


class SourceFile(Strict):
    """`parameters/source.yaml`: where the CRM tables are, and what the mapping cannot know.

    `data` is a folder of CSV or Parquet files or a DuckDB file, named from the workspace, or the URL of a database that
    holds the tables: `postgres://user@host/database?schema=crm` (everything libpq knows works: its environment, its
    service and password files, `sslmode=…`), `spark://…`, or any other that Ibis connects to. A password never stands
    in it: PostgreSQL's is taken from PGPASSWORD or ~/.pgpass. `aliases` says, per
    canonical `table.column`, which value found means which other. `record_url` links a record, with `{id}` in it:
    one link, or one per table. `tables` stand in place of the mapping's of the same name; an empty list says that
    nobody keeps such a table. `extra` carries further native columns along, as in the mapping.
    """

    mapping: str
    data: str
    csv: Csv = Csv()
    instants: InstantForm | None = None
    dates: DateForm | None = None
    timezone: Zone | None = None
    record_url: Links | None = None
    aliases: dict[str, dict[str, str]] = {}
    extra: Extra = {}
    tables: Tables = {}
    sample: Sample | None = None


class Source(Strict):
    """A source ready to read: the workspace's settings over the layout's, with the digests of both files."""

    file: str
    data: Path
    settings: SourceFile
    mapping: Mapping
    digests: dict[str, str]

    @property
    def url(self) -> str | None:
        """Where the tables are if they are in a database."""
        return self.settings.data if "://" in self.settings.data else None

    @property
    def csv(self) -> Csv:
        """How the CSV files are written."""
        return self.mapping.csv.model_copy(update=self.settings.csv.model_dump(exclude_unset=True))

    @property
    def tables(self) -> dict[str, list[Part]]:
        """The parts of every canonical table, the extra columns among their cells."""
        given = {**self.mapping.tables, **self.settings.tables}
        return {
            name: [part.model_copy(update={"columns": {**part.columns, **self.extra_of(name)}}) for part in parts]
            for name, parts in given.items()
        }

    def table(self, name: str) -> Table:
        """A canonical table with the extra columns, which are text."""
        table = TABLES[name]
        return dataclasses.replace(table, columns={**table.columns, **dict.fromkeys(self.extra_of(name), TEXT)})

    def extra_of(self, name: str) -> dict[str, Cell]:
        """The extra columns of a canonical table; a part that has no such column leaves it empty."""
        cells = {**self.mapping.extra.get(name, {}), **self.settings.extra.get(name, {})}
        return {column: cell.model_copy(update={"optional": True}) for column, cell in cells.items()}

    @property
    def record_url(self) -> str | None:
        """The template of a link to a CRM record, where it is one for all tables."""
        links = self.settings.record_url or self.mapping.record_url
        return links if isinstance(links, str) else None

    def record_url_of(self, table: str) -> str | None:
        """The template of a link to a record of a canonical table."""
        links = self.settings.record_url or self.mapping.record_url
        return links if isinstance(links, str) or links is None else links.get(table)

    def form(self, cell: Cell, *, dated: bool) -> str:
        """The format a cell's times, or its dates, are written in."""
        settings, mapping = self.settings, self.mapping
        return (
            cell.format or (settings.dates or mapping.dates if dated else settings.instants or mapping.instants) or ISO
        )

    def zone(self, cell: Cell) -> str | None:
        """The zone of a cell's times that have no offset; None where none is declared."""
        return cell.timezone or self.settings.timezone or self.mapping.timezone

    def asked(self) -> dict[str, list[str]]:
        """The native tables the mapping reads, each with the columns it reads of it where they are there."""
        found: dict[str, list[str]] = {}
        for part in (part for parts in self.tables.values() for part in parts):
            for alias, native, _ in part.reads():
                found.setdefault(native, []).extend(part.columns_of(alias))
        return {native: list(dict.fromkeys(columns)) for native, columns in sorted(found.items())}

    def natives(self) -> list[str]:
        """The native tables that must be there."""
        parts = (part for parts in self.tables.values() for part in parts)
        return sorted({native for part in parts for _, native, needed in part.reads() if needed})

    def matching(self, name: str) -> list[Path]:
        """The files that hold a native table, or the tables of a glob, in the order of their names; maybe none."""
        if self.data.is_file():
            return [self.data]
        if not self.data.is_dir():
            what = "the folder (or DuckDB file) of CRM tables is not there"
            raise DataError(Problem(what, self.file, found=self.settings.data, cure="correct `data:` or put it there"))
        if not is_glob(name):
            return [path for path in (self.data / f"{name}{suffix}" for suffix in SUFFIXES) if path.is_file()]
        return sorted(path for path in self._there() if fnmatchcase(path.stem, name))

    def native_files(self, name: str) -> list[Path]:
        """The files that hold a native table. Raises `DataError` where there is none, or one could be two."""
        found = self.matching(name)
        twice = [path for path in found if path.suffix == SUFFIXES[1] and path.with_suffix(SUFFIXES[0]) in found]
        if twice:
            stem = twice[0].stem
            raise DataError(Problem(f"the table {stem} is there twice", f"{stem}.csv", cure=f"remove {twice[0].name}"))
        if not found:
            there = {path.stem for path in self._there()}
            put = f"put {name}.csv or {name}.parquet there" if not is_glob(name) else f"name the files like {name}"
            cure = f"{put}, or correct the mapping; {did_you_mean(name, there)}"
            raise DataError(Problem(f"the table {name} is missing", self.settings.data, cure=cure))
        return found

    def data_digests(self) -> dict[str, str]:
        """The sha256 of every file the mapping reads, by name. Raises `DataError` with every one that is missing.

        What a database holds nobody knows before it is read: it has none.
        """
        if self.url:
            return {}
        digests, problems, needed = {}, [], self.natives()
        for name in self.asked():
            try:
                for path in self.native_files(name) if name in needed else self.matching(name):
                    found = path.stat()
                    digests[path.name] = _sha256(path, found.st_size, found.st_mtime_ns)
            except OSError as error:
                cure = "mend its permissions, or export it again"
                problems.append(Problem(f"cannot be read: {error.strerror}", name, cure=cure))
            except SlareportError as error:
                problems += error.problems
        if problems:
            raise DataError(dict.fromkeys(problems))
        return digests

    def _there(self) -> list[Path]:
        return [path for path in self.data.iterdir() if path.suffix in SUFFIXES and path.is_file()]


def is_glob(name: str) -> bool:
    """Whether a native table's name stands for several files."""
    return any(sign in name for sign in "*?")


@lru_cache(maxsize=4096)
def _sha256(path: Path, size: int, changed_at: int) -> str:  # noqa: ARG001  a file that changes is read again
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    problems = [*problems_of(document, settings, layout, mapping), *_wrong_aliases(document, settings)]
    if "://" in settings.data and _password(settings.data):
        what, cure = "a password does not belong in a file", "remove it; give it in PGPASSWORD or ~/.pgpass"
        problems.append(document.problem(("data",), what, cure=cure))
    if "://" in settings.data and settings.sample:
        problems.append(
            document.problem(
                ("sample",), "the sample is written to a folder, not to a database", cure="remove `sample`"
            )
        )
    if problems:
        raise UsageError(problems)
    digests = {document.file: document.sha256, layout.file: layout.sha256}
    data = (root / settings.data).resolve()
    return Source(file=document.file, data=data, settings=settings, mapping=mapping, digests=digests)


def _password(url: str) -> bool:
    parts = urlsplit(url)
    return parts.password is not None or any(name.lower() in SECRETS for name, _ in parse_qsl(parts.query))


def mapping_of(data: AnyMapping[str, Any], file: str = "mapping") -> Mapping:
    """A mapping from plain data as YAML gives it: text, lists and dicts. Raises `UsageError` with all problems."""
    document = Document(file, dict(data), {}, "")
    mapping = parse(document, Mapping)
    if problems := list(problems_of(document, mapping, document, mapping)):
        raise UsageError(problems)
    return mapping


def shipped_mappings() -> dict[str, Mapping]:
    """Every mapping that comes with slareport, by its name."""
    return {path.stem: parse(read_document(path, SHIPPED.parent), Mapping) for path in sorted(SHIPPED.glob("*.yaml"))}


def _wrong_aliases(document: Document, settings: SourceFile) -> list[Problem]:
    columns = [f"{table.name}.{column}" for table in TABLES.values() for column in table.columns]
    return [
        document.problem(("aliases", name), "no such canonical column", cure=did_you_mean(name, columns))
        for name in settings.aliases
        if name not in columns
    ]
