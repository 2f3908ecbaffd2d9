"""One page of the contracts feed: children, guardians' accounts and contracts, in a constant number of queries."""

import datetime
from dataclasses import dataclass, field

from integrations.lms.items import Contract, Rejected
from registry.enums import ItemKind
from registry.intake import aside
from registry.intake.years import ProgrammeYears
from registry.models import Contract as ContractRow
from schools.models import Provider
from voucher_portal import sql
from voucher_portal.copying import copy_rows

COLUMNS = (
    "external_id", "version", "status", "provider_id", "programme", "level", "group_name", "language",
    "special_needs", "child_iin", "last_name", "first_name", "middle_name", "birth_date", "guardian_iin",
    "guardian_last_name", "guardian_first_name", "guardian_middle_name", "phone", "email", "guardian_language",
    "parent_fee_kzt", "signed_at", "starts_on", "ends_on", "end_reason", "days",
)  # fmt: skip


@dataclass
class Taken:
    """What became of the items of a feed."""

    new: int = 0
    changed: int = 0
    repeated: int = 0
    put_aside: int = 0

    def add(self, other: "Taken") -> None:
        self.new += other.new
        self.changed += other.changed
        self.repeated += other.repeated
        self.put_aside += other.put_aside


@dataclass
class Sorted:
    """Items of a page, sorted: the newest version of each contract with our provider, and what to put aside."""

    taken: Taken = field(default_factory=Taken)
    fresh: dict[str, tuple[Contract, int]] = field(default_factory=dict)
    asides: list[aside.Aside] = field(default_factory=list)


def take_contracts(lms_id: int, items: list[Contract | Rejected], now: datetime.datetime) -> Taken:
    """Take in one page; call inside the transaction that stores the cursor. Repeatable. Ten queries.

    An item that breaks the contract, or names an unknown provider, is put aside and blocks nothing else. Of several
    versions of a contract the highest stays, in whatever order they come.
    Source: contracts/lms.md.
    """
    page = _sort(lms_id, items)
    aside.put_aside(lms_id, page.asides, now)
    if page.fresh:
        _write(lms_id, page.fresh, now)
        taken = ((c.contract_id, c.version) for c, _provider in page.fresh.values())
        aside.resolve(lms_id, ItemKind.CONTRACT, taken, now)
    return page.taken


def _sort(lms_id: int, items: list[Contract | Rejected]) -> Sorted:
    keys = [item.contract_id for item in items if item.contract_id]
    known = dict(ContractRow.objects.filter(lms_id=lms_id, external_id__in=keys).values_list("external_id", "version"))
    bins = {item.provider_bin for item in items if item.provider_bin}
    providers = dict(Provider.objects.filter(organisation__bin__in=bins).values_list("organisation__bin", "pk"))
    page = Sorted()
    for item in items:
        _sort_one(page, item, known, providers)
    return page


def _sort_one(page: Sorted, item: Contract | Rejected, known: dict, providers: dict) -> None:
    version = known.get(item.contract_id, 0)
    if version and (item.version or 0) <= version and item.version:
        page.taken.repeated += 1
    elif isinstance(item, Rejected):
        page.asides.append(aside.rejected(ItemKind.CONTRACT, item))
        page.taken.put_aside += 1
    elif item.provider_bin not in providers:
        page.asides.append(aside.of_unknown_provider(item))
        page.taken.put_aside += 1
    else:
        page.fresh[item.contract_id] = (item, providers[item.provider_bin])
        known[item.contract_id] = item.version
        if version:
            page.taken.changed += 1
        else:
            page.taken.new += 1


def _write(lms_id: int, fresh: dict, now) -> None:
    sql.execute("registry/stage_contracts")
    years = ProgrammeYears()
    copy_rows("staged", COLUMNS, (_row(item, provider_id, years) for item, provider_id in fresh.values()))
    sql.execute("registry/take_contracts", lms=lms_id, now=now)


def _row(item: Contract, provider_id: int, years: ProgrammeYears) -> tuple:
    child, guardian = item.child, item.guardian
    return (
        item.contract_id, item.version, item.status, provider_id, item.programme, item.level, item.group,
        item.language, item.special_needs, child.iin, child.last_name, child.first_name, child.middle_name or "",
        child.birth_date, guardian.iin, guardian.last_name, guardian.first_name, guardian.middle_name or "",
        guardian.phone or "", guardian.email or "", guardian.language, item.parent_fee_kzt, item.signed_at,
        item.starts_on, item.ends_on, item.end_reason or "",
        years.days_of(item.programme, item.starts_on, item.ends_on),
    )  # fmt: skip
