"""Judges a signature: exactly our bytes, one signer, a right certificate at the time of signing, not revoked.

The order of the checks is that of contracts/ncalayer.md §5. What the portal decides by (whose signature a document
needs, in which role) is not decided here: `SignatureCheck.signer` tells who signed.
"""

import datetime
import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from integrations.eds import cms_attributes
from integrations.eds.certificates import (
    BadCertificate,
    allows,
    extended_usages,
    has_wrong_bin,
    load_certificate,
    signer_of,
)
from integrations.eds.chain import Trust, chain_of
from integrations.eds.cms import DATA, SignedMessage, SignerPart, parse
from integrations.eds.cms_mathematics import digest, verify_signature
from integrations.eds.evidence import Evidence, KeptAnswer, KeptRevocation, SignatureCheck
from integrations.eds.ncanode import NcaNode
from integrations.eds.revocation import SKEW, Revocation, Standing, State
from integrations.eds.revocation_client import RevocationClient
from integrations.eds.timestamps import BadTimeStamp, TimeStamp, verify_time_stamp
from integrations.eds.verdicts import Form, GostAnswer, GostVerifier, Purpose, Reason, Refused, Role, Signer, Verdict

NAME = "voucher portal eds 1"
USAGES = {Purpose.SIGN: ("digital_signature", "content_commitment"), Purpose.AUTH: ("digital_signature",)}


def verify(
    cms: bytes | str,
    data: bytes,
    *,
    purpose: Purpose = Purpose.SIGN,
    trust: Trust,
    revocation: Revocation,
    received_at: datetime.datetime,
    checked_at: datetime.datetime | None = None,
    form: Form = Form.DETACHED,
    gost: GostVerifier | None = None,
) -> SignatureCheck:
    """Judge a signature over exactly `data`, in DER, BER, Base64 or PEM. Never raises for what is in it.

    `received_at` is when the portal got it: the time of signing unless a time stamp proves an earlier one.
    `checked_at` (default: the same) is now, when an `UNCHECKED` signature is judged once more later: answers about
    revocation have to be fresh then.
    """
    return _Judgement(data, purpose, trust, revocation, received_at, checked_at or received_at, form, gost).judge(cms)


def judge_again(evidence: Evidence, data: bytes, *, trust: Trust | None = None) -> SignatureCheck:
    """Judge a kept signature by its evidence alone, at its own time; nobody is asked.

    Without `trust` the roots in the evidence count: that says whether it still hangs together, and with `trust` also
    whether it leads to a root that we pin. For GOST NCANode's answer is taken from the evidence.
    """
    if hashlib.sha256(data).hexdigest() != evidence.data_sha256:
        return SignatureCheck(Verdict.INVALID, Reason.OTHER_DATA, "other bytes than those in the evidence")
    try:
        trust = trust or Trust.of(map(load_certificate, (*evidence.chain[1:], *evidence.time_stamp_chain[1:])))
    except BadCertificate as error:
        return SignatureCheck(Verdict.INVALID, Reason.CERTIFICATE_UNREADABLE, str(error))
    return verify(
        evidence.cms,
        data,
        purpose=evidence.purpose,
        trust=trust,
        revocation=KeptRevocation(evidence.revocation),
        received_at=evidence.received_at,
        checked_at=evidence.checked_at,
        form=evidence.form,
        gost=_KeptGost(evidence.gost) if evidence.gost else None,
    )


@dataclass(frozen=True)
class _KeptGost:
    answer: GostAnswer

    def verify(self, _cms: bytes, _data: bytes, *, is_attached: bool) -> GostAnswer:
        return self.answer


class _Unsettled(Refused):
    """The verdict is another than right or wrong, or somebody else's."""

    def __init__(self, verdict: Verdict, reason: Reason, detail: str = ""):
        super().__init__(reason, detail)
        self.verdict = verdict


