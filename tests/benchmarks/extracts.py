"""How long an extract takes as a company grows, and against what one would write instead.

    python -m tests.benchmarks.extracts --leads 1000000 --leads 10000000

Per lead ten activities and half a deal, as Parquet files that hold what they say: times, numbers, flags. The same
reduction is measured three times, each in a process of its own: slareport's; DuckDB's SQL written by hand for this
one layout; pandas, as far as memory lasts. All three must leave the same leads, activities and deals.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

AS_OF = pd.Timestamp("2026-10-08T04:00:00Z")
SINCE = pd.Timestamp("2024-03-31T22:00:00Z")  # ten quarters back, in Berlin
LEAD_SINCE, DEAL_SINCE = SINCE - pd.Timedelta(days=100), SINCE - pd.Timedelta(days=400)
TEAMS = ("north", "south", "east")
PEOPLE = 300
LIMIT = 3600  # seconds for one measurement

MAPPING = """
title: A company that grows
instants: iso
dates: iso
timezone: UTC
tables:
  users: {from: user, columns: {user_id: id, name: name, kind: {constant: human}, team: team}}
  leads:
    from: lead
    columns: {lead_id: id, name: name, channel: channel, created_at: created_at, owner_id: owner_id,
              merged_into_id: merged_into_id, is_test: is_test, is_deleted: is_deleted, modified_at: modified_at}
  activities:
    from: activity
    columns: {activity_id: id, lead_id: lead_id, actor_id: owner_id, channel: channel, direction: direction,
              occurred_at: occurred_at, logged_at: logged_at}
  opportunities:
    from: deal
    columns: {opportunity_id: id, name: name, status: status, amount: amount, currency: currency, owner_id: owner_id,
              created_at: created_at, closed_at: closed_at, modified_at: modified_at}
