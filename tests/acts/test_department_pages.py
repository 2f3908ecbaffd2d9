"""The department's pages: who sees what, sums that are those of the ledger, queries that do not grow."""

import datetime
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from acts.department_pages.aside import masked
from acts.models import Act
from acts.payments.orders import make_orders
from registry.models import Contract, LedgerBalance
from tests.acts.factories import ActFactory
from tests.acts.paying import NOW, make_region
from tests.factories import (
    ChildFactory,
    ContractFactory,
    IssuerFactory,
    LmsFactory,
    MembershipFactory,
    NormFactory,
    ProviderFactory,
    PutAsideFactory,
    RuleSetFactory,
    SchoolCalendarFactory,
    SuspensionFactory,
    TerminationFactory,
    UserFactory,
)
from tests.html import element, select, text_of, texts_of
from voucher_portal.words import kzt, mln, number

LISTS = ("providers", "contracts", "aside", "acts", "payments", "close")
OTHERS = ("provider_director", "provider_clerk", "operator", "administrator", "commission_member")

FEBRUARY = DateRange(datetime.date(2026, 2, 1), datetime.date(2026, 5, 26))

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november(monkeypatch):
    """The day after the demo's October."""
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-10")
    cache.clear()
    yield
    cache.clear()


def officer_of(issuer, role: str = "DEPARTMENT_OFFICER"):
    return MembershipFactory(role=role, organisation=issuer.organisation, user=UserFactory()).user


def page(client, name: str, *args, **query):
    return client.get(reverse(f"department:{name}", args=args), query)


def queries_of(client, address: str) -> int:
    client.get(address)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", ["home", *LISTS])
def test_a_visitor_signs_in_first(client, name):
    assert page(client, name).url.startswith(reverse("accounts:sign_in"))


@pytest.mark.parametrize("name", ["home", *LISTS])
@pytest.mark.parametrize("role", OTHERS)
def test_other_roles_are_refused(client, role, name):
    client.force_login(UserFactory(**{role: True}))
    assert page(client, name).status_code == 403


@pytest.mark.parametrize("name", ["home", *LISTS])
def test_a_parent_is_refused(client, name):
    client.force_login(UserFactory())
    assert page(client, name).status_code == 403


@pytest.mark.parametrize("name", ["home", *LISTS])
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_page_opens_empty_and_says_what_will_appear(client, name, language):
    person = officer_of(IssuerFactory())
    person.language = language
    person.save()
    client.force_login(person)
    response = page(client, name)
    assert response.status_code == 200
    assert element(response, "html").get("lang") == language
    assert select(response, ".empty-state")


def test_an_auditor_reads_every_department(client):
    first, second = ProviderFactory(), ProviderFactory()
    client.force_login(UserFactory(auditor=True))
    shown = text_of(page(client, "providers"), "#list")
    assert first.name in shown
    assert second.name in shown


def test_a_department_sees_its_own_rows_only(client):
    own, foreign = ActFactory(submitted=True), ActFactory(submitted=True)
    client.force_login(officer_of(own.provider.issuer))
    shown = text_of(page(client, "acts"), "#list")
    assert own.number in shown
    assert foreign.number not in shown
    assert foreign.provider.name not in text_of(page(client, "providers"), "#list")
    assert page(client, "provider", foreign.provider.pk).status_code == 404
    assert page(client, "provider", own.provider.pk).status_code == 200


def test_a_foreign_record_put_aside_is_not_found(client):
    foreign = PutAsideFactory(provider=ProviderFactory())
    client.force_login(officer_of(IssuerFactory()))
    assert page(client, "aside_item", foreign.pk).status_code == 404


def test_the_four_sums_are_balances_of_the_ledger(client):
    region = make_region(children=3)
    region.close(10)
    client.force_login(officer_of(region.issuer))
    response = page(client, "home", month="2025-10")
    balances = {
        row.account: row.amount_kzt
        for row in LedgerBalance.objects.filter(issuer=region.issuer, month=datetime.date(2025, 10, 1))
    }
    shown = [found.get("title") for found in select(response, ".flow b[title]")]
    assert shown == [kzt(balances.get(account, 0)) for account in ("RESERVED", "WRITTEN_OFF", "REDEEMED")]
    assert balances["WRITTEN_OFF"] == 3 * Decimal("55659.00")
    assert "3" in text_of(response, ".flow .is-written-off small")


def test_the_table_of_the_chart_adds_up_to_the_ledger(client):
    region = make_region(children=2)
    region.close(10)
    client.force_login(officer_of(region.issuer))
    response = page(client, "home")
    total = sum(
        row.amount_kzt
        for row in LedgerBalance.objects.filter(
            issuer=region.issuer, account__in=("RESERVED", "WRITTEN_OFF", "REDEEMED")
        )
    )
    sums = [Decimal(text[:-1].replace("\u00a0", "").replace(",", ".")) for text in texts_of(response, "tfoot td")]
    assert sum(sums) == total


