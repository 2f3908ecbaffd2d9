"""Who owes the next step of an act, since when, and until when it has to be paid."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from acts.enums import ActState
from acts.models import Act
from voucher_portal.dates import ALMATY

OWNERS = {
    ActState.TO_PROVIDER: _("You: check and submit the act"),
    ActState.RETURNED: _("You: correct and submit again"),
    ActState.TO_CUSTOMER: _("Education department: accept the act"),
    ActState.SIGNED: _("Operator: pay the act"),
}
OURS = (ActState.TO_PROVIDER, ActState.RETURNED)


@dataclass(frozen=True)
class Step:
    """The next step; `owner` is empty for an act that is paid."""

    owner: str
    since: datetime.date | None
    is_ours: bool


def next_step(act: Act) -> Step:
    """The next step of `act`, from the provider's side."""
    since = {
        ActState.TO_CUSTOMER: act.submitted_at,
        ActState.RETURNED: act.decided_at,
        ActState.SIGNED: act.decided_at,
    }.get(act.state)
    day = since.astimezone(ALMATY).date() if since else act.drawn_up_on
    owner = OWNERS.get(act.state, "")
    return Step(str(owner), day if owner else None, act.state in OURS)
