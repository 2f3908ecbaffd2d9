"""Who acts for whom, and the record of readings."""

import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory

from accounts import access
from accounts.enums import Role
from accounts.models import ReadLog
from tests.factories import MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def request_of(user):
    request = RequestFactory().get("/", REMOTE_ADDR="10.1.2.3")
    request.user = user
    request.request_id = "case-0001"
    return request


def test_acting_names_the_person_the_organisation_and_all_roles_there():
    first = MembershipFactory(role=Role.PROVIDER_DIRECTOR)
    MembershipFactory(user=first.user, organisation=first.organisation, role=Role.PROVIDER_CLERK)
    acting = access.acting(request_of(first.user))
    assert acting.organisation == first.organisation
    assert acting.roles == {Role.PROVIDER_DIRECTOR, Role.PROVIDER_CLERK}
    assert acting.has_any_role({Role.PROVIDER_CLERK})
    assert not acting.has_any_role({Role.OPERATOR})


def test_a_guardian_acts_for_no_organisation():
    acting = access.acting(request_of(UserFactory()))
    assert acting.organisation is None
    assert acting.roles == frozenset()


def test_memberships_are_asked_for_a_day():
    membership = MembershipFactory()
    assert list(access.memberships_of(membership.user, datetime.date(2026, 1, 1))) == [membership]
    assert not access.memberships_of(membership.user, datetime.date(2000, 1, 1)).exists()


def test_has_role_takes_one_role_or_several():
    person = UserFactory(operator=True)
    assert access.has_role(person, Role.AUDITOR, Role.OPERATOR)
    assert not access.has_role(person, Role.AUDITOR)


def test_a_reading_records_who_for_whom_what_and_from_where():
    membership = MembershipFactory()
    card = OrganisationFactory()
    access.record_read_of(request_of(membership.user), card)
    reading = ReadLog.objects.get()
    assert (reading.user, reading.organisation) == (membership.user, membership.organisation)
    assert (reading.object_kind, reading.object_id) == ("accounts.organisation", str(card.pk))
    assert (reading.ip, reading.request_id) == ("10.1.2.3", "case-0001")


def test_a_page_without_a_person_has_no_frame():
    template = Template("{% load shell %}{% shell as frame %}{{ frame }}")
    assert template.render(Context({"request": request_of(AnonymousUser())})) == "None"
    assert template.render(Context({})) == "None"
