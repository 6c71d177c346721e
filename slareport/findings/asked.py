"""The questions of a team's review, each asked of an evaluation and answered by findings."""

from __future__ import annotations

import pandas as pd

from slareport import format as fmt
from slareport.evaluation import TREND_PERIODS, Evaluation
from slareport.findings import (
    achievers,
    adherence,
    bottlenecks,
    capacity,
    causes,
    conversions,
    inputs,
    outlook,
)
from slareport.findings.finding import Finding
from slareport.findings.sentences import period_word
from slareport.period import Period
from slareport.results import CLEARLY, MISSED

BASELINE = 4  # periods that say what is usual

Pair = tuple[Finding, Finding]


def past(made: Evaluation) -> list[Period]:
    """The periods that are looked back on, the one under review last."""
    return made.period.history(TREND_PERIODS)


def where_stuck(made: Evaluation) -> Pair:
    """Which stage and which step hold deals longer than before, and since when."""
    stages = bottlenecks.bottleneck(bottlenecks.stage_spells(made.items["stage_visits"]), past(made), made.zone)
    steps = bottlenecks.step_spells(made.items["steps"], made.as_of)
    return stages, bottlenecks.bottleneck(steps, past(made), made.zone, "step")


def what_moved(made: Evaluation, rows: pd.DataFrame) -> list[Finding]:
    """Which stage lets fewer deals through, why shares moved, and who takes the time; `rows` is the scorecard."""
    visits, before = made.items["stage_visits"], past(made)[-1 - BASELINE : -1]
    ended = (inputs.within(visits["left_at"], when, made.zone) for when in ([made.period], before))
    leads = made.items["leads"]
    came = leads[inputs.within(leads["created_at"], [made.period], made.zone)]
    return [conversions.funnel(visits, *ended), *_shares_moved(made, rows), causes.delays(came, made.as_of)]


def why_missed(made: Evaluation, rows: pd.DataFrame, missed: pd.DataFrame) -> list[Finding]:
    """Why items of each promise in `rows` were missed, counted, and which of the items `missed` changed hands."""
    if missed.empty:
        return []
    hands = causes.hands_of(missed, made.items.tables["lead_legs"], made.items.kinds())
    parts = {
        title: missed[missed["promise"].eq(name)] for name, title in zip(rows["promise"], rows["title"], strict=True)
    }
    return [causes.causes(part, hands, str(title)) for title, part in parts.items() if len(part)]


def who_does_well(made: Evaluation, rows: pd.DataFrame) -> Pair:
    """Who wins, and who keeps promises, beyond what luck explains."""
    word = period_word(made.period.name)
    promises = rows["promise"][rows["kind"].eq("promise")].tolist()
    deals = inputs.decided_deals(made.items, past(made))
    items = inputs.judged_items(made.items, made.judged, promises, past(made)[-BASELINE:])
    wins = achievers.winners(deals, f"in the last {fmt.plural(len(past(made)), word)}")
    return wins, achievers.keepers(items, f"in the last {fmt.plural(BASELINE, word)}")


def what_replies_go_with(made: Evaluation, rows: pd.DataFrame) -> list[Finding]:
    """Whether leads answered in time go with more wins and happier customers; nothing unless replies are promised."""
    promises, results = (rows["promise"][rows["kpi"].eq(kpi)].tolist() for kpi in ("lead_response", "csat"))
    if not promises:
        return []
    replied = made.judged[promises[0]]
    found = [adherence.wins_by_reply(inputs.replied_leads(made.items, replied))]
    for name in results[:1]:
        answers = inputs.replied_answers(made.items, replied, made.judged[name]["numerator"])
        found.append(adherence.satisfaction_by_reply(answers))
    return found


def what_comes(made: Evaluation, currency: str) -> Pair:
    """What the next period will bring, and how such forecasts did before."""
    expected, record = outlook.next_period(made.items, past(made), made.zone, currency)
    return expected, record


def what_it_takes(made: Evaluation, currency: str) -> Pair:
    """Leads, open deals and wins to expect per person in the next period, and units per product."""
    *seen, coming = outlook.windows(made.items, [*past(made), made.period.next()], made.zone, currency)
    deals = inputs.open_deals(made.items, coming, seen)
    load = capacity.load(inputs.leads_per_person(made.items, past(made)[-BASELINE:]), deals)
    return load, capacity.products(inputs.product_lines(made.items, deals))


def everything(made: Evaluation, rows: pd.DataFrame, missed: pd.DataFrame, currency: str) -> list[Finding]:
    """All findings of a team's review, to work with."""
    return [
        *where_stuck(made),
        *what_moved(made, rows),
        *why_missed(made, rows, missed),
        *who_does_well(made, rows),
        *what_replies_go_with(made, rows),
        *what_comes(made, currency),
        *what_it_takes(made, currency),
    ]


def _shares_moved(made: Evaluation, rows: pd.DataFrame) -> list[Finding]:
    """Mix or rate: the win rate, and every promise that was clearly missed and has clearly moved."""
    now, before = [made.period], [made.period.previous()]
    deals = [inputs.decided_deals(made.items, when) for when in (now, before)]
    found = [conversions.mix_or_rate(deals[0], deals[1], "Win rate")]
    for _, row in rows[rows["result"].eq(MISSED) & rows["evidence"].eq(CLEARLY)].iterrows():
        items = [inputs.judged_items(made.items, made.judged, [row["promise"]], when) for when in (now, before)]
        found.append(conversions.mix_or_rate(items[0], items[1], row["title"]))
    return found[:1] + [finding for finding in found[1:] if finding.clear]
