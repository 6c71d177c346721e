"""The sample company as data: who works there, what it sells, what its departments promise each other.

Halden Instruments makes measuring instruments; the company and all its people are invented.
What is planted in its numbers stands in `story`.
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
PROMISED = {  # business hours to everything else
    "marketing_delivery": 8,
    "lead_acceptance": 16,
    "proposal_creation": 24,
    "final_negotiation": 80,
    "success_offer": 8,
    "kickoff": 80,
    "feedback_acknowledged": 16,
    "feedback_decided": 80,
    "feedback_told": 40,
}
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

# Who of marketing answers for the leads promised to each team.
PLANNERS = ("Lena Hofmann", "Carlos Rivera", "Grace Teo", "Abigail Stone")
MODULES = (("Agreement, version 1", date(2023, 10, 31)), ("Agreement, version 2", date(2026, 3, 13)))  # and due when
OUTAGE = "2026-05-12T08:{minute:02d}:00.000Z"  # the mail server of EMEA was down

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
REJECT_REASONS = {"No budget": 35, "Wrong contact": 25, "Outside territory": 20, "Student": 10, "Duplicate": 10}
HOLD_REASONS = ("Customer asked to wait", "Customer on holiday")
AREAS = {"Pressure": 25, "Force": 20, "Flow": 20, "Temperature": 12, "Data logging": 13, "Calibration": 7, "": 3}
DECISIONS = {"Planned": 30, "Backlog": 35, "Declined": 25, "Shipped": 10}
LOSS_REASONS = {"Price": 30, "Competitor": 25, "No Decision": 25, "Timing": 12, "Product Fit": 8}
