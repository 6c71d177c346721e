"""Companies to look at packets of: a small agreement, a team without data, one whose every name is hostile, and one
that has no agreement yet."""

from __future__ import annotations

import csv
import itertools
import re
import shutil
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from tiny import slareport

from slareport.workspace import EXTRACTS, Workspace

PERIOD = "2026Q3"
TEAMS = ("emea", "americas", "apac", "strategic")
SIX = ("lead-response", "speed-to-lead", "marketing-delivery", "proposal-turnaround", "handoff", "feedback-decided")
FOUR = ("win-rate", "sales-cycle", "coverage", "csat")
NOBODY = {"name": "New team", "leader": "Ada", "calendar": "berlin", "currency": "EUR", "crm": ["Nobody yet"]}
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}{% raw %}",
    '" onmouseover="alert(1)',
    "</td></table><img src=x onerror=alert(1)>",
    "=HYPERLINK(1)",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "\u682a\u5f0f\u4f1a\u793e\u6771\u4eac",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "O'Brien & S\u00f8ns; a,b\tc",
    "\U0001f600\u0301 e\u0301",
)
NAMES = {"Account": ["Name"], "User": ["Name"], "Opportunity": ["Name"], "Lead": ["FirstName", "LastName", "Company"]}


def made(root: Path, outputs: Path, *options: str, **environment: str) -> None:
    """Make packets of a company by the command, from the extracts it has."""
    sharing_extracts(root, outputs)
    done = slareport("run", "--workspace", root, "--outputs", outputs, "--quiet", *options, **environment)
    assert (done.returncode, done.stderr) == (0, "")


def sharing_extracts(root: Path, outputs: Path) -> Path:
    """Other outputs of a company, with its own extracts: each is made once, which takes as long as three packets."""
    extracts = root / "outputs" / EXTRACTS
    extracts.mkdir(parents=True, exist_ok=True)
    outputs.mkdir(parents=True, exist_ok=True)
    if not (outputs / EXTRACTS).exists():
        (outputs / EXTRACTS).symlink_to(extracts)
    return outputs


def beside(sample: Workspace, root: Path) -> Path:
    """The sample company's parameters, to change, beside its exports and extracts."""
    shutil.copytree(sample.root / "parameters", root / "parameters")
    data = sharing_extracts(sample.root, root / "outputs") / sample.source.data.name
    data.symlink_to(sample.source.data)
    return root


def with_six_promises(sample: Workspace, root: Path) -> Path:
    """The sample company under an agreement of six promises and four results, and a team nobody works in."""
    _copy(sample, root)
    yaml = YAML()
    for path in (root / "parameters" / "agreement").glob("*.yaml"):
        agreement = yaml.load(path)
        for section, kept in (("promises", SIX), ("outcomes", FOUR)):
            agreement[section] = [measure for measure in agreement[section] if measure["id"] in kept]
        for service in agreement["services"]:
            service["promises"] = [name for name in service["promises"] if name in SIX]
        agreement["handoffs"] = [handoff for handoff in agreement["handoffs"] if handoff["promise"] in SIX]
        yaml.dump(agreement, path)
    teams = yaml.load(root / "parameters" / "teams.yaml")
    teams["teams"]["new"] = NOBODY
    yaml.dump(teams, root / "parameters" / "teams.yaml")
    return root


def founded(sample: Workspace, root: Path) -> Path:
    """The sample company before any agreement: a draft that asks too much, nothing said or signed, nobody trained."""
    _copy(sample, root)
    parameters = root / "parameters"
    for folder in ("reviews", "signatures"):
        shutil.rmtree(parameters / folder)
    first, *later = sorted((parameters / "agreement").iterdir())
    for path in later:
        path.unlink()
    text = first.read_text("utf-8").replace("effective_from: 2023-10-01", "effective_from: 2026-01-01")
    asked = re.sub(r"\b4 business hours", "30 business minutes", text)
    first.with_stem("2026-01-01").write_text(asked, "utf-8")
    first.unlink()
    learnt = root / "data" / "Training_Record__c.csv"
    learnt.write_text(learnt.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    return root


def with_hostile_names(sample: Workspace, root: Path) -> Path:
    """The sample company with a hostile or extreme name for everything that has one."""
    _copy(sample, root)
    names = itertools.cycle(HOSTILE)
    yaml = YAML()
    for path in (root / "parameters" / "agreement").glob("*.yaml"):
        agreement = yaml.load(path)
        agreement["title"] = next(names)
        for measure in [*agreement["promises"], *agreement["outcomes"]]:
            measure["title"] = f"{next(names)} {measure['id']}"
            measure["owner"] = next(names)
        yaml.dump(agreement, path)
    teams = yaml.load(root / "parameters" / "teams.yaml")
    for name, team in teams["teams"].items():
        team["name"] = f"{next(names)} {name}"
    yaml.dump(teams, root / "parameters" / "teams.yaml")
    for path in (root / "parameters" / "reviews").glob("*/*.yaml"):
        said = yaml.load(path)
        _say(said, names)
        yaml.dump(said, path)
    for table, columns in NAMES.items():
        _rename(root / "data" / f"{table}.csv", columns, names)
    return root


def _say(said: Any, names: itertools.cycle[str]) -> None:
    """Everything that was said at a review, in other words."""
    for one in (one for name in ("explanations", "notes", "disputes") for one in said.get(name, [])):
        one["text"] = one["by"] = next(names)
        if "answer" in one:
            one["answer"] = one["answered_by"] = next(names)
    for decision in said.get("decisions", []):
        decision["question"] = decision["decider"] = next(names)
        for number, option in enumerate(decision["options"]):
            option["text"] = f"{next(names)} {number}"
        if "taken" in decision:
            decision["taken"] |= {"choice": decision["options"][0]["text"], "by": next(names)}


def _copy(sample: Workspace, root: Path) -> None:
    """The sample's parameters beside a copy of its exports, so that they are a company of their own."""
    shutil.copytree(sample.root / "parameters", root / "parameters")
    shutil.copytree(sample.source.data, root / "data", ignore=shutil.ignore_patterns(".*"))
    source = root / "parameters" / "source.yaml"
    text = re.sub(r"^sample:.*\n", "", source.read_text("utf-8"), flags=re.MULTILINE)
    source.write_text(re.sub(r"^data:.*$", "data: data", text, flags=re.MULTILINE), "utf-8")


def _rename(path: Path, columns: list[str], names: itertools.cycle[str]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        for number, row in enumerate(rows):
            row |= {column: f"{next(names)} {number}" for column in columns}
            writer.writerow(row)
