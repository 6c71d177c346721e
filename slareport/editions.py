"""For whom a packet is made: what an audience is not to see is left out before anything is counted, never afterwards.

An inside edition (of a team or of leadership) has the promises and results marked for it, and people by name or by
role as the agreement says. A client's edition has the promises marked for clients and that client's own items; no
results, no people, nothing that was said at a review.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import pandas as pd

from slareport.agreement import Agreement, Audience
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.items import Known
from slareport.judgements import Judgements
from slareport.minutes import Minutes
from slareport.teams import COMPANY
from slareport.workspace import Workspace

AUDIENCES: tuple[str, ...] = get_args(Audience)
LEADERSHIP, TEAM, CLIENT = AUDIENCES
OF_CLIENTS = "_client-"
TEAM_LEADER, NO_ROLE = "Team leader", "Seller"
PEOPLE_IN = {"users": ("name", "manager"), "holds": ("approved_by",), "waivers": ("approved_by",)}
CLIENT_MISSES = ["period", "promise", "item", "account", "started_at", "due_at", "stopped_at", "elapsed_minutes",
                 "late_minutes"]  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """For whom a packet is made: an audience, and of clients the account whose own items it shows."""

    audience: Audience
    client: str = ""


def inside(text: str) -> Edition:
    """The edition of this name. Raises `UsageError` for an unknown one, and for clients', who have their own review."""
    if text not in (TEAM, LEADERSHIP):
        cure = f"choose {TEAM} or {LEADERSHIP}; for a client's edition: slareport run --client NAME"
        raise UsageError(Problem("no such edition of this review", "edition", found=text, cure=cure))
    return Edition(text)  # type: ignore[arg-type]  # checked above


def role_key(role: str) -> str:
    """What the handbooks of a role are filed under.

    >>> role_key("Account executive")
    'account-executive'
    """
    return re.sub(r"[^a-z0-9]+", "-", role.lower()).strip("-") or "role"


def own(whose: str) -> str:
    """The audience that a review is first made for: the team it is about, leadership for the company, or the client."""
    return CLIENT if whose.startswith(OF_CLIENTS) else LEADERSHIP if whose == COMPANY else TEAM


def client_key(name: str) -> str:
    """What the reviews of a client are filed under; two names never share one, and no team can be called that.

    >>> client_key("Marlowe Metals S.A."), client_key("株式会社")
    ('_client-marlowe-metals-s-a-022b8a', '_client-e6843c')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return OF_CLIENTS + "-".join(filter(None, [plain, hashlib.sha256(name.encode()).hexdigest()[:6]]))


# ── People ──


@dataclass(frozen=True)
class People:
    """What people are called in an edition that has roles in place of their names; empty where it has names."""

    roles: Mapping[str, str] = field(default_factory=dict)

    def hide(self, text: str) -> str:
        """A text with the roles of people in place of their names; within a sentence in brackets, as in a quotation."""
        if text in self.roles or not self.roles:
            return self.roles.get(text, text)
        names = "|".join(map(re.escape, sorted(self.roles, key=len, reverse=True)))
        return re.sub(rf"(?<!\w)(?:{names})(?!\w)", lambda match: f"[{self.roles[match[0]]}]", text)

    def hide_in(self, frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """A frame whose texts in these columns name no one."""
        if not self.roles:
            return frame
        return frame.assign(**{name: frame[name].map(self.hide, na_action="ignore") for name in columns})

    def hide_in_tables(self, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """The canonical tables without the names of our own people and of those who wrote to us."""
        if not self.roles:
            return dict(tables)
        hidden = {name: self.hide_in(tables[name], *columns) for name, columns in PEOPLE_IN.items()}
        return {**tables, **hidden, "leads": tables["leads"].assign(name=None)}


def people(workspace: Workspace, edition: Edition, users: pd.DataFrame) -> People:
    """What people are called in an edition: by their role and a number, which follows the ids of the CRM's `users`."""
    shown = workspace.agreement.versions[-1].people
    if edition.audience != "client" and shown.get(edition.audience, "names") == "names":
        return People()
    ours = users[users["kind"].eq("human")].sort_values("user_id")
    role = ours["role"].fillna(NO_ROLE)
    numbered = role + " " + (role.groupby(role).cumcount() + 1).astype(str)
    leaders = {team.leader: TEAM_LEADER for team in workspace.teams.values()}
    managers = dict.fromkeys(users["manager"].dropna(), "Manager")
    return People({**managers, **leaders, **dict(zip(ours["name"], numbered, strict=True))})


# ── What is left in ──


def narrowed(workspace: Workspace, edition: Edition, people: People) -> Workspace:
    """The workspace as an audience may see it. Raises `UsageError` where the agreement marks nothing for it."""
    agreement = _marked(workspace.agreement, edition.audience)
    said = {} if edition.audience == CLIENT else workspace.reviews.minutes
    hidden = {review: _hidden(minutes, people) for review, minutes in said.items()}
    return replace(workspace, agreement=agreement, reviews=replace(workspace.reviews, minutes=hidden))


def of_client(items: Known, judged: Judgements, client: str) -> tuple[Known, Judgements]:
    """The items of one account and what was judged of them. Raises `UsageError` for an account that has none."""
    known = {name for rows in judged.values() for name in rows["account"].dropna()}
    if client not in known:
        raise UsageError(Problem("no item is of this client", "client", found=client, cure=did_you_mean(client, known)))
    theirs = {subject: lambda _, subject=subject: _of(items[subject], client) for subject in items}
    alone = replace(items, tables={}, builders=theirs, _built={}, _made={})
    return alone, {name: _of(rows, client) for name, rows in judged.items()}


def _of(rows: pd.DataFrame, client: str) -> pd.DataFrame:
    return rows[rows["account"].eq(client)] if "account" in rows else rows.iloc[:0]


def _marked(agreement: Agreement, audience: Audience) -> Agreement:
    versions = tuple(
        version.model_copy(
            update={
                "promises": [promise for promise in version.promises if audience in promise.audience],
                "outcomes": [outcome for outcome in version.outcomes if audience in outcome.audience],
            }
        )
        for version in agreement.versions
    )
    if not any(version.measures for version in versions):
        what = f"no promise is marked for the audience {audience}"
        raise UsageError(Problem(what, "parameters/agreement", cure=f"list {audience} in the `audience` of a promise"))
    return replace(agreement, versions=versions)


def _hidden(minutes: Minutes, people: People) -> Minutes:
    def hide(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: hide(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [hide(inner) for inner in value]
        return people.hide(value) if isinstance(value, str) else value

    return Minutes.model_validate(hide(minutes.model_dump())) if people.roles else minutes
