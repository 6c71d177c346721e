"""A YAML file changed in one place: every other byte stays, so that its diff is the change and nothing else.

ruamel.yaml could write a loaded file again, but moves the comments and blank lines behind a list to before what is
appended to it, and files indented in more than one way change all over. Here it says where everything stands, and
writes what is new.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from slareport.documents import FOLD, Place

WIDTH = 110
ENDLESS = 10**6
QUOTED = {"'": SingleQuotedScalarString, '"': DoubleQuotedScalarString}

Value = str | dt.date | Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True)
class _Spot:
    """What stands at a place: its node, the key that leads to it, and the column of that key or of its dash."""

    node: Node
    key: Node | None
    column: int
    inline: bool

    @property
    def empty(self) -> bool:
        """Whether nothing is written there."""
        return isinstance(self.node, ScalarNode) and self.node.style is None and not self.node.value


def put(text: str, place: Place, value: Value) -> str:
    """A file's text with `value` at a place: instead of the scalar that stands there, or added to its mapping.

    A quoted scalar stays quoted. Raises `ValueError` where a list or a mapping stands.
    """
    spot = _spot(text, place)
    if spot is None:
        return _added(text, place[:-1], {str(place[-1]): value})
    if not isinstance(spot.node, ScalarNode):
        raise ValueError(f"no scalar stands at {place}")
    if spot.empty:
        return _filled(text, spot, value)
    if spot.node.value.replace(FOLD, "") == str(value):
        return text
    start, end = spot.node.start_mark.index, _end(text, spot.node, spot.column)
    return text[:start] + _inline(value, spot.node.style) + text[end:]


def append(text: str, place: Place, item: Value) -> str:
    """A file's text with one more item at the end of the list at a place, which is made where there is none."""
    spot = _spot(text, place)
    if spot is None:
        return put(text, place, [item])
    if spot.empty:
        return _filled(text, spot, [item])
    if not isinstance(spot.node, SequenceNode):
        raise ValueError(f"no list stands at {place}")
    if spot.node.flow_style:
        return _joined(text, spot.node, _inline(item))
    return _below(text, _end(text, spot.node, spot.column), [item], spot.node.start_mark.column)


def _added(text: str, place: Place, entry: Mapping[str, Value]) -> str:
    """The text with another entry of the mapping at a place."""
    spot = _spot(text, place)
    if spot is None and place:
        return put(text, place, entry)
    if spot is None:
        return _below(text, len(text.rstrip()), entry, 0)
    if spot.empty:
        return _filled(text, spot, entry)
    if not isinstance(spot.node, MappingNode):
        raise ValueError(f"no mapping stands at {place}")
    if spot.node.flow_style:
        return _joined(text, spot.node, _inline(entry)[1:-1])
    return _below(text, _end(text, spot.node, spot.column), entry, spot.node.start_mark.column)


def _filled(text: str, spot: _Spot, value: Value) -> str:
    """The text with a value after a key that has none."""
    colon = text.index(":", cast("Node", spot.key).end_mark.index) + 1
    if isinstance(value, str | dt.date) or spot.inline:
        return f"{text[:colon]} {_inline(value)}{text[colon:]}"
    return _below(text, colon, value, spot.column + 2)


def _joined(text: str, node: Node, more: str) -> str:
    """The text with more behind the last part of an inline list or mapping."""
    last = node.value[-1] if node.value else None
    end = (last[1] if isinstance(last, tuple) else last).end_mark.index if last else node.end_mark.index - 1
    return text[:end] + (", " if last else "") + more + text[end:]


def _below(text: str, end: int, value: Value, column: int) -> str:
    """The text with a value on lines of its own, below the line in which something ends."""
    newline = "\r\n" if "\r\n" in text else "\n"
    stop = text.find("\n", end) + 1 or len(text)
    above = text[:stop] if not text[:stop] or text[:stop].endswith("\n") else text[:stop] + newline
    lines = _dumped(value, block=True, width=WIDTH - column).split("\n")[:-1]
    shift = 2 if isinstance(value, Sequence) else 0  # a list is written two columns to the right
    return above + "".join(" " * (column if line else 0) + line[shift:] + newline for line in lines) + text[stop:]


def _inline(value: Value, style: str | None = None) -> str:
    """A value on one line, a text in the quotes that stood there before."""
    written = _dumped([_quoted(value, style)], block=False, width=ENDLESS).strip("\n")[1:-1]
    return f"{{{written}}}" if isinstance(value, Mapping) and not written.startswith("{") else written


def _quoted(value: Any, style: str | None = None) -> Any:
    """A value whose texts are in quotes where they were, and where a reader may take how they begin for more."""
    if isinstance(value, Mapping):
        return {key: _quoted(part) for key, part in value.items()}
    if isinstance(value, str):
        risky = "\n" in value or not (style or value[:1].isalnum())
        return QUOTED.get('"' if risky else style or "", str)(value)
    return [_quoted(part) for part in value] if isinstance(value, Sequence) else value


def _dumped(value: Value, *, block: bool, width: int) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width, yaml.default_flow_style = width, not block
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


def _end(text: str, node: Node, column: int) -> int:
    """Where what a node says ends, without the comments and blank lines behind it.

    A block of text goes on as long as lines stand to the right of `column`, that of its key or dash.
    """
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        end = start = text.find("\n", node.start_mark.index) + 1 or len(text)
        for line in io.StringIO(text[start:]):
            said = line.strip(" \r\n")
            if said and len(line) - len(line.lstrip(" ")) <= column:
                break
            start += len(line)
            end = start if said else end
        return len(text[:end].rstrip("\r\n"))
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style:
        return cast("int", node.end_mark.index)
    last = node.value[-1]
    if not isinstance(last, tuple):
        return _end(text, last, node.start_mark.column)
    key, value = last
    empty = isinstance(value, ScalarNode) and value.style is None and not value.value
    return key.end_mark.index if empty else _end(text, value, key.start_mark.column)
