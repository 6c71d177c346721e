"""Why promises were missed: causes counted, whose hands the items went through, and who took the time."""

from __future__ import annotations

import pandas as pd

from slareport import format as fmt
from slareport.findings.finding import Finding
from slareport.findings.sentences import cause_sentence
from slareport.statistics.survival import time_until

NO_PERSON, LATE, TWICE, ONE = ("never a person's", "a person's only when overdue", "changed hands", "one person's")
FEWEST = 10
SECONDS_AN_HOUR = 3600


def causes(misses: pd.DataFrame, hands: pd.Series, title: str) -> Finding:
    """Why one promise was missed, counted by cause and by whose hands the items went through.

    `misses` are its rows of the list of misses; `hands` says of each item what `hands_of` found, and may lack some.
    """
    known = misses.assign(hands=misses["item"].map(hands))
    frame = known.groupby(["cause", "hands"], dropna=False).size().rename("misses").reset_index()
    frame = frame.sort_values(["misses", "cause", "hands"], ascending=[False, True, True], ignore_index=True)
    said, passed = cause_sentence(misses) or "No misses.", int(known["hands"].eq(TWICE).sum())
    if passed:
        said += f" {fmt.count(passed)} of them changed hands before {'it was' if passed == 1 else 'they were'} due."
    method = "Counts of the list of misses; whose hands an item went through up to the time it was due."
    return Finding("causes", title, f"{title}: {said[:1].lower()}{said[1:]}", frame, method)


def hands_of(misses: pd.DataFrame, legs: pd.DataFrame, kinds: pd.Series) -> pd.Series:
    """Through whose hands each missed lead went until it was due, in words, by item.

    `legs` says who held a lead from when (`lead_id`, `owner_id`, `from_at`), `kinds` what each user is.
    """
    due = misses.drop_duplicates("item").set_index("item")["due_at"]
    people = legs[legs["owner_id"].map(kinds).eq("human") & legs["lead_id"].isin(due.index)]
    in_time = people[people["from_at"].lt(people["lead_id"].map(due))]
    owners = in_time.groupby("lead_id")["owner_id"].nunique().reindex(due.index, fill_value=0)
    words = pd.Series(NO_PERSON, due.index, dtype=object)
    words = words.mask(due.index.isin(people["lead_id"]), LATE)
    return words.mask(owners.eq(1), ONE).mask(owners.gt(1), TWICE)


def delays(leads: pd.DataFrame, as_of: pd.Timestamp) -> Finding:
    """Who takes the time until a lead is answered: the routing to a person, or that person's reply.

    `leads` are the items `leads` of a period. The frame has a row per part with the median in hours by the clock on
    the wall and its range; leads still waiting count as far as they got.
    """
    title = "Routing and replying"
    method = (
        "Medians by the wall clock with 95% ranges, leads still waiting included as far as they got (Kaplan-Meier)."
    )
    parts = {
        "until a person has it": (leads["created_at"], leads["assigned_at"]),
        "from there to the reply": (leads["assigned_at"], leads["first_touch_at"]),
    }
    rows = []
    for begun, stopped in parts.values():
        done = stopped.le(as_of)
        hours = (stopped.where(done, as_of) - begun).dt.total_seconds() / SECONDS_AN_HOUR
        known = begun.le(as_of) & hours.ge(0)
        rows.append((int(known.sum()), int((known & ~done).sum()), *time_until(hours[known], done[known])))
    frame = pd.DataFrame(rows, index=pd.Index(list(parts)), columns=["leads", "waiting", "value", "low", "high"])
    if frame["leads"].min() < FEWEST or frame["value"].isna().any():
        return Finding("delays", title, "Too few leads to tell routing from replying.", frame, method)
    (routing, *ends), (reply, *others) = frame[["value", "low", "high"]].to_numpy(float).tolist()
    said = f"Half of the leads reach a person within {_time(routing)}; half are answered {_time(reply)} after that. "
    if ends[0] > others[1]:
        said += "Routing takes the longer part."
    elif others[0] > ends[1]:
        said += "The reply takes the longer part."
    else:
        said += "Neither is clearly the longer part."
    return Finding("delays", title, said, frame, method)


def _time(hours: float) -> str:
    return fmt.duration(60 * hours)
