"""Changing one place of a YAML file: what is changed, and that nothing else is."""

from __future__ import annotations

import datetime as dt
import difflib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slareport.documents import read_document
from slareport.editing import append, put

PARAMETERS = Path(__file__).parent.parent / "parameters"
SAMPLES = sorted(PARAMETERS.glob("**/*.yaml"))
NAMES = [path.relative_to(PARAMETERS).as_posix() for path in SAMPLES]
DAY = dt.date(2026, 3, 9)


def data_of(text, tmp_path):
    path = tmp_path / "file.yaml"
    path.write_bytes(text.encode())
    return read_document(path, tmp_path).data


def places(data, place=()):
    """Every place of a file with what stands there."""
    yield place, data
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        yield from places(value, (*place, key))


def changed(before, after):
    """The lines taken away and added."""
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


def at(data, place):
    for part in place:
        data = data[part]
    return data


# On the sample's own files


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_what_stands_there_already_changes_no_byte(path):
    text = path.read_text("utf-8")
    said = places(read_document(path, PARAMETERS).data)
    for place, value in [(place, value) for place, value in said if isinstance(value, str)][::5]:
        assert put(text, place, value) == text


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_another_value_changes_its_own_lines_only(path, tmp_path):
    text, said = path.read_text("utf-8"), places(read_document(path, PARAMETERS).data)
    for place in [place for place, value in said if isinstance(value, str)][::11]:
        after = put(text, place, "7 business hours: no")
        assert at(data_of(after, tmp_path), place) == "7 business hours: no"
        assert len([line for line in changed(text, after) if line[0] == "+"]) == 1


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_an_item_is_appended_to_any_list_and_takes_nothing_away(path, tmp_path):
    text, said = path.read_text("utf-8"), places(read_document(path, PARAMETERS).data)
    for place, value in [(place, value) for place, value in said if isinstance(value, list)][::5]:
        item = {"by": "Ada", "on": DAY}
        after = append(text, place, item)
        assert at(data_of(after, tmp_path), place) == [*value, {"by": "Ada", "on": "2026-03-09"}]
        inline = len(changed(text, after)) == 2
        assert inline or all(line[0] == "+" for line in changed(text, after))


# The forms that people write

BOTH = {"by": "Ada", "on": DAY}
APPENDED = [
    pytest.param("", "l:\n  - by: Ada\n    on: 2026-03-09\n", id="a file with nothing in it"),
    pytest.param("# why\n", "# why\nl:\n  - by: Ada\n    on: 2026-03-09\n", id="a file of comments"),
    pytest.param("a: 1", "a: 1\nl:\n  - by: Ada\n    on: 2026-03-09\n", id="no list yet, and no last line break"),
    pytest.param("l:  # none yet\n\nb: 2\n", "l:  # none yet\n  - by: Ada\n    on: 2026-03-09\n\nb: 2\n",
                 id="a key without a list"),
    pytest.param("l: []\n", "l: [{by: Ada, on: 2026-03-09}]\n", id="an empty list"),
    pytest.param("l: [a, b]  # two\n", "l: [a, b, {by: Ada, on: 2026-03-09}]  # two\n", id="a list on one line"),
    pytest.param("l: [\n  a,  # first\n  b,  # last\n]\n",
                 "l: [\n  a,  # first\n  b, {by: Ada, on: 2026-03-09},  # last\n]\n", id="an inline list over lines"),
    pytest.param("l:\n- a\nb: 2\n", "l:\n- a\n- by: Ada\n  on: 2026-03-09\nb: 2\n", id="dashes below their key"),
    pytest.param("l:\n    - a: x  # his\n\n# next\nb: 2\n",
                 "l:\n    - a: x  # his\n    - by: Ada\n      on: 2026-03-09\n\n# next\nb: 2\n",
                 id="comments and blank lines behind a list stay behind it"),
    pytest.param("l:\n  - a: >-\n      one\n\n      # two\n\n# next\nb: 2\n",
                 "l:\n  - a: >-\n      one\n\n      # two\n  - by: Ada\n    on: 2026-03-09\n\n# next\nb: 2\n",
                 id="after a folded text"),
    pytest.param("l:\n  - a:\nb: 2\n", "l:\n  - a:\n  - by: Ada\n    on: 2026-03-09\nb: 2\n", id="after nothing"),
    pytest.param("l:\r\n  - a\r\n", "l:\r\n  - a\r\n  - by: Ada\r\n    on: 2026-03-09\r\n", id="lines of Windows"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), APPENDED)
