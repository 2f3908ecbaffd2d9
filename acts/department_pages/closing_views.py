"""Closing a month: preview, confirmation, progress, result. One address a month, whatever its stage."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from acts import closing_progress
from acts.closing import CloseError, preview
from acts.closing_tasks import run_close
from acts.department_pages import closing, money
from acts.department_pages.access import can_close_month, for_department, issuer_of
from acts.department_pages.close_lists import CorrectionList, NotChargedList, corrections_of, reasons_not_charged
from acts.models import MonthClose
from registry.rules import NoRules
from schools.enums import Programme
from schools.models import Issuer
from voucher_portal import dates
from voucher_portal.dates import Month
from voucher_portal.words import month_words


@require_safe
@for_department
def close_home(request: HttpRequest, issuers: list[Issuer]) -> HttpResponse:
    """Months that can be closed, and those that are."""
    closable = closing.closable(issuers, money.balances_of(issuers), dates.today())
    closes = MonthClose.objects.visible_to(request.user).select_related("issuer", "closed_by")
    context = {"closable": closable, "several": len(issuers) > 1}
    return closing.CloseList(request, closes).respond("department/close.html", context)


@never_cache
@require_safe
@for_department
def close_month(
    request: HttpRequest, issuers: list[Issuer], code: str, programme: Programme, month: Month
) -> HttpResponse:
    """The month in its stage: result, progress, or preview with the question whether to close."""
    issuer = issuer_of(issuers, code)
    context = {"issuer": issuer, "programme": programme, "month": month, "several": len(issuers) > 1}
    close = MonthClose.objects.filter(issuer=issuer, programme=programme, month=month.first).first()
    if close and close.finished_at:
        return _result(request, close, context)
    progress = closing_progress.progress_of(issuer, programme.value, month)
    if progress and progress.is_running:
        return _progress(request, progress, context)
    return _preview(request, context | {"problem": progress.problem if progress else ""})


def _result(request: HttpRequest, close: MonthClose, context: dict) -> HttpResponse:
    if request.htmx:  # the page of the progress asks: it is over, so show the whole page anew
        return HttpResponse(headers={"HX-Refresh": "true"})
    issuer, programme, month = context["issuer"], context["programme"], context["month"]
    context |= {
        "close": close,
        "summary": closing.Summary.of(close.result),
        "late": closing.late_months(issuer, programme, billed_at=close.closed_at),
        "older": closing.older_months(close),
        "budgets": closing.budgets_left(issuer, programme, month),
        "acts_url": f"{reverse('department:acts')}?programme={programme.value}&month={month}",
    }
    return render(request, "department/close_result.html", context)


def _progress(request: HttpRequest, progress: closing_progress.Progress, context: dict) -> HttpResponse:
    context |= {"progress": progress, "stages": closing.stage_lines(progress, timezone.now())}
    template = "partials/close_stages.html" if request.htmx else "close_progress.html"
    return render(request, f"department/{template}", context)


def _preview(request: HttpRequest, context: dict) -> HttpResponse:
    issuer, programme, month = context["issuer"], context["programme"], context["month"]
    if request.htmx:  # the close stopped while its progress was looked at
        return HttpResponse(headers={"HX-Refresh": "true"})
    try:
        summary = closing.Summary.of(preview(issuer=issuer, programme=programme, month=month, today=dates.today()))
    except CloseError as error:
        return render(request, "department/close_impossible.html", context | {"reason": str(error)})
    context |= {
        "summary": summary,
        "late": closing.late_months(issuer, programme, billed_at=None),
        "budgets": closing.budgets_left(issuer, programme, month),
        "can_close": can_close_month(request.user, issuer),
        "form": closing.ConfirmForm(initial={"seen": closing.ConfirmForm.token(summary)}),
    }
    return render(request, "department/close_preview.html", context)


@require_POST
@for_department
def close_start(
    request: HttpRequest, issuers: list[Issuer], code: str, programme: Programme, month: Month
) -> HttpResponse:
    """Start the close in the background; a second click, or another person's, finds the first."""
    issuer = issuer_of(issuers, code)
    if not can_close_month(request.user, issuer):
        raise PermissionDenied
    form = closing.ConfirmForm(request.POST)
    place = issuer, programme.value, month
    back = redirect("department:close_month", code, programme, month)
    if _is_closed(*place) or _is_running(*place):
        return back
    if not form.is_valid() or form.cleaned_data["seen"] != _token_now(*place):
        messages.warning(request, _("New data came since the preview. Look at the numbers again and confirm them."))
        return back
    if closing_progress.ask(*place, by=request.user.short_name):
        run_close.delay(issuer.pk, programme.value, str(month), request.user.pk)
        said = _("The close of %(month)s has begun. You may leave this page.") % {"month": month_words(month)}
        messages.success(request, said)
    return back


def _is_closed(issuer: Issuer, programme: str, month: Month) -> bool:
    return MonthClose.objects.filter(issuer=issuer, programme=programme, month=month.first).exists()


def _is_running(issuer: Issuer, programme: str, month: Month) -> bool:
    progress = closing_progress.progress_of(issuer, programme, month)
    return progress is not None and progress.is_running


def _token_now(issuer: Issuer, programme: str, month: Month) -> str:
    try:
        summary = closing.Summary.of(preview(issuer=issuer, programme=programme, month=month, today=dates.today()))
    except CloseError:
        return ""
    return closing.ConfirmForm.token(summary)


def _close_of(issuers: list[Issuer], code: str, programme: Programme, month: Month) -> MonthClose:
    closes = MonthClose.objects.select_related("issuer").exclude(finished_at=None)
    return get_object_or_404(closes, issuer=issuer_of(issuers, code), programme=programme, month=month.first)


@require_safe
@for_department
def close_corrections(
    request: HttpRequest, issuers: list[Issuer], code: str, programme: Programme, month: Month
) -> HttpResponse:
    """What the close billed for older months, line by line."""
    close = _close_of(issuers, code, programme, month)
    context = {"issuer": close.issuer, "month": month, "programme": programme}
    return CorrectionList(request, corrections_of(close)).respond("department/close_list.html", context)


@require_safe
@for_department
def close_not_charged(
    request: HttpRequest, issuers: list[Issuer], code: str, programme: Programme, month: Month
) -> HttpResponse:
    """Contracts that earn nothing in the month, with the reason, as it stands now."""
    issuer = issuer_of(issuers, code)
    try:
        reasons = reasons_not_charged(issuer, programme, month)
    except NoRules:
        raise Http404 from None
    context = {"issuer": issuer, "month": month, "programme": programme}
    return NotChargedList(request, reasons).respond("department/close_list.html", context)
