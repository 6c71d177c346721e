"""What is planted in the sample company's numbers, and what is wrong in its exports on purpose.

To plant something new, add a `Truth` (or a `Defect`) here and let the generator read it with `Story.level`;
nothing about the story is written anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from slareport.sample.company import LAST_QUARTER, START, Rep, Team

SLOWER = date(2025, 10, 1)
NEXT_QUARTER = date(2026, 10, 1)
LUCKY = "Camille Roux"


@dataclass(frozen=True)
class Truth:
    """Something planted: from the local day `since` on, `name` is at `value` for the team (or for its rep `who`).

    No team means all that have no truth of their own. Most names are the share of items done within `PROMISED` hours;
    of the others, `win_rate` is the share of decided deals won, `slow_reply_wins` the win rate of deals from leads
    answered after an hour of office time over that of all deals from leads, `proposal_dwell` a factor on the days in
    Proposal of deals that go on to Negotiation, `success_missing` the share of won deals never handed over,
    `forecast_bias` (forecast - actual) / actual, `coverage` the open amount expected in the quarter over its quota,
    `lucky_wins` a number of deals.
    """

    name: str
    team: str
    since: date
    what: str
    value: float
    who: str = ""


@dataclass(frozen=True)
class Defect:
    """Rows of a file that are wrong on purpose, in a fixed number at every size."""

    name: str
    file: str
    rows: int
    what: str


TRUTHS = (
    Truth("lead_response", "emea", START, "keeps the promise", 0.94),
    Truth("lead_response", "emea", LAST_QUARTER, "breaks the promise clearly, because two reps are slow", 0.78),
    Truth("lead_response", "emea", LAST_QUARTER, "slow since then", 0.30, who="Jürgen Weiß"),
    Truth("lead_response", "emea", LAST_QUARTER, "slow since then", 0.32, who="Łucja Wiśniewska"),
    Truth("lead_response", "americas", START, "keeps the promise clearly, every quarter", 0.985),
    Truth("lead_response", "apac", START, "keeps the promise", 0.935),
    Truth("lead_response", "apac", LAST_QUARTER, "misses the promise narrowly: could be chance", 0.87),
    Truth(
        "lead_response",
        "strategic",
        START,
        "keeps the promise, with so few leads that it could be chance",
        0.955,
    ),
    Truth("win_rate", "emea", START, "no real change", 0.30),
    Truth("win_rate", "americas", START, "steady", 0.28),
    Truth("win_rate", "americas", LAST_QUARTER, "rises clearly", 0.43),
    Truth("win_rate", "apac", START, "no real change", 0.31),
    Truth("win_rate", "strategic", START, "no real change", 0.33),
    Truth("win_rate", "americas", START, "wins truly more often, year after year", 0.46, who='Roberta "Bobbie" Lang'),
    Truth("lucky_wins", "strategic", LAST_QUARTER, "won three of four deals by luck: an ordinary rep", 3, who=LUCKY),
    Truth("slow_reply_wins", "", START, "leads answered after an hour win half as often as leads do", 0.5),
    Truth("marketing_delivery", "", START, "marketing keeps its promise", 0.95),
    Truth("marketing_delivery", "apac", date(2026, 4, 1), "marketing delivers late to APAC", 0.65),
    Truth("lead_acceptance", "", START, "sales decides in time on what marketing offers", 0.95),
    Truth("proposal_dwell", "", START, "the share of its usual length a proposal takes", 1.0),
    Truth("proposal_dwell", "apac", SLOWER, "deals stay in Proposal about twice as long", 2.2),
    Truth("proposal_creation", "", START, "proposals are ready in time", 0.94),
    Truth("proposal_creation", "apac", SLOWER, "proposals are often late", 0.70),
    Truth("final_negotiation", "", START, "negotiations end in time", 0.94),
    Truth("success_offer", "", START, "won deals reach customer success in time", 0.96),
    Truth("success_missing", "", START, "nearly every won deal is handed over", 0.02),
    Truth("success_missing", "americas", LAST_QUARTER, "a fifth of the won deals is never handed over", 0.2),
    Truth("kickoff", "", START, "kick-offs are held in time", 0.95),
    Truth("feedback_acknowledged", "", START, "product acknowledges in time, clearly", 0.97),
    Truth("feedback_decided", "", START, "product decides too late, clearly", 0.68),
    Truth("feedback_told", "", START, "who asked is told in time", 0.95),
    Truth("forecast_bias", "", START, "forecasts are neither high nor low", 0.0),
    Truth("forecast_bias", "emea", START, "forecasts a fifth too much", 0.2),
    Truth("coverage", "emea", NEXT_QUARTER, "the pipeline is too thin for the quota of the quarter to come", 1.0),
)

DEFECTS = (
    Defect("exact_duplicate", "Lead.csv", 3, "a row that stands there twice, equal in every column"),
    Defect(
        "stale_version",
        "Lead.csv",
        4,
        "an older row of a lead: same Id, earlier LastModifiedDate, further down",
    ),
    Defect("merged", "Lead.csv", 5, "IsDeleted with MasterRecordId, and the touches; two of them form a chain"),
    Defect("suspected_duplicate", "Lead.csv", 3, "the Email of another lead in capitals, not merged"),
    Defect("deleted", "Lead.csv", 4, "IsDeleted without MasterRecordId"),
    Defect("test", "Lead.csv", 4, "Company is Test and Test__c is true"),
    Defect("no_owner", "Lead.csv", 3, "OwnerId is empty"),
    Defect("unknown_owner", "Lead.csv", 3, "OwnerId is neither in User.csv nor in Group.csv"),
    Defect("malformed_instant", "Lead.csv", 1, "CreatedDate is no instant"),
    Defect("future_instant", "Lead.csv", 1, "CreatedDate is in 2031"),
    Defect("exact_duplicate", "Task.csv", 3, "a row that stands there twice, equal in every column"),
    Defect("unknown_lead", "Task.csv", 2, "WhoId is not in Lead.csv"),
    Defect("malformed_instant", "Task.csv", 1, "CompletedDateTime is no instant"),
    Defect("exact_duplicate", "Opportunity.csv", 2, "a row that stands there twice, equal in every column"),
    Defect(
        "closed_before_created",
        "Opportunity.csv",
        3,
        "closed, CloseDate before CreatedDate, and no history rows",
    ),
    Defect("deleted", "Opportunity.csv", 2, "IsDeleted"),
    Defect("malformed_amount", "Opportunity.csv", 1, "Amount is n/a"),
    Defect("unknown_stage", "Opportunity.csv", 1, "StageName is Verbal OK"),
    Defect("impossible_probability", "OpportunityHistory.csv", 1, "Probability is 250"),
    Defect("malformed_instant", "Event.csv", 1, "StartDateTime is no instant"),
    Defect("unknown_deal", "Handoff__c.csv", 2, "Opportunity__c is not in Opportunity.csv"),
    Defect("unknown_kind", "Handoff__c.csv", 1, "Type__c is Sales to Somebody"),
    Defect("accepted_before_offered", "Handoff__c.csv", 2, "Accepted__c a day before Offered__c"),
    Defect("completed_before_requested", "Sales_Step__c.csv", 2, "Completed__c a day before Requested__c"),
    Defect("unknown_original", "Product_Feedback__c.csv", 1, "Duplicate_Of__c is not in Product_Feedback__c.csv"),
    Defect("score_out_of_scale", "Survey_Response__c.csv", 1, "Score__c is 11 of 10"),
    Defect("malformed_amount", "Quota__c.csv", 1, "Amount__c is tbd"),
    Defect("snapshot_twice", "ForecastSnapshot__c.csv", 1, "same moment, user and period, another Amount__c"),
    Defect("ends_before_it_begins", "Hold__c.csv", 1, "Ended__c an hour before Started__c"),
    Defect("no_approver", "Waiver__c.csv", 1, "Approved_By__c is empty"),
    Defect("unknown_user", "Training_Record__c.csv", 1, "User__c is not in User.csv"),
    Defect("ends_before_it_begins", "Absence__c.csv", 1, "End_Date__c before Start_Date__c"),
)


@dataclass(frozen=True)
class Story:
    """What the generator plants. Without `people_differ`, teams and reps differ by chance and size alone."""

    truths: tuple[Truth, ...]
    people_differ: bool

    def level(self, name: str, team: str, on: date, who: str = "") -> float | None:
        """What is planted for a team (or a rep of it) on a local day; None where nothing is.

        >>> PLANTED.level("win_rate", "americas", date(2026, 6, 30)), ALIKE.level("win_rate", "americas", START)
        (0.28, 0.3)
        """
        mine = [t for t in self.truths if (t.name, t.who) == (name, who) and t.team in {team, ""}]
        known = [t for t in mine if t.since <= max(on, START)]
        return max(known, key=lambda t: (t.team != "", t.since)).value if known else None

    def declared(self, name: str, team: str, on: date) -> float:
        """What must be planted for every team on every day."""
        planted = self.level(name, team, on)
        if planted is None:
            raise ValueError(f"no {name} is planted for {team} on {on}")
        return planted

    def people(self, name: str) -> list[Truth]:
        """The truths about single reps."""
        return [t for t in self.truths if t.name == name and t.who]

    def pace(self, rep: Rep) -> float:
        """What multiplies a rep's share of late replies."""
        return rep.pace if self.people_differ else 1.0

    def skill(self, rep: Rep) -> float:
        """What is added to a rep's win rate."""
        return rep.skill if self.people_differ else 0.0

    def cycle_days(self, team: Team) -> int:
        """The median sales cycle."""
        return team.cycle_days if self.people_differ else 60

    def conversion(self, team: Team) -> float:
        """The share of answered leads that become deals."""
        return team.conversion if self.people_differ else 0.4


PLANTED = Story(TRUTHS, people_differ=True)
EVEN = {"win_rate": 0.3, "proposal_dwell": 1.0, "success_missing": 0.02, "forecast_bias": 0.0}
ALIKE = Story(
    tuple(
        Truth(name, "", START, "the same for all", EVEN.get(name, 0.94))
        for name in sorted({t.name for t in TRUTHS} - {"lucky_wins", "slow_reply_wins", "coverage"})
    ),
    people_differ=False,
)


def rows_of(defect: str, file: str) -> int:
    """How many rows of a file carry a defect.

    >>> rows_of("merged", "Lead.csv")
    5
    """
    return sum(d.rows for d in DEFECTS if (d.name, d.file) == (defect, file))
