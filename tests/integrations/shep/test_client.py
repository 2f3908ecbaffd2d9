"""The client asks the emulated gateway over HTTP: what it gives back, what it remembers, what it leaves behind."""

import dataclasses
import datetime
import json
import logging
import threading
import time

import pytest
from django.db import connections

from integrations.eds.ncanode import KeyFile, NcaNode
from integrations.models import RegisterCall
from integrations.shep.cache import AnswerCache
from integrations.shep.client_line import Patience
from integrations.shep.envelope import Sender, almaty_now
from integrations.shep.guards import Guards, Limits
from integrations.shep.registers import Consent, Outcome
from integrations.shep.services.catalogue import REGISTERS
from integrations.shep.wsse_ncanode import NcanodeSigner
from tests.integrations.shep.emulator_requests import SENDER
from tests.integrations.shep.portal_side import BIN, ELIC, GBDFL, IIN, KGD, NOBODYS_BIN, key
from voucher_portal.http import HttpClient, Retries

pytestmark = pytest.mark.django_db

CONSENT = Consent("TOKEN", "KEY")
ALL_DOWN = {"rules": [{"http_status": 502}]}


def ask(portal, register=ELIC, text=BIN, **more):
    return portal.ask(register, key(register, text), **more)


def files(portal):
    return [path for path in portal.archive.root.rglob("*") if path.is_file()]


def test_an_answer_is_found_and_says_where_it_is_kept(portal, gateway):
    answer = ask(portal)
    assert (answer.outcome, answer.register, answer.is_from_cache) == (Outcome.FOUND, "ELIC", False)
    assert len(answer.records) == 1
    assert answer.valid_until - answer.asked_at > ELIC.keep - datetime.timedelta(minutes=1)
    assert b"SendMessageResponse" in portal.archive.get(answer.raw_sha256)
    assert gateway.calls.count(answer.message_id) == 1


@pytest.mark.parametrize("code", ["GBDUL", "KGD", "FIRE", "RN", "AR"])
def test_every_form_of_a_question_is_understood(portal, code):
    keys = {"RN": "20:313:012:345", "AR": "0000000000000007"}
    assert ask(portal, REGISTERS[code], keys.get(code, BIN)).outcome is Outcome.FOUND


def test_a_question_leaves_one_row_that_does_not_say_whom_it_was_about(portal, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = ask(portal)
    row = RegisterCall.objects.get()
    assert (str(row.message_id), row.outcome, row.register, row.tries) == (answer.message_id, "FOUND", "ELIC", 1)
    assert (row.service_id, row.channel, row.answer_sha256) == (ELIC.service_id, "SYNC", answer.raw_sha256)
    assert row.asked_at == answer.asked_at <= row.answered_at
    assert BIN not in json.dumps(RegisterCall.objects.values().get(), default=str)


def test_the_archived_question_is_ours_without_the_password(portal):
    ask(portal)
    request = portal.archive.get(RegisterCall.objects.get().request_sha256)
    assert b"<password>***</password>" in request
    assert SENDER[1].encode() not in request
    assert b"<serviceId>ELIC_LicenseByBin</serviceId>" in request


def test_nothing_secret_and_nobodys_number_is_logged_in_one_line(portal, caplog):
    with caplog.at_level(logging.DEBUG, logger="portal.shep"):
        ask(portal, GBDFL, IIN, consent=CONSENT)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "portal.shep"]
    assert not any(secret in line for secret in (IIN, SENDER[1], "TOKEN"))
    assert all(word in line for word in ("GBDFL", "FOUND", "tries", "milliseconds"))


def test_secrets_are_in_no_representation(portal):
    assert SENDER[1] not in repr(portal)


def test_an_answer_is_remembered_without_asking_again(portal, gateway):
    first, second = ask(portal), ask(portal)
    assert gateway.calls.total == 1
    assert second == dataclasses.replace(first, is_from_cache=True)
    assert RegisterCall.objects.count() == 1


def test_an_escaped_answer_is_remembered_too(portal, gateway):
    first, second = (ask(portal, REGISTERS["GBDUL"]) for _ in range(2))
    assert (second.records, gateway.calls.total) == (first.records, 1)


