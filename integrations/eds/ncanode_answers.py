"""What NCANode answers, read strictly: JSON -> frozen structures, and what they say about one signer.

NCANode's `valid` alone means little: the ways in which it misleads are listed in contracts/ncalayer.md §4, and each
has its check here or in `ncanode`.
"""

import base64
import binascii
import enum
from typing import Annotated, Literal, TypeVar

import msgspec

from integrations.eds.verdicts import Reason

Text = Annotated[str, msgspec.Meta(max_length=1_000_000)]
OK = 200
MAX_DETAIL = 200  # characters of NCANode's own words that we keep


class Unreadable(ValueError):
    """The answer is not of the form that NCANode has; the text says where."""


class NotConvincing(ValueError):
    """The answer does not say that this certificate's owner signed; `reason` says why."""

    def __init__(self, reason: Reason, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class _Struct(msgspec.Struct, frozen=True, rename="camel"):
    """Unknown members are passed over, a known one of a wrong type is an error."""


class Subject(_Struct, frozen=True):
    """Owner or issuer."""

    iin: str | None = None
    bin: str | None = None
    dn: str | None = None


class Revocation(_Struct, frozen=True):
    """What one source says. `reason` is "OK" or empty when it was really asked, else NCANode's error."""

    revoked: bool
    by: Literal["OCSP", "CRL"]
    reason: str | None = None


class Certificate(_Struct, frozen=True):
    """NCANode's `CertificateInfo`, as far as we need it."""

    valid: bool
    serial_number: str
    subject: Subject | None = None
    revocations: list[Revocation] | None = None
    key_usage: str | None = None
    signature: str | None = None
    public_key: str | None = None


class Signer(_Struct, frozen=True):
    """openapi.yml calls the list `signers`, the program `certificates`: both are read."""

    certificates: list[Certificate | None] | None = None
    signers: list[Certificate | None] | None = None


class _Answer(_Struct, frozen=True):
    status: int


class CmsVerification(_Answer, frozen=True):
    """Answer of /cms/verify."""

    valid: bool
    signers: list[Signer | None]


class XmlVerification(_Answer, frozen=True):
    """Answer of /wsse/verify and /xml/verify."""

    valid: bool
    signers: list[Certificate | None]


class Content(_Answer, frozen=True):
    """Answer of /cms/extract."""

    data: str


class SignedXml(_Answer, frozen=True):
    """Answer of /wsse/sign and /xml/sign."""

    xml: Text


class Failure(_Struct, frozen=True):
    """The body of an answer with another status than 200."""

    message: str | None = None


A = TypeVar("A", bound=_Answer)


class Asked(enum.Enum):
    """What became of asking whether a certificate is revoked."""

    GOOD = enum.auto()
    REVOKED = enum.auto()
    UNKNOWN = enum.auto()  # the centre does not know it: counts as not active
    NOT_ANSWERED = enum.auto()


def read(body: bytes, kind: type[A]) -> A:
    """`body` as an answer of that kind. Raises Unreadable."""
    try:
        answer = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)[:MAX_DETAIL]) from None
    if answer.status != OK:
        raise Unreadable(f"HTTP {OK}, but the status in the body is {answer.status}")
    return answer


def content_of(answer: Content) -> bytes:
    """The bytes that NCANode found inside the CMS. Raises Unreadable."""
    try:
        return base64.b64decode(answer.data, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("data is not Base64") from None


def message_of(body: bytes) -> str:
    """NCANode's own words about an error, shortened; empty when there are none."""
    try:
        return (msgspec.json.decode(body, type=Failure).message or "")[:MAX_DETAIL]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""


def one_certificate(answer: CmsVerification) -> Certificate:
    """The certificate of the one signer; NCANode stays valid without any. Raises NotConvincing."""
    if len(answer.signers) != 1 or answer.signers[0] is None:
        raise NotConvincing(Reason.SIGNER_COUNT, f"NCANode found {len(answer.signers)} signers")
    signer = answer.signers[0]
    found = [certificate for certificate in (signer.certificates or signer.signers or []) if certificate]
    if len(found) != 1:
        raise NotConvincing(Reason.CERTIFICATE_COUNT, f"NCANode found {len(found)} certificates")
    if found[0].subject is None or not found[0].subject.iin:
        raise NotConvincing(Reason.NO_IIN, "NCANode found no IIN")
    return found[0]


def asked(certificate: Certificate, source: Literal["OCSP", "CRL"]) -> Asked:
    """What that source says of the certificate.

    NCANode tells a source that failed and one that does not know the certificate as `revoked: false`, too; only its
    words and `valid` differ. Without an entry nobody was asked.
    """
    entries = [entry for entry in certificate.revocations or [] if entry.by == source]
    if any(entry.revoked for entry in entries):
        return Asked.REVOKED
    if any(_says_unknown(entry) for entry in entries):
        return Asked.UNKNOWN
    if not entries or any(_says_failed(entry) for entry in entries):
        return Asked.NOT_ANSWERED
    return Asked.GOOD


def serial_of(certificate: Certificate) -> int:
    """The serial number, which NCANode writes in hexadecimal without leading zeros. Raises Unreadable."""
    try:
        return int(certificate.serial_number, 16)
    except ValueError:
        raise Unreadable("serialNumber is not hexadecimal") from None


def _says_unknown(entry: Revocation) -> bool:
    return (entry.reason or "").strip().casefold() == "unknown status"


def _says_failed(entry: Revocation) -> bool:
    return entry.by == "OCSP" and (entry.reason or "OK") != "OK"
