"""What KPIs judge: one row per item of a subject, built from the canonical tables as known at `as_of`.

A new subject is a function here that returns a frame with a unique index of ids and at least `team`, `name`,
`owner_id` and `created_at`; a KPI names it in `subject=` and its columns in the signature.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from slareport.agreement import Agreement
from slareport.items import deals, governance, leads, neighbours, plans
from slareport.items.known import Builder, Known, Tables
from slareport.items.leads import owner_at

__all__ = ["SUBJECTS", "Known", "Tables", "build_items", "owner_at"]

SUBJECTS: dict[str, Builder] = {
    "leads": leads.leads,
    "lead_handoffs": leads.lead_handoffs,
    "lead_commitments": plans.lead_commitments,
    "opportunities": deals.opportunities,
    "stage_visits": deals.stage_visits,
    "touch_gaps": deals.touch_gaps,
    "steps": deals.steps,
    "won_deals": neighbours.won_deals,
    "feedback": neighbours.feedback,
    "satisfaction": neighbours.satisfaction,
    "coverage": plans.coverage,
    "forecasts": plans.forecasts,
    "role_days": governance.role_days,
    "training": governance.training,
    "learners": governance.learners,
}


def build_items(tables: Tables, agreement: Agreement, as_of: pd.Timestamp, links: Mapping[str, str]) -> Known:
    """The item frames by subject, each indexed by unique ids and built when first asked for.

    `links` holds, per canonical table, the template of a link to a record, with `{id}` in it.
    """
    return Known(tables, agreement, as_of, SUBJECTS, links)
