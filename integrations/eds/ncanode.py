"""The client of NCANode v3, which computes GOST for us and signs for ШЭП. Source: contracts/ncalayer.md §4.

NCANode says whether a signature is right; whether we believe it is decided here and in `verifier`. Its `valid` is
taken only with one signer, one certificate, the very one that stands in the CMS, our bytes, and an answer of OCSP (or,
where that is silent, of the list of revoked certificates). Its time stamps are not taken at all: NCANode trusts any
certificate in them, so `stamped_at` stays empty.
"""

import base64
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from cryptography import x509
from django.utils import timezone

from integrations.eds import ncanode_answers as answers
from integrations.eds.certificates import BadCertificate, allows, load_certificate, signer_of
from integrations.eds.chain import Trust
from integrations.eds.cms import BadCms, SignedMessage, parse
from integrations.eds.ncanode_answers import Asked, CmsVerification, NotConvincing, Unreadable
from integrations.eds.verdicts import GostAnswer, Reason, Verdict
from voucher_portal.http import HIDDEN, BadAnswer, HttpClient, HttpError, Refused, Retries, Unavailable
from voucher_portal.identifiers import bin_error
from voucher_portal.logs import mask_iins

logger = logging.getLogger(__name__)

VERIFIER = "NCANode v3"
MAX_ANSWER = 16 * 1024 * 1024  # bytes; /cms/extract and signed documents come back whole
TIMEOUTS = (3.0, 20.0)  # seconds to connect, to read
RETRIES = Retries(attempts=2, total_seconds=30.0, first_pause=0.3, longest_pause=1.0)
JSON = "application/json"

Source = Literal["OCSP", "CRL"]
Ask = Callable[[str, dict[str, Any]], bytes]
SOURCES: tuple[Source, ...] = ("OCSP", "CRL")
_NOT_ACTIVE = {Asked.REVOKED: Reason.REVOKED, Asked.UNKNOWN: Reason.UNKNOWN_CERTIFICATE}
_KEY_USAGES = {
    "SIGN": ("digital_signature", "content_commitment"),
    "AUTH": ("digital_signature", "key_encipherment"),
}


class NcaNodeError(Exception):
    """NCANode did not sign, or did not verify an envelope; the text is for operators and holds no secret."""


class NcaNodeUnavailable(NcaNodeError):
    """It does not answer, or cannot now: waiting can cure."""


class _JudgedByToday(Exception):
    """NCANode refused, but by a date that is not the signature's."""


@dataclass(frozen=True)
class KeyFile:
    """A key of our own as PKCS#12, for `sign_xml` and `sign_wsse`."""

    content: bytes = field(repr=False)
    password: str = field(repr=False)
    alias: str | None = None

    def as_request(self) -> dict[str, Any]:
        """As NCANode wants it."""
        key = {"key": _base64(self.content), "password": self.password}
        return key | ({"keyAlias": self.alias} if self.alias else {})


