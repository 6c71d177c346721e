"""Nothing is found where nothing was planted: twenty companies in which all behave alike, reviewed as any other."""

import pytest
from false_alarms import MOVED, rates

from slareport.statistics import wilson

SEEDS = range(1, 21)


@pytest.mark.slow
def test_of_what_is_found_in_companies_without_a_story_no_more_is_clear_than_one_in_twenty_by_chance():
    found = rates(SEEDS)
    questions = {question for question, _ in found}
    assert len(questions) == 9, "every question that looks for more than chance is asked"
    for question in questions:
        clear, whole = found[question, True], found[question, True] + found[question, False]
        assert whole >= 4 * len(SEEDS) or question == MOVED
        least, _ = wilson(clear, whole)  # a question at exactly 1 in 20 would be above it for half of all seeds
        assert least <= 0.05, f"{question}: {clear} of {whole} were false alarms"
