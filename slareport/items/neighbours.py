"""What sales and its neighbours owe each other after a deal: handoffs, feedback, and what customers say."""

from __future__ import annotations

import pandas as pd

from slareport.items.known import Known

SALES_TO_SUCCESS = "sales to customer success"


def won_deals(known: Known) -> pd.DataFrame:
    """Won deals, each with its handoff to customer success: one without a handoff is there too, and owes one.

    A handoff that was returned counts as accepted only when it was accepted again, in the same row or a later one.
    """
    deals = known["opportunities"]
    won = deals[deals["status"].eq("won")].drop(columns=["merged_into_id"])
    rows = known.tables["handoffs"]
    rows = rows[rows["kind"].eq(SALES_TO_SUCCESS) & rows["opportunity_id"].isin(won.index)]
    instants = {column: known.happened(rows[column]) for column in ("accepted_at", "returned_at", "completed_at")}
    rows = rows.assign(**instants).sort_values(["offered_at", "handoff_id"])
    rows["accepted_at"] = rows["accepted_at"].mask(rows["accepted_at"] <= rows["returned_at"])
    first = rows.groupby("opportunity_id")[["offered_at", *instants]].min()
    listed = rows[rows["required_items"].notna()].drop_duplicates("opportunity_id", keep="last")
    lists = listed.set_index("opportunity_id")[["required_items", "present_items"]]
    return won.join(first).join(lists)


def feedback(known: Known) -> pd.DataFrame:
    """What sales passed on to product, with when it was acknowledged, decided and told back."""
    rows = known.tables["feedback"].set_index("feedback_id")
    later = {column: known.happened(rows[column]) for column in ("acknowledged_at", "decided_at", "told_at")}
    frame = rows.assign(**later, owner_id=rows["user_id"], created_at=rows["submitted_at"])
    return known.of_deals(frame)


def satisfaction(known: Known) -> pd.DataFrame:
    """Every survey that was sent, answered or not; of several answers of an account in a quarter the last counts.

    `superseded` marks the others. An answer is one with a score.
    """
    rows = known.tables["satisfaction"].set_index("response_id")
    responded = known.happened(rows["responded_at"])
    frame = known.of_deals(
        rows.assign(responded_at=responded, owner_id=rows["user_id"], created_at=rows["sent_at"]), ("amount",)
    )
    answers = frame[responded.notna() & frame["score"].notna()].sort_values("responded_at", kind="stable")
    who = {
        "survey": answers["survey"],
        "account": answers["account"].fillna(answers.index.to_series()),
        "quarter": known.local_days(answers["responded_at"]).dt.to_period("Q"),
    }
    earlier = pd.DataFrame(who).duplicated(keep="last")
    return frame.assign(superseded=earlier.reindex(frame.index, fill_value=False))
