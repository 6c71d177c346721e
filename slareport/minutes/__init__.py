"""What people say about a review: explanations, notes, disputes, decisions, actions, waivers, and who signed it.

One file per review, `parameters/reviews/<period>/<team, or _all>.yaml`. Packets quote it and name who said it. Only a
waiver is counted, as one of the CRM's own is: see `slareport.waivers`.
"""

from slareport.minutes.loading import Reviews, contradictions, load_reviews
from slareport.minutes.models import (
    MOST_DECISIONS,
    Action,
    Decision,
    Dispute,
    Explanation,
    Minutes,
    Note,
    Option,
    Signature,
    Taken,
    Waiver,
    main_notebook,
    overdue,
    packet_digest,
)

__all__ = [
    "MOST_DECISIONS",
    "Action",
    "Decision",
    "Dispute",
    "Explanation",
    "Minutes",
    "Note",
    "Option",
    "Reviews",
    "Signature",
    "Taken",
    "Waiver",
    "contradictions",
    "load_reviews",
    "main_notebook",
    "overdue",
    "packet_digest",
]
