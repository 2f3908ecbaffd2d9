"""The client of the state gateway ШЭП: ask a register, fetch later answers, ask a person for consent.

A question goes: cache, consent, limits, envelope, signature, HTTP with its repetitions, signature of the answer, ids,
the three layers of success, journal, cache. Whatever happens on the way is an outcome, never an exception of the
network. Source: contracts/shep.md §1-§3.
"""

import dataclasses
import functools
import time
from dataclasses import dataclass
from typing import TypeVar

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integrations.shep import asynchronous, client_journal, client_settings
from integrations.shep.archive import Archive
from integrations.shep.asynchronous import MessageState
from integrations.shep.cache import AnswerCache, Kept
from integrations.shep.client_collecting import Collected, Collector, Deliver
from integrations.shep.client_consent import ConsentKey, GivenConsent, consent_register
from integrations.shep.client_journal import ChainBusy
from integrations.shep.client_line import Line, Trace
from integrations.shep.client_outcomes import Failed
from integrations.shep.client_questions import Account, Call, read_receipt, read_sync, remember, remembered, written
from integrations.shep.envelope import almaty_now, send_message
from integrations.shep.registers import (
    Channel,
    Consent,
    Outcome,
    Reading,
    Register,
    RegisterAnswer,
)
from integrations.shep.wsse import RsaSigner

log = structlog.get_logger("portal.shep")

UNDELIVERABLE = frozenset({MessageState.NOT_DELIVERED, MessageState.DELIVERY_STOPPED})
NO_CONSENT = Reading(Outcome.CONSENT_NEEDED, reason="the person has not been asked for consent")

K = TypeVar("K")
R = TypeVar("R")


