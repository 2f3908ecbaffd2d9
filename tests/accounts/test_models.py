"""People, organisations, memberships, readings: what the database refuses and what a person acts for."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import override

from accounts.enums import ROLES_OF_KIND, OrganisationKind, Role
from accounts.models import ReadLog, User
from tests.factories import MembershipFactory, OrganisationFactory, ReadLogFactory, UserFactory
from voucher_portal import dates

pytestmark = pytest.mark.django_db

FITS = [(kind, role) for kind, roles in ROLES_OF_KIND.items() for role in sorted(roles)]
MISFITS = [(kind, role) for kind in OrganisationKind for role in Role if role not in ROLES_OF_KIND[kind]]


@pytest.mark.parametrize("iin", ["12345678901", "85063039901x", "            "])
def test_the_database_refuses_an_iin_that_is_not_12_digits(iin):
    with pytest.raises(IntegrityError, match="user_iin_is_12_digits"), transaction.atomic():
        UserFactory(iin=iin)


def test_the_database_refuses_the_same_iin_twice():
    UserFactory(iin="850630399010")
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory(iin="850630399010")


def test_a_form_refuses_an_iin_with_a_wrong_control_digit():
    with pytest.raises(ValidationError) as caught:
        UserFactory.build(iin="850630399011").full_clean()
    assert "iin" in caught.value.error_dict


@pytest.mark.parametrize("number", ["250140990016", "850630399010"])
def test_an_organisation_has_a_bin_or_the_iin_of_a_sole_trader(number):
    OrganisationFactory.build(bin=number).full_clean()


def test_a_person_may_be_inserted_with_four_columns_and_cannot_sign_in():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user (iin, last_name, first_name) SELECT '850630399010', 'Сынақова', 'Гүлнәр'"
        )
    person = User.objects.get()
    assert person.full_name == "Сынақова Гүлнәр"
    assert (person.language, person.is_active, person.is_staff, person.is_superuser) == ("ru", True, False, False)
    assert not person.has_usable_password()
    assert not person.check_password("!")


def test_a_person_made_without_a_password_cannot_sign_in_by_one():
    assert not User.objects.create_user("850630399010", last_name="Ан", first_name="Ия").has_usable_password()


def test_a_superuser_sees_the_admin():
    person = User.objects.create_superuser("850630399010", "long-enough", last_name="Ан", first_name="Ия")
    assert person.is_staff
    assert person.is_superuser
    assert person.check_password("long-enough")


@pytest.mark.parametrize(("kind", "role"), FITS)
def test_a_role_fits_its_kind_of_organisation(kind, role):
    MembershipFactory(organisation__kind=kind, role=role)


@pytest.mark.parametrize(("kind", "role"), MISFITS)
def test_the_database_refuses_a_role_in_an_organisation_of_another_kind(kind, role):
    with pytest.raises(IntegrityError, match="does not fit"), transaction.atomic():
        MembershipFactory(organisation__kind=kind, role=role)


def test_the_database_refuses_one_role_twice_on_a_day_but_not_one_after_the_other():
    first = MembershipFactory(valid=DateRange(datetime.date(2025, 1, 1), datetime.date(2025, 6, 1)))
    again = {"user": first.user, "organisation": first.organisation, "role": first.role}
    MembershipFactory(**again, valid=DateRange(datetime.date(2025, 6, 1), None))
    with pytest.raises(IntegrityError, match="membership_no_role_twice_on_one_day"), transaction.atomic():
        MembershipFactory(**again, valid=DateRange(datetime.date(2025, 5, 31), datetime.date(2025, 6, 1)))


def test_the_database_refuses_an_empty_membership():
    with pytest.raises(IntegrityError, match="membership_valid_not_empty"), transaction.atomic():
        MembershipFactory(valid=DateRange(empty=True))


@pytest.mark.parametrize(
    "change", [lambda: ReadLog.objects.update(object_id="2"), lambda: ReadLog.objects.all().delete()]
)
def test_a_reading_is_never_changed_nor_deleted(change):
    ReadLogFactory()
    with pytest.raises(InternalError, match="readlog_append_only|Cannot update or delete"), transaction.atomic():
        change()
    assert ReadLog.objects.get().object_id == "1"


def test_a_membership_counts_on_its_first_day_and_not_on_its_last(freeze):
    person = UserFactory()
    MembershipFactory(user=person, valid=DateRange(datetime.date(2025, 10, 1), datetime.date(2025, 11, 1)))
    for day, expected in [((2025, 9, 30), 0), ((2025, 10, 1), 1), ((2025, 10, 31), 1), ((2025, 11, 1), 0)]:
        freeze(*day)
        assert len(User.objects.get(pk=person.pk).memberships_today) == expected


def test_a_person_acts_for_the_chosen_organisation_only():
    person = UserFactory()
    first, second = MembershipFactory.create_batch(2, user=person)
    assert person.organisation_ids({Role.PROVIDER_DIRECTOR}) == [first.organisation_id]
    person.acting_organisation_id = second.organisation_id
    assert person.organisation_ids({Role.PROVIDER_DIRECTOR}) == [second.organisation_id]
    assert person.organisation_ids({Role.OPERATOR}) == []


def test_a_choice_of_someone_elses_organisation_counts_for_nothing():
    mine, foreign = MembershipFactory.create_batch(2)
    mine.user.acting_organisation_id = foreign.organisation_id
    assert mine.user.organisation_ids({Role.PROVIDER_DIRECTOR}) == [mine.organisation_id]


def test_roles_and_organisations_cost_one_query_a_request(django_assert_num_queries):
    person = UserFactory(department_head=True)
    with django_assert_num_queries(1):
        assert person.has_any_role({Role.DEPARTMENT_HEAD})
        assert not person.has_any_role({Role.OPERATOR})
        assert person.acting_memberships[0].organisation.name


def test_a_guardian_has_no_role():
    assert not UserFactory().has_any_role(set(Role))


def test_an_organisation_is_named_in_the_language_of_the_page():
    organisation = OrganisationFactory.build(name_ru="Школа", name_kk="Мектеп")
    for language, name in (("ru", "Школа"), ("kk", "Мектеп")):
        with override(language):
            assert str(organisation) == name


def test_memberships_today_are_those_of_the_portal_day(monkeypatch):
    monkeypatch.setenv("PORTAL_TODAY", "2030-01-01")
    person = UserFactory()
    MembershipFactory(user=person, valid=DateRange(dates.today(), None))
    assert person.memberships_today
