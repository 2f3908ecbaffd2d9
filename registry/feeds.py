"""How the feeds of the LMS are doing: whether an LMS answers, and in words why not."""

import datetime

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Four missed polls of `poll-lms` (voucher_portal/schedule.py): what came before says nothing of today.
STALE_AFTER = datetime.timedelta(hours=1)


class FeedState(models.TextChoices):
    """Source: glossary §12."""

    NONE = "NONE", _("Not connected")
    UP = "UP", _("Works")
    STALE = "STALE", _("Data are out of date")
    DOWN = "DOWN", _("Does not answer")


TROUBLED = (FeedState.DOWN, FeedState.STALE)


def state_of(now: datetime.datetime, path: str = "") -> Case:
    """An annotation with the `FeedState` of an LMS; `path` leads to it: `lms__`, or nothing for the LMS itself."""
    return Case(
        When(Q(**{f"{path}id": None}) | Q(**{f"{path}url": ""}), then=Value(FeedState.NONE)),
        When(~Q(**{f"{path}failure": ""}), then=Value(FeedState.DOWN)),
        When(
            Q(**{f"{path}polled_at": None}) | Q(**{f"{path}polled_at__lt": now - STALE_AFTER}),
            then=Value(FeedState.STALE),
        ),
        default=Value(FeedState.UP),
        output_field=models.CharField(),
    )


_FAILURES = {
    "Unavailable": _("It does not answer. The portal asks again by itself; if it goes on, tell the vendor."),
    "WrongToken": _("It does not accept our token. Enter the new token in the portal's settings."),
    "CursorTooOld": _("It has forgotten how far it was read, also from the beginning. Tell the vendor."),
    "FeedStuck": _("It says that there is more and never gives it. Tell the vendor."),
    "BadAnswer": _("It answers something that is not the agreed format. Tell the vendor."),
    "Refused": _("It refused the request. Tell the vendor."),
}


def failure_in_words(failure: str) -> Promise | str:
    """What `registry.intake.polling` noted as a failure, for people; empty for none."""
    if not failure:
        return ""
    return _FAILURES.get(failure.partition(":")[0], _FAILURES["Refused"])
