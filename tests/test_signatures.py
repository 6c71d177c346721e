"""Who has signed a version of the agreement and what was objected to it, and what is refused of both."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from test_agreement import load

from slareport.documents import read_document
from slareport.errors import UsageError
from slareport.review import Annex, ClientReview, Review, Summary
from slareport.signatures import EVIDENCE, SIGNATURES, Record, Signatures, load_signatures, open_objections, state

pytestmark = pytest.mark.once

ROOT = Path(__file__).parent.parent
DAY = "2026-01-01"
NOW, THEN = "a" * 64, "b" * 64
OBJECTED = "objections:\n  - {promise: reply, by: Ada, on: 2025-12-01, text: Too short.}\n"
ANSWERED = OBJECTED.replace(".}", "., answer: No., answered_by: Bo, answered_on: 2025-12-02}")


def signed(party, digest=NOW, by="Ada", more=""):
    return f"  - {{party: {party}, by: {by}, role: Head, on: 2025-12-20, digest: {digest}{more}}}\n"


def read(tmp_path, text, name=f"{DAY}.yaml", agreement=None):
    folder = tmp_path / "signatures"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return load_signatures(folder, tmp_path, agreement or load(tmp_path, DAY))


def state_of(tmp_path, text):
    agreement = load(tmp_path, DAY)
    found = (
        read(tmp_path, "signatures:\n" + text, agreement=agreement)
        if text
        else load_signatures(tmp_path / "none", tmp_path, agreement)
    )
    return state(agreement.versions[0], NOW, found.of(agreement.versions[0]))


STATES = [
    pytest.param("", ["Sales", "Marketing"], [], "Agreement version 1 is not signed by any party.",
                 "signed by 0 of 2 parties", id="nobody"),
    pytest.param(signed("Sales"), ["Marketing"], [], "Agreement version 1 is not signed by Marketing.",
                 "signed by 1 of 2 parties", id="one of two"),
    pytest.param(signed("Marketing") + signed("Sales"), [], [], "", "signed by 2 of 2 parties", id="both"),
    pytest.param(signed("Sales") + signed("Marketing", THEN), ["Marketing"], ["Marketing"],
                 "Agreement version 1 is not signed by Marketing.", "signed by 1 of 2 parties",
                 id="one under an earlier text"),
    pytest.param(signed("Sales", THEN) + signed("Sales") + signed("Marketing"), [], [], "", "signed by 2 of 2 parties",
                 id="one again after a change"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "missing", "outdated", "sentence", "count"), STATES)
def test_a_version_is_signed_by(tmp_path, text, missing, outdated, sentence, count):
    found = state_of(tmp_path, text)
    assert (found.missing, list(found.outdated)) == (missing, outdated)
    assert (found.sentence, found.count) == (sentence, count)


def test_of_several_earlier_signatures_the_last_is_told(tmp_path):
    found = state_of(tmp_path, signed("Sales", THEN, "Ada") + signed("Sales", "c" * 64, "Cem"))
    assert found.outdated["Sales"].by == "Cem"


def test_a_signature_holds_for_the_file_as_it_is(tmp_path):
    agreement = load(tmp_path, DAY)
    (version,) = agreement.versions
    digest = hashlib.sha256((tmp_path / "agreement" / f"{DAY}.yaml").read_bytes()).hexdigest()
    records = read(tmp_path, "signatures:\n" + signed("Sales", digest), agreement=agreement)
    assert records.state(agreement, version).by["Sales"].on == dt.date(2025, 12, 20)
    changed = load(tmp_path, DAY, more="# a remark")
    assert records.state(changed, version).missing == ["Sales", "Marketing"]


def test_objections_are_open_until_they_are_answered_the_oldest_first(tmp_path):
    later = "  - {promise: reply, by: Cem, on: 2025-11-01, text: Too long.}\n"
    record = read(tmp_path, ANSWERED + OBJECTED.partition("\n")[2] + later).records[dt.date(2026, 1, 1)]
    assert [(one.by, one.on.month) for one in open_objections(record)] == [("Cem", 11), ("Ada", 12)]
    assert open_objections(Record()) == []


def test_only_the_files_of_some_versions_are_read(tmp_path):
    agreement = load(tmp_path, DAY, "2026-03-01")
    read(tmp_path, OBJECTED, agreement=agreement)
    found = read(tmp_path, OBJECTED, "2026-03-01.yaml", agreement)
    assert list(found.digests) == [f"signatures/{day}.yaml" for day in (DAY, "2026-03-01")]
    assert found.unread(agreement.versions[:1]) == {"signatures/2026-03-01.yaml"}
    assert found.unread(agreement.versions) == set()


def test_an_answered_objection_may_be_to_a_promise_that_is_gone(tmp_path):
    assert read(tmp_path, ANSWERED.replace("reply", "gone")).digests


def test_what_lies_in_folders_or_is_hidden_is_no_record(tmp_path):
    (tmp_path / "signatures" / EVIDENCE).mkdir(parents=True)
    (tmp_path / "signatures" / ".writing-1").touch()
    assert list(read(tmp_path, OBJECTED).records) == [dt.date(2026, 1, 1)]


PROOF = f", evidence: r.eml, evidence_digest: {NOW}, recorded_by: Bo"
BAD = [
    pytest.param(f"{DAY}.yaml", "signatures:\n" + signed("Sale"), "2026-01-01.yaml:2: signatures[0].party: version 1 "
                 "has no such party; found 'Sale'; fix: did you mean Sales?", id="a party there is not"),
    pytest.param(f"{DAY}.yaml", OBJECTED.replace("reply", "repli"), "objections[0].promise: version 1 has no such "
                 "promise; found 'repli'; fix: did you mean reply?", id="a promise there is not"),
    pytest.param(f"{DAY}.yaml", OBJECTED.replace("reply", "closure"), "no such promise", id="an objection to a result"),
    pytest.param(f"{DAY}.yaml", "signatures:\n" + signed("Sales") * 2, "2026-01-01.yaml:3: signatures[1].party: this "
                 "party has signed the same text before; found 'Sales'", id="a party twice under one text"),
    pytest.param(f"{DAY}.yaml", ANSWERED.replace(", answered_by: Bo", ""), "2026-01-01.yaml:2: objections[0]: an "
                 "answer needs answer, answered_by and answered_on; fix: add `answered_by:`", id="an answer of nobody"),
    pytest.param(f"{DAY}.yaml", ANSWERED.replace(", answered_on: 2025-12-02", ""), "fix: add `answered_on:`",
                 id="an answer without its day"),
    pytest.param(f"{DAY}.yaml", "signatures:\n" + signed("Sales", more=PROOF.replace(", recorded_by: Bo", "")),
                 "evidence needs evidence, evidence_digest and recorded_by; fix: add `recorded_by:`",
                 id="evidence that nobody recorded"),
    pytest.param(f"{DAY}.yaml", "signatures:\n" + signed("Sales", more=", recorded_by: Bo"),
                 "fix: add `evidence:` and `evidence_digest:`", id="recorded without evidence"),
    pytest.param(f"{DAY}.yaml", "signatures:\n" + signed("Sales", more=PROOF.replace("r.eml", "../r.eml")),
                 "signatures[0].evidence", id="evidence elsewhere"),
    pytest.param(f"{DAY}.yaml", "signatures:\n" + signed("Sales", "abc"), "signatures[0].digest", id="no digest"),
    pytest.param(f"{DAY}.yaml", "signature: []\n", "unknown key; fix: did you mean signatures?", id="a key misspelt"),
    pytest.param("2026-01-02.yaml", OBJECTED, "signatures/2026-01-02.yaml: no version of the agreement takes effect on "
                 "this day; found '2026-01-02'; fix: did you mean 2026-01-01?", id="a version there is not"),
    pytest.param(f"{DAY}.yml", OBJECTED, "2026-01-01.yml: not read; fix: name it .yaml", id="another ending"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "told"), BAD)
def test_a_record_is_refused_for(tmp_path, name, text, told):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text, name)
    (problem,) = caught.value.problems
    assert told in str(problem)


def test_all_problems_of_all_files_are_told_at_once(tmp_path):
    agreement = load(tmp_path, DAY, "2026-03-01")
    (tmp_path / "signatures").mkdir()
    (tmp_path / "signatures" / f"{DAY}.yaml").write_text(OBJECTED.replace("reply", "x") + "signatures:\n" + signed("Y"))
    with pytest.raises(UsageError) as caught:
        read(tmp_path, "signatures:\n" + signed("Z"), "2026-03-01.yaml", agreement)
    assert len(caught.value.problems) == 3


def test_both_versions_of_the_sample_are_signed_as_they_are_by_all_parties(sample):
    """Who edits an agreement of the sample company has its parties sign again: `slareport sign`."""
    for version in sample.agreement.versions:
        assert sample.signatures.state(sample.agreement, version).missing == [], version.version
        assert open_objections(sample.signatures.of(version)) == []
    (shown,) = [one for record in sample.signatures.records.values() for one in record.signatures if one.evidence]
    proof = (ROOT / SIGNATURES / EVIDENCE / shown.evidence).read_bytes()
    assert hashlib.sha256(proof).hexdigest() == shown.evidence_digest
    assert [one.promise for record in sample.signatures.records.values() for one in record.objections] == [
        "lead-response"
    ]
    for path in sorted((ROOT / SIGNATURES).glob("*.yaml")):
        assert f"parameters/signatures/{path.name}" in sample.digests
        assert read_document(path, ROOT).sha256 == sample.digests[f"parameters/signatures/{path.name}"]


# On packets

PACKETS = [
    pytest.param(lambda space: Review("emea", "2026Q3", workspace=space), id="a team's"),
    pytest.param(lambda space: Annex("emea", "2026Q3", workspace=space), id="its annex"),
    pytest.param(lambda space: Summary("2026Q3", workspace=space), id="leadership's"),
    pytest.param(lambda space: ClientReview("", "2026Q3", workspace=space), id="a client's"),
]


def signed_by(sample, *parties):
    """The sample company whose second version these parties have signed."""
    day = sample.agreement.versions[1].effective_from
    record = sample.signatures.records[day]
    kept = [one for one in record.signatures if one.party in parties]
    records = {**sample.signatures.records, day: record.model_copy(update={"signatures": kept})}
    return replace(sample, signatures=replace(sample.signatures, records=records))


@pytest.mark.parametrize("made", PACKETS)
def test_a_packet_says_in_its_header_who_has_not_signed(sample, made):
    review = made(signed_by(sample, "Sales", "Customer success"))
    said = '<p class="meta">Agreement version 2 is not signed by Marketing and Product.</p>'
    assert said in review.header().html
    assert " · agreement version 2, signed by 2 of 4 parties (" in review.close().data["foot"]


def test_a_packet_under_a_signed_agreement_says_so_in_its_foot_only(sample):
    review = Review("emea", "2026Q3", workspace=sample)
    assert "signed" not in review.header().html
    assert " · agreement version 2, signed by 4 of 4 parties (" in review.close().data["foot"]


def test_a_packet_of_two_versions_speaks_of_both(sample):
    review = Review("emea", "2026Q1", workspace=replace(sample, signatures=Signatures()))
    for version in "12":
        assert f"Agreement version {version} is not signed by any party." in review.header().html
    said = "agreement version 1, signed by 0 of 4 parties, and version 2, signed by 0 of 4 parties ("
    assert said in review.close().data["foot"]


def test_signatures_change_no_figure_of_a_packet(sample):
    whole, bare = (Review("emea", "2026Q3", workspace=space).close().data for space in (sample, signed_by(sample)))
    assert {name for name in whole if whole[name] != bare[name]} == {"foot"}
