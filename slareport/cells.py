"""One canonical column out of native ones: its text, its typed value, and why there is none where there is none.

Expressions of the engine only. A value that does not parse is never guessed, and a local time stays local, with the
zone it is written in beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from slareport.engines import Engine
from slareport.layout import ISO, Cell
from slareport.tables import Column
from slareport.worktime import FIRST_YEAR, LAST_YEAR

NO_ZONE = "is a time without zone, and no timezone is declared"
TRUE, FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
TIMES = ("instant", "date")
DECIMALS = {"money": (18, 2), "number": (18, 6), "rate": (18, 6)}
TELEPHONE = r"^[\d\s()+./-]*\d[\d\s()+./-]*$"
DIGEST = r"^[\w+/=-]{20,}$"  # what some exports already hold in place of an address
DAY = r"\d{4}-\d{2}-\d{2}"
TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?"
ISO_TIME = rf"^{DAY}[T ]{TIME} ?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?$"
EARLY, LATE = (ibis.timestamp(f"{year}-01-01") for year in (FIRST_YEAR + 1, LAST_YEAR))
MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?(Z|\+00(:?00)?)?$"


@dataclass(frozen=True)
class Reading:
    """How one canonical column is read: its name and type, its cell, and what the source says of times.

    `form` and `zone` are those of its times, `day_zone` is where a date without a time of day begins. The steps below
    are made one upon the other, each for all columns of a table, so that no expression holds another one twice.
    """

    engine: Engine
    name: str
    column: Column
    cell: Cell
    aliases: Mapping[str, str]
    form: str
    zone: str | None

    @property
    def dated(self) -> bool:
        """Whether a day is read, without a time of day."""
        return self.cell.date if self.column.type == "instant" else not self.cell.day

    def found(self, native: ir.Table) -> dict[str, Any]:
        """`<name>__text` as found, and with aliases `<name>__alias`, the value found where it is read as another.

        `<name>__shaped` is the text where it has the form of a time, number or person, NULL where it has not. Of a
        column that holds times already there is only `<name>__raw`, what it holds.
        """
        if self._holds_times(native):
            return {f"{self.name}__raw": native[self.cell.column]}
        text, kind = text_of(self.cell, native), self.column.type
        columns: dict[str, Any] = {}
        if self.aliases:
            columns[f"{self.name}__alias"] = text.isin(list(self.aliases)).ifelse(text, ibis.null("string"))
            text = text.cases(*self.aliases.items(), else_=text)
        columns[f"{self.name}__text"] = text
        if kind in TIMES:
            columns[f"{self.name}__shaped"] = _shaped_time(text, self.form, dated=self.dated)
        elif kind in DECIMALS:
            columns[f"{self.name}__shaped"] = _shaped_number(text)
        elif kind == "person":
            columns[f"{self.name}__shaped"] = _shaped_person(text)
        return columns

    def valued(self, rows: ir.Table) -> dict[str, Any]:
        """`<name>__value`, with its type; of a time also `<name>__utc`, whether it is in UTC."""
        kind, value = self.column.type, f"{self.name}__value"
        if f"{self.name}__raw" in rows.columns:
            raw = rows[f"{self.name}__raw"]
            time, day = raw.cast("timestamp"), raw.cast("timestamp").truncate("D")
            zoned = not raw.type().is_date() and raw.type().timezone is not None and not self.dated
            return {
                value: (time == day).ifelse(day, ibis.null("timestamp")) if self.dated else time,
                f"{self.name}__utc": ibis.literal(value=zoned),
            }
        if kind in TIMES:
            shaped = rows[f"{self.name}__shaped"]
            time, in_utc = _time(self.engine, shaped, self.form, dated=self.dated)
            return {value: time, f"{self.name}__utc": in_utc}
        if kind in DECIMALS:
            number = self.engine.decimal(rows[f"{self.name}__shaped"], *DECIMALS[kind])
            if kind == "rate":
                number = number.cast("float64") / (100 if self.cell.percent else 1)
            return {value: number}
        return {}

    def _holds_times(self, native: ir.Table) -> bool:
        if self.column.type not in TIMES or self.cell.column is None or self.cell.values or self.aliases:
            return False
        kind = native[self.cell.column].type()
        return kind.is_timestamp() or (kind.is_date() and self.dated)

    def judged(self, rows: ir.Table) -> dict[str, Any]:
        """The canonical column and what goes with it.

        Where it can be wrong: `<name>__why` it is not used (NULL if it is) and then `<name>__text` as found. For an
        instant: `<name>__zone` (NULL where the value is in UTC) and `<name>__date`, whether it is a day without a
        time. With aliases: `<name>__alias`. A person is a digest, and never told.
        """
        name, raw = self.name, f"{self.name}__raw" in rows.columns
        text = plain(rows[f"{name}__raw"]) if raw else rows[f"{name}__text"]
        columns = self._value(rows, text)
        if self.aliases:
            columns[f"{name}__alias"] = rows[f"{name}__alias"]
        if reasons := self._reasons(rows, rows[f"{name}__raw"] if raw else text):
            wrong = ibis.or_(*(condition for condition, _ in reasons))
            told = ibis.literal("") if self.column.type == "person" else text
            columns[f"{name}__text"] = wrong.ifelse(told, ibis.null("string"))
            columns[f"{name}__why"] = ibis.cases(*reasons, else_=ibis.null("string"))
        return columns

    def _value(self, rows: ir.Table, text: Any) -> dict[str, Any]:
        name, kind = self.name, self.column.type
        if kind == "flag":
            return {name: text.lower().isin(TRUE).fill_null(False)}
        if kind == "person":
            return {name: self.engine.sha256(rows[f"{name}__shaped"])}
        if kind not in (*TIMES, *DECIMALS):
            return {name: text}
        value = rows[f"{name}__value"]
        if kind == "rate":
            return {name: value.between(0, 1).fill_null(False).ifelse(value, ibis.null("float64"))}
        if kind in DECIMALS:
            return {name: value}
        usable = (value >= EARLY) & (value < LATE)
        if kind == "instant" and self.zone is None:
            usable = usable & rows[f"{name}__utc"]
        if kind == "date":
            return {name: usable.ifelse(value.date(), ibis.null("date"))}
        nowhere = ibis.null("string")
        zone = nowhere if self.zone in (None, "UTC") else rows[f"{name}__utc"].ifelse(nowhere, self.zone)
        return {
            name: usable.ifelse(value, ibis.null("timestamp")),
            f"{name}__zone": zone,
            f"{name}__date": value.notnull() if self.cell.date else ibis.literal(value=False),
        }

    def _reasons(self, rows: ir.Table, text: Any) -> list[tuple[Any, str]]:
        kind = self.column.type
        reasons: list[tuple[Any, str]] = [(text.isnull(), "has no value")] if self.column.required else []
        if kind == "choice":
            choices = ", ".join(self.column.choices)
            return [*reasons, (text.notnull() & ~text.isin(self.column.choices), f"is none of {choices}")]
        if kind == "flag":
            low = text.lower()
            return [*reasons, (low.notnull() & ~low.isin(TRUE + FALSE), "is neither true nor false")]
        if kind == "person":
            nobody = text.notnull() & rows[f"{self.name}__shaped"].isnull()
            return [*reasons, (nobody, "is no e-mail address or telephone number")]
        if kind not in (*TIMES, *DECIMALS):
            return reasons
        value = rows[f"{self.name}__value"]
        if kind == "rate":
            return [*reasons, (text.notnull() & ~value.between(0, 1).fill_null(False), "is no rate between 0 and 1")]
        if kind in DECIMALS:
            return [*reasons, (text.notnull() & value.isnull(), "is no number, or too large")]
        what = "date" if self.dated else "time"
        reasons += [
            (text.notnull() & value.isnull(), f"is no {what} in the declared format {self.form}"),
            ((value < EARLY) | (value >= LATE), f"does not lie between {FIRST_YEAR + 1} and {LAST_YEAR}"),
        ]
        if self.zone is None and kind == "instant":
            reasons.append((value.notnull() & ~rows[f"{self.name}__utc"], NO_ZONE))
        return reasons


def text_of(cell: Cell, native: ir.Table) -> Any:
    """What a cell finds in the native columns, as text; NULL where that is empty."""
    if cell.column is not None:
        text = plain(native[cell.column])
    elif cell.first_of is not None:
        text = ibis.coalesce(*(plain(native[name]) for name in cell.first_of))
    elif cell.join is not None:
        text = ibis.literal(" ").join([plain(native[name]).fill_null("") for name in cell.join]).strip().nullif("")
    elif cell.constant is not None:
        text = ibis.literal(cell.constant)
    elif cell.cases:
        branches = [(holds(native, case.when), case.then) for case in cell.cases]
        return ibis.cases(*branches, else_=ibis.literal(cell.otherwise, type="string"))
    else:
        return ibis.null("string")
    if cell.values is None:
        return text
    return text.cases(*cell.values.items(), else_=text if cell.otherwise is None else cell.otherwise)


def holds(native: ir.Table, when: Mapping[str, list[str]]) -> Any:
    """Whether each of these native columns holds one of its values, upper or lower case; "" is an empty one."""
    all_hold: Any = ibis.literal(value=True)
    for column, values in when.items():
        all_hold = all_hold & plain(native[column]).fill_null("").lower().isin([value.lower() for value in values])
    return all_hold


def plain(column: Any) -> Any:
    """A native column as text, without spaces around it; NULL where it is empty. Times with a zone are in UTC."""
    kind = column.type()
    zoned = kind.is_timestamp() and kind.timezone is not None
    text = column.cast("timestamp").cast("string") + "+00" if zoned else column.cast("string")
    return text.strip().nullif("")


def in_order(column: Any, form: str, engine: Engine) -> list[Any]:
    """What sorts a native column as what it holds: numbers by size, times in this format by time, the rest as text."""
    text = plain(column)
    time, _ = _time(engine, _shaped_time(text, form, dated=False), form, dated=False)
    return [engine.number(_shaped_number(text)), time, text]


def is_temporal(cell: Cell, native: ir.Table) -> bool:
    """Whether a cell reads columns that hold times already, in which nothing is to parse."""
    types_read = [native[column].type() for column in cell.native]
    there = [type_ for type_ in types_read if not type_.is_null()]
    return bool(there) and all(type_.is_temporal() for type_ in there)


def _shaped_number(text: Any) -> Any:
    return text.re_search(NUMBER).ifelse(text, ibis.null("string"))


def _shaped_person(text: Any) -> Any:
    """An e-mail address or telephone number however it is written, as it is told apart from others."""
    low, digits = text.lower(), text.re_replace(r"\D", "")
    return ibis.cases(
        (text.re_search(TELEPHONE), (digits.length() > 4).ifelse(digits, ibis.null("string"))),
        (text.contains("@") | text.re_search(DIGEST), low),
        else_=ibis.null("string"),
    )


def _shaped_time(text: Any, form: str, *, dated: bool) -> Any:
    if form != ISO:
        return text
    if not dated:
        return text.re_search(ISO_TIME).ifelse(text, ibis.null("string"))
    day = text.re_replace(MIDNIGHT, "")  # as databases write a date
    return day.re_search(f"^{DAY}$").ifelse(day, ibis.null("string"))


def _time(engine: Engine, shaped: Any, form: str, *, dated: bool) -> tuple[Any, Any]:
    """The time in a shaped text, and whether it is in UTC: it is where the text has an offset. NULL if it is none."""
    if form != ISO:
        return engine.strptime(shaped, form), ibis.literal("%z" in form)
    return (engine.timestamp(shaped), ibis.literal(value=False)) if dated else engine.iso(shaped)
