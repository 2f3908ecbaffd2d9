"""Writes of accounts: the record of readings, and what a person changes about himself."""

from accounts.models import Organisation, ReadLog, User


def record_read(
    *, user: User, organisation: Organisation | None, object_kind: str, object_id, ip: str | None, request_id: str
) -> ReadLog:
    """Add one reading of a child's card to the append-only record. One INSERT; each call is one reading."""
    return ReadLog.objects.create(
        user=user,
        organisation=organisation,
        object_kind=object_kind,
        object_id=str(object_id),
        ip=ip or None,
        request_id=request_id,
    )


def choose_language(*, user: User, language: str) -> None:
    """Keep the language with the person, for pages, letters and the next sign-in. Safe to repeat."""
    if user.language != language:
        user.language = language
        user.save(update_fields=["language"])
