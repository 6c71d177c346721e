"""What a person is told when something is wrong: file, place, value found, choices, cure.

Every error of slareport is a `SlareportError` made of `Problem`s, so that all problems of an
input are listed at once and a traceback always means a bug of ours. The exit codes are an interface.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

SHOWN_LENGTH = 80
MOST_CHOICES = 40


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what, what was found there, and what to do about it."""

    what: str
    file: str = ""
    place: str = ""
    found: object = None
    cure: str = ""

    def __str__(self) -> str:
        where = ": ".join(part for part in (f"{self.file}:{self.place}".strip(":"),) if part)
        text = f"{where}: {self.what}" if where else self.what
        if self.found is not None:
            text += f"; found {shown(self.found)}"
        return f"{text}; fix: {self.cure}" if self.cure else text


class SlareportError(Exception):
    """Something a person can mend. `problems` holds each thing found, `exit_code` is the command's."""

    exit_code: ClassVar[int] = 1

    def __init__(self, *problems: Problem | str | Iterable[Problem]) -> None:
        flat: list[Problem] = []
        for problem in problems:
            if isinstance(problem, str):
                flat.append(Problem(problem))
            elif isinstance(problem, Problem):
                flat.append(problem)
            else:
                flat.extend(problem)
        self.problems = tuple(flat)
        super().__init__("\n".join(str(problem) for problem in flat))


class UsageError(SlareportError):
    """The command, a parameter or a file under `parameters/` is wrong; nothing was run."""

    exit_code = 2


class DataError(SlareportError):
    """The CRM data is refused as it is; no packet can be made from it."""

    exit_code = 4


class VerificationError(SlareportError):
    """Published files are not what their manifest says."""

    exit_code = 5


class LockedError(SlareportError):
    """Another run holds the same outputs."""

    exit_code = 11


class MachineError(SlareportError):
    """Disk, permissions or kernels of this machine stand in the way."""

    exit_code = 12


def shown(value: object) -> str:
    """Any value as it may stand in a message: quoted, control characters escaped, at most 80 characters.

    >>> shown("EMEA")
    "'EMEA'"
    >>> shown("x" * 100)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (100 characters)"
    """
    text = ascii(value) if not isinstance(value, str) or not value.isprintable() else repr(value)
    size = len(value) if isinstance(value, str) else len(text)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}… ({size} characters)"


def did_you_mean(found: str, choices: Iterable[str]) -> str:
    """The cure for a name that does not exist: the nearest one, then all there are.

    >>> did_you_mean("tagret", ["target", "min_n"])
    'did you mean target? there are: min_n, target'
    >>> did_you_mean("zzz", ["emea"])
    'there are: emea'
    >>> did_you_mean("item 7", [f"item {number:02}" for number in range(99)])
    'did you mean item 97, item 87 or item 79? there are 99'
    """
    names = sorted(choices)
    many = len(names) > MOST_CHOICES
    near = " or ".join(", ".join(difflib.get_close_matches(found, names, n=3 if many else 1)).rsplit(", ", 1))
    there = f"there are {len(names)}" if many else f"there are: {', '.join(names) or 'none'}"
    return (f"did you mean {near}? " if near else "") + there
