"""Packets of `team_review` on the sample company: `slareport run` against the loops it replaces.

    python -m tests.benchmarks.packets [--packets 24] [--rounds 5] [--loop 2]

The extract is made before, for all. The loops make `--loop` packets a round, and their times are scaled to all: no
packet of theirs helps another. The floor is what the cells alone take in one process that has imported everything and
has made a packet before, divided by the cores.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from slareport.jobs import Job, plan
from slareport.run import prepare
from slareport.servers import FIXED
from slareport.workspace import Workspace, open_workspace
from tests.benchmarks.tables import medians, seconds, table

REPOSITORY = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
NOTEBOOK = REPOSITORY / "notebooks" / "team_review.ipynb"
PERIODS = ("2026Q3", "2026Q2", "2026Q1", "2025Q4", "2025Q3", "2025Q2")
AS_OF = "2026-10-08"  # one for all periods, and so one extract
FLOOR, RUN = "the cells alone ÷ cores (the floor)", "slareport run"


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(REPOSITORY / "parameters", f"{folder}/parameters")
        home = open_workspace(Path(folder))
        periods = [home.period(name) for name in PERIODS[: -(-options.packets // len(home.teams))]]
        jobs = plan(home, periods, notebooks=["team_review"], as_of=AS_OF)
        prepare(home, jobs)
        bench = _Bench(home, len(periods), jobs[: options.loop])
        found = medians(bench.ways(), options.rounds)
    rows = [[name, f"{s:.1f}", f"{s / len(jobs):.2f}", f"{s / found[RUN]:.1f}x"] for name, s in found.items()]
    print("\n" + table([f"{len(jobs)} packets, medians of {options.rounds}", "s", "s each", "÷ slareport run"], rows))
    print(f"\nslareport run takes {found[RUN] / found[FLOOR]:.2f} times the floor.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=24, help="rounded up to all teams of a period")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loop", type=int, default=2, help="packets that the loops make")
    return parser.parse_args()


class _Bench:
    """The ways to make the same packets, each timed."""

    def __init__(self, home: Workspace, periods: int, loop: list[Job]) -> None:
        self.home, self.loop, self.packets = home, loop, periods * len(home.teams)
        self.range = f"{PERIODS[periods - 1]}..{PERIODS[0]}"
        self.scale = self.packets / len(loop)
        self.all = [f"{team}:{period}" for period in PERIODS[:periods] for team in home.teams]
        self.environment = {**os.environ, **home.environment}

    def ways(self) -> list:
        return [
            ("papermill, jupyter nbconvert --to html", lambda: self.scale * seconds(lambda: self.commands("html"))),
            (
                "papermill, jupyter nbconvert --to slareport",
                lambda: self.scale * seconds(lambda: self.commands("slareport")),
            ),
            (
                "papermill and HTMLExporter in one process",
                lambda: self.scale * self.told("loop", self.all[: len(self.loop)]),
            ),
            (FLOOR, lambda: self.told("cells", self.all, FIXED) / (os.cpu_count() or 1)),
            (RUN, self.run),
        ]

    def commands(self, exporter: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for job in self.loop:
                given = [word for name, value in job.parameters.items() for word in ("-p", name, value)]
                self.call(BIN / "papermill", NOTEBOOK, f"{folder}/executed.ipynb", "--no-progress-bar", *given)
                self.call(BIN / "jupyter", "nbconvert", "--to", exporter, f"{folder}/executed.ipynb")

    def told(self, way: str, packets: list[str], environment: Mapping[str, str] = MappingProxyType({})) -> float:
        command = [sys.executable, "-m", "tests.benchmarks.one_process", way, NOTEBOOK, AS_OF, *packets]
        return float(self.call(*command, environment=environment))

    def run(self) -> float:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / ".extracts").symlink_to(self.home.extracts)
            asked = ["--period", self.range, "--notebook", "team_review", "--as-of", AS_OF, "--outputs", folder]
            took = seconds(lambda: self.call(BIN / "slareport", "run", *asked, "--workspace", self.home.root))
            made = len(list(Path(folder).glob("*/*/*/current")))
        if made != self.packets:
            sys.exit(f"slareport run made {made} packets of {self.packets}")
        return took

    def call(self, *command: object, environment: Mapping[str, str] = MappingProxyType({})) -> str:
        done = subprocess.run(
            list(map(str, command)),
            cwd=REPOSITORY,
            env={**self.environment, **environment},
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        return done.stdout


if __name__ == "__main__":
    main()
