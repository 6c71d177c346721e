"""Which KPIs a mapping makes measurable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slareport.items import SUBJECTS
from slareport.kpi import KPIS
from slareport.layout import Mapping
from slareport.measurable import NEEDS, needs, sentence, verdicts
from slareport.tables import TABLES

DEALS = {"opportunity_id": "id", "status": "status", "created_at": "created", "closed_at": "closed"}


def mapping(**tables):
    return Mapping.model_validate({"title": "t", "tables": {n: {"from": n, "columns": c} for n, c in tables.items()}})


@pytest.mark.parametrize("name", sorted(KPIS))
def test_what_every_kpi_needs_is_a_column_or_table_there_is(name):
    columns = {f"{table.name}.{column}" for table in TABLES.values() for column in table.columns}
    for need in needs(KPIS[name]):
        assert set(need.split(" or ")) <= columns | TABLES.keys(), need


def test_every_subject_there_is_is_named():
    assert NEEDS.keys() == SUBJECTS.keys()


def test_deals_alone_make_the_win_rate_measurable_and_no_reply_to_a_lead():
    lacking = {verdict.kpi.name: verdict.lacking for verdict in verdicts(mapping(opportunities=DEALS))}
    assert lacking["win_rate"] == ()
    assert lacking["sales_cycle_length"] == ()
    assert "lead_assignments.assigned_at" in lacking["lead_response"]


def test_a_history_stands_for_the_closing_date():
    deals = {name: column for name, column in DEALS.items() if name != "closed_at"}
    history = {"history_id": "id", "opportunity_id": "deal", "status": "status", "entered_at": "at"}
    judged = {v.kpi.name: v.lacking for v in verdicts(mapping(opportunities=deals))}
    assert judged["win_rate"] == ("opportunities.closed_at or stage_history",)
    judged = {v.kpi.name: v.lacking for v in verdicts(mapping(opportunities=deals, stage_history=history))}
    assert judged["win_rate"] == ()


def test_what_items_carry_beside_their_table_is_taken_to_be_there():
    """A KPI of one's own may use what the builder of its items adds, such as the amount of a won deal."""
    mine = replace(KPIS["win_rate"], subject="won_deals", columns=("amount", "team"))
    assert needs(mine) == ("opportunities.status", "opportunities.closed_at or stage_history")


def test_the_sentence_says_both():
    told = sentence(mapping(opportunities=DEALS))
    assert told.startswith("Measurable now: ")
    assert "win rate" in told.splitlines()[0]
    assert "First reply to a lead needs leads, lead_assignments.assigned_at" in told
