"""Adding to the minutes of a review: what is there keeps its place, its comments and how it is written."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slareport import files
from slareport.documents import Strict, document_of, parse
from slareport.editing import append, put
from slareport.errors import UsageError
from slareport.minutes import Minutes, contradictions
from slareport.period import Period
from slareport.teams import COMPANY
from slareport.workspace import Workspace


@dataclass(frozen=True)
class Changes:
    """What is new in the minutes of a review: entries at the end of a list, others changed in place, `held_on` set."""

    added: Mapping[str, Sequence[Strict]] = field(default_factory=dict)
    changed: Mapping[tuple[str, int], Strict] = field(default_factory=dict)
    held_on: dt.date | None = None

    def __bool__(self) -> bool:
        return bool(any(self.added.values()) or self.changed or self.held_on)

    def made_to(self, said: Minutes) -> Minutes:
        """The minutes with these changes."""
        lists: dict[str, list[Strict]] = {}
        for name in {*self.added, *(name for name, _ in self.changed)}:
            entries = enumerate(getattr(said, name))
            lists[name] = [self.changed.get((name, index), one) for index, one in entries]
            lists[name] += self.added.get(name, [])
        held = {"held_on": self.held_on} if self.held_on else {}
        return said.model_copy(update={**lists, **held})


def say(workspace: Workspace, period: Period, team: str, changes: Changes) -> str:
    """Write changes to the minutes of a review; the name of the file, which is made where there is none.

    Raises `UsageError` where minutes with these changes would be refused; then nothing is written.
    """
    file = workspace.reviews.files.get((period.name, team), f"parameters/reviews/{period.name}/{team}.yaml")
    path = workspace.root / file
    if not changes:
        return file
    whose = "the company" if team == COMPANY else workspace.team(team).name
    text = path.read_bytes().decode() if path.is_file() else f"# What people say about {whose}, {period.name}.\n"
    text = changed(text, changes)
    document = document_of(text, hashlib.sha256(text.encode()).hexdigest(), file)
    said = parse(document, Minutes)
    if problems := list(contradictions(document, said, team, workspace.agreement)):
        raise UsageError(problems)
    if said != changes.made_to(workspace.reviews.of(period, team)):
        raise RuntimeError(f"{file} would say something else than what was meant: {changes}")
    files.write(path, text)
    return file


def changed(text: str, changes: Changes) -> str:
    """The text of a file of minutes with changes made to it; everything else stays as it is, to the byte."""
    said = parse(document_of(text, "", ""), Minutes) if changes.changed else Minutes()
    for (name, index), entry in changes.changed.items():
        before = _fields(getattr(said, name)[index])
        for key, value in _fields(entry).items():
            text = put(text, (name, index, key), value) if value != before.get(key) else text
    if changes.held_on:
        text = put(text, ("held_on",), changes.held_on, first=True)
    for name, entries in changes.added.items():
        text = append(text, (name,), *map(_fields, entries)) if entries else text
    return text


def _fields(entry: Strict) -> dict[str, Any]:
    return entry.model_dump(exclude_defaults=True)
