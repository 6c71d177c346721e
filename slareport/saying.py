"""Adding to the minutes of a review: what is there keeps its place, its comments and how it is written.

ruamel.yaml says where each part of the file stands; only the new words are put in between.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from slareport import files
from slareport.documents import EMPTY, Strict, document_of, parse
from slareport.errors import UsageError
from slareport.minutes import Minutes, contradictions
from slareport.period import Period
from slareport.teams import COMPANY
from slareport.workspace import Workspace

PLAIN = re.compile(r"\w[\w .'()/%;-]*(?<! )")
NO_TEXT = re.compile(r"[\d_.:-]+(e[\d-]+)?|0[xo]\w+|yes|no|true|false|on|off|null", re.IGNORECASE)


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
    text = (
        path.read_bytes().decode("utf-8-sig")
        if path.is_file()
        else f"# What people say about {whose}, {period.name}.\n"
    )
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
    end = "\r\n" if "\r\n" in text else "\n"
    text = text if text.endswith("\n") or not text else text + end
    for name, index in changes.changed:
        text = _replaced(text, name, index, changes.changed[name, index])
    if changes.held_on:
        text = _held(text, changes.held_on, end)
    for name, entries in changes.added.items():
        if entries:
            text = _added(text, name, entries, end)
    return text


def scalar(value: Any) -> str:
    """A value as it stands in a file: plain where every reader of YAML takes it for a text, else quoted.

    >>> scalar("Ingrid Solheim"), scalar("1e5"), scalar("Late: we were ill"), scalar(dt.date(2026, 10, 9)), scalar(True)
    ('Ingrid Solheim', '"1e5"', '"Late: we were ill"', '2026-10-09', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return value.isoformat()
    text = str(value)
    if PLAIN.fullmatch(text) and text.isprintable() and not NO_TEXT.fullmatch(text) and text.lower() not in EMPTY:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def _fields(entry: Strict) -> dict[str, str]:
    return {name: scalar(value) for name, value in entry.model_dump(exclude_none=True).items()}


def _replaced(text: str, name: str, index: int, entry: Strict) -> str:
    """An entry with other values where they differ; its keys stay where they are."""
    node = cast("MappingNode", cast("SequenceNode", _top(text)[name][1]).value[index])
    there = {key.value: value for key, value in node.value}
    new = _fields(entry)
    known = parse(document_of(text, "", ""), Minutes)
    old = _fields(getattr(known, name)[index])
    spans = [(*_span(text, there[key]), value) for key, value in new.items() if old.get(key) != value]
    for start, stop, value in sorted(spans, reverse=True):
        text = text[:start] + value + text[stop:]
    return text


def _held(text: str, day: dt.date, end: str) -> str:
    """With the day the review was held, above all other keys."""
    top = _top(text)
    if "held_on" in top:
        text, at = _without(text, *top["held_on"])
        return f"{text[:at]} {scalar(day)}{text[at:]}"
    at = min((key.start_mark.index for key, _ in top.values()), default=len(text))
    return f"{text[:at]}held_on: {scalar(day)}{end}{text[at:]}"


def _added(text: str, name: str, entries: Sequence[Strict], end: str) -> str:
    """With entries at the end of a list, which is made at the end of the file where there is none."""
    key, value = _top(text).get(name, (None, None))
    if value is None:
        return text + f"{name}:{end}" + _block(entries, 2, end)
    if isinstance(value, SequenceNode) and value.flow_style and value.value:
        inline = ", ".join("{" + ", ".join(f"{k}: {v}" for k, v in _fields(one).items()) + "}" for one in entries)
        at = value.value[-1].end_mark.index
        return f"{text[:at]}, {inline}{text[at:]}"
    if isinstance(value, SequenceNode) and not value.flow_style:
        at = _line_after(text, value.value[-1], value.start_mark.column)
        return text[:at] + _block(entries, value.start_mark.column, end) + text[at:]
    text, at = _without(text, cast("Node", key), value)
    at = text.index("\n", at) + 1
    return text[:at] + _block(entries, 2, end) + text[at:]


def _block(entries: Sequence[Strict], indent: int, end: str) -> str:
    lines = []
    for entry in entries:
        for number, (name, value) in enumerate(_fields(entry).items()):
            lines.append(f"{' ' * indent}{'  ' if number else '- '}{name}: {value}{end}")
    return "".join(lines)


def _top(text: str) -> dict[str, tuple[Node, Node]]:
    """The keys at the top of a file with their values, and where they stand."""
    node = YAML(typ="rt", pure=True).compose(text)
    return {key.value: (key, value) for key, value in node.value} if isinstance(node, MappingNode) else {}


def _without(text: str, key: Node, value: Node) -> tuple[str, int]:
    """A text without a value that says nothing (`[]`, `~` or not even that), and where it would stand."""
    at = text.index(":", key.end_mark.index) + 1
    start, stop = value.start_mark.index, value.end_mark.index
    return (text[:at] + text[stop:] if start < stop else text), at


def _span(text: str, node: Node) -> tuple[int, int]:
    """Where a value begins and ends, of a folded or literal one without the empty lines below it."""
    start, stop = node.start_mark.index, node.end_mark.index
    return start, start + len(text[start:stop].rstrip())


def _line_after(text: str, node: Node, dash: int) -> int:
    """Where the line after an entry of a list begins: that of the next dash, key or comment that is not its own."""
    at = stop = text.index("\n", _span(text, _last(node))[1]) + 1
    for line in text[at:].splitlines(keepends=True):
        at += len(line)
        if line.strip() and len(line) - len(line.lstrip(" ")) <= dash:
            break
        if line.strip():
            stop = at
    return stop


def _last(node: Node) -> Node:
    """What stands last in a value."""
    if isinstance(node, MappingNode) and node.value and not node.flow_style:
        return _last(node.value[-1][1])
    return _last(node.value[-1]) if isinstance(node, SequenceNode) and node.value and not node.flow_style else node
