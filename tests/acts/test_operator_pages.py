"""The operator's pages: payment orders by state, one order with all that happened to it, and the feeds."""

import datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from acts.enums import OrderState
from acts.models import PaymentFile, PaymentOrder
from acts.operator_pages.overview import next_runs
from acts.payments.orders import make_orders
from integrations.emulators.lms import LmsEmulator
from integrations.models import Lms
from registry.models import Contract, RuleSet, SchoolCalendar
from tests.acts.paying import NOW, make_region, reconcile
from tests.factories import (
    FeedCursorFactory,
    LmsFactory,
    ProviderFactory,
    PutAsideFactory,
    SuspensionFactory,
    UserFactory,
)
from tests.html import element, select, submit, text_of, texts_of
from voucher_portal.words import kzt

LISTS = ("home", "acts", "feeds")
OTHERS = (
    "provider_director",
    "provider_clerk",
    "department_officer",
    "department_head",
    "commission_member",
    "auditor",
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november(monkeypatch):
    """The day of `tests.acts.paying`."""
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-10")
    cache.clear()


@pytest.fixture
def client(client):
    """A browser that must send the token of its form."""
    client.handler.enforce_csrf_checks = True
    return client


@pytest.fixture
def operator(client):
    person = UserFactory(operator=True)
    client.force_login(person)
    return person


def page(client, name: str, *args, **query):
    return client.get(reverse(f"operator:{name}", args=args), query)


def accepted_region(**sizes):
    """A region whose October is accepted by both sides, with orders that nobody has sent."""
    region = make_region(**sizes)
    region.accepted(10)
    make_orders(issuer=region.issuer, programme=None, now=NOW)
    return region


@pytest.mark.parametrize("name", [*LISTS, "send"])
@pytest.mark.parametrize("role", OTHERS)
def test_other_roles_are_refused(client, role, name):
    client.force_login(UserFactory(**{role: True}))
    assert page(client, name).status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_a_parent_is_refused_and_a_visitor_signs_in(client, name):
    assert page(client, name).url.startswith(reverse("accounts:sign_in"))
    client.force_login(UserFactory())
    assert page(client, name).status_code == 403


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("language", ["kk", "ru"])
def test_every_page_opens_empty_and_says_what_will_appear(client, operator, name, language):
    operator.language = language
    operator.save()
    response = page(client, name)
    assert response.status_code == 200
    assert select(response, ".empty-state")


def test_orders_stand_by_state_with_their_sums(client, operator):
    accepted_region(children=2)
    row = element(page(client, "home"), ".tight tbody tr")
    cells = [cell.text_content().strip() for cell in row]
    assert cells[1:] == ["2", kzt(2 * 55659), kzt(2 * 55659)]


def test_held_orders_say_for_what_and_unknown_ones_for_how_long(client, operator):
    region = accepted_region(providers=2)
    suspension = SuspensionFactory(provider=region.providers[0])
    PaymentOrder.objects.filter(act__provider=suspension.provider).update(state=OrderState.HELD)
    late = timezone.now() - datetime.timedelta(hours=3, minutes=5)
    PaymentOrder.objects.filter(act__provider=region.providers[1]).update(state=OrderState.UNKNOWN, changed_at=late)
    response = page(client, "home")
    ground = suspension.get_ground_display()
    assert ground in text_of(response, ".waits a[href='?state=HELD']")
    assert select(response, ".waits a[href='?state=UNKNOWN']")
    assert set(texts_of(page(client, "home", state="HELD"), "#list tbody td:nth-child(4)")) == {ground}
    assert set(texts_of(page(client, "home", state="UNKNOWN"), "#list tbody td:nth-child(4)")) == {"3 часа"}


def test_the_next_runs_are_those_of_the_schedule():
    assert len(next_runs()) == 2


def test_orders_are_found_by_organisation_act_source_and_lateness(client, operator):
    region = accepted_region(providers=2)
    order = PaymentOrder.objects.filter(act__provider=region.providers[0], source="local").get()
    for query in ({"search": order.act.number}, {"search": order.act.provider.bin}):
        assert len(select(page(client, "home", **query), "#list tbody tr")) == 2
    assert len(select(page(client, "home", search=order.act.number, source="local"), "#list tbody tr")) == 1
    assert not select(page(client, "home", state="OVERDUE"), "#list tbody tr")
    assert len(select(page(client, "home", month="2025-10", programme="preschool"), "#list tbody tr")) == 4


def test_the_export_of_orders_has_exactly_what_is_filtered(client, operator):
    accepted_region()
    response = page(client, "home", source="republican", export="csv")
    assert len(b"".join(response.streaming_content).decode("utf-8-sig").splitlines()) == 2


def test_an_order_shows_its_try_its_file_and_the_booked_entry(client, operator, treasury):
    region = accepted_region()
    region.route()
    reconcile()
    order = PaymentOrder.objects.filter(source="local").get()
    attempt = order.attempts.get()
    response = page(client, "order", order.public_id)
    shown = text_of(response, "main")
    for fact in (
        attempt.end_to_end_id,
        str(attempt.uetr),
        attempt.file.sha256,
        attempt.entries.get().report.report_id,
    ):
        assert fact in shown
    assert len(select(response, ".way li")) == 5


def test_a_debt_and_what_took_it_over_show_each_other(client, operator):
    region = make_region(children=1)
    region.accepted(10)
    contract = region.contracts[region.providers[0].pk][0]
    region.correct(contract, 10, days=2)
    region.nobody_came(11)
    region.accepted(11)
    region.accepted(12)
    make_orders(issuer=region.issuer, programme=None, now=NOW)
    debt = PaymentOrder.objects.filter(source="local", amount_kzt__lt=0).get()
    taker = debt.set_off_by.get().order
    assert taker.act.number in text_of(page(client, "order", debt.public_id), ".reckoning")
    assert debt.act.number in text_of(page(client, "order", taker.public_id), ".reckoning")


def test_the_bytes_of_a_file_are_downloaded_as_they_were_stored(client, operator, treasury):
    accepted_region().route()
    file = PaymentFile.objects.get()
    response = page(client, "file", file.msg_id)
    assert response.content == bytes(file.xml)
    assert response["Content-Disposition"].startswith("attachment")
    assert page(client, "file", "EVP-20200101-000001").status_code == 404


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_reads_an_order_or_a_file(client, treasury, role):
    accepted_region().route()
    client.force_login(UserFactory(**{role: True}))
    assert page(client, "order", PaymentOrder.objects.first().public_id).status_code == 403
    assert page(client, "file", PaymentFile.objects.get().msg_id).status_code == 403


def test_sending_asks_first_with_the_sum_and_sends_once(client, operator, treasury):
    accepted_region(children=2)
    question = page(client, "send")
    assert kzt(2 * 55659) in text_of(question, ".reckoning")
    submit(client, question, "form.confirm")
    submit(client, question, "form.confirm")
    assert set(PaymentOrder.objects.values_list("state", flat=True)) == {OrderState.SENT}
    assert PaymentFile.objects.count() == 1
    assert not select(page(client, "send"), "form.confirm")


def test_what_is_held_is_not_counted_as_due(client, operator):
    region = accepted_region()
    SuspensionFactory(provider=region.providers[0])
    assert not select(page(client, "send"), "form.confirm")


def test_asking_the_treasury_brings_its_answers(client, operator, treasury):
    accepted_region().route()
    submit(client, page(client, "home"), "form[action$='/ask/']")
    assert set(PaymentOrder.objects.values_list("state", flat=True)) == {OrderState.PAID}


def test_an_administrator_looks_after_feeds_and_moves_no_money(client):
    client.force_login(UserFactory(administrator=True))
    assert not select(page(client, "home"), "form[action$='/ask/']")
    assert page(client, "feeds").status_code == 200
    client.handler.enforce_csrf_checks = False
    for name in ("send_start", "ask"):
        assert client.post(reverse(f"operator:{name}")).status_code == 403


def test_feeds_tell_which_lms_answers_and_what_was_put_aside(client, operator):
    healthy = LmsFactory(polled_at=timezone.now())
    silent = LmsFactory(polled_at=timezone.now(), failed_at=timezone.now(), failure="WrongToken: 401")
    LmsFactory(polled_at=timezone.now() - datetime.timedelta(hours=5))
    LmsFactory(url="")
    PutAsideFactory(lms=healthy)
    rows = {row[0].text_content().strip(): row for row in select(page(client, "feeds"), "#list tbody tr")}
    assert rows[healthy.code][-1].text_content() == "1"
    for state, codes in (("UP", 1), ("DOWN", 1), ("STALE", 1), ("NONE", 1)):
        assert len(select(page(client, "feeds", state=state), "#list tbody tr")) == codes
    failure = text_of(page(client, "feed", silent.code), ".deadline")
    assert "401" not in failure
    assert "ключ" in failure


def test_a_feed_shows_how_far_it_was_read_and_its_records(client, operator):
    lms = LmsFactory()
    for feed in ("contracts", "sheets:2025-09", "sheets:2025-10"):
        FeedCursorFactory(lms=lms, feed=feed)
    PutAsideFactory(lms=lms, raw='{"iin": "181103699006"}')
    response = page(client, "feed", lms.code)
    assert [text.split(" ")[0] for text in texts_of(response, ".stages li")] == ["Договоры", "Табели,", "Табели,"]
    record = client.get(element(response, "#aside-list tbody a").get("href"))
    assert "1811******06" in text_of(record, "pre")
    assert page(client, "feed", "nowhere").status_code == 404


def test_polling_now_reads_the_feed(client, operator, monkeypatch, tmp_path):
    provider = ProviderFactory(lms=LmsFactory(token_env="OPERATOR_TEST_TOKEN"))
    monkeypatch.setenv("OPERATOR_TEST_TOKEN", "secret")
    with LmsEmulator(token="secret") as emulator:
        Lms.objects.filter(pk=provider.lms_id).update(url=emulator.url)
        submit(client, page(client, "feed", provider.lms.code), "form[action$='/poll/']")
    provider.lms.refresh_from_db()
    assert provider.lms.polled_at
    assert provider.lms.failure == ""
    assert not Contract.objects.exists()


def test_an_lms_that_is_not_connected_cannot_be_polled(client, operator):
    lms = LmsFactory(url="")
    client.handler.enforce_csrf_checks = False
    assert not select(page(client, "feed", lms.code), "form[action$='/poll/']")
    assert client.post(reverse("operator:poll", args=[lms.code])).status_code == 404


@pytest.mark.parametrize("name", LISTS)
def test_pages_cost_the_same_queries_for_few_and_for_many_rows(client, operator, name):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page(client, name).status_code == 200
        return len(captured)

    accepted_region()
    PutAsideFactory(lms=Lms.objects.first())
    queries()
    few = queries()
    accepted_region_again(8)
    LmsFactory.create_batch(10)
    assert queries() == few
    assert few <= 12


def accepted_region_again(providers: int) -> None:
    """One more region with its acts and orders; it brings rules and a calendar of its own."""
    RuleSet.objects.all().delete()
    SchoolCalendar.objects.all().delete()
    accepted_region(providers=providers, children=1)
