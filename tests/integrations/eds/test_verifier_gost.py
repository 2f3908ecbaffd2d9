"""GOST in the verifier: what NCANode says, and what stays ours. Over the wire: test_ncanode_verifier."""

import pytest

from integrations.eds.chain import Trust
from integrations.eds.evidence import Evidence
from integrations.eds.verdicts import GostAnswer, Reason, Verdict
from integrations.eds.verifier import judge_again
from integrations.emulators import gost
from integrations.emulators.cms import sign_cms
from integrations.emulators.gost_pki import make_gost_pki
from tests.integrations.eds.making import (
    DATA,
    DAY,
    NOW,
    centre,
    edited,
    judged,
)


@pytest.fixture(scope="module")
def gost_pki(tmp_path_factory):
    return make_gost_pki(tmp_path_factory.mktemp("gost") / "pki")


class NcaNodeSays:
    """NCANode with an answer given beforehand."""

    def __init__(self, **answer):
        self.answer = GostAnswer(**{"verdict": Verdict.VALID, "reason": Reason.VALID, "verifier": "test"} | answer)

    def verify(self, _cms, _data, *, is_attached):
        return self.answer


def refusing(verdict, reason):
    return {"verdict": verdict, "reason": reason}


def judged_gost(gost_pki, slug="guardian-sign", says=None, **changes):
    credential = gost_pki.credential(slug)
    gost_verifier = None
    if says is not None:
        holder = gost_pki.holder(slug)
        same = {"serial_number": credential.certificate.serial_number, "iin": holder.iin, "bin": holder.bin}
        gost_verifier = NcaNodeSays(**same | says)
    options = {"trust": Trust.load(gost_pki.trust), "gost": gost_verifier} | changes
    return judged(gost.sign_gost_cms(credential, DATA), **options)


def test_gost_without_ncanode_names_the_signer_and_is_not_believed(gost_pki):
    check = judged_gost(gost_pki)
    assert (check.verdict, check.reason) == (Verdict.UNVERIFIED, Reason.GOST)
    assert check.signer.iin == gost_pki.holder("guardian-sign").iin


UNREAD = {"serial_number": None, "iin": ""}  # what it names when it did not get so far


@pytest.mark.parametrize(
    ("says", "slug", "verdict", "reason"),
    [
        ({}, "guardian-sign", Verdict.VALID, Reason.VALID),
        ({}, "guardian-auth", Verdict.INVALID, Reason.KEY_USAGE),
        ({}, "guardian-expired-sign", Verdict.INVALID, Reason.EXPIRED),
        ({"serial_number": 5}, "guardian-sign", Verdict.INVALID, Reason.OTHER_CERTIFICATE),
        ({"iin": "721231499014"}, "guardian-sign", Verdict.INVALID, Reason.OTHER_CERTIFICATE),
        ({"bin": "250140990016"}, "guardian-sign", Verdict.INVALID, Reason.OTHER_CERTIFICATE),
        (UNREAD | refusing(Verdict.INVALID, Reason.REVOKED), "guardian-sign", Verdict.INVALID, Reason.REVOKED),
        (refusing(Verdict.UNCHECKED, Reason.GOST), "guardian-sign", Verdict.UNCHECKED, Reason.GOST),
        (refusing(Verdict.UNCHECKED, Reason.GOST), "guardian-auth", Verdict.INVALID, Reason.KEY_USAGE),
        (
            UNREAD | refusing(Verdict.UNVERIFIED, Reason.GOST_UNREACHABLE),
            "guardian-sign",
            Verdict.UNVERIFIED,
            Reason.GOST_UNREACHABLE,
        ),
    ],
)
def test_gost_is_as_ncanode_says_and_the_rest_is_ours(gost_pki, says, slug, verdict, reason):
    check = judged_gost(gost_pki, slug, says)
    assert (check.verdict, check.reason) == (verdict, reason)


def test_either_the_certificate_or_the_algorithm_makes_it_gost__verifier_check(gost_pki):
    def say_gost(content):
        content["signer_infos"][0]["signature_algorithm"] = {"algorithm": gost.GOST_2015_512.signature_oid}

    def say_ecdsa(content):
        content["signer_infos"][0]["signature_algorithm"] = {"algorithm": "sha256_ecdsa"}
        content["signer_infos"][0]["digest_algorithm"] = {"algorithm": "sha256"}

    by_algorithm = edited(sign_cms(centre().leaf(), DATA), say_gost)
    by_certificate = edited(gost.sign_gost_cms(gost_pki.credential("guardian-sign"), DATA), say_ecdsa)
    assert judged(by_algorithm).reason is Reason.GOST
    assert judged(by_certificate).reason is Reason.GOST


def test_gost_under_another_centre_is_refused(gost_pki):
    assert judged_gost(gost_pki, says={}, trust=centre().trust).reason is Reason.UNTRUSTED


def test_the_time_stamp_that_ncanode_verified_counts_unless_from_the_future(gost_pki):
    assert judged_gost(gost_pki, says={"stamped_at": NOW - DAY}).signed_at == NOW - DAY
    assert judged_gost(gost_pki, says={"stamped_at": NOW + DAY}).signed_at == NOW


def test_gost_evidence_holds_ncanodes_answer(gost_pki):
    check = judged_gost(gost_pki, says={"raw": b"{}"})
    evidence = Evidence.from_json(check.evidence.to_json())
    assert evidence.gost.raw == b"{}"
    assert judge_again(evidence, DATA).is_valid
