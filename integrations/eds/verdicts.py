"""What can be said about a signature, and who signed. Source: contracts/ncalayer.md §5, §6."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """Only `VALID` moves a document.

    `UNVERIFIED`: GOST and nobody here who can compute it. `UNCHECKED`: right, but whether the certificate was revoked
    could not be asked; ask again.
    """

    VALID = "VALID"
    INVALID = "INVALID"
    UNVERIFIED = "UNVERIFIED"
    UNCHECKED = "UNCHECKED"


class Purpose(StrEnum):
    """What a key is for: signing documents, or signing in."""

    SIGN = "SIGN"
    AUTH = "AUTH"


class Form(StrEnum):
    """Whether the signed bytes travel inside the CMS."""

    DETACHED = "DETACHED"
    ATTACHED = "ATTACHED"
    EITHER = "EITHER"


class Role(StrEnum):
    """Who the owner of a certificate is, with НУЦ РК's object identifier; names as NCANode's `keyUser`."""

    oid: str

    def __new__(cls, value: str, oid: str) -> "Role":
        member = str.__new__(cls, value)
        member._value_ = value
        member.oid = oid
        return member

    INDIVIDUAL = "INDIVIDUAL", "1.2.398.3.3.4.1.1"
    ORGANIZATION = "ORGANIZATION", "1.2.398.3.3.4.1.2"
    CEO = "CEO", "1.2.398.3.3.4.1.2.1"
    CAN_SIGN = "CAN_SIGN", "1.2.398.3.3.4.1.2.2"
    CAN_SIGN_FINANCIAL = "CAN_SIGN_FINANCIAL", "1.2.398.3.3.4.1.2.3"
    HR = "HR", "1.2.398.3.3.4.1.2.4"
    EMPLOYEE = "EMPLOYEE", "1.2.398.3.3.4.1.2.5"
    NCA_STAFF = "NCA_STAFF", "1.2.398.3.3.4.2"  # and everything below it
    IDENTIFICATION = "IDENTIFICATION", "1.2.398.3.3.4.3"
    IDENTIFICATION_CON = "IDENTIFICATION_CON", "1.2.398.3.3.4.3.1"
    IDENTIFICATION_REMOTE = "IDENTIFICATION_REMOTE", "1.2.398.3.3.4.3.2"
    IDENTIFICATION_REMOTE_DIGITAL_ID = "IDENTIFICATION_REMOTE_DIGITAL_ID", "1.2.398.3.3.4.3.2.1"


class Reason(StrEnum):
    """Why the verdict is what it is; `text` says it in English."""

    text: str

    def __new__(cls, value: str, text: str) -> "Reason":
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    VALID = "valid", "The signature is valid."
    TOO_LARGE = "too_large", "The signature is larger than 5 MiB."
    NOT_CMS = "not_cms", "This is not a CMS signature."
    CONTENT_TYPE = "content_type", "The signature is over another kind of content."
    SIGNER_COUNT = "signer_count", "There must be exactly one signer."
    CERTIFICATE_COUNT = "certificate_count", "The signer's certificate must be in the signature exactly once."
    CERTIFICATE_UNREADABLE = "certificate_unreadable", "The signer's certificate cannot be read."
    FORM_ATTACHED = "form_attached", "The signature has its content inside; it must not."
    FORM_DETACHED = "form_detached", "The signature must have its content inside."
    SIGNED_ATTRIBUTES = "signed_attributes", "The signed attributes are missing or malformed."
    OTHER_DATA = "other_data", "The signature is over other bytes."
    OTHER_CERTIFICATE = "other_certificate", "The signature names another certificate than the signer's."
    ALGORITHM = "algorithm", "The algorithm of the signature is not accepted."
    WRONG_SIGNATURE = "wrong_signature", "The signature does not match."
    KEY_USAGE = "key_usage", "The certificate is for another use."
    STAFF = "staff", "Certificates of the certification centre's staff are not accepted."
    NO_IIN = "no_iin", "The certificate has no right IIN."
    WRONG_BIN = "wrong_bin", "The certificate's BIN is not right."
    UNTRUSTED = "untrusted", "The certificate was not issued under a known certification centre."
    CHAIN = "chain", "The chain of certificates is not right."
    WEAK = "weak", "A key or an algorithm of the certificates is too weak."
    NOT_YET_VALID = "not_yet_valid", "The certificate was not valid yet when the signature was made."
    EXPIRED = "expired", "The certificate had expired when the signature was made."
    REVOKED = "revoked", "The certificate had been revoked when the signature was made."
    UNKNOWN_CERTIFICATE = "unknown_certificate", "The certification centre does not know the certificate."
    REVOCATION_UNREACHABLE = "revocation_unreachable", "Whether the certificate was revoked could not be asked."
    GOST = "gost", "A GOST signature, and no NCANode is set up to verify it."
    GOST_UNREACHABLE = "gost_unreachable", "NCANode did not answer."
    GOST_REFUSED = "gost_refused", "NCANode does not accept the signature."


class Refused(ValueError):
    """A check did not hold; `reason` says which, `detail` what was found. Neither names a person."""

    def __init__(self, reason: Reason, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Signer:
    """Person and organisation as a certificate names them; without an organisation `bin` and `organisation` are "".

    An IIN or BIN is "" when the certificate has none or a wrong one. `serial_number` is hexadecimal.
    """

    iin: str = field(repr=False)
    bin: str
    last_name: str = field(repr=False)
    first_name: str = field(repr=False)
    middle_name: str = field(repr=False)
    organisation: str
    roles: frozenset[Role]
    purposes: frozenset[Purpose]
    serial_number: str
    issuer: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    is_gost: bool


@dataclass(frozen=True)
class GostAnswer:
    """What a verifier of GOST says: `VALID`, `INVALID`, `UNCHECKED`, or `UNVERIFIED` when it did not answer.

    `serial_number`, `iin` and `bin` are those of the signer's certificate as it read them, compared with our reading;
    `stamped_at` is the genTime of a time stamp that it verified; `raw` its answer byte for byte, kept as evidence;
    `verifier` its name and version.
    """

    verdict: Verdict
    reason: Reason
    verifier: str
    detail: str = ""
    serial_number: int | None = None
    iin: str = field(default="", repr=False)
    bin: str = ""
    stamped_at: datetime.datetime | None = None
    raw: bytes = field(default=b"", repr=False)


class GostVerifier(Protocol):
    """Computes GOST signatures elsewhere."""

    def verify(self, cms: bytes, data: bytes, *, is_attached: bool) -> GostAnswer:
        """Whether the CMS (DER, one signer) is a right signature over exactly `data`, revocation asked.

        Never raises for what the other side does: no answer is `UNVERIFIED` with `GOST_UNREACHABLE`.
        """
        ...
