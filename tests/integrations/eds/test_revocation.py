"""Answers about revocation, as the emulated certification centre makes them: OCSP and lists, right and wrong."""

import datetime
import time

import pytest
from asn1crypto import crl as crl_asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.eds.chain import Trust
from integrations.eds.revocation import (
    MAX_CRL_BYTES,
    NotUsable,
    Source,
    State,
    ocsp_request,
    read_crl,
    read_ocsp,
    standing_by,
)
from integrations.eds.revocation_client import REST_AFTER_FAILURE, RevocationClient
from integrations.emulators import signatures_answers
from integrations.emulators.pki_certificates import leaf_extensions
from integrations.emulators.pki_people import EXPIRED_ON, REVOKED_ON
from integrations.emulators.signatures import SignaturesEmulator
from integrations.emulators.signatures_answers import Centre
from tests.integrations.eds.making import DAY, YEAR, authority_below, centre, ec_key

NONCE = b"0123456789abcdef"


def now():
    return datetime.datetime.now(datetime.UTC)


@pytest.fixture(scope="module")
def answers(pki):
    return Centre(pki)


@pytest.fixture
def ask(pki, answers):
    """What we read in the answer about a certificate."""

    def asked(slug="guardian-sign", mode="right", at=None, nonce=NONCE, issuer="issuing"):
        certificate, above = pki.certificate(slug), pki.certificate(issuer)
        _mode, answer = answers.answer(ocsp_request(certificate, above, NONCE), mode, {}, {})
        return read_ocsp(answer, certificate, above, at=at or now(), nonce=nonce)

    return asked


def test_a_good_answer_is_good_for_its_time(ask):
    standing = ask()
    assert (standing.state, standing.source, standing.revoked_at) == (State.GOOD, Source.OCSP, None)
    assert standing.is_fresh(now())
    assert not standing.is_fresh(now() + 2 * DAY)


def test_a_revoked_certificate_says_when(ask):
    standing = ask("guardian-revoked-sign")
    assert (standing.state, standing.revoked_at) == (State.REVOKED, REVOKED_ON)


def test_what_the_centre_does_not_know_is_unknown(ask):
    assert ask(mode="unknown").state is State.UNKNOWN


def test_the_issuer_itself_may_answer(ask):
    """Of the issuing authority the root answers, with its own key."""
    assert ask("issuing", issuer="root").state is State.GOOD


def test_an_answer_without_nonce_is_taken_and_a_kept_one_is_read_without(ask):
    assert ask(mode="no_nonce").state is State.GOOD
    assert ask(nonce=None).state is State.GOOD


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        pytest.param("try_later", "try_later", id="revocation:read_ocsp status"),
        pytest.param("internal_error", "internal_error", id="revocation:read_ocsp failure"),
        pytest.param("unsigned", "nobody who may", id="revocation:_refuse_unsigned no signature"),
        pytest.param("wrong_key", "nobody who may", id="revocation:_refuse_unsigned wrong key"),
        pytest.param("not_appointed", "nobody who may", id="revocation:_is_appointed EKU"),
        pytest.param("weak_hash", "weak", id="revocation:_refuse_unsigned SHA-1"),
        pytest.param("stale", "holds", id="revocation:_refuse_stale stale"),
        pytest.param("future", "holds", id="revocation:_refuse_stale future"),
        pytest.param("other_serial", "another certificate", id="revocation:_single_response"),
        pytest.param("other_nonce", "another question", id="revocation:_refuse_extensions nonce"),
    ],
)
def test_a_wrong_answer_proves_nothing(ask, mode, words):
    with pytest.raises(NotUsable, match=words):
        ask(mode=mode)


def test_a_revocation_that_is_told_after_the_end_of_a_certificate_is_heard__revocation_refuse_stale(ask):
    assert ask("guardian-expired-sign", mode="revoked").state is State.REVOKED


def test_an_answer_without_end_holds_for_an_hour__revocation_standing_of(ask):
    standing = ask(mode="endless")
    assert standing.holds_until - standing.told_at == datetime.timedelta(hours=1)


