"""What a notebook holds: one review of one period, its sections in the order a notebook calls them.

    review = Review("emea", "2026Q3")
    review.scorecard()

Each method is one section of the packet; `close()` is the last and proves that the notebook ran to its end.
"""

from slareport.review.agreed import Agreed, Handbook
from slareport.review.client import ClientReview
from slareport.review.company import Summary
from slareport.review.targets import TargetSetting
from slareport.review.team import Annex, Review
from slareport.review.workflow import WorkflowAnalysis

__all__ = ["Agreed", "Annex", "ClientReview", "Handbook", "Review", "Summary", "TargetSetting", "WorkflowAnalysis"]
