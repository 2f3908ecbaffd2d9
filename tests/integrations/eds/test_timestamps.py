"""Time stamps over signatures. Each case names the check without which it fails."""

import contextlib
import hashlib

import pytest
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.eds.cms_encoding import encoded
from integrations.eds.timestamps import BadTimeStamp, verify_time_stamp
from integrations.emulators import gost
from integrations.emulators.cms import Wrong, sign_cms, time_stamp_token
from integrations.emulators.pki_certificates import key_usage, self_signed
from tests.integrations.eds.making import DATA, DAY, NOW, SIGN_BITS, centre, ec_key, edited, over_sha1, person

SIGNATURE = b"the signature's own bytes"
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


def token(tsa=None, signature=SIGNATURE, digest_name="sha256", **options):
    digest = hashlib.new(digest_name, signature).digest()
    return time_stamp_token(tsa or centre().tsa(), digest, digest_name=digest_name, gen_time=NOW - DAY, **options)


def stamp(**changes):
    """A TSTInfo with changed fields, signed rightly."""
    info = {
        "version": "v1",
        "policy": "1.2.398.3.3.2.6.1",
        "message_imprint": {
            "hash_algorithm": {"algorithm": "sha256"},
            "hashed_message": hashlib.sha256(SIGNATURE).digest(),
        },
        "serial_number": 1,
        "gen_time": NOW - DAY,
    }
    return signed_as_stamp(tsp.TSTInfo(info | changes).dump())


def signed_as_stamp(content, **options):
    return sign_cms(centre().tsa(), content, attached=True, content_type="tst_info", **options)


def verified(der):
    return verify_time_stamp(der, SIGNATURE, centre().trust)


@pytest.mark.parametrize("digest_name", ["sha256", "sha384", "sha512"])
def test_a_right_token_proves_its_moment(digest_name):
    found = verified(token(digest_name=digest_name))
    assert found.gen_time == NOW - DAY
    assert [one.subject for one in found.chain[1:]] == [
        centre().issuing.certificate.subject,
        centre().root.certificate.subject,
    ]


def test_what_is_built_by_hand_here_is_right():
    assert verified(stamp()).serial_number == 1


def detached():
    return sign_cms(centre().tsa(), tsp.TSTInfo.load(content_of(token())).dump(), content_type="tst_info")


def content_of(der):
    return cms.ContentInfo.load(der)["content"]["encap_content_info"]["content"].contents


def critical_extension():
    return [{"extn_id": "1.2.3.4", "critical": True, "extn_value": core.OctetString(b"\x05\x00")}]


def foreign():
    root = self_signed(centre().root.certificate.subject, ec_key(61), (NOW - 9 * DAY, NOW + 9 * DAY))
    return centre().tsa(issuer=root)


def nobody():
    return edited(token(), lambda one: one.__setitem__("signer_infos", []))


def over_weak_hash():
    tsa = centre().tsa()
    return type(tsa)("old", over_sha1(tsa.certificate, centre().issuing), tsa.key)


def no_signatures():
    usages = (key_usage("key_encipherment"), True), (x509.ExtendedKeyUsage([STAMPING]), True)
    return centre().tsa(extensions=[(x509.BasicConstraints(False, None), True), *usages])


def by_gost():
    def say(content):
        content["signer_infos"][0]["signature_algorithm"] = {"algorithm": gost.GOST_2015_512.signature_oid}

    return edited(token(), say)


def written(moment):
    return core.GeneralizedTime.load(encoded(0x18, moment.encode()))


