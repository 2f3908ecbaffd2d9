"""The asynchronous channel: questions wait in a book, answers are fetched and acknowledged.

Source: contracts/shep.md §1, values and behaviour as docs/integrations.md has them (our profile).
"""

import datetime
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from integrations.emulators.shep_script import Rule
from integrations.emulators.shep_services import Question
from integrations.emulators.shep_wire import ALMATY, Refusal

MAX_MESSAGES = 100_000
DEFAULT_AMOUNT = 10


@dataclass(slots=True)
class Entry:
    """A question and the answer that belongs to it. Moments are seconds of the clock."""

    question: Question
    rule: Rule
    delivered_at: float
    answered_at: float
    answer_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    is_acknowledged: bool = False

    @property
    def answer_date(self) -> datetime.datetime:
        """When the register answered."""
        return datetime.datetime.fromtimestamp(self.answered_at, ALMATY)


class Book:
    """Every question by its messageId; safe for threads. The same messageId twice is one message."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._by_message: dict[str, Entry] = {}
        self._by_answer: dict[str, str] = {}

    def take(self, question: Question, rule: Rule, deliver_seconds: float, answer_seconds: float) -> None:
        """Write down a question. Raises Refusal when there are too many."""
        now = self._clock()
        with self._lock:
            if question.message_id in self._by_message:
                return
            if len(self._by_message) >= MAX_MESSAGES:
                raise Refusal("QUEUE-FULL", f"More than {MAX_MESSAGES} messages.")
            entry = Entry(question, rule, now + deliver_seconds, now + answer_seconds + rule.delay_seconds)
            self._by_message[question.message_id] = entry
            self._by_answer[entry.answer_id] = question.message_id

    def answers(self, service_id: str, correlation_id: str, message_id: str, amount: int) -> list[Entry]:
        """Answers that are ready and not acknowledged, oldest first."""
        now = self._clock()
        with self._lock:
            ready = [
                entry
                for entry in self._by_message.values()
                if entry.question.service.service_id == service_id
                and entry.answered_at <= now
                and not entry.is_acknowledged
                and correlation_id in ("", entry.question.correlation_id)
                and message_id in ("", entry.answer_id)
                and entry.rule.delivery in ("", "DELIVERED")
            ]
        return sorted(ready, key=lambda entry: entry.answered_at)[:amount]

    def acknowledge(self, answer_id: str, *, give_again: bool) -> None:
        """The client has the answer, or does not want it; an unknown id is harmless."""
        with self._lock:
            message_id = self._by_answer.get(answer_id)
            if message_id and not give_again:
                self._by_message[message_id].is_acknowledged = True

    def state(self, message_id: str) -> str:
        """ON_DELIVERY, DELIVERED, or what the rule of the question says. Raises Refusal for an unknown message."""
        with self._lock:
            entry = self._by_message.get(message_id)
        if entry is None:
            raise Refusal("MESSAGE_NOT_FOUND", "There is no message with this messageId.")
        if self._clock() < entry.delivered_at:
            return "ON_DELIVERY"
        return entry.rule.delivery or "DELIVERED"

    def counts(self) -> dict[str, int]:
        """How many questions there are, and how many answers were acknowledged."""
        with self._lock:
            done = sum(entry.is_acknowledged for entry in self._by_message.values())
            return {"questions": len(self._by_message), "acknowledged": done}
