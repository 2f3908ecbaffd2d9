"""Read the treasury's XML: elements and their values.

Elements are found by local name, so that another version of a message, or a namespace of the bank's own, reads the
same.
Every getter raises BadMessage for a value that does not fit its type, and for nothing else.
"""

import datetime
import re
from decimal import Decimal
from uuid import UUID

from lxml import etree

from integrations.safe_xml import BadMessage, document_of
from voucher_portal.dates import ALMATY

MAX_ID = 35
MAX_CODE = 10  # a status has four characters; a bank's own may have some more
MAX_TEXT = 300  # what we keep of a text for people

_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,5})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?")
_TIME = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?")


def message_of(content: bytes, name: str):
    """The element `name` inside `Document`, its elements renamed to their local names.

    Raises:
        BadMessage: `document_of` refused it, or it is another message.
    """
    document = document_of(content)
    _use_local_names(document)
    message = document.find(name) if document.tag == "Document" else None
    if message is None:
        raise BadMessage(f"not a {name}")
    return message


def _use_local_names(document) -> None:
    """Take away the namespace of the document; an element of a foreign one keeps its own and is not found."""
    namespace = etree.QName(document).namespace
    if namespace is None:
        return
    prefix = f"{{{namespace}}}"
    for element in document.iter(f"{prefix}*"):
        element.tag = element.tag[len(prefix) :]


def text(element, path: str, limit: int = MAX_TEXT) -> str | None:
    """The text for people at `path`, on one line, at most `limit` characters; None when there is none."""
    found = element.findtext(path)
    return " ".join(found.split())[:limit] or None if found else None


def identifier(element, path: str) -> str | None:
    """The identifier at `path`, 1..35 printable characters; None when there is none, or the bank had none to give."""
    found = (element.findtext(path) or "").strip()
    if not found or found.upper() == "NOTPROVIDED":
        return None
    if len(found) > MAX_ID or not found.isprintable():
        raise BadMessage(f"{path} is not 1..{MAX_ID} printable characters")
    return found


def required_identifier(element, path: str) -> str:
    """The identifier at `path`, which has to be there."""
    found = identifier(element, path)
    if found is None:
        raise BadMessage(f"{path} is missing")
    return found


def code(element, path: str) -> str:
    """The code at `path`, as the bank wrote it; empty when there is none."""
    found = (element.findtext(path) or "").strip()
    if len(found) > MAX_CODE or " " in found or not found.isprintable():
        raise BadMessage(f"{path} is not a code")
    return found


def uetr(element, path: str) -> UUID | None:
    """The UUID at `path`, None when there is none."""
    found = (element.findtext(path) or "").strip().lower()
    if not found or found == "notprovided":
        return None
    if not _UUID.fullmatch(found):
        raise BadMessage(f"{path} is not a UUID")
    return UUID(found)


def flag(element, path: str) -> bool:
    """The indicator at `path`, false when there is none."""
    found = (element.findtext(path) or "").strip()
    if found not in ("", "true", "false", "1", "0"):
        raise BadMessage(f"{path} is neither true nor false")
    return found in ("true", "1")


def amount(element) -> tuple[Decimal, str]:
    """Sum and currency of an `Amt` element; the sum has two places."""
    found, currency = (element.text or "").strip(), element.get("Ccy", "")
    if not _AMOUNT.fullmatch(found) or not _CURRENCY.fullmatch(currency):
        raise BadMessage(f"{element.tag} is not a sum of money")
    exact = Decimal(found)
    rounded = exact.quantize(Decimal("0.01"))
    if exact != rounded:
        raise BadMessage(f"{element.tag} has a fraction of a tiyn")
    return rounded, currency


def day(element, path: str) -> datetime.date | None:
    """The day at `path`, a choice of `Dt` and `DtTm`; None when there is none."""
    on, at = (element.findtext(f"{path}/Dt") or "").strip(), (element.findtext(f"{path}/DtTm") or "").strip()
    if on:
        return _parsed(lambda found: datetime.date.fromisoformat(found[:10]), _DATE, on, path)
    if at:
        return _almaty(_parsed(datetime.datetime.fromisoformat, _TIME, at, path)).date()
    return None


def instant(element, path: str) -> datetime.datetime:
    """The moment at `path`, which has to be there; one without offset is in Asia/Almaty."""
    found = (element.findtext(path) or "").strip()
    return _almaty(_parsed(datetime.datetime.fromisoformat, _TIME, found, path))


def _parsed(parse, pattern: re.Pattern, found: str, path: str):
    if not pattern.fullmatch(found):
        raise BadMessage(f"{path} is not a date or time")
    try:
        return parse(found)
    except ValueError:
        raise BadMessage(f"{path} is not a date or time") from None


def _almaty(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(tzinfo=ALMATY) if moment.tzinfo is None else moment.astimezone(ALMATY)
