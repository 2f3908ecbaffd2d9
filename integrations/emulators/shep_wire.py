"""The gateway's side of the wire: what a request must look like, and what answers and faults look like.

Source: contracts/shep.md §1, §2. The names are repeated on purpose: two readings of one contract meet on the wire.
"""

import datetime
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SYNC = "http://bip.bee.kz/SyncChannel/v10/Types"
ASYNC = "http://bip.bee.kz/AsyncChannel/v10/Types"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
ALMATY = datetime.timezone(datetime.timedelta(hours=5))
PROCESSED = ("SCSS001", "Message has been processed successfully")
MAX_REQUEST_BYTES = 5 * 1024 * 1024

_SCHEMAS = Path(__file__).parent / "shep_schemas"
_XSD_ERRORS = 3  # of which the fault tells


class Refusal(Exception):
    """The request is answered by a fault with this code and these words."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Received:
    """A request that is valid for the schema: `operation` is the element in the Body, `info` its business header."""

    envelope: etree._Element
    body: etree._Element
    operation: etree._Element

    @property
    def name(self) -> str:
        """`SendMessage` of the synchronous channel, the four names of the asynchronous one."""
        return etree.QName(self.operation).localname

    def text(self, path: str) -> str:
        """The text at a path below `request`, "" when it is not there."""
        return (self.operation.findtext(f"request/{path}") or "").strip()


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and how an answer is dated: `offset` is "+05:00", "+06:00" or "" for a time without one."""

    at: datetime.datetime
    offset: str = "+05:00"

    def __str__(self) -> str:
        hours = int(self.offset[:3] or 5)
        local = self.at.astimezone(datetime.timezone(datetime.timedelta(hours=hours)))
        return f"{local:%Y-%m-%dT%H:%M:%S}{self.offset}"


class Schema:
    """The XSD set of what the gateway takes, our own reading of the contract; safe for threads."""

    def __init__(self, name: str) -> None:
        self._schema = etree.XMLSchema(file=str(_SCHEMAS / name))
        self._lock = threading.Lock()

    def check(self, element: etree._Element, code: str) -> None:
        """Raises Refusal with the first errors of the schema."""
        with self._lock:  # the error log belongs to the schema
            if self._schema.validate(element):
                return
            errors = [error.message for error in self._schema.error_log][:_XSD_ERRORS]
        raise Refusal(code, " ".join(errors))


def parsed(content: bytes) -> etree._Element:
    """The root of a document without document type. Raises Refusal."""
    if len(content) > MAX_REQUEST_BYTES:
        raise Refusal("VAL-SIZE", f"The message has more than {MAX_REQUEST_BYTES} bytes.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError) as error:
        raise Refusal("VAL-XML", f"The message is not well-formed XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise Refusal("VAL-XML", "A document type is not allowed in a SOAP message.")
    return root


def received(content: bytes, schema: Schema) -> Received:
    """The request in a SOAP 1.1 envelope, valid for the schema. Raises Refusal."""
    root = parsed(content)
    if root.tag != f"{{{SOAP}}}Envelope":
        raise Refusal("VAL-SOAP", f"The root must be the Envelope of SOAP 1.1 ({SOAP}), it is {root.tag}.")
    schema.check(root, "VAL-XSD")
    body = root.find(f"{{{SOAP}}}Body")
    return Received(root, body, next(body.iterchildren(etree.Element)))


def envelope() -> tuple[etree._Element, etree._Element]:
    """An empty envelope with a header, and its Body, which carries an Id to be signed by."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(root, f"{{{SOAP}}}Header")
    body = etree.SubElement(root, f"{{{SOAP}}}Body", nsmap={"wsu": WSU})
    body.set(f"{{{WSU}}}Id", f"id-{uuid.uuid4()}")
    return root, body


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """A child in no namespace."""
    child = etree.SubElement(parent, name)
    child.text = text
    return child


@dataclass(frozen=True, slots=True)
class ResponseInfo:
    """The business header of a synchronous answer."""

    message_id: str
    correlation_id: str
    status: tuple[str, str]
    session_id: str
    stamp: Stamp


def sync_answer(info: ResponseInfo, data: etree._Element | None) -> etree._Element:
    """The envelope of an answer; without `data` there is an empty responseData."""
    root, body = envelope()
    response = add(etree.SubElement(body, f"{{{SYNC}}}SendMessageResponse", nsmap={"sc": SYNC}), "response")
    head = add(response, "responseInfo")
    add(head, "messageId", info.message_id)
    if info.correlation_id:
        add(head, "correlationId", info.correlation_id)
    add(head, "responseDate", str(info.stamp))
    status = add(head, "status")
    add(status, "code", info.status[0])
    add(status, "message", info.status[1][:250])
    if info.session_id:
        add(head, "sessionId", info.session_id)
    content = add(response, "responseData")
    if data is not None:
        content.append(data)
    return root


def async_answer(operation: str, fields: Mapping[str, str]) -> tuple[etree._Element, etree._Element]:
    """The envelope of an answer of the asynchronous channel with simple fields, and its `response`."""
    root, body = envelope()
    response = add(etree.SubElement(body, f"{{{ASYNC}}}{operation}Response", nsmap={"as": ASYNC}), "response")
    for name, value in fields.items():
        add(response, name, value)
    return root, response


def fault(operation: str, refusal: Refusal, stamp: Stamp, session_id: str) -> etree._Element:
    """The envelope of a fault of this operation, with the reason once more as its subError."""
    root, body = envelope()
    element = etree.SubElement(body, f"{{{SOAP}}}Fault")
    add(element, "faultcode", "soap:Server")
    add(element, "faultstring", f"{operation}Fault")
    name = (
        "SendMessageFault1_SendMessageFault" if operation == "SendMessage" else f"{operation}Fault1_{operation}Fault"
    )
    namespace = SYNC if operation == "SendMessage" else ASYNC
    detail = etree.SubElement(add(element, "detail"), f"{{{namespace}}}{name}", nsmap={"sc": namespace})
    for parent in (detail, None):
        parent = detail if parent is not None else add(detail, "subError")
        add(parent, "errorCode", refusal.code)
        add(parent, "errorMessage", printable(refusal.message))
        add(parent, "errorDate", str(stamp))
    if session_id:
        add(detail, "sessionId", session_id)
    return root


def printable(text: str) -> str:
    """Text that may stand in XML: a parser's words can repeat what it could not read."""
    return "".join(sign for sign in text if sign in "\t\n\r" or (sign.isprintable() and ord(sign) < 0xD800))[:1000]
