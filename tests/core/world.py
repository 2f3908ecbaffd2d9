"""A small region whose facts go through the portal's own intake, settling and close, without HTTP between."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec
from django.apps import apps
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from acts.closing import close_month
from acts.verification import verify
from integrations.lms.items import Child, Contract, Guardian, Rejected, Sheet
from integrations.models import FeedCursor, Lms
from registry.enums import Source
from registry.intake.contracts import Taken, take_contracts
from registry.intake.polling import replay_contracts, replay_sheets
from registry.intake.sheets import take_sheets
from registry.models import Budget, Norm, RuleSet, SchoolCalendar, StudyMonth
from registry.models import Contract as ContractRow
from registry.settling import settle_contracts
from schools.enums import Programme
from schools.models import Issuer, Provider
from tests.factories import (
    BudgetFactory,
    IssuerFactory,
    LmsFactory,
    NormFactory,
    ProviderFactory,
    RuleSetFactory,
    SchoolCalendarFactory,
    StateOrderContractFactory,
    iin_of,
)
from voucher_portal.dates import ALMATY, Month

WHOLE_YEAR = DateRange(datetime.date(2025, 9, 1), datetime.date(2026, 9, 1))
FROM_OCTOBER = DateRange(datetime.date(2025, 10, 6), datetime.date(2026, 9, 1))
NOW = datetime.datetime(2025, 11, 5, 12, 0, tzinfo=ALMATY)
SIGNED_AT = datetime.datetime(2025, 8, 20, 10, 0, tzinfo=ALMATY)
STARTS_ON = datetime.date(2025, 9, 2)
BORN = datetime.date(2018, 3, 14)

REFERENCE = {RuleSet, SchoolCalendar, StudyMonth, Norm, Budget}


def forget_all() -> None:
    """Empty every table that a poll, a close or a payment writes to; the reference data stays."""
    models = {*apps.get_app_config("registry").get_models(), *apps.get_app_config("acts").get_models()} - REFERENCE
    tables = [model._meta.db_table for model in models | {User, FeedCursor}]
    with transaction.atomic(), connection.cursor() as cursor:
        # Quicker than TRUNCATE for some hundred rows; the triggers would refuse it.
        deletions = "".join(f"DELETE FROM {table};" for table in tables)
        cursor.execute(f"SET LOCAL session_replication_role = replica; {deletions}")


def forget_temporary_tables() -> None:
    """Those of an earlier step end with its transaction, which may be that of the whole test."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("DISCARD TEMP")


