"""What one client is shown of one period: their own items, under the promises that are marked for clients."""

from __future__ import annotations

from functools import cached_property

from slareport import findings
from slareport import format as fmt
from slareport.editions import Edition
from slareport.evaluation import evaluate
from slareport.review.base import Base
from slareport.workspace import Workspace, open_workspace


class ClientReview(Base):
    """The review of one client's own items in one period, of all teams together.

    `client` is an account as the CRM calls it (empty: the one with the most misses), `period` and `as_of` are as for
    `Review`. It has no results, no people and nothing that was said at a review. Raises `UsageError` for an account
    without items, with the nearest names.
    """

    kind = "{} service review"

    def __init__(self, client: str, period: str, as_of: str = "", *, workspace: Workspace | None = None) -> None:
        evaluation = evaluate(workspace or open_workspace(), period, as_of, edition=Edition("client", client))
        super().__init__(evaluation, evaluation.edition.client)

    @cached_property
    def lede(self) -> str:
        """How much was done in time, then the promises."""
        met, due = int(self.rows["met"].sum()), int(self.rows["n"].sum())
        return f"{fmt.count(met)} of {fmt.count(due)} on time. {findings.bottom_line(self.rows)}"
