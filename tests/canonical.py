"""Canonical tables by hand, as an extract holds them: whole, typed, and empty where nothing is given."""

from __future__ import annotations

from functools import cache

import pandas as pd

from slareport.tables import DTYPES, EXTRACTED, TABLES, TEAMED

LEGS = {"lead_id": "str", "leg": "int64", "owner_id": "str", "from_at": DTYPES["instant"]}


def canonical(**given: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every table of an extract: those given, completed with the columns they lack, and the others empty."""
    return {name: _whole(name, given[name]) if name in given else _empty(name) for name in EXTRACTED}


@cache
def _empty(name: str) -> pd.DataFrame:
    return _whole(name, pd.DataFrame())


def _whole(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    types = dict(LEGS) if name == "lead_legs" else dict(TABLES[name].dtypes)
    types |= {"team": "str"} if name in TEAMED else {}
    types |= {"home": "str"} if name == "users" else {}
    for column in frame.columns.difference(list(types)):
        types[column] = frame[column].dtype
    filled = frame.reindex(columns=list(types))
    for column, kind in types.items():
        if kind == "bool":
            filled[column] = filled[column].eq(True)
        elif kind == DTYPES["instant"]:
            filled[column] = pd.to_datetime(filled[column], utc=True)
    return filled.astype(types)
