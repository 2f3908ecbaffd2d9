"""The envelope of the synchronous channel v10 and what both channels share: SOAP 1.1, senders, faults, moments.

The root of a body is in the channel's namespace, everything inside it in none, in a binding order. Everything is built
as elements, so no value can become markup. Source: contracts/shep.md §1, §6.
"""

import datetime
import re
from dataclasses import dataclass, field

from lxml import etree

from integrations.safe_xml import BadMessage, document_of
from integrations.shep import reading
from voucher_portal.dates import ALMATY

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SYNC = "http://bip.bee.kz/SyncChannel/v10/Types"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
CONTENT_TYPE = "text/xml; charset=utf-8"

# A tree of 5 MiB of tiny parts would fill the memory, and c14n takes the square of the attributes of an element.
MAX_TAGS = 300_000  # start and end tags of a message
MAX_EQUAL_SIGNS = 200_000  # so no more attributes
MAX_NAMESPACES = 10_000  # declarations
MAX_ATTRIBUTES = 100  # of one element
MAX_FAULT_DEPTH = 10
MAX_KEY, MAX_VALUE = 30, 500  # characters of a property

_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*\?>")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]+)""", re.IGNORECASE)
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who asks, as the gateway's operator named us."""

    sender_id: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """What stands in `requestInfo`. `asked_at` is aware and written with its offset, to the second."""

    message_id: str
    service_id: str
    asked_at: datetime.datetime
    sender: Sender
    correlation_id: str | None = None
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a `SendMessageResponse` says. `data` is None where there is none; `session_id` has no braces."""

    message_id: str
    correlation_id: str | None
    answered_at: datetime.datetime | None
    code: str
    message: str
    session_id: str | None
    data: etree._Element | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault: the gateway's own error, and those that led to it, outermost first."""

    code: str
    message: str
    occurred_at: datetime.datetime | None = None
    causes: tuple["Fault", ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of this error and of its causes."""
        return (self.code, *(cause.code for cause in self.causes))


def send_message(question: Question, data: etree._Element) -> etree._Element:
    """The root of a request around `data`."""
    root = etree.Element(f"{{{SYNC}}}SendMessage", nsmap={"sc": SYNC})
    request = etree.SubElement(root, "request")
    info = etree.SubElement(request, "requestInfo")
    put(info, "messageId", question.message_id)
    put(info, "correlationId", question.correlation_id)
    put(info, "serviceId", question.service_id)
    put(info, "messageDate", moment(question.asked_at))
    put_sender(info, question.sender)
    put_properties(info, question.properties)
    etree.SubElement(request, "requestData").append(data)
    return root


def put(parent: etree._Element, name: str, value: str | None) -> None:
    """Append an element without namespace, unless the value is missing."""
    if value is not None:
        etree.SubElement(parent, name).text = value


def put_sender(parent: etree._Element, sender: Sender) -> None:
    """Append who asks."""
    element = etree.SubElement(parent, "sender")
    put(element, "senderId", sender.sender_id)
    put(element, "password", sender.password)


def put_properties(parent: etree._Element, properties: tuple[tuple[str, str], ...]) -> None:
    """Append every property. Raises ValueError for one longer than the gateway takes."""
    for key, value in properties:
        if len(key) > MAX_KEY or len(value) > MAX_VALUE:
            raise ValueError(f"the property {key[:MAX_KEY]!r} is too long")
        element = etree.SubElement(parent, "properties")
        put(element, "key", key)
        put(element, "value", value)


def moment(at: datetime.datetime) -> str:
    """As the gateway writes it: 2025-11-05T10:15:00+05:00. Raises ValueError without an offset."""
    if at.tzinfo is None:
        raise ValueError("a moment needs its offset")
    return at.isoformat(timespec="seconds")


def envelope_of(root: etree._Element, body_id: str) -> etree._Element:
    """A SOAP envelope with an empty header, and `root` in a body that a signature can name."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Header")
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body", nsmap={"wsu": WSU})
    body.set(f"{{{WSU}}}Id", body_id)
    body.append(root)
    return envelope


