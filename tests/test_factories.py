"""Every factory makes a row that the database accepts."""

import datetime

import factory
import pytest

from tests import factories
from voucher_portal.identifiers import bin_error, iban_error, iin_error

FACTORIES = [
    each
    for each in vars(factories).values()
    if isinstance(each, type) and issubclass(each, factory.django.DjangoModelFactory)
]
ROLES = [
    "provider_director",
    "provider_clerk",
    "department_officer",
    "department_head",
    "operator",
    "administrator",
    "commission_member",
    "auditor",
]


@pytest.mark.django_db
@pytest.mark.parametrize("make", FACTORIES, ids=lambda each: each.__name__)
def test_a_factory_makes_valid_rows_and_can_make_two(make):
    for _ in range(1 if make in (factories.RuleSetFactory, factories.SchoolCalendarFactory) else 2):
        if make is factories.LedgerEntryFactory:
            reservation = factories.ReservationFactory()
            factories.BudgetFactory(issuer=reservation.issuer)
            row = make(reservation=reservation)
        else:
            row = make()
        row.refresh_from_db()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_a_role_trait_gives_a_person_that_role(role):
    user = factories.UserFactory(**{role: True})
    assert [membership.role for membership in user.memberships_today] == [role.upper()]


@pytest.mark.django_db
def test_a_person_can_join_a_given_organisation():
    issuer = factories.IssuerFactory()
    user = factories.UserFactory(department_officer=True, membership__organisation=issuer.organisation)
    assert user.organisation_ids({"DEPARTMENT_OFFICER"}) == [issuer.organisation_id]


@pytest.mark.django_db
def test_preschool_traits_fit_together():
    contract = factories.ContractFactory(preschool=True, funded=True)
    assert (contract.programme, contract.norm.programme, contract.level) == ("preschool",) * 3
    assert factories.SchoolCalendarFactory(preschool=True).months.count() == 12
    assert factories.VoucherFactory(programme="preschool").parts.count() == 12


def test_numbers_are_right_and_differ():
    born = datetime.date(1999, 12, 31)
    iins = [factories.iin_of(n, born, female=bool(n % 2)) for n in range(300)]
    assert not any(map(iin_error, iins))
    assert not any(bin_error(factories.bin_of(n)) for n in range(300))
    assert not any(iban_error(factories.iban_of(n)) for n in range(300))
    assert len(set(iins)) == 300
