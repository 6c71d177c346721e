"""The next version of the agreement, drafted from the last one: what is to change changes, every other byte stays."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slareport import files
from slareport.agreement import Promise, Version, load_agreement
from slareport.documents import Place
from slareport.editing import put
from slareport.errors import Problem, UsageError, did_you_mean
from slareport.evaluation import Evaluation
from slareport.findings.targets import too_much
from slareport.playback import STRETCH, UNREACHABLE, Playback, play_back
from slareport.workspace import Workspace
from slareport.worktime import Duration

FIELDS = ("target", "min_n", "warn_at", "owner", "escalation", "if_missed", "promise", "title")
MINUTES = {"minute": 1, "hour": 60, "day": 1440}


@dataclass(frozen=True)
class Amendment:
    """One change to a promise: the `field` that becomes `value` (a knob, or a key of the promise), and why."""

    promise: str
    field: str
    value: str
    reason: str


def proposals(made: Evaluation, version: Version) -> list[Amendment]:
    """What past periods say should change: for every promise that asks too much beyond doubt, what could be promised.

    The time in which the promised share of items were done, if the promise is about one and that is more than it gives;
    else the share on time that 80% of the periods reached.
    """
    played = [play_back(made, promise) for promise in version.promises]
    return [_lighter(one) for one in played if one.verdict in (UNREACHABLE, STRETCH) and not one.thin]


def parse_amendment(text: str, version: Version, reason: str) -> Amendment:
    """A change a person typed, such as lead-response.within=3 business hours.

    Raises `UsageError` for promises and fields that the version does not have.
    """
    place, _, value = text.partition("=")
    name, _, field = place.strip().partition(".")
    promise = version.measure(name)
    if not isinstance(promise, Promise):
        known = [each.id for each in version.promises]
        raise UsageError(Problem("no such promise", "--set", found=name, cure=did_you_mean(name, known)))
    if field not in (*FIELDS, *promise.knobs):
        cure = did_you_mean(field, [*promise.knobs, *FIELDS])
        raise UsageError(Problem(f"{name} has no such field", "--set", found=field, cure=cure))
    if not value.strip():
        raise UsageError(Problem("no value", "--set", found=text, cure=f"write {name}.{field}=VALUE"))
    return Amendment(name, field, value.strip(), reason)


def amend(
    workspace: Workspace, amendments: Sequence[Amendment], effective_from: dt.date, approved_by: str, version: str = ""
) -> Path:
    """Write the next version of the agreement, a draft until it is signed; the file that it is.

    Raises `UsageError` where it would take effect on or before the day of the last one, changes nothing, needs a name,
    or says what an agreement cannot.
    """
    last = workspace.agreement.versions[-1]
    if effective_from <= last.effective_from:
        cure = f"choose a day after {last.effective_from}"
        raise UsageError(Problem("a version takes effect then or later", "--from", found=effective_from, cure=cure))
    if not amendments:
        raise UsageError(Problem("nothing would change", cure="name a change: --set PROMISE.FIELD=VALUE --reason WHY"))
    text = (workspace.root / workspace.agreement.file_of(last)).read_bytes().decode()
    text = put(text, ("version",), version or _next(last))
    text = put(text, ("effective_from",), effective_from)
    for amendment in amendments:
        text = _amended(text, last, amendment)
    text = put(text, ("change", "reason"), " ".join(dict.fromkeys(one.reason for one in amendments)))
    text = put(text, ("change", "approved_by"), approved_by)
    path = workspace.root / "parameters" / "agreement" / f"{effective_from}.yaml"
    files.write(path, text)
    try:
        load_agreement(path.parent, workspace.root)
    except UsageError:
        path.unlink()
        raise
    return path


def _amended(text: str, version: Version, change: Amendment) -> str:
    """The text with one change, and with the sentence of the promise where that names the time that changes."""
    index = [promise.id for promise in version.promises].index(change.promise)
    promise, place = version.promises[index], ("promises", index)
    inside: Place = ("knobs", change.field) if change.field in promise.knobs else (change.field,)
    before = promise.knobs.get(change.field)
    if isinstance(before, Duration) and before.words in promise.promise:
        text = put(text, (*place, "promise"), promise.promise.replace(before.words, change.value))
    return put(text, (*place, *inside), change.value)


def _lighter(one: Playback) -> Amendment:
    within = one.promise.knobs.get("within")
    if isinstance(within, Duration) and one.needed > _minutes(within):
        unit = next(unit for unit in MINUTES if unit in within.words)
        number = math.ceil(one.needed / MINUTES[unit])
        words = f"{number} {'business ' * within.business}{unit}{'s' * (number > 1)}"
        return Amendment(one.promise.id, "within", words, too_much(one))
    return Amendment(one.promise.id, "target", f"{math.floor(100 * one.level)}%", too_much(one))


def _minutes(duration: Duration) -> float:
    return duration.amount.total_seconds() / 60


def _next(version: Version) -> str:
    if not version.version.isdigit():
        what, cure = "the next version needs a name", "name it with --version"
        raise UsageError(Problem(what, "--version", found=f"after {version.version}", cure=cure))
    return str(int(version.version) + 1)
