"""The extract: everything the reviews of one `as_of` need, made once and never changed.

One folder of Parquet files per team, named by its `as_of` and the digest of all that it is made from; a period is
only a filter on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from slareport import files, reduction, source, tables
from slareport.mapping import Source
from slareport.reduction import EXTRACTED, TEAMED, reduce
from slareport.source import Reader
from slareport.teams import UNASSIGNED, Team

HISTORY_QUARTERS = 10


@dataclass(frozen=True)
class Extract:
    """An extract on disk."""

    folder: Path
    as_of: pd.Timestamp
    history_from: pd.Timestamp
    digest: str
    began_at: Mapping[str, str]
    accounting: pd.DataFrame
    aliased: Mapping[str, int]

    def read(self, teams: Iterable[str]) -> dict[str, pd.DataFrame]:
        """The canonical tables of some teams together, each ordered by its key."""
        names = list(teams)
        loaded = {}
        for name, key in EXTRACTED.items():
            holders = names if name in TEAMED else names[:1]
            parts = [pd.read_parquet(self.folder / team / f"{name}.parquet") for team in holders]
            whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
            loaded[name] = whole.sort_values(list(key), ignore_index=True)
        return loaded

    def rejects(self) -> pd.DataFrame:
        """Every row set aside, excluded or adjusted, with its `team` and, where known, the instant `at`."""
        return pd.read_parquet(self.folder / "rejects.parquet")


def extract(source_: Source, teams: Mapping[str, Team], zone: str, as_of: pd.Timestamp, folder: Path) -> Extract:
    """The extract of a source as known at `as_of`, made now if it is not there yet.

    `folder` holds all extracts; one is named by its `as_of` and the digest of all that it is made from.
    """
    reader = Reader(source_, zone)
    reader.check()
    inputs = reader.digests()
    made_from = {
        "as_of": as_of.isoformat(),
        "inputs": inputs,
        "parameters": source_.digests,
        "teams": {name: sorted(team.crm) for name, team in teams.items()},
        "zone": zone,
        "code": [_digest(Path(str(module.__file__)).read_bytes()) for module in (tables, source, reduction)],
    }
    key = _digest(json.dumps(made_from, sort_keys=True).encode())
    path = folder / f"{as_of:%Y%m%dT%H%M%SZ}-{key[:8]}"
    with files.lock(folder, wait=True):
        if not path.is_dir():
            with files.new_folder(path) as staging:
                _make(reader, teams, as_of, staging, _digest(json.dumps(inputs, sort_keys=True).encode()))
    facts = json.loads((path / "extract.json").read_text())
    return Extract(
        path,
        as_of,
        pd.Timestamp(facts["history_from"]),
        facts["digest"],
        facts["began_at"],
        pd.DataFrame(facts["accounting"]),
        facts["aliased"],
    )


def _make(reader: Reader, teams: Mapping[str, Team], as_of: pd.Timestamp, folder: Path, digest: str) -> None:
    history_from = _history_from(as_of, reader.zone)
    reduced = reduce(reader, teams, as_of, history_from)
    for team in [*teams, UNASSIGNED]:
        (folder / team).mkdir()
        for name, frame in reduced.tables.items():
            mine = frame[frame["team"].eq(team)] if name in TEAMED else frame
            mine.reset_index(drop=True).to_parquet(folder / team / f"{name}.parquet", index=False)
    reduced.rejects.to_parquet(folder / "rejects.parquet", index=False)
    facts = {
        "history_from": history_from.isoformat(),
        "digest": digest,
        "began_at": reduced.began_at,
        "accounting": reduced.accounting.to_dict("records"),
        "aliased": reduced.aliased,
    }
    (folder / "extract.json").write_text(json.dumps(facts, indent=1))


def _history_from(as_of: pd.Timestamp, zone: str) -> pd.Timestamp:
    current = as_of.tz_convert(zone).tz_localize(None).to_period("Q")
    return (current - HISTORY_QUARTERS).start_time.tz_localize(zone).tz_convert("UTC")


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
