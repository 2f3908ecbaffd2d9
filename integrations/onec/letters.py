"""The letters of 1CClientBankExchange: which can be written, and in which encoding a bank wrote.

windows-1251 has і but none of ә ғ қ ң ө ұ ү һ. DOS (cp866) is read only: it lacks і as well, and the quotes « » and
dashes of names, so what a bank writes in it has lost them before we see it.
Source: contracts/payments.md §6.
"""

import codecs
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

from integrations.onec.fields import Header
from integrations.onec.messages import BadFile, Reason
from integrations.treasury.payment_rules import MAX_TEXT, clean_text

_MISSING, _INSTEAD = "әғқңөұүһ", "агкноуух"
_TRANSLITERATION = str.maketrans(_MISSING + _MISSING.upper(), _INSTEAD + _INSTEAD.upper())
_HEAD_BYTES = 4096  # the header is looked for here
_CHUNK_BYTES = 1024 * 1024


class Encoding(StrEnum):
    """How a file is written; the value is what its header says."""

    WINDOWS = "Windows"
    UTF8 = "UTF8"

    @property
    def codec(self) -> str:
        """Python's name of it; UTF-8 begins with a BOM."""
        return "cp1251" if self is Encoding.WINDOWS else "utf-8-sig"


def plain(text: str, encoding: Encoding, limit: int = MAX_TEXT) -> str:
    """`text` as the value of a field: on one line, at most `limit` characters, in letters that the encoding has.

    Only the eight Kazakh letters that windows-1251 lacks are transliterated; `unwritable` names any other sign.
    """
    one_line = clean_text(unicodedata.normalize("NFC", text), limit)
    return one_line.translate(_TRANSLITERATION) if encoding is Encoding.WINDOWS else one_line


def unwritable(text: str, encoding: Encoding) -> tuple[int, str] | None:
    """Place (from 1) and sign of the first character of `text` that the encoding lacks; None without any."""
    try:
        text.encode(encoding.codec)
    except UnicodeEncodeError as error:
        return error.start + 1, text[error.start]
    return None


def codec_of(content: bytes) -> str:
    """In which codec to read a file: BOM, strict UTF-8, what its header can be read in, windows-1251.

    Where the answer is utf-8 because of a BOM or of the header, the file may still break it further down.
    """
    if content.startswith(codecs.BOM_UTF8) or _is_utf8(content):
        return "utf-8"
    head = content[:_HEAD_BYTES]
    # A header that says DOS says so in DOS: the letters of the word itself tell more than its value.
    return next((codec for codec in ("utf-8", "cp866") if _has_header(head, codec)), "cp1251")


def lines_of(content: bytes, codec: str) -> Iterator[str]:
    """The lines of a file, without their ends. CRLF and LF end a line, no other sign does.

    Raises:
        BadFile: a line cannot be decoded, or is longer than a megabyte.
    """
    start, number = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0, 1
    while start < len(content):
        end = _end_of_chunk(content, start)
        if not end:
            raise BadFile(number, Reason.TOO_LONG)
        chunk = content[start:end]
        try:
            lines = chunk.decode(codec).removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            raise BadFile(number + chunk.count(b"\n", 0, error.start), Reason.NOT_TEXT) from None
        yield from lines
        start, number = end, number + len(lines)


def _end_of_chunk(content: bytes, start: int) -> int:
    """Where the last whole line ends that fits a chunk from `start`; 0 when the line there is too long."""
    if start + _CHUNK_BYTES >= len(content):
        return len(content)
    return content.rfind(b"\n", start, start + _CHUNK_BYTES) + 1


def _is_utf8(content: bytes) -> bool:
    """In chunks: one rare sign would make the text of a whole file four bytes wide."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            decoder.decode(content[start : start + _CHUNK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_header(head: bytes, codec: str) -> bool:
    return f"{Header.ENCODING.keys[0]}=" in head.decode(codec, errors="ignore").casefold()
