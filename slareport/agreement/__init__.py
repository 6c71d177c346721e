"""The agreement as data: what is promised to whom, on which calendars, since when.

One complete file per version under `parameters/agreement/`, named by the day it takes effect. The version in
force when an item's clock starts governs it for good: a later change never re-judges.
"""

from slareport.agreement.loading import load_agreement
from slareport.agreement.models import (
    Audience,
    Handoff,
    Hours,
    Identifier,
    Measure,
    Module,
    Outcome,
    Promise,
    Responsibility,
    Text,
    Version,
)
from slareport.agreement.versions import Agreement

__all__ = [
    "Agreement",
    "Audience",
    "Handoff",
    "Hours",
    "Identifier",
    "Measure",
    "Module",
    "Outcome",
    "Promise",
    "Responsibility",
    "Text",
    "Version",
    "load_agreement",
]
