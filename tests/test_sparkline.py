"""A measure over periods as a line no larger than a word."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slareport.sparkline import EDGE, HEIGHT, WIDTH, sparkline

NAN = math.nan


def lines(values, goal=NAN):
    """The points of each line drawn."""
    found = re.findall(r'<polyline points="(.*?)"', sparkline(values, goal, "told"))
    return [[tuple(map(float, point.split(","))) for point in line.split()] for line in found]


def test_the_least_value_is_at_the_bottom_and_the_most_at_the_top():
    ((first, middle, last),) = lines([0.5, 0.75, 1.0])
    assert first == (EDGE, HEIGHT - EDGE)
    assert middle == (WIDTH / 2, HEIGHT / 2)
    assert last == (WIDTH - EDGE, EDGE)


def test_a_period_without_a_value_interrupts_the_line():
    assert [len(line) for line in lines([1, 2, NAN, 3, 4, 5])] == [2, 3]


def test_what_was_promised_shares_the_scale():
    ((_, last),) = lines([0.5, 0.6], goal=1.0)
    assert last[1] > EDGE, "a promise never reached is above the line"
    assert '<path d="M0 4.0H96"/>' in sparkline([0.5, 0.6], 1.0, "told")


@pytest.mark.parametrize("values", [[], [NAN, NAN], [NAN, 1.0, NAN]], ids=["no periods", "no values", "one value"])
def test_nothing_is_drawn_below_two_values(values):
    assert sparkline(values, 0.9, "told") == ""


def test_it_says_in_words_what_it_draws():
    assert 'role="img" aria-label="Reply &amp; more: from 50% to 60%"' in sparkline(
        [0.5, 0.6], NAN, "Reply & more: from 50% to 60%"
    )


@given(st.lists(st.floats(-1e9, 1e9) | st.just(NAN), min_size=2, max_size=30), st.floats(-1e9, 1e9) | st.just(NAN))
def test_everything_is_drawn_inside_the_box(values, goal):
    for line in lines(values, goal):
        for x, y in line:
            assert EDGE <= x <= WIDTH - EDGE
            assert EDGE <= y <= HEIGHT - EDGE
