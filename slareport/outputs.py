"""What a published packet leaves behind, and the only code that writes it.

`outputs/<period>/<team or _all>/<notebook>/<as_of>-<digest>/` never changes once it is there; `current` beside it
leads to the one in force, and `.made-from.json` says what it was last made from: another comment in a parameter file
may give the same packet. A notebook that failed leaves its executed copy under `failed/`.
"""

from __future__ import annotations

import contextlib
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
from slareport.editions import CLIENT, own
from slareport.errors import Problem, VerificationError
from slareport.record import FORECAST_COLUMNS, REJECT_COLUMNS
from slareport.scorecard import MISS_COLUMNS, Row
from slareport.workbook import workbook

CURRENT = "current"
FAILED = "failed"
MANIFEST = "manifest.json"
MADE_FROM = ".made-from.json"
PROVISIONAL = "provisional"
RESTORE = "restore it from a backup, or remove the folder and run the review again"
INJECTED = ("injected-parameters", "papermill-error-cell-tag")  # cells of papermill, with random ids
FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # full-width ones too
TOLD = ("id", "team", "client", "edition", "name", "period", "period_title", "as_of", "title", "bottom_line")
CSV_COLUMNS: dict[str, list[str]] = {
    "scorecard": list(Row.__dataclass_fields__),
    "misses": MISS_COLUMNS,
    "forecasts": FORECAST_COLUMNS,
    "rejects": REJECT_COLUMNS,
}


@dataclass(frozen=True)
class Place:
    """Where the packets of one notebook for one team and period stand.

    `edition` is empty for the audience that the review is first made for, else part of the names.
    """

    period: str
    team: str
    notebook: str
    edition: str = ""

    @property
    def stem(self) -> str:
        """What the page and the workbook are called: what a client or another audience may see says so in its name."""
        named = own(self.team) if own(self.team) == CLIENT else self.edition
        return f"packet-{named}" if named else "packet"

    @property
    def page(self) -> str:
        """The file name of the packet."""
        return f"{self.stem}.html"

    def folder(self, outputs: Path) -> Path:
        """The folder of all its packets."""
        return outputs / self.period / self.team / "@".join(filter(None, [self.notebook, self.edition]))

    def path(self, outputs: Path) -> str:
        """The folder of the packet in force, from the outputs on: the version itself, as not every host has links."""
        return (self.folder(outputs) / CURRENT).resolve().relative_to(outputs.resolve()).as_posix()

    def current(self, outputs: Path) -> dict[str, Any] | None:
        """The manifest of the packet in force, None where there is none."""
        path = self.folder(outputs) / CURRENT / MANIFEST
        return _read_manifest(path, outputs) if path.is_file() else None

    def made_from(self, outputs: Path) -> dict[str, Any]:
        """The parameters and digests that the newest packet was last made from; empty where nobody knows."""
        with contextlib.suppress(OSError, ValueError):
            return dict(json.loads((self.folder(outputs) / MADE_FROM).read_text("utf-8")))
        return {}


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
    listed = {name: {"sha256": _digest(content), "size": len(content)} for name, content in sorted(raw.items())}
    content_digest = _content_digest(listed)
    name = f"{pd.Timestamp(data['as_of']):%Y%m%dT%H%M%SZ}-{content_digest[:8]}"
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
            "content_digest": content_digest,
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


def published(outputs: Path) -> Iterator[tuple[Place, dict[str, Any] | None, str]]:
    """Every place that has a packet or a failure: its current manifest, and the reason of a later failure."""
    for folder in sorted(outputs.glob("*/*/*")):
        period, team, notebook = folder.relative_to(outputs).parts
        if period.startswith(".") or not ((folder / CURRENT).exists() or (folder / FAILED).is_dir()):
            continue
        place = Place(period, team, *notebook.split("@", 1))
        reason = folder / FAILED / "reason.txt"
        yield place, place.current(outputs), reason.read_text("utf-8").strip() if reason.is_file() else ""


def intact(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether the packet in force in a folder still has every file, of the size it had; `verify` compares contents."""
    listed = {folder / CURRENT / name: facts["size"] for name, facts in manifest["files"].items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in listed.items())


def verify(outputs: Path) -> int:
    """Compare every published file with its manifest; how many packets hold.

    Raises `VerificationError` naming each changed, missing or unlisted file, and each pointer that leads nowhere.
    """
    problems, packets = [], 0
    for folder in sorted(outputs.glob("*/*/*/*")):
        where = folder.relative_to(outputs).as_posix()
        if folder.is_symlink():
            if not (folder / MANIFEST).is_file():
                problems.append(Problem("leads to no packet", where, cure="run the review again"))
        elif folder.is_dir() and folder.name != FAILED and not {where[0], folder.name[0]} & {"."}:
            packets += 1
            problems += _faults(folder, outputs)
    if problems:
        raise VerificationError(problems)
    return packets


def _faults(folder: Path, outputs: Path) -> Iterator[Problem]:
    where = folder.relative_to(outputs).as_posix()
    try:
        manifest = _read_manifest(folder / MANIFEST, outputs)
    except VerificationError as error:
        yield from error.problems
        return
    listed = manifest["files"]
    there = {file.name for file in folder.iterdir()} - {MANIFEST}
    for name in sorted(there | set(listed)):
        if name not in listed:
            yield Problem("a file the manifest does not know", f"{where}/{name}", cure="remove it")
        elif not (folder / name).is_file():
            yield Problem("a published file is missing", f"{where}/{name}", cure=RESTORE)
        elif _digest((folder / name).read_bytes()) != listed[name]["sha256"]:
            yield Problem("a published file was changed", f"{where}/{name}", cure=RESTORE)
    digest = _content_digest(listed)
    if manifest["content_digest"] != digest or not folder.name.endswith(f"-{digest[:8]}"):
        yield Problem("the manifest was changed", f"{where}/{MANIFEST}", cure=RESTORE)


def _read_manifest(path: Path, outputs: Path) -> dict[str, Any]:
    where = path.relative_to(outputs).as_posix()
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except OSError as error:
        problem = Problem(f"cannot be read: {error.strerror}", where, cure=RESTORE)
    except ValueError:
        problem = Problem("is not JSON", where, cure=RESTORE)
    else:
        if isinstance(manifest, dict) and {"files", "content_digest", "status", "as_of"} <= set(manifest):
            return manifest
        problem = Problem("is not a manifest", where, cure=RESTORE)
    raise VerificationError(problem)


def _content_digest(listed: Mapping[str, Any]) -> str:
    return _digest(json.dumps(listed, sort_keys=True).encode())


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
