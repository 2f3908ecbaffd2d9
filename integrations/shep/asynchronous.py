"""The asynchronous channel v10: a question is handed over, its answer is fetched later and acknowledged.

Names and order of the elements: WSDL of yaskhan/nobdsoap, XSD of aarystanovv/shep-service. What they leave open (types
of messages, states of a receipt, how an answer names its question) is our profile: docs/integrations.md. As in the
synchronous channel the roots are in the channel's namespace and everything inside is in none.
"""

import datetime
import enum
from dataclasses import dataclass

from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import reading
from integrations.shep.envelope import Question, Sender, content_of, moment, put, put_properties, put_sender

ASYNC = "http://bip.bee.kz/AsyncChannel/v10/Types"
MAX_MESSAGES = 100  # of one page
REQUEST, RESPONSE = "REQUEST", "RESPONSE"


class MessageState(enum.StrEnum):
    """How far a message of ours came."""

    ON_DELIVERY = "ON_DELIVERY"
    DELIVERED = "DELIVERED"
    NOT_DELIVERED = "NOT_DELIVERED"
    DELIVERY_STOPPED = "DELIVERY_STOPPED"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the gateway says when it takes a question."""

    message_id: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message for us. `data` is None where there is none."""

    message_id: str
    correlation_id: str
    service_id: str
    message_type: str
    data: etree._Element | None


def send_message(question: Question, data: etree._Element) -> etree._Element:
    """The root that hands a question over."""
    root, request = _request("sendMessage")
    info = etree.SubElement(request, "messageInfo")
    put(info, "messageId", question.message_id)
    put(info, "correlationId", question.correlation_id)
    put(info, "serviceId", question.service_id)
    put(info, "messageType", REQUEST)
    put(info, "messageDate", moment(question.asked_at))
    put_sender(info, question.sender)
    put_properties(info, question.properties)
    etree.SubElement(request, "messageData").append(data)
    return root


def get_messages(service_id: str, sender: Sender, now: datetime.datetime, amount: int) -> etree._Element:
    """The root that fetches up to `amount` messages of a service, the oldest first."""
    root, request = _request("getMessages")
    put(request, "requestDate", moment(now))
    put(request, "serviceId", service_id)
    put_sender(request, sender)
    put(request, "amount", str(amount))
    return root


def get_message_status(message_id: str, sender: Sender, now: datetime.datetime) -> etree._Element:
    """The root that asks how far a message of ours came."""
    root, request = _request("getMessageStatus")
    put(request, "messageId", message_id)
    put(request, "requestDate", moment(now))
    put_sender(request, sender)
    return root


def send_delivery_notification(
    message: Message, sender: Sender, now: datetime.datetime, refusal: tuple[str, str] | None = None
) -> etree._Element:
    """The root that acknowledges a message, which then does not come again.

    `refusal` is the code and the text of why we could do nothing with it.
    """
    at = moment(now)
    root, request = _request("sendDeliveryNotification")
    notification = etree.SubElement(request, "notification")
    put(notification, "messageId", message.message_id)
    put(notification, "serviceId", message.service_id)
    put(notification, "notificationDate", at)
    status = etree.SubElement(notification, "deliveryStatus")
    put(status, "receiveStatus", "NOT_DELIVERED" if refusal else "DELIVERED")
    put(status, "statusDate", at)
    put(status, "resendMessage", "false")
    if refusal:
        error = etree.SubElement(status, "error")
        put(error, "errorCode", refusal[0])
        put(error, "errorMessage", refusal[1])
        put(error, "errorDate", at)
    put(request, "requestDate", at)
    put_sender(request, sender)
    return root


def read_receipt(body: etree._Element) -> Receipt:
    """What the gateway says to a question. Raises BadMessage."""
    response = _response(body, "sendMessageResponse")
    return Receipt(reading.code(response, "messageId") or "", reading.code(response, "correlationId") or "")


def read_messages(body: etree._Element) -> tuple[Message, ...]:
    """The messages that wait for us, at most a hundred. Raises BadMessage."""
    response = _response(body, "getMessagesResponse")
    found = reading.children(response, "messages")
    if len(found) > MAX_MESSAGES:
        raise BadMessage(f"more than {MAX_MESSAGES} messages at once")
    return tuple(_message(element) for element in found if len(element))


def read_state(body: etree._Element) -> MessageState:
    """How far a message of ours came. Raises BadMessage."""
    response = _response(body, "getMessageStatusResponse")
    state = reading.code(response, "messageState")
    if state not in set(MessageState):
        raise BadMessage("messageState is not one of the known ones")
    return MessageState(state)


def read_acknowledgement(body: etree._Element) -> str:
    """The gateway's id of an acknowledgement. Raises BadMessage."""
    return reading.code(_response(body, "sendDeliveryNotificationResponse"), "notificationId") or ""


def _request(name: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{ASYNC}}}{name}", nsmap={"as": ASYNC})
    return root, etree.SubElement(root, "request")


def _response(body: etree._Element, name: str) -> etree._Element:
    return reading.required(content_of(body, f"{{{ASYNC}}}{name}"), "response")


def _message(element: etree._Element) -> Message:
    info = reading.required(element, "messageInfo")
    return Message(
        message_id=reading.code(info, "messageId") or "",
        correlation_id=reading.code(info, "correlationId") or "",
        service_id=reading.code(info, "serviceId") or "",
        message_type=reading.code(info, "messageType") or "",
        data=reading.child(element, "messageData/data"),
    )
