"""The sample company's exports put into a database: every value as text, or as what it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd
import psycopg

from slareport.extract import Extract
from slareport.tables import EXTRACTED

FITS = {  # in this order
    "date": "length({0}) = 10 and try_cast({0} as date) is not null",
    "timestamptz": "length({0}) > 10 and try_cast({0} as timestamptz) is not null",
    "boolean": "{0} in ('true', 'false')",
    "numeric": "regexp_full_match({0}, '-?(0|[1-9][0-9]*)([.][0-9]+)?')",
}


def types_of(path: Path, *, typed: bool) -> dict[str, str]:
    """The columns of a CSV file, with the type that all values of each fit; else, or where not `typed`, text."""
    table = duckdb.read_csv(str(path), all_varchar=True, header=True)
    if not typed:
        return dict.fromkeys(table.columns, "text")
    tests = [
        f"bool_and({fits.format(chr(34) + c + chr(34))}) AND count(*) > 0"
        for c in table.columns
        for fits in FITS.values()
    ]
    fit = iter(table.aggregate(", ".join(tests)).fetchall()[0])
    return {c: next((kind for kind, ok in [(kind, next(fit)) for kind in FITS] if ok), "text") for c in table.columns}


def into_postgres(session: psycopg.Connection, schema: str, folder: Path, *, typed: bool) -> dict[str, str]:
    """A table per file in a schema of its own; says which types there are."""
    kinds: dict[str, str] = {}
    session.execute(f'create schema "{schema}"')
    for path in sorted(folder.glob("*.csv")):
        types = types_of(path, typed=typed)
        kinds |= types
        columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        session.execute(f'create table "{schema}"."{path.stem}" ({columns})')
        with (
            session.cursor() as cursor,
            cursor.copy(f'copy "{schema}"."{path.stem}" from stdin (format csv, header)') as to,
        ):
            to.write(path.read_bytes())
    return kinds


def into_parquet(folder: Path, target: Path, *, typed: bool) -> None:
    """A Parquet file per CSV file."""
    target.mkdir()
    for path in sorted(folder.glob("*.csv")):
        names = {"text": "varchar", "numeric": "decimal(18, 6)"}
        columns = [
            f'"{name}"::{names.get(kind, kind)} as "{name}"' for name, kind in types_of(path, typed=typed).items()
        ]
        read = f"select {', '.join(columns)} from read_csv('{path}', all_varchar = true, header = true)"
        duckdb.execute(f"copy ({read}) to '{target / path.stem}.parquet'")


def differences(one: Extract, other: Extract) -> list[str]:
    """The tables of two extracts whose files differ by a byte, and what of their rejects and counts does.

    Where a rejected row stands is told by its number in a file, and by its first column in a database.
    """
    files = {path.relative_to(one.folder).as_posix() for path in one.folder.rglob("*.parquet")} - {"rejects.parquet"}
    assert len(files) >= len(EXTRACTED)
    found = [name for name in sorted(files) if (one.folder / name).read_bytes() != (other.folder / name).read_bytes()]
    facts: list[Mapping] = [each.aliased | each.began_at for each in (one, other)]
    if facts[0] != facts[1] or not one.accounting.equals(other.accounting):
        found.append("the accounting")
    columns = ["table", "id", "reason", "effect", "team", "at"]
    rejects = [each.rejects()[columns].sort_values(columns, ignore_index=True) for each in (one, other)]
    return found + ["the rejects"] * (not rejects[0].equals(rejects[1]))


def digest_of(frame: pd.DataFrame) -> str:
    """A scorecard as it would be published."""
    return frame.to_csv(index=False)
