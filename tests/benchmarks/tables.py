"""What the benchmarks share: rounds, medians and one table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

Way = tuple[str, Callable[[], float]]


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(ways: Sequence[Way], rounds: int) -> dict[str, float]:
    """The median of each way's figure; the ways take turns, so that a busy minute of the machine falls on all."""
    found: dict[str, list[float]] = {name: [] for name, _ in ways}
    for number in range(rounds):
        for name, measure in ways:
            found[name].append(measure())
            print(f"round {number + 1}  {found[name][-1]:8.2f}  {name}", flush=True)
    return {name: statistics.median(values) for name, values in found.items()}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as Markdown, the first column to the left and all others to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    line = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"
        for row in (header, line, *rows)
    )
