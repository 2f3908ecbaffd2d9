"""Every way in which NCANode's `valid: true` misleads, contracts/ncalayer.md §4.

Each case names the function whose check it is for; with the check taken out the case fails.
"""

import dataclasses
import datetime

import pytest
from asn1crypto import cms as asn1

from integrations.eds.chain import Trust
from integrations.eds.verdicts import Reason, Verdict
from integrations.emulators import gost
from integrations.emulators.gost_pki import made_authorities
from tests.integrations.eds.ncanode_world import DATA

VALID, INVALID, UNCHECKED, UNVERIFIED = Verdict.VALID, Verdict.INVALID, Verdict.UNCHECKED, Verdict.UNVERIFIED


def case(name: str, check: str, script: dict, verdict: Verdict, reason: Reason):
    """One trap of the double; `check` is the function that looks."""
    return pytest.param(script, verdict, reason, id=f"{name}: {check}")


SCRIPTED = [
    # 1: the name of the inner list
    case(
        "inner list called signers",
        "ncanode_answers.py:one_certificate",
        {"traps": ["inner_name_signers"]},
        VALID,
        Reason.VALID,
    ),
    # 2: valid without signers or certificates
    case("no signers", "ncanode_answers.py:one_certificate", {"traps": ["no_signers"]}, INVALID, Reason.SIGNER_COUNT),
    case(
        "two signers", "ncanode_answers.py:one_certificate", {"traps": ["two_signers"]}, INVALID, Reason.SIGNER_COUNT
    ),
    case(
        "signer without certificate",
        "ncanode_answers.py:one_certificate",
        {"traps": ["no_certificate"]},
        INVALID,
        Reason.CERTIFICATE_COUNT,
    ),
    case(
        "signer with two certificates",
        "ncanode_answers.py:one_certificate",
        {"traps": ["two_certificates"]},
        INVALID,
        Reason.CERTIFICATE_COUNT,
    ),
    case("no IIN", "ncanode_answers.py:one_certificate", {"traps": ["no_iin"]}, INVALID, Reason.NO_IIN),
    # 4: revocation
    case(
        "asked and nothing told",
        "ncanode_answers.py:asked",
        {"traps": ["no_revocations"]},
        UNCHECKED,
        Reason.REVOCATION_UNREACHABLE,
    ),
    case(
        "unknown and valid all the same",
        "ncanode_answers.py:_says_unknown",
        {"traps": ["unknown_is_valid"]},
        INVALID,
        Reason.UNKNOWN_CERTIFICATE,
    ),
    case(
        "unknown to OCSP and not on the list",
        "ncanode.py:_NOT_ACTIVE",
        {"ocsp": "unknown"},
        INVALID,
        Reason.UNKNOWN_CERTIFICATE,
    ),
    case("OCSP down, list good", "ncanode.py:_judged", {"ocsp": "down"}, VALID, Reason.VALID),
    case("no OCSP set up, list good", "ncanode.py:_judged", {"ocsp": "none"}, VALID, Reason.VALID),
    case(
        "OCSP and list down",
        "ncanode.py:_judged",
        {"ocsp": "down", "crl": "down"},
        UNCHECKED,
        Reason.REVOCATION_UNREACHABLE,
    ),
    # what the top of the answer says of the arithmetic does not cover the certificate
    case(
        "certificate not valid",
        "ncanode.py:_verification",
        {"traps": ["certificate_not_valid"]},
        INVALID,
        Reason.GOST_REFUSED,
    ),
    # 8 and the identity: NCANode speaks of the certificate in the CMS
    case(
        "another certificate",
        "ncanode.py:_must_be",
        {"traps": ["other_certificate"]},
        INVALID,
        Reason.OTHER_CERTIFICATE,
    ),
    case("another IIN", "ncanode.py:_must_be", {"traps": ["other_iin"]}, INVALID, Reason.OTHER_CERTIFICATE),
    case("another BIN", "ncanode.py:_must_be", {"traps": ["other_bin"]}, INVALID, Reason.OTHER_CERTIFICATE),
    case(
        "another key usage",
        "ncanode.py:_must_be",
        {"traps": ["other_key_usage"]},
        INVALID,
        Reason.OTHER_CERTIFICATE,
    ),
    # the form of the answer
    case(
        "valid as text",
        "ncanode_answers.py:read",
        {"traps": ["valid_as_text"]},
        UNVERIFIED,
        Reason.GOST_UNREACHABLE,
    ),
    case(
        "another status inside",
        "ncanode_answers.py:read",
        {"traps": ["status_500_inside"]},
        UNVERIFIED,
        Reason.GOST_UNREACHABLE,
    ),
]


@pytest.mark.parametrize(("script", "verdict", "reason"), SCRIPTED)
def test_trap_gets_its_verdict(ncanode, order, signature, script, verdict, reason):
    order(**script)
    answer = ncanode.verify(signature, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (verdict, reason)


@pytest.mark.parametrize(
    "source", [pytest.param(name, id=f"asks {name}: ncanode.py:_verification") for name in ("OCSP", "CRL")]
)
def test_revoked_certificate_is_refused_by_either_source(ncanode, order, gost_pki, source):
    order(ocsp="good" if source == "OCSP" else "down")
    revoked = gost.sign_gost_cms(gost_pki.credential("school-director-revoked-sign"), DATA)
    answer = ncanode.verify(revoked, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.REVOKED)
    assert source in answer.detail


def check_id(check: str):
    """The check that the test is for, in the test's name."""
    return pytest.mark.parametrize("check", [check])


@check_id("ncanode.py:_must_have_the_form")
def test_attached_signature_over_its_own_content_does_not_pass_as_detached(ncanode, director, check):
    """NCANode verifies it over what it carries and passes over our bytes: it says valid."""
    attached = gost.sign_gost_cms(director, b"other bytes", attached=True)
    answer = ncanode.verify(attached, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.FORM_ATTACHED)


@check_id("ncanode.py:_must_have_the_form")
def test_detached_signature_does_not_pass_as_attached(ncanode, signature, check):
    answer = ncanode.verify(signature, DATA, is_attached=True)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.FORM_DETACHED)


