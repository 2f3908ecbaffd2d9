"""What signed attributes and algorithms must say, in signatures that are right in everything else."""

import hashlib

import pytest
from asn1crypto import algos, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding

from integrations.eds.cms_encoding import children, encoded
from integrations.eds.verdicts import Reason
from integrations.emulators.cms import sign_cms
from tests.integrations.eds.making import DATA, centre, edited, judged, rsa_key, with_attributes

LEAF = centre().leaf()
LEAF_DER = LEAF.certificate.public_bytes(Encoding.DER)
DIGEST = core.OctetString(hashlib.sha256(DATA).digest()).dump()
DATA_TYPE = core.ObjectIdentifier("1.2.840.113549.1.7.1").dump()


def named(hash_name=None, digest=None, serial_number=None, kind=tsp.SigningCertificateV2):
    """A signingCertificate that names the leaf, or something else."""
    one = {"cert_hash": hashlib.new(hash_name or "sha256", LEAF_DER).digest() if digest is None else digest}
    if hash_name and kind is tsp.SigningCertificateV2:
        one["hash_algorithm"] = {"algorithm": hash_name}
    if serial_number is not None:
        issuer = asn1_x509.Certificate.load(LEAF_DER).issuer
        name = asn1_x509.GeneralName("directory_name", issuer)
        one["issuer_serial"] = {"issuer": [name], "serial_number": serial_number}
    return [kind({"certs": [one]}).dump()]


SERIAL = LEAF.certificate.serial_number
OTHER_DIGEST = hashlib.sha256(b"another").digest()


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        pytest.param({}, Reason.VALID, id="right"),
        pytest.param({"signing_certificate_v2": named("sha512")}, Reason.VALID, id="another hash of the certificate"),
        pytest.param({"signing_certificate_v2": named(serial_number=SERIAL)}, Reason.VALID, id="serial"),
        pytest.param(
            {"signing_certificate": named("sha1", kind=tsp.SigningCertificate)}, Reason.VALID, id="version 1"
        ),
        pytest.param(
            {"signing_certificate_v2": named(serial_number=SERIAL + 1)},
            Reason.OTHER_CERTIFICATE,
            id="cms_attributes:_refuse_other serial",
        ),
        pytest.param(
            {"signing_certificate_v2": named(digest=OTHER_DIGEST)},
            Reason.OTHER_CERTIFICATE,
            id="cms_attributes:_refuse_other hash",
        ),
        pytest.param(
            {"signing_certificate_v2": named(digest=OTHER_DIGEST, serial_number=SERIAL)},
            Reason.OTHER_CERTIFICATE,
            id="cms_attributes:_refuse_other hash though the serial is right",
        ),
        pytest.param(
            {"signing_certificate_v2": named("md5")},
            Reason.OTHER_CERTIFICATE,
            id="cms_attributes:_refuse_other MD5",
        ),
        pytest.param(
            {"signing_certificate": named(digest=OTHER_DIGEST[:20], kind=tsp.SigningCertificate)},
            Reason.OTHER_CERTIFICATE,
            id="cms_attributes:names_certificate version 1",
        ),
        pytest.param(
            {"signing_certificate_v2": [core.Null().dump()]},
            Reason.SIGNED_ATTRIBUTES,
            id="cms_attributes:_refuse_other garbage",
        ),
        pytest.param(
            {"signing_certificate_v2": named() * 2},
            Reason.SIGNED_ATTRIBUTES,
            id="cms_attributes:_only two values of signingCertificate",
        ),
        pytest.param(
            {"message_digest": [DIGEST, DIGEST]}, Reason.SIGNED_ATTRIBUTES, id="cms_attributes:_only two digests"
        ),
        pytest.param({"message_digest": []}, Reason.SIGNED_ATTRIBUTES, id="cms_attributes:_only no digest"),
        pytest.param({"content_type": [DATA_TYPE] * 2}, Reason.SIGNED_ATTRIBUTES, id="cms_attributes:_only two types"),
        pytest.param(
            {"message_digest": [core.UTF8String("x").dump()]},
            Reason.SIGNED_ATTRIBUTES,
            id="cms_attributes:refuse_other_content digest of another kind",
        ),
        pytest.param(
            {"content_type": [core.Integer(1).dump()]},
            Reason.SIGNED_ATTRIBUTES,
            id="cms_attributes:_dotted type of another kind",
        ),
        pytest.param({"signing_time": b"\x30\x02\x05\x00"}, Reason.SIGNED_ATTRIBUTES, id="cms:_attribute one part"),
        pytest.param(
            {"signing_time": b"\x30\x06\x06\x02\x2a\x03\x30\x00"}, Reason.SIGNED_ATTRIBUTES, id="cms:_attribute no set"
        ),
        pytest.param(
            {"signing_time": b"\x30\x05\x02\x01\x05\x31\x00"}, Reason.SIGNED_ATTRIBUTES, id="cms:_dotted no type"
        ),
    ],
)
def test_signed_attributes_say_what_they_must(attributes, reason):
    assert judged(with_attributes(LEAF, **attributes)).reason is reason


