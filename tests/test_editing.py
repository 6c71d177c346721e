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

pytestmark = pytest.mark.once

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
    pytest.param("l:  # none yet\n  # - by: NAME\n\n# next\nb: 2\n",
                 "l:  # none yet\n  # - by: NAME\n  - by: Ada\n    on: 2026-03-09\n\n# next\nb: 2\n",
                 id="a key with its own comment below"),
    pytest.param("l:\n  - a\n    # his\n\n    # too\n  # - b\n",
                 "l:\n  - a\n    # his\n\n    # too\n  - by: Ada\n    on: 2026-03-09\n  # - b\n",
                 id="comments of the last item stay below it"),
    pytest.param("l: []  # none\nb: 2\n", "l:  # none\n  - by: Ada\n    on: 2026-03-09\nb: 2\n", id="an empty list"),
    pytest.param("l: ~  # none\nb: 2\n", "l:  # none\n  - by: Ada\n    on: 2026-03-09\nb: 2\n", id="a key with `~`"),
    pytest.param("l: [  # none\n]\n", "l: [  # none\n{by: Ada, on: 2026-03-09}]\n", id="an empty list with a comment"),
    pytest.param("{b: 2, l: []}\n", "{b: 2, l: [{by: Ada, on: 2026-03-09}]}\n", id="an empty list within a line"),
    pytest.param("{l}\n", "{l: [{by: Ada, on: 2026-03-09}]}\n", id="a key alone in braces"),
    pytest.param("l: [a, b]  # two\n", "l: [a, b, {by: Ada, on: 2026-03-09}]  # two\n", id="a list on one line"),
    pytest.param("l: [\n  a,  # first\n  b,  # last\n]\n",
                 "l: [\n  a,  # first\n  b, {by: Ada, on: 2026-03-09},  # last\n]\n", id="an inline list over lines"),
    pytest.param("l:\n- a\nb: 2\n", "l:\n- a\n- by: Ada\n  on: 2026-03-09\nb: 2\n", id="dashes below their key"),
    pytest.param("l:\n  - {a: 1,\n    b: 2}\nc: 3\n",
                 "l:\n  - {a: 1,\n    b: 2}\n  - by: Ada\n    on: 2026-03-09\nc: 3\n",
                 id="an item in braces over two lines"),
    pytest.param("l:\n  - a: 'We\n\n were ill'\n# end\n",
                 "l:\n  - a: 'We\n\n were ill'\n  - by: Ada\n    on: 2026-03-09\n# end\n",
                 id="a quotation that goes on at the margin"),
    pytest.param("l:\n  - |+\n    one\n\nb: 2\n", "l:\n  - |+\n    one\n\n  - by: Ada\n    on: 2026-03-09\nb: 2\n",
                 id="after a text that keeps its empty lines"),
    pytest.param("l:\n  - >-\n    one\n   # his\nb: 2\n",
                 "l:\n  - >-\n    one\n   # his\n  - by: Ada\n    on: 2026-03-09\nb: 2\n",
                 id="after a comment to the left of a folded text"),
    pytest.param("l:\n    - a: x  # his\n\n# next\nb: 2\n",
                 "l:\n    - a: x  # his\n    - by: Ada\n      on: 2026-03-09\n\n# next\nb: 2\n",
                 id="comments and blank lines behind a list stay behind it"),
    pytest.param("l:\n  - a: >-\n      one\n\n      # two\n\n# next\nb: 2\n",
                 "l:\n  - a: >-\n      one\n\n      # two\n  - by: Ada\n    on: 2026-03-09\n\n# next\nb: 2\n",
                 id="after a folded text"),
    pytest.param("l:\n  - a:\nb: 2\n", "l:\n  - a:\n  - by: Ada\n    on: 2026-03-09\nb: 2\n", id="after nothing"),
    pytest.param("l:\n  -\n", "l:\n  -\n  - by: Ada\n    on: 2026-03-09\n", id="after a dash alone"),
    pytest.param("l:\r\n  - a\r\n", "l:\r\n  - a\r\n  - by: Ada\r\n    on: 2026-03-09\r\n", id="lines of Windows"),
    pytest.param("\ufeffl:\n  - a\n", "\ufeffl:\n  - a\n  - by: Ada\n    on: 2026-03-09\n", id="a byte order mark"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), APPENDED)