def test_an_answer_about_another_issuers_certificate_with_this_serial_proves_nothing__revocation_names(pki, answers):
    certificate, issuer = pki.certificate("guardian-sign"), pki.certificate("issuing")
    _mode, answer = answers.answer(ocsp_request(certificate, issuer, NONCE), "right", {}, {})
    namesake = centre().leaf(serial_number=certificate.serial_number).certificate
    with pytest.raises(NotUsable):
        read_ocsp(answer, namesake, centre().issuing.certificate, at=now())


def test_an_answer_from_after_the_end_of_a_certificate_proves_nothing__revocation_refuse_stale(ask):
    """Authorities forget what has expired."""
    assert now() > EXPIRED_ON
    with pytest.raises(NotUsable, match="expired"):
        ask("guardian-expired-sign")


def appointed(extended=(x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING,), issuer=None, **changes):
    extensions = leaf_extensions(changes.pop("usages", ["digital_signature"]), extended)
    return centre().leaf(extensions=extensions + changes.pop("more", []), key=ec_key(21), issuer=issuer, **changes)


def answer_by(responder, certificate, *, extension=None, is_critical=True):
    issuer = centre().issuing.certificate
    builder = ocsp.OCSPResponseBuilder().add_response(
        certificate, issuer, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD, now(), now() + DAY, None, None
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, responder.certificate)
    builder = builder.certificates([responder.certificate])
    if extension:
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_responder_without_key_usage_is_heard():
    extensions = [(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING]), False)]
    responder = centre().leaf(extensions=extensions, key=ec_key(21))
    certificate, issuer = centre().leaf().certificate, centre().issuing.certificate
    assert read_ocsp(answer_by(responder, certificate), certificate, issuer, at=now()).state is State.GOOD


@pytest.mark.parametrize(
    ("name_of", "key_of", "algorithm", "is_right"),
    [
        pytest.param("issuing", "issuing", hashes.SHA384(), True, id="right"),
        pytest.param("root", "issuing", hashes.SHA256(), False, id="revocation:_names name"),
        pytest.param("issuing", "root", hashes.SHA256(), False, id="revocation:_names key"),
        pytest.param("issuing", "issuing", hashes.SHA224(), False, id="revocation:_issuer_hashes hash"),
    ],
)
def test_an_answer_names_the_issuer_by_name_and_key(name_of, key_of, algorithm, is_right):
    certificate, issuer = centre().leaf().certificate, centre().issuing

    def hashed(part):
        digest = hashes.Hash(algorithm)
        digest.update(part)
        return digest.finalize()

    key = getattr(centre(), key_of).key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        issuer_name_hash=hashed(getattr(centre(), name_of).certificate.subject.public_bytes()),
        issuer_key_hash=hashed(key),
        serial_number=certificate.serial_number,
        algorithm=algorithm,
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now(),
        next_update=now() + DAY,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, issuer.certificate)
    answer = builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
    if is_right:
        assert read_ocsp(answer, certificate, issuer.certificate, at=now()).state is State.GOOD
    else:
        with pytest.raises(NotUsable):
            read_ocsp(answer, certificate, issuer.certificate, at=now())


CRITICAL = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


