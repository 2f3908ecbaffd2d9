"""Time stamps over signatures (RFC 3161): whether a token holds, and the moment it proves."""

import datetime
import hmac
from dataclasses import dataclass, field

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from integrations.eds import cms_attributes
from integrations.eds.certificates import BadCertificate, allows, load_certificate
from integrations.eds.chain import Trust, chain_of
from integrations.eds.cms import ASN1_ERRORS, TIME_STAMP_INFO, SignedMessage, SignerPart, parse
from integrations.eds.cms_encoding import BadEncoding, normalised
from integrations.eds.cms_mathematics import digest, verify_signature
from integrations.eds.verdicts import Refused

TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


class BadTimeStamp(ValueError):
    """The token proves no moment."""


@dataclass(frozen=True)
class TimeStamp:
    """A token that holds: `gen_time` is the moment; `chain` begins with the authority's certificate."""

    gen_time: datetime.datetime
    policy: str
    serial_number: int
    chain: tuple[x509.Certificate, ...] = field(repr=False)


def verify_time_stamp(token: bytes, stamped: bytes, trust: Trust) -> TimeStamp:
    """The moment at which `stamped` existed, if the token is right. Raises BadTimeStamp.

    Whether the authority's certificate was revoked is not asked here.
    """
    try:
        message = parse(token)
        signer = _one_signer(message)
        info = _info(message)
        _refuse_other_imprint(info, stamped)
        certificate = _certificate(message, signer)
        gen_time = _gen_time(info)
        _refuse_wrong_signature(message, signer, certificate)
        chain = chain_of(certificate, trust, gen_time)
        serial_number, policy = info["serial_number"].native, info["policy"].dotted
    except (Refused, BadCertificate, BadEncoding) as error:
        raise BadTimeStamp(str(error)) from None
    except BadTimeStamp:
        raise
    except ASN1_ERRORS as error:
        raise BadTimeStamp(f"cannot be read: {type(error).__name__}") from None
    return TimeStamp(gen_time, policy, serial_number, chain)


def _one_signer(message: SignedMessage) -> SignerPart:
    if len(message.signers) != 1:
        raise BadTimeStamp("it must have one signer")
    if message.signers[0].is_gost:
        raise BadTimeStamp("it is signed with GOST, which is not computed here")
    return message.signers[0]


def _info(message: SignedMessage) -> tsp.TSTInfo:
    if message.content_type != TIME_STAMP_INFO or message.content is None:
        raise BadTimeStamp("its content is no time stamp")
    info = tsp.TSTInfo.load(normalised(message.content), strict=True)
    if info["version"].native != "v1":
        raise BadTimeStamp("of an unknown version")
    if any(extension["critical"].native for extension in info["extensions"]):
        raise BadTimeStamp("an extension of it is not understood")
    return info


def _refuse_other_imprint(info: tsp.TSTInfo, stamped: bytes) -> None:
    imprint = info["message_imprint"]
    expected = digest(imprint["hash_algorithm"]["algorithm"].dotted, stamped)
    if not hmac.compare_digest(imprint["hashed_message"].native, expected):
        raise BadTimeStamp("it is over something else")


def _gen_time(info: tsp.TSTInfo) -> datetime.datetime:
    gen_time = info["gen_time"].native
    if gen_time.utcoffset() != datetime.timedelta(0):
        raise BadTimeStamp("its time is not in UTC")
    return gen_time


def _certificate(message: SignedMessage, signer: SignerPart) -> x509.Certificate:
    found = message.certificates_of(signer)
    if len(found) != 1:
        raise BadTimeStamp("the authority's certificate must be in it exactly once")
    certificate = load_certificate(found[0])
    usages = [one for one in certificate.extensions if isinstance(one.value, x509.ExtendedKeyUsage)]
    # Critical and alone: nothing but time stamps may be signed with this key (RFC 3161 §2.3).
    if [(one.critical, list(one.value)) for one in usages] != [(True, [TIME_STAMPING])]:
        raise BadTimeStamp("the certificate is not one for time stamps")
    if not allows(certificate, "digital_signature"):
        raise BadTimeStamp("the certificate is not one for signing")
    return certificate


def _refuse_wrong_signature(message: SignedMessage, signer: SignerPart, certificate: x509.Certificate) -> None:
    attributes = cms_attributes.required(signer)
    cms_attributes.refuse_other_content(
        attributes, message.content_type, digest(signer.digest_algorithm, message.content)
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    if not cms_attributes.names_certificate(attributes, der):
        raise BadTimeStamp("it does not name the authority's certificate")
    verify_signature(
        certificate.public_key(),
        signer.signature,
        attributes.encoded,
        digest_oid=signer.digest_algorithm,
        signature_oid=signer.signature_algorithm,
        parameters=signer.signature_parameters,
    )
