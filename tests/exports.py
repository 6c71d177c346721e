"""Tiny CRM exports written by hand: Salesforce's tables as CSV files of a few rows, and the source that reads them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from slareport.extract import extract
from slareport.mapping import Source, load_source
from slareport.reduction import Reduced, reduce
from slareport.source import Read, Reader
from slareport.teams import Team

OLD_CALLS = [  # that ibis 12 makes of DuckDB 2.0 and of pandas 3.1
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option:DeprecationWarning"),
]
BERLIN = "Europe/Berlin"
NORTH = Team(name="North", leader="Ada", calendar="berlin", currency="EUR", crm=["N"])
SOUTH = Team(name="South", leader="Bo", calendar="berlin", currency="EUR", crm=["S"])
TEAMS = {"north": NORTH, "south": SOUTH}
AS_OF = "2026-07-01T00:00Z"
SINCE = "2024-01-01T00:00Z"

PEOPLE = [
    {"Id": "A", "Name": "Anna", "UserType": "Standard", "Division": "N"},
    {"Id": "B", "Name": "Bert", "UserType": "Standard", "Division": "N"},
    {"Id": "S", "Name": "Sara", "UserType": "Standard", "Division": "S"},
    {"Id": "X", "Name": "Xaver", "UserType": "Standard", "Division": "Nowhere"},
    {"Id": "R", "Name": "Robot", "UserType": "AutomatedProcess"},
]
QUEUE = [{"Id": "Q", "Name": "Inbox", "Type": "Queue", "Division__c": "N"}]
ALWAYS = {
    "Lead": {"CreatedDate": "2026-06-15T07:00:00Z", "OwnerId": "A"},
    "LeadHistory": {"Field": "Owner"},
    "Task": {"IsClosed": "true", "TaskSubtype": "Call", "OwnerId": "A", "CreatedDate": "2026-06-15T08:00:00Z"},
    "Opportunity": {"CreatedDate": "2026-06-01T08:00:00Z", "OwnerId": "A", "IsWon": "false", "IsClosed": "false"},
    "OpportunityHistory": {"StageName": "Proposal", "CreatedDate": "2026-06-02T08:00:00Z"},
}


def a_source(root: Path, *, layout: str = "mapping: salesforce", **settings: str) -> Source:
    """A source in `root`, its tables in `root/data`; `settings` are further lines of source.yaml."""
    (root / "data").mkdir(parents=True, exist_ok=True)
    lines = [layout, "data: data", *(f"{name}: {value}" for name, value in settings.items())]
    (root / "source.yaml").write_text("\n".join(lines) + "\n")
    return load_source(root / "source.yaml", root)


def export(root: Path, **tables: list[dict[str, str]]) -> Source:
    """Salesforce's tables: the rows given, with usual values where a row has none; the users above, else empty."""
    source = a_source(root)
    asked = source.asked()
    for name in [*source.natives(), *(name for name in tables if name not in source.natives())]:
        rows = tables.get(name, {"User": PEOPLE, "Group": QUEUE}.get(name, []))
        columns = asked[name]
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows({**ALWAYS.get(name, {}), **row} for row in rows)
        (source.data / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
    return source


@dataclass(frozen=True)
class Left(Reduced):
    """What is left of a source, its tables in memory."""

    tables: dict[str, pd.DataFrame]


def left_of(reader: Reader, as_of: str = AS_OF, teams=TEAMS, since: str = SINCE) -> Left:
    """What is left of a source as known at `as_of`."""
    tables: dict[str, pd.DataFrame] = {}

    def keep(name, pieces):
        tables[name] = pd.concat(pieces, ignore_index=True)

    told = reduce(reader, teams, pd.Timestamp(as_of), pd.Timestamp(since), keep)
    return Left(**vars(told), tables=tables)


def reduced(root: Path, as_of: str = AS_OF, **tables: list[dict[str, str]]) -> Left:
    """What is left of these tables as known at `as_of`."""
    return left_of(Reader(export(root, **tables), BERLIN), as_of)


def extracted(root: Path, source: Source, teams=TEAMS, as_of: str = AS_OF):
    """The extract of a source, kept in `root/extracts`."""
    return extract(source, teams, BERLIN, pd.Timestamp(as_of), root / "extracts")


LEADS = """\
title: One table
instants: iso
dates: iso
timezone: Europe/Berlin
tables:
  leads:
    from: Lead
    columns: {lead_id: Id, name: Name, created_at: Created, owner_id: Owner, is_test: Test, modified_at: Modified}
"""
HEADER = "Id,Name,Created,Owner,Test,Modified"
DEALS = """\
title: One table
instants: iso
dates: iso
timezone: UTC
tables:
  opportunities:
    from: Deal
    columns:
      opportunity_id: Id
      name: Name
      status: {column: Status, values: {Open: open, Won: won}}
      amount: Amount
      created_at: Created
      closed_at: {column: Closed, date: true}
"""


def one_table(root: Path, raw: str | bytes, *, mapping: str = LEADS, name: str = "Lead.csv", **settings: str) -> Source:
    """A source of one file with these very bytes."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "own.yaml").write_text(mapping)
    source = a_source(root, layout="mapping: own", **settings)
    (source.data / name).write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return source


def read(source: Source, table: str = "leads") -> Read:
    """One canonical table of a source, columns checked."""
    reader = Reader(source, BERLIN)
    reader.check()
    return reader.read(table)


def rows(found: Read) -> list[dict]:
    """The usable rows of a table as plain dicts, in the order of the file."""
    frame = found.rows.order_by("row").execute()
    return [{k: None if pd.isna(v) else v for k, v in row.items()} for row in frame.to_dict("records")]


def listed(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """Rejects as plain tuples."""
    return list(frame[list(columns)].itertuples(index=False, name=None))
