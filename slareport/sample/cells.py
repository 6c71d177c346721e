"""Cells as Salesforce writes them: ids of 18 characters, instants, dates, booleans, amounts; missing is empty."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from slareport.sample.leads import CALENDAR, EXPORT_AT
from slareport.sample.random import Bools, Ints, Texts

ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
CHECK = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
FIRST_NUMBER = 61**4  # so that ids hold letters of both cases, as real ones do


def ids(prefix: str, numbers: Ints | Sequence[int]) -> Texts:
    """Return Salesforce ids: three characters of prefix, twelve of number, three that tell upper from lower case.

    >>> ids("00Q", [0, 1]).tolist()
    ['00Q5g000000w5w1EAA', '00Q5g000000w5w2EAA']
    """
    rest = np.asarray(numbers, dtype=np.int64) + FIRST_NUMBER
    text = np.tile(np.frombuffer((prefix + "5g0000000000").encode(), dtype=np.uint8), (len(rest), 1))
    for place in range(14, 8, -1):
        text[:, place] = ALPHABET[rest % 62]
        rest = rest // 62
    upper = ((text >= ord("A")) & (text <= ord("Z"))).reshape(-1, 3, 5)
    check = CHECK[upper @ np.array([1, 2, 4, 8, 16])]
    return np.ascontiguousarray(np.column_stack([text, check])).view("S18").ravel().astype(np.str_)


def instants(at: Ints) -> Texts:
    """Return instants as text, empty where nothing has happened by the export."""
    shown = np.minimum(at, EXPORT_AT).astype("datetime64[s]").astype("datetime64[ms]")
    return np.where(at <= EXPORT_AT, np.strings.add(np.datetime_as_string(shown), "Z"), "")


def latest(*events: Ints) -> Texts:
    """Return the newest of some instants that has happened by the export."""
    at = np.column_stack(events)
    return instants(np.where(at <= EXPORT_AT, at, 0).max(axis=1))


def days(team: Ints, at: Ints) -> Texts:
    """Return the local dates of instants."""
    return dates(CALENDAR.day(team, at))


def dates(day: Ints) -> Texts:
    """Return days counted from the calendar's first as text."""
    return np.datetime_as_string(np.datetime64(CALENDAR.dates[0], "D") + day)


def flags(values: Bools) -> Texts:
    """Return true and false."""
    return np.where(values, "true", "false")


def money(cents: Ints) -> list[str]:
    """Return amounts with two decimals."""
    return [f"{c // 100}.{c % 100:02d}" for c in cents.tolist()]


def of(words: Sequence[str], positions: Ints) -> Texts:
    """Return the words at positions."""
    return np.array(words)[positions]


def handle(name: str) -> str:
    """Return a name as it may stand in an e-mail address.

    >>> handle("Jürgen Weiß"), handle('Roberta "Bobbie" Lang'), handle("佐藤 美咲")
    ('jurgen.weiss', 'roberta.bobbie.lang', 'x')
    """
    plain = name.lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l")
    kept = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return ".".join("".join(c if c.isalnum() else " " for c in kept).split()) or "x"
