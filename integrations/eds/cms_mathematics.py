"""Which algorithms count, and whether a signature matches: RSA (PKCS #1 v1.5, PSS) and ECDSA over SHA-2."""

from collections.abc import Sequence
from typing import Any

from asn1crypto import algos
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from integrations.eds.cms import ASN1_ERRORS
from integrations.eds.verdicts import Reason, Refused

HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
RSA, RSA_PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"
RSA_WITH = {
    "1.2.840.113549.1.1.11": "2.16.840.1.101.3.4.2.1",
    "1.2.840.113549.1.1.12": "2.16.840.1.101.3.4.2.2",
    "1.2.840.113549.1.1.13": "2.16.840.1.101.3.4.2.3",
}
ECDSA_WITH = {
    "1.2.840.10045.4.3.2": "2.16.840.1.101.3.4.2.1",
    "1.2.840.10045.4.3.3": "2.16.840.1.101.3.4.2.2",
    "1.2.840.10045.4.3.4": "2.16.840.1.101.3.4.2.3",
}
RSA_BITS = range(2048, 8193)
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
PSS_SALTS = range(20, 129)  # bytes


class Mismatch(Refused):
    """The signature does not hold; `reason` is `ALGORITHM`, `WEAK` or `WRONG_SIGNATURE`."""


def hash_of(digest_oid: str) -> hashes.HashAlgorithm:
    """The accepted hash with that identifier. Raises Mismatch."""
    found = HASHES.get(digest_oid)
    if found is None:
        raise Mismatch(Reason.ALGORITHM, f"digest {digest_oid}")
    return found


def digest(digest_oid: str, data: bytes) -> bytes:
    """The hash of `data`. Raises Mismatch for a hash that is not accepted."""
    hasher = hashes.Hash(hash_of(digest_oid))
    hasher.update(data)
    return hasher.finalize()


def refuse_weak_key(key: Any) -> None:
    """RSA from 2048 bits, NIST curves from P-256; above 8192 bits a key only costs time. Raises Mismatch."""
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_BITS:
        return
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, CURVES):
        return
    raise Mismatch(Reason.WEAK, type(key).__name__)


def verify_signature(
    key: Any, signature: bytes, signed: bytes, *, digest_oid: str, signature_oid: str, parameters: bytes = b""
) -> None:
    """Whether `signature` of that algorithm, over `signed`, was made with the private half of `key`. Raises Mismatch.

    The hash of the signature has to be the one of the digest: nobody signs otherwise without a reason.
    """
    refuse_weak_key(key)
    algorithm = hash_of(digest_oid)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, _padding(signature_oid, digest_oid, parameters), algorithm)
        elif ECDSA_WITH.get(signature_oid) == digest_oid:
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            raise Mismatch(Reason.ALGORITHM, signature_oid)
    except InvalidSignature:
        raise Mismatch(Reason.WRONG_SIGNATURE) from None
    except (UnsupportedAlgorithm, ValueError) as error:
        if isinstance(error, Mismatch):
            raise
        raise Mismatch(Reason.WRONG_SIGNATURE, type(error).__name__) from None


def _padding(signature_oid: str, digest_oid: str, parameters: bytes):
    if signature_oid == RSA or RSA_WITH.get(signature_oid) == digest_oid:
        return padding.PKCS1v15()
    if signature_oid != RSA_PSS:
        raise Mismatch(Reason.ALGORITHM, signature_oid)
    try:
        found = algos.RSASSAPSSParams.load(parameters, strict=True)
        mask = found["mask_gen_algorithm"]
        named: Sequence[str] = (found["hash_algorithm"]["algorithm"].dotted, mask["parameters"]["algorithm"].dotted)
        salt = found["salt_length"].native
        is_usual = mask["algorithm"].native == "mgf1" and found["trailer_field"].native == "trailer_field_bc"
        is_right = is_usual and set(named) == {digest_oid} and salt in PSS_SALTS
    except ASN1_ERRORS:
        is_right = False
    if not is_right:
        raise Mismatch(Reason.ALGORITHM, "PSS parameters")
    return padding.PSS(padding.MGF1(hash_of(digest_oid)), salt)
