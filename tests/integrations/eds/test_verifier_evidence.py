"""The verifier by the settings, asking over the wire, and evidence that is judged again."""

import datetime

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations.eds.chain import Trust
from integrations.eds.evidence import Evidence
from integrations.eds.verdicts import Purpose, Reason, Verdict
from integrations.eds.verifier import judge_again, verifier_of_settings, verify
from integrations.emulators.cms import sign_cms
from integrations.emulators.signatures import SignaturesEmulator
from tests.integrations.eds.making import (
    DATA,
    DAY,
    NOW,
    centre,
)


@pytest.fixture(scope="module")
def emulator(pki):
    with SignaturesEmulator(pki) as running:
        yield running


@pytest.fixture
def verifier(pki, emulator, settings):
    """The verifier that the settings make, asking the emulated centre."""
    settings.EDS_TRUST_DIR = str(pki.trust)
    settings.EDS_OCSP_URL = f"{emulator.url}/ocsp"
    settings.EDS_CRL_URLS = [f"{emulator.url}/crl/issuing.crl"]
    settings.NCANODE_URL = ""
    return verifier_of_settings()


def test_settings_make_one_verifier(verifier):
    assert verifier_of_settings() is verifier


@pytest.mark.parametrize(
    ("folder", "words"), [("", "EDS_TRUST_DIR is empty"), ("/nowhere", "No such file"), ("{empty}", "no root")]
)
def test_without_roots_there_is_no_verifier(settings, tmp_path, folder, words):
    settings.EDS_TRUST_DIR = folder.format(empty=tmp_path)
    with pytest.raises(ImproperlyConfigured, match=words):
        verifier_of_settings()


@pytest.mark.parametrize(
    ("slug", "purpose", "reason"),
    [
        ("school-director-sign", Purpose.SIGN, Reason.VALID),
        ("guardian-sign", Purpose.SIGN, Reason.VALID),
        ("guardian-auth", Purpose.AUTH, Reason.VALID),
        ("guardian-auth", Purpose.SIGN, Reason.KEY_USAGE),
        ("guardian-sign", Purpose.AUTH, Reason.KEY_USAGE),
        ("school-director-expired-sign", Purpose.SIGN, Reason.EXPIRED),
        ("school-director-revoked-sign", Purpose.SIGN, Reason.REVOKED),
        ("nca-staff-sign", Purpose.SIGN, Reason.STAFF),
    ],
)
def test_the_demos_people_over_the_wire(pki, verifier, slug, purpose, reason):
    check = verifier.verify(sign_cms(pki.credential(slug), DATA, tsa=pki.credential("tsa")), DATA, purpose=purpose)
    assert check.reason is reason
    assert (check.signer.iin, check.signer.bin) == (pki.holder(slug).iin, pki.holder(slug).bin)


def test_evidence_survives_the_database_and_is_judged_again(pki, verifier):
    cms = sign_cms(pki.credential("school-director-sign"), DATA, tsa=pki.credential("tsa"))
    first = verifier.verify(cms, DATA)
    evidence = Evidence.from_json(first.evidence.to_json())
    assert evidence == first.evidence
    again = judge_again(evidence, DATA)
    assert (again.verdict, again.signer, again.signed_at) == (Verdict.VALID, first.signer, first.signed_at)
    assert again.is_time_stamped
    assert again.evidence == evidence


def test_evidence_is_judged_at_its_own_time_when_the_certificate_has_long_expired(pki, verifier, freeze):
    evidence = verifier.verify(sign_cms(pki.credential("guardian-sign"), DATA), DATA).evidence
    freeze(2045, 1, 1)
    assert judge_again(evidence, DATA, trust=Trust.load(pki.trust)).is_valid


def test_evidence_without_our_root_or_with_other_bytes_does_not_hold(pki, verifier):
    evidence = verifier.verify(sign_cms(pki.credential("guardian-sign"), DATA), DATA).evidence
    assert judge_again(evidence, DATA, trust=centre().trust).reason is Reason.UNTRUSTED
    assert judge_again(evidence, DATA + b" ").reason is Reason.OTHER_DATA


def test_damaged_evidence_does_not_hold(pki, verifier):
    evidence = verifier.verify(sign_cms(pki.credential("guardian-sign"), DATA), DATA).evidence
    damaged = Evidence(**{**vars(evidence), "chain": (*evidence.chain[:2], evidence.chain[2][:-9])})
    assert judge_again(damaged, DATA).reason is Reason.CERTIFICATE_UNREADABLE
    with pytest.raises(ValueError, match="received_at"):
        Evidence.from_json(evidence.to_json().replace(b'"received_at"', b'"received"'))


def test_evidence_without_the_answer_about_revocation_is_unchecked(pki, verifier):
    evidence = verifier.verify(sign_cms(pki.credential("guardian-sign"), DATA), DATA).evidence
    kept = Evidence(**{**vars(evidence), "revocation": ()})
    assert judge_again(kept, DATA).verdict is Verdict.UNCHECKED


def test_an_unchecked_signature_is_judged_once_more_later(pki, verifier):
    """Received while nobody could be asked; asked now, the answer is fresh now."""
    cms = sign_cms(pki.credential("guardian-sign"), DATA)
    options = {"trust": verifier.trust, "revocation": verifier.revocation, "received_at": NOW - 2 * DAY}
    assert verify(cms, DATA, **options).verdict is Verdict.UNCHECKED
    check = verify(cms, DATA, **options, checked_at=datetime.datetime.now(datetime.UTC))
    assert (check.verdict, check.signed_at) == (Verdict.VALID, NOW - 2 * DAY)


def test_no_person_is_named_in_what_goes_to_logs(pki, verifier):
    check = verifier.verify(sign_cms(pki.credential("guardian-auth"), DATA), DATA)
    shown = f"{check!r} {check.detail}"
    assert pki.holder("guardian-auth").iin not in shown
    assert pki.holder("guardian-auth").last_name.upper() not in shown