@dataclass(frozen=True)
class NcaNode:
    """NCANode at `url`; safe for several threads. Implements `verdicts.GostVerifier`.

    NCANode looks for the issuer in a store of its own, one step up and no further. So the certificate must also name
    a certificate of `trust` as its issuer, by name and by key identifier. What that proves: NCANode computed that some
    authority of its store signed the certificate, and that authority has the name and the key identifier of a pinned
    one. An authority that bears both without being it would have to be put into NCANode's store.
    """

    url: str
    trust: Trust = Trust(roots=())
    timeouts: tuple[float, float] = TIMEOUTS
    retries: Retries = RETRIES

    def verify(self, cms: bytes, data: bytes, *, is_attached: bool) -> GostAnswer:
        """Whether the CMS has one right signature over exactly `data`, revocation asked: OCSP, then CRL.

        `is_attached` says which form is expected; the form itself is read from the CMS. Never raises for what NCANode
        does. Costs one to four calls.
        """
        question = _Question(cms, data, is_attached)
        try:
            with self._client() as client:
                return question.answer(lambda path, body: self._post(client, path, body), self.trust)
        except (NotConvincing, BadCms) as refused:
            return question.refused(refused.reason, refused.detail)
        except _JudgedByToday:
            return question.unanswered(Reason.EXPIRED, "NCANode judges by today")
        except Unreadable as error:
            return question.unanswered(Reason.GOST_UNREACHABLE, f"the answer cannot be read: {error}")
        except Refused as refused:
            return question.unanswered(Reason.GOST_REFUSED, answers.message_of(refused.body) or str(refused))
        except HttpError as error:
            return question.unanswered(Reason.GOST_UNREACHABLE, str(error))

    def sign_wsse(self, xml: str, key: KeyFile) -> str:
        """The SOAP envelope with a signature over its body. Raises NcaNodeError."""
        return self._signed("/wsse/sign", {"xml": xml, "trimXml": False} | key.as_request(), key)

    def sign_xml(self, xml: str, key: KeyFile) -> str:
        """The document with an enveloped signature. Raises NcaNodeError."""
        asked = {"xml": xml, "signers": [key.as_request()], "clearSignatures": False, "trimXml": False}
        return self._signed("/xml/sign", asked, key)

    def verify_wsse(self, document: bytes, certificate: x509.Certificate) -> bool:
        """Whether NCANode finds the envelope's signature right, and made with the key of `certificate`.

        Only the arithmetic: that the signature is over the body which is read, and that `certificate` is pinned, is
        for the caller (contracts/shep.md §2). Revocation is not asked, for a pin is the operator's own decision.
        Raises NcaNodeError when it could not be asked.
        """
        asked = {"xml": document.decode(errors="replace"), "revocationCheck": []}
        answer = self._call("/wsse/verify", asked, answers.XmlVerification, ())
        if not answer.valid or len(answer.signers) != 1 or answer.signers[0] is None:
            return False
        # NCANode takes the first wsse:SecurityTokenReference of the document, wherever it stands.
        told = answer.signers[0]
        return told.valid and told.signature == _base64(certificate.signature)

    def is_up(self) -> bool:
        """Whether it answers at all."""
        try:
            with self._client() as client:
                return client.get("/actuator/health").status == answers.OK
        except HttpError:
            return False

    def _signed(self, path: str, asked: dict[str, Any], key: KeyFile) -> str:
        secrets = (key.password, _base64(key.content))
        return self._call(path, asked, answers.SignedXml, secrets).xml

    def _call(self, path: str, asked: dict[str, Any], kind: type[answers.A], secrets: tuple[str, ...]) -> answers.A:
        try:
            with self._client(secrets) as client:
                return answers.read(self._post(client, path, asked), kind)
        except Unavailable as error:
            raise NcaNodeUnavailable(_without(secrets, f"{error} {answers.message_of(error.body)}")) from None
        except Refused as error:
            raise NcaNodeError(_without(secrets, f"{error} {answers.message_of(error.body)}")) from None
        except (BadAnswer, Unreadable) as error:
            raise NcaNodeError(_without(secrets, str(error))) from None

    def _client(self, secrets: tuple[str, ...] = ()) -> HttpClient:
        return HttpClient(
            self.url, secrets=secrets, timeouts=self.timeouts, retries=self.retries, max_bytes=MAX_ANSWER
        )

    @staticmethod
    def _post(client: HttpClient, path: str, asked: dict[str, Any]) -> bytes:
        # Nothing in NCANode changes by being asked, so every question may be repeated.
        return client.post(path, msgspec.json.encode(asked), content_type=JSON, is_idempotent=True).body


@dataclass
class _Question:
    """One verification, with what NCANode answered so far as evidence."""

    cms: bytes
    data: bytes
    is_attached: bool
    raw: list[bytes] = field(default_factory=list)
    told: answers.Certificate | None = None

    def answer(self, ask: Ask, trust: Trust) -> GostAnswer:
        """Ask until it is clear. Raises NotConvincing, Unreadable, BadCms or HttpError."""
        message = parse(self.cms)
        self.cms = message.der  # what NCANode gets is what we have read, in one form
        _must_have_the_form(message, self.is_attached)
        certificate = _signers_certificate(message)
        _must_name_a_pinned_issuer(certificate, trust)
        if self.is_attached:
            self._must_carry_our_bytes(message, ask)
        return self._judged(certificate, ask)

    def _judged(self, certificate: x509.Certificate, ask: Ask) -> GostAnswer:
        for source in SOURCES:
            try:
                is_valid, state = self._verification(certificate, ask, source)
            except Refused:
                if source == "OCSP":
                    raise
                break  # NCANode has no list of revoked certificates that it can read
            if state in _NOT_ACTIVE:
                raise NotConvincing(_NOT_ACTIVE[state], f"says {source}")
            if state == Asked.GOOD:
                _must_be_valid(is_valid, certificate)
                return self._said(Verdict.VALID, Reason.VALID, f"revocation by {source}")
        is_valid, _state = self._verification(certificate, ask, None)
        _must_be_valid(is_valid, certificate)
        return self._said(Verdict.UNCHECKED, Reason.REVOCATION_UNREACHABLE, "neither OCSP nor CRL answered")

    def _verification(self, certificate: x509.Certificate, ask: Ask, source: Source | None) -> tuple[bool, Asked]:
        """One /cms/verify: whether it is right, and what the source says of the certificate."""
        asked = {"cms": _base64(self.cms), "revocationCheck": [source] if source else []}
        if not self.is_attached:
            asked["data"] = _base64(self.data)
        self.raw.append(ask("/cms/verify", asked))
        found = answers.read(self.raw[-1], CmsVerification)
        told = answers.one_certificate(found)
        _must_be(told, certificate)
        self.told = told
        state = answers.asked(told, source) if source else Asked.NOT_ANSWERED
        return found.valid and told.valid, state

    def _must_carry_our_bytes(self, message: SignedMessage, ask: Ask) -> None:
        """Both as we read the content and as NCANode does, so that no trick of encoding comes between."""
        if message.content != self.data:
            raise NotConvincing(Reason.OTHER_DATA, "the content is not ours")
        self.raw.append(ask("/cms/extract", {"cms": _base64(self.cms)}))
        if answers.content_of(answers.read(self.raw[-1], answers.Content)) != self.data:
            raise NotConvincing(Reason.OTHER_DATA, "NCANode reads another content")

    def refused(self, reason: Reason, detail: str) -> GostAnswer:
        """It is not a right signature."""
        return self._said(Verdict.INVALID, reason, detail)

    def unanswered(self, reason: Reason, detail: str) -> GostAnswer:
        """NCANode did not say anything that we can use."""
        logger.warning("NCANode did not verify a signature: %s", reason)
        return self._said(Verdict.UNVERIFIED, reason, detail)

    def _said(self, verdict: Verdict, reason: Reason, detail: str) -> GostAnswer:
        told, subject = self.told, self.told.subject if self.told else None
        return GostAnswer(
            verdict,
            reason,
            VERIFIER,
            mask_iins(detail)[: answers.MAX_DETAIL],
            serial_number=answers.serial_of(told) if told else None,
            iin=subject.iin or "" if subject else "",
            bin=_bin_of(subject),
            raw=b"\n".join(self.raw),
        )


