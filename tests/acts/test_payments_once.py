"""Exactly once: broken connections, killed processes, runners that meet. The treasury's own book decides."""

import signal
import threading

import pytest
from django.db import connection

from acts.models import PaymentAttempt, PaymentFile, PaymentOrder
from acts.payments.sending import treasury as connect
from registry.ledger import LEDGER
from tests.acts import paying
from tests.acts.paying import broken_rules, reconcile, states, transfers
from tests.core.commands import PATIENCE_SECONDS, locked, run, started, wait_until, waiting_for_locks

pytestmark = pytest.mark.django_db
TODAY = paying.TODAY.isoformat()


@pytest.fixture
def region(treasury):
    region = paying.make_region(children=1)
    region.accepted(10)
    return region


def test_a_message_that_was_taken_while_the_connection_broke_is_asked_about_and_not_sent_again(treasury, region):
    treasury.control({"submit_faults": ["drop_after"]})
    routed = region.route()
    assert (routed.submitted, len(routed.problems)) == (0, 1)
    assert states() == ["UNKNOWN", "UNKNOWN"]

    reconciled = reconcile()
    assert (reconciled.paid, reconciled.unknown, reconciled.redeemed_parts) == (2, 0, 1)
    assert [state for state, _tiyn in transfers(treasury).values()] == ["booked", "booked"]
    assert PaymentFile.objects.get().asked_at
    assert broken_rules() == {}


def test_a_message_that_never_arrived_goes_again_byte_for_byte(treasury, region):
    treasury.control({"submit_faults": ["drop_before"]})
    region.route()
    assert states() == ["UNKNOWN", "UNKNOWN"]
    assert reconcile().paid == 2
    [message] = treasury.book.rows("SELECT msg_id, sha256 FROM message")
    file = PaymentFile.objects.get()
    assert (message["msg_id"], message["sha256"]) == (file.msg_id, file.sha256)
    assert PaymentAttempt.objects.count() == 2


def test_an_answer_503_after_taking_is_no_answer(treasury, region):
    treasury.control({"submit_faults": ["503_after"]})
    region.route()
    assert states() == ["UNKNOWN", "UNKNOWN"]
    routed = region.route()
    assert (routed.orders, routed.submitted) == (0, 2)
    assert PaymentFile.objects.count() == 1
    assert len(transfers(treasury)) == 2


def test_a_report_about_an_unknown_message_settles_that_it_arrived(treasury, region):
    treasury.control({"submit_faults": ["drop_after"], "delay_polls": 1, "ask_faults": ["403", "403"]})
    region.route()
    assert reconcile().unknown == 2
    assert states() == ["UNKNOWN", "UNKNOWN"]
    assert reconcile().paid == 2
    assert len(transfers(treasury)) == 2


@pytest.mark.parametrize("fault", ["429", "401", "404"])
def test_a_gateway_that_takes_nothing_gets_the_same_bytes_later(treasury, region, fault):
    treasury.control({"submit_faults": [fault]})
    routed = region.route()
    assert (routed.submitted, len(routed.problems)) == (0, 1)
    assert states() == ["PREPARED", "PREPARED"]
    assert region.route().submitted == 2
    assert PaymentFile.objects.count() == 1
    assert len(transfers(treasury)) == 2


def test_a_gateway_that_is_away_gets_the_same_bytes_later(treasury, region, settings):
    settings.TREASURY_URL = "http://127.0.0.1:9"
    assert region.route().submitted == 0
    assert states() == ["PREPARED", "PREPARED"]
    settings.TREASURY_URL = treasury.url
    assert reconcile().paid == 2
    assert PaymentFile.objects.count() == 1


def test_a_message_that_the_gateway_refuses_is_final_and_its_orders_go_out_under_other_names(treasury, region):
    treasury.control({"submit_faults": ["422"]})
    routed = region.route()
    assert (routed.submitted, len(routed.problems)) == (0, 1)
    assert states() == ["REJECTED", "REJECTED"]
    assert PaymentFile.objects.get().refused
    assert region.route().submitted == 2
    assert all(name.endswith("-R2") for name in transfers(treasury))
    assert reconcile().redeemed_parts == 1
    assert broken_rules() == {}


