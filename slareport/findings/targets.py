"""What past periods say of what is promised: which promises ask too much of them, and which ask nothing."""

from __future__ import annotations

from collections.abc import Sequence

from slareport import format as fmt
from slareport.findings.sentences import period_word
from slareport.playback import REALISTIC, SLACK, STRETCH, UNKNOWN, UNREACHABLE, Playback
from slareport.worktime import Duration

IN_TENTHS = 600  # minutes, below which hours are told with a decimal
ORDER = (UNREACHABLE, STRETCH, REALISTIC, SLACK, UNKNOWN)
WORDS = {
    UNREACHABLE: "unreachable",
    STRETCH: "a stretch",
    REALISTIC: "realistic",
    SLACK: "slack",
    UNKNOWN: "without a history",
}


def by_weight(played: Sequence[Playback]) -> list[Playback]:
    """What asks too much first: by verdict, then by the share of periods in which it would have been kept."""
    return sorted(played, key=lambda one: (ORDER.index(one.verdict), one.share.value))


def in_all(played: Sequence[Playback]) -> str:
    """How many promises are unreachable, a stretch, realistic, slack."""
    counts = [(sum(one.verdict == each for one in played), WORDS[each]) for each in ORDER]
    said = [f"{fmt.count(n)} {'is' if n == 1 else 'are'} {word}" for n, word in counts if n]
    return f"Of {fmt.plural(len(played), 'promise')}, {fmt.listed(said)}, going by past periods."


def too_much(one: Playback) -> str:
    """In how many periods a promise would have been kept, and what could have been promised instead."""
    word = period_word(str(one.rows["period"].iloc[-1]))
    level = f"80% of {word}s reached {fmt.percent(one.level)}, promised are {fmt.percent(one.promise.target)}"
    within = one.promise.knobs.get("within")
    told = f"{one.promise.title}: kept in {in_periods(one)} {word}s. {level}"
    if isinstance(within, Duration) and one.within.value == one.within.value:
        told += f"; 90% took up to {time(one.within.value)}, promised are {within.words}"
    return f"{told}."


def too_little(played: Sequence[Playback]) -> str:
    """The promises that every period kept, of several periods."""
    titles = [one.promise.title for one in played if one.verdict == SLACK and not one.thin]
    return f"{fmt.listed(titles)}: kept every time. There is room to promise more." if titles else ""


def in_periods(one: Playback) -> str:
    """The periods in which it would have been kept, of those judged: "3 of 8"."""
    return f"{fmt.count(one.kept)} of {fmt.count(one.judged)}"


def time(minutes: float, low: float | None = None, high: float | None = None) -> str:
    """A time needed in hours, with the range it may lie in: "2.1 h (1.9-2.2)"."""
    told = [f"{fmt.number(each / 60, int(minutes < IN_TENTHS))}" for each in (minutes, low, high) if each is not None]
    return f"{told[0]} h" + f" ({fmt.DASH.join(told[1:])})" * (len(told) > 1)
