"""The journal of questions: one row each, in one statement, and what becomes of those whose answer comes later."""

import datetime

from django.db import IntegrityError, connection, transaction

from integrations.models import AWAITING, RegisterCall, StrayAnswer
from integrations.shep.client_line import Trace
from integrations.shep.registers import Channel, Outcome, Register, RegisterAnswer

_COLUMNS = (
    "message_id", "correlation_id", "register", "service_id", "channel", "key_hash", "outcome", "tries", "asked_at",
    "answered_at", "request_sha256", "answer_sha256", "reason",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO {RegisterCall._meta.db_table} ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"
)


class ChainBusy(Exception):
    """A question of this chain waits for its answer: a second one could not be told from it."""


def record(
    register: Register, key_hash: str, answer: RegisterAnswer, trace: Trace, correlation_id: str | None
) -> None:
    """A question as it ended, or, with the outcome ASKED, one that waits."""
    is_open = answer.outcome is Outcome.ASKED
    has_answer = bool(trace.answer_sha256) and not is_open
    row = {
        "message_id": answer.message_id,
        "correlation_id": correlation_id or "",
        "register": register.code,
        "service_id": register.service_id,
        "channel": register.channel.value,
        "key_hash": key_hash,
        "outcome": answer.outcome.value,
        "tries": trace.tries,
        "asked_at": answer.asked_at,
        "answered_at": datetime.datetime.now(datetime.UTC) if has_answer else None,
        "request_sha256": trace.request_sha256,
        "answer_sha256": trace.answer_sha256 if has_answer else "",
        "reason": answer.reason,
    }
    # Not through the ORM, which takes twice as long as the database to insert one row, at every question.
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [row[name] for name in _COLUMNS])


def open_question(register: Register, key_hash: str, asked: RegisterAnswer, correlation_id: str) -> None:
    """Before a question is handed over, so that its answer never comes before its row.

    Raises:
        ChainBusy: another one of this chain waits.
    """
    try:
        with transaction.atomic():
            record(register, key_hash, asked, Trace(), correlation_id)
    except IntegrityError:
        raise ChainBusy(correlation_id) from None


def handed_over(answer: RegisterAnswer, trace: Trace) -> None:
    """How handing it over went. Also where it failed the question may have arrived, and its answer come."""
    has_ended = answer.outcome is not Outcome.ASKED
    waiting(answer.message_id).update(
        outcome=answer.outcome.value,
        tries=trace.tries,
        request_sha256=trace.request_sha256,
        answer_sha256=trace.answer_sha256 if has_ended else "",
        reason=answer.reason,
    )


def waiting(message_id: str):
    """The row of a question whose answer may still come: one or none."""
    return RegisterCall.objects.filter(AWAITING, message_id=message_id)


def asked_already(register: Register, key_hash: str, since: datetime.datetime) -> RegisterCall | None:
    """The question about the same key that was asked after `since` and waits for its answer."""
    rows = RegisterCall.objects.filter(
        key_hash=key_hash, register=register.code, outcome=Outcome.ASKED.value, asked_at__gte=since
    )
    return rows.order_by("-asked_at").first()


def question_of_chain(service_id: str, correlation_id: str) -> RegisterCall | None:
    """The question that an answer of the asynchronous channel is for; one that waits comes before one that is over."""
    rows = RegisterCall.objects.filter(
        correlation_id=correlation_id, channel=Channel.ASYNC.value, service_id=service_id
    ).order_by("-asked_at")
    return rows.filter(AWAITING).order_by("-asked_at").first() or rows.first()


def is_waiting(call: RegisterCall) -> bool:
    """Whether its answer may still come."""
    return call.answered_at is None


def settle(call: RegisterCall, answer: RegisterAnswer) -> bool:
    """Write the answer to its question; False when another process has done so."""
    return bool(
        waiting(str(call.message_id)).update(
            outcome=answer.outcome.value,
            answered_at=datetime.datetime.now(datetime.UTC),
            answer_sha256=answer.raw_sha256,
            reason=answer.reason,
        )
    )


def put_aside(service_id: str, message_id: str, correlation_id: str, raw_sha256: str) -> None:
    """Remember a message that answers nothing we asked. Safe to repeat."""
    StrayAnswer.objects.bulk_create(
        [
            StrayAnswer(
                service_id=service_id,
                message_id=message_id[:100],
                correlation_id=correlation_id[:100],
                answer_sha256=raw_sha256,
                received_at=datetime.datetime.now(datetime.UTC),
            )
        ],
        ignore_conflicts=True,
    )


def end_undelivered(message_id: str, state: str, trace: Trace) -> None:
    """No answer will come: the gateway could not deliver the question."""
    waiting(message_id).update(
        outcome=Outcome.ERROR.value,
        answered_at=datetime.datetime.now(datetime.UTC),
        answer_sha256=trace.answer_sha256,
        reason=state,
    )
