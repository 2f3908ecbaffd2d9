"""Who gets what answer where: `access_matrix.yaml` against every address of the portal (design.md §8).

A new address without a row fails, and so does a row whose address is gone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.models import User
from acts.models import Act, PaymentFile, PaymentOrder
from acts.payments.orders import make_orders
from acts.workflow import accept_act, submit_act
from integrations.models import Lms
from monitoring.models import Commission
from registry.models import Contract, PutAside, Voucher
from tests.acts.paying import forget_temporary_tables
from tests.factories import LmsFactory, MembershipFactory, OrganisationFactory, PutAsideFactory, UserFactory
from tests.teaching import CLOSED_AT, School, hand_in, voucher_of

MATRIX = yaml.safe_load((Path(__file__).parent / "access_matrix.yaml").read_text(encoding="utf-8"))
PAGES, ROLES = MATRIX["pages"], MATRIX["roles"]
VISITOR, OTHERS = "visitor", "others"
# Addresses of Django's admin have one row: they share one door.
ADMIN = "admin:"

pytestmark = pytest.mark.django_db


@dataclass
class Side:
    """One department with a school whose October is closed: a person's own, or another's."""

    school: School
    contract: Contract
    act: Act
    voucher: Voucher
    aside: PutAside
    order: PaymentOrder
    file: PaymentFile

    @classmethod
    def make(cls) -> "Side":
        school = School()
        (contract,) = school.enrol()
        hand_in(contract)
        (act,) = school.close()
        forget_temporary_tables()
        submit_act(act_id=act.pk, by=school.director, now=CLOSED_AT)
        accept_act(act_id=act.pk, by=UserFactory(), now=CLOSED_AT)
        make_orders(issuer=school.provider.issuer, programme=None, now=CLOSED_AT)
        return cls(
            school=school,
            contract=contract,
            act=act,
            voucher=voucher_of(contract),
            aside=PutAsideFactory(provider=school.provider),
            order=act.orders.order_by("pk").first(),
            file=PaymentFile.objects.create(
                issuer=school.provider.issuer, msg_id=uuid4().hex, xml=b"<xml/>", sha256="0", created_at=CLOSED_AT
            ),
        )

    def person(self, role: str) -> User:
        """Someone of that role on this side."""
        provider = self.school.provider
        of_role = {
            "guardian": lambda: self.contract.guardian,
            "provider_director": lambda: self.school.director,
            "provider_clerk": lambda: self.school.employ("provider_clerk"),
            "department_officer": lambda: member("DEPARTMENT_OFFICER", provider.issuer.organisation),
            "department_head": lambda: member("DEPARTMENT_HEAD", provider.issuer.organisation),
            "commission_member": lambda: member("COMMISSION_MEMBER", commission_of(provider.issuer)),
        }
        return of_role[role]() if role in of_role else UserFactory(**{role: True})


def member(role: str, organisation) -> User:
    return MembershipFactory(role=role, organisation=organisation, user=UserFactory()).user


def commission_of(issuer):
    organisation = OrganisationFactory(kind="COMMISSION")
    Commission.objects.create(organisation=organisation, issuer=issuer)
    return organisation


def month(side: Side) -> list:
    return [side.school.provider.issuer.code, "school", "2025-10"]


def act(side: Side) -> list:
    return [side.act.public_id]


ARGUMENTS: dict[str, Callable[[Side], list]] = {
    "acts:detail": act,
    "acts:submit": act,
    "acts:accept": act,
    "acts:return": act,
    "acts:line": lambda side: [side.act.public_id, side.act.charges.get().pk],
    "acts:download": lambda side: [side.act.public_id, "ru"],
    "school:child": lambda side: [side.contract.child_id],
    "school:sheet": lambda side: [side.contract.pk, "2025-10"],
    "family:voucher": lambda side: [side.voucher.public_id],
    "department:provider": lambda side: [side.school.provider.pk],
    "department:aside_item": lambda side: [side.aside.pk],
    "department:close_month": month,
    "department:close_start": month,
    "department:close_corrections": month,
    "department:close_not_charged": month,
    "operator:order": lambda side: [side.order.public_id],
    "operator:file": lambda side: [side.file.msg_id],
    "operator:aside_item": lambda side: [side.aside.pk],
    "operator:feed": lambda side: [side.school.provider.lms.code],
    "operator:poll": lambda side: [side.school.provider.lms.code],
}


def names(resolver=None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every named address outside the admin."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield namespace + str(entry.name), entry
        else:
            yield from names(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""))


@pytest.fixture(autouse=True)
def december(monkeypatch, settings):
    """The day after the close; no network: tasks are queued to nobody."""
    monkeypatch.setenv("PORTAL_TODAY", "2025-12-06")
    monkeypatch.setattr("celery.app.task.Task.delay", lambda *_args: None)
    cache.clear()


def expected(name: str, role: str, side: str) -> int:
    """The status of the matrix; what holds for the others holds for everyone that the row does not name."""
    row = PAGES[name].get(side) or PAGES[name]["own"]
    return row[role] if role in row else row[OTHERS]


def answer(client: Client, name: str, side: Side) -> HttpResponse:
    """What the address answers; whatever it did is undone."""
    address = reverse(name, args=ARGUMENTS.get(name, lambda _side: [])(side))
    with transaction.atomic():
        send = client.post if PAGES[name].get("method") == "post" else client.get
        response = send(address)
        transaction.set_rollback(True)
    return response


def test_every_address_has_its_row_and_every_row_its_address():
    found = {name for name, _entry in names() if not name.startswith(ADMIN)}
    assert found == set(PAGES)


def test_every_address_with_arguments_is_tried_on_both_sides():
    with_arguments = {n for n, entry in names() if entry.pattern.converters and not n.startswith(ADMIN)}
    assert with_arguments == set(ARGUMENTS) == {name for name, row in PAGES.items() if "foreign" in row}


@pytest.mark.parametrize("role", ROLES)
def test_the_role_gets_what_the_matrix_says(role):
    sides = {"own": Side.make(), "foreign": Side.make()}
    person = sides["own"].person(role)
    wrong = []
    for name in PAGES:
        for side in ("own", "foreign") if name in ARGUMENTS else ("own",):
            client = Client()
            client.force_login(person)
            status = answer(client, name, sides[side]).status_code
            if status != expected(name, role, side):
                wrong.append(f"{name} {side}: {status}, not {expected(name, role, side)}")
    assert wrong == []


def test_a_visitor_sees_public_pages_only_and_is_sent_to_sign_in_elsewhere(client):
    side = Side.make()
    wrong = []
    for name, row in PAGES.items():
        response = answer(client, name, side)
        is_sent = response.status_code == 302 and response.url.startswith(reverse("accounts:sign_in"))
        is_open = response.status_code == expected(name, VISITOR, "own") and not is_sent
        if not (is_open if row.get("public") else is_sent):
            wrong.append(f"{name}: {response.status_code}")
    assert wrong == []


@pytest.mark.parametrize("role", [*ROLES, VISITOR])
def test_the_admin_is_closed_for_everyone_but_staff(client, role):
    if role != VISITOR:
        client.force_login(UserFactory() if role == "guardian" else UserFactory(**{role: True}))
    open_pages = []
    for name in {name for name, entry in names() if name.startswith(ADMIN) and not entry.pattern.regex.groups}:
        if client.get(reverse(name)).status_code not in (302, 403, 404, 405):
            open_pages.append(name)
    assert open_pages == []


def test_staff_opens_the_admin(client):
    client.force_login(UserFactory(superuser=True))
    assert client.get(reverse("admin:index")).status_code == 200


def test_an_address_of_nothing_is_not_found_for_who_sees_everything(client):
    client.force_login(UserFactory(operator=True))
    assert Lms.objects.count() == 0
    LmsFactory(code="known")
    for name, arguments in {"acts:detail": [uuid4()], "operator:order": [uuid4()], "operator:feed": ["x"]}.items():
        assert client.get(reverse(name, args=arguments)).status_code == 404
