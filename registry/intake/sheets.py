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
    """Items of a page, sorted. `new` and `changed` map our contract to the newest version of its sheet."""

    taken: Taken = field(default_factory=Taken)
    new: dict[int, Sheet] = field(default_factory=dict)
    changed: dict[int, Sheet] = field(default_factory=dict)
    asides: list[aside.Aside] = field(default_factory=list)


class KnownSheets:
    """Our contracts of an LMS and the versions of their sheets of one month, by the LMS's number.

    A full page asks once for all of them, a small one only for its own: two queries. Valid as long as the runner of
    the LMS is the only one, which `poll` sees to, and no page fails.
    """

    def __init__(self, lms_id: int, month: Month):
        self.lms_id, self.month = lms_id, month
        self.contracts: dict[str, int] = {}
        self.versions: dict[str, int] = {}
        self._has_all = self._is_too_large = False

    def learn(self, items: list[Sheet | Rejected]) -> None:
        """Ask for what is not known yet, at least for the contracts of `items`."""
        if self._has_all:
            return
        if len(items) >= FULL_PAGE and not self._is_too_large:
            self.contracts = self._ask("registry/known_contracts", keys=None, limit=MOST_KEPT + 1)
            self._has_all = len(self.contracts) <= MOST_KEPT
            self._is_too_large = not self._has_all
        if not self._has_all:
            keys = [item.contract_id for item in items if item.contract_id]
            self.contracts = self._ask("registry/known_contracts", keys=keys, limit=None)
        contracts = None if self._has_all else list(self.contracts.values())
        self.versions = self._ask("registry/known_sheets", contracts=contracts, month=self.month.first)

    def _ask(self, statement: str, **params) -> dict[str, int]:
        return dict(sql.fetch(statement, lms=self.lms_id, **params))


def take_sheets(
    lms_id: int, month: Month, items: list[Sheet | Rejected], now: datetime.datetime, known: KnownSheets | None = None
) -> Taken:
    """Take in one page; call inside the transaction that stores the cursor. Repeatable. At most eight queries.

    A sheet of a contract that is not there yet waits for it. A sheet of a closed month becomes a late fact.
    Source: contracts/lms.md.
    """
    keep_months_open()
    known = known or KnownSheets(lms_id, month)
    known.learn(items)
    page = _sort(items, month, known)
    aside.put_aside(lms_id, page.asides, now)
    if page.new or page.changed:
        _write(page, month, now)
        fresh = [*page.new.values(), *page.changed.values()]
        aside.resolve(lms_id, ItemKind.SHEET, ((f"{s.contract_id} {month}", s.version) for s in fresh), now)
    return page.taken


def _sort(items: list[Sheet | Rejected], month: Month, known: KnownSheets) -> Sorted:
    """Also notes in `known` the versions that the page brings."""
    page, versions = Sorted(), known.versions
    for item in items:
        key, version = item.contract_id, item.version
        contract, stored = known.contracts.get(key), versions.get(key)
        if stored and version and version <= stored:
            page.taken.repeated += 1
        elif isinstance(item, Rejected):
            page.asides.append(aside.rejected(ItemKind.SHEET, item, str(month)))
            page.taken.put_aside += 1
        elif contract is None:
            page.asides.append(aside.of_unknown_contract(item))
            page.taken.put_aside += 1
        else:
            versions[key] = version
            if not stored:
                page.new[contract] = item
                page.taken.new += 1
            else:
                (page.new if contract in page.new else page.changed)[contract] = item
                page.taken.changed += 1
    return page


def _write(page: Sorted, month: Month, now: datetime.datetime) -> None:
    copy_rows("registry_sheet", COLUMNS, _rows(page.new, month, now))
    if page.changed:
        sql.execute("registry/stage_sheets")
        copy_rows("staged_sheet", COLUMNS, _rows(page.changed, month, now))
        sql.execute("registry/change_sheets")
    if ClosedThrough.objects.filter(month__gte=month.first).exists():
        late = [*page.new, *page.changed]
        sql.execute("registry/note_late_sheets", month=month.first, contracts=late, now=now)


def _rows(sheets: dict[int, Sheet], month: Month, now: datetime.datetime) -> list[tuple]:
    first = month.first
    return [
        (
            contract_id,
            first,
            s.version,
            s.marks,
            s.status,
            s.approved_at,
            s.guardian_confirmed_at,
            s.source,
            now,
        )
        for contract_id, s in sheets.items()
    ]