def message_of(content: bytes, content_type: str = CONTENT_TYPE) -> etree._Element:
    """The document of an answer.

    Where HTTP names a charset, it wins over the XML declaration (RFC 7303 §3.2): UTF-8 bytes below a declaration of
    windows-1251 are read as UTF-8. Any other charset than UTF-8 is refused.

    Raises:
        BadMessage: it is not XML that we would read.
    """
    charset = _CHARSET.search(content_type or "")
    if not charset:
        return _bounded(content)
    if charset[1].lower() not in _UTF8:
        raise BadMessage("the charset is not UTF-8")
    try:
        return text_document(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadMessage("the encoding is not UTF-8") from None


def text_document(text: str) -> etree._Element:
    """The document that `text` is; what its declaration says of an encoding means nothing. Raises BadMessage."""
    return _bounded(_DECLARATION.sub("", text.strip("\ufeff \t\r\n"), count=1).strip().encode())


def _bounded(content: bytes) -> etree._Element:
    for sign, most in ((b"<", MAX_TAGS), (b"=", MAX_EQUAL_SIGNS), (b"xmlns", MAX_NAMESPACES)):
        if content.count(sign) > most:
            raise BadMessage(f"more than {most} times {sign.decode()}")
    document = document_of(content)
    if document.xpath("boolean(//*[count(@*) > $most])", most=MAX_ATTRIBUTES):
        raise BadMessage(f"an element with more than {MAX_ATTRIBUTES} attributes")
    return document


def body_of(document: etree._Element) -> etree._Element:
    """THE body: the only one, a child of the envelope, behind the header. Raises BadMessage."""
    names = [element.tag for element in document]
    allowed = ([f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"], [f"{{{SOAP}}}Body"])
    if document.tag != f"{{{SOAP}}}Envelope" or names not in allowed:
        raise BadMessage("not a SOAP 1.1 envelope with one body")
    return document[-1]


def fault_of(body: etree._Element) -> Fault | None:
    """The fault that the body holds, if it holds one. Raises BadMessage."""
    found = body.find(f"{{{SOAP}}}Fault")
    return None if found is None else _fault(found)


def content_of(body: etree._Element, name: str) -> etree._Element:
    """The one element of the body, which must have this name. Raises BadMessage."""
    if len(body) != 1 or body[0].tag != name:
        raise BadMessage(f"the body does not hold {etree.QName(name).localname} and nothing else")
    return body[0]


def read_answer(body: etree._Element) -> Answer:
    """What the gateway answers on the synchronous channel. Raises BadMessage."""
    root = content_of(body, f"{{{SYNC}}}SendMessageResponse")
    info = reading.required(root, "response/responseInfo")
    return Answer(
        message_id=reading.code(info, "messageId") or "",
        correlation_id=reading.code(info, "correlationId"),
        answered_at=reading.instant(info, "responseDate"),
        code=reading.code(info, "status/code") or "",
        message=reading.text(info, "status/message") or "",
        session_id=session_id(info),
        data=reading.child(root, "response/responseData/data"),
    )


def session_id(element: etree._Element) -> str | None:
    """The gateway's own id of the exchange, with or without braces. Raises BadMessage."""
    found = reading.code(element, "sessionId")
    return found and found.removeprefix("{").removesuffix("}")


def _fault(element: etree._Element) -> Fault:
    """A fault without the gateway's own error in it speaks by SOAP's code and words."""
    detail = reading.child(element, "detail")
    errors = [] if detail is None else [each for each in detail if reading.child(each, "errorCode") is not None]
    if errors:
        return _error(errors[0], MAX_FAULT_DEPTH)
    return Fault(reading.code(element, "faultcode") or "", reading.text(element, "faultstring") or "")


def _error(element: etree._Element, depth: int) -> Fault:
    """`depth` is how many nested errors are still read; deeper ones are left out."""
    inner = reading.child(element, "subError") if depth else None
    cause = None if inner is None else _error(inner, depth - 1)
    return Fault(
        code=reading.code(element, "errorCode") or "",
        message=reading.text(element, "errorMessage") or "",
        occurred_at=reading.instant(element, "errorDate"),
        causes=() if cause is None else (cause, *cause.causes),
    )


def almaty_now() -> datetime.datetime:
    """This moment, as questions name it."""
    return datetime.datetime.now(ALMATY)
