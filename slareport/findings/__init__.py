"""What the figures say: a module per question, each a pure function from frames to a `Finding`.

`sentences` says what a scorecard holds; the others look for what a scorecard does not show, and stay silent where
nothing clears the uncertainty.
"""

from slareport.findings.finding import ALPHA, Finding
from slareport.findings.sentences import (
    ICONS,
    MOST_POINTS,
    RESULT_WORDS,
    across_teams,
    bottom_line,
    cause_counts,
    cause_sentence,
    change_in_words,
    interval_in_words,
    now_in_words,
    of_how_many,
    outcome_sentence,
    period_word,
    points,
    promise_sentence,
    promised_in_words,
    result_in_words,
    titles,
    value_in_words,
)

__all__ = [
    "ALPHA",
    "ICONS",
    "MOST_POINTS",
    "RESULT_WORDS",
    "Finding",
    "across_teams",
    "bottom_line",
    "cause_counts",
    "cause_sentence",
    "change_in_words",
    "interval_in_words",
    "now_in_words",
    "of_how_many",
    "outcome_sentence",
    "period_word",
    "points",
    "promise_sentence",
    "promised_in_words",
    "result_in_words",
    "titles",
    "value_in_words",
]
