"""A CRM layout as data: which native table and column fills which canonical one.

One YAML file per layout, in `slareport/mappings/` or beside a workspace's `source.yaml`; a new CRM needs no code.
"""

from __future__ import annotations

import codecs
import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from slareport.documents import Strict, Zone, checked
from slareport.errors import Problem, UsageError

ISO = "iso"
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


def parse_link(template: str) -> str:
    """The template of a link to a record of the CRM.

    >>> parse_link("https://crm.example/deal/{id}")
    'https://crm.example/deal/{id}'
    """
    if "{id}" not in template:
        raise UsageError(Problem("the link names no record", cure="write {id} where the record's id stands"))
    return template


def _form(form: str, probe: dt.datetime, kind: str, example: str) -> str:
    code = form.replace("%-", "%").replace("%z", "")  # what the engine knows and Python does not, or not without a zone
    try:
        has_year = any(year in code for year in ("%Y", "%y", "%c", "%x"))  # Python warns of a format without one
        if form == ISO or (has_year and dt.datetime.strptime(probe.strftime(code), code) == probe):  # noqa: DTZ007
            return form
    except ValueError:
        pass
    raise UsageError(Problem(f"no format of {kind}", cure=f'write iso, or for example "{example}"'))


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


def _cell(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


InstantForm = Annotated[str, BeforeValidator(checked(parse_instant_form))]
DateForm = Annotated[str, BeforeValidator(checked(parse_date_form))]
Link = Annotated[str, BeforeValidator(checked(parse_link))]
Links = Link | dict[str, Link]
AnyOf = Annotated[list[str], BeforeValidator(_listed)]


class Case(Strict):
    """When each of these native columns holds one of its values, then this."""

    when: dict[str, AnyOf]
    then: str


class Cell(Strict):
    """How one canonical column is read: from which native column, and through what.

    Give exactly one of `column`, `first_of` (the first that is not empty), `join` (parts with a space between),
    `constant` or `cases`. `values` translates what is found, `otherwise` stands for what is not listed there.
    `format` is `iso` or a strptime format; `timezone` the zone of times without one; `date: true` says that the
    value is a date without a time of day, `day: true` that of a time only the day, as it is written, is meant, and
    `percent: true` that a rate is written from 0 to 100. `optional: true` says that an export may lack the columns:
    they are empty then.
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
    day: bool = False
    percent: bool = False
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
        return list(dict.fromkeys([*named, *(name for case in self.cases or [] for name in case.when)]))


ReadCell = Annotated[Cell, BeforeValidator(_cell)]


class Lookup(Strict):
    """A native table read beside a part: of `source`, the row whose `key` is what the part holds in `by`.

    Where several rows have the same key, the one with the `newest` (or the `oldest`) value of a column is used, else
    the last. `split` says what separates several keys in one `key`. `optional: true`: the table may not be there.
    """

    source: str = Field(alias="in")
    key: str
    by: str
    newest: str | None = None
    oldest: str | None = None
    where: dict[str, AnyOf] = {}
    split: Annotated[str, Field(min_length=1)] | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _one_order(self) -> Lookup:
        if self.newest and self.oldest:
            raise ValueError("give newest or oldest, not both")
        return self

    @property
    def order(self) -> str | None:
        """The column that decides between rows with the same key."""
        return self.newest or self.oldest

    @property
    def native(self) -> list[str]:
        """The columns of its own table without which it cannot be read."""
        return [self.key, *([self.order] if self.order else []), *self.where]


class Part(Strict):
    """One native table, or all whose names match a glob, that fills a canonical one.

    `where` keeps only the rows that hold one of these values. `lookups` are further tables by an alias, whose columns
    are `alias.column` wherever a column is named. `distinct: true` makes one row of each different one. A part that
    is `optional` is left out where its table is not there.
    """

    source: str = Field(alias="from")
    where: dict[str, AnyOf] = {}
    lookups: dict[str, Lookup] = {}
    columns: dict[str, ReadCell]
    distinct: bool = False
    optional: bool = False

    def split(self, name: str) -> tuple[str, str]:
        """The alias of a lookup, empty for the part's own table, and the column that a name means there."""
        alias, dot, column = name.partition(".")
        return (alias, column) if dot and alias in self.lookups else ("", name)

    def names(self, *, needed: bool = False) -> list[str]:
        """Every column that is named, with its alias: all, or those that must be there."""
        cells = [name for cell in self.columns.values() if not (needed and cell.optional) for name in cell.native]
        keys = [lookup.by for lookup in self.lookups.values() if not (needed and lookup.optional)]
        return list(dict.fromkeys([*self.where, *cells, *keys]))

    def columns_of(self, alias: str, *, needed: bool = False) -> list[str]:
        """The columns read of the table behind an alias (empty: the part's own): all, or those that must be there."""
        own = self.lookups[alias].native if alias else []
        named = (column for other, column in map(self.split, self.names(needed=needed)) if other == alias)
        return list(dict.fromkeys([*own, *named]))

    def reads(self) -> Iterator[tuple[str, str, bool]]:
        """Every native table this reads: its alias (empty for its own), its name, and whether it must be there."""
        yield "", self.source, not self.optional
        for alias, lookup in self.lookups.items():
            yield alias, lookup.source, not (self.optional or lookup.optional)


Tables = dict[str, Annotated[list[Part], BeforeValidator(_listed)]]
Extra = dict[str, dict[str, ReadCell]]


class Csv(Strict):
    """How the CSV files are written. `footer: true`: below a blank line at their end stand lines about the report."""

    delimiter: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = ","
    encoding: Annotated[str, BeforeValidator(checked(parse_encoding))] = "utf-8"
    footer: bool = False


class Mapping(Strict):
    """A whole layout. `instants` and `dates` are the formats of columns that declare none of their own.

    `extra` are further native columns per canonical table, carried along as text for KPIs of one's own.
    """

    title: str
    instants: InstantForm | None = None
    dates: DateForm | None = None
    timezone: Zone | None = None
    record_url: Links | None = None
    csv: Csv = Csv()
    extra: Extra = {}
    tables: Tables
