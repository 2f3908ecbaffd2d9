"""The way of an act as its page tells it: each step with the name, the time, and who owes the next one since when."""

import datetime
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from acts import perms
from acts.enums import DECIDABLE, SUBMITTABLE, ActEventKind, ActState
from acts.models import Act
from acts.words import days_to_pay
from acts.workflow import ACCEPTED, SUBMITTED
from voucher_portal.dates import ALMATY
from voucher_portal.words import day, day_words, moment

DONE, WAITS, PROBLEM, AHEAD = "redeemed", "written-off", "problem", "active"


@dataclass(frozen=True)
class Step:
    """One step: its colour (of `is-…`), what happened or is owed, by whom and when."""

    label: str
    colour: str
    lines: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether it has been taken."""
        return self.colour == DONE


@dataclass(frozen=True)
class Action:
    """What the person in front of the page may do now: the address of its question and the word of its button."""

    url_name: str
    label: str | Promise
    task: str | Promise


SUBMIT = Action(
    "acts:submit", gettext_lazy("Send for acceptance"), gettext_lazy("Check the act and send it to the department")
)
ACCEPT = Action("acts:accept", gettext_lazy("Accept"), gettext_lazy("Check the act and accept it or return it"))


def action_of(user, act: Act) -> Action | None:
    """The one primary action of `user` on `act`, None when there is nothing to do."""
    if act.state in SUBMITTABLE and perms.can_submit_act(user, act):
        return SUBMIT
    if act.state in DECIDABLE and perms.can_accept_act(user, act):
        return ACCEPT
    return None


def steps_of(act: Act, today: datetime.date) -> list[Step]:
    """Drawn up, submitted, accepted, paid. Needs the people of the act and of its close: no query."""
    return [_drawn_up(act), _submitted(act), _accepted(act), _paid(act, today)]


def _by(person, at: datetime.datetime | None) -> tuple[str, ...]:
    return tuple(part for part in (person.short_name if person else "", moment(at) if at else "") if part)


def _drawn_up(act: Act) -> Step:
    who = act.close.closed_by
    return Step(ActEventKind.DRAWN_UP.label, DONE, tuple(filter(None, (who and who.short_name, day(act.drawn_up_on)))))


def _submitted(act: Act) -> Step:
    if act.state in SUBMITTED:
        return Step(ActEventKind.SUBMITTED.label, DONE, _by(act.submitted_by, act.submitted_at))
    if act.state == ActState.RETURNED:
        reason = _("Reason: %(reason)s") % {"reason": act.return_reason}
        return Step(ActEventKind.RETURNED.label, PROBLEM, (*_by(act.decided_by, act.decided_at), reason))
    return Step(ActEventKind.SUBMITTED.label, WAITS, (_owed(_("the director of the organisation"), act.drawn_up_on),))


def _accepted(act: Act) -> Step:
    if act.state in ACCEPTED:
        return Step(ActEventKind.ACCEPTED.label, DONE, _by(act.decided_by, act.decided_at))
    if act.state in DECIDABLE:
        owed = _owed(_("the education department"), act.submitted_at.astimezone(ALMATY).date())
        return Step(ActEventKind.ACCEPTED.label, WAITS, (owed,))
    return Step(ActEventKind.ACCEPTED.label, AHEAD)


def _paid(act: Act, today: datetime.date) -> Step:
    if act.state == ActState.PAID:
        return Step(ActEventKind.PAID.label, DONE, _by(None, act.paid_at))
    if act.state == ActState.SIGNED:
        until = _("Pay before: %(day)s") % {"day": day_words(act.pay_before)}
        return Step(ActEventKind.PAID.label, PROBLEM if is_overdue(act, today) else WAITS, (until, clock(act, today)))
    return Step(ActEventKind.PAID.label, AHEAD)


def _owed(who: str, since: datetime.date) -> str:
    return _("Next step: %(who)s, since %(day)s") % {"who": who, "day": day(since)}


def is_overdue(act: Act, today: datetime.date) -> bool:
    """Whether the last day to pay is over and the act is not paid."""
    return act.state == ActState.SIGNED and act.pay_before < today


def clock(act: Act, today: datetime.date) -> str:
    """«осталось 12 календарных дней»: what is left of the days to pay; empty while they do not run."""
    return days_to_pay((act.pay_before - today).days) if act.state == ActState.SIGNED else ""
