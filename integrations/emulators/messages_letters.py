"""Read a letter of any program: what stands in it, or its source where that cannot be said at a fair price."""

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser

from integrations.emulators.messages_box import File, Item
from integrations.emulators.messages_script import MAIL

MAX_FILES = 20
MAX_PARTS = 30  # also the deepest nesting; a letter of ours has three
MAX_HEADERS = 200  # of one part
MAX_HEADER = 1_000  # characters: the time and the memory that decoding takes grow with the square of the length
MAX_LINES = 500_000  # fifteen megabytes of an attachment have two hundred thousand
SHOWN_SOURCE = 20_000


class _TooMuch(Exception):
    """The letter has more of something than it may."""


class _Part(EmailMessage):
    """A letter or a part of one, with few and short headers."""

    def set_raw(self, name, value):
        """What the parser calls for every header."""
        if len(self) >= MAX_HEADERS:
            raise _TooMuch
        super().set_raw(name, value[:MAX_HEADER])


class _Parts:
    """Makes the parts of one letter, as many as it may have."""

    def __init__(self) -> None:
        self._left = MAX_PARTS

    def __call__(self, policy) -> _Part:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        return _Part(policy)


def item_of(content: bytes, address: str, mail_from: str) -> Item:
    """The letter to `address`; of one that cannot be read only its source, as its text."""
    source = content[:SHOWN_SOURCE].decode("utf-8", "replace")
    letter = _read(content)
    if letter is None:
        return Item(MAIL, address, "", source, sender=mail_from, source=source)
    return Item(
        MAIL,
        address,
        _header(letter, "Message-ID"),
        _part(letter, "plain"),
        sender=_header(letter, "From") or mail_from,
        subject=_header(letter, "Subject"),
        html=_part(letter, "html"),
        source=source,
        files=_files(letter),
    )


def _read(content: bytes) -> EmailMessage | None:
    if content.count(b"\n") > MAX_LINES:
        return None
    try:
        return BytesParser(_Parts(), policy=email.policy.default).parsebytes(content)
    except Exception:  # noqa: BLE001 too much of something, or email's parser stumbles: it raises whatever it likes
        return None


def _header(letter: EmailMessage, name: str) -> str:
    """A header's text; a letter of any program may come, and email's parser stumbles over some."""
    try:
        return str(letter.get(name, "")).strip()
    except Exception:  # noqa: BLE001 it raises IndexError, AttributeError and more
        return ""


def _part(letter: EmailMessage, subtype: str) -> str:
    try:
        part = letter.get_body((subtype,))
        return part.get_content().replace("\r\n", "\n") if part else ""
    except Exception:  # noqa: BLE001 as above
        return ""


def _files(letter: EmailMessage) -> tuple[File, ...]:
    try:
        parts = list(letter.iter_attachments())[:MAX_FILES]
        return tuple(
            File(part.get_filename("file"), part.get_content_type(), part.get_payload(decode=True) or b"")
            for part in parts
        )
    except Exception:  # noqa: BLE001 as above
        return ()
