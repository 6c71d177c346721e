"""How the values of a column are written: which formats of dates and times fit them all, or what else they may be."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from slareport.cells import FALSE, NUMBER, TRUE
from slareport.layout import ISO

NAMED_MONTH = "[A-Za-z]{3,9}"
CLOCK = r"(?P<gap>,? |T|, at )(?P<hour>\d{1,2}):(?P<minute>\d{2})(?P<second>:\d{2})?(?P<fraction>\.\d{1,6})?"
REST = rf"(?:{CLOCK}(?P<half> ?[AaPp]\.?[Mm]\.?)?(?P<offset> ?(?:Z|[+-]\d{{2}}:?\d{{2}}))?)?"
DIGITS = re.compile(rf"^(?P<a>\d{{1,4}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{1,4}}){REST}$")
DAY_NAMED = re.compile(rf"^(?P<a>\d{{1,2}})(?P<mark>[- ])(?P<b>{NAMED_MONTH})(?P=mark)(?P<c>\d{{4}}|\d{{2}}){REST}$")
MONTH_NAMED = re.compile(rf"^(?P<b>{NAMED_MONTH}) (?P<a>\d{{1,2}}), (?P<c>\d{{4}}){REST}$")
FINE_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)? ?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$")
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
HASHED = r"^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[A-Za-z0-9+/]{22}==)$"
DECORATED = r"^[^\w+-]?[A-Z]{0,3} ?[+-]?[\d.,'\s]*\d ?[^\w]?(?:[A-Z]{3})?$"


@dataclass(frozen=True)
class Times:
    """Dates or times as a column writes them.

    `forms` are the formats that read every value: several where the data does not tell day from month. `dated` says
    that no value has a time of day, `zoned` that every time carries its offset.
    """

    forms: tuple[str, ...]
    dated: bool
    zoned: bool


def times(values: pd.Series) -> Times | None:
    """How a column of text writes dates or times; None where it holds something else, or several formats.

    >>> times(pd.Series(["31/01/2026", "02/03/2026"])).forms, times(pd.Series(["02/03/2026"])).forms
    (('%d/%m/%Y',), ('%d/%m/%Y', '%m/%d/%Y'))
    """
    if values.empty:
        return None
    if values.str.fullmatch(FINE_ISO).all():
        return _iso(values)
    for pattern in (DIGITS, DAY_NAMED, MONTH_NAMED):
        parts = values.str.extract(pattern)
        if parts["c"].notna().all():
            return _formats(parts, pattern)
    return None


def _iso(values: pd.Series) -> Times | None:
    clock = values.str.len().gt(10)
    midnight = values.str.fullmatch(r"\S{10}[T ]00:00(:00(\.0+)?)?")
    if clock.all() and midnight.all() and values.str.len().nunique() == 1:
        tail = {16: "%H:%M", 19: "%H:%M:%S"}.get(len(values.iloc[0]), "%H:%M:%S.%f")
        return Times((f"%Y-%m-%d{values.iloc[0][10]}{tail}",), dated=True, zoned=False)
    if clock.any() != clock.all():
        return None
    zoned = values.str.contains(r"\d ?(?:Z|[+-]\d{2}(?::?\d{2})?)$").where(clock, other=False)
    return Times((ISO,), dated=not clock.any(), zoned=bool(clock.any() and zoned.all()))


def _formats(parts: pd.DataFrame, pattern: re.Pattern[str]) -> Times | None:
    """One format for all rows, with day and month in every order that is possible."""
    clock = _clock(parts)
    if clock is None:
        return None
    year = "%Y" if parts["c"].str.len().eq(4).all() else "%y"
    mark = str(parts["mark"].iloc[0]) if "mark" in parts else ""
    if "mark" in parts and parts["mark"].nunique() > 1:
        return None
    if pattern is not DIGITS:
        month = "%b" if parts["b"].str.len().max() == 3 else "%B"
        days = [f"%d{mark}{month}{mark}{year}" if pattern is DAY_NAMED else f"{month} %d, %Y"]
    else:
        days = _orders(parts, mark, year)
    dated, zoned = parts["hour"].isna().all(), "offset" in parts and parts["offset"].notna().all()
    return Times(tuple(day + clock for day in days), bool(dated), bool(zoned)) if days else None


def _orders(parts: pd.DataFrame, mark: str, year: str) -> list[str]:
    a, b, c = (pd.to_numeric(parts[name]) for name in "abc")
    if parts["a"].str.len().eq(4).all():
        return [f"%Y{mark}%m{mark}%d"] if b.between(1, 12).all() and c.between(1, 31).all() else []
    if parts["a"].str.len().max() > 2 or parts["c"].str.len().nunique() > 1:
        return []
    orders = []
    if a.between(1, 31).all() and b.between(1, 12).all():
        orders.append(f"%d{mark}%m{mark}{year}")
    if a.between(1, 12).all() and b.between(1, 31).all():
        orders.append(f"%m{mark}%d{mark}{year}")
    return orders


def _clock(parts: pd.DataFrame) -> str | None:
    """The format of the time of day: "" where no value has one, None where they differ."""
    there = parts[["hour", "second", "fraction", "half", "offset"]].notna()
    if not (there.all() | ~there.any()).all():
        return None
    if not there["hour"].any():
        return ""
    gaps = parts["gap"].unique()
    if len(gaps) > 1:
        return None
    has = there.any()
    half = str(parts["half"].iloc[0]) if has["half"] else ""
    hour = "%I" if has["half"] else "%H"
    offset = (" " if str(parts["offset"].iloc[0]).startswith(" ") else "") + "%z" if has["offset"] else ""
    tail = (":%S" if has["second"] else "") + (".%f" if has["fraction"] else "")
    return f"{gaps[0]}{hour}:%M{tail}" + (" %p" if half.startswith(" ") else "%p" if half else "") + offset


def is_number(values: pd.Series) -> bool:
    """Whether every value is a plain number, as the reader takes it."""
    return bool(values.str.fullmatch(NUMBER.strip("^$")).all())


def is_decorated(values: pd.Series) -> bool:
    """Whether every value is a number with thousands marks, a decimal comma or a currency, which the reader refuses."""
    return bool(values.str.fullmatch(DECORATED).all()) and not is_number(values)


def is_percent(values: pd.Series) -> bool:
    """Whether numbers are percentages: some lie above 1."""
    numbers = pd.to_numeric(values.str.rstrip(" %"), errors="coerce")
    return bool(numbers.notna().all() and numbers.max() > 1) or bool(values.str.endswith("%").all())


def is_flag(values: pd.Series) -> bool:
    """Whether every value is a yes or no."""
    return bool(values.str.lower().isin(TRUE + FALSE).all())


def is_email(values: pd.Series) -> bool:
    """Whether every value is an e-mail address."""
    return bool(values.str.fullmatch(EMAIL).all())


def is_hashed(values: pd.Series) -> bool:
    """Whether the values are digests, so that their words say nothing."""
    return bool(values.str.fullmatch(HASHED).all())