"""

# Six years, of which an extract holds less than half. One row in fifty comes again, one lead in fifty is merged.
GENERATED = {
    "user": "select 'U' || n as id, 'Person ' || n as name, ['north', 'south', 'east'][1 + n % 3] as team"
    " from range({people}) t(n)",
    "lead": """
        select 'L' || lpad((n - n % 50 // 49)::varchar, 9, '0') as id, 'Lead ' || n as name,
               ['web', 'fair', 'partner', 'phone'][1 + n % 4] as channel, {start} + {step} * n as created_at,
               'U' || hash(n) % {people} as owner_id,
               case when n % 50 = 7 then 'L' || lpad((n - 5)::varchar, 9, '0') end as merged_into_id,
               n % 997 = 0 as is_test, n % 499 = 0 as is_deleted,
               {start} + {step} * n + interval 1 day as modified_at
        from range({leads}) t(n)""",
    "activity": """
        select 'A' || lpad((n - n % 50 // 49)::varchar, 10, '0') as id,
               'L' || lpad((n // 10)::varchar, 9, '0') as lead_id, 'U' || hash(n) % {people} as owner_id,
               ['call', 'email', 'meeting'][1 + n % 3] as channel,
               case when n % 4 = 0 then 'inbound' else 'outbound' end as direction,
               {start} + {step} * (n // 10) + interval (n % 10 * 7 + 1) hour as occurred_at,
               {start} + {step} * (n // 10) + interval (n % 10 * 7 + 2) hour as logged_at
        from range({leads} * 10) t(n)""",
    "deal": """
        select 'D' || lpad((n - n % 50 // 49)::varchar, 9, '0') as id, 'Deal ' || n as name,
               ['won', 'lost', 'open'][1 + n % 3] as status, (hash(n) % 10000000 / 100)::decimal(18, 2) as amount,
               'EUR' as currency, 'U' || hash(n) % {people} as owner_id, {start} + {step} * 2 * n as created_at,
               case when n % 3 < 2 then {start} + {step} * 2 * n + interval 60 day end as closed_at,
               {start} + {step} * 2 * n + interval 61 day as modified_at
        from range({leads} // 2) t(n)""",
}


def generate(folder: Path, leads: int) -> None:
    """Write the Parquet files of a company of so many leads."""
    folder.mkdir()
    step = f"interval '{6 * 365 * 86_400 / leads:.6f} seconds'"
    words = {"leads": leads, "people": PEOPLE, "start": "timestamp '2020-10-01 00:00:00'", "step": step}
    for name, query in GENERATED.items():
        target = folder / f"{name}.parquet"
        duckdb.execute(f"copy ({query.format(**words)}) to '{target}' (format parquet, row_group_size 500000)")


def by_slareport(folder: Path, target: Path) -> dict[str, int]:
    """An extract as `slareport run` makes it."""
    from slareport.extract import extract
    from slareport.mapping import load_source
    from slareport.teams import Team

    root = folder.parent
    (root / "grows.yaml").write_text(MAPPING)
    (root / "source.yaml").write_text(f"mapping: grows\ndata: {folder.name}\n")
    teams = {name: Team(name=name, leader="Ada", calendar="office", currency="EUR", crm=[name]) for name in TEAMS}
    made = extract(load_source(root / "source.yaml", root), teams, "Europe/Berlin", AS_OF, target)
    used = made.accounting.set_index("table")["used"]
    return {name: int(used[name]) for name in ("leads", "activities", "opportunities")}


SQL = """
create temp table unique_leads as
    select * from (select *, row_number() over (partition by id order by modified_at desc, file_row_number desc) as nth
                   from read_parquet('{folder}/lead.parquet', file_row_number = true)) where nth = 1;
create temp table merged as
    select m.id, m.merged_into_id as survivor from unique_leads m semi join unique_leads s on s.id = m.merged_into_id;
create temp table united as
    select l.* exclude (created_at), m.survivor,
           min(l.created_at) over (partition by coalesce(m.survivor, l.id)) as created_at
    from unique_leads l left join merged m using (id);
create temp table leads as
    select u.*, coalesce(p.team, 'unassigned') as team from united u left join read_parquet('{folder}/user.parquet') p
    on p.id = u.owner_id where u.survivor is null and not u.is_test and not u.is_deleted
    and u.created_at between '{lead_since}' and '{as_of}';
create temp table deals as
    select d.*, coalesce(p.team, 'unassigned') as team from
    (select *, row_number() over (partition by id order by modified_at desc, file_row_number desc) as nth
     from read_parquet('{folder}/deal.parquet', file_row_number = true)) d
    left join read_parquet('{folder}/user.parquet') p on p.id = d.owner_id
    where nth = 1 and created_at <= '{as_of}'
    and (created_at >= '{deal_since}' or closed_at >= '{since}' or status = 'open');
create temp table known as
    select id, id as by, team from leads
    union all select m.survivor, m.id, l.team from merged m join leads l on l.id = m.survivor;
create temp table activities as
    select a.* exclude (lead_id), k.id as lead_id, k.team from
    (select *, row_number() over (partition by id order by file_row_number desc) as nth
     from read_parquet('{folder}/activity.parquet', file_row_number = true)) a join known k on k.by = a.lead_id
    where nth = 1 and occurred_at <= '{as_of}' and logged_at <= '{as_of}';
"""


def by_sql(folder: Path, target: Path) -> dict[str, int]:
    """The same in SQL for this one layout: no value is checked, no row accounted for, nothing listed."""
    target.mkdir()
    with duckdb.connect(config={"temp_directory": tempfile.gettempdir()}) as connection:
        words = {"as_of": AS_OF, "since": SINCE, "lead_since": LEAD_SINCE, "deal_since": DEAL_SINCE}
        named = {name: instant.tz_localize(None) for name, instant in words.items()}
        connection.execute(SQL.format(folder=folder, **named))
        counts = {}
        for table, name in (("leads", "leads"), ("activities", "activities"), ("deals", "opportunities")):
            for team in (*TEAMS, "unassigned"):
                query = f"select * from {table} where team = '{team}' order by id"
                connection.execute(f"copy ({query}) to '{target}/{team}-{name}.parquet' (format parquet)")
            counts[name] = int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])
    return counts


def by_pandas(folder: Path, target: Path) -> dict[str, int]:
    """The same in pandas, as an analyst would write it."""
    target.mkdir()
    team = pd.read_parquet(folder / "user.parquet").set_index("id")["team"]
    as_of, since, lead_since, deal_since = (i.tz_localize(None) for i in (AS_OF, SINCE, LEAD_SINCE, DEAL_SINCE))
    leads = pd.read_parquet(folder / "lead.parquet").sort_values("modified_at", kind="stable")
    leads = leads.drop_duplicates("id", keep="last")
    survivor = leads["merged_into_id"].where(leads["merged_into_id"].isin(leads["id"]))
    into = pd.Series(survivor.to_numpy(), leads["id"].to_numpy()).dropna()
    leads["created_at"] = leads.groupby(survivor.fillna(leads["id"]))["created_at"].transform("min")
    window = leads["created_at"].between(lead_since, as_of)
    leads = leads[survivor.isna() & ~leads["is_test"] & ~leads["is_deleted"] & window]
    leads = leads.assign(team=leads["owner_id"].map(team).fillna("unassigned"))
    deals = pd.read_parquet(folder / "deal.parquet").sort_values("modified_at", kind="stable")
    deals = deals.drop_duplicates("id", keep="last")
    matters = deals["created_at"].ge(deal_since) | deals["closed_at"].ge(since) | deals["status"].eq("open")
    deals = deals[matters & deals["created_at"].le(as_of)]
    deals = deals.assign(team=deals["owner_id"].map(team).fillna("unassigned"))
    activities = pd.read_parquet(folder / "activity.parquet").drop_duplicates("id", keep="last")
    activities["lead_id"] = activities["lead_id"].map(into).fillna(activities["lead_id"])
    known = activities["occurred_at"].le(as_of) & activities["logged_at"].le(as_of)
    activities = activities[known].merge(
        leads[["id", "team"]], left_on="lead_id", right_on="id", suffixes=("", "_lead")
    )
    frames = {"leads": leads, "activities": activities, "opportunities": deals}
    for name, frame in frames.items():
        for each in (*TEAMS, "unassigned"):
            mine = frame[frame["team"].eq(each)].sort_values("id")
            mine.to_parquet(target / f"{each}-{name}.parquet", index=False)
    return {name: len(frame) for name, frame in frames.items()}


WAYS: dict[str, Callable[[Path, Path], dict[str, int]]] = {
    "slareport": by_slareport, "hand-written SQL": by_sql, "pandas": by_pandas,
}  # fmt: skip


def one(way: str, folder: Path) -> None:
    """Measure one way in this process, and print seconds, bytes and counts."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=folder.parent) as target:
        began = time.perf_counter()
        counts = WAYS[way](folder, Path(target) / "out")
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "bytes": peak, "counts": counts}))


def measured(way: str, folder: Path) -> dict | None:
    """What one way took in a process of its own; None where it died of too little memory or took too long."""
    command = [sys.executable, "-m", "tests.benchmarks.extracts", "--one", way, "--folder", str(folder)]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
        print(f"{way}: ended with {done.returncode}: {done.stderr.strip()[-200:]}", file=sys.stderr)
    return None


def main() -> None:
    """Measure every way at every size, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, action="append", help="how many leads; more than one for the growth")
    parser.add_argument("--pandas-up-to", type=int, default=1_000_000, help="the largest size to try in pandas")
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.folder)
        return
    sizes = sorted(asked.leads or [50_000, 200_000])
    found: dict[tuple[int, str], dict] = {}
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    made = f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    print(f"{platform.machine()}, {cores} cores, {memory:.0f} GB, {made}")
    print(f"{'leads':>11} {'activities':>12} {'way':<17} {'seconds':>8} {'peak GB':>8} {'time':>6} {'memory':>7}")
    for leads in sizes:
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root) / "data"
            generate(folder, leads)
            for way in WAYS:
                if way == "pandas" and leads > asked.pandas_up_to:
                    continue
                result = measured(way, folder)
                if result is None:
                    print(f"{leads:>11,} {leads * 10:>12,} {way:<17} {'died':>8}")
                    continue
                found[leads, way] = result
                ours = found.get((leads, "slareport"), result)
                assert result["counts"] == ours["counts"], (way, result["counts"], ours["counts"])
                ratios = f"{result['seconds'] / ours['seconds']:>5.2f}x {result['bytes'] / ours['bytes']:>6.2f}x"
                size = f"{result['seconds']:>8.1f} {result['bytes'] / 1e9:>8.2f}"
                print(f"{leads:>11,} {leads * 10:>12,} {way:<17} {size} {ratios}", flush=True)
    if len(sizes) > 1 and {(sizes[0], "slareport"), (sizes[-1], "slareport")} <= found.keys():
        first, last = (found[size, "slareport"]["seconds"] for size in (sizes[0], sizes[-1]))
        exponent = math.log(last / first) / math.log(sizes[-1] / sizes[0])
        print(f"growth from {sizes[0]:,} to {sizes[-1]:,} leads: exponent {exponent:.2f}")


if __name__ == "__main__":
    main()
