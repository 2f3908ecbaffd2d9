"""A small reference file to be bent, and the golden one."""

from copy import deepcopy
from pathlib import Path

import yaml

from registry.reference.loading import Loaded, load_reference
from registry.reference.problems import WrongReference
from tests.factories import bin_of, iban_of

GOLDEN = Path(__file__).parent.parent / "golden" / "month-close" / "reference.yaml"
ISSUER_BIN, PROVIDER_BIN = bin_of(9001), bin_of(9002)


def provider(number: int, **changes) -> dict:
    """A provider of ALA whose BIN is `bin_of(number)`."""
    return {
        "bin": bin_of(number),
        "name_ru": f"Школа № {number}",
        "name_kk": f"№ {number} мектеп",
        "ownership": "private",
        "issuer": "ALA",
        "programmes": ["school"],
        "area": "city",
        "design_capacity": 360,
        "sanitary_places": 340,
        "first_licensed_on": "2019-08-01",
        "address_ru": "улица Тестовая, 1",
        "lat": 43.2389,
        "lon": 76.8897,
        "iban": iban_of(number),
        "bic": "CASPKZKA",
        "kbe": "17",
        "lms": "demo-lms",
        **changes,
    }


def state_order(provider_number: int, **changes) -> dict:
    """A state order of `provider(provider_number)` for the year 2025/26."""
    return {
        "number": f"ALA-2025-{provider_number:04d}",
        "issuer": "ALA",
        "provider_bin": bin_of(provider_number),
        "programme": "school",
        "signed_on": "2025-08-20",
        "from": "2025-09-01",
        "to": "2026-05-31",
        **changes,
    }


def norm(**changes) -> dict:
    """The norm of primary school in the city, any language and need."""
    return {
        "issuer": "ALA",
        "programme": "school",
        "level": "primary",
        "area": "city",
        "language": "any",
        "special_needs": "any",
        "from": "2025-09-01",
        "to": None,
        "per": "year",
        "total_kzt": "695000.00",
        "local_kzt": "695000.00",
        "republican_kzt": "0.00",
        **changes,
    }


_SMALL = {
    "issuers": [
        {
            "code": "ALA",
            "bin": ISSUER_BIN,
            "name_ru": "Управление образования",
            "name_kk": "Білім басқармасы",
            "kato": "750000000",
            "kind": "city",
        }
    ],
    "programmes": [{"code": "school", "rules": [{"from": "2025-09-01", "to": None}]}],
    "calendars": [
        {
            "programme": "school",
            "year": "2025/26",
            "from": "2025-09-02",
            "to": "2026-05-25",
            "weekdays": [1, 2, 3, 4, 5],
            "days_off": ["2025-12-16"],
            "vacations": [{"from": "2025-10-27", "to": "2025-11-02"}],
        }
    ],
    "norms": [norm()],
    "providers": [provider(9002)],
    "state_order_contracts": [state_order(9002)],
    "budgets": [
        {"issuer": "ALA", "programme": "school", "year": 2025, "source": "local", "limit_kzt": "9000000000.00"}
    ],
}


def small(**sections) -> dict:
    """One row of each kind; `sections` replace those of the same name."""
    return deepcopy(_SMALL) | sections


def load(document: dict | str) -> Loaded:
    """Load a document given as what it says."""
    text = document if isinstance(document, str) else yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    return load_reference(text.encode())


def faults(document: dict | str) -> list[str]:
    """The lines of a file that is refused."""
    try:
        load(document)
    except WrongReference as error:
        return error.lines
    raise AssertionError("the file was taken")


def outcome(loaded: Loaded, outcome: str) -> dict[str, int]:
    """How many rows of each section were `created`, `updated` or `unchanged`, without the zeros."""
    return {section: counts[outcome] for section, counts in loaded.counts.items() if counts[outcome]}
