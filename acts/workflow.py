"""The way of an act between its two sides: submitted by the provider, accepted or returned by the department.

Every step locks the act, may be repeated without harm and leaves one event. A person's right to a step is asked by
`acts.perms` before; the step itself asks the state of the act. Payment begins from acts in the state SIGNED.
Source: REG §13.1.
"""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django_fsm import can_proceed

from accounts.models import User
from acts.enums import ActEventKind, ActState
from acts.errors import ActError
from acts.models import Act, ActEvent
from registry.rules import rules_on
from voucher_portal.dates import ALMATY

SUBMITTED = (ActState.TO_CUSTOMER, ActState.SIGNED, ActState.PAID)
ACCEPTED = (ActState.SIGNED, ActState.PAID)


@transaction.atomic
def submit_act(*, act_id: int, by: User, now: datetime.datetime) -> Act:
    """The provider's side: send the act to the department. An act already on its way stays as it is.

    Raises:
        ActError: `by` returned this act for the department, so that the same hand may not submit it.
    """
    act = _locked(act_id)
    if act.state in SUBMITTED:
        return act
    _put_name_under(act, by, other_side=act.decided_by_id)
    act.submit(by=by, at=now)
    act.save(update_fields=["state", "submitted_by", "submitted_at", "decided_by", "decided_at"])
    _record(act, ActEventKind.SUBMITTED, by=by, now=now)
    return act


@transaction.atomic
def accept_act(*, act_id: int, by: User, now: datetime.datetime, today: datetime.date | None = None) -> Act:
    """The department's side: accept the act; the days to pay run from `today` (None: the day of `now` in Almaty).

    Accepting twice is harmless. `pay_before` is the last day to pay: today + `pay_after_act_days` calendar days of
    the rules of the act's month.

    Raises:
        ActError: the act is not submitted, or `by` submitted it.
        NoRules: the reference data has no rules for the act's month.
    Source: REG §13.1, §18 PAY_AFTER_ACT_DAYS.
    """
    act = _locked(act_id)
    if act.state in ACCEPTED:
        return act
    if not can_proceed(act.accept):
        raise ActError(_("Only an act that the organisation has submitted can be accepted. Refresh the page."))
    _put_name_under(act, by, other_side=act.submitted_by_id)
    act.accept(by=by, at=now, pay_before=_pay_before(act, today or now.astimezone(ALMATY).date()))
    act.save(update_fields=["state", "decided_by", "decided_at", "pay_before", "return_reason"])
    _record(act, ActEventKind.ACCEPTED, by=by, now=now)
    return act


@transaction.atomic
def return_act(*, act_id: int, by: User, now: datetime.datetime, reason: str) -> Act:
    """The department's side: give the act back with a reason; the provider submits it again. Twice is harmless.

    Raises:
        ActError: no reason, the act is not submitted or is accepted already, or `by` submitted it.
    """
    act = _locked(act_id)
    if act.state == ActState.RETURNED:
        return act
    if act.state in ACCEPTED:
        raise ActError(_("The act is already accepted. Corrections go into the next act."))
    if not can_proceed(act.send_back):
        raise ActError(_("Only an act that the organisation has submitted can be returned. Refresh the page."))
    if not reason.strip():
        raise ActError(_("Give the reason."))
    _put_name_under(act, by, other_side=act.submitted_by_id)
    act.send_back(by=by, at=now, reason=reason.strip())
    act.save(update_fields=["state", "decided_by", "decided_at", "return_reason"])
    _record(act, ActEventKind.RETURNED, by=by, now=now, note=act.return_reason)
    return act


def _locked(act_id: int) -> Act:
    acts = Act.objects.select_related("state_order")
    return acts.select_for_update(of=("self",)).get(pk=act_id)


def _put_name_under(act: Act, by: User, *, other_side: int | None) -> None:
    """What a person must bring to put his name under an act: the one gate of both sides.

    Here stands what a signature has to prove (REG §13.4); today it is that one person does not act for both sides.
    """
    if other_side == by.pk:
        raise ActError(_("You have acted on this act for the other side. Another person must do this step."))


def _pay_before(act: Act, day: datetime.date) -> datetime.date:
    rules = rules_on(act.state_order.programme, act.bill_month)
    return day + datetime.timedelta(days=rules.pay_after_act_days)


def _record(act: Act, kind: ActEventKind, *, by: User, now: datetime.datetime, note: str = "") -> None:
    ActEvent.objects.create(act=act, kind=kind, by=by, happened_at=now, note=note)
