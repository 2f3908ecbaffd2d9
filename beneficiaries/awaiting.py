"""What a family waits for: the one thing that matters now for a child, and its date."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from beneficiaries.deadlines import add_working_days, working_days_left
from beneficiaries.queries import Family
from registry.enums import Funding, PartState, SheetStatus
from registry.models import RuleSet, SchoolCalendar, Sheet
from registry.rules import parameters_of
from registry.statement import PartShown, Statement
from voucher_portal import words
from voucher_portal.dates import ALMATY, Month

# Sheets of older months are closed; a month may wait for its close that long.
MONTHS_IN_WORK = 2


@dataclass(frozen=True)
class Terms:
    """The term of a parent's confirmation and the days off of one programme on one day."""

    confirm_days: int
    days_off: frozenset[datetime.date]


@dataclass(frozen=True)
class Awaited:
    """What is waited for. `colour` is a state's; `left` is what is left until `day`, both empty without a deadline."""

    text: str
    colour: str
    day: datetime.date | None = None
    left: str = ""
    sheet: Sheet | None = None


def terms_on(programmes: Collection[str], today: datetime.date) -> dict[str, Terms]:
    """The terms by programme; one that has no rules today is not there. Two queries."""
    days_off = {
        calendar.programme: frozenset(calendar.days_off)
        for calendar in SchoolCalendar.objects.filter(programme__in=programmes, days__contains=today)
    }
    return {
        rules.programme: Terms(
            parameters_of(rules).parent_sheet_confirm_days, days_off.get(rules.programme, frozenset())
        )
        for rules in RuleSet.objects.filter(programme__in=programmes, days__contains=today)
    }


def attach_sheets(families: Iterable[Family], today: datetime.date) -> None:
    """Give each family its sheets that wait for the parent's word, the newest first. One query."""
    by_contract = {contract.pk: family for family in families for contract in family.contracts}
    waiting = Sheet.objects.filter(
        contract__in=by_contract,
        month__gte=Month.of(today).plus(-MONTHS_IN_WORK).first,
        status=SheetStatus.APPROVED,
        guardian_confirmed_at=None,
    )
    for sheet in waiting.order_by("-month", "contract_id"):
        by_contract[sheet.contract_id].sheets.append(sheet)


def confirmation_of(family: Family, statement: Statement, terms: dict[str, Terms], today) -> Awaited | None:
    """The newest sheet of an open month that waits for the parent's confirmation, with its deadline, or None."""
    programme = statement.voucher.programme
    open_months = {part.month for part in statement.parts if part.state == PartState.RESERVED}
    own = {contract.pk for contract in family.contracts if contract.programme == programme}
    sheet = next((each for each in family.sheets if each.month in open_months and each.contract_id in own), None)
    if sheet is None or programme not in terms:
        return None
    term = terms[programme]
    approved_on = (sheet.approved_at or sheet.received_at).astimezone(ALMATY).date()
    last = add_working_days(approved_on, term.confirm_days, term.days_off)
    text = _("Sheet for %(month)s: the parent confirms it by %(day)s")
    return Awaited(
        text=text % {"month": words.month_words(sheet.month), "day": words.day_words(last)},
        colour="written-off",
        day=last,
        left=words.deadline(working_days_left(today, last, term.days_off)),
        sheet=sheet,
    )


def awaited_of(family: Family, statement: Statement, terms: dict[str, Terms], today: datetime.date) -> Awaited:
    """The one thing that the card of a child says."""
    return (
        confirmation_of(family, statement, terms, today)
        or _unfunded(family, today)
        or _of_parts(statement.parts, today)
        or Awaited(_("Nothing is awaited now."), "active")
    )


def _unfunded(family: Family, today: datetime.date) -> Awaited | None:
    contract = family.contract_on(today)
    if contract.funding != Funding.UNFUNDED:
        return None
    reason = contract.get_unfunded_reason_display()
    return Awaited(_("The contract is not funded yet. Reason: %(reason)s") % {"reason": reason}, "problem")


def _of_parts(parts: list[PartShown], today: datetime.date) -> Awaited | None:
    this_month = Month.of(today)
    unpaid = [part for part in parts if part.state == PartState.WRITTEN_OFF]
    current = next((part for part in parts if part.month == this_month.first), None)
    if current and current.state == PartState.RESERVED:
        text = _("After the end of the month the organisation sends the sheet for %(month)s")
        return Awaited(text % {"month": words.month_words(current.month)}, "reserved", this_month.last)
    if current and current.state == PartState.ACTIVE:
        return Awaited(_("There is no funded contract with an organisation for this month"), "active")
    if unpaid:
        text = _("The payment for %(month)s is awaited") % {"month": words.month_words(unpaid[-1].month)}
        return Awaited(text, "written-off")
    return None
