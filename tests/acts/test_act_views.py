"""The pages of an act, by role: who sees, who may act, what a click and a second click do, what is downloaded."""

import datetime
import io

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override
from openpyxl import load_workbook

from accounts.enums import Language
from accounts.models import ReadLog
from acts import documents
from acts.enums import ActState
from acts.models import Act
from acts.workflow import accept_act, submit_act
from registry.enums import Source
from tests.acts.factories import CLOSED_AT, ActFactory, Line, act_with, act_with_corrections, draw_up, enrolled
from tests.factories import MembershipFactory, RuleSetFactory, SheetFactory, UserFactory
from tests.html import element, select, submit, text_of, texts_of

STEPS = ("acts:submit", "acts:accept", "acts:return")
FOREIGN = ("provider_director", "provider_clerk", "department_officer", "department_head", "commission_member")
OVERSEEING = ("operator", "auditor", "administrator")

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client):
    """A browser that must send the token of its form."""
    client.handler.enforce_csrf_checks = True
    return client


def signed_in(client, person):
    client.force_login(person)
    return person


def of_provider(act: Act, role: str = "PROVIDER_DIRECTOR", **fields):
    return MembershipFactory(role=role, organisation=act.provider.organisation, user=UserFactory(**fields)).user


def of_department(act: Act, role: str = "DEPARTMENT_OFFICER", **fields):
    return MembershipFactory(role=role, organisation=act.provider.issuer.organisation, user=UserFactory(**fields)).user


def addresses(act: Act) -> list[str]:
    line = act.charges.first()
    return [
        act.get_absolute_url(),
        reverse("acts:line", args=[act.public_id, line.pk]),
        reverse("acts:download", args=[act.public_id, "kk"]),
        *[reverse(step, args=[act.public_id]) for step in STEPS],
    ]


def test_a_visitor_is_sent_to_the_sign_in_page(client):
    for address in addresses(act_with(1)):
        response = client.get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("accounts:sign_in"))


@pytest.mark.parametrize("role", FOREIGN)
def test_another_organisation_finds_nothing(client, role):
    act = act_with(1)
    signed_in(client, UserFactory(**{role: True}))
    assert {client.get(address).status_code for address in addresses(act)} == {404}


def test_a_parent_finds_nothing(client):
    act = act_with(1)
    signed_in(client, act.charges.get().contract.guardian)
    assert {client.get(address).status_code for address in addresses(act)} == {404}


@pytest.mark.parametrize("role", OVERSEEING)
def test_those_who_oversee_read_and_take_no_step(client, role):
    act = act_with(1)
    signed_in(client, UserFactory(**{role: True}))
    page, line, _pdf, *steps = addresses(act)
    assert [client.get(page).status_code, client.get(line).status_code] == [200, 200]
    assert {client.get(step).status_code for step in steps} == {403}


@pytest.mark.parametrize(
    ("side", "role", "allowed"),
    [
        (of_provider, "PROVIDER_DIRECTOR", {"acts:submit"}),
        (of_provider, "PROVIDER_CLERK", set()),
        (of_department, "DEPARTMENT_OFFICER", {"acts:accept", "acts:return"}),
        (of_department, "DEPARTMENT_HEAD", {"acts:accept", "acts:return"}),
    ],
)
def test_each_side_has_its_own_steps(client, side, role, allowed):
    act = act_with(1, submitted=True)
    signed_in(client, side(act, role))
    assert client.get(act.get_absolute_url()).status_code == 200
    for step in STEPS:
        status = client.get(reverse(step, args=[act.public_id])).status_code
        assert status == (200 if step in allowed else 403), step


def test_a_step_without_the_token_of_its_form_is_refused(client):
    act = act_with(1)
    signed_in(client, of_provider(act))
    assert client.post(reverse("acts:submit", args=[act.public_id])).status_code == 403
    assert Act.objects.get(pk=act.pk).state == ActState.TO_PROVIDER


def test_the_director_is_asked_with_the_sum_and_then_sends_the_act(client):
    act = act_with(2)
    director = signed_in(client, of_provider(act))
    page = client.get(act.get_absolute_url())
    question = client.get(element(page, ".deadline .btn-primary").get("href"))
    assert act.number in text_of(question, "h1")
    assert "154\N{NO-BREAK SPACE}444,44\N{NO-BREAK SPACE}₸" in text_of(question, "h1")
    answer = submit(client, question, "form.card", follow=True)
    assert answer.redirect_chain == [(act.get_absolute_url(), 302)]
    assert len(select(answer, ".message--success")) == 1
    act = Act.objects.get(pk=act.pk)
    assert (act.state, act.submitted_by) == (ActState.TO_CUSTOMER, director)


def test_a_second_click_sends_nothing_twice(client):
    act = act_with(1)
    signed_in(client, of_provider(act))
    question = client.get(reverse("acts:submit", args=[act.public_id]))
    for _ in range(2):
        assert submit(client, question, "form.card").status_code == 302
    assert [event.kind for event in act.events.all()] == ["drawn_up", "submitted"]