def test_that_there_is_none_is_remembered_too(portal, gateway):
    answers = [ask(portal, text=NOBODYS_BIN) for _ in range(2)]
    assert [answer.outcome for answer in answers] == [Outcome.NOT_FOUND] * 2
    assert answers[1].is_from_cache
    assert gateway.calls.total == 1


@pytest.mark.parametrize(
    "rule", [{"outcome": "no_data"}, {"outcome": "error", "code": "SCSE002"}, {"outcome": "fault"}]
)
def test_what_says_nothing_about_the_world_is_not_remembered(portal, gateway, rule):
    gateway.control({"rules": [rule]})
    assert ask(portal).valid_until is None
    gateway.control({"rules": []})
    assert ask(portal).outcome is Outcome.FOUND
    assert gateway.calls.total == 2


def test_a_fresh_answer_can_be_asked_for(portal, gateway):
    ask(portal)
    assert not ask(portal, fresh=True).is_from_cache
    assert gateway.calls.total == 2


def test_a_memory_whose_bytes_are_gone_is_asked_for_again(portal, gateway):
    ask(portal)
    for path in files(portal):
        path.unlink()
    assert ask(portal).outcome is Outcome.FOUND
    assert gateway.calls.total == 2


@pytest.fixture
def old_answer(portal):
    """An answer that has run out."""
    answer = ask(portal, dataclasses.replace(ELIC, keep=datetime.timedelta(seconds=0.01)))
    time.sleep(0.02)
    return answer


def test_an_answer_that_ran_out_is_asked_for_again(portal, gateway, old_answer):
    assert not ask(portal).is_from_cache
    assert gateway.calls.total == 2


def test_a_source_that_is_down_gives_the_old_answer_as_stale(portal, gateway, old_answer):
    gateway.control(ALL_DOWN)
    answer = ask(portal)
    assert (answer.outcome, answer.records) == (Outcome.STALE, old_answer.records)
    assert (answer.message_id, answer.raw_sha256) == (old_answer.message_id, old_answer.raw_sha256)
    assert answer.reason == "HTTP 502"
    assert answer.valid_until < almaty_now()


@pytest.mark.parametrize("rule", [{"outcome": "error"}, {"outcome": "fault"}, {"wrong": "unsigned"}])
def test_a_source_that_answers_does_not_give_an_old_answer(portal, gateway, old_answer, rule):
    gateway.control({"rules": [rule]})
    assert ask(portal).outcome is Outcome.ERROR


def test_an_answer_older_than_anybody_wants_is_not_given(portal, gateway, connection, prefix):
    portal.cache = AnswerCache(connection, prefix, b"secret", stale_for=datetime.timedelta(0))
    portal.ask(dataclasses.replace(ELIC, keep=datetime.timedelta(seconds=0.01)), key(ELIC))
    gateway.control(ALL_DOWN)
    assert ask(portal).outcome is Outcome.TIMEOUT


def test_a_person_is_not_asked_about_without_consent(portal, gateway):
    assert ask(portal, GBDFL, IIN).outcome is Outcome.CONSENT_NEEDED
    assert gateway.calls.total == 0
    assert not RegisterCall.objects.exists()


@pytest.mark.parametrize("opened", [True, False], ids=["by law", "by consent"])
def test_a_person_is_asked_about_by_law_or_consent(portal, opened):
    if opened:
        portal.account = dataclasses.replace(portal.account, without_consent=frozenset({"GBDFL"}))
    answer = ask(portal, GBDFL, IIN, consent=None if opened else CONSENT)
    assert answer.outcome is Outcome.FOUND


