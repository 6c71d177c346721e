"""The sample company as data: who works there, what is planted in its numbers, which defects its exports hold.

Halden Instruments makes measuring instruments; the company and all its people are invented.
To plant something new, add a `Truth` (or a `Defect`) here and let the generator read it with `level`;
nothing about the story is written anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

START = date(2023, 10, 1)  # half a year before the first reviewed quarter, so that its sales cycles are whole
EXPORT = datetime(2026, 10, 20, 6, tzinfo=UTC)
LAST_QUARTER = date(2026, 7, 1)  # the newest whole quarter, where most of the story happens
AMENDED = date(2026, 2, 16)
PROMISED_HOURS = {
    START: 4,
    AMENDED: 2,
}  # business hours to the first reply, by the day the version comes into force
SMALLEST = 0.05


@dataclass(frozen=True)
class Rep:
    """One sales rep: `pace` multiplies the team's share of late replies, `skill` is added to its win rate.

    Over a team the paces average 1 and the skills 0, so that reps differ and the team's level stays as declared.
    """

    name: str
    pace: float
    skill: float


@dataclass(frozen=True)
class Team:
    """One sales team: `division` is its name in the CRM, volumes are per quarter at size 1, sizes and days medians."""

    id: str
    name: str
    division: str
    zone: str
    currency: str
    manager: str
    leads: int
    direct_deals: int
    conversion: float
    deal_size: int
    cycle_days: int
    countries: tuple[str, ...]
    reps: tuple[Rep, ...]


@dataclass(frozen=True)
class Company:
    """The whole company, as the CRM sees it."""

    name: str
    teams: tuple[Team, ...]
    head_of_sales: str
    marketing: str
    automation: str


@dataclass(frozen=True)
class Truth:
    """Something planted: from the local day `since` on, `name` is at `value` for the team (or for its rep `who`).

    Names: `lead_response` is the share of leads answered within the promise, `win_rate` the share of decided deals won.
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


COMPANY = Company(
    name="Halden Instruments",
    head_of_sales="Ingrid Halden",
    marketing="Marketing Operations",
    automation="Automated Process",
    teams=(
        Team(
            "emea", "EMEA", "EMEA", "Europe/Berlin", "EUR", "Aurélie Fontaine", 155, 18, 0.29, 18_000, 60,
            ("Germany", "France", "Norway", "Poland", "Spain", "United Kingdom", "Côte d'Ivoire"),
            (
                Rep("Jürgen Weiß", 1.0, 0.01),
                Rep("Łucja Wiśniewska", 1.0, 0.02),
                Rep("Siobhán O'Hara", 0.6, 0.05),
                Rep("Mateo Núñez", 1.3, -0.04),
                Rep("Freja Østergård", 0.8, 0.03),
                Rep("Kwame Mensah", 1.1, 0.00),
                Rep("Claire Dubois", 0.9, -0.02),
                Rep("Yusuf Demir", 1.3, -0.05),
            ),
        ),
        Team(
            "americas", "Americas", "NA", "America/New_York", "USD", "Denise Whitlock", 160, 55, 0.5, 22_000, 58,
            ("United States", "Canada", "Mexico", "Brazil"),
            (
                Rep("Martin King, Jr.", 0.9, 0.03),
                Rep('Roberta "Bobbie" Lang', 0.7, 0.05),
                Rep("Luis Peña", 1.2, -0.03),
                Rep("Tanisha Greene", 1.0, 0.01),
                Rep("Wyatt Olsen", 1.4, -0.05),
                Rep("Beatriz Conceição", 0.8, 0.02),
                Rep("Dmitri Volkov", 1.1, -0.01),
                Rep("Hannah Blackwater", 0.9, 0.00),
                Rep("Noël Tremblay", 1.0, -0.02),
            ),
        ),
        Team(
            "apac", "APAC", "APAC", "Asia/Singapore", "USD", "Tan Wei Ling", 97, 14, 0.33, 16_000, 62,
            ("Singapore", "Japan", "Australia", "India", "Viet Nam", "Korea, Republic of"),
            (
                Rep("Nguyễn Thị Hoa", 0.8, 0.03),
                Rep("佐藤 美咲", 0.9, 0.01),
                Rep("Arjun Raghavan", 1.2, -0.02),
                Rep("Kirra Douglas", 1.0, 0.04),
                Rep("Lim Jia Hui", 0.9, -0.01),
                Rep("Park Seo-jun", 1.3, -0.05),
                Rep("Putri Wulandari", 0.9, 0.00),
            ),
        ),
        Team(
            "strategic", "Strategic Accounts", "Strategic", "America/New_York", "USD", "Gordon Achebe", 39, 9, 0.4,
            140_000, 78,
            ("United States", "Germany", "Japan", "Switzerland"),
            (
                Rep("Priya Natarajan", 0.8, 0.03),
                Rep("Thomas Ångström", 1.1, -0.02),
                Rep("Rebecca Stein", 0.9, 0.02),
                Rep("Oluwaseun Adeyemi", 1.2, -0.03),
                Rep("Camille Roux", 1.0, 0.01),
                Rep("Dale Hutchins", 1.0, -0.01),
            ),
        ),
    ),
)  # fmt: skip

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
)