@pytest.mark.parametrize(
    "responder",
    [
        pytest.param(lambda: appointed(dates=(YEAR[0], now() - DAY)), id="revocation:_is_appointed dates"),
        pytest.param(lambda: appointed(extended=[x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), id="…:_is_appointed EKU"),
        pytest.param(lambda: appointed(usages=["key_encipherment"]), id="revocation:_is_appointed key usage"),
        pytest.param(lambda: appointed(more=[(CRITICAL, True)]), id="revocation:_is_appointed critical extension"),
        pytest.param(lambda: appointed(issuer=centre().root), id="revocation:_is_appointed by another authority"),
    ],
)
def test_a_responder_that_the_issuer_did_not_appoint_is_not_heard(responder):
    certificate = centre().leaf().certificate
    issuer = centre().issuing.certificate
    assert read_ocsp(answer_by(appointed(), certificate), certificate, issuer, at=now()).state is State.GOOD
    with pytest.raises(NotUsable, match="nobody who may"):
        read_ocsp(answer_by(responder(), certificate), certificate, issuer, at=now())


def test_a_critical_extension_of_the_answer_is_not_passed_over__revocation_refuse_extensions():
    certificate = centre().leaf().certificate
    answer = answer_by(appointed(), certificate, extension=CRITICAL)
    with pytest.raises(NotUsable, match="not understood"):
        read_ocsp(answer, certificate, centre().issuing.certificate, at=now())
    harmless = answer_by(appointed(), certificate, extension=CRITICAL, is_critical=False)
    assert read_ocsp(harmless, certificate, centre().issuing.certificate, at=now()).state is State.GOOD


# Lists


@pytest.fixture
def crl(pki, answers):
    """What we read in the list about a certificate."""

    def read(slug="guardian-sign", mode="right", at=None):
        found = read_crl(answers.list_of("issuing", mode, {}), pki.certificate("issuing"))
        return standing_by(found, pki.certificate(slug), at or now())

    return read


def test_who_is_not_in_the_list_is_good(crl):
    standing = crl()
    assert (standing.state, standing.source) == (State.GOOD, Source.CRL)


def test_who_is_in_the_list_is_revoked(crl):
    standing = crl("guardian-revoked-sign")
    assert (standing.state, standing.revoked_at) == (State.REVOKED, REVOKED_ON)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        pytest.param("stale", "holds", id="revocation:_refuse_stale stale"),
        pytest.param("future", "holds", id="revocation:_refuse_stale future"),
        pytest.param("wrong_key", "not signed", id="revocation:_refuse_foreign_list signature"),
        pytest.param("other_issuer", "another issuer", id="revocation:_refuse_foreign_list issuer"),
        pytest.param("delta", "not understood", id="revocation:_refuse_foreign_list delta"),
        pytest.param("weak_hash", "weak", id="revocation:_refuse_foreign_list SHA-1"),
    ],
)
def test_a_wrong_list_proves_nothing(crl, mode, words):
    with pytest.raises(NotUsable, match=words):
        crl(mode=mode)


def test_a_list_from_after_the_end_of_a_certificate_proves_nothing__revocation_refuse_stale(crl):
    with pytest.raises(NotUsable, match="expired"):
        crl("guardian-expired-sign")


def list_by(authority, *entries, changed=lambda builder: builder):
    builder = x509.CertificateRevocationListBuilder(authority.certificate.subject, now() - DAY, now() + DAY)
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    return changed(builder).sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_an_authority_that_may_not_sign_lists_is_not_heard__revocation_refuse_foreign_list():
    extensions = [(x509.BasicConstraints(True, None), True), centre_usage("key_cert_sign")]
    authority = authority_below(centre().root, "БЕЗ СПИСКОВ", number=22, extensions=extensions)
    with pytest.raises(NotUsable, match="not signed"):
        read_crl(list_by(authority), authority.certificate)


def centre_usage(*bits):
    return next(pair for pair in leaf_extensions(bits, []) if isinstance(pair[0], x509.KeyUsage))


def entry_of(certificate, *extensions):
    builder = x509.RevokedCertificateBuilder(certificate.serial_number, now() - DAY)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.build()


def test_the_moment_since_which_a_key_is_not_believed_counts__revocation_revoked_at():
    certificate, issuing = centre().leaf().certificate, centre().issuing
    stolen_at = now().replace(microsecond=0) - 5 * DAY
    entry = entry_of(certificate, (x509.InvalidityDate(stolen_at.replace(tzinfo=None)), False))
    found = read_crl(list_by(issuing, entry), issuing.certificate)
    assert standing_by(found, certificate, now()).revoked_at == stolen_at


def test_a_critical_extension_of_an_entry_is_not_passed_over__revocation_revoked_at():
    certificate, issuing = centre().leaf().certificate, centre().issuing
    found = read_crl(list_by(issuing, entry_of(certificate, (CRITICAL, True))), issuing.certificate)
    with pytest.raises(NotUsable, match="not understood"):
        standing_by(found, certificate, now())


@pytest.mark.parametrize("extension", [(x509.CRLReason(x509.ReasonFlags.key_compromise), True), (CRITICAL, False)])
def test_a_reason_or_a_harmless_extension_of_an_entry_is_read(extension):
    certificate, issuing = centre().leaf().certificate, centre().issuing
    found = read_crl(list_by(issuing, entry_of(certificate, extension)), issuing.certificate)
    assert standing_by(found, certificate, now()).state is State.REVOKED


