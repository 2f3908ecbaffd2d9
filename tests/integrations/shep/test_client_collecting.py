"""Later answers: each to its own question, once, whatever is lost on the way."""

import dataclasses
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from integrations.emulators.shep_async import Book
from integrations.models import RegisterCall, StrayAnswer
from integrations.shep import asynchronous
from integrations.shep.asynchronous import MessageState
from integrations.shep.client_line import Trace
from integrations.shep.client_questions import Call, written
from integrations.shep.registers import Consent, Outcome
from tests.integrations.shep.portal_side import BIN, IIN, NOBD, key

pytestmark = pytest.mark.django_db

CONSENT = Consent("TOKEN", "KEY")
NOBODYS_IIN = "050515699017"


@pytest.fixture(autouse=True)
def _nothing_was_asked_before(gateway):
    gateway.desk.book = Book()


def ask(portal, text=IIN, **more):
    return portal.ask(NOBD, key(NOBD, text), consent=CONSENT, **more)


def outcome_of(answer):
    return RegisterCall.objects.get(message_id=answer.message_id).outcome


def ask_without_a_row(portal):
    """A question that the journal does not know: its answer is nobody's."""
    call = Call(NOBD, "0" * 64, "chain of nobody")
    question, data = written(call, key(NOBD, IIN), CONSENT, portal.account, portal.line.signer)
    root = asynchronous.send_message(question, data)
    portal.line.exchange(portal.account.async_url, NOBD.service_id, root, asynchronous.read_receipt, Trace())


def test_a_question_is_asked_and_its_answer_comes_later(portal):
    asked = ask(portal)
    assert (asked.outcome, asked.records, asked.valid_until) == (Outcome.ASKED, (), None)
    assert outcome_of(asked) == "ASKED"
    collected = portal.collect(NOBD)
    (answer,) = collected.answers
    assert (answer.outcome, answer.message_id, answer.asked_at) == (Outcome.FOUND, asked.message_id, asked.asked_at)
    assert answer.records
    assert (collected.strays, collected.reason) == (0, "")
    row = RegisterCall.objects.get()
    assert (row.outcome, row.answer_sha256) == ("FOUND", answer.raw_sha256)
    assert row.answered_at


def test_the_answer_is_remembered_for_the_next_question(portal, gateway):
    ask(portal)
    (answer,) = portal.collect(NOBD).answers
    calls = gateway.calls.total
    again = ask(portal)
    assert again == dataclasses.replace(answer, is_from_cache=True)
    assert gateway.calls.total == calls


def test_an_answer_among_several_is_found_again(portal):
    for text in (IIN, NOBODYS_IIN, BIN):
        ask(portal, text)
    answers = portal.collect(NOBD).answers
    assert sorted(answer.outcome for answer in answers) == ["FOUND", "FOUND", "NOT_FOUND"]
    assert len({answer.raw_sha256 for answer in answers}) == 1
    assert {ask(portal, text).records for text in (IIN, BIN)} == {each.records for each in answers if each.records}


def test_the_same_question_is_not_asked_twice_while_it_waits(portal, gateway):
    first, second = ask(portal), ask(portal)
    assert (second.outcome, second.message_id, second.asked_at) == (Outcome.ASKED, first.message_id, first.asked_at)
    assert gateway.calls.total == 1
    assert ask(portal, fresh=True).message_id != first.message_id


def test_an_answer_is_delivered_once(portal):
    ask(portal)
    delivered = []
    portal.collect(NOBD, delivered.append)
    assert portal.collect(NOBD, delivered.append).answers == ()
    assert [answer.outcome for answer in delivered] == [Outcome.FOUND]


def test_an_acknowledgement_that_was_lost_does_not_deliver_twice(portal, gateway):
    ask(portal)
    gateway.control({"rules": [{"operation": "sendDeliveryNotification", "http_status": 502}]})
    delivered = []
    portal.collect(NOBD, delivered.append)
    assert gateway.desk.book.counts()["acknowledged"] == 0
    gateway.control({"rules": []})
    portal.collect(NOBD, delivered.append)
    assert len(delivered) == 1
    assert portal.collect(NOBD).answers == ()


def test_what_could_not_be_delivered_comes_again(portal):
    asked = ask(portal)

    def fails(_answer):
        raise KeyError("the domain's own failure")

    with pytest.raises(KeyError):
        portal.collect(NOBD, fails)
    assert outcome_of(asked) == "ASKED"
    assert len(portal.collect(NOBD).answers) == 1


def test_an_answer_to_nothing_we_asked_is_put_aside_and_not_given_again(portal):
    ask_without_a_row(portal)
    delivered = []
    collected = portal.collect(NOBD, delivered.append)
    assert (collected.answers, collected.strays, delivered) == ((), 1, [])
    stray = StrayAnswer.objects.get()
    assert (stray.service_id, stray.correlation_id) == (NOBD.service_id, "chain of nobody")
    assert portal.archive.get(stray.answer_sha256)
    assert portal.collect(NOBD).strays == 0


def test_a_foreign_answer_does_not_hold_up_ours(portal):
    ask_without_a_row(portal)
    ask(portal)
    collected = portal.collect(NOBD)
    assert (len(collected.answers), collected.strays) == (1, 1)


