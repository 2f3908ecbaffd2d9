"""Who signs in to the demo: one person for each role with a known IIN, and somebody who submits for every provider.

The IINs take the serials 99xx kept for tests; nobody of the region was born before 1975, so none meets another.
"""

import datetime
import io
import random
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction

from accounts.enums import OrganisationKind, Role
from accounts.models import Membership, Organisation, User
from acts.demo.region import DemoRegion
from integrations.emulators.region_people import Numbers, People
from schools.models import Issuer, Provider

PASSWORD = "Alatau-2025-demo"
SINCE = datetime.date(2025, 9, 1)
BORN_AFTER, BORN_WITHIN_DAYS = datetime.date(1955, 1, 1), 19 * 365
SCHOOL, KINDERGARTEN, DEPARTMENT, OPERATOR, COMMISSION, OVERSIGHT = (
    "школа", "детский сад", "управление", "оператор", "комиссия", "надзор",
)  # fmt: skip


@dataclass(frozen=True)
class DemoPerson:
    """A person of the demo and where he works; `address` is where he begins."""

    role: Role
    place: str
    iin: str
    last_name: str
    first_name: str
    middle_name: str
    address: str


PEOPLE = (
    DemoPerson(Role.PROVIDER_DIRECTOR, SCHOOL, "610314399003", "Жұмабаев", "Марат", "Серікұлы", "/school/"),
    DemoPerson(Role.PROVIDER_CLERK, SCHOOL, "701005499001", "Соколова", "Ирина", "Павловна", "/school/"),
    DemoPerson(Role.PROVIDER_DIRECTOR, KINDERGARTEN, "660521499004", "Оспанова", "Гүлнәр", "Қайратқызы", "/school/"),
    DemoPerson(Role.PROVIDER_CLERK, KINDERGARTEN, "730129499009", "Ким", "Елена", "Андреевна", "/school/"),
    DemoPerson(Role.DEPARTMENT_OFFICER, DEPARTMENT, "721108499005", "Әбдірова", "Сәуле", "Болатқызы", "/department/"),
    DemoPerson(Role.DEPARTMENT_HEAD, DEPARTMENT, "630817399001", "Қасымов", "Ержан", "Нұрланұлы", "/department/"),
    DemoPerson(Role.OPERATOR, OPERATOR, "740402399008", "Морозов", "Олег", "Игоревич", "/operator/"),
    DemoPerson(Role.COMMISSION_MEMBER, COMMISSION, "710612499000", "Сейтжанова", "Айгүл", "Ермекқызы", "/commission/"),
    DemoPerson(Role.AUDITOR, OVERSIGHT, "680927399009", "Литвинов", "Сергей", "Николаевич", "/department/"),
    DemoPerson(Role.ADMINISTRATOR, OPERATOR, "691203399007", "Ысқақов", "Дәурен", "Асқарұлы", "/admin/"),
)
ORGANISATIONS = {
    OPERATOR: ("250140990016", OrganisationKind.OPERATOR, "Оператор ваучеров", "Ваучер операторы"),
    COMMISSION: (
        "250240990031", OrganisationKind.COMMISSION, "Комиссия по мониторингу", "Мониторинг комиссиясы",
    ),
    OVERSIGHT: ("250340990033", OrganisationKind.OVERSIGHT, "Департамент аудита", "Аудит департаменті"),
}  # fmt: skip


@transaction.atomic
def make_people(region: DemoRegion, *, seed: int) -> int:
    """Make the people who are not there yet; how many. A password that was changed stays."""
    places = _places(region)
    password = make_password(PASSWORD)  # once: each hash takes its time, as it should
    made = sum(_make(person, places[person.place], password) for person in PEOPLE)
    call_command("set_commission", places[COMMISSION].bin, issuer=region.issuer.code, stdout=io.StringIO())
    return made + _make_directors(region.issuer, seed)


def _places(region: DemoRegion) -> dict[str, Organisation]:
    places = {
        SCHOOL: Organisation.objects.get(bin=region.school_bin),
        KINDERGARTEN: Organisation.objects.get(bin=region.kindergarten_bin),
        DEPARTMENT: region.issuer.organisation,
    }
    for place, (number, kind, name_ru, name_kk) in ORGANISATIONS.items():
        values = {"kind": kind, "name_ru": name_ru, "name_kk": name_kk}
        places[place], _is_new = Organisation.objects.get_or_create(bin=number, defaults=values)
    return places


def _make(person: DemoPerson, organisation: Organisation, password: str) -> bool:
    if User.objects.filter(iin=person.iin).exists():
        return False
    is_administrator = person.role == Role.ADMINISTRATOR
    user = User.objects.create(
        iin=person.iin, password=password, last_name=person.last_name, first_name=person.first_name,
        middle_name=person.middle_name, is_staff=is_administrator, is_superuser=is_administrator,
    )  # fmt: skip
    Membership.objects.create(user=user, organisation=organisation, role=person.role, valid=(SINCE, None))
    return True


def _make_directors(issuer: Issuer, seed: int) -> int:
    """A director for every provider that has none: acts are submitted by people. They have no password."""
    directed = Membership.objects.filter(role=Role.PROVIDER_DIRECTOR).values("organisation")
    providers = Provider.objects.filter(issuer=issuer).exclude(organisation__in=directed)
    organisations = list(providers.order_by("organisation__bin").values_list("organisation_id", flat=True))
    rng = random.Random(seed)
    people = People(rng, Numbers({person.iin for person in PEOPLE}))
    directors = User.objects.bulk_create(_director(rng, people) for _ in organisations)
    Membership.objects.bulk_create(
        Membership(user=user, organisation_id=pk, role=Role.PROVIDER_DIRECTOR, valid=(SINCE, None))
        for user, pk in zip(directors, organisations, strict=True)
    )
    return len(directors)


def _director(rng: random.Random, people: People) -> User:
    born = BORN_AFTER + datetime.timedelta(days=rng.randrange(BORN_WITHIN_DAYS))
    person = people.child(people.family(), born)
    return User(
        iin=person.iin, last_name=person.last_name, first_name=person.first_name, middle_name=person.middle_name or ""
    )


def open_guardian(region: DemoRegion) -> None:
    """Let the guardian of the demo family sign in: the LMS made the account, which has no password yet."""
    guardian = User.objects.get(iin=region.guardian_iin)
    if not guardian.has_usable_password():
        guardian.set_password(PASSWORD)
        guardian.save(update_fields=["password"])


def person_of(role: Role) -> User:
    """The demo's person of a role of which there is one."""
    return User.objects.get(iin=next(person.iin for person in PEOPLE if person.role == role))


def directors(issuer: Issuer) -> dict[int, User]:
    """Who submits for each organisation. One query."""
    found = Membership.objects.filter(role=Role.PROVIDER_DIRECTOR, organisation__provider__issuer=issuer)
    return {membership.organisation_id: membership.user for membership in found.select_related("user")}