def test_the_officer_accepts_and_the_days_to_pay_are_on_the_page(client, monkeypatch):
    monkeypatch.setenv("PORTAL_TODAY", "2025-11-20")
    RuleSetFactory(pay_after_act_days=30)
    act = act_with(1, submitted=True)
    signed_in(client, of_department(act, language=Language.RUSSIAN))
    question = client.get(element(client.get(act.get_absolute_url()), ".deadline .btn-primary").get("href"))
    for _ in range(2):
        answer = submit(client, question, "form.card", follow=True)
    assert Act.objects.get(pk=act.pk).pay_before == datetime.date(2025, 12, 20)
    assert "20\N{NO-BREAK SPACE}декабря 2025\N{NO-BREAK SPACE}г." in text_of(answer, ".deadline")
    assert select(answer, ".deadline .btn") == []
    assert act.events.filter(kind="accepted").count() == 1


def test_an_act_overdue_is_marked_as_a_problem(client, monkeypatch):
    monkeypatch.setenv("PORTAL_TODAY", "2025-12-07")  # pay_before is 5 December
    act = act_with(1, accepted=True)
    signed_in(client, of_department(act))
    page = client.get(act.get_absolute_url())
    assert len(select(page, ".deadline.is-problem")) == 1
    assert len(select(page, ".way .is-problem")) == 1


def test_a_return_without_a_reason_keeps_the_page_and_names_the_field(client):
    act = act_with(1, submitted=True)
    signed_in(client, of_department(act))
    question = client.get(reverse("acts:return", args=[act.public_id]))
    answer = submit(client, question, "form.card", reason="   ")
    assert answer.status_code == 200
    assert len(select(answer, ".error-summary a[href='#id_reason']")) == 1
    assert Act.objects.get(pk=act.pk).state == ActState.TO_CUSTOMER


def test_a_returned_act_shows_its_reason_to_the_director_with_the_way_on(client):
    act = act_with(1, submitted=True)
    signed_in(client, of_department(act))
    question = client.get(reverse("acts:return", args=[act.public_id]))
    submit(client, question, "form.card", reason="Нет справок за 3 октября")
    signed_in(client, of_provider(act))
    page = client.get(act.get_absolute_url())
    assert "Нет справок за 3 октября" in text_of(page, ".deadline")
    assert element(page, ".deadline .btn-primary").get("href") == reverse("acts:submit", args=[act.public_id])


def test_a_step_that_came_too_late_says_so_and_changes_nothing(client):
    act = act_with(1, submitted=True)
    signed_in(client, of_department(act))
    question = client.get(reverse("acts:return", args=[act.public_id]))
    RuleSetFactory()
    accept_act(act_id=act.pk, by=UserFactory(), now=CLOSED_AT)
    answer = submit(client, question, "form.card", reason="Нет справок", follow=True)
    assert len(select(answer, ".message--error")) == 1
    assert Act.objects.get(pk=act.pk).state == ActState.SIGNED


def test_an_officer_who_submitted_for_the_provider_is_offered_no_step(client):
    act = act_with(1)
    person = of_department(act)
    submit_act(act_id=act.pk, by=person, now=CLOSED_AT)
    signed_in(client, person)
    assert select(client.get(act.get_absolute_url()), ".deadline .btn") == []
    assert client.get(reverse("acts:accept", args=[act.public_id])).status_code == 403


@pytest.mark.parametrize("side", [of_provider, of_department])
@pytest.mark.parametrize("language", Language.values)
def test_both_sides_download_what_was_stored(client, side, language):
    act = act_with(1)
    document = documents.store_document(act_id=act.pk, language=language, now=CLOSED_AT)
    signed_in(client, side(act))
    response = client.get(reverse("acts:download", args=[act.public_id, language]))
    assert response.content == documents.read_document(document)
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{act.number}-{language}.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_document_that_is_not_ready_is_a_404_that_says_so(client):
    act = act_with(1)
    signed_in(client, of_provider(act, language=Language.RUSSIAN))
    response = client.get(reverse("acts:download", args=[act.public_id, "ru"]))
    assert response.status_code == 404
    with override("ru"):
        assert text_of(response, "h1") == gettext("The document is being prepared")


def test_there_is_no_document_in_another_language(client):
    act = act_with(1)
    signed_in(client, of_provider(act))
    assert client.get(f"{act.get_absolute_url()}en.pdf").status_code == 404


def test_damaged_bytes_are_not_given_out(client, settings):
    act = act_with(1)
    document = documents.store_document(act_id=act.pk, language="ru", now=CLOSED_AT)
    (settings.MEDIA_ROOT / document.file.name).write_bytes(b"%PDF-other")
    signed_in(client, of_provider(act))
    answer = client.get(reverse("acts:download", args=[act.public_id, "ru"]), follow=True)
    assert answer.redirect_chain == [(act.get_absolute_url(), 302)]
    assert len(select(answer, ".message--error")) == 1


