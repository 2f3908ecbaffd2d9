"""Read what a state database answers: elements and their values.

Elements are found by local name, in a namespace or in none: the databases differ, and a newer version of one may
differ from an older. A path such as "child/iin" goes downwards. What is missing or empty is None. Every getter raises
BadMessage, which names the element and never its value, for what does not fit its type, and nothing else.
"""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from lxml import etree

from integrations.safe_xml import BadMessage
from voucher_portal.dates import ALMATY, Month

MAX_RECORDS = 10_000  # of one element inside another
MAX_TEXT = 2_000  # characters; the longest names of organisations have some 500
MAX_CODE = 100

T = TypeVar("T")

_NUMBER = re.compile(r"[0-9]{12}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_OFFSET = r"(Z|[+-][0-9]{2}:[0-9]{2})?"
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})" + _OFFSET)
_MONTH = re.compile(r"([0-9]{4}-[0-9]{2})(-[0-9]{2})?" + _OFFSET)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?" + _OFFSET)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_TIYN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Coded:
    """A value of a dictionary. Any part may be missing; a value that came without a dictionary is its own code."""

    code: str | None = None
    name_ru: str | None = None
    name_kk: str | None = None


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace; empty for what is no element."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: etree._Element, path: str) -> list[etree._Element]:
    """Every element at `path`, in order, at most 10,000."""
    *above, name = path.split("/")
    parent = child(element, "/".join(above)) if above else element
    found = [] if parent is None else list(parent.iterchildren(f"{{*}}{name}"))
    if len(found) > MAX_RECORDS:
        raise BadMessage(f"{path} stands more than {MAX_RECORDS} times")
    return found


def child(element: etree._Element, path: str) -> etree._Element | None:
    """The element at `path`, which stands once or not at all."""
    for name in path.split("/"):
        found = list(element.iterchildren(f"{{*}}{name}"))
        if not found:
            return None
        if len(found) > 1:
            raise BadMessage(f"{path} stands more than once")
        element = found[0]
    return element


def required(element: etree._Element, path: str) -> etree._Element:
    """The element at `path`, which has to be there."""
    found = child(element, path)
    if found is None:
        raise BadMessage(f"{path} is missing")
    return found


def has(element: etree._Element, path: str) -> bool:
    """Whether something is said at `path`, in whatever form; "false" and an empty element say nothing."""
    found = child(element, path)
    return found is not None and (len(found) > 0 or (found.text or "").strip() not in ("", "false", "0"))


def text(element: etree._Element, path: str, limit: int = MAX_TEXT) -> str | None:
    """The words at `path`, on one line."""
    return _own_text(child(element, path), path, limit)


def label(element: etree._Element, path: str) -> str | None:
    """The words at `path`, which may be those of a dictionary: then the Russian ones, else the Kazakh ones."""
    value = coded(element, path)
    return value and (value.name_ru or value.name_kk or value.code)


def code(element: etree._Element, path: str) -> str | None:
    """The code at `path`, at most 100 printable characters."""
    found = text(element, path, MAX_CODE)
    if found is not None and not found.isprintable():
        raise BadMessage(f"{path} is not a code")
    return found


def number(element: etree._Element, path: str) -> str | None:
    """The IIN or BIN at `path`: twelve digits. The check digit is the register's own affair."""
    found = text(element, path)
    if found is not None and not _NUMBER.fullmatch(found):
        raise BadMessage(f"{path} is not twelve digits")
    return found


def day(element: etree._Element, path: str) -> datetime.date | None:
    """The day at `path`: a date, whose offset says nothing, or a moment, of which the day in Almaty counts."""
    found = text(element, path)
    if found is None:
        return None
    date = _DAY.fullmatch(found)
    if date:
        return _parsed(datetime.date.fromisoformat, date[1], path)
    return _instant(found, path).date()


def instant(element: etree._Element, path: str) -> datetime.datetime | None:
    """The moment at `path`, in Asia/Almaty as one without offset is; a day alone is its first moment."""
    found = text(element, path)
    if found is None:
        return None
    date = _DAY.fullmatch(found)
    if date:
        first = _parsed(datetime.datetime.fromisoformat, date[1], path)
        return first.replace(tzinfo=ALMATY)
    return _instant(found, path)


def month(element: etree._Element, path: str) -> Month | None:
    """The month at `path`: "2025-10", or any of its days."""
    found = text(element, path)
    if found is None:
        return None
    match = _MONTH.fullmatch(found)
    if not match:
        raise BadMessage(f"{path} is not a month")
    return Month.of(_parsed(datetime.date.fromisoformat, match[1] + (match[2] or "-01"), path))


def money(element: etree._Element, path: str) -> Decimal | None:
    """The sum at `path`, KZT, two places; its sign is as it came."""
    exact = decimal(element, path)
    if exact is None:
        return None
    rounded = exact.quantize(_TIYN)
    if exact != rounded:
        raise BadMessage(f"{path} has a fraction of a tiyn")
    return rounded


def decimal(element: etree._Element, path: str) -> Decimal | None:
    """The number at `path`, at most fifteen digits before the point and ten after it."""
    found = text(element, path)
    if found is None:
        return None
    if not _DECIMAL.fullmatch(found):
        raise BadMessage(f"{path} is not a number")
    return Decimal(found)


def integer(element: etree._Element, path: str) -> int | None:
    """The whole number at `path`, at most nine digits."""
    found = text(element, path)
    if found is None:
        return None
    if not _INTEGER.fullmatch(found):
        raise BadMessage(f"{path} is not a whole number")
    return int(found)


def boolean(element: etree._Element, path: str) -> bool | None:
    """Whether, by `path`: true, false, 1 or 0."""
    found = text(element, path)
    if found is None:
        return None
    if found not in _BOOLEANS:
        raise BadMessage(f"{path} is neither true nor false")
    return _BOOLEANS[found]


def coded(element: etree._Element, path: str) -> Coded | None:
    """The dictionary value at `path`; its parts are written like `nameRu` or like `NameRu`."""
    found = child(element, path)
    return None if found is None else coded_of(found)


def coded_of(element: etree._Element) -> Coded | None:
    """The dictionary value that `element` is."""
    if len(element):
        return Coded(*(_part(element, name) for name in ("code", "nameRu", "nameKz")))
    plain = _own_text(element, local_name(element), MAX_TEXT)
    return Coded(code=plain) if plain else None


def _part(element: etree._Element, name: str) -> str | None:
    small, capital = child(element, name), child(element, name[0].upper() + name[1:])
    return _own_text(capital if small is None else small, f"{local_name(element)}/{name}", MAX_TEXT)


def _own_text(element: etree._Element | None, path: str, limit: int) -> str | None:
    if element is None:
        return None
    if len(element):
        raise BadMessage(f"{path} has elements where a value belongs")
    words = " ".join((element.text or "").split())
    if len(words) > limit:
        raise BadMessage(f"{path} is longer than {limit} characters")
    return words or None


def _instant(found: str, path: str) -> datetime.datetime:
    if not _INSTANT.fullmatch(found):
        raise BadMessage(f"{path} is not a date or time")
    moment = _parsed(datetime.datetime.fromisoformat, found, path)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=ALMATY)
    return _parsed(lambda _text: moment.astimezone(ALMATY), found, path)


def _parsed(parse: Callable[[str], T], found: str, path: str) -> T:
    try:
        return parse(found)
    except (ValueError, OverflowError):
        raise BadMessage(f"{path} is not a date or time") from None
