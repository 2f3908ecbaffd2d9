"""Makes signatures as NCALayer does: CMS with signed attributes, detached or attached, with or without a time stamp.

Everything in it can be made wrong on purpose, see `Wrong`.
"""

import base64
import datetime
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

TSA_POLICY = "1.2.398.3.3.2.6.1"
TIME_STAMP_INFO = "1.2.840.113549.1.9.16.1.4"
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


class Signing(Protocol):
    """A certificate and its private key, such as `pki.Credential`."""

    @property
    def certificate(self) -> x509.Certificate: ...

    @property
    def key(self) -> PrivateKeyTypes: ...


@dataclass(frozen=True)
class Wrong:
    """What is to be wrong in a CMS; the default is nothing.

    - `digest_of`: the messageDigest is that of these bytes; `content`: an attached CMS carries these bytes.
    - `content_type`: OID in the signed attribute contentType.
    - `without`, `twice`: signed attributes by name, `content_type`, `message_digest`, `signing_time`,
      `signing_certificate_v2`, left out or put in twice.
    - `named_certificate`: signingCertificateV2 speaks of this certificate.
    - `key`: signed with this key in place of the certificate's own.
    - `certificates`: exactly these certificates are put in.
    - `is_bare`: no signed attributes, the signature is over the content itself.
    - `more_signers`: they sign the same content beside.
    """

    digest_of: bytes | None = None
    content: bytes | None = None
    content_type: str | None = None
    without: frozenset[str] = frozenset()
    twice: frozenset[str] = frozenset()
    named_certificate: x509.Certificate | None = None
    key: PrivateKeyTypes | None = field(default=None, repr=False)
    certificates: Sequence[x509.Certificate] | None = None
    is_bare: bool = False
    more_signers: Sequence[Signing] = ()


RIGHT = Wrong()


@dataclass(frozen=True)
class _Job:
    """What all signers of one CMS share."""

    data: bytes
    content_type: str
    hash_name: str
    signing_time: datetime.datetime
    is_pss: bool
    tsa: Signing | None
    stamped_at: datetime.datetime | None
    wrong: Wrong


def sign_cms(
    credential: Signing,
    data: bytes,
    *,
    attached: bool = False,
    issuer_certificates: Sequence[x509.Certificate] = (),
    tsa: Signing | None = None,
    signing_time: datetime.datetime | None = None,
    stamped_at: datetime.datetime | None = None,
    hash_name: str = "sha256",
    is_pss: bool = False,
    content_type: str = "data",
    wrong: Wrong = RIGHT,
) -> bytes:
    """A CMS over `data` in DER; with `tsa` it carries a time stamp of `stamped_at` (default: now)."""
    job = _Job(data, content_type, hash_name, signing_time or _now(), is_pss, tsa, stamped_at, wrong)
    signers = [credential, *wrong.more_signers]
    certificates = [*(signer.certificate for signer in signers), *issuer_certificates]
    if wrong.certificates is not None:
        certificates = list(wrong.certificates)
    signed = _signed_data(job, signers, certificates, attached)
    return cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()


def _signed_data(
    job: _Job, signers: Sequence[Signing], certificates: Sequence[x509.Certificate], attached: bool
) -> cms.SignedData:
    content = {"content_type": job.content_type}
    if attached:
        inside = job.data if job.wrong.content is None else job.wrong.content
        is_data = job.content_type == "data"
        content["content"] = core.OctetString(inside) if is_data else cms.ParsableOctetString(inside)
    return cms.SignedData(
        {
            "version": "v1" if job.content_type == "data" else "v3",
            "digest_algorithms": [_digest_algorithm(job.hash_name)],
            "encap_content_info": content,
            "certificates": [_asn1(certificate) for certificate in certificates],
            "signer_infos": [_signer_info(signer, job) for signer in signers],
        }
    )


