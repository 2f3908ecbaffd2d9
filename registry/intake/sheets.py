"""One page of the sheets feed of a month: new sheets go in by COPY, changed ones replace their older version."""

import datetime
from dataclasses import dataclass, field

from integrations.lms.items import Rejected, Sheet
from registry.enums import ItemKind
from registry.intake import aside
from registry.intake.contracts import Taken
from registry.ledger import keep_months_open
from registry.models import ClosedThrough
from voucher_portal import sql
from voucher_portal.copying import copy_rows
from voucher_portal.dates import Month

FULL_PAGE = 1_000
MOST_KEPT = 200_000
COLUMNS = (
    "contract_id", "month", "version", "marks", "status", "approved_at", "guardian_confirmed_at", "source",
    "received_at",
)  # fmt: skip


@dataclass
class Sorted:
    """Items of a page, sorted. `new` and `changed` map a contract's key to the newest version of its sheet."""

    taken: Taken = field(default_factory=Taken)
    new: dict[str, Sheet] = field(default_factory=dict)
    changed: dict[str, Sheet] = field(default_factory=dict)
    asides: list[aside.Aside] = field(default_factory=list)


class KnownSheets:
    """Our contracts of an LMS and the versions of their sheets of one month, by the LMS's number.

    A full page asks once for all of them (two queries for a whole feed), a small one only for its own. Valid as long
    as the runner of the LMS is the only one, which `poll` sees to.
    """

    def __init__(self, lms_id: int, month: Month):
        self.lms_id, self.month = lms_id, month
        self.all: dict[str, tuple[int, int]] | None = None

    def of(self, items: list[Sheet | Rejected]) -> dict[str, tuple[int, int]]:
        """Contract and version (0 for no sheet) by number; at least those of `items` that we know."""
        if self.all is None and len(items) >= FULL_PAGE:
            found = self._ask("registry/known_sheets_of_lms", limit=MOST_KEPT + 1)
            self.all = found if len(found) <= MOST_KEPT else None
        if self.all is not None:
            return self.all
        return self._ask("registry/known_sheets", keys=[item.contract_id for item in items if item.contract_id])

    def _ask(self, statement: str, **params) -> dict[str, tuple[int, int]]:
        rows = sql.fetch(statement, lms=self.lms_id, month=self.month.first, **params)
        return {key: (contract_id, version) for key, contract_id, version in rows}


def take_sheets(
    lms_id: int, month: Month, items: list[Sheet | Rejected], now: datetime.datetime, known: KnownSheets | None = None
) -> Taken:
    """Take in one page; call inside the transaction that stores the cursor. Repeatable. At most eight queries.

    A sheet of a contract that is not there yet waits for it. A sheet of a closed month becomes a late fact.
    Source: contracts/lms.md.
    """
    keep_months_open()
    known = (known or KnownSheets(lms_id, month)).of(items)
    page = _sort(items, month, known)
    aside.put_aside(lms_id, page.asides, now)
    if page.new or page.changed:
        _write(page, month, known, now)
        known.update({key: (known[key][0], sheet.version) for key, sheet in (page.new | page.changed).items()})
        taken = ((f"{key} {month}", sheet.version) for key, sheet in (page.new | page.changed).items())
        aside.resolve(lms_id, ItemKind.SHEET, taken, now)
    return page.taken


def _sort(items: list[Sheet | Rejected], month: Month, known: dict[str, tuple[int, int]]) -> Sorted:
    page, versions = Sorted(), {}
    for item in items:
        key, version = item.contract_id, item.version
        ours = known.get(key)
        stored = versions.get(key) or (ours[1] if ours else 0)
        if stored and version and version <= stored:
            page.taken.repeated += 1
        elif isinstance(item, Rejected):
            page.asides.append(aside.rejected(ItemKind.SHEET, item, str(month)))
            page.taken.put_aside += 1
        elif ours is None:
            page.asides.append(aside.of_unknown_contract(item))
            page.taken.put_aside += 1
        else:
            (page.changed if ours[1] else page.new)[key] = item
            versions[key] = version
            if stored:
                page.taken.changed += 1
            else:
                page.taken.new += 1
    return page


def _write(page: Sorted, month: Month, known: dict, now: datetime.datetime) -> None:
    copy_rows("registry_sheet", COLUMNS, _rows(page.new, month, known, now))
    if page.changed:
        sql.execute("registry/stage_sheets")
        copy_rows("staged_sheet", COLUMNS, _rows(page.changed, month, known, now))
        sql.execute("registry/change_sheets")
    if ClosedThrough.objects.filter(month__gte=month.first).exists():
        contracts = [known[key][0] for key in (page.new | page.changed)]
        sql.execute("registry/note_late_sheets", month=month.first, contracts=contracts, now=now)


def _rows(sheets: dict[str, Sheet], month: Month, known: dict, now: datetime.datetime) -> list[tuple]:
    first = month.first
    return [
        (
            known[key][0],
            first,
            s.version,
            s.marks,
            s.status,
            s.approved_at,
            s.guardian_confirmed_at,
            s.source,
            now,
        )
        for key, s in sheets.items()
    ]
