"""The operator's pages: payment orders, acts, and the health of the feeds."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from acts.department_pages.acts import ActList, acts_seen_by
from acts.department_pages.aside import masked, name_of, put_aside, what_is_wrong
from acts.enums import OrderState
from acts.models import PaymentFile
from acts.operator_pages import overview
from acts.operator_pages.access import can_send_payments, for_operator
from acts.operator_pages.feeds import AsideOfFeedList, FeedList, cursors_of, feeds
from acts.operator_pages.history import history_of
from acts.operator_pages.orders import OrderList, age_of, orders_seen_by, why_it_waits
from acts.payment_tasks import ask_treasury, send_due_payments
from integrations.models import Lms
from registry.feeds import FeedState, failure_in_words
from registry.tasks import poll_one_lms
from schools.models import Issuer


@require_safe
@for_operator
def operator_home(request: HttpRequest) -> HttpResponse:
    """Payment orders: by state, held and why, unknown and for how long; and the list of them."""
    lines = overview.lines_by_state(request.user)
    context = {
        "lines": lines,
        "unknown": overview.line_of(lines, OrderState.UNKNOWN),
        "held": overview.held_by_ground(request.user),
        "differences": overview.differences(),
        "runs": overview.next_runs(),
        "can_send": can_send_payments(request.user),
    }
    return OrderList(request, orders_seen_by(request.user)).respond("operator/home.html", context)


@require_safe
@for_operator
def send_question(request: HttpRequest) -> HttpResponse:
    """How much a run would send now, and the question whether to send it."""
    if not can_send_payments(request.user):
        raise PermissionDenied
    return render(request, "operator/send.html", {"due": overview.due_now(Issuer.objects.visible_to(request.user))})


@require_POST
@for_operator
def send_start(request: HttpRequest) -> HttpResponse:
    """Send what is due in the background, an issuer at a time; a second click finds nothing left to send."""
    if not can_send_payments(request.user):
        raise PermissionDenied
    for issuer in Issuer.objects.visible_to(request.user).order_by("code"):
        send_due_payments.delay(issuer.pk)
    messages.success(request, _("The sending has begun. Refresh the page in a minute."))
    return redirect("operator:home")


@require_POST
@for_operator
def ask_start(request: HttpRequest) -> HttpResponse:
    """Ask the treasury in the background what became of the payments."""
    if not can_send_payments(request.user):
        raise PermissionDenied
    ask_treasury.delay()
    messages.success(request, _("The treasury is being asked. Refresh the page in a minute."))
    return redirect("operator:home")


@require_safe
@for_operator
def order_detail(request: HttpRequest, public_id) -> HttpResponse:
    """One payment order with its tries, files, entries, set-offs and history."""
    order = get_object_or_404(orders_seen_by(request.user), public_id=public_id)
    context = {
        "order": order,
        "why": why_it_waits(order),
        "age": age_of(order),
        "attempts": order.attempts.select_related("file").prefetch_related("entries__report").order_by("number"),
        "taken_off": order.set_offs.select_related("debt__act").order_by("at"),
        "set_off_by": order.set_off_by.select_related("order__act").order_by("at"),
        "history": history_of(order),
    }
    return render(request, "operator/order.html", context)


@require_safe
@for_operator
def payment_file(request: HttpRequest, msg_id: str) -> HttpResponse:
    """The stored bytes of a payment file, as they were sent."""
    files = PaymentFile.objects.filter(issuer__in=Issuer.objects.visible_to(request.user))
    file = get_object_or_404(files, msg_id=msg_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{file.msg_id}.xml"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(bytes(file.xml), content_type="application/xml", headers=headers)


@require_safe
@for_operator
def act_list(request: HttpRequest) -> HttpResponse:
    """Acts of all providers."""
    return ActList(request, acts_seen_by(request.user)).respond("operator/list.html")


@require_safe
@for_operator
def feed_list(request: HttpRequest) -> HttpResponse:
    """The LMS and how they are."""
    return FeedList(request, feeds(timezone.now())).respond("operator/list.html")


@require_safe
@for_operator
def feed_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One LMS: how far its feeds were read, why it failed, and its records put aside."""
    lms = get_object_or_404(feeds(timezone.now()), code=code)
    context = {
        "lms": lms,
        "state_label": FeedState(lms.state).label,
        "failure": failure_in_words(lms.failure),
        "cursors": cursors_of(lms),
        "can_poll": lms.is_active and lms.url,
    }
    listing = AsideOfFeedList(request, put_aside(request.user).waiting().filter(lms=lms))
    return listing.respond("operator/feed.html", context)


@require_safe
@for_operator
def aside_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One record as it came, with what is wrong; IINs are masked."""
    item = get_object_or_404(put_aside(request.user), pk=pk)
    context = {"item": item, "name": name_of(item), "wrong": what_is_wrong(item), "raw": masked(item.raw)}
    return render(request, "operator/aside_item.html", context)


@require_POST
@for_operator
def feed_poll(request: HttpRequest, code: str) -> HttpResponse:
    """Poll an LMS now; while a poll of it runs this one does nothing."""
    lms = get_object_or_404(Lms.objects.filter(is_active=True).exclude(url=""), code=code)
    poll_one_lms.delay(lms.pk)
    messages.success(request, _("The poll has begun. Refresh the page in a minute."))
    return redirect("operator:feed", code)
