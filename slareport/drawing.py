"""A Vega-Lite spec in, the static SVG of a packet out: same spec, same bytes, in any time zone and order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import vl_convert

from slareport.errors import Problem, SlareportError

VEGA_LITE = "6.4"  # the Vega-Lite of altair 6.3; the `$schema` of a stored spec only names its mime type
SMALLEST_SCALE = 0.76  # charts scroll rather than shrink further, so 12 px text stays above 9 px on a phone

# What a chart may be coloured with, and the variable of style.css that follows light and dark mode.
# The second group are Vega's own defaults, for charts without our theme.
COLOURS: Mapping[str, str] = {
    "#1f2933": "var(--ink)",
    "#5b6770": "var(--quiet)",
    "#d5dbe1": "var(--grid)",
    "#edf0f3": "var(--wash)",
    "#ffffff": "var(--paper)",
    "#12436d": "var(--accent)",
    "#28a197": "var(--mark-2)",
    "#801650": "var(--mark-3)",
    "#f46a25": "var(--mark-4)",
    "#a8201a": "var(--bad)",
    "#1b6b3a": "var(--good)",
    "#000": "var(--ink)",
    "#000000": "var(--ink)",
    "black": "var(--ink)",
    "#888": "var(--quiet)",
    "#ddd": "var(--grid)",
    "#fff": "var(--paper)",
    "white": "var(--paper)",
    "#4c78a8": "var(--accent)",
}

_PAINT = ("fill", "stroke", "stop-color")
# fmt: off
_GEOMETRY = frozenset((
    "d", "transform", "points", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "cx", "cy", "r", "rx", "ry",
    "fx", "fy", "offset",
))
_NOISE = ("font-family", "class", "aria-roledescription", "aria-hidden", "pointer-events", "stroke-miterlimit")
# fmt: on
# Vega tells a whole line by its first point and a label by its position; axes speak machine words (groups, in `_tidy`).
_UNTOLD = ("line", "area", "trail", "text")
_LONG_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+e[+-]?\d+")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_URL = re.compile(r"url\(#([^)]*)\)")


def draw(spec: Mapping[str, Any]) -> str:
    """The chart as inline SVG that scales, follows dark mode and has its `description` as accessible name.

    `name` prefixes every id, `title` and `usermeta` are left to the page around. Nothing is fetched.
    Raises `SlareportError` for a chart on a time axis, and `ValueError` for one Vega cannot draw.
    """
    refuse_time(spec)
    bare = {key: value for key, value in spec.items() if key not in ("$schema", "title", "name", "usermeta")}
    text = vl_convert.vegalite_to_svg(_printable(bare), vl_version=VEGA_LITE, allowed_base_urls=[])
    root = ElementTree.fromstring(text)  # noqa: S314 - made by vl-convert just now
    _drop_background(root)
    for element in root.iter():
        _tidy(element)
    _prune(root)
    _rename_ids(root, str(spec.get("name", "chart")))
    width, height = (float(root.attrib.pop(side)) for side in ("width", "height"))
    root.attrib = {
        "role": "img",
        "aria-label": _printable(str(spec.get("description", ""))),
        "viewBox": f"0 0 {width:g} {height:g}",
        "style": f"max-width:{width:g}px;min-width:{width * SMALLEST_SCALE:.0f}px",
        "fill": "none",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _printable(node: Any) -> Any:
    """The same spec with `\ufffd` for characters no XML can hold: one of them in a label aborts the whole process."""
    if isinstance(node, str):
        return _NOT_XML.sub("\ufffd", node)
    if isinstance(node, Mapping):
        return {_printable(key): _printable(value) for key, value in node.items()}
    return [_printable(value) for value in node] if isinstance(node, (list, tuple)) else node


def refuse_time(spec: Mapping[str, Any]) -> None:
    """Dates reach a chart as finished words, because Vega would place and word them in the drawer's own zone."""
    for place, key, value in _entries(spec, ""):
        time = value in ("temporal", "time", "utc") and key in ("type", "formatType")
        if time or key == "timeUnit" or (key == "parse" and _has_dates(value)):
            raise SlareportError(
                Problem(
                    "a chart must not hold times",
                    place=f"chart {spec.get('name', '')!r}, {place}",
                    found=value,
                    cure="format the date in Python and use it as an ordinal label (type 'ordinal', sort None)",
                )
            )


def _entries(node: object, place: str) -> Iterator[tuple[str, str, object]]:
    """Every (place, key, value) of a spec but its data rows, which may say anything."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("datasets", "values", "usermeta", "description", "title"):
                continue
            here = f"{place}.{key}".lstrip(".")
            yield here, key, value
            yield from _entries(value, here)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _entries(value, f"{place}[{number}]")


def _has_dates(parse: object) -> bool:
    return isinstance(parse, Mapping) and any(str(kind).startswith(("date", "utc")) for kind in parse.values())


def _drop_background(root: ElementTree.Element) -> None:
    first = root[0] if len(root) else None
    if first is not None and first.tag.endswith("}rect"):
        root.remove(first)


def _tidy(element: ElementTree.Element) -> None:
    """One element as it shall stand in the page: no namespace, no font, no link out, rounded, in our colours."""
    element.tag = element.tag.rpartition("}")[2]
    told = element.get("role") == "graphics-symbol" and element.tag != "g"
    if not told or element.get("aria-roledescription", "").startswith(_UNTOLD):
        element.attrib.pop("aria-label", None)
        element.attrib.pop("role", None)
    if element.tag == "a":
        element.tag = "g"
    for name in [*_NOISE, *(name for name in element.attrib if name.endswith("href"))]:
        element.attrib.pop(name, None)
    for name, value in element.attrib.items():
        if name in _GEOMETRY:
            element.set(name, _LONG_NUMBER.sub(_rounded, value))
        elif name in _PAINT:
            element.set(name, COLOURS.get(value.lower(), value))
    if element.get("opacity") == "1":
        del element.attrib["opacity"]


def _rounded(number: re.Match[str]) -> str:
    """At most two decimals, never `-0`.

    >>> _LONG_NUMBER.sub(_rounded, "M0.5,42.99999999999999L-1.2e-15,-0.004")
    'M0.5,43L0,0'
    """
    return f"{round(float(number[0]), 2) + 0:.2f}".rstrip("0").rstrip(".")


def _prune(parent: ElementTree.Element) -> None:
    """Take out what leaves no ink: empty paths around every group, labels hidden because they would overlap."""
    for child in list(parent):
        _prune(child)
        empty_path = child.tag == "path" and not (child.get("fill") or child.get("stroke"))
        empty_group = child.tag == "g" and not len(child)
        hidden = child.get("opacity") == "0" and "aria-label" not in child.attrib
        if (empty_path and parent.tag != "clipPath") or empty_group or hidden or child.tag == "image":
            parent.remove(child)


def _rename_ids(root: ElementTree.Element, key: str) -> None:
    """Vega counts ids up through the life of a process; here they count within one chart, behind its key."""
    old = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    new = {name: f"{key}.{number}" for number, name in enumerate(old, start=1)}
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, new[value])
            elif name in (*_PAINT, "clip-path", "mask"):
                element.set(name, _URL.sub(lambda match: f"url(#{new[match[1]]})", value))
