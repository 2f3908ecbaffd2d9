"""How far a close has come: kept in the cache for the page that shows it, so that it can be left and found again.

The close itself needs none of it: it is one transaction, and its row in the database says that it is done.
"""

import datetime
from dataclasses import dataclass, field

from django.core.cache import cache
from django.utils import timezone

from acts.enums import CloseStage
from schools.models import Issuer
from voucher_portal.dates import Month

KEPT_SECONDS = 24 * 3600
# The hard limit of the task: who has said nothing for so long does not work any more.
SILENT_AFTER = datetime.timedelta(hours=1)


@dataclass
class Progress:
    """A close that was asked for: by whom, when each stage began, and what stopped it."""

    asked_by: str
    asked_at: datetime.datetime
    stages: dict[str, datetime.datetime] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_running(self) -> bool:
        """Whether somebody still works on it, or will."""
        last = max([self.asked_at, *self.stages.values()])
        return not self.problem and timezone.now() - last < SILENT_AFTER


def _key(issuer: Issuer, programme: str, month: Month) -> str:
    return f"close:{issuer.pk}:{programme}:{month}"


def ask(issuer: Issuer, programme: str, month: Month, *, by: str) -> bool:
    """Note that the close was asked for; False when one is under way already."""
    key, asked = _key(issuer, programme, month), Progress(by, timezone.now())
    if cache.add(key, asked, KEPT_SECONDS):
        return True
    known = cache.get(key)
    if known and known.is_running:
        return False
    cache.set(key, asked, KEPT_SECONDS)
    return True


def tell(issuer: Issuer, programme: str, month: Month, stage: CloseStage) -> None:
    """A stage has begun."""
    progress = progress_of(issuer, programme, month) or Progress("", timezone.now())
    progress.stages[stage.value] = timezone.now()
    cache.set(_key(issuer, programme, month), progress, KEPT_SECONDS)


def fail(issuer: Issuer, programme: str, month: Month, problem: str) -> None:
    """The close stopped; `problem` is fit for the user."""
    progress = progress_of(issuer, programme, month) or Progress("", timezone.now())
    progress.problem = problem
    cache.set(_key(issuer, programme, month), progress, KEPT_SECONDS)


def forget(issuer: Issuer, programme: str, month: Month) -> None:
    """Nothing is under way any more."""
    cache.delete(_key(issuer, programme, month))


def progress_of(issuer: Issuer, programme: str, month: Month) -> Progress | None:
    """What is known of a close that was asked for."""
    return cache.get(_key(issuer, programme, month))
