"""One valid row of each table of people, integrations, providers and the registry; situations are traits.

Numbers (IIN, BIN, IBAN) are synthetic and right by their check digits. Days lie in the school year 2025/26.
"""

import datetime
from decimal import Decimal
from functools import cache

import factory
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from stdnum.iso7064 import mod_97_10

from accounts.enums import OrganisationKind, Role
from accounts.models import Membership, Organisation, ReadLog, User
from integrations.models import FeedCursor, Lms, RegisterCall, StrayAnswer
from registry.enums import (
    Account,
    ContractStatus,
    EntryReason,
    Funding,
    ItemKind,
    Level,
    LifeStatus,
    PresenceSource,
    SheetStatus,
    Source,
    UnfundedReason,
)
from registry.ledger import lock_ledger
from registry.models import (
    Budget,
    Child,
    ClosedThrough,
    Contract,
    LateFact,
    LedgerEntry,
    Norm,
    PutAside,
    Reservation,
    RuleSet,
    SchoolCalendar,
    Sheet,
    StudyMonth,
    Voucher,
    VoucherPart,
)
from registry.reference import calendars
from registry.rules import DEFAULT_PARTS, DEFAULTS
from schools.enums import Area, IssuerKind, Ownership, Programme, SuspensionGround, TerminationGround
from schools.models import Issuer, Provider, StateOrderContract, Suspension, Termination
from voucher_portal.dates import ALMATY, Month
from voucher_portal.identifiers import check_digit

START_YEAR = 2025
YEAR = DateRange(datetime.date(2025, 9, 1), datetime.date(2026, 9, 1))
LESSONS = DateRange(datetime.date(2025, 9, 2), datetime.date(2026, 5, 26))
OPEN = DateRange(datetime.date(2025, 1, 1), None)
SEPTEMBER = datetime.date(2025, 9, 1)
OCTOBER = datetime.date(2025, 10, 1)
SIGNED_AT = datetime.datetime(2025, 8, 20, 10, 0, tzinfo=ALMATY)
HOLIDAYS = [
    datetime.date.fromisoformat(day)
    for day in (
        "2025-09-01 2025-10-27 2025-12-16 2026-01-01 2026-01-02 2026-01-07 2026-03-09 2026-03-23 2026-03-24 2026-03-25"
        " 2026-05-01 2026-05-07 2026-05-11 2026-05-27 2026-07-06"
    ).split()
]
VACATIONS = [
    DateRange(datetime.date(2025, 10, 27), datetime.date(2025, 11, 3)),
    DateRange(datetime.date(2025, 12, 29), datetime.date(2026, 1, 8)),
    DateRange(datetime.date(2026, 3, 19), datetime.date(2026, 3, 30)),
]


@cache
def _numbers(prefix: str) -> list[str]:
    """Every number of twelve digits with these first seven and a check digit; some serials have none."""
    firsts = [f"{prefix}{serial:04d}" for serial in range(10_000)]
    return [f"{first}{digit}" for first in firsts if (digit := check_digit(first)) is not None]


def iin_of(number: int, born: datetime.date = datetime.date(2018, 3, 14), *, female: bool = False) -> str:
    """The IIN `number` (0..9900) of those who were born on that day of the years 1900-2099."""
    century = 5 if born.year >= 2000 else 3
    return _numbers(f"{born:%y%m%d}{century + female}")[number]


def bin_of(number: int) -> str:
    """The BIN `number` (0..9900) of those registered in September 2020."""
    return _numbers("2009400")[number]


def iban_of(number: int) -> str:
    """The account `number` at the bank with code 722 (CASPKZKA)."""
    account = f"722{number:013d}"
    return f"KZ{mod_97_10.calc_check_digits(account + 'KZ')}{account}"


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation

    bin = factory.Sequence(bin_of)
    name_ru = factory.Sequence(lambda n: f"Организация № {n}")
    name_kk = factory.Sequence(lambda n: f"№ {n} ұйым")
    kind = OrganisationKind.PROVIDER


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory("tests.factories.UserFactory")
    organisation = factory.SubFactory(OrganisationFactory)
    role = Role.PROVIDER_DIRECTOR
    valid = OPEN


def _member(role: str, kind: str) -> factory.Trait:
    """A role in an organisation of its own, or in `membership__organisation=…`."""
    return factory.Trait(
        membership=factory.RelatedFactory(
            MembershipFactory, factory_related_name="user", role=role, organisation__kind=kind
        )
    )


