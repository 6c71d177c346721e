"""Numbers, times and lists as people read them: the last step before a page, never before a comparison.

Every function takes an unrounded value and returns text. Nothing here depends on the locale of the
machine, so the same value is the same text everywhere. Missing values (None, NaN, NaT) are a dash.
"""

# ruff: noqa: RUF002 - the examples show the very dash and minus sign that people read

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from numbers import Integral
from typing import Any

import pandas as pd

DASH = "\N{EN DASH}"
NO_DATA = "no data"
MINUS = "\N{MINUS SIGN}"
MOST_DIGITS = 3

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}
SCALES = (("", 1), ("k", 1_000), ("m", 1_000_000), ("bn", 1_000_000_000))

Number = float | int | Decimal
Instant = str | date | pd.Timestamp


def number(value: Number | None, digits: int = 0, missing: str = DASH) -> str:
    """A plain number, halves rounded away from zero.

    >>> number(2.5), number(-1234.25, digits=1), number(-0.04, digits=1), number(None)
    ('3', '−1,234.3', '0.0', '–')
    """
    exact = _exact(value)
    return missing if exact is None else _fixed(exact, digits)


def count(value: Number | None, missing: str = DASH) -> str:
    """A number of things.

    >>> count(12345), count(7.0), count(float("nan"))
    ('12,345', '7', '–')
    """
    return number(value, missing=missing)


def percent(value: Number | None, digits: int = 0, target: Number | None = None, missing: str = DASH) -> str:
    """A share of 0-1 in percent, with enough decimals (at most three) not to contradict what was judged.

    "100%" is said only of all, "0%" only of none, and a share that missed its target is never shown as reaching it.

    >>> percent(0.9312), percent(0.9312, digits=1), percent(1), percent(None, missing=NO_DATA)
    ('93%', '93.1%', '100%', 'no data')
    >>> percent(8996 / 10000), percent(8996 / 10000, target=0.9), percent(899 / 1000, target=0.9)
    ('90%', '89.96%', '89.9%')
    >>> percent(0.9, target=0.9), percent(0.899957, target=0.9), percent(0.9046, target=0.9045)
    ('90%', '89.996%', '90.5%')
    >>> percent(0.899999999, target=0.9), percent(1e-9)
    ('89.999%', '0.001%')
    >>> percent(0.9996), percent(1 / 1000), percent(0.1 * 3 + 0.7)
    ('99.96%', '0.1%', '100%')
    """
    share, goal_share = _exact(value), _exact(target)
    if share is None:
        return missing
    exact = 100 * share
    goals = [Decimal(100)] if goal_share is None else [Decimal(100), 100 * goal_share]

    def honest(shown: Decimal) -> bool:
        return (shown == 0) == (exact == 0) and all((shown >= goal) == (exact >= goal) for goal in goals)

    for places in range(digits, MOST_DIGITS + 1):
        if honest(_rounded(exact, places)):
            return f"{_fixed(exact, places)}%"
    sides = (_rounded(exact, MOST_DIGITS, rounding) for rounding in (ROUND_DOWN, ROUND_UP))
    return f"{_fixed(next(filter(honest, sides)), MOST_DIGITS)}%"


def difference(value: Number | None, unit: str, digits: int = 1, missing: str = DASH) -> str:
    """A change with its sign and unit; a change that rounds to nothing has no sign.

    >>> difference(3.25, "days"), difference(-4, "misses", digits=0), difference(0.04, "days")
    ('+3.3 days', '−4 misses', '0.0 days')
    """
    exact = _exact(value)
    return missing if exact is None else f"{_fixed(exact, digits, signed=True)} {unit}"


def points(value: Number | None, digits: int = 1, missing: str = DASH) -> str:
    """The difference of two shares of 0-1, in percentage points.

    >>> points(0.03), points(-0.0214), points(0.0), points(None)
    ('+3.0 points', '−2.1 points', '0.0 points', '–')
    """
    exact = _exact(value)
    return missing if exact is None else difference(100 * exact, "points", digits)


def interval(
    low: Number | None, high: Number | None, unit: str = "%", digits: int | None = None, missing: str = ""
) -> str:
    """Where the true value may lie, in brackets after an estimate; nothing when there is no interval.

    `unit` is "%" for shares of 0-1 and "points" for their differences; anything else is written as it stands.

    >>> interval(0.7093, 0.9294), interval(0.052, 0.334, "points"), interval(40.1, 63.0, "days")
    ('(71–93%)', '(+5.2 to +33.4 points)', '(40.1–63.0 days)')
    >>> interval(-3.2, 1.0, "days"), interval(float("nan"), float("nan"))
    ('(−3.2 to 1.0 days)', '')
    """
    start, end = _exact(low), _exact(high)
    if start is None or end is None:
        return missing
    scale = 100 if unit in ("%", "points") else 1
    if digits is None:
        digits = 0 if unit == "%" else 1
    first, last = (_fixed(scale * bound, digits, signed=unit == "points") for bound in (start, end))
    joint = " to " if unit == "points" or first.startswith(MINUS) else DASH
    return f"({first}{joint}{last}{'%' if unit == '%' else f' {unit}'})"


