"""The whole poll: every LMS to the ends of its feeds, then the decisions on what came."""

import dataclasses

from django.utils import timezone

from integrations.models import Lms
from registry.intake.contracts import Taken
from registry.intake.polling import poll
from registry.settling import settle_contracts


class PollError(Exception):
    """Nothing can be polled as asked; the text is fit for the user."""


def connected(code: str | None = None) -> list[Lms]:
    """The LMS that are polled, or the one named.

    Raises:
        PollError: it is unknown, or nobody has connected it yet.
    """
    if code is None:
        return list(Lms.objects.filter(is_active=True).exclude(url="").order_by("code"))
    lms = Lms.objects.filter(code=code).exclude(url="").first()
    if lms is None:
        raise PollError(f"no LMS with the code {code!r} is connected: see connect_lms")
    return [lms]


def poll_and_settle(lmses: list[Lms], *, months=None, progress=None) -> dict:
    """Poll `lmses` one after another and settle what came; contracts of all of them are decided on together.

    Returns what `poll_lms --json` prints: contracts and sheets {new, changed, repeated, put_aside}, vouchers
    {issued, reserved, unfunded {reason: n}}, and `failed` {LMS code: reason} for each that could not be read.
    """
    contracts, sheets, failed = Taken(), Taken(), {}
    for lms in lmses:
        polled = poll(lms, months=months, progress=progress)
        contracts.add(polled.contracts)
        sheets.add(polled.sheets)
        if polled.failure:
            failed[lms.code] = polled.failure
    return {
        "contracts": dataclasses.asdict(contracts),
        "sheets": dataclasses.asdict(sheets),
        "vouchers": settle_contracts(now=timezone.now(), progress=_of(progress)),
        "failed": failed,
    }


def _of(progress):
    return progress and (lambda done, total: progress(f"vouchers {done} of {total}"))