CASES = [
    (
        "timestamps:_one_signer two",
        "one signer",
        lambda: token(wrong=Wrong(more_signers=[centre().tsa(key=ec_key(8))])),
    ),
    ("timestamps:_one_signer none", "one signer", nobody),
    ("timestamps:_info another content", "no time stamp", lambda: sign_cms(centre().tsa(), DATA, attached=True)),
    ("timestamps:_info detached", "no time stamp", detached),
    ("timestamps:_info garbage", "cannot be read", lambda: signed_as_stamp(b"\x30\x03\x02\x01\x01")),
    ("timestamps:_info rest", "follows", lambda: signed_as_stamp(content_of(stamp()) + b"\x00")),
    ("timestamps:_info critical extension", "extension of it", lambda: stamp(extensions=critical_extension())),
    ("timestamps:_info version", "unknown version", lambda: stamp(version="v2")),
    ("timestamps:_gen_time not in UTC", "not in UTC", lambda: stamp(gen_time=written(f"{NOW:%Y%m%d%H%M%S}+0500"))),
    ("timestamps:_gen_time without zone", "not in UTC", lambda: stamp(gen_time=written(f"{NOW:%Y%m%d%H%M%S}"))),
    ("timestamps:_one_signer GOST", "GOST", by_gost),
    ("timestamps:_refuse_other_imprint", "something else", lambda: token(signature=b"another")),
    ("timestamps:_refuse_other_imprint SHA-1", "algorithm", lambda: token(digest_name="sha1")),
    ("timestamps:_certificate missing", "exactly once", lambda: token(with_certificate=False)),
    (
        "timestamps:_certificate EKU",
        "not one for time stamps",
        lambda: token(centre().tsa(extended=[ExtendedKeyUsageOID.CLIENT_AUTH])),
    ),
    (
        "timestamps:_certificate EKU not critical",
        "not one for time stamps",
        lambda: token(centre().tsa(is_critical=False)),
    ),
    (
        "timestamps:_certificate EKU not alone",
        "not one for time stamps",
        lambda: token(centre().tsa(extended=[STAMPING, ExtendedKeyUsageOID.CLIENT_AUTH])),
    ),
    (
        "timestamps:_certificate no EKU",
        "not one for time stamps",
        lambda: token(centre().leaf(extensions=[(x509.BasicConstraints(False, None), True)])),
    ),
    ("timestamps:_certificate key usage", "not one for signing", lambda: token(no_signatures())),
    ("timestamps:_refuse_wrong_signature digest", "other_data", lambda: token(wrong=Wrong(digest_of=b"other"))),
    ("timestamps:_refuse_wrong_signature key", "wrong_signature", lambda: token(wrong=Wrong(key=ec_key(7)))),
    ("timestamps:_refuse_wrong_signature bare", "signed_attributes", lambda: token(wrong=Wrong(is_bare=True))),
    (
        "timestamps:_refuse_wrong_signature ESSCertID",
        "does not name",
        lambda: token(wrong=Wrong(without=frozenset({"signing_certificate_v2"}))),
    ),
    (
        "timestamps:_refuse_wrong_signature another certificate",
        "other_certificate",
        lambda: token(wrong=Wrong(named_certificate=centre().leaf().certificate)),
    ),
    ("timestamps:verify_time_stamp SHA-1", "algorithm", lambda: token(hash_name="sha1")),
    ("timestamps:verify_time_stamp unknown authority", "untrusted", lambda: token(foreign())),
    (
        "timestamps:verify_time_stamp expired then",
        "expired",
        lambda: token(centre().tsa(dates=(NOW - 9 * DAY, NOW - 2 * DAY))),
    ),
    (
        "timestamps:verify_time_stamp not valid yet",
        "not_yet_valid",
        lambda: token(centre().tsa(dates=(NOW, NOW + DAY))),
    ),
    ("timestamps:verify_time_stamp weak certificate", "weak", lambda: token(over_weak_hash())),
    ("timestamps:verify_time_stamp a person's key", "not one for time stamps", lambda: token(centre().leaf())),
    ("timestamps:verify_time_stamp garbage", "not_cms", lambda: b"\x30\x00"),
]


@pytest.mark.parametrize(("words", "wrong"), [pytest.param(*case, id=name) for name, *case in CASES])
def test_a_wrong_token_proves_nothing(words, wrong):
    with pytest.raises(BadTimeStamp, match=words):
        verified(wrong())


def test_a_token_holds_after_its_authority_has_expired():
    """Valid when it was given: what ends later does not take it back."""
    tsa = centre().tsa(dates=(NOW - 9 * DAY, NOW - DAY / 2))
    assert verified(token(tsa)).gen_time == NOW - DAY


def test_a_time_stamp_by_the_signers_own_key_is_refused():
    with pytest.raises(BadTimeStamp, match="not one for time stamps"):
        verified(token(centre().leaf(subject=person(), usages=SIGN_BITS)))


RIGHT = token()


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(RIGHT) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_flipped_token_proves_nothing_else(changes):
    changed = bytearray(RIGHT)
    for place, value in changes:
        changed[place] = value
    try:
        found = verified(bytes(changed))
    except BadTimeStamp:
        return
    assert found.gen_time == NOW - DAY


INSIDE = content_of(stamp())


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(4, len(INSIDE) - 1), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_rightly_signed_token_with_broken_content_is_refused_or_read(changes):
    changed = bytearray(INSIDE)
    for place, value in changes:
        changed[place] = value
    with contextlib.suppress(BadTimeStamp):
        verified(signed_as_stamp(bytes(changed)))
