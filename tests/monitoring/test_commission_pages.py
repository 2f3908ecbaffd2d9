"""The commission's pages: whose signals, for whom, and what they say."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monitoring.models import Commission, RiskSignal
from tests.factories import ContractFactory, IssuerFactory, ProviderFactory, UserFactory
from tests.html import select, text_of, texts_of
from voucher_portal.dates import ALMATY

NOW = datetime.datetime(2025, 11, 5, 12, 0, tzinfo=ALMATY)
PAGES = ("home", "signals")
OTHERS = ("provider_director", "department_officer", "department_head", "operator", "administrator", "auditor")

pytestmark = pytest.mark.django_db


def member_of(issuer):
    person = UserFactory(commission_member=True)
    Commission.objects.create(organisation=person.memberships.get().organisation, issuer=issuer)
    return person


def signal_at(provider, **fields) -> RiskSignal:
    contract = ContractFactory(provider=provider)
    days = "0001100000" + "0" * 21
    known = {"month": datetime.date(2025, 10, 1), "code": "PRESENT_ON_DAY_OFF", "days": days, "noticed_at": NOW}
    return RiskSignal.objects.create(
        **known | {"provider": provider, "contract": contract, "child": contract.child} | fields
    )


def page(client, name: str, **query):
    return client.get(reverse(f"commission:{name}"), query)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", OTHERS)
def test_other_roles_are_refused(client, role, name):
    client.force_login(UserFactory(**{role: True}))
    assert page(client, name).status_code == 403


@pytest.mark.parametrize("name", PAGES)
def test_a_parent_is_refused_and_a_visitor_signs_in(client, name):
    assert page(client, name).url.startswith(reverse("accounts:sign_in"))
    client.force_login(UserFactory())
    assert page(client, name).status_code == 403


@pytest.mark.parametrize("language", ["kk", "ru"])
@pytest.mark.parametrize("name", PAGES)
def test_without_signals_a_page_says_what_will_appear(client, name, language):
    person = member_of(IssuerFactory())
    person.language = language
    person.save()
    client.force_login(person)
    assert text_of(page(client, name), ".empty-state")


def test_a_member_without_a_commission_sees_nothing(client):
    signal_at(ProviderFactory())
    client.force_login(UserFactory(commission_member=True))
    assert select(page(client, "home"), ".empty-state")


def test_a_commission_sees_its_own_region_only(client):
    own, foreign = ProviderFactory(), ProviderFactory()
    signal_at(own)
    signal_at(foreign)
    client.force_login(member_of(own.issuer))
    for name in PAGES:
        shown = text_of(page(client, name), "#list")
        assert own.name in shown
        assert foreign.name not in shown


def test_an_organisation_leads_to_its_signals_with_days_and_a_masked_iin(client):
    provider = ProviderFactory()
    signal = signal_at(provider)
    signal_at(ProviderFactory(issuer=provider.issuer))
    client.force_login(member_of(provider.issuer))
    home = page(client, "home")
    assert len(select(home, "#list tbody tr")) == 2
    link = next(link for link in select(home, "#list tbody th a") if link.text_content() == provider.name)
    shown = client.get(link.get("href"))
    assert len(select(shown, "#list tbody tr")) == 1
    assert "4–5" in text_of(shown, "#list")
    assert signal.child.iin not in text_of(shown, "main")


def test_a_signal_that_has_ended_is_not_shown(client):
    provider = ProviderFactory()
    signal_at(provider, resolved_at=NOW)
    client.force_login(member_of(provider.issuer))
    assert select(page(client, "home"), ".empty-state")
    assert select(page(client, "signals"), ".empty-state")


def test_signals_are_counted_with_their_children(client):
    provider = ProviderFactory()
    first = signal_at(provider)
    signal_at(provider, contract=first.contract, child=first.child, code="PRESENT_OUTSIDE_CONTRACT")
    client.force_login(member_of(provider.issuer))
    assert texts_of(page(client, "home"), "#list tbody td.sum") == ["2", "1"]
    assert len(select(page(client, "signals", code="PRESENT_OUTSIDE_CONTRACT"), "#list tbody tr")) == 1


@pytest.mark.parametrize("name", PAGES)
def test_pages_cost_the_same_queries_for_one_and_for_twenty_signals(client, name):
    issuer = IssuerFactory()
    client.force_login(member_of(issuer))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page(client, name).status_code == 200
        return len(captured)

    signal_at(ProviderFactory(issuer=issuer))
    queries()
    few = queries()
    for _signal in range(19):
        signal_at(ProviderFactory(issuer=issuer))
    assert queries() == few
    assert few <= 8
