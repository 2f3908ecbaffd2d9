"""Whatever NCANode sends, reading it ends in an answer or in one of two errors."""

import contextlib
import dataclasses
import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.eds import ncanode_answers as answers
from integrations.eds.ncanode_answers import Asked, CmsVerification, NotConvincing, Unreadable
from integrations.eds.verdicts import GostAnswer, Verdict
from integrations.emulators.server import Emulator, Reply
from tests.integrations.eds.ncanode_world import DATA
from tests.patience import no_hang

EXAMPLE = """{"status": 200, "message": "OK", "valid": true,
 "signers": [{"certificates": [{
    "valid": true,
    "revocations": [{"revoked": false, "by": "OCSP", "revocationTime": null, "reason": null}],
    "notBefore": "2025-03-01T00:00:00.000+00:00", "notAfter": "2026-03-01T00:00:00.000+00:00",
    "keyUsage": "SIGN", "serialNumber": "0a1b2c3d", "signAlg": "ECGOST3410-2015-512",
    "keyUser": ["ORGANIZATION", "CEO"],
    "subject": {"commonName": "ТЕСТОВ ТЕСТ", "surName": "ТЕСТОВ", "lastName": "ТЕСТОВИЧ",
                "organization": "ТОО \\"ТЕСТОВЫЙ ДЕТСКИЙ САД\\"", "iin": "850630399010", "bin": "240640990012",
                "country": "KZ"}}],
  "tsp": {"genTime": "2025-11-05T05:15:00.000+00:00", "policy": "1.2.398.3.3.2.6.4",
          "tspHashAlgorithm": "GOST34311-95"}}]}
"""
MISSING = object()
COUNTS = {
    "status",
    "valid",
    "signers",
    "certificates",
    "revocations",
    "revoked",
    "serialNumber",
    "subject",
    "iin",
    "bin",
}
KINDS = (CmsVerification, answers.XmlVerification, answers.Content, answers.SignedXml)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["OCSP", "CRL", "OK", "SIGN", "ff", "850630399010", ""])
)
NAMES = st.sampled_from(
    ["status", "valid", "signers", "certificates", "revocations", "revoked", "by", "reason", "subject", "iin", "bin",
     "serialNumber", "signature", "keyUsage", "data", "xml", "message"]
) | st.text(max_size=5)  # fmt: skip
SHAPES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8), max_leaves=25
)


def _asked_of(entry: dict | None) -> Asked:
    certificate = {"valid": True, "serialNumber": "1", "revocations": [entry] if entry else []}
    return answers.asked(msgspec.convert(certificate, answers.Certificate), "OCSP")


def _judged(body: bytes) -> None:
    """All that the client does with an answer of /cms/verify."""
    certificate = answers.one_certificate(answers.read(body, CmsVerification))
    for source in ("OCSP", "CRL"):
        assert answers.asked(certificate, source) in Asked
    answers.serial_of(certificate)


def test_example_of_the_contract_is_read():
    found = answers.read(EXAMPLE.encode(), CmsVerification)
    certificate = answers.one_certificate(found)
    assert found.valid
    assert (certificate.subject.iin, certificate.subject.bin) == ("850630399010", "240640990012")
    assert answers.serial_of(certificate) == 0x0A1B2C3D
    assert answers.asked(certificate, "OCSP") is Asked.GOOD
    assert answers.asked(certificate, "CRL") is Asked.NOT_ANSWERED


