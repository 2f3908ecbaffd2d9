"""The gateway at work: check a request in the contract's order of layers, ask the world, answer as the script says."""

import datetime
import hmac
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from integrations.emulators import shep_wire as wire
from integrations.emulators.shep_answers import answer_to, data_of
from integrations.emulators.shep_async import DEFAULT_AMOUNT, Book, Entry
from integrations.emulators.shep_calls import Calls
from integrations.emulators.shep_consent import ConsentDesk, consent_fields
from integrations.emulators.shep_http import NOTHING, Sending
from integrations.emulators.shep_script import NO_RULE, Prompter, Rule
from integrations.emulators.shep_services import (
    BY_CODE,
    BY_SERVICE_ID,
    CONSENT_SERVICE,
    Question,
    Service,
    question_in,
)
from integrations.emulators.shep_signatures import Known, Signer, check_transport
from integrations.emulators.shep_trouble import spoilt
from integrations.emulators.shep_wire import Received, Refusal, ResponseInfo, Stamp
from integrations.emulators.shep_world import World

_ASYNC_OPERATIONS = ("sendMessage", "getMessages", "getMessageStatus", "sendDeliveryNotification")
_NO_TOKEN = ("SBF-AD-1", "The consent token is not known, not of this person or no longer in force")
_ANSWERED_LATER = {"not_found": "not_found_in_answer", "no_match": "not_found_in_answer", "fault": "error"}
_TELLING = {"ON_DELIVERY": "Message is on delivery", "DELIVERED": "Message has been delivered"}


@dataclass(frozen=True)
class Keys:
    """The gateway's own key, the client that it knows, and a key that belongs to nobody."""

    signer: Signer
    known: Known
    stranger: Signer = field(repr=False)


@dataclass(slots=True)
class _Call:
    """One request on its way: what is known of it so far goes into the log and the fault."""

    at: datetime.datetime
    operation: str = "SendMessage"
    message_id: str = ""
    service: str = ""
    key: str = ""
    rule: Rule = NO_RULE
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    result: str = "answered"

    @property
    def stamp(self) -> Stamp:
        """How its answer is dated."""
        return Stamp(self.at, self.rule.offset)

    @property
    def is_carried_out(self) -> bool:
        """Whether the gateway itself saw it: a status of HTTP comes from something in front of it."""
        return self.rule.http_status == 200

    @property
    def session(self) -> str:
        """The session as the rule wants it written."""
        return {"braces": f"{{{self.session_id}}}", "bare": self.session_id, "none": ""}[self.rule.session_id]


