"""From the files under `parameters/agreement/` to an agreement, or to every problem they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, TypeAdapter, ValidationError

from slareport.agreement.models import Measure, Version
from slareport.agreement.versions import DAY, Agreement
from slareport.documents import Document, checked, parse, read_document, told
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.kpi import KPI, KPIS, Kind
from slareport.worktime import Duration, parse_duration


def load_agreement(folder: Path, root: Path) -> Agreement:
    """Read every version of the agreement. Raises `UsageError` with all problems of all files."""
    paths = sorted(folder.glob("*.yaml"))
    name = folder.relative_to(root).as_posix()
    if not paths:
        raise UsageError(Problem("no version of the agreement", name, cure="write one, named like 2026-01-01.yaml"))
    misnamed = sorted(folder.glob("*.yml"))
    problems = [Problem("not read", f"{name}/{path.name}", cure="name it .yaml, or remove it") for path in misnamed]
    versions: list[Version] = []
    documents: list[Document] = []
    for path in paths:
        try:
            document = read_document(path, root)
            version = parse(document, Version)
        except UsageError as error:
            problems += error.problems
            continue
        documents.append(document)
        versions.append(version)
        problems += _contradictions(document, version, path)
    problems += _across(versions, documents)
    if problems:
        raise UsageError(problems)
    ordered = sorted(zip(versions, documents, strict=True), key=lambda pair: pair[0].effective_from)
    typed = tuple(_typed(version) for version, _ in ordered)
    return Agreement(typed, {document.file: document.sha256 for _, document in ordered})


def _typed(version: Version) -> Version:
    measured = {
        "promises": [p.model_copy(update=_with_knobs(p)) for p in version.promises],
        "outcomes": [o.model_copy(update=_with_knobs(o)) for o in version.outcomes],
    }
    return version.model_copy(update=measured)


def _with_knobs(measure: Measure) -> dict[str, Any]:
    """The knobs of a measure, already checked, as its KPI takes them."""
    by = {
        column: {value: _knobs(measure.kpi, knobs) for value, knobs in values.items()}
        for column, values in measure.by.items()
    }
    return {"knobs": _knobs(measure.kpi, measure.knobs), "by": by}


def _knobs(kpi: str, knobs: Mapping[str, Any]) -> dict[str, Any]:
    known = KPIS[kpi].knobs
    return {name: _adapter(known[name].annotation).validate_python(value) for name, value in knobs.items()}


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    """What turns a knob's text into the type the KPI's signature asks for."""
    if annotation is Duration:
        return TypeAdapter(Annotated[InstanceOf[Duration], BeforeValidator(checked(parse_duration))])
    return TypeAdapter(annotation)


def _contradictions(document: Document, version: Version, path: Path) -> Iterator[Problem]:
    """What the schema alone cannot see: names that lead nowhere, and things said twice."""
    if path.stem != version.effective_from.isoformat():
        cure = f"rename the file to {version.effective_from}.yaml"
        yield document.problem(("effective_from",), "the file is named by another day", path.name, cure)
    if version.ends_on and version.ends_on < version.effective_from:
        yield document.problem(("ends_on",), "ends before it takes effect", str(version.ends_on), "correct one of them")
    for name, hours in version.calendars.items():
        try:
            hours.calendar(name)
        except UsageError as error:
            yield from (
                document.problem(("calendars", name), problem.what, problem.found, problem.cure)
                for problem in error.problems
            )
    if version.review.calendar not in version.calendars:
        cure = did_you_mean(version.review.calendar, version.calendars)
        yield document.problem(("review", "calendar"), "no such calendar", version.review.calendar, cure)
    yield from _unpromised(document, version)
    said = [f"{r.step}, {r.accountable}, {r.team}, {r.from_on}" for r in version.responsibilities]
    yield from _repeated(document, "responsibilities", "step and accountable role", said)
    kinds: list[tuple[Kind, list[Any]]] = [("promise", version.promises), ("outcome", version.outcomes)]
    for kind, measures in kinds:
        for index, measure in enumerate(measures):
            yield from _wrong_measure(document, (f"{kind}s", index), kind, measure)
    yield from _repeated(document, "promises", "id", [measure.id for measure in version.measures])
    if not version.measures:
        yield document.problem((), "nothing is promised or watched", cure="list a promise or an outcome")


def _unpromised(document: Document, version: Version) -> Iterator[Problem]:
    """Promises that services and handoffs name, and the version does not have."""
    known = [promise.id for promise in version.promises]
    named = [
        *(
            (("services", n, "promises", m), name)
            for n, s in enumerate(version.services)
            for m, name in enumerate(s.promises)
        ),
        *((("handoffs", n, "promise"), h.promise) for n, h in enumerate(version.handoffs) if h.promise),
    ]
    for place, name in named:
        if name not in known:
            yield document.problem(place, "this version promises no such thing", name, did_you_mean(name, known))


def _wrong_measure(document: Document, place: tuple[str | int, ...], kind: Kind, measure: Measure) -> Iterator[Problem]:
    known = KPIS.get(measure.kpi)
    if known is None or known.kind != kind:
        cure = did_you_mean(measure.kpi, (name for name, kpi in KPIS.items() if kpi.kind == kind))
        what = f"no such KPI for {'a promise' if kind == 'promise' else 'an outcome'}"
        yield document.problem((*place, "kpi"), what, measure.kpi, cure)
        return
    yield from _wrong_knobs(document, (*place, "knobs"), known, measure.knobs)
    for column, values in measure.by.items():
        for value, knobs in values.items():
            yield from _wrong_knobs(document, (*place, "by", column, value), known, knobs)
    for name, parameter in known.knobs.items():
        if parameter.default is parameter.empty and name not in measure.knobs:
            yield document.problem(
                place, f"the KPI {known.name} needs the knob {name}", cure=f"add `{name}:` under knobs"
            )


def _wrong_knobs(
    document: Document, place: tuple[str | int, ...], known: KPI, knobs: Mapping[str, Any]
) -> Iterator[Problem]:
    for name, value in knobs.items():
        if name not in known.knobs:
            yield document.problem((*place, name), "unknown knob", cure=did_you_mean(name, known.knobs))
            continue
        try:
            _adapter(known.knobs[name].annotation).validate_python(value)
        except ValidationError as error:
            what, cure = told(error.errors()[0])
            yield document.problem((*place, name), what, value, cure)


def _repeated(document: Document, section: str, key: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield document.problem((section,), f"{times} entries with the same {key}", name, "keep one of them")


def _across(versions: list[Version], documents: list[Document]) -> Iterator[Problem]:
    """What no version shows alone: the same day or the same name again, and another reporting zone."""
    for key, same in (("effective_from", "takes effect on the same day as"), ("version", "has the same name as")):
        first: dict[str, str] = {}
        for version, document in zip(versions, documents, strict=True):
            value = str(getattr(version, key))
            if value in first:
                yield document.problem((key,), f"{same} {first[value]}", value, "change one of them, or remove it")
            first.setdefault(value, document.file)
    kinds: dict[str, type[Measure]] = {}
    for version, document in zip(versions, documents, strict=True):
        for measure in version.measures:
            if kinds.setdefault(measure.id, type(measure)) is not type(measure):
                what = "a promise in one version and an outcome in another"
                yield document.problem(("promises",), what, measure.id, "give one of them another id")
    yield from _gaps(versions, documents)
    for version, document in zip(versions[1:], documents[1:], strict=True):
        if version.timezone != versions[0].timezone:
            what = f"another zone than in {documents[0].file}: the periods already reviewed would begin at other hours"
            yield document.problem(("timezone",), what, version.timezone, f"write {versions[0].timezone}")


def _gaps(versions: list[Version], documents: list[Document]) -> Iterator[Problem]:
    """Days between two versions on which neither is in force: what happened on them would be judged by nothing."""
    ordered = sorted(zip(versions, documents, strict=True), key=lambda pair: pair[0].effective_from)
    for (version, document), (later, _) in pairwise(ordered):
        last = later.effective_from - DAY
        if version.ends_on and version.effective_from <= version.ends_on < last:
            days = f"{version.ends_on + DAY} to {last}"
            what = f"a gap before version {later.version}, no version is in force: {days}"
            cure = f"write {last}, or leave it out: a version ends when the next takes effect"
            yield document.problem(("ends_on",), what, str(version.ends_on), cure)
