"""BER and DER from outside, looked at before any library sees it: size, depth, number of elements, no rest.

Signing programs write CMS in BER too (lengths left open, octet strings in pieces); what we verify and keep is one
form with every length written out.
"""

from collections.abc import Iterator

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 40
MAX_ELEMENTS = 20_000

_CONSTRUCTED = 0x20
_OCTET_STRING, _OCTET_STRING_IN_PIECES = 0x04, 0x24
_OPEN_LENGTH = -1
_END = b"\x00\x00"


class BadEncoding(ValueError):
    """The bytes are not exactly one element of BER, or one too large, too deep or too fragmented for a signature."""


def normalised(data: bytes) -> bytes:
    """The one element in `data` with definite lengths and whole octet strings. Raises BadEncoding.

    Bytes that are so already come back as they are, however their lengths are written.
    """
    if len(data) > MAX_BYTES:
        raise BadEncoding("too large")
    return _rewritten(data, 0, len(data))[0] if _needs_rewriting(data) else data


def children(element: bytes) -> tuple[int, list[bytes]]:
    """The first byte of the tag of a constructed element and the elements in it. Raises BadEncoding."""
    tag, start, length = _header(element, 0, len(element))
    if start + length != len(element) or not tag & _CONSTRUCTED:
        raise BadEncoding("not one constructed element")
    return tag, list(_elements(element, start))


def content(element: bytes, tag: int) -> bytes:
    """The content of the one primitive element with that tag. Raises BadEncoding."""
    found, start, length = _header(element, 0, len(element))
    if found != tag or start + length != len(element):
        raise BadEncoding("another element was expected")
    return element[start:]


def encoded(tag: int, inside: bytes) -> bytes:
    """An element in DER."""
    length = len(inside)
    if length < 0x80:
        return bytes((tag, length)) + inside
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + inside


def _elements(data: bytes, at: int) -> Iterator[bytes]:
    while at < len(data):
        _tag, start, length = _header(data, at, len(data))
        if length == _OPEN_LENGTH:
            raise BadEncoding("a length is left open")
        yield data[at : start + length]
        at = start + length


def _needs_rewriting(data: bytes) -> bool:
    """Walk through everything once. Raises BadEncoding."""
    ends: list[tuple[int, bool]] = []  # of the constructed elements around: where it must end, whether it is open
    at, elements, is_rewritten = 0, 0, False
    while True:
        while ends and not ends[-1][1] and at == ends[-1][0]:
            ends.pop()
        if not ends and elements:
            break
        limit, is_open = ends[-1] if ends else (len(data), False)
        if is_open and data[at : at + 2] == _END and at + 2 <= limit:
            ends.pop()
            at += 2
            continue
        tag, start, length = _header(data, at, limit)
        elements += 1
        _refuse_excess(elements, len(ends))
        is_rewritten |= length == _OPEN_LENGTH or tag == _OCTET_STRING_IN_PIECES
        if tag & _CONSTRUCTED:
            ends.append((limit, True) if length == _OPEN_LENGTH else (start + length, False))
            at = start
        else:
            at = start + length
    if at != len(data):
        raise BadEncoding("something follows the element")
    return is_rewritten


def _refuse_excess(elements: int, depth: int) -> None:
    if elements > MAX_ELEMENTS:
        raise BadEncoding("too many elements")
    if depth >= MAX_DEPTH:
        raise BadEncoding("nested too deeply")


def _header(data: bytes, at: int, limit: int) -> tuple[int, int, int]:
    """Tag, start of the content and its length, which lies before `limit`."""
    if at + 2 > limit:
        raise BadEncoding("it ends too early")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise BadEncoding("a tag that no signature has")
    if length == 0x80:
        if not tag & _CONSTRUCTED:
            raise BadEncoding("a value without length")
        return tag, start, _OPEN_LENGTH
    if length > 0x80:
        size = length & 0x7F
        if size > 4:
            raise BadEncoding("a length that cannot be")
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    if start + length > limit:
        raise BadEncoding("it ends too early")
    return tag, start, length


def _rewritten(data: bytes, at: int, limit: int) -> tuple[bytes, int]:
    """The element at that place in one form, and where it ends. Only after `_needs_rewriting` has seen it."""
    tag, start, length = _header(data, at, limit)
    if not tag & _CONSTRUCTED:
        return data[at : start + length], start + length
    is_open = length == _OPEN_LENGTH
    end = limit if is_open else start + length
    parts, at = [], start
    while at < end and not (is_open and data[at : at + 2] == _END):
        part, at = _rewritten(data, at, end)
        parts.append(part)
    if tag == _OCTET_STRING_IN_PIECES:
        inside = b"".join(content(part, _OCTET_STRING) for part in parts)
        return encoded(_OCTET_STRING, inside), at + 2 * is_open
    return encoded(tag, b"".join(parts)), at + 2 * is_open
