"""Later answers: fetch them, give each to the question it is for, once, and acknowledge it.

The gateway gives a message again until it is acknowledged. An answer is written to its question and handed to
`deliver` in one transaction, and acknowledged after it: whatever dies in between, it is delivered exactly once.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import transaction

from integrations.models import RegisterCall
from integrations.safe_xml import BadMessage
from integrations.shep import asynchronous, client_journal
from integrations.shep.asynchronous import Message
from integrations.shep.cache import AnswerCache
from integrations.shep.client_line import Line, Trace
from integrations.shep.client_outcomes import Failed
from integrations.shep.client_questions import Account, Call, read_business, remember
from integrations.shep.envelope import almaty_now
from integrations.shep.registers import Outcome, Reading, Register, RegisterAnswer, believed_by_hash

log = structlog.get_logger("portal.shep")

PAGE = 50  # messages asked for at once
MAX_PAGES = 40  # of one run; the rest waits for the next one

Deliver = Callable[[RegisterAnswer], None]


@dataclass(frozen=True, slots=True)
class Collected:
    """What one run fetched. `reason` says why it ended early, for operators."""

    answers: tuple[RegisterAnswer, ...] = ()
    strays: int = 0
    reason: str = ""


@dataclass
class Collector:
    """Fetches the answers of one register."""

    account: Account
    line: Line
    cache: AnswerCache
    register: Register
    deliver: Deliver | None = None

    def run(self) -> Collected:
        """Fetch until nothing is left, or a page brings nothing that this run has not seen."""
        answers: list[RegisterAnswer] = []
        seen: set[str] = set()
        strays = 0
        for _page in range(MAX_PAGES):
            trace = Trace()
            try:
                messages = [each for each in self._page(trace) if each.message_id not in seen]
                for message in messages:
                    answer, refusal = self._taken_in(message, trace.answer_sha256)
                    answers += [answer] if answer else []
                    strays += refusal is _STRAY
                    self._acknowledge(message, refusal)
            except Failed as failure:
                return Collected(tuple(answers), strays, failure.reason)
            if not messages:
                break
            seen.update(message.message_id for message in messages)
        return Collected(tuple(answers), strays)

    def _page(self, trace: Trace) -> tuple[Message, ...]:
        root = asynchronous.get_messages(self.register.service_id, self.account.sender, almaty_now(), PAGE)
        return self._exchange(root, asynchronous.read_messages, trace)

    def _exchange(self, root, read, trace: Trace):
        return self.line.exchange(self.account.async_url, self.register.service_id, root, read, trace)

    def _taken_in(self, message: Message, raw: str) -> tuple[RegisterAnswer | None, tuple[str, str] | None]:
        """The answer if it is one that we had not, and why the gateway is told that we could do nothing with it."""
        is_answer = message.service_id == self.register.service_id and message.message_type == asynchronous.RESPONSE
        question = self._question(message.correlation_id) if is_answer else None
        if question is None:
            client_journal.put_aside(self.register.service_id, message.message_id, message.correlation_id, raw)
            log.warning("answer to nothing we asked", register=self.register.code, message_id=message.message_id[:100])
            return None, _STRAY
        if not client_journal.is_waiting(question):
            return None, None
        answer, is_readable = self._answer(question, message, raw)
        with transaction.atomic():
            if not client_journal.settle(question, answer):
                return None, None
            if self.deliver:
                self.deliver(answer)
        remember(self.cache, question.key_hash, answer, message.message_id)
        log.info("register answered", register=answer.register, message_id=answer.message_id, outcome=answer.outcome)
        return answer, None if is_readable else _UNREADABLE

    def _question(self, correlation_id: str) -> RegisterCall | None:
        return client_journal.question_of_chain(self.register.service_id, correlation_id) if correlation_id else None

    def _answer(self, question: RegisterCall, message: Message, raw: str) -> tuple[RegisterAnswer, bool]:
        call = Call(self.register, question.key_hash, question.correlation_id, str(question.message_id))
        call.asked_at = question.asked_at
        call.trace.answer_sha256 = raw
        try:
            found = read_business(self.register, message.data, call.message_id)
            return call.answer(
                believed_by_hash(self.register, functools.partial(self._is_asked, question), found)
            ), True
        except BadMessage as error:
            return call.answer(Reading(Outcome.ERROR, reason=f"unreadable: {error.reason}")), False
        except Failed as failure:
            return call.failed(failure), False

    def _is_asked(self, question: RegisterCall, key) -> bool:
        return self.cache.hash_of(self.register.code, str(key)) == question.key_hash

    def _acknowledge(self, message: Message, refusal: tuple[str, str] | None) -> None:
        """One that cannot be told now comes again in the next run and is told then."""
        root = asynchronous.send_delivery_notification(message, self.account.sender, almaty_now(), refusal=refusal)
        try:
            self._exchange(root, asynchronous.read_acknowledgement, Trace())
        except Failed as failure:
            log.warning("not acknowledged", register=self.register.code, reason=failure.reason)


_STRAY = ("UNKNOWN_CORRELATION", "No question waits for this answer")
_UNREADABLE = ("UNREADABLE", "The answer cannot be understood")
