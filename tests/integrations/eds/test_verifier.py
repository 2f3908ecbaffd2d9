"""The verdict on a signature. Each case names the check without which it fails, as module:function."""

import datetime
import hashlib

import pytest
from asn1crypto import cms as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integrations.eds.revocation import State
from integrations.eds.verdicts import Form, Purpose, Reason, Role, Verdict
from integrations.emulators.cms import Wrong, sign_cms, time_stamp_token, to_pem
from integrations.emulators.pki import Credential
from integrations.emulators.pki_certificates import Authority, authority_extensions, self_signed
from tests.integrations.eds.making import (
    DATA,
    DAY,
    FOR_SIGNING,
    IIN,
    INDIVIDUAL,
    NOW,
    Told,
    centre,
    ec_key,
    edited,
    judged,
    over_sha1,
    person,
    rsa_key,
)
from tests.patience import no_hang

STAFF = x509.ObjectIdentifier("1.2.398.3.3.4.2.1")


def signed(data=DATA, credential=None, **options):
    """A signature of the test's person."""
    return sign_cms(credential or centre().leaf(), data, **options)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(lambda: signed(), id="ecdsa"),
        pytest.param(
            lambda: signed(credential=centre().leaf(key=ec_key(9, ec.SECP384R1())), hash_name="sha384"), id="p-384"
        ),
        pytest.param(lambda: signed(credential=centre().leaf(key=rsa_key())), id="rsa"),
        pytest.param(lambda: signed(credential=centre().leaf(key=rsa_key()), hash_name="sha512"), id="rsa-sha512"),
        pytest.param(lambda: signed(credential=centre().leaf(key=rsa_key()), is_pss=True), id="rsa-pss"),
        pytest.param(lambda: to_pem(signed()), id="pem"),
        pytest.param(lambda: signed(wrong=Wrong(without=frozenset({"signing_certificate_v2"}))), id="not-naming"),
        pytest.param(lambda: signed(wrong=Wrong(without=frozenset({"signing_time"}))), id="without-claimed-time"),
    ],
)
def test_a_right_signature_is_valid(signature):
    check = judged(signature())
    assert (check.verdict, check.reason, check.signed_at) == (Verdict.VALID, Reason.VALID, NOW)


def test_the_result_tells_who_signed():
    signer = judged(signed()).signer
    assert (signer.iin, signer.last_name, signer.first_name, signer.middle_name) == (IIN, "ТЕСТОВ", "ТЕСТ", "ТЕСТОВИЧ")
    assert signer.roles == {Role.INDIVIDUAL}


def other_key():
    return Wrong(key=ec_key(7))


def two_certificates():
    """Another certificate beside the signer's is no fault; the signer's own twice is."""
    leaf = centre().leaf()
    return signed(credential=leaf, wrong=Wrong(certificates=[leaf.certificate, leaf.certificate]))


def by_key_identifier():
    def edit(content):
        content["signer_infos"][0]["sid"] = asn1.SignerIdentifier("subject_key_identifier", b"12345678")

    return edited(signed(), edit)


def with_digest_of(name):
    """Says that it is over another hash than it is."""

    def edit(content):
        content["signer_infos"][0]["digest_algorithm"] = {"algorithm": name}

    return edited(signed(), edit)


def swapped_signer():
    """Another certificate with the issuer and serial of the signer's: the key is not the one that signed."""
    leaf = centre().leaf(serial_number=4711)
    other = centre().leaf(serial_number=4711, key=ec_key(8), subject=person("721231499014"))
    without_name = frozenset({"signing_certificate_v2"})
    return signed(credential=leaf, wrong=Wrong(certificates=[other.certificate], without=without_name))


def renamed_signer():
    """The same, and the attribute still names the right certificate."""
    leaf = centre().leaf(serial_number=4711)
    other = centre().leaf(serial_number=4711, subject=person("721231499014"))
    return signed(credential=leaf, wrong=Wrong(certificates=[other.certificate]))


def by_self_made_authority():
    """Root and issuer with our names and foreign keys."""
    root = self_signed(centre().root.certificate.subject, ec_key(11), (NOW - 90 * DAY, NOW + 90 * DAY))
    return signed(credential=centre().leaf(issuer=root))