def test_an_answer_under_anothers_chain_is_put_aside(portal, gateway):
    asked = ask(portal)
    gateway.control({"rules": [{"operation": "getMessages", "wrong": "foreign_correlation", "times": 1}]})
    assert portal.collect(NOBD).answers == ()
    assert StrayAnswer.objects.count() == 1
    assert outcome_of(asked) == "ASKED"


def test_an_answer_that_names_another_question_says_nothing(portal, gateway):
    gateway.control({"rules": [{"operation": "sendMessage", "wrong": "other_request_id"}]})
    asked = ask(portal)
    (answer,) = portal.collect(NOBD).answers
    assert (answer.outcome, answer.records) == (Outcome.ERROR, ())
    assert outcome_of(asked) == "ERROR"
    assert portal.collect(NOBD).answers == ()


@pytest.mark.parametrize(
    "rule",
    [
        {"http_status": 502},
        {"wrong": "unsigned"},
        {"wrong": "other_key"},
        {"hostile": "wrapped"},
        {"outcome": "fault"},
    ],
    ids=lambda rule: str(next(iter(rule.values()))),
)
def test_answers_that_are_not_believed_stay_to_be_fetched(portal, gateway, rule):
    asked = ask(portal)
    gateway.control({"rules": [{"operation": "getMessages"} | rule]})
    collected = portal.collect(NOBD)
    assert (collected.answers, bool(collected.reason)) == ((), True)
    assert outcome_of(asked) == "ASKED"
    gateway.control({"rules": []})
    assert len(portal.collect(NOBD).answers) == 1


def test_more_answers_than_a_page_are_all_fetched(portal, monkeypatch):
    monkeypatch.setattr("integrations.shep.client_collecting.PAGE", 2)
    for text in (IIN, NOBODYS_IIN, BIN, "200229699015", "721231499014"):
        ask(portal, text)
    assert len(portal.collect(NOBD).answers) == 5


@pytest.mark.parametrize("rule", [{"wrong": "other_message_id"}, {"wrong": "foreign_correlation"}], ids=str)
def test_a_receipt_for_another_message_is_no_receipt(portal, gateway, rule):
    gateway.control({"rules": [rule]})
    asked = ask(portal)
    assert asked.outcome is Outcome.ERROR
    assert outcome_of(asked) == "ERROR"


@pytest.mark.parametrize("rule", [{"hostile": "garbage"}, {"wrong": "other_message_id"}], ids=str)
def test_a_question_without_a_receipt_may_be_asked_again_and_both_answers_count(portal, gateway, rule):
    gateway.control({"rules": [{"operation": "sendMessage", "times": 1} | rule]})
    first = ask(portal)
    assert first.outcome is Outcome.ERROR
    second = ask(portal)
    assert second.outcome is Outcome.ASKED
    found = {answer.message_id for answer in portal.collect(NOBD).answers}
    assert found == {first.message_id, second.message_id}
    assert outcome_of(first) == "FOUND"


def test_two_questions_of_one_chain_are_not_mixed_up(portal, gateway):
    assert ask(portal, correlation_id="chain").outcome is Outcome.ASKED
    refused = ask(portal, NOBODYS_IIN, correlation_id="chain")
    assert (refused.outcome, gateway.calls.total) == (Outcome.ERROR, 1)
    (answer,) = portal.collect(NOBD).answers
    assert answer.outcome is Outcome.FOUND
    assert ask(portal, NOBODYS_IIN, correlation_id="chain").outcome is Outcome.ASKED
    (answer,) = portal.collect(NOBD).answers
    assert answer.outcome is Outcome.NOT_FOUND


def test_how_far_a_question_came_can_be_asked(portal, gateway):
    asked = ask(portal)
    assert portal.delivery_state(NOBD, asked.message_id) is MessageState.DELIVERED
    assert portal.delivery_state(NOBD, "0" * 8) is None
    assert outcome_of(asked) == "ASKED"


@pytest.mark.parametrize("state", ["NOT_DELIVERED", "DELIVERY_STOPPED"])
def test_a_question_that_will_never_arrive_ends(portal, gateway, state):
    gateway.control({"rules": [{"delivery": state}]})
    asked = ask(portal)
    assert portal.delivery_state(NOBD, asked.message_id) == state
    row = RegisterCall.objects.get()
    assert (row.outcome, row.reason) == ("ERROR", state)
    gateway.control({"rules": []})
    assert ask(portal).message_id != asked.message_id


def test_without_an_address_nothing_is_asked(portal):
    portal.account = dataclasses.replace(portal.account, async_url="")
    for use in (lambda: ask(portal), lambda: portal.collect(NOBD), lambda: portal.delivery_state(NOBD, "x")):
        with pytest.raises(ImproperlyConfigured, match="SHEP_ASYNC_URL"):
            use()


@pytest.mark.django_db(transaction=True)
def test_two_collectors_at_once_deliver_once(portal):
    for text in (IIN, NOBODYS_IIN, BIN):
        ask(portal, text)
    delivered = []

    def work():
        try:
            portal.collect(NOBD, delivered.append)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(delivered) == len({answer.message_id for answer in delivered}) == 3
