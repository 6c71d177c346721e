"""A YAML file changed in one place: every other byte stays, so that its diff is the change and nothing else.

ruamel.yaml could write a loaded file again, but moves the comments and blank lines behind a list to before what is
appended to it, and files indented in more than one way change all over. Here it says where everything stands, and
writes what is new.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, PlainScalarString, SingleQuotedScalarString

from slareport.documents import EMPTY, FOLD, Place

WIDTH = 110
ENDLESS = 10**6
QUOTED = {"'": SingleQuotedScalarString, '"': DoubleQuotedScalarString}

Value = str | bool | dt.date | Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True)
class _Spot:
    """What stands at a place: its node, the key that leads to it, and the column of that key or of its dash."""

    node: Node
    key: Node | None
    column: int
    inline: bool

    @property
    def empty(self) -> bool:
        """Whether nothing is said there: nothing is written, or `~`."""
        return isinstance(self.node, ScalarNode) and self.node.style is None and self.node.value.lower() in EMPTY

    @property
    def bare(self) -> bool:
        """Whether `[]` is all that stands behind a key with a line of its own."""
        alone = not self.node.value and self.node.start_mark.line == self.node.end_mark.line
        return isinstance(self.node, SequenceNode) and alone and self.key is not None and not self.inline


def put(text: str, place: Place, value: Value, *, first: bool = False) -> str:
    """A file's text with `value` at a place: instead of the scalar that stands there, or added to its mapping.

    It is added as the last entry, or as the `first`. A quoted scalar stays quoted. Raises `ValueError` where a list or
    a mapping stands.
    """
    spot = _spot(text, place)
    if spot is None:
        return _added(text, place[:-1], {str(place[-1]): value}, first=first)
    if not isinstance(spot.node, ScalarNode):
        raise ValueError(f"no scalar stands at {place}")
    if spot.empty and not spot.node.value:
        return _filled(text, spot, value)
    said = spot.node.value.replace(FOLD, "") if spot.node.style == ">" else spot.node.value
    if said == str(value) and not spot.empty:
        return text
    return text[: spot.node.start_mark.index] + _inline(value, spot.node.style) + text[_end(text, spot.node) :]


def append(text: str, place: Place, *items: Value) -> str:
    """A file's text with more items at the end of the list at a place, which is made where there is none."""
    spot = _spot(text, place)
    if spot is None:
        return put(text, place, items)
    if spot.empty or spot.bare:
        return _filled(text, spot, items)
    if not isinstance(spot.node, SequenceNode):
        raise ValueError(f"no list stands at {place}")
    if spot.node.flow_style:
        return _joined(text, spot.node, _inline(items)[1:-1])
    column = spot.node.start_mark.column
    return _below(text, _past(text, _end(text, spot.node), column), items, column)


def _added(text: str, place: Place, entry: Mapping[str, Value], *, first: bool = False) -> str:
    """The text with another entry of the mapping at a place."""
    spot = _spot(text, place)
    if spot is None and place:
        return put(text, place, entry)
    if spot is None:
        return _below(text, _past(text, len(text.rstrip()), 0), entry, 0)
    if spot.empty:
        return _filled(text, spot, entry)
    if not isinstance(spot.node, MappingNode):
        raise ValueError(f"no mapping stands at {place}")
    if spot.node.flow_style:
        return _joined(text, spot.node, _inline(entry)[1:-1])
    column = spot.node.start_mark.column
    if first:
        start = spot.node.value[0][0].start_mark.index
        return text[:start] + _lines(text, entry, column).lstrip(" ") + " " * column + text[start:]
    return _below(text, _past(text, _end(text, spot.node), column), entry, column)


def _filled(text: str, spot: _Spot, value: Value) -> str:
    """The text with a value behind a key or a dash that has none."""
    start, end = spot.node.start_mark.index, spot.node.end_mark.index
    if start == end and spot.key and not spot.inline:  # the last of a file, ruamel.yaml puts at its end
        start = end = text.index(":", spot.key.end_mark.index) + 1
    head = text[:start].rstrip(" \t")
    if isinstance(value, str | bool | dt.date) or spot.inline:
        colon = ":" * (spot.key is not None and spot.key.end_mark.index == start)  # `{by}` has none
        return f"{head}{colon} {_inline(value)}{text[end:]}"
    text = head + text[end:]
    return _below(text, _past(text, len(head), spot.column), value, spot.column + 2)


