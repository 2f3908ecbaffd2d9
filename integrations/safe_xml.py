"""XML from outside, parsed without trusting it: no document type, no entities, no network, bounded size."""

import re

from lxml import etree

MAX_BYTES = 5 * 1024 * 1024
MAX_REASON = 300  # what we keep of a parser's words

_DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class BadMessage(ValueError):
    """The message cannot be read; `reason` says why and names the element. Nothing of it may be applied."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def document_of(content: bytes):
    """The root element of `content`, as it stands.

    Raises:
        BadMessage: larger than 5 MiB, not UTF-8, with a document type, or not well formed.
    """
    _refuse_dangerous(content)
    # A parser per call: lxml's are not for two threads at once.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError) as error:
        raise BadMessage(f"not well-formed XML: {error}"[:MAX_REASON]) from None


def _refuse_dangerous(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise BadMessage(f"larger than {MAX_BYTES} bytes")
    declared = _DECLARED_ENCODING.match(content.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise BadMessage("the encoding is not UTF-8")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise BadMessage("the encoding is not UTF-8") from None
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadMessage("a document type is not allowed")
