"""Was a certificate revoked? Reads answers of OCSP (RFC 6960) and lists of revoked certificates (RFC 5280 §5).

Pure: bytes and instants in, `Standing` out, or `NotUsable` when the answer proves nothing. Asking is done in
`revocation_client`.
"""

import datetime
import warnings
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from integrations.eds.certificates import X509_ERRORS, allows, extended_usages, extension_of
from integrations.eds.chain import ACCEPTED_HASHES, UNDERSTOOD, is_issued_by
from integrations.eds.cms_mathematics import Mismatch, refuse_weak_key

SKEW = datetime.timedelta(minutes=5)  # clocks of two honest machines differ
MAX_OCSP_AGE = datetime.timedelta(days=1)
MAX_OCSP_AGE_WITHOUT_END = datetime.timedelta(hours=1)  # when the answer does not say how long it holds
MAX_CRL_AGE = datetime.timedelta(days=8)
MAX_OCSP_BYTES = 64 * 1024
MAX_CRL_BYTES = 20 * 1024 * 1024
MAX_RESPONSES = 20
OCSP_READ_ERRORS = (*X509_ERRORS, IndexError)


class State(StrEnum):
    """What is known about a certificate."""

    GOOD = "GOOD"
    REVOKED = "REVOKED"
    UNKNOWN = "UNKNOWN"  # the authority does not know it
    UNREACHABLE = "UNREACHABLE"  # nobody gave an answer that can be used


class Source(StrEnum):
    """Where an answer came from."""

    OCSP = "OCSP"
    CRL = "CRL"


@dataclass(frozen=True)
class Standing:
    """What is known about a certificate, from `told_at` and as long as `holds_until`, with the answer as evidence."""

    state: State
    revoked_at: datetime.datetime | None = None
    source: Source | None = None
    told_at: datetime.datetime | None = None
    holds_until: datetime.datetime | None = None
    evidence: bytes = field(default=b"", repr=False)
    detail: str = ""

    def is_fresh(self, at: datetime.datetime) -> bool:
        """Whether an answer (not: `UNREACHABLE`) may be believed at that moment."""
        return self.told_at - SKEW <= at <= self.holds_until


class Revocation(Protocol):
    """Whoever can tell: a client of the authority, or the answers kept with a signature."""

    def standing(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime.datetime) -> Standing:
        """What is known at the moment `at`; never raises, nobody to ask is `UNREACHABLE`."""
        ...


class NotUsable(ValueError):
    """The answer proves nothing about the certificate."""


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes) -> bytes:
    """The question about one certificate, in DER."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256())
    builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(serialization.Encoding.DER)


def read_ocsp(
    answer: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    at: datetime.datetime,
    nonce: bytes | None = None,
) -> Standing:
    """What the answer says about the certificate at the moment `at`. Raises NotUsable.

    With `nonce` an answer to another question is refused; responders that leave the nonce out are many, so a missing
    one is taken, and only the answer's age bounds how old it can be.
    """
    if len(answer) > MAX_OCSP_BYTES:
        raise NotUsable("the answer is too large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old but readable certificates; see certificates.load_certificate
            response = ocsp.load_der_ocsp_response(answer)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                raise NotUsable(f"the responder says {response.response_status.name.lower()}")
            _refuse_unsigned(response, issuer, at)
            _refuse_extensions(response, nonce)
            found = _single_response(response, certificate, issuer)
            return _standing_of(found, certificate, answer, at)
    except NotUsable:
        raise
    except OCSP_READ_ERRORS as error:
        raise NotUsable(f"the answer cannot be read: {type(error).__name__}") from None


def _refuse_unsigned(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime.datetime) -> None:
    """Signed by the issuer, or by a responder that this very issuer appointed (RFC 6960 §4.2.2.2)."""
    if not isinstance(response.signature_hash_algorithm, ACCEPTED_HASHES):
        raise NotUsable("the answer is signed with a weak algorithm")
    if _is_signed_by(response, issuer):
        return
    for responder in response.certificates[:MAX_RESPONSES]:
        if _is_appointed(responder, issuer, at) and _is_signed_by(response, responder):
            return
    raise NotUsable("the answer is signed by nobody who may")


def _is_appointed(responder: x509.Certificate, issuer: x509.Certificate, at: datetime.datetime) -> bool:
    is_in_time = responder.not_valid_before_utc <= at <= responder.not_valid_after_utc
    may_sign = ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string in extended_usages(responder)
    is_understood = all(not one.critical or one.oid in UNDERSTOOD for one in responder.extensions)
    has_usage = extension_of(responder, x509.KeyUsage) is None or allows(responder, "digital_signature")
    is_strong = isinstance(responder.signature_hash_algorithm, ACCEPTED_HASHES)
    return is_in_time and may_sign and is_understood and has_usage and is_strong and is_issued_by(responder, issuer)


def _is_signed_by(response: ocsp.OCSPResponse, responder: x509.Certificate) -> bool:
    try:
        key = responder.public_key()
        refuse_weak_key(key)
        signature, signed = response.signature, response.tbs_response_bytes
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), response.signature_hash_algorithm)
        else:
            key.verify(signature, signed, ec.ECDSA(response.signature_hash_algorithm))
    except (InvalidSignature, UnsupportedAlgorithm, Mismatch, ValueError, TypeError):
        return False
    return True


def _refuse_extensions(response: ocsp.OCSPResponse, nonce: bytes | None) -> None:
    for extension in response.extensions:
        if extension.critical:
            raise NotUsable(f"an extension of the answer is not understood: {extension.oid.dotted_string}")
        if isinstance(extension.value, x509.OCSPNonce) and nonce is not None and extension.value.nonce != nonce:
            raise NotUsable("the answer is to another question")


def _single_response(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    for number, single in enumerate(response.responses):
        if number == MAX_RESPONSES:
            break
        if single.serial_number == certificate.serial_number and _names(single, certificate, issuer):
            return single
    raise NotUsable("the answer is about another certificate")


def _names(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    name_hash, key_hash = _issuer_hashes(issuer, certificate, single.hash_algorithm.name)
    return single.issuer_name_hash == name_hash and single.issuer_key_hash == key_hash


def _issuer_hashes(issuer: x509.Certificate, certificate: x509.Certificate, hash_name: str) -> tuple[bytes, bytes]:
    """How an answer names the issuer: the library's own request says it, whatever the hash of the answer is."""
    # SHA-1 is only a name here, it proves nothing: the proof is the answer's signature.
    named = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, named[hash_name]).build()
    return request.issuer_name_hash, request.issuer_key_hash