def by_namesake_of_the_issuer():
    """An issuer with the name and the key identifier of ours, and another key."""
    ours = centre().issuing.certificate
    copied = [
        (extension.value, extension.critical)
        for extension in ours.extensions
        if isinstance(extension.value, x509.BasicConstraints | x509.KeyUsage | x509.SubjectKeyIdentifier)
    ]
    builder = x509.CertificateBuilder(ours.subject, ours.subject, ec_key(12).public_key(), 1, NOW - DAY, NOW + DAY)
    for value, is_critical in copied:
        builder = builder.add_extension(value, is_critical)
    builder = x509.CertificateBuilder(ours.subject, ours.subject, ec_key(12).public_key(), 1, NOW - DAY, NOW + DAY)
    fake = Authority(builder.sign(ec_key(12), hashes.SHA256()), ec_key(12))
    leaf = x509.CertificateBuilder(ours.subject, person(), ec_key(3).public_key(), 2, NOW - DAY, NOW + DAY)
    for value, is_critical in centre_extensions():
        leaf = leaf.add_extension(value, is_critical)
    return signed(credential=Credential("fake", leaf.sign(fake.key, hashes.SHA256()), ec_key(3)))


def centre_extensions():
    good = centre().leaf().certificate
    return [(extension.value, extension.critical) for extension in good.extensions]


def by_authority():
    """The issuer's own key signs a document."""
    issuing = centre().issuing
    extensions = [*authority_extensions(0)[:1], *centre_extensions()[1:3]]
    made = centre().root.issue(person(), issuing.key.public_key(), (NOW - DAY, NOW + DAY), extensions)
    return signed(credential=Credential("authority", made, issuing.key))


def bare(**changes):
    return signed(wrong=Wrong(is_bare=True, **changes))


def leaf_with(**changes):
    return signed(credential=centre().leaf(**changes))


def with_sha1_certificate():
    leaf = centre().leaf()
    return signed(credential=Credential("old", over_sha1(leaf.certificate, centre().issuing), leaf.key))


def twice(name):
    return signed(wrong=Wrong(twice=frozenset({name})))


def without(name):
    return signed(wrong=Wrong(without=frozenset({name})))


WITH_NO_BIN = person(IIN, (NameOID.ORGANIZATIONAL_UNIT_NAME, "BIN250140990017"))
WITH_TWO_BINS = person(
    IIN, (NameOID.ORGANIZATIONAL_UNIT_NAME, "BIN250140990016"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "BIN230540990017")
)
TWO_IINS = person(IIN, (NameOID.SERIAL_NUMBER, "IIN721231499014"))

HUGE = (x509.UnrecognizedExtension(INDIVIDUAL, bytes(20_000)), False)

