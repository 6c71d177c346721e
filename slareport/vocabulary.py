"""What CRMs call things: the names a canonical column is known by, from all shipped layouts and everyday labels.

Only names stand here; whether a column's values are what its name says is looked at elsewhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from slareport.layout import Mapping, Part
from slareport.mapping import shipped_mappings
from slareport.tables import TABLES

NO_WORDS = ("data", "export", "report", "sf")
ALIKE = 0.86  # below this two names are two things
PREFIXES = re.compile(r"^(property_hs_|property_|hs_|_?fivetran_(?=start)|deal - |lead - |person - |activity - )")
SUFFIXES = re.compile(r"(__c|_c|__pc|_data)$")

# Everyday labels, as reports and hand-made sheets write them: per canonical table and column.
LABELS: dict[str, dict[str, str]] = {
    "users": {
        "user_id": "user id, owner id, sales agent, rep, sales rep, employee id",
        "name": "full name, user name, owner name, rep name, sales agent",
        "team": "team, sales team, division, department, office, regional office, primary team id",
        "role": "role, user role, role name, job title, title, role id",
        "manager": "manager, manager id, manager name, reports to, supervisor",
        "active_from": "start date, hire date, hired on, active from",
        "active_to": "end date, leave date, left on, active to",
    },
    "memberships": {
        "user_id": "user id, owner id, employee id",
        "team": "team, team name, team id",
        "from_on": "from, valid from, member since",
        "to_on": "to, valid to, member until",
    },
    "absences": {
        "user_id": "user id, employee id, employee, absent person",
        "from_on": "absent from, first day, from",
        "to_on": "absent to, last day, to",
    },
    "accounts": {
        "account_id": "account id, company id, account, customer id",
        "name": "account name, company name, account, customer name",
        "segment": "industry, sector, segment",
        "region": "region, country, billing country, office location, territory",
    },
    "leads": {
        "lead_id": "lead id, lead number, contact id, enquiry id",
        "name": "lead name, full name, first name last name",
        "account": "company, company account, company name, organization, associated company",
        "person": "email, e-mail, email address, phone",
        "channel": "lead source, source, original source, channel",
        "segment": "industry, segment, sector",
        "priority": "priority, rating, lead rating",
        "created_at": "created date, create date, created at, created, created on, lead created, "
        "date created, enquiry date",
        "qualified_at": "qualified at, mql date, marketing qualified date, qualified date",
        "accepted_at": "accepted at, sal date, sales accepted date",
        "rejected_at": "rejected at, disqualified date, disqualified at",
        "reject_reason": "reject reason, disqualified reason, unqualified reason",
        "owner_id": "lead owner, owner, owner id, contact owner, assigned to, sales rep",
        "opportunity_id": "converted opportunity id, opportunity id, deal id",
    },
    "lead_assignments": {
        "lead_id": "lead id",
        "assigned_at": "assigned at, assignment date, edit date, assigned date",
        "owner_id": "new value, new owner, assigned to",
        "previous_owner_id": "old value, old owner, previous owner",
    },
    "activities": {
        "activity_id": "activity id, task id, engagement id, event id, call id",
        "lead_id": "lead id, who id, lead",
        "opportunity_id": "opportunity id, what id, deal id, opportunity",
        "actor_id": "assigned, assigned to, activity assigned to, owner id, assigned to user, user, hubspot owner id",
        "channel": "task subtype, activity type, type, channel, task type",
        "direction": "direction, call type, call direction",
        "outcome": "outcome, call result, call disposition, meeting outcome",
        "occurred_at": "completed date time, completed date, start date time, start time, timestamp, "
        "marked as done time, activity date time, occurred at, call date",
        "logged_at": "created date, createdate, created at, add time, logged at",
    },
    "opportunities": {
        "opportunity_id": "opportunity id, deal id, record id, deal number, id",
        "name": "opportunity name, deal name, deal, title, dealname",
        "account": "account name, account, company, organization, customer, associated company, account id",
        "segment": "industry, segment, sector",
        "owner_id": "opportunity owner, deal owner, owner, owner id, sales agent, sales rep, rep, account executive",
        "kind": "type, opportunity type, deal type",
        "created_at": "created date, create date, created, created at, deal created, date created, engage date, opened",
        "status": "status, won, closed, outcome, stage, deal stage, stage name",
        "stage": "stage, deal stage, stage name, pipeline stage, sales stage, deal pipeline stage id",
        "amount": "amount, value, deal value, close value, amount converted, deal amount",
        "currency": "currency, currency iso code, amount currency, currency of value, "
        "opportunity currency, deal currency",
        "probability": "probability, probability (%), win probability, deal probability",
        "forecast_category": "forecast category, forecast category name",
        "expected_close_on": "expected close date, estimated close date",
        "closed_at": "close date, closed date, closed on, closedate, actual close date, won time",
        "lost_reason": "lost reason, loss reason, closed lost reason, reason lost",
    },
    "stage_history": {
        "history_id": "history id, id",
        "opportunity_id": "opportunity id, deal id",
        "stage": "to stage, stage name, stage, new stage, value",
        "status": "to stage, stage name, stage, new stage, value",
        "entered_at": "stage changed on, last stage change date, entered at, date entered, created date, "
        "changed at, fivetran start",
        "amount": "amount",
        "probability": "probability, probability (%)",
        "expected_close_on": "close date",
        "changed_by": "edited by, created by id, changed by, last modified by",
    },
    "opportunity_products": {
        "line_id": "line id, line item id, opportunity product id, opportunity line item id",
        "opportunity_id": "opportunity id, deal id",
        "product": "product, product code, product name, sku",
        "quantity": "quantity, qty, units",
        "amount": "total price, line amount, amount, close value",
    },
    "products": {"product": "product, product code, sku", "name": "product name, name, product"},
    "feedback": {
        "feedback_id": "feedback id, ticket id, issue id, issue key",
        "name": "subject, summary, title",
        "product_area": "product area, component, category",
        "submitted_at": "submitted at, reported on, created date, created",
    },
    "satisfaction": {
        "response_id": "response id, survey response id",
        "survey": "survey, survey type",
        "score": "score, rating, nps score, csat score",
        "sent_at": "sent at, sent date, invited at",
        "responded_at": "responded at, response date, submitted at, answered at",
        "user_id": "agent, owner, rep",
        "account": "account, customer, company",
    },
    "quotas": {
        "quota_id": "quota id",
        "user_id": "user id, owner, quota owner",
        "from_on": "start date, period start",
        "to_on": "end date, period end",
        "amount": "quota, quota amount, target",
    },
    "fx_rates": {
        "currency": "currency, iso code",
        "from_on": "start date, date, valid from",
        "rate": "rate, exchange rate",
    },
}
COMMON = {"is_deleted": "is deleted, deleted, fivetran deleted", "is_test": "test, is test"}
MODIFIED = "last modified date, last modified, modified, updated at, update time, modified on, last activity modified"

# Words in the name of a file that speak for a table.
FILES = {
    "users": "user users owner owners rep reps agent agents people",
    "memberships": "membership memberships",
    "absences": "absence absences vacation leave",
    "accounts": "account accounts company companies customer customers",
    "leads": "lead leads enquiry enquiries",
    "lead_assignments": "assignment assignments leadhistory",
    "activities": "task tasks activity activities engagement engagements event events call calls meeting meetings",
    "opportunities": "opportunity opportunities deal deals pipeline opps",
    "stage_history": "opportunityhistory stagehistory dealstage stages history",
    "opportunity_products": "opportunitylineitem lineitem lineitems opportunityproduct lines",
    "products": "product products product2",
    "feedback": "feedback issues",
    "satisfaction": "survey surveys satisfaction nps csat",
    "quotas": "quota quotas",
    "fx_rates": "fx rates currencies",
}
OTHER = {"order", "orders", "quote", "quotes", "case", "cases", "ticket", "tickets", "campaign", "campaigns"}
OTHER |= {"role", "roles"}
HISTORIES = ("stage_history", "lead_assignments")


@dataclass(frozen=True)
class Layout:
    """One part of a shipped mapping, as a pattern for files like the one it reads."""

    mapping: str
    table: str
    part: Part
    whole: Mapping


@cache
def plain(name: str) -> str:
    """A name without case, punctuation and the prefixes and suffixes that systems put around it.

    >>> plain("property_hs_createdate"), plain("Probability (%)"), plain("CreatedDate"), plain("Test__c")
    ('createdate', 'probability', 'createddate', 'test')
    """
    low = SUFFIXES.sub("", name.strip().lower())
    return re.sub(r"[\W_]+", "", PREFIXES.sub("", low)) or re.sub(r"[\W_]+", "", low)


@cache
def layouts() -> tuple[Layout, ...]:
    """Every part of every shipped mapping."""
    return tuple(_layouts())


def _layouts() -> Iterator[Layout]:
    for name, mapping in shipped_mappings().items():
        for table, parts in mapping.tables.items():
            for part in parts:
                yield Layout(name, table, part, mapping)


@cache
def names(table: str) -> dict[str, tuple[str, ...]]:
    """Per canonical column of a table the plain names it is known by, the most usual first."""
    known: dict[str, list[str]] = {}
    for column, labels in LABELS.get(table, {}).items():
        known.setdefault(column, []).extend(plain(label) for label in labels.split(", "))
    if "name" in TABLES[table].columns:
        known.setdefault("name", []).append("name")
    for layout in layouts():
        for column, cell in layout.part.columns.items() if layout.table == table else ():
            if cell.column and not cell.values and cell.column.partition(".")[0] not in layout.part.lookups:
                known.setdefault(column, []).append(plain(cell.column))
    if table in ("leads", "opportunities"):
        for column, labels in COMMON.items():
            known.setdefault(column, []).extend(plain(label) for label in labels.split(", "))
    if table in ("leads", "opportunities", "activities", "users", "accounts", "feedback"):
        known.setdefault("modified_at", []).extend(plain(label) for label in MODIFIED.split(", "))
    return {column: tuple(dict.fromkeys(found)) for column, found in known.items()}


@cache
def tables_with(name: str) -> int:
    """In how many canonical tables a plain name means something: the more, the less it says about a file."""
    return sum(any(name in known for known in names(table).values()) for table in LABELS) or 1


@cache
def likeness(native: str, known: tuple[str, ...]) -> float:
    """How well a native name fits the names of a column: 1 for one of them, 0 for none that is near.

    >>> likeness("Create Date", ("createddate",)), likeness("Owner", ("stage",))
    (0.95..., 0.0)
    """
    name = plain(native)
    if name in known:
        return 1.0
    near = difflib.get_close_matches(name, known, n=1, cutoff=ALIKE)
    return difflib.SequenceMatcher(None, near[0], name).ratio() if near else 0.0


def words_of(name: str) -> list[str]:
    """The words in the name of a file that may say what it holds."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.findall(r"[a-z]+", apart.lower()) if word not in NO_WORDS]
