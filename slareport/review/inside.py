"""What the reviews of a team and of the company have in common: all that is for inside readers only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property

import pandas as pd

from slareport import corrected, exhibits, findings, record, restatement, sections, signing, superseding, telling
from slareport import format as fmt
from slareport import timeline as timelines
from slareport.documents import Strict
from slareport.editions import own
from slareport.errors import Problem, UsageError
from slareport.evaluation import Evaluation
from slareport.exhibits import Gallery
from slareport.findings import looks
from slareport.minutes import MOST_DECISIONS, Action, Decision, Minutes, main_notebook
from slareport.period import instant
from slareport.results import MISSED
from slareport.review.base import INSTANT, Base
from slareport.sections import Asked, Section
from slareport.signing import Signed
from slareport.teams import COMPANY


class Inside(Base):
    """The sections that the reviews for inside readers add; `more` says where to read on."""

    more: str
    notebook: str

    @cached_property
    def lede(self) -> str:
        """The bottom line as one or two sentences, with how much is to be decided."""
        return f"{findings.bottom_line(self.rows)} {exhibits.needed(self._decisions())}".strip()

    @cached_property
    def minutes(self) -> Minutes:
        """What people have said about this review."""
        return self.evaluation.workspace.reviews.of(self.period, self.whose)

    @property
    def whose(self) -> str:
        """The team that is reviewed, or the company."""
        return self.evaluation.teams[0] if len(self.evaluation.teams) == 1 else COMPANY

    @cached_property
    def superseded(self) -> Signed | None:
        """The packet of this very review that was signed and says something else; None where there is none."""
        made = self.evaluation
        if made.edition.audience != own(self.whose):
            return None
        packets = signing.signed(made.workspace, self.period, self.whose, self.notebook)
        return superseding.superseded(packets, self._record.data["id"]) if packets else None

    @cached_property
    def day(self) -> dt.date:
        """The last day of the data, in the reporting zone."""
        return (self.evaluation.as_of - INSTANT).tz_convert(self.evaluation.zone).date()

    def attention(self) -> Gallery:
        """What was missed or got worse, with what its owners say; at last what else was said at the review."""
        return Gallery(*super().attention().shown, *self._remarks(quoted=self._attended()))

    def trust(self) -> Section:
        """Where every row went, and what was set aside."""
        made = self.evaluation
        left_out = {self._titles[name]: n for name, n in made.unstarted().items()}
        lost = self.rows.assign(lost=self.rows["promise"].map(made.lost()))
        aliased = made.extract.aliased
        waived = made.waived()
        waived = waived.assign(title=waived["measure"].map(self._titles))
        idle = [f"{self._titles[one.promise]} has no item {one.item}: its waiver by {one.approved_by} waives nothing."
                for one in made.idle_waivers() if one.promise in self._titles]  # fmt: skip
        more = [*idle, self.more]
        return exhibits.trust(made.accounting(), self._items(), left_out, lost, made.rejects(), aliased, waived, more)

    def trends(self) -> Gallery:
        """One chart per promise and result over the last ten periods, in the order of the agreement."""
        return Gallery(*(self._trend(row) for _, row in self.rows.iterrows()))

    def explain(self, item: str, promise: str = "") -> Section:
        """The timeline behind a judgement: of a lead, a deal or any other item, under one promise or all of them.

        Raises `UsageError` naming the nearest for an item or promise that does not exist.
        """
        return telling.told(self.timeline(item, promise))

    def corrections(self, since: str | Evaluation) -> Section:
        """What has been corrected in the period's numbers since an earlier look, and why.

        `since` is a local date or time up to which things were known then, or that very evaluation, which may have
        been made from other CRM tables or parameters. Raises `UsageError` for a time after this review's own.
        """
        now = self.evaluation
        then = since if isinstance(since, Evaluation) else self._as_known(since)
        return corrected.told(restatement.compare(restatement.view(then), restatement.view(now), self.period))

    def timeline(self, item: str, promise: str = "") -> timelines.Timeline:
        """What `explain` shows, to work with."""
        made, space = self.evaluation, self.evaluation.workspace
        rejects = made.extract.rejects()
        return timelines.explain(made.items, made.judged, space.agreement, space.teams, item, promise, rejects)

    def corrected(self) -> Section:
        """What is corrected in the packet that was signed; nothing where none was, or it says the same."""
        if self.superseded is None:
            return sections.nothing("no signed packet is superseded")
        found = superseding.corrections(self.superseded, self.evaluation, self.rows, self.missed)
        return corrected.told(found, f"it was {signing.words(self.superseded.signature)}")

    def looks(self) -> Section:
        """How many clear misses chance alone would bring, among so many promises."""
        return exhibits.sentences("many promises at once", looks.many(self._each_team()))

    def _as_known(self, since: str) -> Evaluation:
        """The same evaluation as of an earlier time."""
        now = self.evaluation
        if instant(since, now.zone) > now.as_of:
            cure = "choose an earlier time, or make the review as of a later one"
            raise UsageError(Problem("lies after the data of this review", "since", found=since, cure=cure))
        return now.again(self.period.name, since)

    @cached_property
    def _carried(self) -> tuple[list[Action], dt.date, list[Decision]]:
        """The actions and decisions of earlier reviews, as they stood on the last day of the data."""
        reviews = self.evaluation.workspace.reviews
        actions = [action.known(self.day) for action in reviews.carried(self.period, self.whose)]
        return actions, self.day, [one.known(self.day) for one in reviews.decided(self.period, self.whose)]

    def _agreed_before(self) -> Section:
        """What became of the actions and decisions of earlier reviews; nothing where there are none."""
        return exhibits.carried(*self._carried)

    @cached_property
    def _before(self) -> Signed | None:
        """The packet of the period before that was signed last."""
        space, period = self.evaluation.workspace, self.period.previous()
        packets = signing.signed(space, period, self.whose, main_notebook(self.whose))
        return packets[-1] if packets else None

    def _published(self) -> dict[str, float]:
        return superseding.published(self._before.table("scorecard.csv")) if self._before else {}

    def _supersedes(self) -> str:
        words = signing.words(self.superseded.signature) if self.superseded else ""
        return f"Supersedes the packet {words}." if words else ""

    def _said(self) -> str:
        return record.digest_of([one.model_dump(mode="json") for one in self._quoted()])

    def _quoted(self) -> list[Strict]:
        """All that is quoted in this review: signing it, or what is done afterwards, is not."""
        said, (actions, _, decisions) = self.minutes, self._carried
        return [*said.explanations, *said.notes, *said.disputes, *self._decisions(), *actions, *decisions]

    def _each_team(self) -> pd.DataFrame:
        """The scorecards whose promises are compared with what was promised, one below the other."""
        return self.rows

    def _asked(self) -> tuple[Sequence[Asked], str]:
        decisions = self._decisions()
        asked, others = exhibits.asked(decisions[:MOST_DECISIONS]), len(decisions) - MOST_DECISIONS
        if not decisions:
            return [], "No decision is asked for."
        return asked, f"{fmt.plural(others, 'more decision')} in the teams' own reviews." if others > 0 else ""

    def _why(self, promise: str) -> list[Section]:
        missed = self.missed[self.missed["promise"].eq(promise)]
        said = self.minutes
        words = said.explained(promise), self._owner(promise), said.noted(promise), said.disputed(promise)
        return [exhibits.explained(missed, *words)]

    def _decisions(self) -> list[Decision]:
        """What is asked for, as it stood on the last day of the data."""
        return [decision.known(self.day) for decision in self.minutes.decisions]

    def _remarks(self, quoted: Sequence[str] = ()) -> list[Section]:
        """What was noted and disputed and is not `quoted` beside a promise that was missed."""
        missed = set(self.rows["promise"][self.rows["result"].eq(MISSED)]) & {*quoted}
        seen = {None, *self._titles} - missed
        notes = [one for one in self.minutes.notes if one.promise in seen]
        disputes = [one for one in self.minutes.disputes if one.promise in seen]
        return [exhibits.remarks(notes, disputes, self._titles)] * bool(notes or disputes)

    def _owner(self, name: str) -> str:
        """Who answers for a promise, as the version in force at the end of the period says."""
        return next(m.owner for v in self.agreement.in_force(self.period)[::-1] if (m := v.measure(name)))
