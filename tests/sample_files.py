"""An analyst's own reading of the sample company's files: slow, plain, nothing shared with the generator."""

import csv
import hashlib
import math
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from slareport.sample import COMPANY, EXPORT

QUARTERS = [f"{year}Q{n}" for year in (2024, 2025, 2026) for n in (1, 2, 3, 4)][1:11]
BY_DIVISION = {team.division: team for team in COMPANY.teams}


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in sorted(folder.iterdir())}


def read(folder):
    tables = {}
    for path in folder.iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.name] = list(csv.DictReader(file))
    return tables


@cache
def instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def is_instant(text):
    try:
        return instant(text) <= EXPORT
    except ValueError:
        return False


def local(at, zone):
    return at.astimezone(ZoneInfo(zone))


def quarter_of(day):
    return f"{day.year}Q{(day.month + 2) // 3}"


@cache
def opening_hours(day, zone):
    open_at, close_at = (datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC) for hour in (9, 17))
    return (open_at, close_at) if day.weekday() < 5 else (open_at, open_at)


def business_hours(start, stop, zone):
    total, day = timedelta(0), local(start, zone).date()
    while day <= local(stop, zone).date():
        open_at, close_at = opening_hours(day, zone)
        total += max(min(stop, close_at) - max(start, open_at), timedelta(0))
        day += timedelta(days=1)
    return total / timedelta(hours=1)


def sound_leads(tables):
    """The newest row per id, without tests, deleted, withdrawn, waived and impossible ones; what merged ids became."""
    waived = {row["Lead__c"] for row in tables["Waiver__c.csv"] if row["Approved_By__c"]}
    newest, became = {}, {}
    for row in tables["Lead.csv"]:
        if row["Id"] not in newest or row["LastModifiedDate"] > newest[row["Id"]]["LastModifiedDate"]:
            newest[row["Id"]] = row
    for row in newest.values():
        survivor = row
        while survivor["MasterRecordId"]:
            survivor = newest[survivor["MasterRecordId"]]
        became[row["Id"]] = survivor["Id"]
    sound = [row for row in newest.values() if row["IsDeleted"] == row["Test__c"] == "false"]
    sound = [row for row in sound if not row["Withdrawn_Date__c"] and row["Id"] not in waived]
    return {row["Id"]: row for row in sound if is_instant(row["CreatedDate"])}, became


def human_replies(tables, became):
    """Lead -> instants at which a person called or wrote to it."""
    people = {row["Id"] for row in tables["User.csv"] if row["UserType"] == "Standard"}
    replies = defaultdict(list)
    for task in tables["Task.csv"]:
        counts = (
            task["TaskSubtype"] in {"Call", "Email"} and task["CallType"] != "Inbound" and task["OwnerId"] in people
        )
        if counts and task["WhoId"] in became and is_instant(task["CompletedDateTime"]):
            replies[became[task["WhoId"]]].append(instant(task["CompletedDateTime"]))
    return replies


def assignments(tables, leads):
    """Lead -> (the first person it was given to, when); a lead no person was ever given has none."""
    people = {row["Id"] for row in tables["User.csv"]}
    first = {k: (row["OwnerId"], instant(row["CreatedDate"])) for k, row in leads.items() if row["OwnerId"] in people}
    for change in sorted(tables["LeadHistory.csv"], key=lambda row: row["CreatedDate"], reverse=True):
        lead = leads.get(change["LeadId"])
        if lead and change["Field"] == "Owner":
            direct = change["OldValue"] in people
            at = lead["CreatedDate"] if direct else change["CreatedDate"]
            first[change["LeadId"]] = (change["OldValue"] if direct else change["NewValue"], instant(at))
    return first


def replies_in_time(tables):
    """(team, quarter) and (team, quarter, rep) -> [leads answered within the promise, leads due]."""
    users = {row["Id"]: row for row in tables["User.csv"]}
    leads, became = sound_leads(tables)
    replies, given = human_replies(tables, became), assignments(tables, leads)
    counted = defaultdict(lambda: [0, 0])
    for lead, (owner, start) in given.items():
        team = BY_DIVISION[users[owner]["Division"]]
        day = local(start, team.zone).date()
        promised = 4 if day < date(2026, 2, 16) else 2
        taken = [business_hours(start, at, team.zone) for at in replies[lead] if at >= start]
        met = any(hours <= promised for hours in taken)
        due = met or business_hours(start, EXPORT, team.zone) > promised
        for key in ((team.id, quarter_of(day)), (team.id, quarter_of(day), users[owner]["Name"])):
            counted[key][0] += met
            counted[key][1] += due
    return counted


def left_in_queue(tables):
    """(team, quarter) -> leads that no person was ever given."""
    leads, _ = sound_leads(tables)
    queues = {row["Id"]: BY_DIVISION[row["Division__c"]] for row in tables["Group.csv"]}
    left = [(queues[row["OwnerId"]], instant(row["CreatedDate"])) for row in leads.values() if row["OwnerId"] in queues]
    return Counter((team.id, quarter_of(local(at, team.zone).date())) for team, at in left)


def last_closings(tables):
    """Deal -> when it was closed last, as text."""
    closings = {}
    for move in tables["OpportunityHistory.csv"]:
        if move["StageName"].startswith("Closed"):
            closings[move["OpportunityId"]] = max(closings.get(move["OpportunityId"], ""), move["CreatedDate"])
    return closings


def decided(tables):
    """(team, quarter) and (team, quarter, rep) -> [deals won, deals decided], by the last closing of each deal."""
    users = {row["Id"]: row for row in tables["User.csv"]}
    closings = last_closings(tables)
    counted, seen = defaultdict(lambda: [0, 0]), set()
    for deal in tables["Opportunity.csv"]:
        if deal["IsClosed"] == "true" and deal["IsDeleted"] == "false" and deal["Id"] not in seen:
            seen.add(deal["Id"])
            team = BY_DIVISION[users[deal["OwnerId"]]["Division"]]
            closing = closings.get(deal["Id"])
            day = local(instant(closing), team.zone).date() if closing else date.fromisoformat(deal["CloseDate"])
            for key in ((team.id, quarter_of(day)), (team.id, quarter_of(day), users[deal["OwnerId"]]["Name"])):
                counted[key][0] += deal["IsWon"] == "true"
                counted[key][1] += 1
    return counted


def result(met, due, target=(9, 10)):
    """Kept or missed, by exact counts; clear where chance alone would do so in at most one of forty cases."""
    num, den = target
    kept = met * den >= num * due
    as_far = range(met, due + 1) if kept else range(met + 1)
    tail = sum(math.comb(due, k) * num**k * (den - num) ** (due - k) for k in as_far) / den**due
    return ("kept" if kept else "missed") + (", clearly" if tail <= 0.025 else ", could be chance")


def wilson(won, n, z=1.959964):
    centre, half = won / n + z * z / 2 / n, z * math.sqrt(won / n * (1 - won / n) / n + z * z / 4 / n / n)
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def change(before, after):
    """The 95 % interval of the difference of two shares (Newcombe's hybrid score interval)."""
    p, q = before[0] / before[1], after[0] / after[1]
    (pl, pu), (ql, qu) = wilson(*before), wilson(*after)
    return q - p - math.hypot(q - ql, pu - p), q - p + math.hypot(qu - q, p - pl)
