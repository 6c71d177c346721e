"""The findings of one team in one period, shown.

In brief (not `full`) a finding is its sentence, and a chart where something was found: what a packet has room for.
"""

from __future__ import annotations

import pandas as pd

from slareport import sections
from slareport.evaluation import Evaluation
from slareport.exhibits import findings as shown
from slareport.exhibits.gallery import Gallery
from slareport.findings import asked
from slareport.findings.bottlenecks import medians, stage_spells
from slareport.sections import Section


def bottlenecks(made: Evaluation, rows: pd.DataFrame, name: str, *, full: bool) -> Gallery:
    """Where deals get stuck, since when, and why shares moved; `rows` is the scorecard."""
    (stages, steps), others = asked.where_stuck(made), asked.what_moved(made, rows)
    past = asked.past(made)
    spells = stage_spells(made.items["stage_visits"])
    places = [str(place) for place in stages.frame.index[stages.frame["sure"].eq(True)]][:1]
    figures = [shown.dwell(medians(spells, place, past, made.zone), place, past, name) for place in places]
    if full:
        return Gallery(shown.bottlenecks(stages, steps, *others), *figures)
    clear = [found for found in (steps, *others) if found.clear]
    return Gallery(shown.sentences("where deals get stuck", stages, *clear), *figures)


def causes(made: Evaluation, rows: pd.DataFrame, missed: pd.DataFrame) -> Section:
    """Why items of each promise in `rows` were missed, counted; `missed` is the list of misses."""
    found = asked.why_missed(made, rows, missed)
    return shown.sentences("causes", *found) if found else sections.nothing("nothing missed")


def achievers(made: Evaluation, rows: pd.DataFrame, *, full: bool) -> Section:
    """Who wins, and who keeps promises, beyond what luck explains."""
    return shown.achievers(*asked.who_does_well(made, rows), full=full)


def adherence(made: Evaluation, rows: pd.DataFrame) -> Section:
    """Whether leads answered in time go with more wins and happier customers."""
    found = asked.what_replies_go_with(made, rows)
    return shown.adherence(*found) if found else sections.nothing("no promise about replies to leads")


def outlook(made: Evaluation, name: str, currency: str, *, full: bool) -> Gallery:
    """What the next period will bring, and how such forecasts did before."""
    expected, record = asked.what_comes(made, currency)
    periods = [*asked.past(made), made.period.next()]
    figures = [shown.wins_ahead(expected, periods, name)] if expected.clear else []
    if full:
        return Gallery(shown.outlook(expected, record, periods, currency), *figures)
    load, products = asked.what_it_takes(made, currency)
    said = shown.sentences("next period", expected, record, load, *[products] * bool(products.clear))
    return Gallery(said, *figures)


def capacity(made: Evaluation, currency: str) -> Section:
    """Leads, open deals and wins to expect per person in the next period, and units per product."""
    return shown.capacity(*asked.what_it_takes(made, currency))
