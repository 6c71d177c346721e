"""A run that finds nothing changed, against the command that does nothing: how long 400 packets take to be left alone.

    python -m tests.benchmarks.unchanged [--copies 10] [--rounds 5]

The sample company's four teams in ten quarters, each with `--copies` small notebooks. Making them first takes minutes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.benchmarks.packets import BIN, REPOSITORY
from tests.benchmarks.tables import medians, seconds, table

RANGE = "2024Q2..2026Q3"
PARAMETERS = 'team = ""\nperiod = ""\nas_of = ""\nedition = "team"'
REVIEW = "from slareport.review import Review\n\nreview = Review(team, period, as_of, edition)\nreview"
NOTHING, AGAIN = "slareport --help", "slareport run"


def main() -> None:
    """Make the packets, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(REPOSITORY / "parameters", root / "parameters")
        write_notebooks(root / "notebooks", options.copies)
        asked = ["run", "--workspace", folder, "--period", RANGE]
        asked += [word for number in range(options.copies) for word in ("--notebook", f"small{number}")]
        call(*asked)
        told = call(*asked).splitlines()[-1]
        ways = [(NOTHING, lambda: seconds(lambda: call("--help"))), (AGAIN, lambda: seconds(lambda: call(*asked)))]
        found = medians(ways, options.rounds)
    rows = [[name, f"{took:.2f}", f"{took / found[AGAIN]:.2f}x"] for name, took in found.items()]
    print(f"\n{table([told.partition('. ')[0], 's', '÷ slareport run'], rows)}")


def write_notebooks(folder: Path, copies: int) -> None:
    """The smallest reviews there are."""
    folder.mkdir()
    cells = [
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        *map(new_code_cell, (REVIEW, "review.close()")),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for number in range(copies):
        nbformat.write(new_notebook(cells=cells, metadata=metadata), folder / f"small{number}.ipynb")


def call(*arguments: str) -> str:
    """What the command prints."""
    done = subprocess.run([BIN / "slareport", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
