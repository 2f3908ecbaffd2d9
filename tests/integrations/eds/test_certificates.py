"""Who holds a certificate."""

import warnings

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.eds.certificates import BadCertificate, has_wrong_bin, load_bundle, load_certificate, signer_of
from integrations.eds.chain import BrokenChain, chain_of
from integrations.eds.verdicts import Purpose, Role
from integrations.emulators import pki_people
from integrations.emulators.gost_pki import make_gost_pki
from tests.integrations.eds.making import BIN, FOR_SIGNING, IIN, NOW, centre, person


def signer(subject=None, **changes):
    return signer_of(centre().leaf(subject=subject, **changes).certificate)


def name(**values):
    oids = {"cn": NameOID.COMMON_NAME, "sn": NameOID.SURNAME, "gn": NameOID.GIVEN_NAME, "o": NameOID.ORGANIZATION_NAME}
    oids |= {"ou": NameOID.ORGANIZATIONAL_UNIT_NAME, "serial": NameOID.SERIAL_NUMBER}
    return x509.Name([x509.NameAttribute(oids[key], value) for key, value in values.items()])


@pytest.mark.parametrize("kind", ["rsa", "gost"])
def test_everyone_of_the_demo_is_read_as_written(pki, tmp_path_factory, kind):
    centre_on_disk = pki if kind == "rsa" else make_gost_pki(tmp_path_factory.mktemp("gost") / "pki")
    for holder in centre_on_disk.people:
        found = signer_of(centre_on_disk.certificate(holder.slug))
        assert (found.iin, found.bin, found.is_gost) == (holder.iin, holder.bin, kind == "gost")
        names = (holder.last_name, holder.first_name, holder.middle_name)
        assert (found.last_name, found.first_name, found.middle_name) == tuple(map(str.upper, names))
        assert found.organisation == holder.organisation.upper()
        assert found.purposes == {Purpose(holder.purpose.upper())}
        with_organisation = holder.role not in pki_people.WITHOUT_ORGANISATION
        assert found.roles == {Role(holder.role)} | ({Role.ORGANIZATION} if with_organisation else set())


@pytest.mark.parametrize(
    ("subject", "iin", "bin_"),
    [
        pytest.param(person(IIN), IIN, "", id="person"),
        pytest.param(name(cn="А Б", serial=f"IIN{IIN}", ou=f"BIN{BIN}"), IIN, BIN, id="organisation"),
        pytest.param(name(cn="А", serial=f"BIN{BIN}"), "", BIN, id="organisation only"),
        pytest.param(name(cn="А", serial=IIN), "", "", id="without prefix"),
        pytest.param(name(cn="А", serial=f"TIN{IIN}"), "", "", id="another prefix"),
        pytest.param(name(cn="А", serial="IIN850630399011"), "", "", id="wrong check digit"),
        pytest.param(name(cn="А", serial=f"IIN{IIN}0"), "", "", id="too long"),
        pytest.param(name(cn="А", serial=f"IIN{IIN}", ou="BIN２50140990016"), IIN, "", id="digit of another script"),
        pytest.param(name(cn="А", serial=f"IIN{IIN}", ou="ОТДЕЛ КАДРОВ"), IIN, "", id="another unit"),
    ],
)
def test_numbers_are_those_of_the_subject_when_right__certificates_signer_of(subject, iin, bin_):
    found = signer(subject)
    assert (found.iin, found.bin) == (iin, bin_)


@pytest.mark.parametrize(
    ("unit", "is_wrong"), [(f"BIN{BIN}", False), ("BIN250140990017", True), ("BIN", True), ("ОТДЕЛ", False)]
)
def test_a_bin_that_is_none_is_noticed__certificates_has_wrong_bin(unit, is_wrong):
    certificate = centre().leaf(subject=name(cn="А", serial=f"IIN{IIN}", ou=unit)).certificate
    assert has_wrong_bin(certificate) is is_wrong


