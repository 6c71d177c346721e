"""Frames to what a reader sees: each function makes one section or one figure, in finished words."""

from slareport.exhibits.findings import (
    achievers,
    adherence,
    bottlenecks,
    capacity,
    dwell,
    outlook,
    sentences,
    wins_ahead,
)
from slareport.exhibits.gallery import Gallery
from slareport.exhibits.rows import AFTER_HOURS, SHOWN_MISSES, counted, misses, trust
from slareport.exhibits.said import asked, carried, explained, needed, remarks
from slareport.exhibits.scorecards import brief, headline, matrix, scorecard
from slareport.exhibits.trends import causes, compared, small, trend
from slareport.exhibits.versions import split

__all__ = [
    "AFTER_HOURS",
    "SHOWN_MISSES",
    "Gallery",
    "achievers",
    "adherence",
    "asked",
    "bottlenecks",
    "brief",
    "capacity",
    "carried",
    "causes",
    "compared",
    "counted",
    "dwell",
    "explained",
    "headline",
    "matrix",
    "misses",
    "needed",
    "outlook",
    "remarks",
    "scorecard",
    "sentences",
    "small",
    "split",
    "trend",
    "trust",
    "wins_ahead",
]
