"""Background work of the wires: later answers are fetched; what is kept of messages does not stay for ever."""

import structlog
from celery import shared_task
from django.conf import settings

from integrations.shep.client import gateway_of_settings
from integrations.shep.client_settings import archive_of_settings
from integrations.shep.registers import Channel
from integrations.shep.services.catalogue import REGISTERS

log = structlog.get_logger("portal.wires")


@shared_task
def collect_later_answers() -> None:
    """Fetch what the asynchronous state databases have answered since. Safe to repeat; several at once do no harm."""
    if not settings.SHEP_ASYNC_URL:
        return
    gateway = gateway_of_settings()
    for register in REGISTERS.values():
        if register.channel is Channel.ASYNC:
            collected = gateway.collect(register)
            found = {"answers": len(collected.answers), "strays": collected.strays, "reason": collected.reason}
            log.info("later answers collected", register=register.code, **found)


@shared_task
def purge_archive() -> None:
    """Remove what was archived more than ARCHIVE_DAYS ago. Safe to repeat and to interrupt."""
    removed = archive_of_settings().purge(settings.ARCHIVE_DAYS)
    log.info("archive purged", removed=removed, days=settings.ARCHIVE_DAYS)
