"""One canonical column out of native ones: its text, its typed value, and why there is none where there is none.

Expressions of the engine only. A value that does not parse is never guessed, and a local time stays local, with the
zone it is written in beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.expr import datatypes as types

from slareport.layout import ISO, Cell
from slareport.mapping import Source
from slareport.tables import Column
from slareport.worktime import FIRST_YEAR, LAST_YEAR

NOTHING = Cell(cases=[])
NO_ZONE = "is a time without zone, and no timezone is declared"
TRUE, FALSE = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
DECIMALS = {"money": "decimal(18, 2)", "number": "decimal(18, 6)", "rate": "decimal(18, 6)"}
TELEPHONE = r"^[\d\s()+./-]*\d[\d\s()+./-]*$"
DIGEST = r"^[\w+/=-]{20,}$"  # what some exports already hold in place of an address
DAY = r"\d{4}-\d{2}-\d{2}"
TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?"
OFFSET = r"(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)$"
ISO_TIME = rf"^{DAY}[T ]{TIME} ?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?$"
MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?(Z|\+00(:?00)?)?$"


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def local_time(text: str, form: str) -> types.timestamp:
    """DuckDB's: a time in a declared format, NULL where the text is not one."""


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def zoned_time(text: str, form: str) -> types.Timestamp(timezone="UTC"):  # type: ignore[valid-type]
    """The same for a format that reads an offset."""


def typed(
    name: str, column: Column, cell: Cell, native: ir.Table, source: Source, aliases: Mapping[str, str], day_zone: str
) -> dict[str, ir.Value]:
    """The column `name` and what goes with it; a date without a time of day begins in `day_zone`.

    Where it can be wrong: `<name>__text` as found and `<name>__why` it is not used (NULL if it is). For an instant:
    `<name>__zone` (NULL where the value is in UTC) and `<name>__date`, whether it is a day without a time. With
    aliases: `<name>__alias`, the value found where it was read as another. A person is a digest, and never told.
    """
    text = text_of(cell, native)
    found = {f"{name}__alias": text.isin(list(aliases)).ifelse(text, ibis.null("string"))} if aliases else {}
    text = text.cases(*aliases.items(), else_=text) if aliases else text
    reasons: list[tuple[Any, str]] = [(text.isnull(), "has no value")] if column.required else []
    values: dict[str, Any] = {name: text}
    if column.type == "instant":
        values, wrong = _instant(name, cell, native, source, text, day_zone)
        reasons += wrong
    elif column.type == "date":
        values, wrong = _day(name, cell, native, source, text)
        reasons += wrong
    elif column.type == "person":
        values, wrong = _person(name, text)
        reasons, text = reasons + wrong, ibis.literal("")
    elif column.type == "choice":
        reasons.append((text.notnull() & ~text.isin(column.choices), f"is none of {', '.join(column.choices)}"))
    elif column.type == "flag":
        low = text.lower()
        values = {name: low.isin(TRUE).fill_null(False)}
        reasons.append((low.notnull() & ~low.isin(TRUE + FALSE), "is neither true nor false"))
    elif column.type in DECIMALS:
        number = text.re_search(NUMBER).ifelse(text, ibis.null("string")).try_cast(DECIMALS[column.type])
        if column.type == "rate":
            values, wrong = _rate(name, cell, text, number)
            reasons += wrong
        else:
            values = {name: number}
            reasons.append((text.notnull() & number.isnull(), "is no number, or too large"))
    if not reasons:
        return values | found
    why = ibis.cases(*reasons, else_=ibis.null("string"))
    return values | found | {f"{name}__text": text, f"{name}__why": why}


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
    """A native column as text, without spaces around it; NULL where it is empty."""
    return column.cast("string").strip().nullif("")


def in_order(column: Any, form: str) -> list[Any]:
    """What sorts a native column as what it holds: numbers by size, times in this format by time, the rest as text."""
    text = plain(column)
    number = text.re_search(NUMBER).ifelse(text, ibis.null("string")).try_cast("float64")
    return [number, _parsed(text, form, dated=False)[0], text]


