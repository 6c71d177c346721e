"""A proposed mapping: what each file fills, what a person has to decide, and the YAML that says both."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slareport import layout
from slareport.layout import ISO, Csv
from slareport.mapping import mapping_of
from slareport.tables import TABLES
from slareport.writing import Times

DECIDE = "# decide:"
WIDTH = 110
PLAIN = re.compile(r"[A-Za-z_][\w ./()%-]*(?<! )")
NOTHING = {"null", "~", ""}


@dataclass(frozen=True)
class Line:
    """One canonical column: its cell as a mapping writes it, how its times are written, and what is to be decided."""

    cell: Mapping[str, Any]
    times: Times | None = None
    decide: str = ""


@dataclass(frozen=True)
class Proposed:
    """One part: what a native table fills, with the part's other keys; `shipped` where a layout of ours has it so."""

    table: str
    source: str
    lines: Mapping[str, Line]
    keys: Mapping[str, Any] = field(default_factory=dict)
    decide: str = ""
    shipped: bool = False


@dataclass(frozen=True)
class Proposal:
    """A whole proposed layout. `left_out` says of files, and `notes` of other things, what was not proposed and why."""

    title: str
    folder: Path
    parts: tuple[Proposed, ...]
    csv: Csv
    encoding_guessed: bool = False
    timezone: str | None = None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def decisions(self) -> list[str]:
        """Everything marked for a person to decide."""
        return [line.partition(DECIDE)[2].strip() for line in self.text.splitlines() if DECIDE in line]

    @property
    def form_of_instants(self) -> Times | None:
        """How most times are written."""
        return _usual(self._times(dated=False))

    @property
    def form_of_dates(self) -> Times | None:
        """How most dates are written."""
        return _usual(self._times(dated=True))

    @property
    def zoneless(self) -> bool:
        """Whether any time is written without its offset."""
        return any(not times.zoned for times in self._times(dated=False))

    def settled(self) -> layout.Mapping:
        """The mapping with the first alternative wherever there is something to decide: to look at, not to use."""
        return mapping_of(self._plain(), "the proposal")

    @property
    def text(self) -> str:
        """The mapping as YAML, every decision marked above the line it is about."""
        return "\n".join([*self._head(), *self._tables()]) + "\n"

    def _times(self, *, dated: bool) -> list[Times]:
        found = (line.times for part in self.parts for line in part.lines.values())
        return [times for times in found if times and times.dated == dated]

    def _head(self) -> Iterator[str]:
        for text in (*self.notes, *self.left_out):
            yield f"# {text}"
        yield f"title: {scalar(self.title)}"
        if self.encoding_guessed:
            yield f"{DECIDE} the encoding: {self.csv.encoding} is only likely; look at names with accents"
        if written := self.csv.model_dump(exclude_defaults=True):
            yield f"csv: {flow(written)}"
        yield from self._form("instants", self.form_of_instants)
        yield from self._form("dates", self.form_of_dates)
        if self.zoneless and self.timezone:
            yield f"{DECIDE} the zone of times without one: {self.timezone} is what the layout of this CRM's API has"
            yield f"timezone: {self.timezone}"
        elif self.zoneless:
            yield f"{DECIDE} the zone of whoever made the export, such as Europe/Berlin; UTC if an API made it"
            yield "# timezone: UTC"

    def _form(self, key: str, times: Times | None) -> Iterator[str]:
        if times is None:
            yield f"{key}: {ISO}"
        elif len(times.forms) == 1:
            yield f"{key}: {scalar(times.forms[0])}"
        else:
            yield f"{DECIDE} {_alternatives(times)}"
            yield f"# {key}: {scalar(times.forms[0])}"

    def _tables(self) -> Iterator[str]:
        yield "tables:" if self.parts else "tables: {}"
        for table in TABLES:
            parts = [part for part in self.parts if part.table == table]
            if parts:
                yield f"  {table}:"
            for part in parts:
                yield from self._part(part, listed=len(parts) > 1)

    def _part(self, part: Proposed, *, listed: bool) -> Iterator[str]:
        first, rest = ("    - ", "      ") if listed else ("    ", "    ")
        if part.decide:
            yield f"    {DECIDE} {part.decide}"
        yield f"{first}from: {scalar(part.source)}"
        for key, value in part.keys.items():
            yield f"{rest}{key}: {flow(value)}"
        yield f"{rest}columns:"
        for column, line in part.lines.items():
            yield from self._line(column, line, rest + "  ")

    def _line(self, column: str, line: Line, indent: str) -> Iterator[str]:
        own = self._own_form(line)
        if line.decide:
            yield f"{indent}{DECIDE} {line.decide}"
        if own and len(own.forms) > 1:
            yield f"{indent}{DECIDE} {_alternatives(own)}"
            for form in own.forms[1:]:
                yield f"{indent}# {column}: {flow({**line.cell, 'format': form})}"
            yield f"{indent}# {column}: {flow({**line.cell, 'format': own.forms[0]})}"
            return
        cell = {**line.cell, "format": own.forms[0]} if own else line.cell
        written = scalar(cell["column"]) if [*cell] == ["column"] else flow(cell)
        yield from _wrapped(f"{indent}{column}: {written}", indent)

    def _own_form(self, line: Line) -> Times | None:
        """The format a cell must declare itself: another than most have."""
        if line.times is None:
            return None
        usual = self.form_of_dates if line.times.dated else self.form_of_instants
        return None if usual and usual.forms == line.times.forms else line.times

    def _plain(self) -> dict[str, Any]:
        tables: dict[str, list[dict[str, Any]]] = {}
        for part in self.parts:
            columns = {column: self._settled(line) for column, line in part.lines.items()}
            tables.setdefault(part.table, []).append({"from": part.source, **part.keys, "columns": columns})
        kinds = {"instants": self.form_of_instants, "dates": self.form_of_dates}
        forms = {key: times.forms[0] if times else ISO for key, times in kinds.items()}
        return {
            "title": self.title,
            "csv": self.csv.model_dump(exclude_defaults=True),
            **forms,
            "timezone": self.timezone or "UTC",
            "tables": tables,
        }

    def _settled(self, line: Line) -> dict[str, Any]:
        return {**line.cell, **({"format": own.forms[0]} if (own := self._own_form(line)) else {})}