def test_what_waiting_cures_is_asked_again_under_the_same_id(portal, gateway):
    gateway.control({"rules": [{"outcome": "error", "code": "SCSE003", "times": 2}]})
    answer = ask(portal)
    assert answer.outcome is Outcome.FOUND
    assert gateway.calls.count(answer.message_id) == 3
    assert RegisterCall.objects.get().tries == 3


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_is_out_of_order_is_asked_three_times(portal, gateway, status):
    gateway.control({"rules": [{"http_status": status}]})
    answer = ask(portal)
    assert (answer.outcome, answer.reason) == (Outcome.TIMEOUT, f"HTTP {status}")
    assert gateway.calls.count(answer.message_id) == 3


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ({"http_status": 401}, Outcome.DENIED),
        ({"http_status": 403}, Outcome.DENIED),
        ({"http_status": 400}, Outcome.ERROR),
        ({"http_status": 429}, Outcome.ERROR),
        ({"http_status": 302}, Outcome.ERROR),
        ({"outcome": "fault"}, Outcome.ERROR),
        ({"outcome": "fault", "code": "SCSE003"}, Outcome.ERROR),
        ({"outcome": "fault", "code": "ACCESS_DENIED"}, Outcome.DENIED),
        ({"outcome": "error", "code": "SCSE001"}, Outcome.ERROR),
        ({"outcome": "error", "code": "SBF-VE-8"}, Outcome.ERROR),
        ({"outcome": "error", "code": "Success"}, Outcome.ERROR),
    ],
    ids=str,
)
def test_what_waiting_does_not_cure_is_asked_once(portal, gateway, rule, outcome):
    gateway.control({"rules": [rule]})
    answer = ask(portal)
    assert answer.outcome is outcome
    assert answer.reason
    assert gateway.calls.total == 1


def test_an_unknown_sender_is_denied(portal):
    portal.account = dataclasses.replace(portal.account, sender=Sender(SENDER[0], "wrong"))
    assert ask(portal).outcome is Outcome.DENIED


def test_the_code_of_a_sample_server_is_taken_only_where_told(portal, gateway):
    gateway.control({"rules": [{"outcome": "error", "code": "Success"}]})
    portal.account = dataclasses.replace(portal.account, accepts_sample_code=True)
    assert ask(portal).outcome is Outcome.NO_DATA


def test_what_a_register_calls_none_is_none(portal, gateway):
    gateway.control({"rules": [{"outcome": "no_match"}]})
    assert ask(portal).outcome is Outcome.ERROR
    register = dataclasses.replace(ELIC, not_found_codes=frozenset({"SCSE001"}))
    assert ask(portal, register).outcome is Outcome.NOT_FOUND


def test_silence_ends_in_time(portal, gateway):
    gateway.control({"rules": [{"delay_seconds": 5}]})
    portal.line.patience = Patience(connect=1.0, whole=0.5, pauses=(0.0, 0.0))
    started = time.monotonic()
    assert ask(portal).outcome is Outcome.TIMEOUT
    assert time.monotonic() - started < 3


def test_nobody_at_the_address_is_a_timeout(portal):
    portal.account = dataclasses.replace(portal.account, url="http://127.0.0.1:1/sync")
    answer = ask(portal)
    assert (answer.outcome, answer.raw_sha256) == (Outcome.TIMEOUT, "")
    assert RegisterCall.objects.get().answered_at is None


@pytest.mark.parametrize(
    "rule",
    [
        {"wrong": "other_message_id"},
        {"wrong": "other_request_id"},
        {"wrong": "other_key"},
        {"wrong": "other_certificate"},
        {"wrong": "unsigned"},
        {"wrong": "broken_digest"},
        {"hostile": "wrapped"},
        {"hostile": "wrapped_in_header"},
        {"hostile": "two_signatures"},
        {"hostile": "entity_bomb"},
        {"hostile": "garbage"},
        {"hostile": "empty"},
    ],
    ids=lambda rule: next(iter(rule.values())),
)
def test_an_answer_that_is_not_believed_is_kept_but_says_nothing(portal, gateway, rule):
    gateway.control({"rules": [rule]})
    answer = ask(portal)
    assert (answer.outcome, answer.records) == (Outcome.ERROR, ())
    assert portal.archive.get(answer.raw_sha256) is not None
    assert gateway.calls.total == 1
    gateway.control({"rules": []})
    assert not ask(portal).is_from_cache


def test_an_answer_of_another_chain_is_not_believed(portal, gateway):
    gateway.control({"rules": [{"wrong": "foreign_correlation"}]})
    assert ask(portal, KGD, correlation_id="chain-1").outcome is Outcome.ERROR
    gateway.control({"rules": []})
    assert ask(portal, KGD, correlation_id="chain-1").outcome is Outcome.FOUND
    assert RegisterCall.objects.filter(correlation_id="chain-1").count() == 2


def test_a_number_in_the_gateways_words_is_struck_out(portal, gateway):
    gateway.control({"rules": [{"outcome": "error", "code": "SCSE002", "message": f"ИИН {IIN} ошибочен"}]})
    answer = ask(portal)
    assert answer.reason == "SCSE002 ИИН 1901******18 ошибочен"
    assert IIN not in RegisterCall.objects.get().reason


