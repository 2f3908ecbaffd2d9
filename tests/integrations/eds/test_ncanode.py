"""The client of NCANode against its double: what it makes of right, wrong and missing answers."""

import dataclasses
import json
import socket
import time

import pytest

from integrations.eds.chain import Trust
from integrations.eds.ncanode import NcaNode
from integrations.eds.verdicts import Reason, Verdict
from integrations.emulators import gost
from integrations.emulators.cms import sign_cms
from integrations.emulators.gost_pki import issue_to
from integrations.emulators.ncanode import NcaNodeEmulator
from integrations.emulators.pki import Credential
from tests.integrations.eds.ncanode_world import DATA, NOW, ONCE


@pytest.mark.parametrize("algorithm", gost.ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_right_signature_of_every_gost_is_valid(ncanode, gost_pki, algorithm):
    holder = gost_pki.holder("school-director-sign")
    person = issue_to(gost_pki.credential("issuing"), holder, NOW, algorithm=algorithm)
    answer = ncanode.verify(gost.sign_gost_cms(person, DATA), DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.VALID, Reason.VALID)
    assert answer.serial_number == person.certificate.serial_number
    assert (answer.iin, answer.bin) == (holder.iin, holder.bin)
    assert json.loads(answer.raw)["valid"] is True


def test_attached_signature_over_our_bytes_is_valid(ncanode, director):
    answer = ncanode.verify(gost.sign_gost_cms(director, DATA, attached=True), DATA, is_attached=True)
    assert answer.verdict is Verdict.VALID


def test_person_without_organisation_has_no_bin(ncanode, gost_pki):
    signed = gost.sign_gost_cms(gost_pki.credential("guardian-sign"), DATA)
    answer = ncanode.verify(signed, DATA, is_attached=False)
    assert (answer.verdict, answer.bin) == (Verdict.VALID, "")


def test_signature_over_other_bytes_is_invalid(ncanode, signature):
    answer = ncanode.verify(signature, DATA + b".", is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.GOST_REFUSED)


@pytest.mark.parametrize("script", [{"ocsp": "down"}, {"ocsp": "down", "crl": "down"}])
def test_wrong_signature_is_invalid_whatever_revocation_says(ncanode, order, director, signature, script):
    order(**script)
    other = Credential("other", director.certificate, gost.Ed25519PrivateKey.generate())
    answer = ncanode.verify(gost.sign_gost_cms(other, DATA), DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.GOST_REFUSED)


@pytest.mark.parametrize("garbage", [b"", b"\x30\x00", b"\x00" * 100, b"text"])
def test_what_is_no_signature_is_invalid_without_asking(garbage):
    answer = NcaNode("http://127.0.0.1:1").verify(garbage, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.INVALID, Reason.NOT_CMS)


@pytest.mark.parametrize(
    "fault", ["404", "500", "503", "drop", "truncate", "garbage", "empty", "list", "deep", "huge"]
)
def test_answer_that_says_nothing_leaves_the_signature_unverified(ncanode, order, signature, fault):
    order(faults=[fault])
    began = time.monotonic()
    answer = ncanode.verify(signature, DATA, is_attached=False)
    assert answer.verdict is Verdict.UNVERIFIED
    assert answer.reason in (Reason.GOST_UNREACHABLE, Reason.GOST_REFUSED)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("fault", ["500", "drop", "garbage"])
def test_failure_on_the_way_is_not_taken_for_a_missing_source(ncanode, order, signature, fault):
    order(ocsp="down", faults=["ok", fault])
    assert ncanode.verify(signature, DATA, is_attached=False).verdict is Verdict.UNVERIFIED


def test_refusal_is_unverified_and_told_in_ncanodes_words(ncanode, order, signature):
    order(faults=["400"])
    answer = ncanode.verify(signature, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.UNVERIFIED, Reason.GOST_REFUSED)
    assert answer.detail == "This failure was ordered."


def test_slow_ncanode_is_not_waited_for(ncanode, order, signature):
    order(faults=["slow"], slow_seconds=30)
    began = time.monotonic()
    answer = ncanode.verify(signature, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.UNVERIFIED, Reason.GOST_UNREACHABLE)
    assert time.monotonic() - began < 3


def test_ncanode_that_is_down_leaves_the_signature_unverified(ncanode, signature):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    down = dataclasses.replace(ncanode, url=nobody)
    answer = down.verify(signature, DATA, is_attached=False)
    assert (answer.verdict, answer.reason) == (Verdict.UNVERIFIED, Reason.GOST_UNREACHABLE)
    assert not down.is_up()
    assert ncanode.is_up()


def test_passing_failure_is_asked_again(ncanode, order, signature):
    order(faults=["503"])
    patient = dataclasses.replace(ncanode, retries=dataclasses.replace(ONCE, attempts=2, first_pause=0.01))
    assert patient.verify(signature, DATA, is_attached=False).verdict is Verdict.VALID


def test_answer_names_nobody_in_its_representation(ncanode, signature, director):
    answer = ncanode.verify(signature, DATA, is_attached=False)
    assert answer.iin
    assert answer.iin not in repr(answer)


def test_rsa_is_verified_by_ncanode_as_well(pki):
    with NcaNodeEmulator([pki.folder]) as running:
        node = NcaNode(running.url, Trust.load(pki.trust), retries=ONCE)
        signed = sign_cms(pki.credential("guardian-sign"), DATA)
        assert node.verify(signed, DATA, is_attached=False).verdict is Verdict.VALID
        assert node.verify(signed, b"other", is_attached=False).verdict is Verdict.INVALID