@check_id("ncanode.py:_must_carry_our_bytes")
def test_attached_signature_must_carry_our_bytes(ncanode, director, check):
    attached = gost.sign_gost_cms(director, b"other bytes", attached=True)
    answer = ncanode.verify(attached, DATA, is_attached=True)
    assert (answer.reason, answer.detail) == (Reason.OTHER_DATA, "the content is not ours")


@check_id("ncanode.py:_must_carry_our_bytes")
def test_ncanode_must_read_our_bytes_out_of_an_attached_signature_too(ncanode, order, director, check):
    order(traps=["other_content"])
    answer = ncanode.verify(gost.sign_gost_cms(director, DATA, attached=True), DATA, is_attached=True)
    assert (answer.reason, answer.detail) == (Reason.OTHER_DATA, "NCANode reads another content")


@check_id("ncanode.py:_must_be_valid")
def test_expired_certificate_is_not_called_a_wrong_signature_because_ncanode_judges_by_today(ncanode, gost_pki, check):
    expired = gost.sign_gost_cms(gost_pki.credential("school-director-expired-sign"), DATA)
    answer = ncanode.verify(expired, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.UNVERIFIED, Reason.EXPIRED)


@check_id("ncanode.py:_said")
def test_time_stamp_that_ncanode_tells_is_not_taken_for_the_time_of_signing(ncanode, director, pki, check):
    """NCANode accepts a token of whoever made it."""
    stamped = gost.sign_gost_cms(director, DATA, tsa=pki.credential("guardian-sign"))
    answer = ncanode.verify(stamped, DATA, is_attached=False)
    assert b'"tsp"' in answer.raw
    assert answer.stamped_at is None


@check_id("ncanode.py:_must_name_a_pinned_issuer")
@pytest.mark.parametrize("has_its_name", [False, True])
def test_issuer_that_only_ncanode_knows_is_not_enough(ncanode, signature, has_its_name, check):
    """Also when the pinned one has the same name and another key: the name is public, the identifier is of the key."""
    pinned = made_authorities(datetime.datetime.now(datetime.UTC))
    trust = Trust.of(found.certificate for found in pinned.values())
    if not has_its_name:
        trust = dataclasses.replace(trust, issuers=())
    answer = dataclasses.replace(ncanode, trust=trust).verify(signature, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.UNTRUSTED)


@check_id("ncanode.py:_must_be")
def test_certificate_of_the_same_owner_and_number_from_elsewhere_is_another_one(ncanode, order, gost_pki, check):
    """Only the issuer's signature tells the two apart."""
    order(traps=["other_signature"])
    answer = ncanode.verify(gost.sign_gost_cms(gost_pki.credential("guardian-sign"), DATA), DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.OTHER_CERTIFICATE)


@check_id("ncanode.py:_signers_certificate")
def test_certificate_that_stands_twice_in_the_signature_is_refused(ncanode, director, check):
    """NCANode's generations take the first or all of them; which one was meant is open."""
    twice = gost.sign_gost_cms(director, DATA, certificates=[director.certificate] * 2)
    answer = ncanode.verify(twice, DATA, is_attached=False)
    assert (answer.reason, answer.detail) == (Reason.CERTIFICATE_COUNT, "2 certificates")


@check_id("ncanode.py:_signers_certificate")
def test_signature_without_its_certificate_is_refused(ncanode, director, gost_pki, check):
    """For NCANode it is valid: nothing was wrong with any certificate."""
    without = gost.sign_gost_cms(director, DATA, certificates=[gost_pki.certificate("issuing")])
    answer = ncanode.verify(without, DATA, is_attached=False)
    assert (answer.reason, answer.detail) == (Reason.CERTIFICATE_COUNT, "0 certificates")


@check_id("ncanode.py:_signers_certificate")
@pytest.mark.parametrize("count", [0, 2])
def test_signature_of_nobody_or_of_two_is_refused(ncanode, director, count, check):
    answer = ncanode.verify(_with_signers(director, count), DATA, is_attached=False)
    assert (answer.reason, answer.detail) == (Reason.SIGNER_COUNT, f"{count} signers")


@check_id("ncanode.py:_signers_certificate")
def test_signature_without_signed_attributes_is_refused(ncanode, director, check):
    """Else a signature over attributes could be shown as one over a document that reads like them."""
    bare = _bare(director, DATA)
    answer = ncanode.verify(bare, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.SIGNED_ATTRIBUTES)


def _with_signers(credential, count: int) -> bytes:
    info = asn1.ContentInfo.load(gost.sign_gost_cms(credential, DATA))
    signers = list(info["content"]["signer_infos"]) * count
    return gost.signed_data(signers, [credential.certificate], DATA, attached=False)


def _bare(credential, data: bytes) -> bytes:
    algorithm = gost.algorithm_of(credential.certificate)
    info = asn1.ContentInfo.load(gost.sign_gost_cms(credential, data))
    sent = info["content"]["signer_infos"][0]
    names = ("version", "sid", "digest_algorithm", "signature_algorithm")
    kept = {name: sent[name] for name in names}
    bare = asn1.SignerInfo(kept | {"signature": gost.sign_digest(credential.key, algorithm, data)})
    return gost.signed_data([bare], [credential.certificate], data, attached=False)
