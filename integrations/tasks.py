"""Background work of the wires: what is kept of messages does not stay for ever."""

import structlog
from celery import shared_task
from django.conf import settings

from integrations.shep.client_settings import archive_of_settings

log = structlog.get_logger("portal.archive")


@shared_task
def purge_archive() -> None:
    """Remove what was archived more than ARCHIVE_DAYS ago. Safe to repeat and to interrupt."""
    removed = archive_of_settings().purge(settings.ARCHIVE_DAYS)
    log.info("archive purged", removed=removed, days=settings.ARCHIVE_DAYS)
