"""Consent of a person to be asked about (КДП): the question that precedes a question. Source: contracts/shep.md §3.

The names of the request are confirmed, those of the answer and the meaning of `mcheck` (the messageId of the question)
are our profile. The web token `ovt` is RS256, so it takes an RSA key also where the transport is signed under GOST. It
is written here: a header, four claims and one signature do not need a library.
"""

import base64
import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from integrations.safe_xml import BadMessage
from integrations.shep import reading
from integrations.shep.registers import Asking, Consent, Form, Outcome, Reading, Register

SERVICE_ID = "KDP_SERVICE"
TOKEN_LIFE = datetime.timedelta(minutes=5)
MAX_PART = 10_000  # characters of a token or a key


@dataclass(frozen=True, slots=True)
class ConsentKey:
    """Who shall consent to what, and who asks. `expires_in`: for how long the consent shall hold."""

    iin: str = field(repr=False)
    service_id: str
    purpose: str  # what of the person's data is asked for
    company: str
    responsible: str
    employee: str
    expires_in: datetime.timedelta = datetime.timedelta(days=30)
    is_silent: bool = False  # without an SMS to the person

    def __str__(self) -> str:
        return f"{self.iin},{self.service_id}"


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """What the person's yes gave; `expires_at` is missing where the answer does not say."""

    consent: Consent = field(repr=False)
    expires_at: datetime.datetime | None


def consent_register(sign: Callable[[bytes], bytes]) -> Register[ConsentKey, GivenConsent]:
    """The consent service, asked like a register and never kept; `sign` makes an RS256 signature with our key."""

    def write(key: ConsentKey, asking: Asking) -> etree._Element:
        return _question(key, asking, sign)

    def key_from(_text: str) -> ConsentKey:
        raise ValueError("a consent is not asked for by a key")

    return Register(
        code="KDP",
        service_id=SERVICE_ID,
        name_ru="Контроль доступа к персональным данным",
        key_from=key_from,
        write=write,
        read=_read,
        form=Form.TYPED,
        not_found_codes=frozenset(),
        keep=datetime.timedelta(0),
    )


def web_token(asking: Asking, sign: Callable[[bytes], bytes]) -> str:
    """A JWT, RS256: {cbin, mcheck, iat, exp}."""
    issued_at = int(asking.asked_at.timestamp())
    expires_at = issued_at + int(TOKEN_LIFE.total_seconds())
    claims = {"cbin": asking.requestor_bin, "mcheck": asking.message_id, "iat": issued_at, "exp": expires_at}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    content = b".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return (content + b"." + _base64url(sign(content))).decode()


def _question(key: ConsentKey, asking: Asking, sign: Callable[[bytes], bytes]) -> etree._Element:
    root = etree.Element("Request")
    values = {
        "uin": key.iin,
        "company": key.company,
        "company_bin": asking.requestor_bin,
        "company_responsible": key.responsible,
        "employee_name": key.employee,
        "access_name": key.service_id,
        "personal_data_name": key.purpose,
        "expiresIn": str(int(key.expires_in.total_seconds())),
        "omit-sms": "true" if key.is_silent else "false",
        "ovt": web_token(asking, sign),
    }
    for name, value in values.items():
        etree.SubElement(root, name).text = value
    return root


def _read(data: etree._Element) -> Reading[GivenConsent]:
    status = reading.code(data, "status")
    if status == "PENDING":
        return Reading(Outcome.CONSENT_NEEDED, reason="the person was asked and has not answered")
    if status == "REFUSED":
        return Reading(Outcome.DENIED, reason="the person refused")
    if status != "CONFIRMED":
        return Reading(Outcome.ERROR, reason=f"status {status}")
    token, public_key = (reading.text(data, name, MAX_PART) for name in ("token", "publicKey"))
    if not token or not public_key:
        raise BadMessage("a consent without token or publicKey")
    given = GivenConsent(Consent(token, public_key), reading.instant(data, "expiresAt"))
    return Reading(Outcome.FOUND, (given,))


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