class Desk:
    """Takes bodies, gives what is sent; safe for threads."""

    def __init__(
        self,
        world: World,
        keys: Keys,
        sender: tuple[str, str],
        prompter: Prompter,
        calls: Calls,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.world, self.keys, self.prompter, self.calls = world, keys, prompter, calls
        self.book = Book(clock)
        self.consent = ConsentDesk(keys.signer.certificate, clock)
        self.wait: Callable[[float], Any] = time.sleep
        self._sender = sender
        self._clock = clock
        self._schema = wire.Schema("envelope.xsd")

    def told(self) -> dict[str, Any]:
        """What is waiting."""
        return {"asynchronous": self.book.counts(), "consents_pending": len(self.consent.pending())}

    def sending(self, body: bytes, path: str) -> Sending:
        """The answer to one POST."""
        call = _Call(datetime.datetime.fromtimestamp(self._clock(), wire.ALMATY))
        try:
            root = self._answer(body, path, call)
            is_fault = False
        except Refusal as refusal:
            call.result = f"fault {refusal.code}"
            root, is_fault = wire.fault(call.operation, refusal, call.stamp, call.session), True
        self.calls.add(call.at.timestamp(), call.operation, call.message_id, call.service, call.key, call.result)
        return self._sent(root, call, is_fault)

    def _sent(self, root: etree._Element, call: _Call, is_fault: bool) -> Sending:
        rule = call.rule
        pause = self.prompter.script.latency_seconds + rule.silence_seconds
        pause += 0 if call.operation == "sendMessage" else rule.delay_seconds
        if pause:
            self.wait(pause)
        if rule.silence_seconds:
            return NOTHING
        if rule.http_status != 200:
            headers = {"Location": "/sync"} if 300 <= rule.http_status < 400 else {}
            text = f"<html><body>{rule.http_status}</body></html>".encode()
            return Sending.whole(text, rule.http_status, content_type="text/html", headers=headers)
        if is_fault and not rule.hostile:
            return Sending.whole(self.keys.signer.signed(root), 500)
        return spoilt(root, rule, self.keys.signer, self.keys.stranger)

    def _answer(self, body: bytes, path: str, call: _Call) -> etree._Element:
        request = wire.received(body, self._schema)
        call.operation = request.name
        is_asynchronous = request.name in _ASYNC_OPERATIONS
        if path == ("/sync" if is_asynchronous else "/async"):
            raise Refusal("VAL-CHANNEL", f"{request.name} belongs to the other channel.")
        if is_asynchronous:
            return self._asynchronous(request, call)
        call.message_id = request.text("requestInfo/messageId")
        self._check_sender(request, "requestInfo/sender")
        return self._synchronous(request, call)

    def _check_sender(self, request: Received, path: str) -> None:
        stated = (request.text(f"{path}/senderId"), request.text(f"{path}/password"))
        if not all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(stated, self._sender, strict=True)):
            raise Refusal("SEC-SENDER", "The sender is not known, or its password is wrong.")
        if self._known:
            check_transport(request, self._known)

    @property
    def _known(self) -> Known | None:
        return None if self.prompter.script.allow_unsigned else self.keys.known

    def _synchronous(self, request: Received, call: _Call) -> etree._Element:
        service_id = request.text("requestInfo/serviceId")
        data = request.operation.find("request/requestData/data")
        correlation_id = request.text("requestInfo/correlationId")
        if service_id == CONSENT_SERVICE:
            status, answer = self._consent(data, call)
        else:
            service = _service(service_id, is_asynchronous=False)
            question = question_in(data, service, call.message_id, correlation_id, self._known)
            self._begin(call, service, question.key)
            status, answer = self._of_world(question, call)
        call.result = status[0]
        info = ResponseInfo(
            message_id=str(uuid.uuid4()) if call.rule.wrong == "other_message_id" else call.message_id,
            correlation_id=str(uuid.uuid4()) if call.rule.wrong == "foreign_correlation" else correlation_id,
            status=status,
            session_id=call.session,
            stamp=call.stamp,
        )
        return wire.sync_answer(info, answer)

    def _begin(self, call: _Call, service: Service, key: str) -> None:
        call.service, call.key = service.code, key
        call.rule = self.prompter.rule(call.operation, service.code, service.service_id, key)
        if call.rule.outcome == "fault" and call.operation != "sendMessage":
            raise Refusal(call.rule.code or "TEST-001", call.rule.message or "Service is not available")

    def _of_world(self, question: Question, call: _Call) -> tuple[tuple[str, str], etree._Element | None]:
        token = question.other.get("kdpToken")
        if token is not None and self.prompter.script.check_tokens:
            if not self.consent.knows(token, question.key, question.service.code):
                return _NO_TOKEN, None
        return answer_to(question, self.world.records(question), self.world.actual_at, call.rule, call.stamp)

    def _consent(self, data: etree._Element | None, call: _Call) -> tuple[tuple[str, str], etree._Element | None]:
        fields = consent_fields(data, call.message_id, self._known, self._clock())
        call.service, call.key = CONSENT_SERVICE, fields["uin"]
        call.rule = self.prompter.rule(call.operation, CONSENT_SERVICE, CONSENT_SERVICE, call.key)
        if call.rule.outcome == "fault":
            raise Refusal(call.rule.code or "TEST-001", call.rule.message or "Service is not available")
        if call.rule.outcome in ("error", "not_found", "no_match"):
            return (call.rule.code or "SBF-VE-8", call.rule.message or "Consent was not asked for"), None
        return wire.PROCESSED, self.consent.answer(fields, self.prompter.script, call.stamp)

    def _asynchronous(self, request: Received, call: _Call) -> etree._Element:
        handle = {
            "sendMessage": self._take_message,
            "getMessages": self._give_messages,
            "getMessageStatus": self._give_status,
            "sendDeliveryNotification": self._acknowledge,
        }[request.name]
        self._check_sender(request, "messageInfo/sender" if request.name == "sendMessage" else "sender")
        return handle(request, call)

    def _take_message(self, request: Received, call: _Call) -> etree._Element:
        call.message_id = request.text("messageInfo/messageId")
        service = _service(request.text("messageInfo/serviceId"), is_asynchronous=True)
        if request.text("messageInfo/messageType") != "REQUEST":
            raise Refusal("VAL-TYPE", "messageType of a question is REQUEST.")
        correlation_id = request.text("messageInfo/correlationId")
        data = request.operation.find("request/messageData/data")
        question = question_in(data, service, call.message_id, correlation_id, self._known)
        self._begin(call, service, question.key)
        script = self.prompter.script
        if call.is_carried_out:
            self.book.take(question, call.rule, script.deliver_seconds, script.answer_seconds)
        fields = {
            "messageId": str(uuid.uuid4()) if call.rule.wrong == "other_message_id" else call.message_id,
            "correlationId": str(uuid.uuid4()) if call.rule.wrong == "foreign_correlation" else correlation_id,
            "responseDate": str(call.stamp),
        }
        return wire.async_answer("sendMessage", fields | _session(call))[0]

    def _give_messages(self, request: Received, call: _Call) -> etree._Element:
        service = _service(request.text("serviceId"), is_asynchronous=True)
        self._begin(call, service, "")
        amount = int(request.text("amount") or DEFAULT_AMOUNT)
        found = self.book.answers(service.service_id, request.text("correlationId"), request.text("messageId"), amount)
        call.result = f"{len(found)} messages"
        root, response = wire.async_answer("getMessages", {"responseDate": str(call.stamp)} | _session(call))
        for entry in found:
            response.append(self._message(entry, call))
        return root

    def _message(self, entry: Entry, call: _Call) -> etree._Element:
        question, rule = entry.question, entry.rule
        message = etree.Element("messages")
        info = wire.add(message, "messageInfo")
        is_foreign = "foreign_correlation" in (call.rule.wrong, rule.wrong)
        fields = {
            "messageId": entry.answer_id,
            "correlationId": str(uuid.uuid4()) if is_foreign else question.correlation_id,
            "serviceId": question.service.service_id,
            "messageType": "RESPONSE",
            "messageDate": str(Stamp(entry.answer_date, rule.offset)),
        }
        for name, value in fields.items():
            wire.add(info, name, value)
        wire.add(wire.add(info, "sender"), "senderId", question.service.code)
        content = wire.add(message, "messageData")
        data = self._later(question, rule, Stamp(entry.answer_date, rule.offset))
        if data is not None:
            content.append(data)
        return message

    def _later(self, question: Question, rule: Rule, stamp: Stamp) -> etree._Element | None:
        """The `data` of an answer that has no status: what would have been one stands in the answer itself."""
        if rule.outcome in ("no_data", "data_missing"):
            return etree.Element("data") if rule.outcome == "no_data" else None
        found = self.world.records(question)
        outcome = _ANSWERED_LATER.get(rule.outcome, rule.outcome)
        if not found and outcome in ("", "found"):
            outcome = "not_found_in_answer"
        return data_of(question, found or [], self.world.actual_at, rule, stamp, outcome)

    def _give_status(self, request: Received, call: _Call) -> etree._Element:
        call.message_id = request.text("messageId")
        call.rule = self.prompter.rule(call.operation, "", "", "")
        state = self.book.state(call.message_id)
        root, response = wire.async_answer("getMessageStatus", {"messageState": state})
        status = wire.add(response, "status")
        wire.add(status, "statusCode", "SCSS001")
        wire.add(status, "statusMessage", _TELLING.get(state, "Message has not been delivered"))
        wire.add(status, "statusDate", str(call.stamp))
        wire.add(response, "responseDate", str(call.stamp))
        return root

    def _acknowledge(self, request: Received, call: _Call) -> etree._Element:
        call.message_id = request.text("notification/messageId")
        call.rule = self.prompter.rule(call.operation, "", "", "")
        resend = request.text("notification/deliveryStatus/resendMessage") in ("true", "1")
        is_delivered = request.text("notification/deliveryStatus/receiveStatus") == "DELIVERED"
        if call.is_carried_out:
            self.book.acknowledge(call.message_id, give_again=resend and not is_delivered)
        fields = {"notificationId": str(uuid.uuid4()), "responseDate": str(call.stamp)}
        return wire.async_answer("sendDeliveryNotification", fields | _session(call))[0]


def _service(service_id: str, *, is_asynchronous: bool) -> Service:
    service = BY_SERVICE_ID.get(service_id)
    if service is None:
        raise Refusal("SERVICE-UNKNOWN", f"There is no service {service_id} in the catalogue.")
    if service.is_asynchronous != is_asynchronous:
        channel = "asynchronous" if service.is_asynchronous else "synchronous"
        raise Refusal("SERVICE-CHANNEL", f"{service_id} is on the {channel} channel.")
    return BY_CODE[service.code]


def _session(call: _Call) -> dict[str, str]:
    return {"sessionId": call.session} if call.session else {}
