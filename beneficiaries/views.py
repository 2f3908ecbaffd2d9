"""The family's pages: the children of a guardian, and a voucher with its parts, calculation and movements."""

import datetime

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from beneficiaries.awaiting import attach_sheets, awaited_of, confirmation_of, terms_on
from beneficiaries.queries import children_of, own_voucher
from registry.enums import PartState
from registry.marks import legend, weeks_of
from registry.reckoning import Reckoning, reckon, study_month
from registry.statement import ZERO, Statement
from schools.enums import Programme
from voucher_portal import words
from voucher_portal.dates import Month, today

MOVEMENTS_A_PAGE = 20
BILLED = (PartState.WRITTEN_OFF, PartState.REDEEMED)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One card per child: the parts, what is awaited, the next date."""
    day = today()
    families = children_of(request.user)
    attach_sheets(families, day)
    terms = terms_on(Programme.values, day)
    cards = [
        {
            "family": family,
            "contract": family.contract_on(day),
            "statement": statement,
            "current": Month.of(day).first,
            "awaited": statement and awaited_of(family, statement, terms, day),
        }
        for family in families
        for statement in family.statements[:1] or [None]
    ]
    return render(request, "family/home.html", {"cards": cards})


@require_safe
def voucher(request: HttpRequest, public_id) -> HttpResponse:
    """A voucher of one's own child; `?month=2025-10` opens the calculation of that month."""
    day = today()
    family, statement = own_voucher(request.user, public_id)
    attach_sheets([family], day)
    programme = statement.voucher.programme
    confirmation = confirmation_of(family, statement, terms_on([programme], day), day)
    asked = _asked_month(request.GET.get("month", ""), statement)
    month = asked or (confirmation and confirmation.sheet.month) or _telling_month(statement, day)
    reckonings = reckon(statement.voucher, month) if month else []
    context = {
        "family": family,
        "contract": family.contract_on(day),
        "statement": statement,
        "others": [each for each in family.statements if each is not statement],
        "confirmation": confirmation,
        "month": month,
        "title": month and _title(statement, month, reckonings),
        "reckonings": _with_days(reckonings, programme, month) if month else [],
        "legend": legend(),
        "movements": Paginator(statement.movements, MOVEMENTS_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "family/voucher.html", context)


def _asked_month(text: str, statement: Statement) -> datetime.date | None:
    return next((part.month for part in statement.parts if f"{part.month:%Y-%m}" == text), None)


def _telling_month(statement: Statement, day: datetime.date) -> datetime.date | None:
    """The month that a family asks about: the newest that is billed, else the one that runs, else the first."""
    billed = [part.month for part in statement.parts if part.state in BILLED]
    begun = [part.month for part in statement.parts if part.month <= day]
    return max(billed or begun or [part.month for part in statement.parts[:1]], default=None)


def _title(statement: Statement, month: datetime.date, reckonings: list[Reckoning]) -> str:
    """«Октябрь: почему 68 641,97 ₸»: what the section answers."""
    name = words.month_name(month).capitalize()
    total = words.kzt(sum((each.total_kzt for each in reckonings), ZERO))
    state = next(part.state for part in statement.parts if part.month == month)
    if state in BILLED:
        return _("%(month)s: why %(amount)s") % {"month": name, "amount": total}
    if state == PartState.RESERVED and any(each.sheet for each in reckonings):
        return _("%(month)s: %(amount)s so far") % {"month": name, "amount": total}
    return f"{name}: {PartState(state).label}"


def _with_days(reckonings: list[Reckoning], programme: str, month: datetime.date) -> list[tuple]:
    """Each contract's calculation with the calendar of its sheet."""
    calendar = study_month(programme, month)
    mask = calendar.study_mask if calendar else "0" * 31
    days = Month.of(month).days
    return [(each, weeks_of(month, each.sheet.marks, mask, days) if each.sheet else None) for each in reckonings]
