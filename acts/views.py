"""The page of one act and the steps that its two sides take there."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import menus
from accounts.access import record_read_of
from accounts.enums import Language
from acts import documents, perms, workflow
from acts.errors import ActError
from acts.forms import ReturnForm
from acts.line import explain
from acts.lists import LineList, RecalculatedLineList, lines_of
from acts.models import Act, ActDocument
from acts.paper import PARTIES, paper_of
from acts.way import action_of, clock, is_overdue, steps_of
from voucher_portal import dates

PEOPLE = ("submitted_by", "decided_by", "close__closed_by")
form_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def act_detail(request: HttpRequest, public_id) -> HttpResponse:
    """The document, its way, and its lines; `?export=csv` and `?export=xlsx` give the lines."""
    act = _found(request, public_id, *PARTIES, *PEOPLE)
    paper = paper_of(act)
    lines = (RecalculatedLineList if paper.earlier.lines else LineList)(request, lines_of(act))
    return lines.respond("acts/detail.html", {"paper": paper, **_panel(request, act)})


def _panel(request: HttpRequest, act: Act) -> dict:
    """What the page says beside the document."""
    today = dates.today()
    return {
        "act": act,
        "steps": steps_of(act, today),
        "action": action_of(request.user, act),
        "clock": clock(act, today),
        "is_overdue": is_overdue(act, today),
        "orders": act.orders.order_by("source"),
        "languages": Language.choices,
        "back": menus.address_of(f"{menus.area_of(request.user)}:acts"),
    }


@require_safe
def act_line(request: HttpRequest, public_id, pk: int) -> HttpResponse:
    """A line beside the child's sheet and the calculation in words; the reading is recorded."""
    act = _found(request, public_id)
    charge = get_object_or_404(lines_of(act), pk=pk)
    record_read_of(request, charge.contract.child)
    return render(request, "acts/line.html", {"act": act, "line": explain(charge)})


@form_page
def act_submit(request: HttpRequest, public_id) -> HttpResponse:
    """Ask, then send the act to the department."""
    act = _permitted(request, public_id, perms.can_submit_act)
    if request.method == "POST":
        return _take(request, act, _("The act was sent to the department."), workflow.submit_act)
    return render(request, "acts/submit.html", {"act": act})


@form_page
def act_accept(request: HttpRequest, public_id) -> HttpResponse:
    """Ask, then accept the act for the department."""
    act = _permitted(request, public_id, perms.can_accept_act)
    if request.method == "POST":
        return _take(request, act, _("The act was accepted."), workflow.accept_act, today=dates.today())
    return render(request, "acts/accept.html", {"act": act})


@form_page
def act_return(request: HttpRequest, public_id) -> HttpResponse:
    """Ask for the reason, then give the act back to the provider."""
    act = _permitted(request, public_id, perms.can_return_act)
    form = ReturnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = _("The act was returned to the organisation.")
        return _take(request, act, done, workflow.return_act, reason=form.cleaned_data["reason"])
    return render(request, "acts/return.html", {"act": act, "form": form})


@require_safe
def act_download(request: HttpRequest, public_id, language: str) -> HttpResponse:
    """The stored PDF as an attachment; 404 with a page that says so while it is being prepared."""
    act = _found(request, public_id)
    document = ActDocument.objects.filter(act=act, language=language).first()
    if document is None:
        return render(request, "acts/document_pending.html", {"act": act}, status=404)
    try:
        content = documents.read_document(document)
    except documents.DocumentDamaged as error:
        messages.error(request, str(error))
        return redirect(act)
    name = f"{act.number}-{language}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _found(request: HttpRequest, public_id, *related: str) -> Act:
    """The act with its `related` rows; 404 where it is not the person's to see."""
    acts = Act.objects.visible_to(request.user).select_related(*related or PARTIES)
    return get_object_or_404(acts, public_id=public_id)


def _permitted(request: HttpRequest, public_id, may: Callable) -> Act:
    """The act that the person may take this step with; 403 for those who may only read it."""
    act = _found(request, public_id)
    if not may(request.user, act):
        raise PermissionDenied
    return act


def _take(request: HttpRequest, act: Act, done: str, step: Callable, **arguments) -> HttpResponse:
    """Take a step of the act's way and go back to its page, which says how it went."""
    try:
        step(act_id=act.pk, by=request.user, now=timezone.now(), **arguments)
    except ActError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect(act)
