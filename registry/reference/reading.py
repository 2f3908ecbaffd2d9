"""A reference file as typed rows: every section read, unknown keys and repeated natural keys noted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from registry.reference import values
from registry.reference.problems import Problems, shown
from registry.reference.rows import (
    BudgetRow,
    CalendarRow,
    IssuerRow,
    NormRow,
    ProviderRow,
    Row,
    RuleRow,
    StateOrderRow,
)
from schools.enums import Programme

ROWS_OF_SECTIONS: dict[str, type[Row]] = {
    "issuers": IssuerRow,
    "programmes": RuleRow,
    "calendars": CalendarRow,
    "norms": NormRow,
    "providers": ProviderRow,
    "state_order_contracts": StateOrderRow,
    "budgets": BudgetRow,
}


@dataclass
class Reference:
    """The good rows of a file by section.

    `broken` has the codes, BINs and programmes of bad rows: that they are missing is no fault of the rows that name
    them.
    """

    rows: dict[str, list[Any]] = field(default_factory=lambda: {section: [] for section in ROWS_OF_SECTIONS})
    broken: set[Any] = field(default_factory=set)


def read_reference(document: dict[str, Any], problems: Problems) -> Reference:
    """All sections of the document; what is wrong goes to `problems`."""
    reference = Reference()
    for section, entries in document.items():
        if section not in ROWS_OF_SECTIONS:
            problems.add(shown(section), "unknown key")
        elif not isinstance(entries, list):
            problems.add(section, "must be a list")
        elif section == "programmes":
            reference.rows[section] = _read_programmes(entries, reference.broken, problems)
        else:
            reference.rows[section] = _read_rows(section, entries, reference.broken, problems)
    for rows in reference.rows.values():
        _refuse_repeated(rows, problems)
    return reference


def _read_rows(section: str, entries: list, broken: set, problems: Problems) -> list[Row]:
    rows = []
    for place, entry in enumerate(entries):
        row = ROWS_OF_SECTIONS[section].read(entry, f"{section}[{place}]", problems)
        if row:
            rows.append(row)
        elif isinstance(entry, dict):
            names = (entry.get("code"), entry.get("bin"))
            broken.update(name for name in names if isinstance(name, str))
    return rows


def _read_programmes(entries: list, broken: set, problems: Problems) -> list[RuleRow]:
    rows, first_paths = [], {}
    for place, entry in enumerate(entries):
        path = f"programmes[{place}]"
        if not isinstance(entry, dict):
            problems.add(path, "must be a mapping")
            continue
        for unknown in sorted(entry.keys() - {"code", "rules"}, key=str):
            problems.add(f"{path}.{shown(unknown)}", "unknown key")
        programme = _value(entry, "code", path, values.one_of(Programme), problems)
        rules = _value(entry, "rules", path, values.list_of(lambda rule: rule), problems)
        if programme is None or rules is None:
            continue
        if programme in first_paths:
            problems.add(f"{path}.code", f"stands in the file already, at {first_paths[programme]}")
        first_paths.setdefault(programme, path)
        for number, rule in enumerate(rules):
            row = RuleRow.read(rule, f"{path}.rules[{number}]", problems, programme=programme)
            if row:
                rows.append(row)
            else:
                broken.add(programme)
    return rows


def _value(entry: dict, name: str, path: str, read: Callable[[Any], Any], problems: Problems) -> Any:
    if name not in entry:
        problems.add(f"{path}.{name}", "is missing")
        return None
    try:
        return read(entry[name])
    except ValueError as error:
        problems.add(f"{path}.{name}", str(error))
        return None


def _refuse_repeated(rows: list[Any], problems: Problems) -> None:
    first_paths: dict[tuple, str] = {}
    for row in rows:
        first = first_paths.setdefault(row.key, row.path)
        if first != row.path:
            problems.add(row.path, f"has the same key as {first}")