def _person(name: str, text: Any) -> tuple[dict[str, Any], list[tuple[Any, str]]]:
    """A digest of an e-mail address or telephone number however they are written."""
    low, digits = text.lower(), text.re_replace(r"\D", "")
    known = ibis.cases(
        (text.re_search(TELEPHONE), (digits.length() > 4).ifelse(digits, ibis.null("string"))),
        (text.contains("@") | text.re_search(DIGEST), low),
        else_=ibis.null("string"),
    )
    wrong = [(text.notnull() & known.isnull(), "is no e-mail address or telephone number")]
    return {name: known.hexdigest("sha256")}, wrong


def _rate(name: str, cell: Cell, text: Any, number: Any) -> tuple[dict[str, Any], list[tuple[Any, str]]]:
    rate = number.cast("float64") / (100 if cell.percent else 1)
    inside = rate.between(0, 1).fill_null(False)
    wrong = [(text.notnull() & ~inside, "is no rate between 0 and 1")]
    return {name: inside.ifelse(rate, ibis.null("float64"))}, wrong


def _instant(
    name: str, cell: Cell, native: ir.Table, source: Source, text: Any, day_zone: str
) -> tuple[dict[str, Any], list[tuple[Any, str]]]:
    zone = day_zone if cell.date else source.zone(cell)
    value, in_utc, wrong = _time(cell, native, source, text, dated=cell.date)
    if zone is None:
        wrong.append((value.notnull() & ~in_utc, NO_ZONE))
    usable = ibis.cases(*((condition, False) for condition, _ in wrong), else_=True)
    local = ibis.literal(None if zone == "UTC" else zone, type="string")
    values = {
        name: usable.ifelse(value, ibis.null("timestamp")),
        f"{name}__zone": in_utc.ifelse(ibis.null("string"), local),
        f"{name}__date": value.notnull() & ibis.literal(cell.date),
    }
    return values, wrong


def _day(
    name: str, cell: Cell, native: ir.Table, source: Source, text: Any
) -> tuple[dict[str, Any], list[tuple[Any, str]]]:
    value, _, wrong = _time(cell, native, source, text, dated=not cell.day)
    usable = ibis.cases(*((condition, False) for condition, _ in wrong), else_=True)
    return {name: usable.ifelse(value.date(), ibis.null("date"))}, wrong


def _time(
    cell: Cell, native: ir.Table, source: Source, text: Any, *, dated: bool
) -> tuple[Any, Any, list[tuple[Any, str]]]:
    """The time in a cell, whether it is in UTC, and why it may not be used."""
    form = source.form(cell, dated=dated)
    types_read = [native[column].type() for column in cell.native]
    there = [type_ for type_ in types_read if not type_.is_null()]
    if there and all(type_.is_temporal() for type_ in there):
        form = ISO  # already a time: nothing to parse
    value, in_utc = _parsed(text, form, dated=dated)
    early, late = (ibis.timestamp(f"{year}-01-01") for year in (FIRST_YEAR + 1, LAST_YEAR))
    wrong = [
        (text.notnull() & value.isnull(), f"is no {'date' if dated else 'time'} in the declared format {form}"),
        ((value < early) | (value >= late), f"does not lie between {FIRST_YEAR + 1} and {LAST_YEAR}"),
    ]
    return value, in_utc, wrong


def _parsed(text: Any, form: str, *, dated: bool) -> tuple[Any, Any]:
    """The time in a text, and whether it is in UTC: it is where the text has an offset. NULL if it is no time."""
    if form != ISO:
        zoned = "%z" in form
        time = zoned_time(text, form).cast("timestamp") if zoned else local_time(text, form)
        return time, ibis.literal(zoned)
    if dated:
        day = text.re_replace(MIDNIGHT, "")  # as databases write a date
        whole = day.re_search(f"^{DAY}$").ifelse(day, ibis.null("string"))
        return whole.try_cast("timestamp"), ibis.literal(value=False)
    whole = text.re_search(ISO_TIME).ifelse(text, ibis.null("string"))
    clock = whole.substr(0, 10) + " " + whole.re_extract(r"^.{11}([\d:.]+)", 1)
    sign = ibis.cases((whole.re_extract(OFFSET, 1) == "-", -1), else_=1)
    hours, minutes = (whole.re_extract(OFFSET, part).nullif("").try_cast("int64").fill_null(0) for part in (2, 3))
    offset = sign * (hours * 60 + minutes)
    return clock.try_cast("timestamp") - offset.as_interval("m"), whole.re_search(rf"\d ?{OFFSET}").fill_null(False)