def test_a_name_that_the_gateway_knows_with_other_bytes_is_left_for_a_person(treasury, region):
    treasury.control({"submit_faults": ["409"]})
    region.route()
    assert states() == ["UNKNOWN", "UNKNOWN"]
    for _run in range(2):
        assert region.route().submitted == 0
        assert reconcile().unknown == 2
    assert transfers(treasury) == {}


@pytest.fixture
def shared(treasury, monkeypatch):
    """Processes of their own find the treasury of the test."""
    monkeypatch.setenv("TREASURY_URL", treasury.url)
    monkeypatch.setenv("TREASURY_TOKEN", paying.TOKEN)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("fault", "was_taken"), [("hang_before", 0), ("hang_after", 1)])
def test_a_run_killed_in_a_submit_is_gone_on_with_by_the_same_command(treasury, region, shared, fault, was_taken):
    treasury.control({"submit_faults": [fault], "hang_seconds": PATIENCE_SECONDS})
    command = ("route_payments", "--issuer", region.issuer.code, "--json")
    with started(*command, today=TODAY) as process:
        wait_until(lambda: not treasury.book.script.submit_faults, process)  # the request is being dealt with
    assert process.returncode == -signal.SIGKILL
    assert states() == ["PREPARED", "PREPARED"]
    assert len(treasury.book.rows("SELECT 1 FROM message")) == was_taken

    assert run(*command, today=TODAY).json == {"orders": 0, "submitted": 2, "held": 0, "amount_kzt": "55659.00"}
    assert PaymentFile.objects.count() == 1
    assert run("reconcile_payments", "--json", today=TODAY).json["redeemed_parts"] == 1
    assert [state for state, _tiyn in transfers(treasury).values()] == ["booked", "booked"]
    assert broken_rules() == {}


@pytest.mark.django_db(transaction=True)
def test_a_run_killed_while_it_applies_a_page_of_answers_leaves_nothing_half_done(treasury, region, shared):
    region.route()
    with (
        locked("SELECT pg_advisory_xact_lock(%s, %s)", LEDGER, region.issuer.pk),
        started("reconcile_payments", "--json", today=TODAY) as process,
    ):
        wait_until(lambda: waiting_for_locks() == 1, process)
    assert process.returncode == -signal.SIGKILL
    assert states() == ["SENT", "SENT"]
    assert (reconcile().paid, paying.parts_of(10)) == (2, {"REDEEMED"})
    assert broken_rules() == {}


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_send_once_and_two_readers_redeem_once(treasury, region):
    routed = at_once(region.route, region.route)
    assert sorted(run.submitted for run in routed) == [0, 2]
    assert len(transfers(treasury)) == PaymentOrder.objects.count() == 2
    reconciled = at_once(reconcile, reconcile)
    assert sorted(run.redeemed_parts for run in reconciled) == [0, 1]
    assert broken_rules() == {}


@pytest.mark.django_db(transaction=True)
def test_a_reader_does_not_ask_about_a_message_that_is_just_being_sent(treasury, region):
    treasury.control({"submit_faults": ["hang_before"], "hang_seconds": 1.0})
    sending = threading.Thread(target=in_own_connection, args=(region.route,))
    sending.start()
    wait_until(lambda: not treasury.book.script.submit_faults)
    reconcile()
    assert not PaymentFile.objects.get().asked_at
    sending.join()
    with connect() as client:
        assert client.ask(PaymentFile.objects.get().msg_id) is None
    assert states() == ["UNKNOWN", "UNKNOWN"]


def in_own_connection(work):
    try:
        return work()
    finally:
        connection.close()


def at_once(*works) -> list:
    """The results of `works`, all begun at the same moment in threads of their own."""
    barrier, results = threading.Barrier(len(works)), []

    def one(work):
        barrier.wait()
        results.append(in_own_connection(work))

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
