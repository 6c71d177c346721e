"""YAML read strictly: text stays text, and everything that is wrong is told at once, with its line."""

import datetime as dt
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from slareport.documents import LARGEST_FILE, Day, Strict, Zone, parse, read_document
from slareport.errors import UsageError


class Inner(Strict):
    target: int
    label: str | None = None


class Outer(Strict):
    name: str
    since: Day | None = None
    zone: Zone = "UTC"
    parts: list[Inner] = []
    by_name: dict[Annotated[str, Field(pattern="^[a-z]+$")], Inner] = {}


def document(tmp_path, raw):
    path = tmp_path / "parameters" / "file.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return read_document(path, tmp_path)


def problems(tmp_path, raw, model=None):
    with pytest.raises(UsageError) as caught:
        parse(document(tmp_path, raw), model)
    return [str(problem) for problem in caught.value.problems]


TEXTS = [
    "NO",
    "no",
    "on",
    "yes",
    "010",
    "1e5",
    "8:30",
    "08:30",
    "190:20:30",
    "1_000",
    "0,95",
    "2026-02-30",
    "=",
    "0x1F",
    ".inf",
]


def test_a_folded_text_has_single_spaces_where_its_lines_ended(tmp_path):
    read = document(tmp_path, "name: >-\n  Two of us were ill,\n  and nobody took over.\n")
    assert read.data == {"name": "Two of us were ill, and nobody took over."}


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_is_what_is_read(tmp_path, text):
    assert document(tmp_path, f"a: {text}\nb:\n  - {text}\nc: '{text}'\n").data == {"a": text, "b": [text], "c": text}


def test_nothing_written_is_none_and_two_quotes_are_empty_text(tmp_path):
    assert document(tmp_path, 'a:\nb: ~\nc: null\nd: ""\n').data == {"a": None, "b": None, "c": None, "d": ""}


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_matter(tmp_path):
    found = document(tmp_path, "\ufeffa: 1\r\nb:\r\n  c: 2\r\n".encode())
    assert found.data == {"a": "1", "b": {"c": "2"}}
    assert found.line(("b", "c")) == 3


BAD = [
    pytest.param("a: 1\nb: 2\na: 3\n", "3: the key 'a' stands twice, first in line 1", id="a key twice"),
    pytest.param("x:\n  a: 1\n  'a': 2\n", "3: the key 'a' stands twice, first in line 2", id="twice, once in quotes"),
    pytest.param("a: !!python/object:os.system x\n", "1: tags are not supported", id="a tag of Python"),
    pytest.param("a: !!omap [{b: c}]\n", "1: tags are not supported", id="a tag of YAML"),
    pytest.param("a: !!binary aGk=\n", "1: tags are not supported", id="binary"),
    pytest.param("a: &x 1\nb: *x\n", "1: anchors and aliases are not supported", id="an anchor"),
    pytest.param("a: {b: 1}\n<<: {c: 2}\n", "2: a key must be plain text", id="a merge"),
    pytest.param("? [a, b]\n: 1\n", "1: a key must be plain text", id="a list as key"),
    pytest.param("a:\n\tb: 1\n", "2:1: not YAML", id="tabs"),
    pytest.param("a: [1, 2\n", "not YAML", id="an open bracket"),
    pytest.param("a: 1\n---\nb: 2\n", "not YAML", id="two documents"),
    pytest.param("a: b: c\n", "1:5: not YAML", id="a colon in a value"),
    pytest.param("", "1: expected `key: value` lines", id="empty"),
    pytest.param("# only a comment\n", "1: expected `key: value` lines", id="only comments"),
    pytest.param("- a\n- b\n", "1: expected `key: value` lines", id="a list at the top"),
    pytest.param("just text\n", "1: expected `key: value` lines", id="text at the top"),
    pytest.param("a: Müller\n".encode("latin-1"), "not UTF-8 at byte 4", id="latin-1"),
    pytest.param("a: 1\n".encode("utf-16"), "not UTF-8 at byte 0", id="UTF-16"),
    pytest.param(b"a: \x00\n", "not YAML", id="a null byte"),
    pytest.param("a: 1\n" + "# x\n" * (LARGEST_FILE // 4), "larger than 262,144 bytes", id="too large"),
    pytest.param("".join("  " * n + "a:\n" for n in range(30)), "nested deeper than 20 levels", id="too deep"),
    pytest.param("a: " + "[" * 5000 + "\n", "nested deeper than 20 levels", id="deep enough to break a reader"),
]


@pytest.mark.parametrize(("raw", "told"), BAD)
def test_a_file_is_refused_with_its_name_and_line(tmp_path, raw, told):
    (first, *_) = problems(tmp_path, raw)
    assert first.startswith("parameters/file.yaml:")
    assert told in first
    assert "fix: " in first


def test_all_that_is_wrong_in_a_file_is_told_at_once(tmp_path):
    raw = "name: x\ntagret: 5\nzone: EST\nsince: 2026-02-30\nparts:\n  - target: many\n  - lable: x\n"
    raw += "by_name:\n  Big: {target: 1}\n  small: {targt: 1, target: 1}\n"
    assert problems(tmp_path, raw, Outer) == [
        "parameters/file.yaml:4: since: no such day; found '2026-02-30'; fix: write it like 2026-05-01",
        "parameters/file.yaml:3: zone: no such time zone; found 'EST'; fix: did you mean America/New_York? "
        "write the IANA name of a place, such as Europe/Berlin, or UTC",
        "parameters/file.yaml:6: parts[0].target: Input should be a valid integer, unable to parse string as an "
        "integer; found 'many'",
        "parameters/file.yaml:7: parts[1].target: is missing; fix: add `target:`",
        "parameters/file.yaml:7: parts[1].lable: unknown key; fix: did you mean label? there are: label, target",
        "parameters/file.yaml:9: by_name.Big: String should match pattern '^[a-z]+$'; found 'Big'",
        "parameters/file.yaml:10: by_name.small.targt: unknown key; fix: did you mean target? there are: label, target",
        "parameters/file.yaml:2: tagret: unknown key; fix: there are: by_name, name, parts, since, zone",
    ]


@pytest.mark.parametrize("day", ["2026-5-1", "20260501", "2026-W18-5", "86400", "2026-05-01T00:00", "1.5.2026"])
def test_a_day_is_written_in_one_way(tmp_path, day):
    (told,) = problems(tmp_path, f"name: x\nsince: {day}\n", Outer)
    assert "no such day" in told
    assert parse(document(tmp_path, "name: x\nsince: 2026-05-01\n"), Outer).since == dt.date(2026, 5, 1)


def test_a_file_that_is_not_there_names_those_that_are(tmp_path):
    (tmp_path / "teams.yaml").write_text("a: 1\n")
    with pytest.raises(UsageError, match=r"team\.yaml: no such file; fix: make it; beside it there are: teams\.yaml"):
        read_document(tmp_path / "team.yaml", tmp_path)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60) | st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@,?\n\t ~"), max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_with_the_name_of_the_file(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    files = {"any.yaml"}
    try:
        assert isinstance(read_document(path, path.parent).data, dict)
    except UsageError as error:
        files = {problem.file for problem in error.problems}
    assert files == {"any.yaml"}
