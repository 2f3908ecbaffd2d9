"""Client and emulated gateway over HTTP: repetition, memory, rest, consent, and answers that come later."""

import dataclasses
import datetime

import pytest

from integrations.emulators.shep import ShepEmulator
from integrations.models import RegisterCall
from integrations.shep.client import Gateway
from integrations.shep.client_consent import ConsentKey
from integrations.shep.guards import Limits
from integrations.shep.registers import Outcome
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.emulator_requests import BIN, IIN, SENDER
from tests.integrations.shep.matrix_client import CONSENT, PATIENT, asked, make_client

pytestmark = pytest.mark.django_db

ELIC, GBDFL, NOBD = REGISTERS["ELIC"], REGISTERS["GBDFL"], REGISTERS["NOBD"]


@pytest.fixture
def portal(gateway, pki, tmp_path) -> Gateway:
    """A client that remembers nothing of other tests."""
    return make_client(gateway, pki, tmp_path)


def calls_of(gateway: ShepEmulator) -> list[tuple[str, str]]:
    """Operation and messageId of every request, oldest first."""
    return [(call["operation"], call["message_id"]) for call in gateway.calls.last()]


def test_one_check_makes_one_call_and_the_next_is_answered_from_memory(gateway, portal):
    first = asked(portal, ELIC, BIN, fresh=False)
    again = asked(portal, ELIC, BIN, fresh=False)
    assert calls_of(gateway) == [("SendMessage", first.message_id)]
    assert (again.is_from_cache, again.records, again.message_id) == (True, first.records, first.message_id)
    assert asked(portal, ELIC, BIN, fresh=True).message_id != first.message_id
    assert gateway.calls.total == 2


def test_the_journal_has_one_row_for_each_question_without_its_key(gateway, portal):
    answer = asked(portal, GBDFL, IIN)
    row = RegisterCall.objects.get()
    assert (str(row.message_id), row.outcome, row.tries) == (answer.message_id, "FOUND", 1)
    assert (row.request_sha256, row.answer_sha256) != ("", "")
    assert IIN not in str(vars(row))
    assert portal.archive.get(row.answer_sha256).count(b"SendMessageResponse") == 2


def test_what_waiting_cures_is_asked_again_with_the_same_message(gateway, portal):
    gateway.control({"rules": [{"service": "ELIC", "times": 2, "outcome": "error", "code": "SCSE003"}]})
    answer = asked(portal, ELIC, BIN)
    assert answer.outcome is Outcome.FOUND
    assert calls_of(gateway) == [("SendMessage", answer.message_id)] * 3


@pytest.mark.parametrize("trouble", [{"http_status": 502}, {"http_status": 504}, {"hostile": "truncated"},
                                     {"silence_seconds": 0.01}])  # fmt: skip
def test_a_transport_that_fails_once_is_tried_again_with_the_same_message(gateway, portal, trouble: dict):
    gateway.control({"rules": [trouble | {"times": 1}]})
    answer = asked(portal, ELIC, BIN)
    assert answer.outcome is Outcome.FOUND
    assert gateway.calls.count(answer.message_id) == gateway.calls.total == 2


def test_nobody_waits_longer_than_three_tries(gateway, portal):
    gateway.control({"rules": [{"outcome": "error", "code": "SCSE003"}]})
    assert asked(portal, ELIC, BIN).outcome is Outcome.ERROR
    assert gateway.calls.total == 3


@pytest.mark.parametrize("trouble", [{"outcome": "fault"}, {"outcome": "error", "code": "SCSE002"},
                                     {"outcome": "no_match"}, {"wrong": "unsigned"},
                                     {"http_status": 400}])  # fmt: skip
def test_what_waiting_does_not_cure_is_asked_once(gateway, portal, trouble: dict):
    gateway.control({"rules": [trouble]})
    assert asked(portal, ELIC, BIN).outcome is Outcome.ERROR
    assert gateway.calls.total == 1


def test_an_answer_that_ran_out_is_stale_when_the_service_is_down_and_not_when_it_errs(gateway, portal):
    short = dataclasses.replace(ELIC, keep=datetime.timedelta(microseconds=1))
    first = asked(portal, short, BIN, fresh=False)
    assert first.outcome is Outcome.FOUND
    gateway.control({"rules": [{"http_status": 503}]})
    old = asked(portal, short, BIN, fresh=False)
    assert (old.outcome, old.records, old.is_from_cache) == (Outcome.STALE, first.records, True)
    assert "503" in old.reason
    gateway.control({"rules": [{"outcome": "error"}]})
    assert asked(portal, short, BIN, fresh=False).outcome is Outcome.ERROR
    gateway.control({"rules": []})
    assert asked(portal, short, BIN, fresh=False).outcome is Outcome.FOUND


def test_a_service_that_is_down_is_left_alone_and_others_are_asked(gateway, pki, tmp_path):
    limits = Limits(failures=2, rest=30)
    portal = make_client(gateway, pki, tmp_path, limits=limits, patience=dataclasses.replace(PATIENT, pauses=()))
    gateway.control({"rules": [{"service": "ELIC", "http_status": 503}]})
    answers = [asked(portal, ELIC, BIN) for _number in range(4)]
    assert {answer.outcome for answer in answers} == {Outcome.TIMEOUT}
    assert gateway.calls.total == 2
    assert asked(portal, REGISTERS["FIRE"], BIN).outcome is Outcome.FOUND