def pss(**changes):
    """A right PSS signature that tells these parameters."""
    parameters = {
        "hash_algorithm": {"algorithm": "sha256"},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
        "salt_length": 32,
    }

    def tell(content):
        told = algos.RSASSAPSSParams(parameters | changes)
        content["signer_infos"][0]["signature_algorithm"] = {"algorithm": "rsassa_pss", "parameters": told}

    return edited(sign_cms(centre().leaf(key=rsa_key()), DATA, is_pss=True), tell)


def pss_raw(oid="1.2.840.113549.1.1.10", trailer=1):
    """A right PSS signature that tells this algorithm and this trailer."""
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
            "salt_length": 32,
        }
    ).dump()
    parts = b"".join(children(parameters)[1]) + encoded(0xA3, core.Integer(trailer).dump())
    told = encoded(0x30, core.ObjectIdentifier(oid).dump() + encoded(0x30, parts))

    def tell(content):
        content["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm.load(told)

    return edited(sign_cms(centre().leaf(key=rsa_key()), DATA, is_pss=True), tell)


def algorithm(name, key=None):
    """A right signature that tells another algorithm."""

    def tell(content):
        content["signer_infos"][0]["signature_algorithm"] = {"algorithm": name}

    return edited(sign_cms(centre().leaf(key=key or rsa_key()), DATA), tell)


SHA512_MASK = {"algorithm": "mgf1", "parameters": {"algorithm": "sha512"}}


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        pytest.param(lambda: pss(), Reason.VALID, id="PSS"),
        pytest.param(lambda: pss_raw(), Reason.VALID, id="PSS with trailer"),
        pytest.param(lambda: pss_raw(trailer=2), Reason.ALGORITHM, id="cms_mathematics:_padding trailer"),
        pytest.param(lambda: pss_raw("1.2.3.4"), Reason.ALGORITHM, id="cms_mathematics:_padding unknown algorithm"),
        pytest.param(lambda: algorithm("rsassa_pkcs1v15"), Reason.VALID, id="rsaEncryption"),
        pytest.param(
            lambda: pss(hash_algorithm={"algorithm": "sha512"}), Reason.ALGORITHM, id="cms_mathematics:_padding hash"
        ),
        pytest.param(
            lambda: pss(mask_gen_algorithm=SHA512_MASK),
            Reason.ALGORITHM,
            id="cms_mathematics:_padding hash of the mask",
        ),
        pytest.param(lambda: pss(salt_length=0), Reason.ALGORITHM, id="cms_mathematics:_padding no salt"),
        pytest.param(lambda: pss(salt_length=10**6), Reason.ALGORITHM, id="cms_mathematics:_padding huge salt"),
        pytest.param(lambda: pss(salt_length=40), Reason.WRONG_SIGNATURE, id="another salt"),
        pytest.param(lambda: algorithm("sha512_rsa"), Reason.ALGORITHM, id="cms_mathematics:_padding another hash"),
        pytest.param(lambda: algorithm("sha1_rsa"), Reason.ALGORITHM, id="cms_mathematics:_padding SHA-1"),
        pytest.param(
            lambda: algorithm("sha256_ecdsa"), Reason.ALGORITHM, id="cms_mathematics:_padding of another key"
        ),
        pytest.param(
            lambda: algorithm("sha512_ecdsa", LEAF.key), Reason.ALGORITHM, id="cms_mathematics:verify_signature hash"
        ),
        pytest.param(
            lambda: algorithm("sha256_rsa", LEAF.key), Reason.ALGORITHM, id="cms_mathematics:verify_signature key"
        ),
        pytest.param(lambda: algorithm("rsassa_pss"), Reason.ALGORITHM, id="cms_mathematics:_padding no parameters"),
    ],
)
def test_the_algorithm_is_one_that_counts(signature, reason):
    assert judged(signature()).reason is reason