class UserFactory(factory.django.DjangoModelFactory):
    """A person with the password `factory-password`; without a trait a guardian, who has no membership."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        provider_director = _member(Role.PROVIDER_DIRECTOR, OrganisationKind.PROVIDER)
        provider_clerk = _member(Role.PROVIDER_CLERK, OrganisationKind.PROVIDER)
        department_officer = _member(Role.DEPARTMENT_OFFICER, OrganisationKind.DEPARTMENT)
        department_head = _member(Role.DEPARTMENT_HEAD, OrganisationKind.DEPARTMENT)
        operator = _member(Role.OPERATOR, OrganisationKind.OPERATOR)
        administrator = _member(Role.ADMINISTRATOR, OrganisationKind.OPERATOR)
        commission_member = _member(Role.COMMISSION_MEMBER, OrganisationKind.COMMISSION)
        auditor = _member(Role.AUDITOR, OrganisationKind.OVERSIGHT)
        superuser = factory.Trait(is_staff=True, is_superuser=True)

    iin = factory.Sequence(lambda n: iin_of(n, datetime.date(1985, 6, 30)))
    last_name = "Сынақов"
    first_name = "Ерлан"
    middle_name = factory.Sequence(lambda n: f"Үміт{n}")
    phone = "+77010000000"
    email = factory.LazyAttribute(lambda user: f"{user.iin}@example.kz")
    password = factory.django.Password("factory-password")


class ReadLogFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReadLog

    user = factory.SubFactory(UserFactory)
    object_kind = "registry.child"
    object_id = "1"


class LmsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Lms

    code = factory.Sequence(lambda n: f"lms-{n}")
    url = factory.LazyAttribute(lambda lms: f"https://{lms.code}.example/v1")
    token_env = "FACTORY_LMS_TOKEN"


class FeedCursorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FeedCursor

    lms = factory.SubFactory(LmsFactory)
    feed = "contracts"
    cursor = "000000000001"


class RegisterCallFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RegisterCall

    message_id = factory.Faker("uuid4")
    register = "ELIC"
    service_id = "ELIC_LicenseByBin"
    channel = "SYNC"
    key_hash = "0" * 64
    outcome = "TIMEOUT"
    tries = 3
    asked_at = factory.LazyFunction(timezone.now)


class StrayAnswerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StrayAnswer

    service_id = "NOBD_Enrolment"
    message_id = factory.Sequence(lambda n: f"message {n}")
    answer_sha256 = "0" * 64
    received_at = factory.LazyFunction(timezone.now)


class IssuerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Issuer

    organisation = factory.SubFactory(OrganisationFactory, kind=OrganisationKind.DEPARTMENT)
    code = factory.Sequence(lambda n: f"FC{n}")
    kato = "750000000"
    kind = IssuerKind.CITY


class ProviderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Provider

    class Params:
        preschool = factory.Trait(programmes=[Programme.PRESCHOOL])
        village = factory.Trait(area=Area.VILLAGE)

    organisation = factory.SubFactory(OrganisationFactory)
    issuer = factory.SubFactory(IssuerFactory)
    lms = factory.SubFactory(LmsFactory)
    ownership = Ownership.PRIVATE
    programmes = [Programme.SCHOOL]
    area = Area.CITY
    design_capacity = 360
    sanitary_places = 340
    first_licensed_on = datetime.date(2019, 8, 1)
    address_ru = "улица Тестовая, 1"
    lat = 43.2389
    lon = 76.8897
    iban = factory.Sequence(iban_of)
    bic = "CASPKZKA"
    kbe = "17"


class StateOrderContractFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StateOrderContract

    number = factory.Sequence(lambda n: f"FC-2025-{n:04d}")
    provider = factory.SubFactory(ProviderFactory)
    issuer = factory.SelfAttribute("provider.issuer")
    programme = factory.LazyAttribute(lambda order: order.provider.programmes[0])
    signed_on = datetime.date(2025, 8, 20)
    days = YEAR


class SuspensionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Suspension

    provider = factory.SubFactory(ProviderFactory)
    ground = SuspensionGround.TAX_DEBT
    days = DateRange(OCTOBER, None)
    document = "Протокол № 1"


class TerminationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Termination

    provider = factory.SubFactory(ProviderFactory)
    ground = TerminationGround.LICENCE_REVOKED
    from_day = OCTOBER
    document = "Решение № 1"


class RuleSetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RuleSet

    class Params:
        preschool = factory.Trait(programme=Programme.PRESCHOOL)

    programme = Programme.SCHOOL
    days = OPEN
    parts = factory.LazyAttribute(lambda rules: list(DEFAULT_PARTS[rules.programme]))
    payable_marks = "PSLQ"
    min_present_days = 1
    pay_after_act_days = 30
    parameters = factory.LazyFunction(lambda: dict(DEFAULTS))


class SchoolCalendarFactory(factory.django.DjangoModelFactory):
    """The year 2025/26 of the order of 05.08.2025 (REG §17.1) with its months."""

    class Meta:
        model = SchoolCalendar
        skip_postgeneration_save = True

    class Params:
        preschool = factory.Trait(programme=Programme.PRESCHOOL, days=YEAR, vacations=[])

    programme = Programme.SCHOOL
    start_year = START_YEAR
    days = LESSONS
    weekdays = [1, 2, 3, 4, 5]
    days_off = HOLIDAYS
    vacations = VACATIONS

    @factory.post_generation
    def months(self, create, extracted, **kwargs):
        """`months=False` leaves them out."""
        if create and extracted is not False:
            StudyMonth.objects.bulk_create(calendars.study_months(self, DEFAULT_PARTS[self.programme]))


class NormFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Norm

    class Params:
        preschool = factory.Trait(
            programme=Programme.PRESCHOOL,
            level=Level.PRESCHOOL,
            per_month=True,
            local_kzt=Decimal("50668.00"),
            republican_kzt=Decimal("4991.00"),
        )

    issuer = factory.SubFactory(IssuerFactory)
    programme = Programme.SCHOOL
    level = Level.PRIMARY
    area = Area.CITY
    language = ""
    special_needs = None
    days = OPEN
    per_month = False
    local_kzt = Decimal("695000.00")
    republican_kzt = Decimal("0.00")
    total_kzt = factory.LazyAttribute(lambda norm: norm.local_kzt + norm.republican_kzt)


class BudgetFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Budget

    issuer = factory.SubFactory(IssuerFactory)
    programme = Programme.SCHOOL
    year = START_YEAR
    source = Source.LOCAL
    limit_kzt = Decimal("9000000000.00")


class ChildFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Child

    birth_date = datetime.date(2018, 3, 14)
    iin = factory.Sequence(lambda n: iin_of(n, datetime.date(2018, 3, 14)))
    last_name = "Сынақова"
    first_name = "Әсем"
    middle_name = factory.Sequence(lambda n: f"Ерланқызы{n}")
    life_status = LifeStatus.REGISTERED
    named_at = SIGNED_AT
    named_by = "lms c-000001"


class ContractFactory(factory.django.DjangoModelFactory):
    """A contract in force that nobody has decided on; `funded` and `unfunded` are decided ones."""

    class Meta:
        model = Contract

    class Params:
        preschool = factory.Trait(provider__preschool=True, level=Level.PRESCHOOL, days=YEAR)
        funded = factory.Trait(
            funding=Funding.FUNDED,
            is_settled=True,
            norm=factory.SubFactory(
                NormFactory,
                issuer=factory.SelfAttribute("..provider.issuer"),
                programme=factory.SelfAttribute("..programme"),
                level=factory.SelfAttribute("..level"),
                area=factory.SelfAttribute("..provider.area"),
            ),
        )
        unfunded = factory.Trait(
            funding=Funding.UNFUNDED, is_settled=True, unfunded_reason=UnfundedReason.NO_STATE_ORDER
        )

    provider = factory.SubFactory(ProviderFactory)
    lms = factory.SelfAttribute("provider.lms")
    external_id = factory.Sequence(lambda n: f"c-{n:06d}")
    version = 1
    status = ContractStatus.SIGNED
    programme = factory.LazyAttribute(lambda contract: contract.provider.programmes[0])
    level = Level.PRIMARY
    group_name = "2Б"
    language = "kk"
    special_needs = False
    child = factory.SubFactory(ChildFactory)
    guardian = factory.SubFactory(UserFactory)
    parent_fee_kzt = Decimal("0.00")
    signed_at = SIGNED_AT
    days = LESSONS
    starts_on = factory.LazyAttribute(lambda contract: contract.days.lower)
    ends_on = None
    received_at = SIGNED_AT


class SheetFactory(factory.django.DjangoModelFactory):
    """An approved sheet on which the child was there on every weekday of the month."""

    class Meta:
        model = Sheet

    contract = factory.SubFactory(ContractFactory)
    month = OCTOBER
    version = 1
    marks = factory.LazyAttribute(
        lambda sheet: "".join("P" if day.isoweekday() < 6 else "H" for day in Month.of(sheet.month).dates())
    )
    status = SheetStatus.APPROVED
    approved_at = factory.LazyAttribute(
        lambda sheet: datetime.datetime.combine(Month.of(sheet.month).last, datetime.time(18), tzinfo=ALMATY)
    )
    source = PresenceSource.TEACHER
    received_at = factory.SelfAttribute("approved_at")


class PutAsideFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PutAside

    lms = factory.SubFactory(LmsFactory)
    kind = ItemKind.CONTRACT
    key = factory.Sequence(lambda n: f"c-{n:06d}")
    version = 1
    reason = "BAD_IIN"
    message = "child.iin: check_digit"
    raw = "{}"
    first_seen_at = SIGNED_AT
    last_seen_at = SIGNED_AT


class ClosedThroughFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ClosedThrough

    issuer = factory.SubFactory(IssuerFactory)
    programme = Programme.SCHOOL
    month = SEPTEMBER


class LateFactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = LateFact

    contract = factory.SubFactory(ContractFactory)
    month = SEPTEMBER
    issuer = factory.SelfAttribute("contract.provider.issuer")
    programme = factory.SelfAttribute("contract.programme")
    reason = "CONTRACT"
    noticed_at = SIGNED_AT


class VoucherFactory(factory.django.DjangoModelFactory):
    """A voucher of the year 2025/26 with its nine or twelve parts."""

    class Meta:
        model = Voucher
        skip_postgeneration_save = True

    issuer = factory.SubFactory(IssuerFactory)
    child = factory.SubFactory(ChildFactory)
    programme = Programme.SCHOOL
    start_year = START_YEAR
    issued_at = SIGNED_AT

    @factory.post_generation
    def parts(self, create, extracted, **kwargs):
        """`parts=False` leaves them out; `parts=[9, 10]` makes those months."""
        if not create or extracted is False:
            return
        numbers = extracted or DEFAULT_PARTS[self.programme]
        months = [datetime.date(self.start_year + (number < 9), number, 1) for number in numbers]
        VoucherPart.objects.bulk_create([VoucherPart(voucher=self, month=month) for month in months])


class ReservationFactory(factory.django.DjangoModelFactory):
    """A whole October of a funded contract: its part stays ACTIVE and the ledger knows nothing of it."""

    class Meta:
        model = Reservation

    contract = factory.SubFactory(ContractFactory, funded=True)
    month = OCTOBER
    issuer = factory.SelfAttribute("contract.provider.issuer")
    voucher = factory.SubFactory(
        VoucherFactory,
        child=factory.SelfAttribute("..contract.child"),
        programme=factory.SelfAttribute("..contract.programme"),
        issuer=factory.SelfAttribute("..issuer"),
    )
    state_order = factory.SubFactory(
        StateOrderContractFactory,
        provider=factory.SelfAttribute("..contract.provider"),
        programme=factory.SelfAttribute("..contract.programme"),
    )
    covered_mask = "1110011111001111100111110000000"
    covered_days = 18
    study_days = 18
    nominal_kzt = Decimal("77222.22")
    reserved_kzt = factory.SelfAttribute("nominal_kzt")
    local_kzt = factory.SelfAttribute("reserved_kzt")
    republican_kzt = Decimal("0.00")


class LedgerEntryFactory(factory.django.DjangoModelFactory):
    """One batch of one entry: the sum of a reservation leaves the budget. Its budget has to be there."""

    class Meta:
        model = LedgerEntry

    class Params:
        reservation = factory.SubFactory(ReservationFactory)

    issuer = factory.SelfAttribute("reservation.issuer")
    voucher = factory.SelfAttribute("reservation.voucher")
    month = factory.SelfAttribute("reservation.month")
    contract = factory.SelfAttribute("reservation.contract")
    from_account = Account.BUDGET
    to_account = Account.RESERVED
    local_kzt = factory.SelfAttribute("reservation.local_kzt")
    republican_kzt = factory.SelfAttribute("reservation.republican_kzt")
    amount_kzt = factory.LazyAttribute(lambda entry: entry.local_kzt + entry.republican_kzt)
    at = SIGNED_AT
    reason = EntryReason.CONTRACT

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        lock_ledger([kwargs["issuer"].pk])
        return super()._create(model_class, *args, **kwargs)
