"""YAML files read strictly: every scalar is text until the schema says what it means.

So `NO` is a country, `010` a code and `8:30` a time of day; a duplicate or unknown key is an error, and all
problems of a file are listed at once with their lines.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from slareport.errors import Problem, SlareportError, UsageError, did_you_mean
from slareport.period import known_zone

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 256 * 1024
DEEPEST = 20
EMPTY = {"", "~", "null"}
FOLD = "\a"  # what ruamel.yaml leaves in a folded text, to remember where its lines ended

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")


class Strict(BaseModel):
    """A part of a parameter file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, arbitrary_types_allowed=True)


@dataclass(frozen=True)
class Document:
    """One YAML file as plain data (dicts, lists, text, None), with the line of every place in it."""

    file: str
    data: Any
    lines: Mapping[Place, int]
    sha256: str

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest place around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, place: Place, what: str, found: object = None, cure: str = "") -> Problem:
        """A problem at a place of this file."""
        name = dotted(place)
        return Problem(f"{name}: {what}" if name else what, self.file, str(self.line(place)), found, cure)


@dataclass
class _Reading:
    """The state of one walk over the nodes of a file."""

    file: str
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, node: Node, what: str, cure: str, found: object = None) -> None:
        self.problems.append(Problem(what, self.file, str(node.start_mark.line + 1), found, cure))


def read_document(path: Path, root: Path) -> Document:
    """Read one YAML file; `root` is the folder that messages name it from.

    Raises `UsageError` for a missing or unreadable file, anything but plain YAML, and duplicate keys.
    """
    file = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return document_of(*_text_of(path, file), file)


def document_of(text: str, digest: str, file: str) -> Document:
    """The same of a text, which is or is to be that file; `digest` is the sha256 of it."""
    node = _compose(text, file)
    reading = _Reading(file)
    if not isinstance(node, MappingNode):
        raise UsageError(Problem("expected `key: value` lines at the top", file, "1", cure="see the sample's files"))
    data = _plain(node, (), reading)
    if reading.problems:
        raise UsageError(reading.problems)
    return Document(file, data, reading.lines, digest)


def parse(document: Document, model: type[Model]) -> Model:
    """The document as its model; every violation becomes one problem with its line, all raised together."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise UsageError([_told(document, model, item) for item in error.errors()]) from None


def as_said(model: type[Model], **said: Any) -> Model:
    """What a person said, as a part of a parameter file. Raises `UsageError` for what the file would not take."""
    given = {name: value for name, value in said.items() if value is not None}
    return parse(Document("what was said", given, {}, ""), model)


class _RefusedError(ValueError):
    """What carries the problems of a value through pydantic."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.cure = "; ".join(dict.fromkeys(problem.cure for problem in problems if problem.cure))


def checked(function: Callable[[str], Value]) -> Callable[[object], Value]:
    """`function`, for use as a pydantic validator: what it refuses becomes a problem at its line."""

    def validate(value: object) -> Value:
        if not isinstance(value, str):
            return cast("Value", value)
        try:
            return function(value)
        except SlareportError as error:
            raise _RefusedError(error.problems) from None

    return validate


def parse_day(text: str) -> dt.date:
    """A day, written year-month-day and in no other way.

    >>> parse_day("2026-05-01")
    datetime.date(2026, 5, 1)
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError(Problem("no such day", cure="write it like 2026-05-01"))


Day = Annotated[dt.date, BeforeValidator(checked(parse_day))]
Zone = Annotated[str, BeforeValidator(checked(known_zone))]


def told(error: Any) -> tuple[str, str]:
    """What is wrong and the cure, of one of pydantic's error records."""
    refused = error.get("ctx", {}).get("error")
    if isinstance(refused, _RefusedError):
        return str(refused), refused.cure
    return str(error["msg"]).removeprefix("Value error, "), ""


def dotted(place: Place) -> str:
    """A place as people write it.

    >>> dotted(("promises", 0, "target"))
    'promises[0].target'
    """
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _text_of(path: Path, file: str) -> tuple[str, str]:
    if not path.is_file():
        there = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        raise UsageError(
            Problem("no such file", file, cure=f"make it; beside it there are: {', '.join(there) or 'none'}")
        )
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(Problem(f"cannot be read: {error.strerror}", file, cure="mend its permissions")) from None
    if len(raw) > LARGEST_FILE:
        raise UsageError(Problem(f"larger than {LARGEST_FILE:,} bytes", file, found=len(raw), cure="split it"))
    try:
        return raw.decode("utf-8-sig"), hashlib.sha256(raw).hexdigest()
    except UnicodeDecodeError as error:
        raise UsageError(Problem(f"not UTF-8 at byte {error.start}", file, cure="save the file as UTF-8")) from None


