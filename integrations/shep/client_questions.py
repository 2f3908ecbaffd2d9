"""From a question to what its answer says: writing it, and reading the three layers of success."""

import datetime
import time
import uuid
from dataclasses import dataclass, field

from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import asynchronous, payload, reading
from integrations.shep.archive import Archive, NotArchived
from integrations.shep.cache import AnswerCache, Kept
from integrations.shep.client_line import Trace
from integrations.shep.client_outcomes import Failed, failure_of_signing, reading_of_code
from integrations.shep.envelope import Question, Sender, almaty_now, body_of, message_of, read_answer
from integrations.shep.registers import (
    CONCLUSIVE,
    Asking,
    Channel,
    Consent,
    Outcome,
    Reading,
    Register,
    RegisterAnswer,
    believed,
)
from integrations.shep.wsse import CannotSign, Signer
from voucher_portal.logs import mask_iins

NOTHING = Reading(Outcome.NO_DATA, reason="no data")
NO_TIME = datetime.timedelta(0)
MAX_REASON, MAX_CHAIN = 500, 100  # characters


@dataclass(frozen=True)
class Account:
    """Who we are at the gateway, and where it is.

    `without_consent` are the codes of registers that the law opens without consent; `answer_within` is for how long
    an asynchronous question is not asked again.
    """

    url: str
    sender: Sender
    requestor_bin: str
    async_url: str = ""
    without_consent: frozenset[str] = frozenset()
    properties: tuple[tuple[str, str], ...] = ()
    answer_within: datetime.timedelta = datetime.timedelta(days=3)
    accepts_sample_code: bool = False  # `Success` of the sample server: for tests only


@dataclass
class Call:
    """One question on its way. `is_out_of_reach`: it ended so because the service does not answer."""

    register: Register
    key_hash: str
    correlation_id: str | None
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    asked_at: datetime.datetime = field(default_factory=almaty_now)
    started: float = field(default_factory=time.perf_counter)
    trace: Trace = field(default_factory=Trace)
    is_out_of_reach: bool = False

    def __post_init__(self) -> None:
        if len(self.correlation_id or "") > MAX_CHAIN:
            raise ValueError(f"correlation_id has more than {MAX_CHAIN} characters")

    def answer(self, found: Reading, answered_at: datetime.datetime | None = None) -> RegisterAnswer:
        """What the caller sees; a conclusive answer is good from `answered_at` on."""
        is_kept = found.outcome in CONCLUSIVE and self.register.keep > NO_TIME
        return RegisterAnswer(
            register=self.register.code,
            outcome=found.outcome,
            message_id=self.message_id,
            asked_at=self.asked_at,
            records=found.records,
            actual_at=found.actual_at,
            valid_until=(answered_at or almaty_now()) + self.register.keep if is_kept else None,
            raw_sha256=self.trace.answer_sha256,
            reason=mask_iins(found.reason)[:MAX_REASON],
        )

    def failed(self, failure: Failed) -> RegisterAnswer:
        """What the caller sees of a question without an answer."""
        self.is_out_of_reach = failure.is_out_of_reach
        return self.answer(Reading(failure.outcome, reason=failure.reason))


def written(call: Call, key, consent: Consent | None, account: Account, signer: Signer):
    """What stands in the message, and its `data`.

    Raises:
        Failed: the business element could not be signed.
    """
    register = call.register
    asking = Asking(
        message_id=call.message_id,
        asked_at=call.asked_at,
        sender_code=account.sender.sender_id,
        requestor_bin=account.requestor_bin,
        correlation_id=call.correlation_id,
        consent=consent,
    )
    element = register.write(key, asking)
    if register.is_signed:
        try:
            element = signer.signed_element(element)
        except CannotSign as error:
            raise failure_of_signing(error) from None
    question = Question(
        message_id=call.message_id,
        service_id=register.service_id,
        asked_at=call.asked_at,
        sender=account.sender,
        correlation_id=call.correlation_id,
        properties=account.properties,
    )
    return question, payload.data_of(element, register.form)


def read_sync(call: Call, key, account: Account, body: etree._Element) -> Reading:
    """What a verified body says to our question about `key`.

    Raises:
        Failed: it answers another question, or its code is one of failure.
        BadMessage: it cannot be understood.
    """
    answer = read_answer(body)
    ours = call.correlation_id
    if answer.message_id != call.message_id:
        raise Failed(Outcome.ERROR, "not believed: the answer names another messageId")
    if ours and answer.correlation_id not in (ours, None):
        raise Failed(Outcome.ERROR, "not believed: the answer names another correlationId")
    said = reading_of_code(answer, call.register, accepts_sample=account.accepts_sample_code)
    return said or believed(call.register, key, read_business(call.register, answer.data, call.message_id))


def read_business(register: Register, data: etree._Element | None, message_id: str) -> Reading:
    """What `data` says. Where it names the question it answers, as our profile does, that must be ours.

    Raises:
        Failed: it answers another question.
        BadMessage: it cannot be understood.
    """
    content = payload.content_of(data)
    if content is None:
        return NOTHING
    named = reading.code(content, "Answer/requestId")
    if named not in (message_id, None):
        raise Failed(Outcome.ERROR, "not believed: data names another requestId")
    return register.read(content)


def read_receipt(call: Call, body: etree._Element) -> None:
    """That the gateway took our question. Raises Failed or BadMessage."""
    receipt = asynchronous.read_receipt(body)
    if (receipt.message_id, receipt.correlation_id) != (call.message_id, call.correlation_id):
        raise Failed(Outcome.ERROR, "not believed: the receipt is for another message")


def remember(cache: AnswerCache, key_hash: str, answer: RegisterAnswer, answer_id: str) -> None:
    """Keep a conclusive answer for the time that it is good; `answer_id` finds it in the archived bytes."""
    if answer.outcome not in CONCLUSIVE or not answer.valid_until:
        return
    kept = Kept(
        outcome=answer.outcome,
        message_id=answer.message_id,
        answer_id=answer_id,
        raw_sha256=answer.raw_sha256,
        asked_at=answer.asked_at,
        valid_until=answer.valid_until,
        actual_at=answer.actual_at,
    )
    cache.put(answer.register, key_hash, kept, almaty_now())


def remembered(register: Register, kept: Kept, archive: Archive) -> RegisterAnswer | None:
    """An earlier answer, read again from the archive; None where that cannot be done any more."""
    try:
        found = _read_again(register, kept, archive)
    except (NotArchived, BadMessage, Failed):
        return None
    if found.outcome is not kept.outcome:
        return None
    return RegisterAnswer(
        register=register.code,
        outcome=kept.outcome,
        message_id=kept.message_id,
        asked_at=kept.asked_at,
        records=found.records,
        actual_at=kept.actual_at,
        valid_until=kept.valid_until,
        raw_sha256=kept.raw_sha256,
        is_from_cache=True,
    )


def _read_again(register: Register, kept: Kept, archive: Archive) -> Reading:
    if kept.outcome is Outcome.NOT_FOUND:
        return Reading(Outcome.NOT_FOUND)
    # Its signature was verified when it came; the archive's name is the hash of exactly these bytes.
    body = body_of(message_of(archive.get(kept.raw_sha256)))
    if register.channel is Channel.SYNC:
        return read_business(register, read_answer(body).data, kept.message_id)
    messages = [each for each in asynchronous.read_messages(body) if each.message_id == kept.answer_id]
    if len(messages) != 1:
        raise BadMessage("the message is not there")
    return read_business(register, messages[0].data, kept.message_id)
