"""Answers that are wrong in one thing, and attacks on their reader. Source: contracts/shep.md §7, item 3."""

import copy
import functools
import gzip
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

from lxml import etree

from integrations.emulators.shep_http import Sending
from integrations.emulators.shep_script import Rule
from integrations.emulators.shep_signatures import DS, Signer
from integrations.emulators.shep_wire import ASYNC, SOAP, WSU

MIB = 1024 * 1024
LARGE_BYTES = 6 * MIB
HUGE_BYTES = 50 * MIB
DRIP_SECONDS = 1.0
DRIP_BYTES = 8
DEPTH = 100_000
_PIECE = b" " * 65_536
_SECRET_FILE = "file:///etc/hostname"


def spoilt(root: etree._Element, rule: Rule, signer: Signer, stranger: Signer) -> Sending:
    """The answer in `root`, signed and then made wrong or hostile as the rule says; without either as it should be."""
    if rule.hostile:
        return _HOSTILE[rule.hostile](root, signer)
    return Sending.whole(_signed(root, rule, signer, stranger))


def _signed(root: etree._Element, rule: Rule, signer: Signer, stranger: Signer) -> bytes:
    if rule.wrong == "unsigned":
        return etree.tostring(root, encoding="utf-8")
    if rule.wrong == "other_key":
        return Signer(stranger.key, signer.certificate).signed(root)
    if rule.wrong == "other_certificate":
        return stranger.signed(root)
    return signer.signed(root, is_digest_broken=rule.wrong == "broken_digest")


def _with_document_type(declarations: str) -> Callable[[etree._Element, Signer], Sending]:
    def make(root: etree._Element, signer: Signer) -> Sending:
        content = signer.signed(root)
        text, reference = content.decode(), "&e;"
        for name in ("message", "errorMessage", "responseDate"):
            if f"<{name}>" in text:
                text = text.replace(f"<{name}>", f"<{name}>{reference}", 1)
                break
        return Sending.whole(f"<!DOCTYPE x [{declarations}]>{text}".encode())

    return make


def _bomb() -> str:
    levels = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    return f'<!ENTITY e0 "ha">{levels}<!ENTITY e "&e9;">'


def _forged(root: etree._Element) -> etree._Element:
    """A Body that says something else: that nothing is found, or in the asynchronous channel that there is nothing."""
    body = copy.deepcopy(root.find(f"{{{SOAP}}}Body"))
    for code in body.iter("code"):
        code.text = "404"
        break
    for data in list(body.iter("data")):
        data.getparent().remove(data)
    for messages in list(body.iter("messages", f"{{{ASYNC}}}messages")):
        messages.getparent().remove(messages)
    return body


def _wrapped(root: etree._Element, signer: Signer) -> Sending:
    """Two Bodies with the same Id: the forged one first, the signed one after it."""
    forged = _forged(root)
    signed = etree.fromstring(signer.signed(root))
    signed.insert(1, forged)
    return Sending.whole(etree.tostring(signed, encoding="utf-8"))


def _wrapped_in_header(root: etree._Element, signer: Signer) -> Sending:
    """The signed Body hides in the header, another one with another Id is where the Body should be."""
    forged = _forged(root)
    forged.set(f"{{{WSU}}}Id", f"id-{uuid.uuid4()}")
    signed = etree.fromstring(signer.signed(root))
    body = signed.find(f"{{{SOAP}}}Body")
    etree.SubElement(signed.find(f"{{{SOAP}}}Header"), "hidden").append(body)
    signed.append(forged)
    return Sending.whole(etree.tostring(signed, encoding="utf-8"))


def _two_signatures(root: etree._Element, signer: Signer) -> Sending:
    signed = etree.fromstring(signer.signed(root))
    signature = next(signed.iter(f"{{{DS}}}Signature"))
    signature.getparent().append(copy.deepcopy(signature))
    return Sending.whole(etree.tostring(signed, encoding="utf-8"))


def _truncated(root: etree._Element, signer: Signer) -> Sending:
    content = signer.signed(root)
    return Sending((content[: len(content) // 2],), len(content), hang_up=True)


def _large(root: etree._Element, signer: Signer) -> Sending:
    """Good in everything, but larger than the 5 MiB that the client takes."""
    etree.SubElement(root.find(f"{{{SOAP}}}Body")[0][0], "padding").text = "x" * LARGE_BYTES
    return Sending.whole(signer.signed(root))


def _huge(root: etree._Element, signer: Signer) -> Sending:
    content = signer.signed(root)
    return Sending(_padded(content, HUGE_BYTES), len(content) + HUGE_BYTES // len(_PIECE) * len(_PIECE))


def _endless(root: etree._Element, signer: Signer) -> Sending:
    """As huge, but no length is stated beforehand."""
    return Sending(_padded(signer.signed(root), HUGE_BYTES), -1, hang_up=True)


def _padded(content: bytes, size: int) -> Iterator[bytes]:
    yield content
    for _number in range(size // len(_PIECE)):
        yield _PIECE


def _gzip_bomb(root: etree._Element, signer: Signer) -> Sending:
    body = gzip.compress(signer.signed(root)) + _compressed_padding()
    return Sending.whole(body, headers={"Content-Encoding": "gzip"})


@functools.cache
def _compressed_padding() -> bytes:
    """A second member of a gzip file; both together are one."""
    return gzip.compress(b" " * HUGE_BYTES)


def _drip(root: etree._Element, signer: Signer) -> Sending:
    content = signer.signed(root)
    parts = (content[place : place + DRIP_BYTES] for place in range(0, len(content), DRIP_BYTES))
    return Sending(parts, len(content), pause=DRIP_SECONDS)


def _deep(root: etree._Element, signer: Signer) -> Sending:
    content = signer.signed(root)
    nested = b"<x>" * DEPTH + b"</x>" * DEPTH
    return Sending.whole(content.replace(b"<response>", b"<response>" + nested, 1))


def _cp1251(root: etree._Element, signer: Signer) -> Sending:
    """Declared as windows-1251, the bytes are UTF-8."""
    return Sending.whole(b'<?xml version="1.0" encoding="windows-1251"?>' + signer.signed(root))


def _cp1251_header(root: etree._Element, signer: Signer) -> Sending:
    """As windows-1251 by the header of HTTP too."""
    return replace(_cp1251(root, signer), content_type="text/xml; charset=windows-1251")


def _garbage(root: etree._Element, signer: Signer) -> Sending:
    return Sending.whole(random.Random(0).randbytes(2_000))


def _html(root: etree._Element, signer: Signer) -> Sending:
    page = "<!DOCTYPE html><html><body><h1>Технические работы</h1><p>Повторите позже&nbsp;<br></body></html>"
    return Sending.whole(page.encode(), content_type="text/html; charset=utf-8")


def _empty(root: etree._Element, signer: Signer) -> Sending:
    return Sending.whole(b"")


_HOSTILE: dict[str, Callable[[etree._Element, Signer], Sending]] = {
    "entity_bomb": _with_document_type(_bomb()),
    "external_entity": _with_document_type(f'<!ENTITY e SYSTEM "{_SECRET_FILE}">'),
    "wrapped": _wrapped,
    "wrapped_in_header": _wrapped_in_header,
    "two_signatures": _two_signatures,
    "truncated": _truncated,
    "large": _large,
    "huge": _huge,
    "endless": _endless,
    "gzip_bomb": _gzip_bomb,
    "drip": _drip,
    "deep": _deep,
    "cp1251": _cp1251,
    "cp1251_header": _cp1251_header,
    "garbage": _garbage,
    "html": _html,
    "empty": _empty,
}
