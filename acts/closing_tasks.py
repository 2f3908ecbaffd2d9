"""The close of a month in the background."""

import logging

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from acts import closing_progress
from acts.closing import CloseError, close_month
from acts.models import MonthClose
from acts.tasks import queue_documents
from schools.models import Issuer
from voucher_portal import dates
from voucher_portal.dates import Month

# Below the hour after which Redis gives an unacknowledged task to another worker.
HARD_LIMIT_SECONDS = 55 * 60
logger = logging.getLogger(__name__)


@shared_task(time_limit=HARD_LIMIT_SECONDS)
def run_close(issuer_id: int, programme: str, month: str, by_id: int) -> None:
    """Close the month and tell each stage. May run twice: a month is closed once (`acts.closing`)."""
    issuer, by = Issuer.objects.get(pk=issuer_id), User.objects.get(pk=by_id)
    place = issuer, programme, Month.parse(month)
    with override(by.language):
        try:
            close_month(
                issuer=issuer, programme=programme, month=place[2], today=dates.today(), now=timezone.now(), by=by,
                progress=lambda stage, *_counts: closing_progress.tell(*place, stage),
            )  # fmt: skip
        except CloseError as error:
            closing_progress.fail(*place, str(error))
        except Exception:
            logger.exception("the close of %s %s %s stopped", issuer, programme, month)
            closing_progress.fail(*place, _("The close stopped and changed nothing. Start it again."))
            raise
        else:
            closing_progress.forget(*place)
            queue_documents(MonthClose.objects.get(issuer=issuer, programme=programme, month=place[2].first).pk)
