"""The overview of the department and its lists."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from acts.department_pages import counts, money
from acts.department_pages.access import can_close_month, for_department
from acts.department_pages.acts import ActList, ActsOfProviderList, acts_seen_by
from acts.department_pages.aside import AsideList, masked, name_of, put_aside, what_is_wrong
from acts.department_pages.chart import chart_of
from acts.department_pages.contracts import UnfundedList, unfunded_contracts
from acts.department_pages.payments import PaymentList
from acts.department_pages.period import PeriodForm
from acts.department_pages.providers import ProviderList, programmes_of, providers_seen_by
from acts.department_pages.waiting import waiting_for
from acts.operator_pages.orders import orders_seen_by
from registry.feeds import FeedState
from schools.models import Issuer
from voucher_portal import dates


@require_safe
@for_department
def department_home(request: HttpRequest, issuers: list[Issuer]) -> HttpResponse:
    """Where the money of a month stands, what waits for the department, and who is not funded and why."""
    now, today = timezone.now(), dates.today()
    balances = money.balances_of(issuers)
    known = money.by_month(balances, {balance.programme for balance in balances})
    form = PeriodForm(request.GET, list(known), money.usual_month(known, today))
    period = form.period
    months = money.by_month(balances, period.programmes)
    context = {
        "form": form,
        "period": period,
        "has_money": bool(known),
        "money": months[period.month],
        "children": counts.children_of(issuers, period, now),
        "acts": counts.acts_of(issuers, period),
        "unfunded": counts.unfunded_of(issuers, period),
        "waiting": waiting_for(request.user, issuers, balances, now, today),
        "chart": chart_of(months, period.year),
        "can_close": any(can_close_month(request.user, issuer) for issuer in issuers),
    }
    return render(request, "department/home.html", context)


@require_safe
@for_department
def unfunded_list(request: HttpRequest, issuers: list[Issuer]) -> HttpResponse:
    """Contracts without funding."""
    return UnfundedList(request, unfunded_contracts(request.user)).respond("department/contracts.html")


@require_safe
@for_department
def aside_list(request: HttpRequest, issuers: list[Issuer]) -> HttpResponse:
    """Records of the feeds that were put aside."""
    return AsideList(request, put_aside(request.user).waiting()).respond("department/contracts.html")


@require_safe
@for_department
def aside_item(request: HttpRequest, issuers: list[Issuer], pk: int) -> HttpResponse:
    """One record as it came, with what is wrong; IINs are masked."""
    item = get_object_or_404(put_aside(request.user), pk=pk)
    context = {"item": item, "name": name_of(item), "wrong": what_is_wrong(item), "raw": masked(item.raw)}
    return render(request, "department/aside_item.html", context)


@require_safe
@for_department
def act_list(request: HttpRequest, issuers: list[Issuer]) -> HttpResponse:
    """Acts of the department's providers."""
    return ActList(request, acts_seen_by(request.user)).respond("department/list.html")


@require_safe
@for_department
def provider_list(request: HttpRequest, issuers: list[Issuer]) -> HttpResponse:
    """The department's providers."""
    providers = providers_seen_by(request.user, timezone.now(), dates.today())
    return ProviderList(request, providers).respond("department/list.html")


@require_safe
@for_department
def provider_detail(request: HttpRequest, issuers: list[Issuer], pk: int) -> HttpResponse:
    """One provider: requisites, state orders, suspensions, and its acts."""
    providers = providers_seen_by(request.user, timezone.now(), dates.today())
    provider = get_object_or_404(
        providers.select_related("termination").prefetch_related("state_orders", "suspensions"), pk=pk
    )
    acts = ActsOfProviderList(request, acts_seen_by(request.user).filter(provider=provider))
    context = {
        "provider": provider,
        "programmes": programmes_of(provider),
        "feed_label": FeedState(provider.feed).label,
    }
    return acts.respond("department/provider.html", context)


@require_safe
@for_department
def payment_list(request: HttpRequest, issuers: list[Issuer]) -> HttpResponse:
    """Payment orders of the department's acts."""
    return PaymentList(request, orders_seen_by(request.user)).respond("department/list.html")