def test_sums_follow_the_programme_that_is_chosen(client):
    region = make_region(children=2)
    client.force_login(officer_of(region.issuer))
    assert element(page(client, "home", programme="school"), ".flow .is-reserved b").get("title") == kzt(0)
    reserved = element(page(client, "home", programme="preschool"), ".flow .is-reserved b").get("title")
    assert reserved == kzt(2 * Decimal("55659.00"))


@pytest.mark.parametrize("query", [{"month": "2025-13"}, {"month": "soon"}, {"programme": "college"}])
def test_a_wrong_filter_is_as_good_as_none(client, query):
    client.force_login(officer_of(make_region().issuer))
    assert page(client, "home", **query).status_code == 200


def test_children_without_funding_stand_by_reason_with_the_sum_of_a_year(client):
    issuer = IssuerFactory()
    RuleSetFactory(preschool=True)
    NormFactory(issuer=issuer, preschool=True)
    provider, child = ProviderFactory(issuer=issuer, preschool=True), ChildFactory()
    for _twice in range(2):
        ContractFactory(provider=provider, preschool=True, unfunded=True, child=child)
    ContractFactory(provider=provider, preschool=True, unfunded=True, unfunded_reason="OVER_CAPACITY")
    client.force_login(officer_of(issuer))
    response = page(client, "home", month="2025-10")
    rows = {
        texts[0]: texts[1:3]
        for texts in ([cell.text_content().strip() for cell in row] for row in select(response, ".unfunded tbody tr"))
    }
    a_year = mln(12 * Decimal("55659.00"))
    assert sorted(rows.values()) == [["1", a_year], ["1", a_year]]
    assert text_of(response, ".flow .is-problem b").startswith(number(2))


def test_the_number_of_a_reason_leads_to_its_contracts(client):
    contract = ContractFactory(unfunded=True)
    ContractFactory(provider=contract.provider, unfunded=True, unfunded_reason="OVER_CAPACITY")
    client.force_login(officer_of(contract.provider.issuer))
    links = {link.get("href") for link in select(page(client, "home", month="2025-10"), ".unfunded tbody a")}
    address = next(link for link in links if "NO_STATE_ORDER" in link)
    shown = client.get(address)
    assert len(select(shown, "#list tbody tr")) == 1
    assert contract.child.full_name in text_of(shown, "#list")
    assert contract.child.iin not in text_of(shown, "#list")


def test_an_act_to_accept_and_a_late_one_wait_for_the_department(client):
    act = ActFactory(submitted=True, submitted_at=timezone.now() - datetime.timedelta(days=400))
    ActFactory(provider=act.provider, accepted=True, pay_before=datetime.date(2025, 11, 7), close=act.close,
               state_order__provider=act.provider, state_order__days=("2026-09-01", "2027-09-01"))  # fmt: skip
    client.force_login(officer_of(act.provider.issuer))
    response = page(client, "home")
    addresses = [link.get("href") for link in select(response, ".waits a")]
    assert addresses[0].endswith("?state=OVERDUE")
    assert [len(select(client.get(address), "#list tbody tr")) for address in addresses[:2]] == [1, 1]


def test_a_record_put_aside_and_a_silent_lms_wait_for_the_department(client):
    lms = LmsFactory(failure="Unavailable: no answer", failed_at=timezone.now())
    provider = ProviderFactory(lms=lms)
    PutAsideFactory(lms=lms, provider=provider)
    client.force_login(officer_of(provider.issuer))
    addresses = [link.get("href") for link in select(page(client, "home"), ".waits a")]
    assert addresses == [f"{reverse('department:providers')}?feed=DOWN", reverse("department:aside")]
    assert len(select(client.get(addresses[0]), "#list tbody tr")) == 1


def test_a_month_that_has_ended_waits_for_its_close(client):
    region = make_region()
    client.force_login(officer_of(region.issuer))
    address = reverse("department:close_month", args=[region.issuer.code, "preschool", "2025-10"])
    assert address in [link.get("href") for link in select(page(client, "home"), ".waits a")]


def test_contracts_are_found_by_name_iin_organisation_and_month(client):
    contract = ContractFactory(
        unfunded=True, child__last_name="Қайратов", provider__organisation__name_ru="Школа «Самал»"
    )
    other = ContractFactory(provider=contract.provider, unfunded=True, days=FEBRUARY)
    SchoolCalendarFactory()
    client.force_login(officer_of(contract.provider.issuer))
    for query in ({"search": "кайрат"}, {"search": contract.child.iin[:7], "month": "2025-10"}, {"month": "2025-10"}):
        assert contract.external_id in text_of(page(client, "contracts", **query), "#list")
    assert other.external_id not in text_of(page(client, "contracts", month="2025-10"), "#list")
    assert len(select(page(client, "contracts", organisation="самал"), "#list tbody tr")) == 2
    assert not select(page(client, "contracts", organisation="жулдыз"), "#list tbody tr")