def test_an_item_is_appended(before, after):
    assert append(before, ("l",), BOTH) == after


PUT = [
    pytest.param("a: 1  # one\n", ("a",), "2", "a: '2'  # one\n", id="a number is kept text"),
    pytest.param('v: "2"\n', ("v",), "3", 'v: "3"\n', id="quotes are kept"),
    pytest.param("v: '-2'\n", ("v",), "-3", "v: '-3'\n", id="single quotes are kept"),
    pytest.param("v: 2\n", ("v",), "?3", 'v: "?3"\n', id="what begins with a sign gets them"),
    pytest.param("d: 2026-01-01\n", ("d",), DAY, "d: 2026-03-09\n", id="a day"),
    pytest.param("k: {within: 4 hours}\n", ("k", "within"), "2 hours", "k: {within: 2 hours}\n", id="within a line"),
    pytest.param("k: {within: 4 hours}\n", ("k", "by"), "Ada, Bo", "k: {within: 4 hours, by: 'Ada, Bo'}\n",
                 id="another key of an inline mapping"),
    pytest.param("k: {}\n", ("k", "by"), "Ada", "k: {by: Ada}\n", id="the first key of an empty one"),
    pytest.param("t: >-\n  one\n  two\n\nb: 2\n", ("t",), "three", "t: three\n\nb: 2\n", id="instead of a folded text"),
    pytest.param("t:\nb: 2\n", ("t",), "three", "t: three\nb: 2\n", id="where nothing was written"),
    pytest.param("a: plain\n  text\nb: 2\n", ("a",), "x", "a: x\nb: 2\n", id="instead of a text over lines"),
    pytest.param("l:\n  - a: 1\n    b: 2\n\n  - c: 3\n", ("l", 0, "by"), "Ada",
                 "l:\n  - a: 1\n    b: 2\n    by: Ada\n\n  - c: 3\n", id="another key of an item"),
    pytest.param("a: 1\n\n# end\n", ("change", "reason"), "Late", "a: 1\nchange:\n  reason: Late\n\n# end\n",
                 id="a key of a mapping that is not there"),
    pytest.param("a: x\n", ("a",), "two\nlines", 'a: "two\\nlines"\n', id="a text of two lines"),
    pytest.param("a: x", ("a",), "y", "a: y", id="no last line break"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "place", "value", "after"), PUT)
def test_a_value_is_put(before, place, value, after):
    assert put(before, place, value) == after


@pytest.mark.parametrize(("change", "place"), [(put, ("l",)), (append, ("a",)), (put, ("a", "b"))])
def test_a_place_of_another_kind_is_refused(change, place):
    with pytest.raises(ValueError, match="stands at"):
        change("l: [a]\na: 1\n", place, "x")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.just("\n"), min_size=1)


@settings(max_examples=60)
@example(["?0", "\xa0", "ends with one\xa0", "a\u2028b", "\n", "a\n\nb", " x ", "#", "- a: {b", "~"])
@given(st.lists(WORDS, min_size=1, max_size=4))
def test_any_text_comes_back_as_it_was_written(tmp_path_factory, texts):
    written = "# head\nother: [a]\n"
    for text in texts:
        written = append(written, ("said",), {"text": text})
    written = put(put(written, ("said", 0, "by"), texts[-1]), ("other", 0), texts[0])
    found = data_of(written, tmp_path_factory.mktemp("said"))
    assert [one["text"] for one in found["said"]] == texts
    assert (found["said"][0]["by"], found["other"]) == (texts[-1], [texts[0]])
    assert written.startswith("# head\n")
