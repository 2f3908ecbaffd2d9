"""Who signs in to the demo: one person for each role with a known IIN, and somebody who submits for every provider.

Their numbers and names: integrations/emulators/cast.py.
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
from integrations.emulators import cast
from integrations.emulators.cast import Player
from integrations.emulators.region_people import Numbers, People
from schools.models import Issuer, Provider

PASSWORD = "Alatau-2025-demo"
SINCE = datetime.date(2025, 9, 1)
BORN_AFTER, BORN_WITHIN_DAYS = datetime.date(1955, 1, 1), 19 * 365


@dataclass(frozen=True)
class DemoPerson:
    """What a player of the demo is in the portal; `address` is where he begins."""

    role: Role
    player: Player
    address: str

    @property
    def iin(self) -> str:
        """Of the player."""
        return self.player.iin

    @property
    def place(self) -> str:
        """Of the player."""
        return self.player.place


PEOPLE = (
    DemoPerson(Role.PROVIDER_DIRECTOR, cast.SCHOOL_DIRECTOR, "/school/"),
    DemoPerson(Role.PROVIDER_CLERK, cast.SCHOOL_CLERK, "/school/"),
    DemoPerson(Role.PROVIDER_DIRECTOR, cast.KINDERGARTEN_DIRECTOR, "/school/"),
    DemoPerson(Role.PROVIDER_CLERK, cast.KINDERGARTEN_CLERK, "/school/"),
    DemoPerson(Role.DEPARTMENT_OFFICER, cast.OFFICER, "/department/"),
    DemoPerson(Role.DEPARTMENT_HEAD, cast.DEPARTMENT_HEAD, "/department/"),
    DemoPerson(Role.OPERATOR, cast.OPERATOR_STAFF, "/operator/"),
    DemoPerson(Role.COMMISSION_MEMBER, cast.INSPECTOR, "/commission/"),
    DemoPerson(Role.AUDITOR, cast.AUDITOR, "/department/"),
    DemoPerson(Role.ADMINISTRATOR, cast.ADMINISTRATOR, "/admin/"),
)
KINDS = {
    cast.OPERATOR: OrganisationKind.OPERATOR,
    cast.COMMISSION: OrganisationKind.COMMISSION,
    cast.OVERSIGHT: OrganisationKind.OVERSIGHT,
}


@transaction.atomic
def make_people(region: DemoRegion, *, seed: int) -> int:
    """Make the people who are not there yet; how many. A password that was changed stays."""
    places = _places(region)
    password = make_password(PASSWORD)  # once: each hash takes its time, as it should
    made = sum(_make(person, places[person.place], password) for person in PEOPLE)
    call_command("set_commission", places[cast.COMMISSION].bin, issuer=region.issuer.code, stdout=io.StringIO())
    return made + _make_directors(region.issuer, seed)


def _places(region: DemoRegion) -> dict[str, Organisation]:
    places = {
        cast.SCHOOL: Organisation.objects.get(bin=region.school_bin),
        cast.KINDERGARTEN: Organisation.objects.get(bin=region.kindergarten_bin),
        cast.DEPARTMENT: region.issuer.organisation,
    }
    for place, kind in KINDS.items():
        office = cast.OFFICES[place]
        values = {"kind": kind, "name_ru": office.name_ru, "name_kk": office.name_kk}
        places[place], _is_new = Organisation.objects.get_or_create(bin=office.bin, defaults=values)
    return places


def _make(person: DemoPerson, organisation: Organisation, password: str) -> bool:
    if User.objects.filter(iin=person.iin).exists():
        return False
    is_administrator = person.role == Role.ADMINISTRATOR
    user = User.objects.create(
        iin=person.iin, password=password, last_name=person.player.last_name, first_name=person.player.first_name,
        middle_name=person.player.middle_name, is_staff=is_administrator, is_superuser=is_administrator,
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