@dataclass
class _Judgement:
    """One signature being judged; what is found on the way is kept for the evidence."""

    data: bytes = field(repr=False)
    purpose: Purpose
    trust: Trust
    revocation: Revocation
    received_at: datetime.datetime
    checked_at: datetime.datetime
    form: Form
    gost: GostVerifier | None

    cms: bytes = b""
    certificate: x509.Certificate | None = None
    signer: Signer | None = None
    signed_at: datetime.datetime | None = None
    is_time_stamped: bool = False
    time_stamp: str = ""
    chain: tuple[x509.Certificate, ...] = ()
    time_stamp_chain: tuple[x509.Certificate, ...] = ()
    answers: tuple[KeptAnswer, ...] = ()
    gost_answer: GostAnswer | None = None

    def judge(self, cms: bytes | str) -> SignatureCheck:
        """The verdict on these bytes."""
        try:
            self._check(cms)
        except _Unsettled as error:
            return self._result(error.verdict, error)
        except Refused as error:
            return self._result(Verdict.INVALID, error)
        return self._result(Verdict.VALID, Refused(Reason.VALID))

    def _result(self, verdict: Verdict, why: Refused) -> SignatureCheck:
        return SignatureCheck(
            verdict=verdict,
            reason=why.reason,
            detail=why.detail,
            signer=self.signer,
            signed_at=self.signed_at,
            is_time_stamped=self.is_time_stamped,
            time_stamp=self.time_stamp,
            evidence=self._evidence(verdict, why.reason) if self.cms else None,
        )

    def _evidence(self, verdict: Verdict, reason: Reason) -> Evidence:
        return Evidence(
            verifier=NAME,
            verdict=verdict,
            reason=reason,
            purpose=self.purpose,
            form=self.form,
            received_at=self.received_at,
            checked_at=self.checked_at,
            data_sha256=hashlib.sha256(self.data).hexdigest(),
            cms=self.cms,
            chain=tuple(map(_der, self.chain)),
            time_stamp_chain=tuple(map(_der, self.time_stamp_chain)),
            revocation=self.answers,
            gost=self.gost_answer,
        )

    def _check(self, cms: bytes | str) -> None:
        message = parse(cms)
        self.cms = message.der
        part = _only_signer(message)
        self.certificate = certificate = _signer_certificate(message, part)
        self.signer = signer_of(certificate)
        self._refuse_other_content(message)
        if part.is_gost or self.signer.is_gost:
            self._check_elsewhere(message)
        else:
            self._check_here(message, part, certificate)
        self._refuse_wrong_holder(certificate, self.signer)
        self.chain = chain_of(
            certificate, self.trust, self.signed_at, is_computed_elsewhere=self.gost_answer is not None
        )
        if self.gost_answer is None:
            self._refuse_revoked()
        elif self.gost_answer.verdict is not Verdict.VALID:
            raise _Unsettled(self.gost_answer.verdict, self.gost_answer.reason, self.gost_answer.detail)

    def _refuse_other_content(self, message: SignedMessage) -> None:
        """What is signed has to be our bytes, and lie where it was asked for."""
        if message.content_type != DATA:
            raise Refused(Reason.CONTENT_TYPE, message.content_type)
        if message.content is None:
            if self.form is Form.ATTACHED:
                raise Refused(Reason.FORM_DETACHED)
            return
        if self.form is Form.DETACHED:
            raise Refused(Reason.FORM_ATTACHED)
        if not hmac.compare_digest(message.content, self.data):
            raise Refused(Reason.OTHER_DATA, "the content inside")

    def _check_here(self, message: SignedMessage, part: SignerPart, certificate: x509.Certificate) -> None:
        """Digest, named certificate and signature; then the time of signing."""
        attributes = cms_attributes.required(part)
        our_digest = digest(part.digest_algorithm, self.data)
        cms_attributes.refuse_other_content(attributes, message.content_type, our_digest)
        cms_attributes.names_certificate(attributes, _der(certificate))
        verify_signature(
            _public_key(certificate),
            part.signature,
            attributes.encoded,
            digest_oid=part.digest_algorithm,
            signature_oid=part.signature_algorithm,
            parameters=part.signature_parameters,
        )
        stamp = self._time_stamp(part)
        self.is_time_stamped = stamp is not None
        self.signed_at = stamp.gen_time if stamp else self.received_at

    def _time_stamp(self, part: SignerPart) -> TimeStamp | None:
        """The first time stamp that proves something. One that does not only loses the benefit of an earlier time."""
        for token in part.time_stamp_tokens:
            try:
                stamp = verify_time_stamp(token, part.signature, self.trust)
                self._refuse_doubtful(stamp)
            except BadTimeStamp as error:
                self.time_stamp = str(error)
                continue
            self.time_stamp, self.time_stamp_chain = "", stamp.chain
            return stamp
        return None

    def _refuse_doubtful(self, stamp: TimeStamp) -> None:
        if stamp.gen_time > self.received_at + SKEW:
            raise BadTimeStamp("it is later than the receipt of the signature")
        standing = self._standing(stamp.chain)
        is_revoked_later = standing.state is State.REVOKED and standing.revoked_at > stamp.gen_time
        if standing.state is not State.GOOD and not is_revoked_later:
            raise BadTimeStamp(f"the authority's certificate: {standing.state} {standing.detail}")

    def _standing(self, chain: tuple[x509.Certificate, ...]) -> Standing:
        standing = self.revocation.standing(chain[0], chain[1], self.checked_at)
        if standing.source:
            kept = KeptAnswer(standing.source, standing.evidence)
            self.answers += () if kept in self.answers else (kept,)
        return standing

    def _refuse_wrong_holder(self, certificate: x509.Certificate, signer: Signer) -> None:
        if not allows(certificate, *USAGES[self.purpose]):
            raise Refused(Reason.KEY_USAGE, "key usage")
        if self.purpose not in signer.purposes:
            raise Refused(Reason.KEY_USAGE, f"extended: {', '.join(sorted(extended_usages(certificate)))}")
        if Role.NCA_STAFF in signer.roles:
            raise Refused(Reason.STAFF)
        if not signer.iin:
            raise Refused(Reason.NO_IIN)
        if has_wrong_bin(certificate):
            raise Refused(Reason.WRONG_BIN)

    def _refuse_revoked(self) -> None:
        """Revoked after the time of signing changes nothing: the signature was right when it was made."""
        standing = self._standing(self.chain)
        if standing.state is State.UNREACHABLE:
            raise _Unsettled(Verdict.UNCHECKED, Reason.REVOCATION_UNREACHABLE, standing.detail)
        if standing.state is State.UNKNOWN:
            raise Refused(Reason.UNKNOWN_CERTIFICATE, f"says {standing.source}")
        if standing.state is State.REVOKED and standing.revoked_at <= self.signed_at:
            raise Refused(Reason.REVOKED, f"at {standing.revoked_at:%Y-%m-%d %H:%M:%S} UTC, says {standing.source}")

    def _check_elsewhere(self, message: SignedMessage) -> None:
        """GOST: what was read here is believed only when NCANode says that the signature is right."""
        self.signed_at = self.received_at
        if self.gost is None:
            raise _Unsettled(Verdict.UNVERIFIED, Reason.GOST)
        answer = self.gost.verify(message.der, self.data, is_attached=message.content is not None)
        self.gost_answer = answer
        if answer.verdict in (Verdict.INVALID, Verdict.UNVERIFIED):
            raise _Unsettled(answer.verdict, answer.reason, answer.detail)
        same = (answer.serial_number, answer.iin, answer.bin)
        if same != (self.certificate.serial_number, self.signer.iin, self.signer.bin):
            raise Refused(Reason.OTHER_CERTIFICATE, "NCANode judged another certificate")
        if answer.stamped_at and answer.stamped_at <= self.received_at + SKEW:
            self.signed_at, self.is_time_stamped = answer.stamped_at, True


