"""How the emulated NCANode verifies a CMS: as its CmsService does, holes included. contracts/ncalayer.md §4."""

import base64
import hashlib
from typing import Any

from asn1crypto import cms, core, tsp
from cryptography import x509

from integrations.emulators import gost
from integrations.emulators.ncanode_certificates import as_json, verifies

_DIGESTS = {algorithm.digest_oid: algorithm.hash_name for algorithm in gost.ALGORITHMS} | {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_DIGEST_NAMES = {
    gost.GOST_2004.digest_oid: "GOST34311",
    gost.GOST_2015_256.digest_oid: "GOST3411-2015-256",
    gost.GOST_2015_512.digest_oid: "GOST3411-2015-512",
    "2.16.840.1.101.3.4.2.1": "SHA256",
}


def content_of(encoded: bytes) -> bytes:
    """What an attached CMS carries. Raises ValueError for a detached one."""
    content = _signed_data(encoded)["encap_content_info"]["content"]
    if content.native is None:
        raise ValueError("CMS doesn't have signed content")
    return content.native


def verified(encoded: bytes, data: bytes | None, look) -> dict[str, Any]:
    """`valid` and `signers`. An attached CMS is verified over its own content, whatever `data` is.

    `look` gives the CertificateInfo of a certificate. Raises ValueError, TypeError or KeyError for what is no CMS.
    """
    signed = _signed_data(encoded)
    own = signed["encap_content_info"]["content"].native
    content = data if own is None else own
    if content is None:
        raise ValueError("content is null")
    certificates = [
        x509.load_der_x509_certificate(choice.chosen.dump())
        for choice in signed["certificates"]
        if choice.name == "certificate"
    ]
    is_valid, signers = True, []
    for signer in signed["signer_infos"]:
        infos = []
        for certificate in _matching(signer["sid"], certificates):
            infos.append(look(certificate))
            is_valid = is_valid and infos[-1]["valid"] and _is_right(signer, certificate, content)
        signers.append({"certificates": infos} | _time_stamp(signer))
    return {"valid": is_valid, "signers": signers}


def _signed_data(encoded: bytes) -> cms.SignedData:
    info = cms.ContentInfo.load(encoded)
    if info["content_type"].native != "signed_data":
        raise ValueError("Malformed content.")
    return info["content"]


def _matching(sid: cms.SignerIdentifier, certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    if sid.name != "issuer_and_serial_number":
        return []
    issuer, serial = sid.chosen["issuer"].dump(), sid.chosen["serial_number"].native
    return [known for known in certificates if (known.issuer.public_bytes(), known.serial_number) == (issuer, serial)]


def _is_right(signer: cms.SignerInfo, certificate: x509.Certificate, content: bytes) -> bool:
    hash_name = _DIGESTS[signer["digest_algorithm"]["algorithm"].dotted]
    signature, attributes = signer["signature"].native, signer["signed_attrs"]
    if not isinstance(attributes, cms.CMSAttributes) or not len(attributes):
        return verifies(certificate, signature, content, hash_name=hash_name)
    digests = [
        value.native for item in attributes if item["type"].native == "message_digest" for value in item["values"]
    ]
    if digests != [hashlib.new(hash_name, content).digest()]:
        return False
    return verifies(certificate, signature, attributes.untag().dump(), hash_name=hash_name)


def _time_stamp(signer: cms.SignerInfo) -> dict[str, Any]:
    """`tsp` where the signature carries a token, which is told and not verified."""
    unsigned = signer["unsigned_attrs"]
    tokens = [] if isinstance(unsigned, core.Void) else [item for item in unsigned if _is_time_stamp(item)]
    if not tokens:
        return {}
    info = tokens[0]["values"][0]["content"]["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise ValueError("no time stamp")
    imprint = info["message_imprint"]
    oid = imprint["hash_algorithm"]["algorithm"].dotted
    return {
        "tsp": {
            "serialNumber": f"{info['serial_number'].native:x}",
            "genTime": as_json(info["gen_time"].native),
            "policy": info["policy"].dotted,
            "tsa": str(info["tsa"].native or ""),
            "tspHashAlgorithm": _DIGEST_NAMES.get(oid),
            "hash": imprint["hashed_message"].native.hex(),
        }
    }


def _is_time_stamp(attribute: cms.CMSAttribute) -> bool:
    return attribute["type"].native == "signature_time_stamp_token"


def encoded_of(text: str) -> bytes:
    """Base64 as Java's basic decoder takes it. Raises ValueError."""
    return base64.b64decode(text, validate=True)


def base64_of(data: bytes) -> str:
    """Base64 without line ends."""
    return base64.b64encode(data).decode()