def test_the_export_has_exactly_what_is_filtered(client):
    contract = ContractFactory(unfunded=True)
    ContractFactory(provider=contract.provider, unfunded=True, unfunded_reason="OVER_CAPACITY")
    client.force_login(officer_of(contract.provider.issuer))
    response = page(client, "contracts", reason="NO_STATE_ORDER", export="csv")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert contract.external_id in lines[1]


def test_a_record_put_aside_says_in_the_language_of_the_page_what_is_wrong(client):
    raw = '{"contract_id": "c-1", "month": "2025-10", "version": 1, "marks": "PPP", "status": "approved"}'
    item = PutAsideFactory(provider=ProviderFactory(), kind="sheet", key="c-1 2025-10", reason="MISSING_FIELD",
                           raw=raw, message="stored in another language")  # fmt: skip
    client.force_login(officer_of(item.provider.issuer))
    shown = text_of(page(client, "aside_item", item.pk), "main")
    assert "approved_at" in shown
    assert "stored in another language" not in shown


def test_a_record_that_was_taken_in_meanwhile_leaves_the_list_and_says_so(client):
    item = PutAsideFactory(provider=ProviderFactory(), resolved_at=timezone.now())
    client.force_login(officer_of(item.provider.issuer))
    assert select(page(client, "aside"), ".empty-state")
    assert select(page(client, "aside_item", item.pk), ".deadline.is-redeemed")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ('{"child": {"iin": "181103699006"}}', '{"child": {"iin": "1811******06"}}'),
        ('{"iin": 181103699006, "phone": "+77010000000"}', '{"iin": 1811******06, "phone": "+************"}'),
        ('{"iin": "18110369900X6"}', '{"iin": "************"}'),
        ('{"provider_bin": "200940990006"}', '{"provider_bin": "200940990006"}'),
        ('{"starts_on": "2025-09-02"}', '{"starts_on": "2025-09-02"}'),
    ],
)
def test_a_record_is_shown_without_numbers_of_people(raw, shown):
    assert masked(raw) == shown


def test_a_provider_shows_its_suspension_its_orders_and_its_acts(client):
    act = ActFactory(submitted=True)
    SuspensionFactory(provider=act.provider)
    client.force_login(officer_of(act.provider.issuer))
    response = page(client, "provider", act.provider.pk)
    assert act.state_order.number in text_of(response, "main")
    assert act.number in text_of(response, "#list")
    assert select(response, ".deadline.is-problem")


def test_a_terminated_provider_says_since_when_and_why(client):
    termination = TerminationFactory()
    client.force_login(officer_of(termination.provider.issuer))
    shown = text_of(page(client, "provider", termination.provider.pk), ".deadline")
    assert "01.10.2025" in shown
    assert termination.get_ground_display() in shown


def test_payments_lead_to_the_act_and_not_to_the_operators_page(client):
    region = make_region()
    region.accepted(10)
    make_orders(issuer=region.issuer, programme=None, now=NOW)
    client.force_login(officer_of(region.issuer))
    addresses = {link.get("href") for link in select(page(client, "payments"), "#list tbody th a")}
    assert addresses == {Act.objects.get().get_absolute_url()}


def many(region, count: int) -> None:
    """`count` more rows on every page of the department."""
    for _row in range(count):
        provider = ProviderFactory(issuer=region.issuer, preschool=True)
        ContractFactory(provider=provider, unfunded=True, programme="preschool", level="preschool")
        PutAsideFactory(provider=provider)
        ActFactory(provider=provider, submitted=True, close=region.close_row)


@pytest.mark.parametrize("name", ["home", *LISTS])
def test_pages_cost_the_same_queries_for_one_and_for_twenty_rows(client, name):
    region = make_region()
    act = region.close(10)[0]
    region.close_row = act.close
    many(region, 1)
    client.force_login(officer_of(region.issuer))
    few = queries_of(client, reverse(f"department:{name}"))
    many(region, 19)
    assert queries_of(client, reverse(f"department:{name}")) == few
    assert few <= 14


def test_nobody_writes_by_reading(client):
    region = make_region()
    client.force_login(officer_of(region.issuer))
    before = Contract.objects.values_list("pk", "funding", "version").order_by("pk")
    known = list(before)
    for name in ("home", *LISTS):
        assert page(client, name).status_code == 200
        assert client.post(reverse(f"department:{name}")).status_code == 405
    assert list(before.all()) == known
