"""Background work of sign-in: sessions that ended do not stay in the database."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions() -> None:
    """Remove sessions that have ended. Safe to repeat."""
    call_command("clearsessions")