@pytest.mark.parametrize(
    ("common_name", "last_name", "first_name"),
    [
        ("ТЕСТОВ ТЕСТ", "ТЕСТОВ", "ТЕСТ"),
        ("ТЕСТОВ", "ТЕСТОВ", ""),
        ("МАХМУД УЛЫ АЛИ АХМЕТ", "МАХМУД УЛЫ", "АЛИ АХМЕТ"),
        ("ТОО «САД»", "", "ТОО «САД»"),
    ],
)
def test_the_first_name_stands_after_the_family_name(common_name, last_name, first_name):
    parts = {"cn": common_name, "serial": f"IIN{IIN}"} | ({"sn": last_name} if last_name else {})
    found = signer(name(**parts))
    assert (found.last_name, found.first_name) == (last_name, first_name)


@pytest.mark.parametrize(
    ("oids", "roles"),
    [
        (["1.2.398.3.3.4.1.1"], {Role.INDIVIDUAL}),
        (["1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.2"], {Role.ORGANIZATION, Role.CAN_SIGN}),
        (["1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.3"], {Role.ORGANIZATION, Role.CAN_SIGN_FINANCIAL}),
        (["1.2.398.3.3.4.1.2.4"], {Role.HR}),
        (["1.2.398.3.3.4.2"], {Role.NCA_STAFF}),
        (["1.2.398.3.3.4.2.7.1"], {Role.NCA_STAFF}),
        (["1.2.398.3.3.4.3", "1.2.398.3.3.4.3.2.1"], {Role.IDENTIFICATION, Role.IDENTIFICATION_REMOTE_DIGITAL_ID}),
        (["1.2.398.3.3.4.20", "1.2.398.3.3.4.1.2.50"], set()),
    ],
)
def test_roles_are_told_by_extended_key_usage(oids, roles):
    extended = [FOR_SIGNING[0], *map(x509.ObjectIdentifier, oids)]
    assert signer(extended=extended).roles == roles


def test_names_longer_than_the_standard_allows_are_read_without_warning():
    """Kazakh organisations' names pass the 64 characters of X.520; cryptography writes no such names, others do."""
    made = asn1.Certificate.load(centre().leaf().certificate.public_bytes(Encoding.DER))
    made["tbs_certificate"]["subject"] = asn1.Name.build({"common_name": "Ұ" * 200, "serial_number": f"IIN{IIN}"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert signer_of(load_certificate(made.dump())).iin == IIN


def test_a_certificate_of_version_1_is_not_read__certificates_load_certificate():
    made = asn1.Certificate.load(centre().leaf().certificate.public_bytes(Encoding.DER))
    made["tbs_certificate"]["version"] = "v1"
    made["tbs_certificate"]["extensions"] = None
    with pytest.raises(BadCertificate, match="version 3"):
        load_certificate(made.dump())


def test_a_certificate_of_nobody_is_not_read__certificates_load_certificate():
    made = asn1.Certificate.load(centre().leaf().certificate.public_bytes(Encoding.DER))
    made["tbs_certificate"]["subject"] = asn1.Name.load(b"\x30\x00")
    with pytest.raises(BadCertificate, match="with a subject"):
        load_certificate(made.dump())


@pytest.mark.parametrize("size", [0, 100, 40_000, 50 * 2**20])
def test_zeros_are_no_certificate(size):
    with pytest.raises(BadCertificate):
        load_certificate(bytes(size))


def test_a_bundle_names_the_file_that_cannot_be_read(tmp_path):
    (tmp_path / "bad.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    with pytest.raises(BadCertificate, match=r"bad\.pem"):
        load_bundle(tmp_path)


RIGHT = centre().leaf().certificate.public_bytes(Encoding.DER)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(RIGHT) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_flipped_certificate_is_refused_or_read(changes):
    changed = bytearray(RIGHT)
    for place, value in changes:
        changed[place] = value
    try:
        certificate = load_certificate(bytes(changed))
        signer_of(certificate)
        chain_of(certificate, centre().trust, NOW)
    except (BadCertificate, BrokenChain):
        return
    assert bytes(changed) == RIGHT


@settings(max_examples=200)
@given(st.binary(max_size=500))
def test_random_bytes_are_no_certificate(junk):
    with pytest.raises(BadCertificate):
        load_certificate(junk)