def test_a_list_without_end_proves_nothing__revocation_refuse_foreign_list():
    made = crl_asn1.CertificateList.load(list_by(centre().issuing))
    made["tbs_cert_list"]["next_update"] = None
    made["signature"] = centre().issuing.key.sign(made["tbs_cert_list"].dump(), ec.ECDSA(hashes.SHA256()))
    with pytest.raises(NotUsable, match="how long"):
        read_crl(made.dump(), centre().issuing.certificate)


def test_a_huge_answer_is_not_read():
    with pytest.raises(NotUsable, match="too large"):
        read_ocsp(bytes(50 * 2**20), centre().leaf().certificate, centre().issuing.certificate, at=now())
    with pytest.raises(NotUsable, match="too large"):
        read_crl(bytes(MAX_CRL_BYTES + 1), centre().issuing.certificate)


# Asking, over the socket


@pytest.fixture(scope="module")
def running(pki):
    with SignaturesEmulator(pki) as emulator:
        yield emulator


@pytest.fixture
def emulator(running):
    running.control({"ocsp": "right", "crl": "right", "ocsp_of": {}, "slow_seconds": 10})
    running.script = running.script.changed({"revoked": dict.fromkeys(running.script.revoked)})
    return running


@pytest.fixture
def client(emulator):
    lists = [f"{emulator.url}/crl/{name}.crl" for name in ("root", "issuing")]
    return RevocationClient(f"{emulator.url}/ocsp", lists)


@pytest.fixture
def standing(pki, client):
    def of(slug="guardian-sign", at=None, asking=None):
        return (asking or client).standing(pki.certificate(slug), pki.certificate("issuing"), at or now())

    return of


def test_ocsp_is_asked_first(standing):
    assert (standing().state, standing().source) == (State.GOOD, Source.OCSP)
    assert standing("school-director-revoked-sign").state is State.REVOKED


@pytest.mark.parametrize(
    "mode", ["try_later", "internal_error", "unsigned", "wrong_key", "stale", "other_nonce", "garbage", "huge", "down"]
)
def test_the_list_is_read_where_ocsp_gives_nothing(emulator, standing, mode):
    emulator.control({"ocsp": mode})
    assert (standing().state, standing().source) == (State.GOOD, Source.CRL)
    assert standing("guardian-revoked-sign").state is State.REVOKED


@pytest.mark.parametrize("mode", ["stale", "wrong_key", "other_issuer", "delta", "garbage", "huge", "down"])
def test_without_ocsp_and_list_it_is_unreachable(emulator, standing, mode):
    emulator.control({"ocsp": "down", "crl": mode})
    found = standing()
    assert (found.state, found.source) == (State.UNREACHABLE, None)
    assert found.detail


def test_unknown_to_ocsp_is_final(emulator, standing):
    """A list does not name what was never issued, and would call it good."""
    emulator.control({"ocsp": "unknown"})
    assert standing().state is State.UNKNOWN


def test_a_slow_ocsp_costs_seconds_once(emulator, standing):
    emulator.control({"ocsp": "slow", "slow_seconds": 8})
    begins = time.perf_counter()
    assert standing().source is Source.CRL
    assert time.perf_counter() - begins < 7
    begins = time.perf_counter()
    assert standing("school-director-sign").source is Source.CRL
    assert time.perf_counter() - begins < 1


def test_a_server_that_failed_is_asked_again_after_a_rest(pki, emulator, standing):
    seconds = [0.0]
    asking = RevocationClient(f"{emulator.url}/ocsp", clock=lambda: seconds[0])
    emulator.control({"ocsp": "down"})
    assert standing(asking=asking).state is State.UNREACHABLE
    emulator.control({"ocsp": "right"})
    seconds[0], before = REST_AFTER_FAILURE - 1, emulator.requests
    assert standing(asking=asking).state is State.UNREACHABLE
    assert emulator.requests == before
    seconds[0] = REST_AFTER_FAILURE + 1
    assert standing(asking=asking).state is State.GOOD


