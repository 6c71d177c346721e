"""The Parquet files of an extract: every table cut by team, written piece by piece as the engine gives it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from slareport.tables import TEAMED


class Partitions:
    """A folder per team to be filled with tables."""

    def __init__(self, folder: Path, teams: Iterable[str]) -> None:
        self.folders = {team: folder / team for team in teams}
        for each in self.folders.values():
            each.mkdir()

    def keep(self, name: str, pieces: Iterable[pd.DataFrame]) -> None:
        """Write a table, of which the first piece may be empty: to each team its own rows, or those for everyone."""
        writers: dict[str, parquet.ParquetWriter] = {}
        with contextlib.ExitStack() as files:
            for piece in pieces:
                for team, folder in self.folders.items():
                    mine = piece[piece["team"].eq(team)] if name in TEAMED else piece
                    rows = pa.Table.from_pandas(mine, preserve_index=False)
                    if team not in writers:
                        path = folder / f"{name}.parquet"
                        writers[team] = files.enter_context(parquet.ParquetWriter(path, rows.schema))
                    if len(mine):
                        writers[team].write_table(rows)