def to_pem(der: bytes, label: str = "CMS") -> str:
    """The CMS between its BEGIN and END lines."""
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def time_stamp_token(
    tsa: Signing,
    digest: bytes,
    *,
    digest_name: str = "sha256",
    gen_time: datetime.datetime | None = None,
    nonce: int | None = None,
    with_certificate: bool = True,
    hash_name: str = "sha256",
    wrong: Wrong = RIGHT,
) -> bytes:
    """An RFC 3161 token over a digest, in DER."""
    gen_time = (gen_time or _now()).replace(microsecond=0)
    info = _time_stamp_info(digest, digest_name, gen_time, nonce)
    if not with_certificate and wrong.certificates is None:
        wrong = replace(wrong, certificates=())
    return sign_cms(
        tsa,
        info.dump(),
        attached=True,
        signing_time=gen_time,
        hash_name=hash_name,
        content_type="tst_info",
        wrong=wrong,
    )


def _time_stamp_info(digest: bytes, digest_name: str, gen_time: datetime.datetime, nonce: int | None) -> tsp.TSTInfo:
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": TSA_POLICY,
            "message_imprint": {"hash_algorithm": _digest_algorithm(digest_name), "hashed_message": digest},
            "serial_number": secrets.randbits(63),
            "gen_time": gen_time,
            "accuracy": {"seconds": 1},
        }
    )
    if nonce is not None:
        info["nonce"] = nonce
    return info


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _signer_info(signer: Signing, job: _Job) -> cms.SignerInfo:
    certificate = _asn1(signer.certificate)
    key = job.wrong.key or signer.key
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
            ),
            "digest_algorithm": _digest_algorithm(job.hash_name),
            "signature_algorithm": _signature_algorithm(key, job),
        }
    )
    signed = job.data
    if not job.wrong.is_bare:
        info["signed_attrs"] = _signed_attributes(signer, job)
        # What is signed is a SET OF, what is sent has the tag [0] (RFC 5652 §5.4).
        signed = cms.CMSAttributes(list(info["signed_attrs"])).dump()
    signature = sign(key, signed, job.hash_name, is_pss=job.is_pss)
    info["signature"] = signature
    if job.tsa is not None:
        digest = hashlib.sha256(signature).digest()
        token = cms.ContentInfo.load(time_stamp_token(job.tsa, digest, gen_time=job.stamped_at))
        info["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    return info


def _signed_attributes(signer: Signing, job: _Job) -> cms.CMSAttributes:
    wrong = job.wrong
    digest_of = job.data if wrong.digest_of is None else wrong.digest_of
    digest = hashlib.new(job.hash_name, digest_of).digest()
    named = wrong.named_certificate or signer.certificate
    certificate_hash = hashlib.sha256(named.public_bytes(serialization.Encoding.DER)).digest()
    certificate_id = tsp.ESSCertIDv2({"cert_hash": certificate_hash})
    attributes = {
        "content_type": wrong.content_type or job.content_type,
        "signing_time": cms.Time({"utc_time": core.UTCTime(job.signing_time)}),
        "message_digest": digest,
        "signing_certificate_v2": tsp.SigningCertificateV2({"certs": [certificate_id]}),
    }
    names = [name for name in attributes if name not in wrong.without]
    names += [name for name in names if name in wrong.twice]
    return cms.CMSAttributes([{"type": name, "values": [attributes[name]]} for name in names])


def sign(key: PrivateKeyTypes, data: bytes, hash_name: str, *, is_pss: bool = False) -> bytes:
    """The bare signature over `data` with an RSA or EC key."""
    algorithm = HASHES[hash_name]()
    if isinstance(key, rsa.RSAPrivateKey):
        if is_pss:
            return key.sign(data, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
        return key.sign(data, padding.PKCS1v15(), algorithm)
    return key.sign(data, ec.ECDSA(algorithm))


def _signature_algorithm(key: PrivateKeyTypes, job: _Job) -> dict:
    if not isinstance(key, rsa.RSAPrivateKey):
        return {"algorithm": f"{job.hash_name}_ecdsa"}
    if not job.is_pss:
        return {"algorithm": f"{job.hash_name}_rsa", "parameters": core.Null()}
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": job.hash_name},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": job.hash_name}},
            "salt_length": HASHES[job.hash_name].digest_size,
        }
    )
    return {"algorithm": "rsassa_pss", "parameters": parameters}


def _digest_algorithm(name: str) -> dict:
    return {"algorithm": name, "parameters": core.Null()}


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