@dataclass
class Gateway:
    """The gateway as the rest of the portal knows it; one for all threads of a process."""

    account: Account
    line: Line
    archive: Archive
    cache: AnswerCache

    def ask(
        self,
        register: Register[K, R],
        key: K,
        *,
        consent: Consent | None = None,
        correlation_id: str | None = None,
        fresh: bool = False,
    ) -> RegisterAnswer[R]:
        """Ask `register` about `key`; `fresh`: not from the cache. Blocks for a minute at most.

        An answer that ran out comes back as STALE where the source cannot answer now. On the asynchronous channel the
        outcome is ASKED, also when the same question already waits for its answer. Not inside a transaction: a
        rollback would forget that we asked.

        Raises:
            ValueError: the question cannot be written, which is a fault of the caller.
            ImproperlyConfigured: the register is asynchronous and SHEP_ASYNC_URL is missing.
        """
        call = Call(register, self.cache.hash_of(register.code, str(key)), correlation_id)
        answer = None if fresh else self._fresh_enough(call)
        if answer is None:
            answer = self._asked(call, key, consent, fresh=fresh)
        if call.is_out_of_reach:
            answer = self._stale(call, answer)
        _log(call, answer)
        return answer

    def collect(self, register: Register, deliver: Deliver | None = None) -> Collected:
        """Fetch the later answers of an asynchronous register and acknowledge them.

        `deliver` gets each answer once, in the transaction that writes it to the journal: what it raises undoes both,
        and the answer comes again at the next run. Safe to run in several processes at once.
        """
        self._must_be_asynchronous()
        return Collector(self.account, self.line, self.cache, register, deliver).run()

    def delivery_state(self, register: Register, message_id: str) -> MessageState | None:
        """How far an asynchronous question came; None when the gateway cannot say. One that will never arrive ends."""
        self._must_be_asynchronous()
        root = asynchronous.get_message_status(message_id, self.account.sender, almaty_now())
        trace = Trace()
        try:
            state = self.line.exchange(
                self.account.async_url, register.service_id, root, asynchronous.read_state, trace
            )
        except Failed as failure:
            log.warning("state not known", register=register.code, message_id=message_id, reason=failure.reason)
            return None
        if state in UNDELIVERABLE:
            client_journal.end_undelivered(message_id, state.value, trace)
        return state

    def request_consent(self, key: ConsentKey) -> RegisterAnswer[GivenConsent]:
        """Ask a person for consent. FOUND: the record holds it; CONSENT_NEEDED: asked, ask again later; DENIED: no.

        Raises:
            ImproperlyConfigured: we have no RSA key to sign the web token with.
        """
        if not isinstance(self.line.signer, RsaSigner):
            raise ImproperlyConfigured("A consent takes a web token signed with RSA: SHEP_SIGN_WITH must be rsa")
        return self.ask(consent_register(self.line.signer.token), key)

    def _asked(self, call: Call, key, consent: Consent | None, *, fresh: bool) -> RegisterAnswer:
        register = call.register
        if register.needs_consent and consent is None and register.code not in self.account.without_consent:
            return call.answer(NO_CONSENT)
        if register.channel is Channel.ASYNC:
            return self._handed_over(call, key, consent, fresh=fresh)
        try:
            answer = call.answer(self._answered(call, key, consent))
        except Failed as failure:
            answer = call.failed(failure)
        client_journal.record(register, call.key_hash, answer, call.trace, call.correlation_id)
        remember(self.cache, call.key_hash, answer, answer.message_id)
        return answer

    def _answered(self, call: Call, key, consent: Consent | None) -> Reading:
        question, data = written(call, key, consent, self.account, self.line.signer)
        read = functools.partial(read_sync, call, key, self.account)
        root = send_message(question, data)
        return self.line.exchange(self.account.url, call.register.service_id, root, read, call.trace)

    def _handed_over(self, call: Call, key, consent: Consent | None, *, fresh: bool) -> RegisterAnswer:
        self._must_be_asynchronous()
        since = call.asked_at - self.account.answer_within
        earlier = None if fresh else client_journal.asked_already(call.register, call.key_hash, since)
        if earlier:
            call.message_id, call.asked_at = str(earlier.message_id), earlier.asked_at
            return call.answer(Reading(Outcome.ASKED))
        call.correlation_id = call.correlation_id or call.message_id
        asked = call.answer(Reading(Outcome.ASKED))
        try:
            client_journal.open_question(call.register, call.key_hash, asked, call.correlation_id)
        except ChainBusy:
            return call.answer(Reading(Outcome.ERROR, reason="a question of this chain waits for its answer"))
        answer = self._receipted(call, key, consent) or asked
        client_journal.handed_over(answer, call.trace)
        return answer

    def _receipted(self, call: Call, key, consent: Consent | None) -> RegisterAnswer | None:
        """None when the gateway took the question, else what became of it."""
        try:
            question, data = written(call, key, consent, self.account, self.line.signer)
            root, read = asynchronous.send_message(question, data), functools.partial(read_receipt, call)
            self.line.exchange(self.account.async_url, call.register.service_id, root, read, call.trace)
        except Failed as failure:
            return call.failed(failure)
        return None

    def _kept(self, call: Call) -> Kept | None:
        return self.cache.get(call.register.code, call.key_hash) if call.register.keep else None

    def _fresh_enough(self, call: Call) -> RegisterAnswer | None:
        kept = self._kept(call)
        if not kept or call.asked_at >= kept.valid_until:
            return None
        return remembered(call.register, kept, self.archive)

    def _stale(self, call: Call, answer: RegisterAnswer) -> RegisterAnswer:
        """The old answer, with the reason why there is no new one; the failure itself where there is none."""
        kept = self._kept(call)
        old = remembered(call.register, kept, self.archive) if kept else None
        return dataclasses.replace(old, outcome=Outcome.STALE, reason=answer.reason) if old else answer

    def _must_be_asynchronous(self) -> None:
        if not self.account.async_url:
            raise ImproperlyConfigured(
                "The asynchronous channel of the state gateway is not connected: SHEP_ASYNC_URL"
            )


def gateway_of_settings() -> Gateway:
    """The gateway that the settings name, one for the process until they change.

    Raises:
        ImproperlyConfigured: a setting is missing, or a key or certificate cannot be read.
    """
    client_settings.must_be_configured()
    names = sorted(name for name in dir(settings) if name.startswith(("SHEP_", "NCANODE_", "ARCHIVE_")))
    return _gateway(tuple(str(getattr(settings, name)) for name in names))


@functools.lru_cache(maxsize=1)
def _gateway(_settings: tuple[str, ...]) -> Gateway:
    connection, archive = client_settings.connection_of_settings(), client_settings.archive_of_settings()
    return Gateway(
        client_settings.account_of_settings(),
        client_settings.line_of_settings(connection, archive),
        archive,
        client_settings.cache_of_settings(connection),
    )


def _log(call: Call, answer: RegisterAnswer) -> None:
    """One line a question; neither its key nor what it was answered."""
    log.info(
        "register asked",
        register=answer.register,
        message_id=answer.message_id,
        outcome=answer.outcome.value,
        is_from_cache=answer.is_from_cache,
        tries=call.trace.tries,
        milliseconds=round((time.perf_counter() - call.started) * 1000, 1),
    )