def _standing_of(
    single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, answer: bytes, at: datetime.datetime
) -> Standing:
    told_at, ends_at = single.this_update_utc, single.next_update_utc
    limit = told_at + (MAX_OCSP_AGE if ends_at else MAX_OCSP_AGE_WITHOUT_END)
    state = {
        ocsp.OCSPCertStatus.GOOD: State.GOOD,
        ocsp.OCSPCertStatus.REVOKED: State.REVOKED,
        ocsp.OCSPCertStatus.UNKNOWN: State.UNKNOWN,
    }[single.certificate_status]
    standing = Standing(
        state=state,
        revoked_at=single.revocation_time_utc if state is State.REVOKED else None,
        source=Source.OCSP,
        told_at=told_at,
        holds_until=min(ends_at, limit) if ends_at else limit,
        evidence=answer,
    )
    _refuse_stale(standing, certificate, at)
    return standing


def _refuse_stale(standing: Standing, certificate: x509.Certificate, at: datetime.datetime) -> None:
    if not standing.is_fresh(at):
        raise NotUsable(f"the answer holds {standing.told_at:%Y-%m-%d %H:%M}..{standing.holds_until:%Y-%m-%d %H:%M}")
    # Authorities forget expired certificates: no word of their revocation means nothing any more.
    if standing.state is State.GOOD and standing.told_at > certificate.not_valid_after_utc:
        raise NotUsable("the answer was given after the certificate had expired")


@dataclass(frozen=True)
class RevocationList:
    """A list whose signature by `issuer` was verified once."""

    crl: x509.CertificateRevocationList
    issuer: x509.Certificate
    der: bytes = field(repr=False)


def read_crl(der: bytes, issuer: x509.Certificate) -> RevocationList:
    """A list of revoked certificates that this issuer signed. Raises NotUsable."""
    if len(der) > MAX_CRL_BYTES:
        raise NotUsable("the list is too large")
    try:
        crl = x509.load_der_x509_crl(der)
        _refuse_foreign_list(crl, issuer)
    except NotUsable:
        raise
    except X509_ERRORS as error:
        raise NotUsable(f"the list cannot be read: {type(error).__name__}") from None
    return RevocationList(crl, issuer, der)


def _refuse_foreign_list(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    if crl.issuer != issuer.subject:
        raise NotUsable("the list is of another issuer")
    if not isinstance(crl.signature_hash_algorithm, ACCEPTED_HASHES):
        raise NotUsable("the list is signed with a weak algorithm")
    # Of the critical ones: a list of changes only, a list for some certificates only. Neither says "good".
    for extension in crl.extensions:
        if extension.critical:
            raise NotUsable(f"an extension of the list is not understood: {extension.oid.dotted_string}")
    key = issuer.public_key()
    if not allows(issuer, "crl_sign") or not crl.is_signature_valid(key):
        raise NotUsable("the list is not signed by the issuer")
    if crl.next_update_utc is None:
        raise NotUsable("the list does not say how long it holds")


def standing_by(crl: RevocationList, certificate: x509.Certificate, at: datetime.datetime) -> Standing:
    """What the list says about a certificate of its issuer at the moment `at`. Raises NotUsable."""
    try:
        told_at = crl.crl.last_update_utc
        entry = crl.crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        revoked_at = _revoked_at(entry) if entry is not None else None
    except NotUsable:
        raise
    except X509_ERRORS as error:
        raise NotUsable(f"the list cannot be read: {type(error).__name__}") from None
    standing = Standing(
        state=State.REVOKED if revoked_at else State.GOOD,
        revoked_at=revoked_at,
        source=Source.CRL,
        told_at=told_at,
        holds_until=min(crl.crl.next_update_utc, told_at + MAX_CRL_AGE),
        evidence=crl.der,
    )
    _refuse_stale(standing, certificate, at)
    return standing


def _revoked_at(entry: x509.RevokedCertificate) -> datetime.datetime:
    """When it was revoked, or the earlier moment since which its key is not to be believed."""
    moments = [entry.revocation_date_utc]
    for extension in entry.extensions:
        if isinstance(extension.value, x509.InvalidityDate):
            moments.append(extension.value.invalidity_date_utc)
        elif extension.critical and not isinstance(extension.value, x509.CRLReason):
            raise NotUsable(f"an extension of the entry is not understood: {extension.oid.dotted_string}")
    return min(moments)
