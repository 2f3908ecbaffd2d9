"""The answers of the emulated certification centre: OCSP (RFC 6960), lists (RFC 5280) and time stamps (RFC 3161)."""

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from asn1crypto import cms, core, crl, tsp
from asn1crypto import keys as asn1_keys
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509 import ocsp

from integrations.emulators.cms import Wrong, sign, time_stamp_token
from integrations.emulators.pki import AUTHORITIES, SERVICES, Credential, Pki
from integrations.emulators.pki_people import REVOKED, REVOKED_ON
from integrations.emulators.signatures_script import CrlMode, OcspMode, TspMode

OCSP_LASTS, CRL_LASTS = datetime.timedelta(hours=1), datetime.timedelta(days=1)
DAY = datetime.timedelta(days=1)
DER, SPKI = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
_FAILURES = {
    "try_later": ocsp.OCSPResponseStatus.TRY_LATER,
    "internal_error": ocsp.OCSPResponseStatus.INTERNAL_ERROR,
}


@dataclass(frozen=True)
class Known:
    """A certificate of the test centre and the authority that issued it."""

    slug: str
    certificate: x509.Certificate
    issuer: str


class Centre:
    """The test certification centre's services over the keys of a `Pki`."""

    def __init__(self, pki: Pki) -> None:
        self.pki = pki
        self.keys: dict[str, Credential] = {slug: pki.credential(slug) for slug in (*SERVICES, *AUTHORITIES)}
        slugs = [holder.slug for holder in pki.people]
        known = [Known(slug, pki.certificate(slug), "issuing") for slug in (*slugs, *SERVICES)]
        known.append(Known("issuing", pki.certificate("issuing"), "root"))
        self.known = {one.certificate.serial_number: one for one in known}

    @cached_property
    def revoked_when_made(self) -> dict[str, datetime.datetime]:
        """Certificates that the test centre was made with as revoked."""
        return {holder.slug: REVOKED_ON for holder in self.pki.people if holder.state == REVOKED}

    def answer(
        self,
        question: bytes,
        mode: OcspMode,
        modes: Mapping[str, OcspMode],
        revoked: Mapping[str, datetime.datetime],
    ) -> tuple[OcspMode, bytes]:
        """The answer to a question about one certificate, and the mode in which it was made."""
        try:
            request = ocsp.load_der_ocsp_request(question)
            serial_number = request.serial_number
        except (ValueError, NotImplementedError):
            return mode, _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        known = self.known.get(serial_number)
        mode = modes.get(known.slug, mode) if known else mode
        if mode in _FAILURES:
            return mode, _unsuccessful(_FAILURES[mode])
        issuer = self._issuer_of(request)
        if issuer is None:
            return mode, _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        revoked_at = {**self.revoked_when_made, **revoked}.get(known.slug) if known else None
        return mode, _Answer(self, request, issuer, mode, known is not None, revoked_at).der()

    def _issuer_of(self, request: ocsp.OCSPRequest) -> str | None:
        for name in AUTHORITIES:
            authority = self.keys[name]
            key = asn1_keys.PublicKeyInfo.load(authority.key.public_key().public_bytes(DER, SPKI))["public_key"]
            named = _hashed(request.hash_algorithm, authority.certificate.subject.public_bytes())
            by_key = _hashed(request.hash_algorithm, key.parsed.dump())
            if (named, by_key) == (request.issuer_name_hash, request.issuer_key_hash):
                return name
        return None

    def list_of(self, name: str, mode: CrlMode, revoked: Mapping[str, datetime.datetime]) -> bytes:
        """The list of that authority. Raises KeyError for another name."""
        authority = self.keys["root" if mode == "other_issuer" and name == "issuing" else name]
        told_at = _told_at(mode)
        builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
        builder = builder.last_update(told_at).next_update(_ends_at(mode, told_at, CRL_LASTS))
        builder = builder.add_extension(x509.CRLNumber(int(told_at.timestamp())), critical=False)
        public_key = authority.certificate.public_key()
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key), critical=False)
        if mode == "delta":
            builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
        dates = {**self.revoked_when_made, **revoked}
        for one in self.known.values():
            if one.issuer == name and one.slug in dates:
                entry = x509.RevokedCertificateBuilder(one.certificate.serial_number, dates[one.slug])
                builder = builder.add_revoked_certificate(entry.build())
        key = self.keys["gateway"].key if mode == "wrong_key" else authority.key
        der = builder.sign(key, hashes.SHA256()).public_bytes(DER)
        return _list_over_sha1(der, key) if mode == "weak_hash" else der

    def time_stamp(self, question: bytes, mode: TspMode) -> bytes:
        """The answer to a request for a time stamp, with a token when it is granted."""
        try:
            request = tsp.TimeStampReq.load(question, strict=True)
            imprint = request["message_imprint"]
            digest_name = imprint["hash_algorithm"]["algorithm"].native
            digest = imprint["hashed_message"].native
            nonce = request["nonce"].native
            is_right = hashlib.new(digest_name).digest_size == len(digest)
        except (ValueError, TypeError, KeyError):
            is_right = False
        if not is_right or mode == "rejected":
            status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {"bad_request"}})
            return core.SequenceOf([status], spec=tsp.PKIStatusInfo).dump()  # a TimeStampResp without token
        token = time_stamp_token(
            self.keys["tsa"],
            hashlib.new(digest_name, digest).digest() if mode == "other_imprint" else digest,
            digest_name=digest_name,
            gen_time=_told_at(mode, back=datetime.timedelta(0)),
            nonce=nonce + 1 if nonce is not None and mode == "other_nonce" else nonce,
            with_certificate=bool(request["cert_req"].native),
            wrong=Wrong(key=self.keys["gateway"].key if mode == "wrong_key" else None),
        )
        answer = {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)}
        return tsp.TimeStampResp(answer).dump()