def _joined(text: str, node: Node, more: str) -> str:
    """The text with more behind the last part of an inline list or mapping."""
    last = node.value[-1] if node.value else None
    end = (last[1] if isinstance(last, tuple) else last).end_mark.index if last else node.end_mark.index - 1
    head = text[:end].rstrip()
    joint = " , " if head.endswith(":") else ", "  # `upheld:,` would be a key of that name
    return (head + joint if last else text[:end]) + more + text[end:]


def _below(text: str, start: int, value: Value, column: int) -> str:
    """The text with a value on lines of its own, from where a line begins or the file ends."""
    above = text[:start] if not text[:start] or text[:start].endswith("\n") else text[:start] + _newline(text)
    return above + _lines(text, value, column) + text[start:]


def _past(text: str, end: int, column: int) -> int:
    """Where the line begins below the one in which something ends, and below the comments that are its own.

    Those stand to the right of `column`, that of its key or dash.
    """
    start = stop = text.find("\n", end) + 1 or len(text)
    for line in io.StringIO(text[start:]):
        said = line.lstrip(" ")
        if said.strip() and not (said.startswith("#") and len(line) - len(said) > column):
            break
        start += len(line)
        stop = start if said.strip() else stop
    return stop


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _lines(text: str, value: Value, column: int) -> str:
    """A value on lines of its own, which end as those of the text do."""
    shift = 2 if isinstance(value, Sequence) else 0  # a list is written two columns to the right
    lines = (" " * column + line[shift:] for line in _dumped(_quoted(value), block=True).splitlines())
    return "".join(row + _newline(text) for line in lines for row in _folded(line))


def _folded(line: str) -> list[str]:
    """A line as rows, which YAML joins with a space each: where ruamel.yaml breaks lines, double spaces get lost."""
    column = len(line) - len(line.lstrip(" -")) + 2
    rest = WIDTH - column
    return re.sub(rf"(?=.{{{rest + 1}}})(.{{1,{rest}}})(?<! ) (?! )", rf"\1\n{' ' * column}", line).split("\n")


def _inline(value: Value, style: str | None = None) -> str:
    """A value on one line, a text in the quotes that stood there before."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(part)}" for key, part in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _dumped([_quoted(value, style)], block=False).strip("\n")[1:-1]


def _quoted(value: Any, style: str | None = None) -> Any:
    """A value whose texts are in quotes where they were, and where a reader may take them for more than a text."""
    if isinstance(value, Mapping):
        return {key: _quoted(part) for key, part in value.items()}
    if isinstance(value, bool):
        return PlainScalarString("yes" if value else "no")
    if isinstance(value, str):
        quote = style if style in QUOTED else "'" if value.lower() in EMPTY else ""
        risky = not value.isprintable() or not (quote or value[:1].isalnum())
        return QUOTED.get('"' if risky else quote, str)(value)
    return [_quoted(part) for part in value] if isinstance(value, Sequence) else value


def _dumped(value: Value, *, block: bool) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width, yaml.default_flow_style = ENDLESS, not block
    yaml.representer.ignore_aliases = lambda _: True  # what stands twice would be an anchor, which is not read
    yaml.dump(value, stream := io.StringIO())
    return stream.getvalue()


def _spot(text: str, place: Place) -> _Spot | None:
    """What stands at a place, None where nothing does."""
    root = YAML(typ="rt", pure=True).compose(text)
    spot = _Spot(root, None, -1, inline=False) if root is not None else None
    for part in place:
        spot = _inside(spot, part) if spot else None
    return spot


def _inside(spot: _Spot, part: str | int) -> _Spot | None:
    node, inline = spot.node, spot.inline or bool(getattr(spot.node, "flow_style", False))
    if isinstance(node, MappingNode):
        found = ((key, value) for key, value in node.value if key.value == part)
        return next((_Spot(value, key, key.start_mark.column, inline) for key, value in found), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return _Spot(node.value[part], None, node.start_mark.column, inline)
    return None


def _end(text: str, node: Node) -> int:
    """Where what a node says ends, without the comments and blank lines behind it."""
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        start, said = node.start_mark.index, text[: node.end_mark.index]
        keeps = "+" in said[start : start + 3]  # then the empty lines behind it are its own
        return len(said.removesuffix("\n").removesuffix("\r") if keeps else said.rstrip(" \r\n"))
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style:
        return cast("int", node.end_mark.index)
    last = node.value[-1]
    if not isinstance(last, tuple):
        return _end(text, last)
    key, value = last
    unwritten = value.start_mark.index == value.end_mark.index
    return cast("int", key.end_mark.index) if unwritten else _end(text, value)