def test_an_item_is_appended(before, after):
    assert append(before, ("l",), BOTH) == after


def test_an_empty_list_within_a_list_stays_on_its_line():
    assert append("l:\n  - []\n", ("l", 0), "a") == "l:\n  - [a]\n"


def test_several_items_are_appended_at_once():
    days = append("", ("l",), {"on": DAY}, {"on": DAY})
    assert days == "l:\n  - on: 2026-03-09\n  - on: 2026-03-09\n"
    assert append("l: [a]\n", ("l",), "b", {"c": True}) == "l: [a, b, {c: yes}]\n"
    assert append("l:\n  - a\n", ("l",), "b", {"c": True}) == "l:\n  - a\n  - b\n  - c: yes\n"


PUT = [
    pytest.param("a: 1  # one\n", ("a",), "2", "a: '2'  # one\n", id="a number is kept text"),
    pytest.param('v: "2"\n', ("v",), "3", 'v: "3"\n', id="quotes are kept"),
    pytest.param("v: '-2'\n", ("v",), "-3", "v: '-3'\n", id="single quotes are kept"),
    pytest.param("v: 2\n", ("v",), "?3", 'v: "?3"\n', id="what begins with a sign gets them"),
    pytest.param("d: 2026-01-01\n", ("d",), DAY, "d: 2026-03-09\n", id="a day"),
    pytest.param("k: {within: 4 hours}\n", ("k", "within"), "2 hours", "k: {within: 2 hours}\n", id="within a line"),
    pytest.param("k: {within: 4 hours}\n", ("k", "by"), "Ada, Bo", "k: {within: 4 hours, by: 'Ada, Bo'}\n",
                 id="another key of an inline mapping"),
    pytest.param("k: {within: }\n", ("k", "by"), "Ada", "k: {within: , by: Ada }\n",
                 id="another key behind one without a value"),
    pytest.param("k: {}\n", ("k", "by"), "Ada", "k: {by: Ada}\n", id="the first key of an empty one"),
    pytest.param("t: >-\n  one\n  two\n\nb: 2\n", ("t",), "three", "t: three\n\nb: 2\n", id="instead of a folded text"),
    pytest.param("t:\nb: 2\n", ("t",), "three", "t: three\nb: 2\n", id="where nothing was written"),
    pytest.param("a: plain\n  text  # why\nb: 2\n", ("a",), "x", "a: x  # why\nb: 2\n",
                 id="instead of a text over lines"),
    pytest.param("t: >-\n  one\n  # two\n # why\nb: 2\n", ("t",), "three", "t: three\n # why\nb: 2\n",
                 id="instead of a folded text, whose comments are none"),
    pytest.param("t: ~  # not yet\nb: 2\n", ("t",), "three", "t: three  # not yet\nb: 2\n", id="instead of `~`"),
    pytest.param("b: 2\nt:  # not yet\n", ("t",), "three", "b: 2\nt: three  # not yet\n",
                 id="where nothing was written at the end"),
    pytest.param("l:\n  -\n  - b\n", ("l", 0), "a", "l:\n  - a\n  - b\n", id="behind a dash alone"),
    pytest.param("k: ~\nb: 2\n", ("k", "by"), "Ada", "k:\n  by: Ada\nb: 2\n", id="a key where `~` stands"),
    pytest.param("k: {a, b: 1}\n", ("k", "a"), "2", "k: {a: '2', b: 1}\n", id="a key alone in braces"),
    pytest.param("l:\n  - a: 1\n    b: 2\n\n  - c: 3\n", ("l", 0, "by"), "Ada",
                 "l:\n  - a: 1\n    b: 2\n    by: Ada\n\n  - c: 3\n", id="another key of an item"),
    pytest.param("a: 1\n\n# end\n", ("change", "reason"), "Late", "a: 1\nchange:\n  reason: Late\n\n# end\n",
                 id="a key of a mapping that is not there"),
    pytest.param("a: x\n", ("a",), "two\nlines", 'a: "two\\nlines"\n', id="a text of two lines"),
    pytest.param("a: x", ("a",), "y", "a: y", id="no last line break"),
    pytest.param("a: x\n", ("a",), True, "a: yes\n", id="yes"),
    pytest.param("a: x\n", ("a",), "nUll", "a: 'nUll'\n", id="a text that would be taken for nothing"),
    pytest.param("a: ~\n", ("a",), "~", "a: '~'\n", id="`~` as a text"),
    pytest.param('a: "x\\a"\n', ("a",), "x", 'a: "x"\n', id="instead of a text with an escape"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "place", "value", "after"), PUT)
