"""The pages of a provider's staff: each asks one module for what it shows, and answers."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts.access import record_read_of
from acts.provider_pages import child_card, overview
from acts.provider_pages.access import provider_page
from acts.provider_pages.act_list import ActList
from acts.provider_pages.contingent import ContingentList
from acts.provider_pages.funding import what_to_do
from acts.provider_pages.months import ShownMonth, shown_month
from acts.provider_pages.payment_list import PaymentList, received_by_month
from acts.provider_pages.sheets import SheetList
from acts.provider_pages.steps import next_step
from registry.marks import legend, weeks_of
from registry.models import Sheet, Voucher
from registry.reckoning import reckon, study_month
from schools.models import Provider
from voucher_portal import words
from voucher_portal.dates import Month, today


@provider_page
def home(request: HttpRequest, provider: Provider) -> HttpResponse:
    """This month at a glance: sheets, the newest act, money, what would hold up the next act."""
    day = today()
    shown = shown_month(provider, request.GET, day)
    groups = overview.groups_of(provider, shown)
    whole = overview.whole(groups)
    act = overview.newest_act(provider)
    money = overview.money_by_month(provider, shown)
    context = {
        "provider": provider,
        "shown": shown,
        "waiting": [group for group in groups if group.not_ready],
        "ready": [group for group in groups if not group.not_ready],
        "whole": whole,
        "act": act,
        "step": act and next_step(act),
        "money": money,
        "chart": money and _chart(money),
        "suspension": overview.suspension_on(provider, day),
        **_hindrances(provider, shown, whole),
    }
    return render(request, "school/home.html", context)


def _hindrances(provider: Provider, shown: ShownMonth, whole: overview.GroupState) -> dict:
    """What would hold up the next act; nobody waits for a sheet before its month is over."""
    unfunded = overview.unfunded_by_reason(provider)
    aside = overview.items_aside(provider)
    aside_count = aside.count()
    return {
        "unfunded": unfunded,
        "aside": [(item, overview.aside_words(item)) for item in aside[: overview.ASIDE_SHOWN]],
        "aside_count": aside_count,
        "is_clear": not (unfunded or aside_count or (shown.is_over and whole.not_ready)),
    }


def _chart(money: list[overview.MonthMoney]) -> dict:
    """What static/school/money.js draws; the table on the page says the same."""
    return {
        "months": [words.month_short(each.month) for each in money],
        "series": [
            {"name": _("Reserved"), "state": "reserved", "values": [float(each.reserved) for each in money]},
            {"name": _("Written off"), "state": "written-off", "values": [float(each.charged) for each in money]},
            {"name": _("Redeemed"), "state": "redeemed", "values": [float(each.received) for each in money]},
        ],
    }


@provider_page
def contingent(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The provider's contracts with children."""
    return ContingentList(request, provider).respond("school/contingent.html")


@provider_page
def child(request: HttpRequest, provider: Provider, pk: int) -> HttpResponse:
    """The card of a child; the reading is recorded."""
    contracts = child_card.contracts_of_child(provider, pk)
    record_read_of(request, contracts[0].child)
    context = {
        "child": contracts[0].child,
        "contracts": [(contract, what_to_do(contract)) for contract in contracts],
        "statements": child_card.vouchers_of_child(contracts),
        "sheets": child_card.sheets_of_child(contracts),
    }
    return render(request, "school/child.html", context)


@provider_page
def sheets(request: HttpRequest, provider: Provider) -> HttpResponse:
    """A month's sheets as a grid of days."""
    shown = shown_month(provider, request.GET, today())
    return SheetList(request, provider, shown).respond("school/sheets.html", _of_month(shown))


def _of_month(shown: ShownMonth) -> dict:
    mask = shown.study.study_mask if shown.study else ""
    return {
        "shown": shown,
        "days": [(number, mask[number - 1 : number] == "1") for number in range(1, shown.calendar_month.days + 1)],
        "legend": legend(),
    }


@provider_page
def sheet(request: HttpRequest, provider: Provider, contract_pk: int, month: str) -> HttpResponse:
    """A child's month with its calculation in words; the reading is recorded."""
    contract = get_object_or_404(child_card.own_contracts(provider), pk=contract_pk)
    first = _first_day(month)
    found = Sheet.objects.filter(contract=contract, month=first).first()
    held = Voucher.objects.filter(child=contract.child_id, reservations__contract=contract, reservations__month=first)
    voucher = held.first()
    reckonings = reckon(voucher, first) if voucher else []
    calendar = study_month(contract.programme, first)
    if found is None and calendar is None:
        raise Http404
    record_read_of(request, contract.child)
    days = Month.of(first).days
    context = {
        "contract": contract,
        "month": first,
        "sheet": found and child_card.ShownSheet(found, contract),
        "weeks": weeks_of(first, found.marks if found else "", calendar.study_mask if calendar else "0" * 31, days),
        "legend": legend(),
        "reckonings": [each for each in reckonings if each.contract.pk == contract.pk],
    }
    return render(request, "school/sheet.html", context)


def _first_day(month: str):
    try:
        return Month.parse(month).first
    except ValueError:
        raise Http404 from None


@provider_page
def acts(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The provider's acts."""
    return ActList(request, provider).respond("layout/list.html")


@provider_page
def payments(request: HttpRequest, provider: Provider) -> HttpResponse:
    """The provider's payment orders, and what was received by month."""
    return PaymentList(request, provider).respond("school/payments.html", {"received": received_by_month(provider)})