@dataclass(frozen=True)
class _Answer:
    """One successful answer of OCSP."""

    centre: Centre
    request: ocsp.OCSPRequest
    issuer: str
    mode: OcspMode
    is_known: bool
    revoked_at: datetime.datetime | None

    def der(self) -> bytes:
        told_at = _told_at(self.mode)
        status, revoked_at = self._status()
        serial_number = self.request.serial_number + (self.mode == "other_serial")
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=self.request.issuer_name_hash,
            issuer_key_hash=self.request.issuer_key_hash,
            serial_number=serial_number,
            algorithm=self.request.hash_algorithm,
            cert_status=status,
            this_update=told_at,
            next_update=_ends_at(self.mode, told_at, OCSP_LASTS),
            revocation_time=revoked_at,
            revocation_reason=None,
        )
        return self._signed(self._with_nonce(builder))

    def _status(self) -> tuple[ocsp.OCSPCertStatus, datetime.datetime | None]:
        if self.mode == "unknown" or (self.mode != "good" and not self.is_known):
            return ocsp.OCSPCertStatus.UNKNOWN, None
        if self.mode != "good" and (self.revoked_at or self.mode == "revoked"):
            return ocsp.OCSPCertStatus.REVOKED, self.revoked_at or REVOKED_ON
        return ocsp.OCSPCertStatus.GOOD, None

    def _with_nonce(self, builder: ocsp.OCSPResponseBuilder) -> ocsp.OCSPResponseBuilder:
        for extension in self.request.extensions:
            if isinstance(extension.value, x509.OCSPNonce) and self.mode != "no_nonce":
                nonce = extension.value.nonce
                if self.mode == "other_nonce":
                    nonce = hashlib.sha256(nonce).digest()
                return builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder

    def _signed(self, builder: ocsp.OCSPResponseBuilder) -> bytes:
        responder = self.centre.keys["ocsp" if self.issuer == "issuing" else self.issuer]
        if self.mode == "not_appointed":
            responder = self.centre.keys["gateway"]
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
        response = builder.certificates([responder.certificate]).sign(responder.key, hashes.SHA256())
        answer = response.public_bytes(DER)
        if self.mode == "unsigned":
            return answer.replace(response.signature, bytes(len(response.signature)))
        if self.mode == "wrong_key":
            return _signed_anew(answer, self.centre.keys["gateway"].key, "sha256")
        return _signed_anew(answer, responder.key, "sha1") if self.mode == "weak_hash" else answer


def _hashed(algorithm: hashes.HashAlgorithm, part: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(part)
    return digest.finalize()


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(DER)


def _told_at(mode: str, back: datetime.timedelta = datetime.timedelta(minutes=1)) -> datetime.datetime:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    return now + {"stale": -2 * DAY, "future": DAY}.get(mode, -back)


def _ends_at(mode: str, told_at: datetime.datetime, lasts: datetime.timedelta) -> datetime.datetime | None:
    return told_at + lasts if mode != "endless" else None


# The library signs nothing over SHA-1 any more, nor with a key that is not the certificate's: these are done by hand.


def _signed_anew(answer: bytes, key: PrivateKeyTypes, hash_name: str) -> bytes:
    basic = asn1_ocsp.OCSPResponse.load(answer).basic_ocsp_response.copy()
    basic["signature_algorithm"] = {"algorithm": f"{hash_name}_rsa"}
    basic["signature"] = sign(key, basic["tbs_response_data"].dump(), hash_name)
    inside = {"response_type": "basic_ocsp_response", "response": core.ParsableOctetString(basic.dump())}
    return asn1_ocsp.OCSPResponse({"response_status": "successful", "response_bytes": inside}).dump()


def _list_over_sha1(der: bytes, key: PrivateKeyTypes) -> bytes:
    made = crl.CertificateList.load(der)
    made["tbs_cert_list"]["signature"] = made["signature_algorithm"] = {"algorithm": "sha1_rsa"}
    made["signature"] = sign(key, made["tbs_cert_list"].dump(), "sha1")
    return made.dump()
