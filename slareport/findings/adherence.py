"""Whether keeping the promises goes with better results. It is said as going together, never as a cause."""

from __future__ import annotations

import pandas as pd

from slareport import format as fmt
from slareport.findings.finding import Finding
from slareport.statistics import difference, wilson

FEWEST = 10
METHOD = (
    "Two shares and their difference with a 95% range (Newcombe). Who is answered in time may differ in other ways "
    "too, so this shows what goes together and not what causes what."
)
CAUTION = "They go together; that does not show that one causes the other."


def wins_by_reply(leads: pd.DataFrame) -> Finding:
    """Win rate of the deals from leads answered in time against that of leads answered late.

    `leads` has a row per lead whose deal is decided: `in_time` and `kept`, whether the deal was won.
    """
    return _together("wins-by-reply", "Replies and wins", leads, ("Deals", "leads", "won"))


def satisfaction_by_reply(answers: pd.DataFrame) -> Finding:
    """Satisfied customers among those answered in time as leads, against those answered late.

    `answers` has a row per survey answer: `in_time`, whether the lead its deal came from was answered in time, and
    `kept`, whether the customer is satisfied.
    """
    return _together("satisfaction-by-reply", "Replies and satisfaction", answers, ("Customers", "leads", "satisfied"))


def _together(name: str, title: str, items: pd.DataFrame, words: tuple[str, str, str]) -> Finding:
    what, whom, did = words
    groups = items["kept"].astype(float).groupby(items["in_time"].astype(bool)).agg(["sum", "size"])
    frame = groups.reindex([True, False], fill_value=0).set_axis(["kept", "n"], axis=1)
    frame.index = pd.Index(["answered in time", "answered late"])
    frame["share"] = frame["kept"] / frame["n"].where(frame["n"] > 0)
    limits = [wilson(int(kept), int(n)) for kept, n in zip(frame["kept"], frame["n"], strict=True)]
    frame = frame.assign(low=[limit.low for limit in limits], high=[limit.high for limit in limits])
    if frame["n"].min() < FEWEST:
        said = f"{title}: too few to compare ({', '.join(f'{n} {label}' for label, n in frame['n'].items())})."
        return Finding(name, title, said, frame.assign(difference=float("nan"), sure=False), METHOD)
    early, late = (tuple(row) for row in frame[["share", "low", "high"]].to_numpy(float))
    gap, low, high = difference(*early, *late)
    sure = bool(low > 0 or high < 0)
    told = [
        f"{fmt.count(kept)} of {fmt.count(n)} ({fmt.percent(kept / n)})" for kept, n in frame[["kept", "n"]].to_numpy()
    ]
    said = f"{what} from {whom} answered in time: {told[0]} {did}; from {whom} answered late: {told[1]}. "
    apart = f"{fmt.points(gap)} {fmt.interval(low, high, 'points')}"
    said += f"The difference is {apart}. {CAUTION}" if sure else f"No clear difference: {apart}."
    return Finding(name, title, said, frame.assign(difference=gap, sure=sure), METHOD, sure)