@lru_cache(maxsize=256)  # by far the slowest step, and a kernel is forked from a process that has done it
def _compose(text: str, file: str) -> Node | None:
    reader = YAML(typ="rt", pure=True)
    reader.allow_duplicate_keys = True  # found below, with both lines
    try:
        if refused := list(_refused(YAML(typ="rt", pure=True).parse(text), file)):
            raise UsageError(refused)
        return cast("Node | None", reader.compose(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else ""
        cure = "indent with spaces" if "\t" in text else "quote values that hold `:`, `#`, `[` or `{`"
        raise UsageError(Problem(f"not YAML: {error.problem or error.context}", file, place, cure=cure)) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError(
            Problem(f"not YAML: {str(error).splitlines()[0]}", file, cure="see the sample's files")
        ) from None


def _refused(events: Iterator[Any], file: str) -> Iterator[Problem]:
    """What is YAML and not read: tags, anchors and aliases, which hide what a file says; and endless nesting.

    They carry the known attacks on YAML readers, so nothing is composed before none of them is there.
    """
    depth = 0
    for event in events:
        line = str(event.start_mark.line + 1)
        if getattr(event, "tag", None) is not None:
            yield Problem("tags are not supported", file, line, cure="write the value out in full")
        if getattr(event, "anchor", None) is not None:
            yield Problem("anchors and aliases are not supported", file, line, cure="write the value out in full")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            yield Problem(f"nested deeper than {DEEPEST} levels", file, line, cure="flatten it")
            return


def _plain(node: Node, place: Place, reading: _Reading) -> Any:
    reading.lines[place] = node.start_mark.line + 1
    if isinstance(node, ScalarNode):
        value = node.value.replace(FOLD, "") if node.style == ">" else node.value
        return None if node.style is None and value.lower() in EMPTY else str(value)
    if isinstance(node, SequenceNode):
        return [_plain(child, (*place, index), reading) for index, child in enumerate(node.value)]
    return dict(_pairs(cast("MappingNode", node), place, reading))


def _pairs(node: MappingNode, place: Place, reading: _Reading) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode) or key_node.value == "<<":
            reading.wrong(key_node, "a key must be plain text", "write the keys out")
            continue
        key = key_node.value
        if key in seen:
            reading.wrong(key_node, f"the key {key!r} stands twice, first in line {seen[key]}", "keep one of them")
            continue
        seen[key] = line
        yield key, _plain(value_node, (*place, key), reading)
        reading.lines[(*place, key)] = line


def _told(document: Document, model: type[BaseModel], error: Any) -> Problem:
    place: Place = ()
    for part in error["loc"]:
        ours = isinstance(part, int) or not part.startswith(("function-", "[key]"))
        if ours and (isinstance(part, str) or (*place, part) in document.lines):
            place = (*place, part)
    found = error.get("input")
    if error["type"] == "extra_forbidden":
        name = str(place[-1])
        return document.problem(place, "unknown key", cure=did_you_mean(name, _fields_at(model, place[:-1])))
    if error["type"] == "missing":
        return document.problem(place, "is missing", cure=f"add `{place[-1]}:`")
    if found is None and place and isinstance(place[-1], str):
        return document.problem(place, "is empty", cure=f"write it after `{place[-1]}:`, or leave the line out")
    what, cure = told(error)
    return document.problem(place, what, found if isinstance(found, str) else None, cure)


def _fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that may stand at a place, found by following the models' annotations."""
    current: Any = model
    for part in place:
        if _is_model(current):
            info = current.model_fields.get(part)
            current = info.annotation if info else None
        else:
            current = _inside(current)
    found = next((kind for kind in (current, *get_args(current)) if _is_model(kind)), None)
    return list(found.model_fields) if found else []


def _inside(annotation: Any) -> Any:
    """What a list or a dict holds."""
    if get_origin(annotation) in (list, dict):
        held = get_args(annotation)[-1]
        return get_args(held)[0] if get_origin(held) is Annotated else held
    return next((found for found in map(_inside, get_args(annotation)) if found), None)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