REFUSALS = [
    ("cms:to_der size", lambda: b"\x30" + bytes(50 * 1024 * 1024), Reason.TOO_LARGE),
    ("cms:to_der size after decoding", lambda: b"\x30\x84\x00\x60\x00\x00" + bytes(0x600000), Reason.TOO_LARGE),
    ("cms:to_der not Base64", lambda: "это не подпись", Reason.NOT_CMS),
    ("cms:_from_text strict Base64", lambda: "!" + to_pem(signed()).split("\n", 1)[1], Reason.NOT_CMS),
    ("cms_encoding:normalised trailing garbage", lambda: signed() + b"\x00", Reason.NOT_CMS),
    ("cms_encoding:_refuse_excess depth", lambda: b"\x30\x80" * 100_000, Reason.NOT_CMS),
    (
        "cms:_read another content",
        lambda: asn1.ContentInfo({"content_type": "data", "content": b""}).dump(),
        Reason.NOT_CMS,
    ),
    (
        "verifier:_only_signer two",
        lambda: signed(wrong=Wrong(more_signers=[centre().leaf(key=ec_key(8))])),
        Reason.SIGNER_COUNT,
    ),
    (
        "verifier:_only_signer none",
        lambda: edited(signed(), lambda one: one.__setitem__("signer_infos", [])),
        Reason.SIGNER_COUNT,
    ),
    ("verifier:_signer_certificate none", lambda: signed(wrong=Wrong(certificates=[])), Reason.CERTIFICATE_COUNT),
    ("verifier:_signer_certificate twice", two_certificates, Reason.CERTIFICATE_COUNT),
    (
        "verifier:_signer_certificate another serial",
        lambda: signed(wrong=Wrong(certificates=[centre().leaf().certificate])),
        Reason.CERTIFICATE_COUNT,
    ),
    ("verifier:_signer_certificate by key identifier", by_key_identifier, Reason.CERTIFICATE_COUNT),
    ("verifier:_signer_certificate unreadable", lambda: leaf_with(more=[HUGE]), Reason.CERTIFICATE_UNREADABLE),
    ("verifier:_refuse_other_content type", lambda: signed(content_type="tst_info"), Reason.CONTENT_TYPE),
    ("verifier:_refuse_other_content attached", lambda: signed(attached=True), Reason.FORM_ATTACHED),
    ("cms_attributes:required", bare, Reason.SIGNED_ATTRIBUTES),
    ("cms_attributes:refuse_other_content no type", lambda: without("content_type"), Reason.SIGNED_ATTRIBUTES),
    ("cms_attributes:refuse_other_content no digest", lambda: without("message_digest"), Reason.SIGNED_ATTRIBUTES),
    (
        "cms_attributes:refuse_other_content wrong type",
        lambda: signed(wrong=Wrong(content_type="enveloped_data")),
        Reason.SIGNED_ATTRIBUTES,
    ),
    ("cms_attributes:refuse_other_content digest", lambda: signed(wrong=Wrong(digest_of=b"other")), Reason.OTHER_DATA),
    ("cms_attributes:refuse_other_content changed byte", lambda: signed(DATA[:-1] + b"8"), Reason.OTHER_DATA),
    ("cms:_signed_attributes digest twice", lambda: twice("message_digest"), Reason.SIGNED_ATTRIBUTES),
    ("cms:_signed_attributes type twice", lambda: twice("content_type"), Reason.SIGNED_ATTRIBUTES),
    ("cms:_signed_attributes certificate twice", lambda: twice("signing_certificate_v2"), Reason.SIGNED_ATTRIBUTES),
    ("cms_attributes:names_certificate", renamed_signer, Reason.OTHER_CERTIFICATE),
    (
        "cms_attributes:names_certificate another",
        lambda: signed(wrong=Wrong(named_certificate=centre().leaf().certificate)),
        Reason.OTHER_CERTIFICATE,
    ),
    ("cms_mathematics:hash_of SHA-1", lambda: signed(hash_name="sha1"), Reason.ALGORITHM),
    ("cms_mathematics:hash_of MD5", lambda: with_digest_of("md5"), Reason.ALGORITHM),
    ("cms_mathematics:verify_signature another hash", lambda: with_digest_of("sha512"), Reason.OTHER_DATA),
    ("cms_mathematics:verify_signature another key", lambda: signed(wrong=other_key()), Reason.WRONG_SIGNATURE),
    ("cms_mathematics:verify_signature swapped signer", swapped_signer, Reason.WRONG_SIGNATURE),
    ("cms_mathematics:refuse_weak_key RSA 1024", lambda: leaf_with(key=rsa_key(1024)), Reason.WEAK),
    ("cms_mathematics:refuse_weak_key curve", lambda: leaf_with(key=ec_key(9, ec.SECP256K1())), Reason.WEAK),
    (
        "verifier:_refuse_wrong_holder nonRepudiation",
        lambda: leaf_with(usages=["digital_signature"]),
        Reason.KEY_USAGE,
    ),
    (
        "verifier:_refuse_wrong_holder digitalSignature",
        lambda: leaf_with(usages=["content_commitment"]),
        Reason.KEY_USAGE,
    ),
    (
        "verifier:_refuse_wrong_holder no key usage",
        lambda: leaf_with(extensions=[(x509.ExtendedKeyUsage(FOR_SIGNING), False)]),
        Reason.KEY_USAGE,
    ),
    (
        "verifier:_refuse_wrong_holder EKU",
        lambda: leaf_with(extended=[ExtendedKeyUsageOID.CLIENT_AUTH, INDIVIDUAL]),
        Reason.KEY_USAGE,
    ),
    (
        "verifier:_refuse_wrong_holder any EKU",
        lambda: leaf_with(extended=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        Reason.KEY_USAGE,
    ),
    ("verifier:_refuse_wrong_holder staff", lambda: leaf_with(extended=[*FOR_SIGNING, STAFF]), Reason.STAFF),
    ("verifier:_refuse_wrong_holder IIN", lambda: leaf_with(subject=person("850630399011")), Reason.NO_IIN),
    ("verifier:_refuse_wrong_holder two IINs", lambda: leaf_with(subject=TWO_IINS), Reason.NO_IIN),
    ("verifier:_refuse_wrong_holder BIN", lambda: leaf_with(subject=WITH_NO_BIN), Reason.WRONG_BIN),
    ("verifier:_refuse_wrong_holder two BINs", lambda: leaf_with(subject=WITH_TWO_BINS), Reason.WRONG_BIN),
    ("chain:_extended unknown authority", by_self_made_authority, Reason.UNTRUSTED),
    ("chain:is_issued_by namesake of the issuer", by_namesake_of_the_issuer, Reason.UNTRUSTED),
    ("chain:chain_of authority as signer", by_authority, Reason.CHAIN),
    ("chain:_refuse_other_times expired", lambda: leaf_with(dates=(NOW - 9 * DAY, NOW - DAY)), Reason.EXPIRED),
    ("chain:_refuse_other_times not yet", lambda: leaf_with(dates=(NOW + DAY, NOW + 9 * DAY)), Reason.NOT_YET_VALID),
    ("chain:_fault SHA-1 certificate", with_sha1_certificate, Reason.WEAK),
    (
        "chain:_fault critical extension",
        lambda: leaf_with(more=[(x509.UnrecognizedExtension(INDIVIDUAL, b"\x05\x00"), True)]),
        Reason.CHAIN,
    ),
]


@pytest.mark.parametrize(("signature", "reason"), [pytest.param(*case, id=name) for name, *case in REFUSALS])
def test_a_wrong_signature_is_invalid(signature, reason):
    check = judged(signature())
    assert (check.verdict, check.reason) == (Verdict.INVALID, reason)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8, 0.999])
