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
from slareport.exhibits.measures import (
    AFTER_HOURS,
    SHOWN_MISSES,
    causes,
    compared,
    headline,
    matrix,
    misses,
    scorecard,
    trend,
    trust,
)

__all__ = [
    "AFTER_HOURS",
    "SHOWN_MISSES",
    "Gallery",
    "achievers",
    "adherence",
    "bottlenecks",
    "capacity",
    "causes",
    "compared",
    "dwell",
    "headline",
    "matrix",
    "misses",
    "outlook",
    "scorecard",
    "sentences",
    "trend",
    "trust",
    "wins_ahead",
]