@dataclass
class World:
    """Schools `a` and `b` and the kindergarten `k` of one issuer, school `z` of another; everything is affordable.

    The state order of `b` begins on 6 October.
    """

    issuers: dict[str, Issuer] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)
    ordered_days: dict[str, DateRange] = field(default_factory=dict)  # by BIN: the days of the state order
    lms: Lms = field(default_factory=LmsFactory)

    def provider(self, bin_: str) -> Provider:
        """The provider with that BIN."""
        return next(each for each in self.providers.values() if each.bin == bin_)

    def settle(self) -> dict:
        """Decide on what came."""
        forget_temporary_tables()
        return settle_contracts(now=NOW)

    def take(self, *items: Contract | Rejected, lms: Lms | None = None) -> Taken:
        """One page of the contracts feed."""
        forget_temporary_tables()
        with transaction.atomic():
            return take_contracts((lms or self.lms).pk, list(items), NOW)

    def take_sheets(self, *items: Sheet, lms: Lms | None = None) -> Taken:
        """One page of the sheets feed for each month."""
        total = Taken()
        for month in sorted({item.month for item in items}):
            page = [item for item in items if item.month == month]
            total.add(self.take_page_of_sheets(Month.parse(month), page, lms=lms))
        return total

    def take_page_of_sheets(self, month: Month, items: list[Sheet | Rejected], lms: Lms | None = None) -> Taken:
        """One page of the sheets feed of a month."""
        forget_temporary_tables()
        with transaction.atomic():
            return take_sheets((lms or self.lms).pk, month, items, NOW)

    def receive(self, *items: Contract | Sheet, lms: Lms | None = None) -> None:
        """Contracts, then sheets, then what waited for them."""
        lms = lms or self.lms
        self.take(*[item for item in items if isinstance(item, Contract)], lms=lms)
        replay_contracts(lms)
        self.take_sheets(*[item for item in items if isinstance(item, Sheet)], lms=lms)
        replay_sheets(lms)

    def poll(self, *items: Contract | Sheet, lms: Lms | None = None) -> dict:
        """What came, and the decisions on it."""
        self.receive(*items, lms=lms)
        return self.settle()

    def close(self, month: str, issuer: str = "A", programme: str = Programme.SCHOOL) -> dict:
        """Close a month some days after its end."""
        forget_temporary_tables()
        closed = Month.parse(month)
        return close_month(
            issuer=self.issuers[issuer], programme=programme, month=closed, today=closed.next().first.replace(day=5),
            now=NOW,
        )  # fmt: skip

    def contract(self, key: str, provider: str = "a", *, child: int = 0, version: int = 1, **fields) -> Contract:
        """A contract as its LMS tells it; `child` is a number."""
        place = self.providers[provider]
        programme = place.programmes[0]
        person = Child(iin_of(child, BORN), "Сынақова", f"Әсем{child}", None, BORN)
        guardian = Guardian(iin_of(child, datetime.date(1986, 1, 31)), "Сынақов", "Ата", None, None, None, "kk")
        known = {
            "contract_id": key,
            "version": version,
            "status": "signed",
            "provider_bin": place.bin,
            "programme": programme,
            "level": "primary" if programme == Programme.SCHOOL else "preschool",
            "group": "1А",
            "language": "kk",
            "special_needs": False,
            "child": person,
            "guardian": guardian,
            "parent_fee_kzt": None,
            "signed_at": SIGNED_AT,
            "starts_on": STARTS_ON,
            "ends_on": None,
            "end_reason": None,
        }
        return Contract(**known | fields)


def sheet(key: str, month: str = "2025-10", marks: str = "P", *, version: int = 1, status: str = "approved") -> Sheet:
    """A sheet; `marks` is repeated over the days of the month."""
    days = Month.parse(month).days
    return Sheet(key, month, version, (marks * days)[:days], status, None, None, "teacher")


def changed(item: Contract, **fields) -> Contract:
    """The next version of a contract."""
    return msgspec.structs.replace(item, **{"version": item.version + 1} | fields)


def row(key: str) -> ContractRow:
    """The contract in the database."""
    return ContractRow.objects.get(external_id=key)


def funding(key: str) -> str:
    """`FUNDED`, or the reason why not."""
    found = row(key)
    return found.unfunded_reason or found.funding


def broken_rules() -> dict[str, int]:
    """What `verify_ledger` finds."""
    return {name: found for name, found in verify()["rules"].items() if found}


def make_world() -> World:
    """The region, with nothing delivered yet."""
    for preschool in (False, True):
        RuleSetFactory(preschool=preschool)
        SchoolCalendarFactory(preschool=preschool)
    world = World(issuers={code: IssuerFactory() for code in "AZ"})
    for issuer in world.issuers.values():
        _afford(issuer)
    for name, issuer in (("a", "A"), ("b", "A"), ("k", "A"), ("z", "Z")):
        provider = ProviderFactory(issuer=world.issuers[issuer], lms=world.lms, preschool=name == "k")
        world.providers[name] = provider
        order = StateOrderContractFactory(provider=provider, days=FROM_OCTOBER if name == "b" else WHOLE_YEAR)
        world.ordered_days[provider.bin] = order.days
    return world


def _afford(issuer: Issuer) -> None:
    """Norms that do not divide evenly, and budgets for everything."""
    NormFactory(issuer=issuer, local_kzt=Decimal("600000.01"), republican_kzt=Decimal("94999.97"))
    NormFactory(issuer=issuer, level="basic", local_kzt=Decimal("788888.88"))
    NormFactory(issuer=issuer, preschool=True)
    for programme in Programme:
        for year in (2025, 2026):
            for source in Source:
                BudgetFactory(issuer=issuer, programme=programme, year=year, source=source)