PRODUCTS = (
    ("Pressure gauge", "00123"),
    ("Pressure gauge, stainless", "00124"),
    ("Load cell 100 kN", "1E5"),
    ("Load cell 1 kN", "1E3"),
    ("Thermometer ±0.01 °C", "T-001"),
    ("Flow meter 2\"", "FM-2"),
    ("Flow meter 4\"", "FM-4"),
    ("Data logger", "DL-8"),
    ("Calibration, yearly", "CAL-Y"),
    ("Service contract", "SVC"),
)  # fmt: skip

FIRST_NAMES = (
    "Ana", "Björn", "Chloé", "Daniel", "Élodie", "Fatima", "Giulia", "Hiro", "Imani", "João", "Katarzyna", "Liam",
    "Mei", "Nikhil", "Olga", "Pedro", "Quinn", "Renée", "Sören", "Thảo", "Uma", "Viktor", "Wanjiru", "Xavier",
    "Yara", "Zoë", "Aoife", "Bao", "Cem", "Dorothée",
)  # fmt: skip
LAST_NAMES = (
    "Abernathy", "Bąk", "Castaño", "D'Amico", "Eriksen", "Fàbregas", "Großmann", "Hakimi", "Ilves", "Jónsdóttir",
    "Kowalczyk", "Lefèvre", "Müller", "Nakamura", "O'Neill", "Pérez", "Quist", "Řezníček", "Sørensen", "Tremaine",
    "Uzun", "van der Berg", "Włodarczyk", "Xu", "Şahin", "Zhang", "Ødegaard", "Park", "Rao", "Smith, Jr.",
)  # fmt: skip
COMPANY_STEMS = (
    "Northlight", "Brückner", "Kestrel", "Åkerlund", "Ferro & Figli", "Silverpine", "Café Technique", "Tanaka",
    "O'Dwyer", "Grünfeld", "Blue Heron", "Señal", "Vantaa", "Orchard", "Marlowe", "Zephyr", "Ostrava", "Lumière",
    'The "Right" Angle', "Kōbe", "Sable", "Riverstone", "Pómez", "Halcyon",
)  # fmt: skip
COMPANY_TRADES = (
    "Water", "Foods", "Energy", "Labs", "Chemicals", "Pharma", "Marine", "Automation", "Packaging", "Metals",
)  # fmt: skip
COMPANY_FORMS = ("GmbH", "Ltd", "Inc.", "S.A.", "AB", "Pte. Ltd.", "Co., Ltd.", "LLC")
INDUSTRIES = ("Utilities", "Food & Beverage", "Energy", "Biotechnology", "Chemicals", "Manufacturing")
LEAD_SOURCES = {"Web": 45, "Trade Show": 20, "Partner Referral": 15, "Phone Inquiry": 12, "Purchased List": 8}
RATINGS = {"Hot": 20, "Warm": 45, "Cold": 25, "": 10}
LOSS_REASONS = {"Price": 30, "Competitor": 25, "No Decision": 25, "Timing": 12, "Product Fit": 8}


def level(name: str, team: str, on: date, who: str = "") -> float | None:
    """What is planted for a team (or a rep of it) on a local day; None where nothing is.

    >>> level("win_rate", "americas", date(2026, 6, 30)), level("win_rate", "americas", date(2026, 7, 1))
    (0.28, 0.43)
    """
    values = [t for t in TRUTHS if (t.name, t.team, t.who) == (name, team, who) and t.since <= on]
    return max(values, key=lambda t: t.since).value if values else None


def rows_of(defect: str, file: str) -> int:
    """How many rows of a file carry a defect.

    >>> rows_of("merged", "Lead.csv")
    5
    """
    return sum(d.rows for d in DEFECTS if (d.name, d.file) == (defect, file))
