"""Support pages of providers, integrations and the registry: they open, hide IINs, and change no money or state."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import ReadLog
from integrations.models import Lms
from schools.models import Provider
from tests import factories, html

pytestmark = pytest.mark.django_db

APPS = ("integrations", "schools", "registry")
PAGES = [model for model in admin.site._registry if model._meta.app_label in APPS]
MADE_BY = {
    each._meta.model: each
    for each in vars(factories).values()
    if isinstance(each, type) and issubclass(each, factories.factory.django.DjangoModelFactory)
}
CHANGEABLE = {"Lms", "Provider", "Suspension", "Termination"}


@pytest.fixture
def chief(client):
    client.force_login(factories.UserFactory(superuser=True))
    return client


def _row(model):
    """A row of the model; seals and balances are made by the ledger's own trigger."""
    reservation = factories.ReservationFactory()
    factories.BudgetFactory(issuer=reservation.issuer)
    entry = factories.LedgerEntryFactory(reservation=reservation)
    if model.__name__ == "LedgerEntry":
        return entry
    if model.__name__ in ("LedgerSeal", "LedgerBalance"):
        return model.objects.first()
    return MADE_BY[model]()


def _address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_every_page_opens_and_deletes_nothing(chief, model):
    row = _row(model)
    assert chief.get(_address(model, "changelist"), {"q": "190101599018"}).status_code == 200
    page = chief.get(_address(model, "changelist"))
    assert html.select(page, "#result_list tbody tr")
    page = chief.get(_address(model, "change", row.pk))
    assert page.status_code == 200
    if model.__name__ not in CHANGEABLE:
        assert not html.select(page, "main [name=_save], #content [name=_save]")
        assert chief.post(_address(model, "change", row.pk), {}).status_code == 403
    assert chief.post(_address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_a_list_costs_the_same_queries_for_any_number_of_rows(chief, model, django_assert_max_num_queries):
    for _ in range(1 if model.__name__ in ("RuleSet", "SchoolCalendar") else 6):
        _row(model)
    with django_assert_max_num_queries(10):
        chief.get(_address(model, "changelist"))


def test_no_page_shows_a_whole_iin(chief):
    child = factories.ChildFactory()
    trader = factories.ProviderFactory(organisation__bin=factories.iin_of(7))
    item = factories.PutAsideFactory(raw=f'{{"child": {{"iin": "{child.iin}"}}}}', message=f"child {child.iin}")
    factories.ContractFactory(child=child, provider=trader)
    rows = [child, trader, item, child.contracts.get()]
    pages = [chief.get(_address(type(row), "change", row.pk)) for row in rows]
    pages += [chief.get(_address(type(row), "changelist")) for row in rows]
    for page in pages:
        text = page.content.decode()
        assert child.iin not in text
        assert trader.bin not in text
    assert f"1803******{child.iin[-2:]}" in html.text_of(pages[0], "body")


def test_opening_a_childs_card_is_recorded(chief):
    child = factories.ChildFactory()
    chief.get(_address(type(child), "changelist"))
    assert not ReadLog.objects.exists()
    chief.get(_address(type(child), "change", child.pk))
    assert ReadLog.objects.get().object_id == str(child.pk)


def test_where_a_provider_is_can_be_put_right_but_not_where_its_money_goes(chief):
    provider = factories.ProviderFactory()
    iban = provider.iban
    page = chief.get(_address(Provider, "change", provider.pk))
    assert not html.select(page, "[name=iban], [name=bic], [name=sanitary_places], [name=issuer]")
    answer = html.submit(chief, page, "#provider_form", address_ru="улица Новая, 2")
    assert answer.status_code == 302
    provider.refresh_from_db()
    assert (provider.address_ru, provider.iban) == ("улица Новая, 2", iban)


def test_an_lms_keeps_its_code(chief):
    lms = factories.LmsFactory()
    page = chief.get(_address(Lms, "change", lms.pk))
    assert not html.select(page, "[name=code]")
    html.submit(chief, page, "#lms_form", url="https://other.example/v1")
    lms.refresh_from_db()
    assert lms.url == "https://other.example/v1"


def test_rows_with_a_key_of_two_columns_have_no_page():
    assert not [model for model in PAGES if len(model._meta.pk_fields) > 1]