def test_example_of_openapi_names_the_inner_list_otherwise():
    renamed = EXAMPLE.replace('"certificates"', '"signers"').encode()
    assert answers.one_certificate(answers.read(renamed, CmsVerification)).subject.iin == "850630399010"


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        ({"revoked": False, "by": "OCSP", "reason": "OK"}, Asked.GOOD),
        ({"revoked": True, "by": "OCSP", "reason": "OK"}, Asked.REVOKED),
        ({"revoked": False, "by": "OCSP", "reason": "Unknown status"}, Asked.UNKNOWN),
        ({"revoked": False, "by": "OCSP", "reason": "Nonce aren't equals"}, Asked.NOT_ANSWERED),
        ({"revoked": False, "by": "OCSP", "reason": "Connection refused"}, Asked.NOT_ANSWERED),
        ({"revoked": False, "by": "CRL", "reason": "OK"}, Asked.NOT_ANSWERED),
        (None, Asked.NOT_ANSWERED),
    ],
)
def test_source_that_failed_is_told_from_one_that_knows_nothing_bad(entry, state):
    assert _asked_of(entry) is state


def test_one_of_several_answers_that_is_bad_counts():
    entries = [{"revoked": False, "by": "OCSP", "reason": "OK"}, {"revoked": True, "by": "OCSP", "reason": "OK"}]
    certificate = {"valid": True, "serialNumber": "1", "revocations": entries}
    assert answers.asked(msgspec.convert(certificate, answers.Certificate), "OCSP") is Asked.REVOKED


@settings(max_examples=400)
@given(SHAPES, st.sampled_from(KINDS))
def test_any_json_is_an_answer_or_unreadable(shape, kind):
    with contextlib.suppress(Unreadable):
        answers.read(json.dumps(shape).encode(), kind)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.sampled_from(KINDS))
def test_any_bytes_are_an_answer_or_unreadable(body, kind):
    assert len(answers.message_of(body)) <= answers.MAX_DETAIL
    with pytest.raises(Unreadable):
        answers.read(body, kind)


@settings(max_examples=300)
@given(st.data())
def test_example_with_one_part_replaced_is_judged_or_refused(data):
    document = json.loads(EXAMPLE)
    place = data.draw(st.sampled_from(list(_places(document))))
    _put(document, place, data.draw(SHAPES))
    with contextlib.suppress(Unreadable, NotConvincing):
        _judged(json.dumps(document).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"status": 200, "valid": true, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "signers": []}',
        b'{"status": 200, "valid": true, "signers": [' + b"{}," * 500_000 + b"{}]}",
        b'{"status": ' + b"9" * 100_000 + b"}",
        b"\xff\xfe{\x00}\x00",
    ],
    ids=["open lists", "open objects", "deep inside", "many signers", "long number", "other encoding"],
)
def test_deep_and_long_answers_end_quickly(body):
    with no_hang():
        with pytest.raises((Unreadable, NotConvincing)):
            _judged(body)
        answers.message_of(body)


class _Parrot(Emulator):
    """Answers everything with the same body."""

    base_path = ""
    body = b""

    def handle(self, _request) -> Reply:
        """The body that was given."""
        return Reply(self.body)


@pytest.fixture(scope="module")
def parrot():
    """A server that says what it is told to say."""
    with _Parrot() as running:
        yield running


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_signature_is_never_valid_by_an_answer_that_lacks_or_bends_what_counts(parrot, ncanode, true_answer, data):
    signature, true = true_answer
    document = json.loads(true)
    place = data.draw(st.sampled_from(list(_places(document))))
    _put(document, place, data.draw(SHAPES | st.just(MISSING)))
    parrot.body = json.dumps(document).encode()
    answer = dataclasses.replace(ncanode, url=parrot.url).verify(signature, DATA, is_attached=False)
    assert isinstance(answer, GostAnswer)
    if place[-1] in COUNTS and "issuer" not in place and document != json.loads(true):
        assert answer.verdict is not Verdict.VALID


@pytest.fixture
def true_answer(ncanode, signature) -> tuple[bytes, bytes]:
    """A signature and what NCANode says of it."""
    return signature, ncanode.verify(signature, DATA, is_attached=False).raw


def _places(node, path=()):
    """Every place in a document, the root left out."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _places(value, (*path, key))


def _put(node, path, value) -> None:
    for key in path[:-1]:
        node = node[key]
    if value is MISSING:
        del node[path[-1]]
    else:
        node[path[-1]] = value
