"""What a published packet leaves behind, and the only code that writes it.

`outputs/<period>/<team or _all>/<notebook>/<as_of>-<digest>/` never changes once it is there; `current` beside it
leads to the newest. A notebook that failed leaves its executed copy under `failed/`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from slareport import files, record
from slareport.errors import Problem, VerificationError
from slareport.record import REJECT_COLUMNS
from slareport.scorecard import MISS_COLUMNS, Row

COMPANY = "_all"
CURRENT = "current"
FAILED = "failed"
MANIFEST = "manifest.json"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV_COLUMNS: dict[str, list[str]] = {
    "scorecard": list(Row.__dataclass_fields__),
    "misses": MISS_COLUMNS,
    "rejects": REJECT_COLUMNS,
}


@dataclass(frozen=True)
class Place:
    """Where the packets of one notebook for one team and period stand."""

    period: str
    team: str
    notebook: str

    def folder(self, outputs: Path) -> Path:
        """The folder of all its packets."""
        return outputs / self.period / self.team / self.notebook

    def current(self, outputs: Path) -> dict[str, Any] | None:
        """The manifest of the newest packet, None where there is none."""
        path = self.folder(outputs) / CURRENT / MANIFEST
        return json.loads(path.read_text("utf-8")) if path.is_file() else None


def publish(outputs: Path, place: Place, notebook: Any, html: str, provenance: Mapping[str, Any]) -> Path:
    """Publish one packet from its executed notebook and page; the folder it is in, the same one for the same content.

    `provenance` is what the manifest says beside the content: parameters and digests of all that made it.
    """
    data = closing_record(notebook)
    contents = {
        "packet.html": html,
        "notebook.ipynb": nbformat.writes(normalised(notebook)) + "\n",
        **{f"{name}.csv": _csv(data[name], columns) for name, columns in CSV_COLUMNS.items()},
    }
    listed = {name: {"sha256": _digest(text), "size": len(text.encode())} for name, text in sorted(contents.items())}
    content_digest = _digest(json.dumps(listed, sort_keys=True))
    as_of = pd.Timestamp(data["as_of"])
    name = f"{as_of:%Y%m%dT%H%M%SZ}-{content_digest[:8]}"
    folder = place.folder(outputs)
    before = place.current(outputs)
    with files.new_folder(folder / name) as staging:
        for file, text in contents.items():
            (staging / file).write_bytes(text.encode())
        manifest = {
            "status": "provisional" if data["provisional"] else "published",
            **{key: data[key] for key in ("team", "name", "period", "period_title", "as_of", "title")},
            "notebook": place.notebook,
            "files": listed,
            "content_digest": content_digest,
            "supersedes": before["content_digest"] if before and before["content_digest"] != content_digest else None,
            "accounting": data["accounting"],
            "items": data["items"],
            **provenance,
        }
        (staging / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")
    files.point(folder / CURRENT, name)
    shutil.rmtree(folder / FAILED, ignore_errors=True)
    return folder / name


def keep_failure(outputs: Path, place: Place, executed: Path, reason: str) -> Path:
    """Keep the executed copy of a notebook that failed, with the reason, in place of an earlier failure."""
    folder = place.folder(outputs) / FAILED
    shutil.rmtree(folder, ignore_errors=True)
    with files.new_folder(folder) as staging:
        if executed.is_file():
            shutil.copyfile(executed, staging / "notebook.ipynb")
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
    plain.metadata = nbformat.from_dict(
        {"kernelspec": plain.metadata.get("kernelspec", {}), "language_info": {"name": "python"}}
    )
    for number, cell in enumerate(plain.cells):
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if "injected-parameters" in tags:
            cell["id"] = f"injected-{number}"
    return plain


def published(outputs: Path) -> Iterator[tuple[Place, dict[str, Any] | None, str]]:
    """Every place that has a packet or a failure: its current manifest, and the reason of a later failure."""
    for folder in sorted(outputs.glob("*/*/*")):
        period, team, notebook = folder.relative_to(outputs).parts
        if period.startswith(".") or not ((folder / CURRENT).exists() or (folder / FAILED).is_dir()):
            continue
        place = Place(period, team, notebook)
        reason = folder / FAILED / "reason.txt"
        yield place, place.current(outputs), reason.read_text("utf-8").strip() if reason.is_file() else ""


def verify(outputs: Path) -> int:
    """Compare every published file with its manifest; how many packets hold.

    Raises `VerificationError` naming each changed, missing or unlisted file.
    """
    problems, packets = [], 0
    for path in sorted(outputs.glob(f"*/*/*/*/{MANIFEST}")):
        folder = path.parent
        if folder.name == CURRENT or folder.is_symlink():
            continue
        packets += 1
        listed = json.loads(path.read_text("utf-8"))["files"]
        where = folder.relative_to(outputs).as_posix()
        there = {file.name for file in folder.iterdir()} - {MANIFEST}
        for name in sorted(there | set(listed)):
            if name not in listed:
                problems.append(Problem("a file the manifest does not know", f"{where}/{name}", cure="remove it"))
            elif name not in there:
                problems.append(Problem("a published file is missing", f"{where}/{name}", cure="restore it"))
            elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != listed[name]["sha256"]:
                problems.append(Problem("a published file was changed", f"{where}/{name}", cure="restore it"))
    if problems:
        raise VerificationError(problems)
    return packets


def _csv(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Rows as CSV: numbers as they are, text such that no spreadsheet takes it for a formula."""
    frame = pd.DataFrame([{c: _cell(row.get(c)) for c in columns} for row in rows], columns=columns, dtype=object)
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return "" if value is None else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
