"""Several charts shown by one notebook cell, with what belongs to them."""

from __future__ import annotations

from IPython.display import display

from slareport.charts import Figure
from slareport.sections import Section, nothing


class Gallery:
    """Charts and sections in reading order. What follows a chart belongs to it: the page keeps them together."""

    def __init__(self, *shown: Figure | Section) -> None:
        self.shown = shown

    @property
    def figures(self) -> list[Figure]:
        """The charts alone."""
        return [one for one in self.shown if isinstance(one, Figure)]

    def _ipython_display_(self) -> None:
        for one in self.shown or [nothing("nothing to show")]:
            display(one)