def duration(value: Number | timedelta | None, missing: str = DASH) -> str:
    """Minutes (or a timedelta) in hours and minutes; never in days, because a business day has no fixed length.

    >>> duration(45), duration(200), duration(1650), duration(120), duration(0)
    ('45 min', '3 h 20 min', '27 h 30 min', '2 h', '0 min')
    >>> duration(0.4), duration(-65), duration(timedelta(hours=30)), duration(pd.NaT)
    ('under 1 min', '−1 h 5 min', '30 h', '–')
    """
    exact = _exact(value / timedelta(minutes=1) if isinstance(value, timedelta) else value)
    if exact is None:
        return missing
    if 0 < abs(exact) < 1:
        return "under 1 min"
    hours, minutes = divmod(int(_rounded(abs(exact), 0)), 60)
    parts = [f"{hours:,} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return (MINUS if exact < 0 else "") + " ".join(parts)


def days(value: Number | None, digits: int = 1, missing: str = DASH) -> str:
    """Calendar days of 24 hours, as for sales cycles.

    >>> days(56.8), days(1, digits=0), days(1234.5), days(None)
    ('56.8 days', '1 day', '1,234.5 days', '–')
    """
    shown = number(value, digits, missing="")
    if not shown:
        return missing
    return f"{shown} day" if shown == "1" else f"{shown} days"


def money(value: Number | None, currency: str, missing: str = DASH) -> str:
    """An amount in thousands (k), millions (m) or billions (bn); currencies without a plain symbol by their code.

    >>> money(4_200_000, "EUR"), money(4_200_000, "SEK"), money(-12_340, "USD"), money(950, "GBP")
    ('€4.2m', 'SEK 4.2m', '−$12.3k', '£950')
    >>> money(-0.4, "EUR"), money(99_960, "EUR"), money(2.5e12, "EUR")
    ('€0', '€100k', '€2,500bn')
    >>> money(999_950, "EUR"), money(420_000, "EUR"), money(7.3e9, "JPY"), money(0, "EUR"), money(None, "EUR")
    ('€1.0m', '€420k', 'JPY 7.3bn', '€0', '–')
    """
    exact = _exact(value)
    if exact is None:
        return missing
    # The rounded figure decides the scale, so that 999,950 is 1.0m and not 1,000k.
    scales = [scale for scale in SCALES if _rounded(abs(exact) / scale[1], 0) < 1000]
    name, size = (scales or SCALES[-1:])[0]
    shown = abs(exact) / size
    digits = 1 if size > 1 and _rounded(shown, 1) < 100 else 0
    sign = MINUS if exact < 0 and _rounded(shown, digits) else ""
    return f"{sign}{SYMBOLS.get(currency, f'{currency} ')}{_fixed(shown, digits)}{name}"


def day(value: Instant | None, zone: str | None = None, missing: str = DASH) -> str:
    """The local date of an instant in an IANA zone; a plain date needs no zone.

    >>> day("2026-03-09T08:30Z", "Europe/Berlin"), day("2026-03-09T23:30Z", "Europe/Berlin")
    ('9 March 2026', '10 March 2026')
    >>> day(date(2026, 3, 9)), day(pd.NaT)
    ('9 March 2026', '–')
    """
    local = value if isinstance(value, date) and not isinstance(value, datetime) else _local(value, zone)
    if local is None:
        return missing
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def moment(value: Instant | None, zone: str, missing: str = DASH) -> str:
    """The local date and time of an instant in an IANA zone, to the minute, seconds cut off.

    >>> moment("2026-03-09T08:30:59Z", "Europe/Berlin"), moment(None, "Europe/Berlin")
    ('Mon 9 Mar 2026 09:30', '–')
    """
    local = _local(value, zone)
    if local is None:
        return missing
    month = MONTHS[local.month - 1][:3]
    return f"{WEEKDAYS[local.weekday()]} {local.day} {month} {local.year} {local.hour:02}:{local.minute:02}"


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Words in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a", "b"], "or"), listed(["a"]), listed([])
    ('a, b and c', 'a or b', 'a', '')
    """
    return f" {joint} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def plural(value: int, word: str, many: str | None = None) -> str:
    """A number of things with the noun in its right form.

    >>> plural(3, "miss"), plural(1, "miss"), plural(0, "lead"), plural(2, "reply"), plural(2000, "day")
    ('3 misses', '1 miss', '0 leads', '2 replies', '2,000 days')
    >>> plural(2, "person", "people")
    '2 people'
    """
    if many is None:
        if word.endswith(("s", "x", "z", "ch", "sh")):
            many = f"{word}es"
        elif word.endswith("y") and word[-2:-1] not in "aeiou":
            many = f"{word[:-1]}ies"
        else:
            many = f"{word}s"
    return f"{count(value)} {word if value == 1 else many}"


def _exact(value: Any) -> Decimal | None:
    if pd.isna(value):
        return None
    if isinstance(value, Integral | Decimal):
        return Decimal(value if isinstance(value, Decimal) else int(value))
    # Twelve digits drop the noise of binary fractions (0.1 * 3) and keep every share of up to a billion items apart.
    return Decimal(f"{value:.12g}")


def _rounded(value: Decimal, digits: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding)


def _fixed(value: Decimal, digits: int, *, signed: bool = False) -> str:
    shown = _rounded(value, digits)
    sign = MINUS if shown < 0 else "+" if signed and shown > 0 else ""
    return f"{sign}{abs(shown):,}"


def _local(value: Instant | None, zone: str | None) -> pd.Timestamp | None:
    if value is None or pd.isna(value):
        return None
    return pd.Timestamp(value).tz_convert(zone)
