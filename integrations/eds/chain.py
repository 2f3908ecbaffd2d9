"""From a certificate up to one of the pinned roots. Source: contracts/ncalayer.md §5.4, RFC 5280 §6.

Issuers come from the pinned bundle only, never out of a signature and never from an address in a certificate.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID, SignatureAlgorithmOID

from integrations.eds.certificates import allows, extension_of, is_gost, load_bundle
from integrations.eds.cms_mathematics import Mismatch, refuse_weak_key
from integrations.eds.verdicts import Reason, Refused

MAX_LENGTH = 5
ACCEPTED_SIGNATURES = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
        SignatureAlgorithmOID.RSASSA_PSS,
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    }
)
ACCEPTED_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
# Critical extensions whose meaning we follow; policies need no following, because we ask for none.
UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    }
)


class BrokenChain(Refused):
    """No chain of right certificates leads to a pinned root; `reason` and `detail` say what was nearest."""


@dataclass(frozen=True)
class Trust:
    """The pinned certificates: `roots` signed themselves, `issuers` are below them."""

    roots: tuple[x509.Certificate, ...]
    issuers: tuple[x509.Certificate, ...] = ()

    @classmethod
    def of(cls, certificates: Iterable[x509.Certificate]) -> Self:
        """Sorted into roots and issuers by whether the issuer's name is their own."""
        certificates = list(dict.fromkeys(certificates))
        roots = tuple(found for found in certificates if found.issuer == found.subject)
        return cls(roots, tuple(found for found in certificates if found.issuer != found.subject))

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """The `*.pem` files of a folder. Raises OSError, BadCertificate, or ValueError when no root is there."""
        trust = cls.of(load_bundle(Path(folder)))
        if not trust.roots:
            raise ValueError(f"no root certificate in {folder}")
        return trust

    def issuers_of(self, certificate: x509.Certificate) -> list[x509.Certificate]:
        """Pinned certificates with the name, and the key where it is told, of the issuer."""
        named = [found for found in (*self.issuers, *self.roots) if found.subject == certificate.issuer]
        return [found for found in named if _is_key_named(certificate, found)]


def chain_of(
    leaf: x509.Certificate, trust: Trust, at: datetime.datetime, *, is_computed_elsewhere: bool = False
) -> tuple[x509.Certificate, ...]:
    """Leaf, issuers, root, all of them right and valid at `at`. Raises BrokenChain.

    GOST certificates are refused, unless somebody who can compute their signatures did so (`is_computed_elsewhere`):
    then of theirs only the names are compared.
    """
    if is_gost(leaf) and not is_computed_elsewhere:
        raise BrokenChain(Reason.GOST, "a GOST certificate")
    _refuse_faulty(leaf)
    _refuse_other_times(leaf, at, "the certificate")
    if _constraints(leaf).ca or leaf in trust.roots:
        raise BrokenChain(Reason.CHAIN, "it is an authority's certificate")
    return _extended((leaf,), trust, at)


def _extended(
    chain: tuple[x509.Certificate, ...], trust: Trust, at: datetime.datetime
) -> tuple[x509.Certificate, ...]:
    last = chain[-1]
    if last in trust.roots:
        return chain
    nearest = None
    if len(chain) == MAX_LENGTH:  # also where authorities issued each other
        raise BrokenChain(Reason.CHAIN, "too long")
    for issuer in trust.issuers_of(last):
        try:
            _refuse_wrong_issuer(issuer, chain, at)
            return _extended((*chain, issuer), trust, at)
        except BrokenChain as error:
            nearest = error
    raise nearest or BrokenChain(Reason.UNTRUSTED, f"no pinned issuer: {last.issuer.rfc4514_string()}")


def _refuse_wrong_issuer(issuer: x509.Certificate, chain: tuple[x509.Certificate, ...], at: datetime.datetime) -> None:
    if not is_issued_by(chain[-1], issuer):
        raise BrokenChain(Reason.UNTRUSTED, "not signed by the pinned issuer of that name")
    constraints = _constraints(issuer)
    if not constraints.ca:
        raise BrokenChain(Reason.CHAIN, "the issuer is no authority")
    # Authorities between this one and the leaf; one that signed itself does not count (RFC 5280 §4.2.1.9).
    between = sum(found.issuer != found.subject for found in chain[1:])
    if constraints.path_length is not None and between > constraints.path_length:
        raise BrokenChain(Reason.CHAIN, "too many authorities below one another")
    if not allows(issuer, "key_cert_sign"):
        raise BrokenChain(Reason.CHAIN, "the issuer may not sign certificates")
    _refuse_faulty(issuer)
    _refuse_other_times(issuer, at, "an issuer")


def _refuse_other_times(certificate: x509.Certificate, at: datetime.datetime, name: str) -> None:
    if at < certificate.not_valid_before_utc:
        raise BrokenChain(Reason.NOT_YET_VALID, f"{name} begins {certificate.not_valid_before_utc:%Y-%m-%d}")
    if at > certificate.not_valid_after_utc:
        raise BrokenChain(Reason.EXPIRED, f"{name} ended {certificate.not_valid_after_utc:%Y-%m-%d}")


def _refuse_faulty(certificate: x509.Certificate) -> None:
    fault = _fault(certificate)
    if fault:
        raise BrokenChain(*fault)


@lru_cache(maxsize=512)
def _fault(certificate: x509.Certificate) -> tuple[Reason, str] | None:
    """What is wrong in the certificate itself, whenever it is looked at."""
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in UNDERSTOOD:
            return Reason.CHAIN, f"critical extension {extension.oid.dotted_string}"
    if is_gost(certificate):
        return None
    if certificate.signature_algorithm_oid not in ACCEPTED_SIGNATURES:
        return Reason.WEAK, f"signed with {certificate.signature_algorithm_oid.dotted_string}"
    try:
        if not isinstance(certificate.signature_hash_algorithm, ACCEPTED_HASHES):
            return Reason.WEAK, "signed over a weak hash"
        refuse_weak_key(certificate.public_key())
    except Mismatch as error:
        return error.reason, error.detail
    except (UnsupportedAlgorithm, ValueError, TypeError) as error:
        return Reason.WEAK, type(error).__name__
    return None


@lru_cache(maxsize=1024)
def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed it; of GOST certificates only the names are compared."""
    if is_gost(certificate):
        return certificate.issuer == issuer.subject and is_gost(issuer)
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _constraints(certificate: x509.Certificate) -> x509.BasicConstraints:
    found = extension_of(certificate, x509.BasicConstraints)
    return found or x509.BasicConstraints(ca=False, path_length=None)


def _is_key_named(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Names of authorities are used again with new keys; where both sides tell the key, it has to be the same."""
    named = extension_of(certificate, x509.AuthorityKeyIdentifier)
    own = extension_of(issuer, x509.SubjectKeyIdentifier)
    return not named or not own or named.key_identifier in (None, own.digest)
