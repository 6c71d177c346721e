"""From exports nobody has described to a proposed mapping: names first, then what the values say.

A column is proposed where its name is known, or near to a known one, and its values are what the canonical column
holds. What is not certain is marked for a person to decide, with the alternatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from slareport import files
from slareport.choices import constant_line
from slareport.errors import Problem, UsageError
from slareport.exports import FALLBACK, Export, read_exports, written
from slareport.mapping import Source, SourceFile
from slareport.matching import fills, lines_of, named_like, score
from slareport.proposed import Line, Proposal, Proposed
from slareport.shipped import like_shipped, whole_layouts
from slareport.source import Reader
from slareport.tables import TABLES
from slareport.vocabulary import LABELS, plain
from slareport.writing import Times

ENOUGH = 1.2  # how much the names of a file must say before a table is proposed for it
SURE = 3.0  # and before nobody has to confirm it
SHOWN = 5
WIDEST = 28
OWNERS = {"opportunities": "owner_id", "leads": "owner_id", "activities": "actor_id"}


def propose(places: Iterable[Path]) -> Proposal:
    """A mapping for these files, or for all CSV files of a folder.

    Raises `UsageError` for what is no CSV file and `DataError` for files that cannot be read as one source.
    """
    exports = read_exports(places)
    way = written(exports)
    parts: list[Proposed] = []
    left_out, zones = [], set()
    for export in exports:
        alike, zone = like_shipped(export, exports)
        best, why = (None, "") if alike else _best(export)
        parts += alike or ([best] if best else [])
        left_out += [f"{export.name}: {why}"] if why else []
        zones |= {zone} if alike else set()
    for part, why in _outdone(parts):
        parts.remove(part)
        left_out.append(f"{part.source}: left out, {why}")
    parts += list(_lines_of_deals(parts, exports))
    parts = [*_with_people(parts, exports), *parts]
    return Proposal(
        title=f"Proposed for {exports[0].name}" + (f" and {len(exports) - 1} more" if len(exports) > 1 else ""),
        folder=exports[0].paths[0].parent,
        parts=tuple(_told_apart(parts)),
        csv=way,
        encoding_guessed=way.encoding == FALLBACK,
        timezone=zones.pop() if len(zones) == 1 else None,
        left_out=tuple(left_out),
        notes=tuple(
            f"`mapping: {name}`, which is shipped, reads these files as they are" for name in whole_layouts(exports)
        ),
    )


def _best(export: Export) -> tuple[Proposed | None, str]:
    """The canonical table that a file fills best, or why there is none."""
    ranked = sorted(((score(table, export), table) for table in LABELS), reverse=True)
    most, table = ranked[0]
    if most < ENOUGH:
        return None, "left out, its columns say of no table that it is one"
    lines = lines_of(table, export)
    lacking = [column for column in TABLES[table].required if column not in lines]
    if lacking:
        return None, f"left out, it looks like {table}, but nothing in it fills {', '.join(lacking)}"
    key = lines[TABLES[table].key[0]].cell
    if all(line.cell == key or "constant" in line.cell for line in lines.values()) and table != "products":
        return None, f"left out, nothing in it fills more of {table} than {TABLES[table].key[0]}"
    decide = ""
    if named_like(table, export.name) < 1:
        rivals = [other for points, other in ranked[1:] if points > 0.7 * most and fills(other, export)]
        if rivals or most < SURE:
            decide = f"is this {' or '.join([table, *rivals])}? if {'neither' if rivals else 'not'}, remove it"
    return Proposed(table, export.name, lines, decide=decide), ""


def _outdone(parts: list[Proposed]) -> list[tuple[Proposed, str]]:
    """Parts that other files fill better: with the reason."""
    named = {part.table for part in parts if named_like(part.table, part.source) == 1}
    beside = {lookup["in"]: part for part in parts for lookup in part.keys.get("lookups", {}).values()}
    found = []
    for part in parts:
        other = beside.get(part.source)
        if other and other.table == part.table and not part.shipped:
            found.append((part, f"it is read beside {other.source}"))
        elif part.table in named and not named_like(part.table, part.source) and not part.shipped:
            found.append((part, f"it could be {part.table} too, but another file is named so"))
    return found


# ── What follows from all files together ──


def _with_people(parts: list[Proposed], exports: list[Export]) -> Iterator[Proposed]:
    """Users from the names of owners, where no file lists the people."""
    if any(part.table == "users" for part in parts):
        return
    by_name = {export.name: export for export in exports}
    for part in parts:
        line = part.lines.get(OWNERS.get(part.table, ""))
        if line and part.source in by_name and (native := line.cell.get("column")):
            values = by_name[part.source].values(native)
            if not values.empty and not values.str.contains(r"\d").any():
                own = {plain(name): name for name in by_name[part.source].columns}
                role = {"role": Line({"column": own["ownerrole"]})} if "ownerrole" in own else {}
                person = Line({"column": native})
                kind = constant_line("users", "kind", [])
                lines = {"user_id": person, "name": person, **({"kind": kind} if kind else {}), **role}
                yield Proposed("users", part.source, lines, {"distinct": True})


def _lines_of_deals(parts: list[Proposed], exports: list[Export]) -> Iterator[Proposed]:
    """The product of a deal as its only line, where deals name one and no file lists the lines."""
    if any(part.table == "opportunity_products" for part in parts):
        return
    for part in parts:
        export = next(export for export in exports if export.name == part.source)
        own = {plain(native): native for native in export.columns}
        product = next((own[name] for name in ("product", "productname", "productcode") if name in own), None)
        if part.table == "opportunities" and product:
            key = part.lines["opportunity_id"]
            lines = {"line_id": key, "opportunity_id": key, "product": Line({"column": product})}
            amount = {"amount": part.lines["amount"]} if "amount" in part.lines else {}
            yield Proposed("opportunity_products", part.source, {**lines, **amount})


def _told_apart(parts: list[Proposed]) -> Iterator[Proposed]:
    """Day and month told apart by another column that is written the same way."""
    told: dict[str, set[str]] = {}
    for line in (line for part in parts for line in part.lines.values() if line.times):
        if line.times and len(line.times.forms) == 1:
            told.setdefault(_family(line.times), set()).add(line.times.forms[0][:2])
    for part in parts:
        yield replace(part, lines={column: _decided(line, told) for column, line in part.lines.items()})


def _decided(line: Line, told: dict[str, set[str]]) -> Line:
    if line.times is None or len(line.times.forms) == 1:
        return line
    orders = told.get(_family(line.times), set())
    forms = tuple(form for form in line.times.forms if orders == {form[:2]})
    return replace(line, times=replace(line.times, forms=forms)) if forms else line


def _family(found: Times) -> str:
    """The form of a date whatever the order of its day and month."""
    return found.forms[0].split(" ")[0].replace("%d", "%x").replace("%m", "%x")


def _joined(*sentences: str) -> str:
    return "; ".join(sentence for sentence in sentences if sentence)


def preview(proposal: Proposal) -> dict[str, pd.DataFrame]:
    """The first five rows of every proposed table as the reader reads them: a line per column, a record beside it.

    Times are in UTC; a date stays one. Where there is something to decide the first alternative is taken, and times
    without a zone are shown as they stand. Raises `DataError` for what the reader refuses.
    """
    settings = SourceFile(mapping="proposed", data=str(proposal.folder))
    folder, mapping = proposal.folder.resolve(), proposal.settled()
    reader = Reader(Source(file="the proposal", data=folder, settings=settings, mapping=mapping, digests={}), "UTC")
    shown = {}
    for table in mapping.tables:
        filled = {column for part in proposal.parts if part.table == table for column in part.lines}
        rows = reader.read(table).rows.order_by(["file", "row"]).limit(SHOWN).execute()
        dated = [column for column in filled if f"{column}__date" in rows and rows[f"{column}__date"].all()]
        text = rows[[column for column in TABLES[table].columns if column in filled]].map(_shown)
        text[dated] = text[dated].map(lambda value: value[:10])
        shown[table] = text.set_axis([f"row {row}" for row in rows["row"]]).T
    return shown


def save(proposal: Proposal, path: Path) -> None:
    """Write the mapping whole into a new file. Raises `UsageError` where there is one already."""
    if path.exists():
        raise UsageError(Problem("there is a file already", str(path), cure="choose another --output, or remove it"))
    files.write(path, proposal.text)


def _shown(value: object) -> str:
    text = "" if pd.isna(value) else f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else str(value)  # type: ignore[call-overload]
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
