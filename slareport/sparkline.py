"""A measure over periods as a line no larger than a word, for a cell of a table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from markupsafe import Markup

from slareport import sections

WIDTH, HEIGHT, EDGE = 96, 24, 4


def sparkline(values: Sequence[float], goal: float, told: str) -> Markup:
    """The values on a scale of their own, oldest first, and the goal as a dashed line; empty below two values.

    `goal` is what was promised, NaN for none. A period without a value (NaN) interrupts the line. `told` says in
    words what is drawn.
    """
    known = [value for value in values if value == value]
    if len(known) < 2:
        return Markup("")
    scale = [*known, goal] if goal == goal else known
    low, span = min(scale), max(scale) - min(scale) or 1.0

    def height(value: float) -> float:
        return round(HEIGHT - EDGE - (value - low) / span * (HEIGHT - 2 * EDGE), 1)

    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)
    points = [(round(EDGE + number * step, 1), value) for number, value in enumerate(values)]
    runs = itertools.groupby(points, key=lambda point: point[1] == point[1])
    lines = [" ".join(f"{x},{height(value)}" for x, value in run) for drawn, run in runs if drawn]
    x, last = next((x, value) for x, value in reversed(points) if value == value)
    return sections.spark(
        size=(WIDTH, HEIGHT),
        lines=lines,
        last=(x, height(last)),
        goal=height(goal) if goal == goal else None,
        told=told,
    )