def test_a_gateway_that_is_not_there_is_a_timeout(pki, tmp_path, gateway):
    portal = make_client(gateway, pki, tmp_path)
    portal = dataclasses.replace(portal, account=dataclasses.replace(portal.account, url="http://127.0.0.1:9/sync"))
    assert asked(portal, ELIC, BIN).outcome is Outcome.TIMEOUT


def test_the_password_and_the_number_stay_out_of_the_archive_and_of_the_reason(gateway, portal, tmp_path):
    gateway.control({"rules": [{"outcome": "fault", "message": f"Нет прав на {IIN}"}]})
    answer = asked(portal, GBDFL, IIN)
    files = [path.read_bytes() for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    assert files
    assert IIN not in answer.reason
    assert not any(SENDER[1].encode() in content for content in files)


def consent_key(iin: str = IIN) -> ConsentKey:
    return ConsentKey(iin, GBDFL.service_id, "ФИО", "Портал", "Тестов", "Тестов")


def test_a_person_is_asked_for_consent_and_his_yes_opens_the_register(gateway, portal):
    gateway.control({"consent": "wait", "check_tokens": True})
    without = portal.ask(GBDFL, GBDFL.key_from(IIN), fresh=True)
    assert without.outcome is Outcome.CONSENT_NEEDED
    assert gateway.calls.total == 0
    assert portal.request_consent(consent_key()).outcome is Outcome.CONSENT_NEEDED
    gateway.control({"consent": "confirm"})
    given = portal.request_consent(consent_key())
    assert given.outcome is Outcome.FOUND
    consent = given.records[0].consent
    assert portal.ask(GBDFL, GBDFL.key_from(IIN), consent=consent, fresh=True).outcome is Outcome.FOUND
    refused = portal.ask(GBDFL, GBDFL.key_from(IIN), consent=CONSENT, fresh=True)
    assert (refused.outcome, "SBF-AD-1" in refused.reason) == (Outcome.ERROR, True)
    assert consent.token not in repr(given)


def test_a_person_who_refuses_is_not_asked_about(gateway, portal):
    gateway.control({"consents": {IIN: "refuse"}})
    assert portal.request_consent(consent_key()).outcome is Outcome.DENIED
    gateway.control({"rules": [{"service": "KDP_SERVICE", "hostile": "wrapped"}]})
    assert portal.request_consent(consent_key()).outcome is Outcome.ERROR


def test_a_later_answer_is_delivered_once_and_remembered(gateway, portal):
    gateway.control({"answer_seconds": 600})
    question = portal.ask(NOBD, NOBD.key_from(IIN))
    assert question.outcome is Outcome.ASKED
    assert portal.collect(NOBD).answers == ()
    again = portal.ask(NOBD, NOBD.key_from(IIN))
    assert (again.outcome, again.message_id) == (Outcome.ASKED, question.message_id)
    assert [name for name, _id in calls_of(gateway)].count("sendMessage") == 1
    assert portal.delivery_state(NOBD, question.message_id) == "DELIVERED"


def test_a_later_answer_comes_to_its_question(gateway, portal):
    question = portal.ask(NOBD, NOBD.key_from(IIN))
    delivered = []
    collected = portal.collect(NOBD, delivered.append)
    assert [answer.message_id for answer in delivered] == [question.message_id]
    assert (delivered[0].outcome, len(delivered[0].records)) == (Outcome.FOUND, 2)
    assert (collected.reason, portal.collect(NOBD).answers) == ("", ())
    remembered = portal.ask(NOBD, NOBD.key_from(IIN))
    assert (remembered.outcome, remembered.records) == (Outcome.FOUND, delivered[0].records)
    assert remembered.is_from_cache


def test_a_later_answer_that_cannot_be_believed_is_fetched_again(gateway, portal):
    question = portal.ask(NOBD, NOBD.key_from(IIN))
    gateway.control({"rules": [{"operation": "getMessages", "wrong": "other_certificate"}]})
    assert portal.collect(NOBD).answers == ()
    gateway.control({"rules": []})
    assert [answer.message_id for answer in portal.collect(NOBD).answers] == [question.message_id]


def test_an_acknowledgement_that_is_lost_does_not_deliver_twice(gateway, portal):
    portal.ask(NOBD, NOBD.key_from(IIN))
    gateway.control({"rules": [{"operation": "sendDeliveryNotification", "http_status": 400}]})
    delivered = []
    for _number in range(2):
        portal.collect(NOBD, delivered.append)
    gateway.control({"rules": []})
    portal.collect(NOBD, delivered.append)
    assert len(delivered) == 1
    assert gateway.desk.book.answers(NOBD.service_id, "", "", 100) == []


def test_a_question_that_will_never_arrive_ends(gateway, portal):
    gateway.control({"rules": [{"service": "NOBD", "delivery": "NOT_DELIVERED"}]})
    question = portal.ask(NOBD, NOBD.key_from(IIN))
    assert portal.delivery_state(NOBD, question.message_id) == "NOT_DELIVERED"
    assert RegisterCall.objects.get().outcome == "ERROR"
