"""Canonical choices (won, queue, inbound, ...) out of the words that CRMs and people use for them."""

from __future__ import annotations

import re

import pandas as pd

from slareport.proposed import Line
from slareport.tables import TABLES, Column
from slareport.writing import is_hashed

MOST = 40  # a column of more different values is no list of choices
WORDS = {
    "lost": r"\blost\b|verloren|perdu",
    "won": r"\bwon\b|gewonnen|gagn",
    "no decision": r"no decision|abandon|derailed|cancel|no bid",
    "queue": r"queue",
    "automation": r"automat|integration|\bbot\b|system",
    "call": r"call|phone|dial",
    "email": r"e-?mail|inmail",
    "meeting": r"meeting|event|demo|visit|appointment|lunch",
    "chat": r"chat|whatsapp|communication",
    "sms": r"\bsms\b|text",
    "social": r"linkedin|social",
    "note": r"note",
    "task": r"task|to.?do",
    "form": r"\bform",
    "inbound": r"inbound|incoming|received",
    "outbound": r"outbound|outgoing|sent",
    "internal": r"internal",
    "no show": r"no.?show",
    "cancelled": r"cancel",
    "bounced": r"bounce",
    "attempted": r"attempt|voice ?mail|no answer|busy|left",
    "connected": r"connect|completed|held|answered|spoke",
    "omitted": r"omit",
    "best case": r"best",
    "most likely": r"most.?likely",
    "commit": r"commit|forecast",
    "pipeline": r"pipeline",
    "closed": r"closed",
    "csat": r"csat|satisfaction",
    "nps": r"\bnps\b|promoter",
    "won amount": r"amount|revenue",
    "qualified leads": r"lead",
}
REST = {"status": "open", "kind": "human"}  # what a value most likely is that none of the words says
CONSTANTS = {
    ("users", "kind"): ("human", "queue or automation for those who are no people"),
    ("activities", "direction"): ("outbound", "inbound or internal for some? then name the column that tells"),
    ("quotas", "measure"): ("won amount", "or qualified leads"),
}


def choice_line(column: str, kind: Column, native: str, values: pd.Series) -> Line | None:
    """A cell that translates a column's values into the choices there are; None where they are no such list.

    A value that no word tells is proposed as the usual rest where there is one, and marked; otherwise the reader will
    list it.
    """
    found = sorted(values.unique())
    if not 0 < len(found) <= MOST:
        return None
    meant = {value: named_in(value, kind.choices) for value in found}
    unknown = [value for value, meaning in meant.items() if meaning is None]
    rest = REST.get(column)
    if len(unknown) == len(found) and (rest is None or column == "kind"):
        return None
    listed = {value: meaning or rest for value, meaning in meant.items() if meaning or rest}
    decide = ""
    if unknown and is_hashed(values):
        decide = f"{native} is hashed: say which values are {', '.join(kind.choices)}"
    elif unknown:
        became = f"taken for {rest}" if rest else "not translated"
        decide = f"{_shown(unknown)} {became}; there are {', '.join(kind.choices)}"
    if all(value == meaning for value, meaning in listed.items()) and not unknown:
        return Line({"column": native})
    return Line({"column": native, "values": listed}, decide=decide)


def named_in(text: str, choices: tuple[str, ...]) -> str | None:
    """The choice a text speaks of.

    >>> named_in("Closed Won", ("open", "won", "lost")), named_in("Prospecting", ("open", "won", "lost"))
    ('won', None)
    """
    low = re.sub(r"[_\s]+", " ", text.lower())
    if low in choices:
        return low
    return next((choice for choice, word in WORDS.items() if choice in choices and re.search(word, low)), None)


def constant_line(table: str, column: str, words: list[str]) -> Line | None:
    """What a required choice is in every row, where the file is about one kind of thing or one kind is usual."""
    kind = TABLES[table].columns[column]
    if (table, column) in CONSTANTS:
        value, decide = CONSTANTS[table, column]
        return Line({"constant": value}, decide=decide)
    if kind.type == "choice" and (named := named_in(" ".join(words), kind.choices)):
        return Line({"constant": named}, decide=f"taken from the name of the file; there are {', '.join(kind.choices)}")
    return None


def _shown(values: list[str]) -> str:
    more = f" and {len(values) - 5} more" if len(values) > 5 else ""
    return ", ".join(values[:5]) + more