def test_a_service_that_is_down_is_soon_left_alone(portal, gateway, connection, prefix):
    portal.line.guards = Guards(connection, prefix, Limits(failures=3, rest=60))
    gateway.control(ALL_DOWN)
    ask(portal)
    gateway.control({"rules": []})
    answer = ask(portal)
    assert (answer.outcome, gateway.calls.total) == (Outcome.TIMEOUT, 3)
    assert "not asked" in answer.reason
    assert RegisterCall.objects.get(message_id=answer.message_id).tries == 0
    assert ask(portal, KGD).outcome is Outcome.FOUND


def test_faults_do_not_make_a_service_rest(portal, gateway, connection, prefix):
    portal.line.guards = Guards(connection, prefix, Limits(failures=2, rest=60))
    gateway.control({"rules": [{"outcome": "fault"}]})
    for _ in range(4):
        ask(portal)
    assert gateway.calls.total == 4


def test_without_redis_nothing_is_asked_and_it_is_said(portal, gateway, nowhere, prefix):
    portal.line.guards, portal.cache = Guards(nowhere, prefix), AnswerCache(nowhere, prefix, b"secret")
    answer = ask(portal)
    assert (answer.outcome, gateway.calls.total) == (Outcome.TIMEOUT, 0)
    assert "Redis" in answer.reason


def test_without_an_archive_nothing_is_asked_and_it_is_said(portal, gateway):
    portal.archive.root.parent.mkdir(exist_ok=True)
    portal.archive.root.write_text("not a folder")
    answer = ask(portal)
    assert (answer.outcome, gateway.calls.total) == (Outcome.ERROR, 0)
    assert "archive" in answer.reason


def test_an_ncanode_that_is_away_signs_nothing_and_asks_nothing(portal, gateway):
    nobody = NcaNode("http://127.0.0.1:1", (), retries=Retries(attempts=1))
    portal.line.signer = NcanodeSigner(nobody, KeyFile(b"p12", "secret"))
    for register in (ELIC, KGD):
        answer = ask(portal, register)
        assert answer.outcome is Outcome.TIMEOUT
        assert "could not be signed" in answer.reason
        assert "secret" not in answer.reason
    assert gateway.calls.total == 0


def test_the_pauses_are_kept_outside_the_limits(portal, gateway, monkeypatch):
    pauses = []
    portal.line.patience = Patience(pauses=(2.0, 10.0))
    portal.line.sleep = pauses.append
    gateway.control(ALL_DOWN)
    ask(portal)
    assert pauses == [2.0, 10.0]


def test_no_pause_is_begun_that_does_not_fit(portal, gateway):
    portal.line.patience = Patience(whole=5.0, pauses=(2.0, 10.0))
    portal.line.sleep = lambda seconds: None
    gateway.control(ALL_DOWN)
    assert ask(portal).outcome is Outcome.TIMEOUT
    assert gateway.calls.total == 2


@pytest.mark.parametrize("address", ["/sync", "/async", "/deep/path/?x=1"])
def test_the_address_is_used_as_it_is_written(portal, monkeypatch, address):
    asked = []
    monkeypatch.setattr(HttpClient, "post", lambda self, path, *_, **__: asked.append(self._url(path)) or 1 / 0)
    portal.account = dataclasses.replace(portal.account, url=f"http://gateway.example{address}")
    with pytest.raises(ZeroDivisionError):
        ask(portal)
    assert asked == [f"http://gateway.example{address}"]


@pytest.mark.django_db(transaction=True)
def test_many_threads_share_one_client(portal, gateway):
    outcomes = []

    def work(text):
        try:
            outcomes.append(ask(portal, text=text).outcome)
            outcomes.append(ask(portal, KGD).outcome)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(text,)) for text in (BIN, NOBODYS_BIN) * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["FOUND"] * 18 + ["NOT_FOUND"] * 6


def test_a_chain_that_the_journal_cannot_hold_is_refused(portal, gateway):
    with pytest.raises(ValueError, match="correlation_id"):
        ask(portal, correlation_id="x" * 101)
    assert gateway.calls.total == 0