@pytest.mark.parametrize("language", Language.values)
def test_the_page_speaks_the_language_of_the_person(client, language):
    act = act_with(1)
    signed_in(client, of_provider(act, language=language))
    page = client.get(act.get_absolute_url())
    assert element(page, "html").get("lang") == language
    month = {"kk": "2025\N{NO-BREAK SPACE}ж. қазан", "ru": "октябрь 2025\N{NO-BREAK SPACE}г."}[language]
    assert month in text_of(page, "h1")
    assert month in text_of(page, ".act-paper__services tbody td:nth-child(3)")


def test_lines_are_searched_by_name_and_filtered_by_group_and_kind(client):
    first, second = enrolled(2)
    first.child.last_name, second.group_name = "Қайратова", "3А"
    first.child.save(), second.save()
    act = draw_up([Line(first), Line(second)])
    signed_in(client, of_department(act))
    children = lambda query: texts_of(client.get(f"{act.get_absolute_url()}?{query}"), "#list tbody th")  # noqa: E731
    assert len(children("")) == 2
    assert [name.split()[0] for name in children("search=кайрат")] == ["Қайратова"]
    assert len(children("group=3А")) == 1
    assert len(children("kind=REFUND")) == 0
    options = select(client.get(act.get_absolute_url()), "select[name=group] option")
    assert [option.get("value") for option in options] == ["", "2Б", "3А"]


def test_a_recalculation_stands_beside_what_it_replaces(client):
    act = act_with_corrections()
    signed_in(client, of_provider(act))
    page = client.get(f"{act.get_absolute_url()}?kind=CORRECTION")
    cells = texts_of(page, "#list tbody td")
    assert "16" in cells
    assert "77\N{NO-BREAK SPACE}222,22\N{NO-BREAK SPACE}₸" in cells


def test_an_act_of_its_own_month_has_no_columns_of_old_values(client):
    heads = []
    for act in (act_with(1), act_with_corrections()):
        signed_in(client, of_provider(act))
        heads.append(len(select(client.get(act.get_absolute_url()), "#list thead th")))
    assert heads == [11, 13]


def test_a_csv_and_a_workbook_give_exactly_the_filtered_lines_with_masked_iins(client):
    act = act_with_corrections()
    signed_in(client, of_department(act))
    address = f"{act.get_absolute_url()}?kind=ORIGINAL"
    text = b"".join(client.get(f"{address}&export=csv").streaming_content).decode("utf-8-sig")
    file = io.BytesIO(b"".join(client.get(f"{address}&export=xlsx").streaming_content))
    originals = act.charges.filter(kind="ORIGINAL")
    assert len(text.splitlines()) == 1 + originals.count()
    assert load_workbook(file).active.max_row == 1 + originals.count()
    assert "1803******" in text
    assert [charge for charge in originals if charge.contract.child.iin in text] == []


@pytest.mark.parametrize("side", [of_provider, of_department])
def test_a_line_opens_beside_the_sheet_and_what_was_billed_and_the_reading_is_recorded(client, side):
    RuleSetFactory()
    act = act_with_corrections()
    charge = act.charges.get(kind="CORRECTION")
    SheetFactory(contract=charge.contract, month=charge.service_month)
    person = signed_in(client, side(act))
    link = element(client.get(f"{act.get_absolute_url()}?kind=CORRECTION"), "#list tbody th a")
    page = client.get(link.get("href"))
    assert len(select(page, ".month-days .mark")) > 0
    assert len(select(page, ".act-billed tbody tr")) == 3
    assert len(select(page, ".act-billed__own")) == 2
    read = ReadLog.objects.get()
    assert (read.user, read.object_id) == (person, str(charge.contract.child_id))


def test_a_line_of_another_act_is_not_found(client):
    act, other = act_with(1), act_with(1)
    signed_in(client, of_provider(act))
    assert client.get(reverse("acts:line", args=[act.public_id, other.charges.get().pk])).status_code == 404


def test_payment_orders_stand_on_the_way(client):
    act = act_with(1, accepted=True)
    act.orders.create(
        source=Source.LOCAL,
        amount_kzt=act.local_kzt,
        pay_kzt=act.local_kzt,
        created_at=CLOSED_AT,
        changed_at=CLOSED_AT,
    )
    signed_in(client, of_provider(act))
    assert "77\N{NO-BREAK SPACE}222,22" in text_of(client.get(act.get_absolute_url()), ".act-orders")


@pytest.mark.parametrize("count", [1, 60])
def test_the_page_costs_the_same_queries_for_any_number_of_lines(client, count, django_assert_num_queries):
    act = act_with(count)
    signed_in(client, of_department(act))
    with django_assert_num_queries(8):  # person, memberships; act, form, orders; groups of the filter, count, page
        client.get(act.get_absolute_url())


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_of_a_line_costs_the_same_queries_for_any_act(client, count, django_assert_num_queries):
    RuleSetFactory()
    act = act_with(count)
    signed_in(client, of_provider(act))
    with django_assert_num_queries(14):  # whose; act, line, record; sheet, calculation, acts
        client.get(reverse("acts:line", args=[act.public_id, act.charges.first().pk]))


def test_an_act_without_charges_still_has_its_page(client):
    act = ActFactory()
    signed_in(client, of_provider(act))
    page = client.get(act.get_absolute_url())
    assert page.status_code == 200
    assert len(select(page, ".empty-state")) == 1
