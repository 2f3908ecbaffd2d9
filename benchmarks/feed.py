"""The region that is measured: any number of children and providers, both programmes, as reference data and feeds.

Plain on purpose: every child has one contract for the year and a full sheet a month, so that the work per child is
the same at every size. The marks of a changed sheet differ by some days, which makes a correction of its month.
"""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from voucher_portal.identifiers import check_digit

ISSUER = "BNC"
LMS = "bench-lms"
DAYS_OFF = ["2025-09-01", "2025-10-27", "2025-12-16", "2026-01-01", "2026-01-02", "2026-01-07"]
PARTS = {"school": [9, 10, 11, 12, 1, 2, 3, 4, 5], "preschool": [9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8]}
YEAR_ENDS = {"school": "2026-05-25", "preschool": "2026-08-31"}


def numbered(prefix: str, serial: int) -> str:
    """A number of 12 digits that starts with `prefix` and has a right control digit; serials with none are skipped."""
    digits = f"{prefix}{serial:0{11 - len(prefix)}d}"
    last = check_digit(digits)
    return "" if last is None else f"{digits}{last}"


def people(prefix_of, count: int) -> Iterator[str]:
    """`count` IINs; every day has four-digit serials."""
    serial, made = 0, 0
    while made < count:
        iin = numbered(prefix_of(serial // 10_000), serial % 10_000)
        serial += 1
        if iin:
            made += 1
            yield iin


def birth(days: int) -> datetime.date:
    return datetime.date(2013, 1, 1) + datetime.timedelta(days=days)


def child_prefix(days: int) -> str:
    return birth(days).strftime("%y%m%d") + "5"


def guardian_prefix(days: int) -> str:
    return (datetime.date(1985, 1, 1) + datetime.timedelta(days=days)).strftime("%y%m%d") + "4"


def bins(count: int) -> list[str]:
    """BINs of the providers."""
    found, serial = [], 0
    while len(found) < count:
        number = numbered("200940", serial)
        serial += 1
        found += [number] if number else []
    return found


def programme_of(provider: int) -> str:
    """Four of five providers of the city are kindergartens (S2, but schools are larger in pupils)."""
    return "school" if provider % 5 == 0 else "preschool"


def iban(serial: int) -> str:
    account = f"998BENCH{serial:08d}"
    digits = "".join(str(int(c, 36)) for c in f"{account}KZ00")
    return f"KZ{98 - int(digits) % 97:02d}{account}"


def reference(children: int, providers: int) -> dict:
    """The reference file, with room for everybody."""
    places = children // providers + 100
    numbers = bins(providers + 1)
    return {
        "issuers": [
            {"code": ISSUER, "bin": numbers[-1], "name_ru": "Управление", "name_kk": "Басқарма", "kato": "750000000",
             "kind": "city"}
        ],
        "programmes": [
            {"code": code, "rules": [{"from": "2025-09-01", "to": None, "parts": parts, "payable_marks": "PSLQ",
                                      "min_present_days": 1, "pay_after_act_days": 30}]}
            for code, parts in PARTS.items()
        ],
        "calendars": [
            {"programme": code, "year": "2025/26", "from": "2025-09-01", "to": end, "weekdays": [1, 2, 3, 4, 5],
             "days_off": DAYS_OFF, "vacations": []}
            for code, end in YEAR_ENDS.items()
        ],
        "norms": [
            _norm("school", "primary", "year", "612345.00", "612345.00", "0.00"),
            _norm("preschool", "preschool", "month", "55659.00", "50668.00", "4991.00"),
        ],
        "providers": [_provider(number, i, places) for i, number in enumerate(numbers[:providers])],
        "state_order_contracts": [
            {"number": f"{ISSUER}-{i:05d}", "issuer": ISSUER, "provider_bin": number, "programme": programme_of(i),
             "signed_on": "2025-08-20", "from": "2025-09-01", "to": "2026-08-31"}
            for i, number in enumerate(numbers[:providers])
        ],
        "budgets": [
            {"issuer": ISSUER, "programme": code, "year": year, "source": source, "limit_kzt": "990000000000.00"}
            for code in PARTS for year in (2025, 2026) for source in ("local", "republican")
        ],
    }  # fmt: skip


def _norm(programme: str, level: str, per: str, total: str, local: str, republican: str) -> dict:
    return {
        "issuer": ISSUER, "programme": programme, "level": level, "area": "city", "language": "any",
        "special_needs": "any", "from": "2025-01-01", "to": None, "per": per, "total_kzt": total, "local_kzt": local,
        "republican_kzt": republican,
    }  # fmt: skip


def _provider(number: str, i: int, places: int) -> dict:
    return {
        "bin": number, "name_ru": f"Организация {i}", "name_kk": f"Ұйым {i}", "ownership": "private",
        "issuer": ISSUER, "programmes": [programme_of(i)], "area": "city", "design_capacity": places,
        "sanitary_places": places, "first_licensed_on": "2019-08-01", "address_ru": f"улица {i}", "lat": 43.2,
        "lon": 76.9, "iban": iban(i), "bic": "CASPKZKA", "kbe": "17", "lms": LMS,
    }  # fmt: skip


def contracts(children: int, providers: int) -> Iterator[dict]:
    """One contract a child, for the whole year."""
    numbers = bins(providers)
    pairs = zip(people(child_prefix, children), people(guardian_prefix, children), strict=True)
    for i, (child, guardian) in enumerate(pairs):
        programme = programme_of(i % providers)
        yield {
            "contract_id": f"c-{i:07d}", "version": 1, "status": "signed", "provider_bin": numbers[i % providers],
            "programme": programme, "level": "primary" if programme == "school" else "preschool",
            "group": f"{1 + i % 4}А", "language": "kk" if i % 3 else "ru", "special_needs": False,
            "child": {"iin": child, "last_name": f"Сынақов{i}", "first_name": "Әлихан", "middle_name": None,
                      "birth_date": birth(i // 10_000).isoformat()},
            "guardian": {"iin": guardian, "last_name": f"Сынақова{i}", "first_name": "Гүлнәр", "middle_name": None,
                         "phone": "+77990000000", "email": None, "language": "kk"},
            "parent_fee_kzt": "0.00", "signed_at": "2025-08-20T10:00:00+05:00", "starts_on": "2025-09-02",
            "ends_on": None, "end_reason": None,
        }  # fmt: skip


def sheets(children: int, month: str, *, version: int = 1, one_in: int = 1, absent: str = "") -> Iterator[dict]:
    """A full month for every `one_in`-th child; `absent` are marks put over the first days."""
    year, number = map(int, month.split("-"))
    first = datetime.date(year, number, 1)
    days = (datetime.date(year + number // 12, number % 12 + 1, 1) - first).days
    marks = "".join("H" if (first + datetime.timedelta(days=d)).isoweekday() > 5 else "P" for d in range(days))
    marks = "".join(
        a if p == "P" and a else p for a, p in zip(absent.ljust(days, " ").replace(" ", "P"), marks, strict=True)
    )
    for i in range(0, children, one_in):
        own = marks if i % 3 else marks[:-8] + marks[-8:].replace("P", "N")
        yield {
            "contract_id": f"c-{i:07d}", "month": month, "version": version, "marks": own, "status": "approved",
            "approved_at": f"{month}-28T18:00:00+05:00", "guardian_confirmed_at": f"{month}-28T20:00:00+05:00",
            "source": "teacher",
        }  # fmt: skip


def write_lines(path: Path, items: Iterator[dict]) -> Path:
    """One item a line."""
    with path.open("a", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps(item, ensure_ascii=False) + "\n")
    return path


def write_reference(path: Path, children: int, providers: int) -> Path:
    path.write_text(yaml.safe_dump(reference(children, providers), allow_unicode=True), encoding="utf-8")
    return path
