"""Why promises were missed, and who takes the time."""

import pandas as pd
import pytest

from slareport.findings.causes import LATE, NO_PERSON, ONE, TWICE, causes, delays, hands_of

AT = pd.Timestamp("2026-07-01 09:00", tz="UTC")
HOUR = pd.Timedelta(hours=1)
KINDS = pd.Series({"A": "human", "B": "human", "queue": "queue"})


def misses(*rows):
    return pd.DataFrame(rows, columns=["item", "cause"]).assign(due_at=AT + HOUR)


def legs(*rows):
    return pd.DataFrame([(lead, who, AT + hours * HOUR) for lead, who, hours in rows],
                        columns=["lead_id", "owner_id", "from_at"])  # fmt: skip


@pytest.mark.parametrize(
    ("held", "words"),
    [
        pytest.param([], NO_PERSON, id="nobody's"),
        pytest.param([("x", "queue", 0)], NO_PERSON, id="a queue's"),
        pytest.param([("x", "queue", 0), ("x", "A", 1)], LATE, id="a person's only when it was due"),
        pytest.param([("x", "A", 0)], ONE, id="one person's"),
        pytest.param([("x", "A", 0), ("x", "queue", 0.2), ("x", "A", 0.5)], ONE, id="back to the same person"),
        pytest.param([("x", "A", 0), ("x", "B", 0.5)], TWICE, id="passed on in time to be late"),
        pytest.param([("x", "A", 0), ("x", "B", 2)], ONE, id="passed on only afterwards"),
        pytest.param([("y", "A", 0)], NO_PERSON, id="another lead's leg"),
    ],
)
def test_whose_hands_a_miss_went_through(held, words):
    assert hands_of(misses(("x", "late")), legs(*held), KINDS).to_dict() == {"x": words}


def test_the_sentence_counts_causes_and_changed_hands():
    rows = misses(("x", "answered late"), ("y", "answered late"), ("z", "no reply at all"))
    finding = causes(rows, pd.Series({"x": TWICE, "y": ONE, "z": TWICE}), "First reply")
    assert finding.sentence == (
        "First reply: of the 3 misses, 2 were answered late and 1 got no reply at all. "
        "2 of them changed hands before they were due."
    )
    assert finding.frame["misses"].sum() == 3
    one = causes(rows.head(1), pd.Series({"x": TWICE}), "First reply").sentence
    assert one == "First reply: the one miss was answered late. 1 of them changed hands before it was due."


def test_misses_that_are_no_leads_have_no_hands():
    said = causes(misses(("d", "not done")), pd.Series(dtype=object), "Handoff").sentence
    assert said == "Handoff: the one miss was not done."


def test_no_misses():
    assert causes(misses(), pd.Series(dtype=object), "Handoff").sentence == "Handoff: no misses."


def leads(routing, reply, n=20, waiting=0):
    """Leads that took so many minutes to reach a person, and so many more to be answered; some still wait."""
    rows = [(AT, AT + pd.Timedelta(minutes=routing + k), pd.Timedelta(minutes=reply + k)) for k in range(n)]
    frame = pd.DataFrame(rows, columns=["created_at", "assigned_at", "reply"])
    answered = (frame["assigned_at"] + frame.pop("reply")).where(frame.index >= waiting)
    return frame.assign(first_touch_at=answered)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        pytest.param(leads(10, 100), "Half of the leads reach a person within 19 min; half are answered 1 h 49 min "
                     "after that. The reply takes the longer part.", id="the reply"),
        pytest.param(leads(100, 10), "Half of the leads reach a person within 1 h 49 min; half are answered 19 min "
                     "after that. Routing takes the longer part.", id="the routing"),
        pytest.param(leads(10, 10), "Half of the leads reach a person within 19 min; half are answered 19 min after "
                     "that. Neither is clearly the longer part.", id="neither"),
        pytest.param(leads(10, 15), "Half of the leads reach a person within 19 min; half are answered 24 min after "
                     "that. Neither is clearly the longer part.", id="five minutes more, which could be chance"),
        pytest.param(leads(15, 10), "Half of the leads reach a person within 24 min; half are answered 19 min after "
                     "that. Neither is clearly the longer part.", id="five minutes less, which could be chance"),
        pytest.param(leads(10, 10, n=9), "Too few leads to tell routing from replying.", id="too few"),
        pytest.param(leads(10, 10, waiting=11), "Too few leads to tell routing from replying.",
                     id="half are still waiting"),
    ],
)  # fmt: skip
def test_who_takes_the_time(frame, said):
    finding = delays(frame, AT + 100 * HOUR)
    assert finding.sentence == said


def test_leads_still_waiting_count_as_far_as_they_got():
    frame = delays(leads(10, 10, waiting=5), AT + 100 * HOUR).frame
    assert frame["waiting"].tolist() == [0, 5]
    assert frame.loc["from there to the reply", "value"] == pytest.approx(24 / 60)