def _only_signer(message: SignedMessage) -> SignerPart:
    if len(message.signers) != 1:
        raise Refused(Reason.SIGNER_COUNT, f"{len(message.signers)} signers")
    return message.signers[0]


def _signer_certificate(message: SignedMessage, part: SignerPart) -> x509.Certificate:
    """The one certificate inside with the issuer and serial that the signer names."""
    found = message.certificates_of(part)
    if len(found) != 1:
        raise Refused(Reason.CERTIFICATE_COUNT, f"{len(found)} certificates")
    try:
        return load_certificate(found[0])
    except BadCertificate as error:
        raise Refused(Reason.CERTIFICATE_UNREADABLE, str(error)) from None


def _public_key(certificate: x509.Certificate):
    try:
        return certificate.public_key()
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise Refused(Reason.WEAK, type(error).__name__) from None


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@dataclass(frozen=True)
class Verifier:
    """What the settings say: whom to trust, where to ask."""

    trust: Trust
    revocation: Revocation
    gost: GostVerifier | None = None

    def verify(
        self,
        cms: bytes | str,
        data: bytes,
        *,
        purpose: Purpose = Purpose.SIGN,
        received_at: datetime.datetime | None = None,
        form: Form = Form.DETACHED,
    ) -> SignatureCheck:
        """See `verify`; checked now, received at `received_at`, by default now."""
        now = timezone.now()
        return verify(
            cms,
            data,
            purpose=purpose,
            trust=self.trust,
            revocation=self.revocation,
            received_at=received_at or now,
            checked_at=now,
            form=form,
            gost=self.gost,
        )


def verifier_of_settings() -> Verifier:
    """The verifier by EDS_TRUST_DIR, EDS_OCSP_URL, EDS_CRL_URLS and NCANODE_URL; the same one while they stay.

    Raises:
        ImproperlyConfigured: EDS_TRUST_DIR is empty, or no root can be read there.
    """
    folder = Path(settings.EDS_TRUST_DIR)
    if not settings.EDS_TRUST_DIR:
        raise ImproperlyConfigured("Signatures cannot be verified: EDS_TRUST_DIR is empty.")
    try:
        changed_at = folder.stat().st_mtime_ns
        return _verifier(folder, changed_at, settings.EDS_OCSP_URL, tuple(settings.EDS_CRL_URLS), settings.NCANODE_URL)
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"Signatures cannot be verified: {error}") from None


@lru_cache(maxsize=4)
def _verifier(folder: Path, _changed_at: int, ocsp_url: str, crl_urls: tuple[str, ...], ncanode_url: str) -> Verifier:
    trust = Trust.load(folder)
    return Verifier(trust, RevocationClient(ocsp_url, crl_urls), NcaNode(ncanode_url, trust) if ncanode_url else None)