def _usual(found: list[Times]) -> Times | None:
    counted = Counter(times.forms for times in found)
    most = counted.most_common(1)[0][0] if counted else None
    return next((times for times in found if times.forms == most), None)


def _alternatives(times: Times) -> str:
    order = {"%d": "day", "%m": "month"}
    told = [f"{form} ({order.get(form[:2], 'year')} first)" for form in times.forms]
    return f"{' or '.join(told)}; no date in the data tells"


def scalar(text: str) -> str:
    """A text as YAML writes it, quoted where it must be.

    >>> scalar("Close Date"), scalar("Won: yes"), scalar("null")
    ('Close Date', '"Won: yes"', '"null"')
    """
    return text if PLAIN.fullmatch(text) and text.lower() not in NOTHING else json.dumps(text, ensure_ascii=False)


def flow(value: object) -> str:
    """A value in YAML's flow style.

    >>> flow({"column": "Stage", "values": {"Closed Won": "won"}})
    '{column: Stage, values: {Closed Won: won}}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else scalar(str(value))


def _wrapped(text: str, indent: str) -> Iterator[str]:
    """A long line broken after commas outside quotes: flow style may go over several lines."""
    while len(text) > WIDTH:
        commas = (match.end() for match in re.finditer(r", ", text[:WIDTH]))
        breaks = [end for end in commas if text[:end].count('"') % 2 == 0]
        if not breaks or breaks[-1] <= len(indent) + 4:
            break
        yield text[: breaks[-1]].rstrip()
        text = f"{indent}    {text[breaks[-1] :]}"
    yield text
