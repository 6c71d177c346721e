"""How often something is found where nothing was planted: `python -m tests.false_alarms 50`.

Each seed is a sample company whose teams and people all behave alike, read from its CRM files and reviewed like any.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from slareport.results import BETTER, SAME, WORSE
from slareport.review import Review
from slareport.sample import write_sample
from slareport.workspace import PACKAGE, open_workspace

PERIOD = "2026Q3"
LOOKS_FOR_CHANCE = ("bottleneck-", "mix-win-rate", "funnel", "winners", "keepers", "wins-by-", "satisfaction-by-")
MOVED = "a result better or worse"

Counts = Counter[tuple[str, bool]]


def alarms(seed: int) -> Counts:
    """Per question, how many answers about one company were clear (a false alarm) and how many were not."""
    counts: Counts = Counter()
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(company(Path(folder), seed))
        for team in workspace.teams:
            review = Review(team, PERIOD, workspace=workspace)
            asked = [found for found in review.findings if found.name.startswith(LOOKS_FOR_CHANCE)]
            counts.update((found.name, found.clear) for found in asked)
            results = review.rows["result"]
            counts[MOVED, True] += int(results.isin([BETTER, WORSE]).sum())
            counts[MOVED, False] += int(results.eq(SAME).sum())
    return counts


def company(folder: Path, seed: int) -> Path:
    """A workspace like the sample company's, in which nothing is planted."""
    shutil.copytree(PACKAGE.parent / "parameters", folder / "parameters")
    write_sample(folder / "data", seed=seed, planted=False)
    source = folder / "parameters" / "source.yaml"
    text = re.sub(r"^sample:.*\n", "", source.read_text("utf-8"), flags=re.MULTILINE)
    source.write_text(re.sub(r"^data:.*$", "data: data", text, flags=re.MULTILINE), "utf-8")
    return folder


def rates(seeds: Iterable[int]) -> Counts:
    """The same, over the companies of many seeds."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        return sum(pool.map(alarms, seeds), Counter())


if __name__ == "__main__":
    found = rates(range(1, 1 + int(sys.argv[1])))
    for question in sorted({question for question, _ in found}):
        clear, whole = found[question, True], found[question, True] + found[question, False]
        print(f"{question}: {clear} of {whole} clear ({clear / whole:.1%})")