def test_an_answer_is_remembered_for_minutes_and_not_longer(emulator, standing):
    standing()
    emulator.control({"revoked": {"guardian-sign": "2025-11-01T00:00:00Z"}})
    before = emulator.requests
    assert standing().state is State.GOOD
    assert standing(at=now() + datetime.timedelta(minutes=4)).state is State.GOOD
    assert emulator.requests == before
    assert standing(at=now() + datetime.timedelta(minutes=6)).state is State.REVOKED


def test_an_answer_is_not_remembered_longer_than_it_holds(emulator, standing, monkeypatch):
    monkeypatch.setattr(signatures_answers, "OCSP_LASTS", datetime.timedelta(minutes=2))  # told a minute ago
    assert standing().source is Source.OCSP
    assert standing(at=now() + datetime.timedelta(minutes=2)).source is Source.CRL


def test_a_list_is_fetched_again_after_a_quarter_of_an_hour(emulator, standing):
    asking = RevocationClient("", [f"{emulator.url}/crl/issuing.crl"])
    before = emulator.requests
    standing(asking=asking)
    standing("guardian-auth", asking=asking, at=now() + datetime.timedelta(minutes=16))
    assert emulator.requests == before + 2


def test_a_list_is_fetched_once_for_many(pki, emulator, standing):
    emulator.control({"ocsp": "try_later"})
    asking = RevocationClient("", [f"{emulator.url}/crl/issuing.crl"])
    before = emulator.requests
    for holder in pki.people[:20]:
        standing(holder.slug, asking=asking)
    assert emulator.requests == before + 1


def test_without_addresses_nobody_is_asked(standing):
    assert standing(asking=RevocationClient()).state is State.UNREACHABLE


def test_addresses_in_certificates_are_never_followed(pki, emulator, standing):
    """Whoever sends a signature would choose what our server connects to."""
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                x509.oid.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{emulator.url}/ocsp")
            )
        ]
    )
    extensions = [(access, False)]
    certificate = x509.CertificateBuilder(
        centre().issuing.certificate.subject, centre().leaf().certificate.subject, ec_key(3).public_key(), 5, *YEAR
    )
    for extension, is_critical in extensions:
        certificate = certificate.add_extension(extension, is_critical)
    made = certificate.sign(centre().issuing.key, hashes.SHA256())
    before = emulator.requests
    assert RevocationClient().standing(made, centre().issuing.certificate, now()).state is State.UNREACHABLE
    assert emulator.requests == before


# Broken answers


@pytest.fixture(scope="module")
def right_answers(pki, answers):
    certificate, issuer = pki.certificate("guardian-sign"), pki.certificate("issuing")
    _mode, answer = answers.answer(ocsp_request(certificate, issuer, NONCE), "right", {}, {})
    return answer, answers.list_of("issuing", "right", {}), certificate, issuer


flips = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4)


def flipped(der: bytes, changes) -> bytes:
    changed = bytearray(der)
    for place, value in changes:
        changed[place % len(der)] = value
    return bytes(changed)


@settings(max_examples=400)
@given(flips)
def test_a_flipped_answer_of_ocsp_is_never_good_nor_an_error(right_answers, changes):
    answer, _list, certificate, issuer = right_answers
    changed = flipped(answer, changes)
    try:
        standing = read_ocsp(changed, certificate, issuer, at=now(), nonce=NONCE)
    except NotUsable:
        return
    assert standing.state is State.GOOD  # only where nothing that is signed was changed


@settings(max_examples=400)
@given(flips)
def test_a_flipped_list_is_no_error(right_answers, changes):
    _answer, crl, certificate, issuer = right_answers
    try:
        standing_by(read_crl(flipped(crl, changes), issuer), certificate, now())
    except NotUsable:
        return


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_random_bytes_are_not_usable(right_answers, junk):
    _answer, _list, certificate, issuer = right_answers
    for read in (
        lambda: read_ocsp(junk, certificate, issuer, at=now()),
        lambda: read_ocsp(b"\x30\x82\x01\x90" + junk, certificate, issuer, at=now()),
        lambda: read_crl(junk, issuer),
    ):
        with pytest.raises(NotUsable):
            read()


def test_the_pinned_bundle_of_the_test_centre_is_read(pki):
    assert len(Trust.load(pki.trust).roots) == 1
