"""The extract: everything the reviews of one `as_of` need, made once and never changed.

One folder of Parquet files per team, named by its `as_of` and the digest of all that it is made from; a period is
only a filter on it. The engine that reads the CRM is imported only when an extract has to be made.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from slareport import files
from slareport.errors import DataError, Problem, VerificationError
from slareport.mapping import Source
from slareport.tables import EXTRACTED, TEAMED
from slareport.teams import UNASSIGNED, Team

HISTORY_QUARTERS = 10
FACTS = "extract.json"
REJECTS = "rejects.parquet"
MADE_BY = (  # the code on the way from native rows to an extract
    "cells.py",
    "delimited.py",
    "databases.py",
    "embedded.py",
    "engines.py",
    "extract.py",
    "layout.py",
    "ledger.py",
    "lookups.py",
    "mapping.py",
    "natives.py",
    "others.py",
    "ownership.py",
    "partitions.py",
    "postgres.py",
    "reduction.py",
    "source.py",
    "spark.py",
    "tables/__init__.py",
    "tables/contract.py",
    "tables/neighbours.py",
    "tables/sales.py",
)


@dataclass(frozen=True)
class Extract:
    """An extract on disk. `absent` names the native tables that the mapping allows to be missing, and are."""

    folder: Path
    as_of: pd.Timestamp
    history_from: pd.Timestamp
    digest: str
    began_at: Mapping[str, str]
    accounting: pd.DataFrame
    aliased: Mapping[str, int]
    digests: Mapping[str, str]
    absent: Sequence[str] = ()

    def read(self, teams: Iterable[str]) -> dict[str, pd.DataFrame]:
        """The canonical tables of some teams together, each ordered by its key."""
        names = list(teams)
        loaded = {}
        for name, key in EXTRACTED.items():
            holders = names if name in TEAMED else names[:1]
            parts = [self._frame(f"{team}/{name}.parquet") for team in holders]
            whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
            loaded[name] = whole.sort_values(list(key), ignore_index=True)
        return loaded

    def files(self, teams: Iterable[str]) -> list[str]:
        """The files that the reviews of some teams read, beside the facts."""
        folders = set(teams)
        return [name for name in self.digests if name.partition("/")[0] in {*folders, REJECTS}]

    def partition(self, teams: Iterable[str]) -> str:
        """The digest of all that the reviews of some teams can see of the CRM tables."""
        rows = {name: self.digests[name] for name in self.files(teams)}
        return _digest_of([self.as_of.isoformat(), rows, *map(dict, (self.began_at, self.aliased)), list(self.absent)])

    def rejects(self) -> pd.DataFrame:
        """Every row set aside, excluded or adjusted, with its `team` and, where known, the instant `at`."""
        return self._frame(REJECTS)

    def _frame(self, name: str) -> pd.DataFrame:
        path = self.folder / name
        if not path.is_file() or _digest(path) != self.digests[name]:
            cure = f"remove the folder {self.folder}; it is made again from the CRM tables"
            raise VerificationError(Problem("a file of the extract is missing or has changed", str(path), cure=cure))
        return pd.read_parquet(path)


def extract(
    source: Source, teams: Mapping[str, Team], zone: str, as_of: pd.Timestamp, folder: Path, *, again: bool = False
) -> Extract:
    """The extract of a source as known at `as_of`, made now if it is not there yet.

    `folder` holds all extracts. What a database holds is only known when it is read: its extract is used until one is
    asked for `again`, which leads to the same folder if the same is found. Raises `DataError` for CRM tables that are
    missing, lack columns, cannot be read or change meanwhile.
    """
    path = extract_folder(source, teams, zone, as_of, folder)
    if (again and source.url) or not path.is_dir():
        with files.lock(folder, wait=True):
            if source.url:
                _point_to_new(source, teams, zone, as_of, path)
            elif not path.is_dir():
                with files.new_folder(path) as staging:
                    _make(source, teams, zone, as_of, staging)
                    if extract_folder(source, teams, zone, as_of, folder) != path:
                        what = "a file of the CRM tables changed while it was read"
                        cure = "wait for the export to end, and run again"
                        raise DataError(Problem(what, source.settings.data, cure=cure))
    return opened(path.resolve(), as_of)


def existing(source: Source, teams: Mapping[str, Team], zone: str, as_of: pd.Timestamp, folder: Path) -> Extract | None:
    """The extract of a source as known at `as_of`, if it has been made of these CRM tables; None if not."""
    path = extract_folder(source, teams, zone, as_of, folder)
    return opened(path.resolve(), as_of) if path.is_dir() else None


def opened(path: Path, as_of: pd.Timestamp) -> Extract:
    """An extract that has been made."""
    facts = json.loads((path / FACTS).read_text())
    history_from, accounting = pd.Timestamp(facts.pop("history_from")), pd.DataFrame(facts.pop("accounting"))
    return Extract(path, as_of, history_from, accounting=accounting, **facts)


def extract_folder(source: Source, teams: Mapping[str, Team], zone: str, as_of: pd.Timestamp, folder: Path) -> Path:
    """Where an extract lies or will lie: named by its `as_of` and the digest of all that it is made from.

    That of a database is a link, for what is read there is a part of the name too.
    """
    made_from = {
        "as_of": as_of.isoformat(),
        "inputs": source.data_digests(),
        "parameters": source.digests,
        "teams": {name: sorted(team.crm) for name, team in teams.items()},
        "zone": zone,
        "code": [_digest(Path(__file__).parent / module) for module in MADE_BY],
    }
    return folder / f"{as_of:%Y%m%dT%H%M%SZ}-{_digest_of(made_from)[:8]}"


def _point_to_new(source: Source, teams: Mapping[str, Team], zone: str, as_of: pd.Timestamp, link: Path) -> None:
    """Read a database, put its extract where its content says, and let the link lead there."""
    with tempfile.TemporaryDirectory(prefix=".reading-", dir=link.parent) as reading:
        found = Path(reading)
        digest = _make(source, teams, zone, as_of, found)
        path = link.with_name(f"{link.name}-{digest[:8]}")
        with files.new_folder(path) as staging:
            for file in found.iterdir():
                file.rename(staging / file.name)
    files.point(link, path.name)


def _make(source: Source, teams: Mapping[str, Team], zone: str, as_of: pd.Timestamp, folder: Path) -> str:
    """Fill the folder of an extract; gives the digest of the data, its files or what was read in a database."""
    from slareport.partitions import Partitions
    from slareport.reduction import reduce
    from slareport.source import Reader

    history_from, partitions = _history_from(as_of, zone), Partitions(folder, [*teams, UNASSIGNED])
    with Reader(source, zone) as reader:
        reader.check()
        reduced, absent = reduce(reader, teams, as_of, history_from, partitions.keep), reader.absent()
    reduced.rejects.to_parquet(folder / REJECTS, index=False)
    digests = {path.relative_to(folder).as_posix(): _digest(path) for path in sorted(folder.rglob("*.parquet"))}
    accounting = reduced.accounting.to_dict("records")
    digest = _digest_of([digests, accounting] if source.url else source.data_digests())
    facts = {
        "history_from": history_from.isoformat(),
        "digest": digest,
        "began_at": reduced.began_at,
        "accounting": accounting,
        "aliased": reduced.aliased,
        "absent": absent,
        "digests": digests,
    }
    (folder / FACTS).write_text(json.dumps(facts, indent=1))
    return digest


def _history_from(as_of: pd.Timestamp, zone: str) -> pd.Timestamp:
    current = as_of.tz_convert(zone).tz_localize(None).to_period("Q")
    return (current - HISTORY_QUARTERS).start_time.tz_localize(zone).tz_convert("UTC")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
