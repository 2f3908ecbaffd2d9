"""Background work of acts: rendering the documents, by any number of workers side by side."""

import logging

from celery import shared_task
from django.utils import timezone

from accounts.enums import Language
from acts import documents

RENDERED_TOGETHER = 20
QUEUED_AT_ONCE = 400
logger = logging.getLogger(__name__)


class DocumentsNotRendered(Exception):
    """Some acts of a task could not be rendered; the task comes again for them."""


@shared_task(autoretry_for=(DocumentsNotRendered,), retry_backoff=True, max_retries=5)
def render_act_documents(act_ids: list[int]) -> None:
    """Render what these acts lack; one that fails holds up no other. May run twice: each document is made once."""
    failed = [act_id for act_id in act_ids if not _is_rendered(act_id)]
    if failed:
        raise DocumentsNotRendered(failed)


def _is_rendered(act_id: int) -> bool:
    try:
        for language in Language:
            documents.store_document(act_id=act_id, language=language, now=timezone.now())
    except Exception:
        logger.exception("act %s: a document was not rendered", act_id)
        return False
    return True


def queue_documents(close_id: int) -> None:
    """After the transaction: spread over the workers what a close still lacks. Again queues only what is missing."""
    missing = documents.documents_missing(close_id)
    for start in range(0, len(missing), RENDERED_TOGETHER):
        render_act_documents.delay_on_commit(missing[start : start + RENDERED_TOGETHER])


@shared_task
def render_missing_documents() -> None:
    """Queue acts that still lack a document: their close ran by command, or a worker died. May run at any time."""
    missing = documents.documents_missing(most=QUEUED_AT_ONCE)
    for start in range(0, len(missing), RENDERED_TOGETHER):
        render_act_documents.delay(missing[start : start + RENDERED_TOGETHER])
