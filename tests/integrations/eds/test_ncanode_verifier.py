"""GOST signatures through the whole verifier, NCANode's double behind it."""

import datetime

import pytest

from integrations.eds.chain import Trust
from integrations.eds.revocation import Standing
from integrations.eds.verdicts import Form, Purpose, Reason, Role, Verdict
from integrations.eds.verifier import judge_again, verify
from integrations.emulators import gost
from tests.integrations.eds.ncanode_world import DATA


class _NobodyAsked:
    """Revocation of GOST certificates is NCANode's business."""

    def standing(self, *_question) -> Standing:
        raise AssertionError("asked for a GOST certificate")


@pytest.fixture
def judge(ncanode, gost_pki):
    """Judge a signature over `DATA` now."""
    trust = Trust.load(gost_pki.trust)

    def judged(signed: bytes, *, with_ncanode: bool = True, **options):
        return verify(
            signed,
            DATA,
            trust=trust,
            revocation=_NobodyAsked(),
            received_at=datetime.datetime.now(datetime.UTC),
            gost=ncanode if with_ncanode else None,
            **options,
        )

    return judged


def test_head_of_the_school_signs_with_gost(judge, signature, gost_pki):
    check = judge(signature)
    holder = gost_pki.holder("school-director-sign")
    assert (check.verdict, check.reason) == (Verdict.VALID, Reason.VALID)
    assert (check.signer.iin, check.signer.bin, check.signer.is_gost) == (holder.iin, holder.bin, True)
    assert {Role.ORGANIZATION, Role.CEO} <= check.signer.roles
    assert not check.is_time_stamped


def test_gost_without_ncanode_is_unverified(judge, signature):
    check = judge(signature, with_ncanode=False)
    assert (check.verdict, check.reason) == (Verdict.UNVERIFIED, Reason.GOST)


@pytest.mark.parametrize(
    ("slug", "purpose", "verdict", "reason"),
    [
        pytest.param(
            "school-director-auth",
            Purpose.SIGN,
            Verdict.INVALID,
            Reason.KEY_USAGE,
            id="auth key: verifier.py:_refuse_wrong_holder",
        ),
        pytest.param("school-director-auth", Purpose.AUTH, Verdict.VALID, Reason.VALID, id="auth key signs in"),
        pytest.param(
            "nca-staff-sign", Purpose.SIGN, Verdict.INVALID, Reason.STAFF, id="staff: verifier.py:_refuse_wrong_holder"
        ),
        pytest.param("school-director-revoked-sign", Purpose.SIGN, Verdict.INVALID, Reason.REVOKED, id="revoked"),
        pytest.param(
            "school-director-expired-sign", Purpose.SIGN, Verdict.UNVERIFIED, Reason.EXPIRED, id="expired today"
        ),
    ],
)
def test_ncanode_does_not_know_which_use_and_role_were_needed(judge, gost_pki, slug, purpose, verdict, reason):
    check = judge(gost.sign_gost_cms(gost_pki.credential(slug), DATA), purpose=purpose)
    assert (check.verdict, check.reason) == (verdict, reason)


def test_employee_is_told_from_the_head(judge, gost_pki):
    check = judge(gost.sign_gost_cms(gost_pki.credential("school-director-wrong-role-sign"), DATA))
    assert check.verdict is Verdict.VALID
    assert Role.CEO not in check.signer.roles
    assert Role.EMPLOYEE in check.signer.roles


def test_attached_gost_is_accepted_where_it_is_asked_for(judge, director):
    attached = gost.sign_gost_cms(director, DATA, attached=True)
    assert judge(attached).reason is Reason.FORM_ATTACHED
    assert judge(attached, form=Form.ATTACHED).verdict is Verdict.VALID


def test_verdict_of_the_day_stands_in_the_evidence_when_ncanode_would_say_otherwise_later(judge, signature, order):
    """NCANode judges by its own present, so what it said on the day is kept."""
    evidence = judge(signature).evidence
    order(now="2040-01-01T00:00:00Z")
    assert judge(signature).verdict is not Verdict.VALID
    assert judge_again(type(evidence).from_json(evidence.to_json()), DATA).verdict is Verdict.VALID


def test_unchecked_is_settled_when_revocation_can_be_asked_again(judge, signature, order):
    order(ocsp="down", crl="down")
    assert (judge(signature).verdict, judge(signature).reason) == (Verdict.UNCHECKED, Reason.REVOCATION_UNREACHABLE)
    order(ocsp="good")
    assert judge(signature).verdict is Verdict.VALID
