"""The only code that writes what a packet leaves behind: pages, tables, manifests, pointers."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from slareport import files, record
from slareport.outputs import CURRENT, FAILED, MADE_FROM, MANIFEST, PROVISIONAL, Place, content_digest
from slareport.record import FORECAST_COLUMNS, REJECT_COLUMNS
from slareport.scorecard import MISS_COLUMNS, Row
from slareport.workbook import workbook

INJECTED = ("injected-parameters", "papermill-error-cell-tag")  # cells of papermill, with random ids
FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # full-width ones too
TOLD = ("id", "team", "client", "edition", "name", "period", "period_title", "as_of", "title", "bottom_line")
CSV_COLUMNS: dict[str, list[str]] = {
    "scorecard": list(Row.__dataclass_fields__),
    "versions": list(Row.__dataclass_fields__),
    "misses": MISS_COLUMNS,
    "forecasts": FORECAST_COLUMNS,
    "rejects": REJECT_COLUMNS,
}


def publish(outputs: Path, place: Place, notebook: Any, html: str, provenance: Mapping[str, Any]) -> Path:
    """Publish one packet from its executed notebook and page; the folder it is in, the same one for the same content.

    It supersedes the packet in force, unless it is provisional and that one is not. `provenance` is what the
    manifest says beside the content: parameters and digests of all that made it.
    """
    data = closing_record(notebook)
    contents = {
        place.page: html,
        "notebook.ipynb": _notebook(notebook),
        **{f"{name}.csv": _csv(data[name], columns) for name, columns in CSV_COLUMNS.items()},
    }
    raw = {name: text.encode() for name, text in contents.items()}
    tabs = {name: (columns, data[name]) for name, columns in CSV_COLUMNS.items()}
    raw[f"{place.stem}.xlsx"] = workbook(tabs, data["zone"])
    listed = {name: {"sha256": _digest(raw[name]), "size": len(raw[name])} for name in sorted(raw)}
    whole = content_digest(listed)
    name = f"{pd.Timestamp(data['as_of']):%Y%m%dT%H%M%SZ}-{whole[:8]}"
    folder = place.folder(outputs)
    before = place.current(outputs)
    takes_over = before is None or not data["provisional"] or before["status"] == PROVISIONAL
    supersedes = before["content_digest"] if before and takes_over else None
    with files.new_folder(folder / name) as staging:
        for file, content in raw.items():
            (staging / file).write_bytes(content)
        manifest = {
            "status": PROVISIONAL if data["provisional"] else "published",
            **{key: data[key] for key in TOLD},
            "notebook": place.notebook,
            "files": listed,
            "content_digest": whole,
            "supersedes": supersedes,
            "accounting": data["accounting"],
            "items": data["items"],
            **provenance,
            "digests": {
                "data": data["data_digest"],
                "agreement": data["agreement_digest"],
                **provenance.get("digests", {}),
            },
        }
        (staging / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")
    if takes_over:
        files.point(folder / CURRENT, name)
    shutil.rmtree(folder / FAILED, ignore_errors=True)
    made_from = {part: provenance.get(part) for part in ("parameters", "digests")}
    files.write(folder / MADE_FROM, json.dumps(made_from, indent=1, sort_keys=True) + "\n")
    return folder / name


def keep_failure(outputs: Path, place: Place, notebook: Any, reason: str) -> Path:
    """Keep the executed copy of a notebook that failed (None if there is none), in place of an earlier failure."""
    folder = place.folder(outputs) / FAILED
    shutil.rmtree(folder, ignore_errors=True)
    with files.new_folder(folder) as staging:
        if notebook is not None:
            (staging / "notebook.ipynb").write_text(_notebook(notebook), "utf-8")
        (staging / "reason.txt").write_text(reason + "\n", "utf-8")
    return folder


def closing_record(notebook: Any) -> dict[str, Any]:
    """The record a review's last call left in an executed notebook. Raises `KeyError` where there is none."""
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            if record.MIME in output.get("data", {}):
                return dict(output["data"][record.MIME])
    raise KeyError(record.MIME)


def normalised(notebook: Any) -> Any:
    """An executed notebook without what differs from run to run: times, paths, the Python at hand, random ids."""
    plain = nbformat.from_dict(json.loads(json.dumps(notebook)))
    kept = {name: value for name, value in plain.metadata.items() if name == "kernelspec"}
    plain.metadata = nbformat.from_dict({**kept, "language_info": {"name": "python"}})
    for number, cell in enumerate(plain.cells):
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if tags and tags[0] in INJECTED:
            cell["id"] = f"injected-{number}"
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return plain


def _joined(shown: list[Any]) -> list[Any]:
    """Outputs with what was printed in one piece: where a stream is cut depends on how fast the machine is."""
    joined: list[Any] = []
    for output in shown:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and output.get("name") == last.get("name"):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _notebook(notebook: Any) -> str:
    return str(nbformat.writes(normalised(notebook))) + "\n"


def _csv(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Rows as CSV: numbers as they are, text such that no spreadsheet takes it for a formula."""
    frame = pd.DataFrame([{c: _cell(row.get(c)) for c in columns} for row in rows], columns=columns, dtype=object)
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _cell(value: object) -> object:
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").replace("\r", "\n")  # a bare \r ends the row, for some readers
        return f"'{text}" if text.startswith(FORMULA) else text
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return "" if value is None else value


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