def _must_have_the_form(message: SignedMessage, is_attached: bool) -> None:
    """By the CMS itself: NCANode verifies an attached one over its own content and passes `data` over."""
    if message.content is not None and not is_attached:
        raise NotConvincing(Reason.FORM_ATTACHED, "")
    if message.content is None and is_attached:
        raise NotConvincing(Reason.FORM_DETACHED, "")


def _signers_certificate(message: SignedMessage) -> x509.Certificate:
    """The one certificate of the one signer, as we read it."""
    if len(message.signers) != 1:
        raise NotConvincing(Reason.SIGNER_COUNT, f"{len(message.signers)} signers")
    signer = message.signers[0]
    if signer.signed_attributes is None:
        raise NotConvincing(Reason.SIGNED_ATTRIBUTES, "none")
    found = message.certificates_of(signer)
    if len(found) != 1:
        raise NotConvincing(Reason.CERTIFICATE_COUNT, f"{len(found)} certificates")
    try:
        return load_certificate(found[0])
    except BadCertificate as error:
        raise NotConvincing(Reason.CERTIFICATE_UNREADABLE, str(error)) from None


def _must_name_a_pinned_issuer(certificate: x509.Certificate, trust: Trust) -> None:
    if not trust.issuers_of(certificate):
        raise NotConvincing(Reason.UNTRUSTED, f"no pinned issuer: {certificate.issuer.rfc4514_string()}")


def _must_be(told: answers.Certificate, certificate: x509.Certificate) -> None:
    """NCANode speaks of the certificate in the CMS as we read it, and reads the same owner and use out of it."""
    signer = signer_of(certificate)
    if answers.serial_of(told) != certificate.serial_number or not _has_signature(told, certificate):
        raise NotConvincing(Reason.OTHER_CERTIFICATE, "NCANode found another certificate")
    if told.subject.iin != signer.iin or _bin_of(told.subject) != signer.bin:
        raise NotConvincing(Reason.OTHER_CERTIFICATE, "NCANode reads another owner")
    if told.key_usage in _KEY_USAGES and not allows(certificate, *_KEY_USAGES[told.key_usage]):
        raise NotConvincing(Reason.OTHER_CERTIFICATE, "NCANode reads another key usage")


def _has_signature(told: answers.Certificate, certificate: x509.Certificate) -> bool:
    """The issuer's signature in the certificate tells two certificates apart better than any number."""
    return told.signature is None or told.signature == _base64(certificate.signature)


def _must_be_valid(is_valid: bool, certificate: x509.Certificate) -> None:
    """NCANode judges by today: of a certificate that has run out it cannot say whether the signature was right."""
    if is_valid:
        return
    if not certificate.not_valid_before_utc <= timezone.now() <= certificate.not_valid_after_utc:
        raise _JudgedByToday
    raise NotConvincing(Reason.GOST_REFUSED, "valid is false")


def _bin_of(subject: answers.Subject | None) -> str:
    """NCANode takes any OU for a BIN."""
    found = (subject.bin if subject else None) or ""
    return found if bin_error(found) is None else ""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _without(secrets: tuple[str, ...], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return mask_iins(text)[: 2 * answers.MAX_DETAIL]
