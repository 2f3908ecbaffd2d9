"""The stand-in for GOST: everyone but the emulators takes it for GOST."""

import stat

import pytest
from asn1crypto import cms as asn1
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.eds.certificates import is_gost, signer_of
from integrations.eds.chain import Trust, chain_of
from integrations.eds.cms import parse
from integrations.emulators import gost
from integrations.emulators.gost_pki import issue_to, made_authorities, make_gost_pki, trust_gost
from integrations.emulators.pki import open_pki
from tests.integrations.eds.ncanode_world import DATA, NOW

OIDS = {
    "ECGOST34310": ("1.2.398.3.10.1.1.1.2", "1.2.398.3.10.1.1.1.1", "1.2.398.3.10.1.3.1"),
    "ECGOST3410-2015-256": ("1.2.398.3.10.1.1.2.3.1", "1.2.398.3.10.1.1.2.2", "1.2.398.3.10.1.3.2"),
    "ECGOST3410-2015-512": ("1.2.398.3.10.1.1.2.3.2", "1.2.398.3.10.1.1.2.2", "1.2.398.3.10.1.3.3"),
}


@pytest.fixture(params=gost.ALGORITHMS, ids=lambda algorithm: algorithm.name)
def person(request, gost_pki):
    """The head of the school with a certificate of each algorithm."""
    issuing = made_authorities(NOW, request.param)["issuing"]
    return issue_to(issuing, gost_pki.holder("school-director-sign"), NOW, algorithm=request.param)


def test_certificate_carries_the_oids_of_its_gost(person):
    signature_oid, key_oid, _digest_oid = OIDS[gost.algorithm_of(person.certificate).name]
    assert person.certificate.signature_algorithm_oid.dotted_string == signature_oid
    assert person.certificate.public_key_algorithm_oid.dotted_string == key_oid
    assert is_gost(person.certificate)


def test_python_loads_the_certificate_and_refuses_its_key(person):
    again = x509.load_der_x509_certificate(person.certificate.public_bytes(Encoding.DER))
    assert signer_of(again).iin == "610314399003"
    with pytest.raises(UnsupportedAlgorithm):
        again.public_key()
    with pytest.raises(UnsupportedAlgorithm):
        _ = again.signature_hash_algorithm
    with pytest.raises(KeyError):
        _ = asn1_x509.Certificate.load(again.public_bytes(Encoding.DER)).public_key.native


def test_signature_carries_the_oids_of_its_gost(person):
    signature_oid, _key_oid, digest_oid = OIDS[gost.algorithm_of(person.certificate).name]
    (part,) = parse(gost.sign_gost_cms(person, DATA)).signers
    assert (part.signature_algorithm, part.digest_algorithm) == (signature_oid, digest_oid)
    assert part.is_gost


def test_signature_is_over_the_signed_attributes_of_our_bytes(person):
    message = parse(gost.sign_gost_cms(person, DATA))
    (part,) = message.signers
    algorithm = gost.algorithm_of(person.certificate)
    attributes = part.signed_attributes.encoded
    assert gost.is_signed_by(person.certificate, algorithm, part.signature, attributes)
    assert not gost.is_signed_by(person.certificate, algorithm, part.signature, attributes + b"\x00")
    assert algorithm.digest(DATA) in attributes


def test_attached_signature_carries_the_bytes_and_detached_does_not(director):
    assert parse(gost.sign_gost_cms(director, DATA, attached=True)).content == DATA
    assert parse(gost.sign_gost_cms(director, DATA)).content is None


def test_issuer_signed_the_certificate(gost_pki, director):
    issuing = gost_pki.certificate("issuing")
    body = director.certificate.tbs_certificate_bytes
    assert gost.is_signed_by(issuing, gost.GOST_2015_512, director.certificate.signature, body)
    assert not gost.is_signed_by(issuing, gost.GOST_2015_512, director.certificate.signature, body[:-1])


def test_chain_leads_to_the_root_by_name_and_key_identifier(gost_pki, director):
    chain = chain_of(director.certificate, Trust.load(gost_pki.trust), NOW, is_computed_elsewhere=True)
    assert chain == (director.certificate, gost_pki.certificate("issuing"), gost_pki.certificate("root"))


def test_key_of_rsa_is_not_of_the_stand_in(pki):
    certificate = pki.certificate("guardian-sign")
    assert gost.algorithm_of(certificate) is None
    assert not gost.has_gost_key(certificate)
    with pytest.raises(ValueError, match="not of GOST"):
        gost.sign_gost_cms(pki.credential("guardian-sign"), DATA)


def test_time_stamp_stands_among_the_unsigned_attributes(director, pki):
    (part,) = parse(gost.sign_gost_cms(director, DATA, tsa=pki.credential("tsa"))).signers
    (token,) = part.time_stamp_tokens
    assert asn1.ContentInfo.load(token)["content"]["encap_content_info"]["content_type"].native == "tst_info"


def test_centre_has_the_same_people_as_that_of_rsa(gost_pki, pki):
    assert gost_pki.people == pki.people


def test_centre_is_made_once(tmp_path):
    first = make_gost_pki(tmp_path / "pki").certificate("root")
    assert make_gost_pki(tmp_path / "pki").certificate("root") == first
    assert make_gost_pki(tmp_path / "pki", seed=7).certificate("root") != first
    assert open_pki(tmp_path / "pki").seed == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == [".pki.lock", "pki"]


def test_keys_are_readable_by_their_owner_only(gost_pki):
    secrets = [*gost_pki.folder.rglob("*.key.pem"), *gost_pki.folder.rglob("*.p12")]
    assert len(secrets) == len(gost_pki.people) + 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_authorities_of_gost_stand_beside_those_of_rsa(gost_pki, tmp_path):
    trust_gost(gost_pki, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gost-issuing.pem", "gost-root.pem"]


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_are_signed_and_any_change_is_seen(gost_pki, data):
    credential = gost_pki.credential("guardian-sign")
    algorithm = gost.algorithm_of(credential.certificate)
    signature = gost.sign_digest(credential.key, algorithm, data)
    assert gost.is_signed_by(credential.certificate, algorithm, signature, data)
    assert not gost.is_signed_by(credential.certificate, algorithm, signature, data + b"\x00")
    assert not gost.is_signed_by(credential.certificate, algorithm, signature[::-1], data)
