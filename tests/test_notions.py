"""Every notion of a sales SLA, and what carries it: a section of a packet, a notebook, parameters or a command."""

from functools import cache
from pathlib import Path

import nbformat
import pytest

from slareport.cli import app
from slareport.kpi import KPIS
from slareport.workspace import open_workspace

ROOT = Path(__file__).parent.parent


@cache
def version():
    """The newest version of the sample company's agreement."""
    return open_workspace(ROOT).agreement.versions[-1]


@cache
def shown(notebook):
    """The text below each heading of a committed notebook, as the sample company's run has stored it."""
    texts, heading = {}, ""
    for cell in nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", 4).cells:
        if cell.cell_type == "markdown":
            heading = cell.source.lstrip("# ")
        for output in cell.get("outputs", []):
            texts[heading] = texts.get(heading, "") + str(output.get("data", {}))
    return texts


def section(notebook, heading, *words):
    """A section of a packet, in which these words stand."""
    return lambda: all(word in shown(notebook)[heading] for word in words)


def promised(*names):
    """Measures of the sample company's agreement: of registered KPIs, and shown in the scorecard."""

    def carried():
        scorecard = shown("team_review")["Scorecard"]
        measures = [version().measure(name) for name in names]
        return all(m is not None and m.kpi in KPIS and m.title.split("'")[0] in scorecard for m in measures)

    return carried


def agreed(field):
    """A part of the agreement that the sample company has filled in."""
    return lambda: bool(getattr(version(), field))


def responsible(*steps):
    """Steps of the sales process for which the agreement has exactly one role accountable."""
    return lambda: [r.step for r in version().responsibilities if r.step in steps] == list(steps)


def command(name):
    """A command of the tool."""
    return lambda: name in commands()


def group(name):
    """A group of commands of the tool."""
    return lambda: name in {group.name for group in app.registered_groups}


def commands():
    return {command.name or command.callback.__name__ for command in app.registered_commands}


NOTIONS = {
    "the agreement": [agreed("title"), agreed("parties"), command("check")],
    "its services": [agreed("services")],
    "its standards": [agreed("standards")],
    "its processes": [agreed("stages"), section("team_review", "Where deals get stuck", "stage")],
    "its responsibilities": [agreed("responsibilities"), promised("role-coverage", "steps-done-once")],
    "four roles, none missing and none twice": [
        responsible("lead_generation", "opportunity_management", "proposal_creation", "final_negotiation"),
        promised("role-coverage"),
    ],
    "lead generation": [promised("marketing-delivery", "lead-volume", "lead-acceptance")],
    "opportunity management": [promised("win-rate", "closure-rate", "proposal-stage")],
    "proposal creation": [promised("proposal-turnaround")],
    "final negotiation": [promised("negotiation-turnaround")],
    "KPI: lead response": [promised("lead-response", "speed-to-lead")],
    "KPI: win rate": [promised("win-rate")],
    "KPI: deal closure rate": [promised("closure-rate")],
    "KPI: sales cycle length": [promised("sales-cycle")],
    "KPI: customer satisfaction": [promised("csat", "nps", "survey-response")],
    "bottlenecks": [section("team_review", "Where deals get stuck"), section("annex", "Where deals get stuck", "How:")],
    "high achievers": [section("team_review", "Done well", "luck"), section("annex", "Done well", "Likely share")],
    "the forecast": [section("team_review", "Next period", "we expect"), promised("forecast-error", "coverage")],
    "resource allocation": [section("annex", "Load", "Expected per person")],
    "inventory": [section("annex", "Load", "Expected per product", "Units")],
    "handoff from marketing to sales": [promised("marketing-delivery", "lead-decision")],
    "handoff from sales to product": [promised("feedback-acknowledged", "feedback-decided", "feedback-told")],
    "handoff from sales to customer success": [promised("handoff", "kick-off")],
    "workflow analysis": [
        section("workflow_analysis", "Pain points", "APAC, Proposal", "won deals"),
        section("target_setting", "Promises over the past", "Unreachable"),
    ],
    "buy-in": [command("sign"), command("object"), section("agreement", "Signatures", "Ingrid Halden")],
    "objectives": [agreed("promises"), section("team_review", "Scorecard", "Promised", "Allowed")],
    "adherence, and what it is worth": [section("annex", "Replies and results", "won")],
    "the review cycle": [agreed("review"), command("run"), section("annex", "Corrected since the last review")],
    "the review's decisions and actions": [
        group("review"),
        section("team_review", "Bottom line", "A named deputy"),
    ],
    "changes of the agreement": [agreed("change"), command("amend"), command("diff")],
    "disputes": [command("explain"), section("team_review", "What needs attention", "dispute")],
    "the weeks between reviews": [command("watch")],
    "CRM tracking": [command("map"), section("team_review", "Can you trust this?", "Rows read")],
    "training": [
        agreed("training"),
        promised("training", "training-coverage"),
        section("handbook", "By when", "is due on"),
    ],
    "definitions everybody shares": [section("team_review", "Definitions", "Working hours")],
    "the client's own view": [section("client_review", "Scorecard", "Promised"), command("mail")],
}


@pytest.mark.parametrize("notion", NOTIONS)
def test_every_notion_of_a_sales_sla_has_its_place(notion):
    for number, carried in enumerate(NOTIONS[notion]):
        assert carried(), f"{notion}: carrier {number + 1}"
