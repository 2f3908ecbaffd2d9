"""The reference file of the demo region (contracts/reference-data.md). The norms are demo values (REG §9)."""

import datetime
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from integrations.emulators.region_places import ISSUER, ISSUER_BIN, PRESCHOOL, SCHOOL, Place
from voucher_portal.dates import Month

FIRST_DAY = datetime.date(2025, 9, 1)
LATE_ORDER_FROM = datetime.date(2025, 10, 6)
YEARS = (2025, 2026)
BUDGET_RESERVE = Decimal("1.25")

# REG §17.1 and §17.2; the preschool year has no vacations.
_SCHOOL_YEARS = {
    "2025/26": {
        "days": {SCHOOL: ("2025-09-02", "2026-05-25"), PRESCHOOL: ("2025-09-01", "2026-08-31")},
        "vacations": [("2025-10-27", "2025-11-02"), ("2025-12-29", "2026-01-07"), ("2026-03-19", "2026-03-29")],
        "days_off": """
            2025-09-01 2025-10-27 2025-12-16 2026-01-01 2026-01-02 2026-01-07 2026-03-09 2026-03-23 2026-03-24
            2026-03-25 2026-05-01 2026-05-07 2026-05-11 2026-05-27 2026-07-06
        """.split(),
    },
    "2026/27": {
        "days": {SCHOOL: ("2026-09-01", "2027-05-25"), PRESCHOOL: ("2026-09-01", "2027-08-31")},
        "vacations": [("2026-10-26", "2026-11-01"), ("2026-12-28", "2027-01-07"), ("2027-03-19", "2027-03-29")],
        "days_off": """
            2026-10-26 2026-12-16 2027-01-01 2027-01-04 2027-01-07 2027-03-08 2027-03-15 2027-03-22 2027-03-23
            2027-03-24 2027-05-03 2027-05-07 2027-05-10 2027-07-06
        """.split(),
    },
}
_PARTS = {SCHOOL: [9, 10, 11, 12, 1, 2, 3, 4, 5], PRESCHOOL: [9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8]}
# Programme, level, language, special needs, local and republican part. Of two variants of one level none may fit
# the same child equally well.
_NORMS = [
    (SCHOOL, "primary", "any", "any", "612345.00", "0.00"),
    (SCHOOL, "primary", "kk", "any", "631000.00", "0.00"),
    (SCHOOL, "basic", "any", "any", "695000.00", "0.00"),
    (SCHOOL, "basic", "any", True, "900000.00", "142500.00"),
    (SCHOOL, "upper", "any", "any", "734567.00", "0.00"),
    (PRESCHOOL, "preschool", "any", "any", "50668.00", "4991.00"),
    (PRESCHOOL, "preschool", "any", True, "68400.00", "15088.50"),
]


def reference(places: list[Place], children: Counter[str], without_order: set[str], late_order: set[str]) -> dict:
    """The whole file. `children` by programme size the budgets; the two sets hold BINs."""
    return {
        "issuers": [
            {
                "code": ISSUER,
                "bin": ISSUER_BIN,
                "name_ru": "Управление образования города Алматы",
                "name_kk": "Алматы қаласының Білім басқармасы",
                "kato": "750000000",
                "kind": "city",
            }
        ],
        "programmes": [_programme(SCHOOL), _programme(PRESCHOOL)],
        "calendars": [calendar(programme, year) for programme in (SCHOOL, PRESCHOOL) for year in _SCHOOL_YEARS],
        "norms": [_norm(*norm) for norm in _NORMS],
        "providers": [place.fields() for place in places],
        "state_order_contracts": [
            _state_order(number, place, LATE_ORDER_FROM if place.bin in late_order else FIRST_DAY)
            for number, place in enumerate(places, start=1)
            if place.bin not in without_order
        ],
        "budgets": list(_budgets(children)),
    }


def calendar(programme: str, year: str) -> dict:
    """One calendar of the file."""
    days = _SCHOOL_YEARS[year]
    first, last = days["days"][programme]
    return {
        "programme": programme,
        "year": year,
        "from": first,
        "to": last,
        "weekdays": [1, 2, 3, 4, 5],
        "days_off": [day for day in days["days_off"] if first <= day <= last],
        "vacations": [{"from": start, "to": end} for start, end in days["vacations"]] if programme == SCHOOL else [],
    }


def study_days(programme: str, year: str, month: Month) -> set[datetime.date]:
    """The days of a month on which the programme's children are taught."""
    table = calendar(programme, year)
    vacations = [(vacation["from"], vacation["to"]) for vacation in table["vacations"]]
    return {
        day
        for day in month.dates()
        if table["from"] <= (text := day.isoformat()) <= table["to"]
        and day.isoweekday() in table["weekdays"]
        and text not in table["days_off"]
        and not any(start <= text <= end for start, end in vacations)
    }


def _programme(code: str) -> dict:
    rules = {
        "from": FIRST_DAY.isoformat(),
        "to": None,
        "parts": _PARTS[code],
        "payable_marks": "PSLQ",
        "min_present_days": 1,
        "pay_after_act_days": 30,
    }
    return {"code": code, "rules": [rules]}


def _norm(programme: str, level: str, language: str, special_needs: str | bool, local: str, republican: str) -> dict:
    return {
        "issuer": ISSUER,
        "programme": programme,
        "level": level,
        "area": "city",
        "language": language,
        "special_needs": special_needs,
        "from": FIRST_DAY.isoformat(),
        "to": None,
        "per": "year" if programme == SCHOOL else "month",
        "total_kzt": str(Decimal(local) + Decimal(republican)),
        "local_kzt": local,
        "republican_kzt": republican,
    }


def _state_order(number: int, place: Place, first: datetime.date) -> dict:
    last = calendar(place.programme, "2025/26")["to"]
    return {
        "number": f"{ISSUER}-2025-{number:04}",
        "issuer": ISSUER,
        "provider_bin": place.bin,
        "programme": place.programme,
        "signed_on": "2025-08-20",
        "from": first.isoformat(),
        "to": Month.parse(last[:7]).last.isoformat(),
    }


def _budgets(children: Counter[str]) -> Iterator[dict]:
    """Enough for each programme's dearest norm and some reserve, in whole millions."""
    for programme in (SCHOOL, PRESCHOOL):
        for year in YEARS:
            for source, column in (("local", 4), ("republican", 5)):
                dearest = max(Decimal(norm[column]) for norm in _NORMS if norm[0] == programme)
                a_year = dearest * (1 if programme == SCHOOL else 12) * children[programme] * BUDGET_RESERVE
                millions = int(a_year) // 1_000_000 + 1
                yield {
                    "issuer": ISSUER,
                    "programme": programme,
                    "year": year,
                    "source": source,
                    "limit_kzt": f"{millions}000000.00",
                }
