"""Messages of the gateway for the tests of its client: answers signed with a key of the test's own, and examples."""

import base64
import datetime
import functools
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from integrations.shep.envelope import envelope_of
from integrations.shep.wsse import RsaSigner
from voucher_portal.dates import ALMATY

FOLDER = Path(__file__).parent / "examples"
AT = datetime.datetime(2025, 11, 5, 10, 15, tzinfo=ALMATY)
DS = "{http://www.w3.org/2000/09/xmldsig#}"


def example(name: str) -> bytes:
    """A message of contracts/shep.md §6, byte for byte."""
    return (FOLDER / f"envelope_{name}.xml").read_bytes()


def without_indents(content: bytes) -> etree._Element:
    """A document without the blanks that only make it pretty."""
    return etree.fromstring(content, etree.XMLParser(remove_blank_text=True))


def canonical(element: etree._Element) -> bytes:
    """For comparing what is the same but for spelling."""
    return etree.tostring(element, method="c14n")


def signer(name: str = "gateway") -> RsaSigner:
    """A key and a self-signed certificate of that name, made once a session."""
    return _signer(name)


@functools.cache
def _signer(name: str) -> RsaSigner:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(AT).not_valid_after(AT + datetime.timedelta(days=3650))
    return RsaSigner(key, builder.sign(key, hashes.SHA256()))


def in_envelope(root: bytes, body_id: str = "id-1") -> etree._Element:
    """A message in an envelope, not signed."""
    return envelope_of(without_indents(root), body_id)


def signed(root: bytes, by: str = "gateway") -> bytes:
    """A message in an envelope that `by` signed."""
    return signer(by).signed(in_envelope(root))


def der(name: str = "gateway") -> str:
    """Base64 of a certificate."""
    return base64.b64encode(signer(name).certificate.public_bytes(Encoding.DER)).decode()
