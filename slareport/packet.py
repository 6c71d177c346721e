"""An executed notebook in, one self-contained HTML packet out."""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

import jinja2
import mistune
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from traitlets import default

from slareport.drawing import draw
from slareport.errors import Problem, SlareportError
from slareport.page import alive, environment

RECORD = "application/vnd.slareport.record+json"
CHART = "application/vnd.vegalite.v5+json"
NOTE = "note"  # the tag of a cell that is for analysts and stays in the notebook

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_RUN_AGAIN = "run the notebook again from its first cell to its last, then convert the executed copy"


class PacketExporter(TemplateExporter):
    """Turn an executed review notebook into the packet people read: `jupyter nbconvert --to slareport executed.ipynb`.

    Code, prompts, streams and metadata stay behind. The same notebook gives the same bytes.
    `resources["undrawn"]` lists the keys of charts Vega could not draw; they are a visible box with their table.
    Raises `SlareportError` for a notebook that did not run to its end or would bring something alive into the page.
    """

    export_from_notebook = "Sales SLA review packet"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_file")
    def _template_file_default(self) -> str:
        return "packet.html.j2"

    @default("template_paths")
    def _template_paths(self) -> list[str]:
        return []  # nbconvert would look in the current folder and in Jupyter's data paths

    def _create_environment(self) -> jinja2.Environment:
        return environment()

    def from_notebook_node(  # type: ignore[override]  # as in TemplateExporter
        self, nb: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert a notebook already read; `resources` may name its file for the error messages."""
        metadata = (resources or {}).get("metadata") or {}
        name = metadata.get("name", "")
        packet = read_packet(nb, str(PurePath(metadata.get("path", ""), f"{name}.ipynb")) if name else "")
        undrawn = [figure.key for figure in packet.figures() if not figure.svg]
        resources = {**(resources or {}), "packet": packet, "undrawn": undrawn}
        return super().from_notebook_node(nb, resources, **kw)


# ── What a packet holds ──


@dataclass(frozen=True)
class Figure:
    """A chart with its claim, its drawing (empty if it could not be drawn) and the numbers behind it.

    `notes` is what its cell has shown after it: causes, a quotation.
    """

    key: str
    title: str
    caption: str
    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    notes: Markup = field(default_factory=Markup)

    @property
    def width(self) -> str:
        """The natural width of the drawing in CSS pixels."""
        box = re.search(r'viewBox="0 0 (\S+)', self.svg)
        return box[1] if box else "0"


@dataclass
class Section:
    """One heading and what is shown below it."""

    heading: Markup = field(default_factory=Markup)
    id: str = ""
    blocks: list[Markup | Figure] = field(default_factory=list)
    computed: bool = False  # it has code cells besides the closing one …
    shown: bool = False  # … and one of them shows something

    @property
    def beside(self) -> bool:
        """Whether it is some text and one chart, which stand side by side on paper."""
        charts = [block for block in self.blocks if isinstance(block, Figure)]
        return len(charts) == 1 < len(self.blocks) and not charts[0].notes

    def groups(self) -> list[tuple[bool, list[Any]]]:
        """Blocks in order, charts that follow each other together: the page sets small ones side by side."""
        grouped = itertools.groupby(self.blocks, key=lambda block: isinstance(block, Figure))
        return [(charts, list(blocks)) for charts, blocks in grouped]


@dataclass(frozen=True)
class Packet:
    """Everything the page shows; a first section without heading holds what stands before the others."""

    title: str
    foot: str
    next: str
    header: Markup
    sections: tuple[Section, ...]

    def figures(self) -> list[Figure]:
        """All charts of the packet, in reading order."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Figure)]


# ── Reading a notebook ──


def read_packet(nb: Any, file: str = "") -> Packet:
    """What an executed notebook shows, section by section.

    A markdown `## Heading` opens a section; prose before the first one is for analysts. A section whose
    code cells show nothing is left out. Raises `SlareportError` without the closing record, which proves
    that every cell ran.
    """
    record = _closing_record(nb, file)
    title = str(record.get("title") or "Sales SLA review")
    header = Markup("")
    sections = [Section()]
    for place, cell in _cells(nb):
        if cell.cell_type == "markdown":
            _read_prose(cell.source, sections)
        elif cell.cell_type == "code":
            read = (_read_bundle(data, file, place) for data in _bundles(cell))
            blocks = _together([block for block in read if block is not None])
            first = blocks[0] if blocks else None
            if len(sections) == 1 and not header and isinstance(first, Markup):
                header = first
                del blocks[0]
            sections[-1].computed |= not any(RECORD in data for data in _bundles(cell))
            sections[-1].shown |= bool(blocks)
            sections[-1].blocks += blocks
    if "<h1" not in header:
        header = Markup("<h1>{}</h1>").format(title) + header
    kept = tuple(section for section in sections if section.blocks and section.shown >= section.computed)
    packet = Packet(title, str(record.get("foot") or ""), str(record.get("next") or ""), header, kept)
    _name_sections(packet, file)
    return packet


def _together(blocks: list[Markup | Figure]) -> list[Markup | Figure]:
    """The blocks of one cell, with what stands after a chart as part of it."""
    found: list[Markup | Figure] = []
    for block in blocks:
        last = found[-1] if found else None
        if isinstance(last, Figure) and isinstance(block, Markup):
            found[-1] = replace(last, notes=last.notes + block)
        else:
            found.append(block)
    return found


def _closing_record(nb: Any, file: str) -> Mapping[str, Any]:
    record = None
    for place, cell in _cells(nb, notes=True):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                said = f"{output.get('ename', 'error')}: {output.get('evalue', '')}"
                raise SlareportError(Problem("this notebook did not run to its end", file, place, said, _RUN_AGAIN))
        for data in _bundles(cell):
            record = data.get(RECORD, record)
    if not isinstance(record, Mapping):
        what = "this notebook did not run to its end: it has no closing record"
        raise SlareportError(Problem(what, file, cure=f"end it with review.close(); {_RUN_AGAIN}"))
    return record


def _cells(nb: Any, *, notes: bool = False) -> Iterator[tuple[str, Any]]:
    for number, cell in enumerate(nb.cells, start=1):
        if notes or NOTE not in cell.metadata.get("tags", []):
            yield f"cell {number}", cell


def _bundles(cell: Any) -> list[Mapping[str, Any]]:
    kinds = ("display_data", "execute_result")
    return [output.data for output in cell.get("outputs", []) if output.output_type in kinds]


class _Prose(mistune.HTMLRenderer):
    """Markdown without markup of its own, pictures, and the notebook's own title."""

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return "" if level == 1 else super().heading(text, level, **attrs)

    def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
        return text


def _read_prose(source: str, sections: list[Section]) -> None:
    page = str(mistune.Markdown(_Prose(escape=True))(source))
    above, *below = re.split(r"<h2>(.*?)</h2>\n", page, flags=re.DOTALL)
    if above.strip() and len(sections) > 1:
        sections[-1].blocks.append(Markup(above))  # noqa: S704 - escaped by mistune
    for heading, text in zip(below[::2], below[1::2], strict=True):
        blocks: list[Markup | Figure] = [Markup(text)] if text.strip() else []  # noqa: S704 - escaped by mistune
        sections.append(Section(Markup(heading), blocks=blocks))  # noqa: S704 - escaped by mistune


def _read_bundle(data: Mapping[str, Any], file: str, place: str) -> Markup | Figure | None:
    """The one representation of an output that a packet shows, or None."""
    if RECORD in data:
        return None
    if CHART in data:
        return _read_chart(data[CHART], file, place)
    fragment = "".join(data.get("text/html", ""))
    if found := alive(fragment):
        what = "an output would load or run something in the packet"
        cure = "emit plain HTML, and charts through slareport.charts; or tag the cell 'note' to keep it out"
        raise SlareportError(Problem(what, file, place, ", ".join(found), cure))
    return Markup(fragment) if fragment.strip() else None  # noqa: S704 - escaped where it was made


def _read_chart(spec: Mapping[str, Any], file: str, place: str) -> Figure:
    told = (spec.get("usermeta") or {}).get("slareport") or {}
    missing = [key for key in ("name", "title", "description") if not isinstance(spec.get(key), str)]
    if missing or not _KEY.fullmatch(spec["name"]):
        what = f"a chart needs {' and '.join(missing)}" if missing else "a chart's name must be a plain key"
        cure = "set name (letters, digits, - and _), title (the claim) and description (the text alternative)"
        raise SlareportError(Problem(what, file, place, spec.get("name"), cure))
    try:
        svg = Markup(draw(spec))  # noqa: S704 - serialised by ElementTree
    except SlareportError as error:
        raise SlareportError(
            Problem(one.what, file, f"{place}, {one.place}", one.found, one.cure) for one in error.problems
        ) from None
    except ValueError:
        svg = Markup("")
    table = told.get("table") or {}
    return Figure(
        spec["name"],
        spec["title"],
        str(told.get("caption") or ""),
        svg,
        tuple(table.get("columns") or ()),
        tuple(tuple(row) for row in table.get("rows") or ()),
        tuple(table.get("numeric") or ()),
    )


def _name_sections(packet: Packet, file: str) -> None:
    """Give every section an id of its own, and refuse two charts of one key."""
    keys = [figure.key for figure in packet.figures()]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        cure = "give every chart a name of its own"
        raise SlareportError(Problem("two charts have the same name", file, found=", ".join(twice), cure=cure))
    taken = {"main", "tip", *keys}
    for section in packet.sections:
        slug = slug_of(section.heading.striptags())
        numbered = (f"{slug}-{number}" for number in itertools.count(2))
        section.id = next(name for name in itertools.chain([slug], numbered) if name not in taken)
        taken.add(section.id)


def slug_of(heading: str) -> str:
    """The id a heading can be linked by.

    >>> slug_of("What needs attention"), slug_of("Où en est-on ?"), slug_of("現状")
    ('what-needs-attention', 'ou-en-est-on', 'section')
    """
    plain = unicodedata.normalize("NFKD", html.unescape(heading)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "section"
