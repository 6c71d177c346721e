"""Several charts shown by one notebook cell."""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import display

from slareport.charts import Figure
from slareport.sections import Section


class Gallery:
    """Several charts shown by one cell, with a section before them if there is one."""

    def __init__(self, figures: Sequence[Figure], before: Section | None = None) -> None:
        self.before = before
        self.figures = list(figures)

    def _ipython_display_(self) -> None:
        for shown in [self.before] * bool(self.before) + self.figures:
            display(shown)