def test_a_changed_byte_anywhere_is_noticed(place):
    signature = bytearray(signed())
    signature[int(len(signature) * place)] ^= 1
    assert judged(bytes(signature)).verdict is Verdict.INVALID


def test_purpose_auth_takes_a_key_for_signing_in_and_no_other():
    for_auth = centre().leaf(
        usages=["digital_signature", "key_encipherment"], extended=[ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    assert judged(signed(credential=for_auth), purpose=Purpose.AUTH).is_valid
    assert judged(signed(credential=for_auth)).reason is Reason.KEY_USAGE
    assert judged(signed(), purpose=Purpose.AUTH).reason is Reason.KEY_USAGE


@pytest.mark.parametrize(
    ("attached", "form", "reason"),
    [
        (True, Form.ATTACHED, Reason.VALID),
        (True, Form.EITHER, Reason.VALID),
        (False, Form.EITHER, Reason.VALID),
        (False, Form.DETACHED, Reason.VALID),
        (True, Form.DETACHED, Reason.FORM_ATTACHED),
        (False, Form.ATTACHED, Reason.FORM_DETACHED),
    ],
)
def test_form_is_the_one_asked_for(attached, form, reason):
    assert judged(signed(attached=attached), form=form).reason is reason


def test_an_attached_signature_is_over_our_bytes__verifier_refuse_other_content():
    """A signature that is right in itself, over another document."""
    right_but_other = signed(b"another act", attached=True)
    assert judged(right_but_other, b"another act", form=Form.ATTACHED).is_valid
    assert judged(right_but_other, form=Form.ATTACHED).reason is Reason.OTHER_DATA


def test_an_attached_signature_with_our_bytes_inside_and_a_digest_of_others_is_refused():
    cheat = signed(b"another act", attached=True, wrong=Wrong(content=DATA))
    assert judged(cheat, form=Form.ATTACHED).reason is Reason.OTHER_DATA


def test_an_attached_signature_over_our_bytes_with_others_inside_is_refused__verifier_refuse_other_content():
    """Whoever opens the CMS would read another document than the one that is signed."""
    cheat = signed(attached=True, wrong=Wrong(content=b"another act"))
    assert judged(cheat, form=Form.ATTACHED).reason is Reason.OTHER_DATA


def test_signed_attributes_are_verified_in_der_order():
    signature = signed()
    parts = asn1.ContentInfo.load(signature)["content"]["signer_infos"][0]["signed_attrs"]
    ordered = [one.dump() for one in parts]
    shuffled = signature.replace(b"".join(ordered), b"".join(reversed(ordered)))
    assert shuffled != signature
    assert judged(shuffled).is_valid


# Revocation


@pytest.mark.parametrize(
    ("state", "revoked_at", "verdict", "reason"),
    [
        (State.REVOKED, NOW - DAY, Verdict.INVALID, Reason.REVOKED),
        (State.REVOKED, NOW, Verdict.INVALID, Reason.REVOKED),
        (State.UNKNOWN, None, Verdict.INVALID, Reason.UNKNOWN_CERTIFICATE),
        (State.UNREACHABLE, None, Verdict.UNCHECKED, Reason.REVOCATION_UNREACHABLE),
    ],
)
def test_revocation_decides__verifier_refuse_revoked(state, revoked_at, verdict, reason):
    check = judged(signed(), revocation=Told(state, revoked_at))
    assert (check.verdict, check.reason) == (verdict, reason)
    assert check.signer.iin == IIN


def test_nothing_is_asked_about_a_certificate_that_is_not_ours():
    told = Told()
    assert judged(by_self_made_authority(), revocation=told).verdict is Verdict.INVALID
    assert told.asked == []


# Time of signing


def stamped(at, **changes):
    """A signature with a time stamp."""
    return signed(tsa=changes.pop("tsa", None) or centre().tsa(), stamped_at=at, **changes)


def test_a_time_stamp_proves_an_earlier_moment():
    check = judged(stamped(NOW - 3 * DAY))
    assert (check.verdict, check.signed_at, check.is_time_stamped) == (Verdict.VALID, NOW - 3 * DAY, True)


def test_a_certificate_may_expire_after_its_time_stamp():
    credential = centre().leaf(dates=(NOW - 9 * DAY, NOW - DAY))
    assert judged(stamped(NOW - 2 * DAY, credential=credential)).is_valid
    assert judged(signed(credential=credential)).reason is Reason.EXPIRED
    assert judged(stamped(NOW - 10 * DAY, credential=credential)).reason is Reason.NOT_YET_VALID


class ToldOfSigner(Told):
    """Tells of the signer; time-stamping authorities are good."""

    def standing(self, certificate, issuer, at):
        told = super().standing(certificate, issuer, at)
        return told if certificate.subject == person() else Told().told


def test_a_certificate_may_be_revoked_after_its_time_stamp():
    told = ToldOfSigner(State.REVOKED, NOW - DAY)
    assert judged(stamped(NOW - 2 * DAY), revocation=told).is_valid
    assert judged(stamped(NOW - DAY / 2), revocation=told).reason is Reason.REVOKED
    assert judged(signed(), revocation=told).reason is Reason.REVOKED


class ToldOfStamps(ToldOfSigner):
    """Tells of time-stamping authorities; the signer is good."""

    def standing(self, certificate, issuer, at):
        return Told().told if certificate.subject == person() else self.told


@pytest.mark.parametrize(
    ("state", "revoked_at", "counts"),
    [
        (State.REVOKED, NOW - 3 * DAY, False),
        (State.REVOKED, NOW - DAY, True),
        (State.UNKNOWN, None, False),
        (State.UNREACHABLE, None, False),
    ],
)
def test_a_time_stamp_of_a_revoked_authority_does_not_count__verifier_refuse_doubtful(state, revoked_at, counts):
    check = judged(stamped(NOW - 2 * DAY), revocation=ToldOfStamps(state, revoked_at))
    assert (check.verdict, check.is_time_stamped) == (Verdict.VALID, counts)
    assert check.signed_at == (NOW - 2 * DAY if counts else NOW)
    assert bool(check.time_stamp) is not counts


def test_a_time_stamp_from_after_the_receipt_does_not_count__verifier_refuse_doubtful():
    assert not judged(stamped(NOW + DAY)).is_time_stamped
    assert judged(stamped(NOW + datetime.timedelta(minutes=1))).is_time_stamped


def test_a_broken_time_stamp_only_loses_the_earlier_moment():
    signature = signed()
    other = time_stamp_token(centre().tsa(), hashlib.sha256(b"another signature").digest(), gen_time=NOW - DAY)

    def attach(content):
        token = asn1.ContentInfo.load(other)
        content["signer_infos"][0]["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]

    check = judged(edited(signature, attach))
    assert (check.verdict, check.signed_at, check.time_stamp) == (Verdict.VALID, NOW, "it is over something else")


def test_50_megabytes_are_refused_in_no_time():
    for flood in (bytes(50 * 2**20), b"\x30\x80" * (25 * 2**20), "MIAG" * (12 * 2**20)):
        with no_hang():
            assert judged(flood).verdict is Verdict.INVALID
