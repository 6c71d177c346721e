"""Where published packets stand, what their manifests say, and whether they still hold.

`outputs/<period>/<team or _all>/<notebook>/<as_of>-<digest>/` never changes once it is there; `current` beside it
leads to the one in force, and `.made-from.json` says what it was last made from: another comment in a parameter file
may give the same packet. A notebook that failed leaves its executed copy under `failed/`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slareport.editions import CLIENT, own
from slareport.errors import Problem, VerificationError

CURRENT = "current"
FAILED = "failed"
MANIFEST = "manifest.json"
MADE_FROM = ".made-from.json"
PROVISIONAL = "provisional"
RESTORE = "restore it from a backup, or remove the folder and run the review again"


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


def published(outputs: Path) -> Iterator[tuple[Place, dict[str, Any] | None, str]]:
    """Every place that has a packet or a failure: its current manifest, and the reason of a later failure."""
    for folder in sorted(outputs.glob("*/*/*")):
        period, team, notebook = folder.relative_to(outputs).parts
        if period.startswith(".") or not ((folder / CURRENT).exists() or (folder / FAILED).is_dir()):
            continue
        place = Place(period, team, *notebook.split("@", 1))
        reason = folder / FAILED / "reason.txt"
        yield place, place.current(outputs), reason.read_text("utf-8").strip() if reason.is_file() else ""


def packets(outputs: Path, place: Place, digest: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The packet of a place that has this content digest, or one that begins so: its folder and manifest."""
    for folder in sorted(place.folder(outputs).glob(f"*-{digest[:8]}")):
        if (folder / MANIFEST).is_file():
            manifest = _read_manifest(folder / MANIFEST, outputs)
            if manifest["content_digest"].startswith(digest):
                yield folder, manifest


def intact(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether the packet in force in a folder still has every file, of the size it had; `verify` compares contents."""
    listed = {folder / CURRENT / name: facts["size"] for name, facts in manifest["files"].items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in listed.items())


def verify(outputs: Path, further: Iterable[Problem] = ()) -> int:
    """Compare every published file with its manifest; how many packets hold.

    Raises `VerificationError` naming each changed, missing or unlisted file, each pointer that leads nowhere, and the
    `further` problems found elsewhere.
    """
    problems, held = [*further], 0
    for folder in sorted(outputs.glob("*/*/*/*")):
        where = folder.relative_to(outputs).as_posix()
        if folder.is_symlink():
            if not (folder / MANIFEST).is_file():
                problems.append(Problem("leads to no packet", where, cure="run the review again"))
        elif folder.is_dir() and folder.name != FAILED and not {where[0], folder.name[0]} & {"."}:
            held += 1
            problems += faults(folder, outputs)
    if problems:
        raise VerificationError(problems)
    return held


def faults(folder: Path, outputs: Path) -> Iterator[Problem]:
    """What is not as the manifest of one packet says."""
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
    whole = content_digest(listed)
    if manifest["content_digest"] != whole or not folder.name.endswith(f"-{whole[:8]}"):
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


def content_digest(listed: Mapping[str, Any]) -> str:
    """The digest of all files of a packet, from what its manifest lists of them."""
    return _digest(json.dumps(listed, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