def test_a_value_is_put(before, place, value, after):
    assert put(before, place, value) == after


FIRST = [
    pytest.param("# why\n", "# why\nd: 2026-03-09\n", id="where nothing else is"),
    pytest.param("# why\na: 1\n", "# why\nd: 2026-03-09\na: 1\n", id="above all else, below the heading"),
    pytest.param("---\r\na: 1", "---\r\nd: 2026-03-09\r\na: 1", id="above all else, lines of Windows"),
    pytest.param("\ufeffa: 1\n", "\ufeffd: 2026-03-09\na: 1\n", id="behind a byte order mark"),
    pytest.param("a: 1\nd: 2\n", "a: 1\nd: 2026-03-09\n", id="where its key stands"),
]


@pytest.mark.parametrize(("before", "after"), FIRST)
def test_a_key_is_put_first(before, after):
    assert put(before, ("d",), DAY, first=True) == after


def test_a_key_of_an_item_is_put_first():
    assert put("l:\n  - a: 1\n    b: 2\n", ("l", 0, "c"), "x", first=True) == "l:\n  - c: x\n    a: 1\n    b: 2\n"


ROW, WORD = "nobody " * 12 + "nobody", "n" * 120
LONG = [
    pytest.param(f"{ROW} afterwards", f"l:\n  - t: {ROW}\n      afterwards\n", id="plain"),
    pytest.param(f"No: {ROW} afterwards", f"l:\n  - t: 'No: {ROW}\n      afterwards'\n", id="in quotes"),
    pytest.param(f"No\n{ROW} afterwards", f'l:\n  - t: "No\\n{ROW}\n      afterwards"\n', id="with a line break"),
    pytest.param(f"{ROW}  afterwards", f"l:\n  - t: {ROW[:-7]}\n      nobody  afterwards\n", id="not at two spaces"),
    pytest.param(f"{WORD} afterwards", f"l:\n  - t:\n      {WORD}\n      afterwards\n", id="with a very long word"),
]


@pytest.mark.parametrize(("text", "after"), LONG)
def test_a_long_text_is_appended_over_lines(text, after):
    assert append("", ("l",), {"t": text}) == after


@pytest.mark.parametrize(("change", "place"), [(put, ("l",)), (put, ("e",)), (put, ("e", "b")), (put, ("a", "b")),
                                               (append, ("a",)), (append, ("k",))])  # fmt: skip
def test_a_place_of_another_kind_is_refused(change, place):
    with pytest.raises(ValueError, match="stands at"):
        change("l: [a]\ne: []\nk: {}\na: 1\n", place, "x")


@settings(max_examples=60)
@example(["?0", "\xa0", "ends with one\xa0", "a\u2028b", "\n", "a\n\nb", " x ", "#", "- a: {b", "~", "\x85a", "\a"])
@example([f"{'a' * 100}\t{'b' * 10} c", "a  " * 100 + "a", "it's: " * 50, "?" + '" \\' * 100])
@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_any_text_comes_back_as_it_was_written(tmp_path_factory, texts):
    written = "# head\nother: [a]\n"
    for text in texts:
        written = append(written, ("said",), {"text": text})
    written = put(put(written, ("said", 0, "by"), texts[-1]), ("other", 0), texts[0])
    found = data_of(written, tmp_path_factory.mktemp("said"))
    assert [one["text"] for one in found["said"]] == texts
    assert (found["said"][0]["by"], found["other"]) == (texts[-1], [texts[0]])
    assert written.startswith("# head\n")
