"""Asking a person for consent, and asking about the person with it."""

import base64
import dataclasses
import json
import logging

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.core.exceptions import ImproperlyConfigured

from integrations.eds.ncanode import KeyFile, NcaNode
from integrations.models import RegisterCall
from integrations.shep.client_consent import ConsentKey, web_token
from integrations.shep.registers import Asking, Outcome
from integrations.shep.wsse_ncanode import NcanodeSigner
from tests.integrations.shep.gateway_messages import AT, signer
from tests.integrations.shep.portal_side import GBDFL, IIN, REQUESTOR, key

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanted():
    return ConsentKey(IIN, GBDFL.service_id, "Данные ребёнка", "Управление", "ТЕСТОВ Т.", "ТЕСТОВА А.")


def test_a_person_who_agrees_can_be_asked_about(portal, gateway, wanted):
    gateway.control({"check_tokens": True})
    answer = portal.request_consent(wanted)
    assert (answer.outcome, answer.register) == (Outcome.FOUND, "KDP")
    (given,) = answer.records
    assert given.expires_at > answer.asked_at
    assert portal.ask(GBDFL, key(GBDFL, IIN), consent=given.consent).outcome is Outcome.FOUND


@pytest.mark.parametrize(("does", "outcome"), [("wait", Outcome.CONSENT_NEEDED), ("refuse", Outcome.DENIED)])
def test_a_person_who_does_not_agree_is_told_apart_from_one_who_refuses(portal, gateway, wanted, does, outcome):
    gateway.control({"consent": does})
    answer = portal.request_consent(wanted)
    assert (answer.outcome, answer.records) == (outcome, ())
    assert answer.reason


def test_a_consent_is_never_remembered(portal, gateway, wanted, connection, prefix):
    first, second = (portal.request_consent(wanted) for _ in range(2))
    assert first.records[0].consent != second.records[0].consent
    assert connection.keys(f"{prefix}:answer:*") == []


def test_a_token_is_in_no_representation_and_no_log(portal, wanted, caplog):
    with caplog.at_level(logging.DEBUG, logger="portal.shep"):
        answer = portal.request_consent(wanted)
    token = answer.records[0].consent.token
    assert token not in repr(answer)
    assert token not in caplog.text
    assert IIN not in repr(wanted) + caplog.text


def test_what_was_asked_stands_in_the_journal(portal, wanted):
    answer = portal.request_consent(wanted)
    row = RegisterCall.objects.get()
    assert (row.register, row.service_id, str(row.message_id)) == ("KDP", "KDP_SERVICE", answer.message_id)


def test_the_web_token_is_signed_and_says_who_asks():
    asking = Asking("the message", AT, "TEST", REQUESTOR)
    content, _, signature = web_token(asking, signer().token).rpartition(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in content.split("."))
    assert header == {"alg": "RS256", "typ": "JWT"}
    issued_at = int(AT.timestamp())
    assert claims == {"cbin": REQUESTOR, "mcheck": "the message", "iat": issued_at, "exp": issued_at + 300}
    raw = base64.urlsafe_b64decode(signature + "==")
    signer().certificate.public_key().verify(raw, content.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_gost_key_cannot_sign_a_web_token(portal, wanted):
    portal.line.signer = NcanodeSigner(NcaNode("http://127.0.0.1:1", ()), KeyFile(b"p12", "secret"))
    with pytest.raises(ImproperlyConfigured, match="RSA"):
        portal.request_consent(wanted)


@pytest.mark.parametrize("change", [{"iin": "1"}, {"service_id": "UNKNOWN"}])
def test_a_question_that_the_gateway_refuses_is_an_error(portal, wanted, change):
    assert portal.request_consent(dataclasses.replace(wanted, **change)).outcome is Outcome.ERROR
