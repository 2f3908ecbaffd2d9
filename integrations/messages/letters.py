"""A letter in the form of RFC 5322: headers, text, HTML, files. Nothing in it can begin a header or letter of its own.

The Message-ID is made of our id alone, so that a letter which was handed over twice is known by it: many mailboxes
show such twins once. SMTP itself promises nothing of the kind.
"""

import datetime
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from django.utils import timezone

from integrations.messages.outcomes import Attachment, BadMessage, Message, is_one_line
from integrations.messages.recipients import BadRecipient, Mailbox

MAX_ATTACHMENTS = 10
MAX_ATTACHMENT_BYTES = 7 * 1024 * 1024
MAX_LETTER_BYTES = 10 * 1024 * 1024  # files grow by a third and more in Base64
MAX_NAME = 120
CONTENT_TYPES = frozenset({"application/pdf", "text/csv", "image/png", "application/zip"})
_UNSUBSCRIBE_URL = re.compile(r"https?://[!-;=?-~]{1,500}")  # printable ASCII without < and >
_FILE_NAME = re.compile(r'[^/\\"<>:|?*]+')


class BadSender(ValueError):
    """MAIL_FROM is no address."""


def read_sender(text: str) -> Address:
    """`MAIL_FROM`: an address, or `Name <address>`. Raises BadSender."""
    name, bracket, rest = text.rpartition("<")
    address = rest.removesuffix(">") if bracket else text
    if not is_one_line(text) or (bracket and not rest.endswith(">")):
        raise BadSender("MAIL_FROM is no address")
    try:
        return Address(name.strip().strip('"'), addr_spec=Mailbox(address).address)
    except (BadRecipient, ValueError):
        raise BadSender("MAIL_FROM is no address") from None


def message_id(our_id: UUID, sender: Address) -> str:
    """The Message-ID of our id."""
    return f"<{our_id}@{sender.domain}>"


def compose(message: Message, sender: Address, *, at: datetime.datetime | None = None) -> bytes:
    """The letter, lines ended by CRLF. Raises BadMessage."""
    check(message)
    letter = EmailMessage(policy=SMTP)
    letter["Message-ID"] = message_id(message.our_id, sender)
    letter["Date"] = at or timezone.now()
    letter["From"] = sender
    letter["To"] = Address(addr_spec=message.to.address)
    letter["Subject"] = message.subject
    letter["Auto-Submitted"] = "auto-generated"  # no answer of an absent person's machine, RFC 3834
    if message.unsubscribe_url:
        letter["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
    # Base64 for all text: no line of it can be taken for the end of the letter, and none grows too long.
    letter.set_content(message.text, cte="base64")
    if message.html:
        letter.add_alternative(message.html, subtype="html", cte="base64")
    for attachment in message.attachments:
        maintype, _, subtype = attachment.content_type.partition("/")
        letter.add_attachment(attachment.content, maintype, subtype, filename=attachment.name)
    content = letter.as_bytes()
    if len(content) > MAX_LETTER_BYTES:
        raise BadMessage("too_large")
    return content


def check(message: Message) -> None:
    """Raises BadMessage for what no letter can carry."""
    if not message.subject.strip():
        raise BadMessage("no_subject")
    if message.unsubscribe_url and not _UNSUBSCRIBE_URL.fullmatch(message.unsubscribe_url):
        raise BadMessage("unsubscribe_url")
    if len(message.attachments) > MAX_ATTACHMENTS:
        raise BadMessage("too_many_attachments")
    for attachment in message.attachments:
        _check_attachment(attachment)
    if sum(len(attachment.content) for attachment in message.attachments) * 4 // 3 > MAX_LETTER_BYTES:
        raise BadMessage("too_large")


def _check_attachment(attachment: Attachment) -> None:
    name = attachment.name
    if not is_one_line(name) or not _FILE_NAME.fullmatch(name) or name.startswith(".") or len(name) > MAX_NAME:
        raise BadMessage("attachment_name")
    if attachment.content_type not in CONTENT_TYPES:
        raise BadMessage("attachment_type")
    if attachment.content_type == "application/pdf" and not attachment.content.startswith(b"%PDF-"):
        raise BadMessage("attachment_type")
    if len(attachment.content) > MAX_ATTACHMENT_BYTES:
        raise BadMessage("attachment_too_large")
