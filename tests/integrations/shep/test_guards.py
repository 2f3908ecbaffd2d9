"""Four calls at once, a rate, and rest for a service that is down; common to every process, gone with none."""

import contextlib
import threading
import time

import pytest

from integrations.shep.guards import Closed, Guards, Limits, Verdict

FEW = Limits(parallel=2, per_second=1000, burst=1000, failures=3, rest=0.3, lease=0.3)


@pytest.fixture
def guards(connection, prefix):
    return Guards(connection, prefix, FEW)


@pytest.fixture
def another_process(connection, prefix):
    """The same limits as another process sees them: nothing is shared but Redis."""
    return Guards(connection, prefix, FEW)


def called(guards, verdict=Verdict.ALIVE, service="S", patience=0.0):
    with guards.call(service, patience) as place:
        place.verdict = verdict


def is_open(guards, service="S"):
    try:
        called(guards, Verdict.UNSAID, service)
    except Closed:
        return False
    return True


def test_only_so_many_calls_are_made_at_once(guards, another_process):
    with guards.call("S", 0), another_process.call("S", 0):
        with pytest.raises(Closed, match="at once"):
            called(guards)
        with pytest.raises(Closed, match="at once"):
            called(another_process)
    called(guards)


def test_services_do_not_wait_for_each_other(guards):
    with guards.call("A", 0), guards.call("A", 0):
        assert is_open(guards, "B")


def test_a_place_that_comes_free_in_time_is_taken(guards, another_process):
    with contextlib.ExitStack() as stack:
        stack.enter_context(another_process.call("S", 0))
        second = stack.enter_context(contextlib.ExitStack())
        second.enter_context(another_process.call("S", 0))
        timer = threading.Timer(0.1, second.close)
        timer.start()
        called(guards, patience=5.0)
        timer.join()


def test_threads_of_one_process_take_their_turn(guards):
    most, now, lock = [0], [0], threading.Lock()

    def work():
        with guards.call("S", 20.0) as place:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with lock:
                now[0] -= 1
            place.verdict = Verdict.ALIVE

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == FEW.parallel


def test_a_process_that_died_gives_its_places_back(guards, another_process):
    with contextlib.ExitStack() as dead:
        for _ in range(FEW.parallel):
            dead.enter_context(another_process.call("S", 0))
        assert not is_open(guards)
        time.sleep(FEW.lease + 0.05)
        assert is_open(guards)


def test_no_more_calls_a_second_than_allowed(connection, prefix):
    guards = Guards(connection, prefix, Limits(per_second=10, burst=3))
    for _ in range(3):
        called(guards)
    with pytest.raises(Closed, match="a second"):
        called(guards)
    started = time.monotonic()
    called(guards, patience=2.0)
    assert 0.02 < time.monotonic() - started < 1.5


def test_a_service_that_failed_too_often_is_left_alone_for_a_while(guards, another_process):
    for _ in range(FEW.failures):
        called(guards, Verdict.DOWN)
    with pytest.raises(Closed, match="could not be reached"):
        called(another_process)
    time.sleep(FEW.rest + 0.05)
    called(another_process)
    assert is_open(guards)


def test_an_answer_between_makes_the_failures_be_forgotten(guards):
    for verdict in (Verdict.DOWN, Verdict.DOWN, Verdict.ALIVE, Verdict.DOWN, Verdict.DOWN):
        called(guards, verdict)
    assert is_open(guards)


def test_after_the_rest_one_call_tries_and_the_others_wait_for_it(guards, another_process):
    for _ in range(FEW.failures):
        called(guards, Verdict.DOWN)
    time.sleep(FEW.rest + 0.05)
    with guards.call("S", 0) as probe:
        assert not is_open(another_process)
        probe.verdict = Verdict.ALIVE
    assert is_open(another_process)


def test_one_failed_try_makes_the_service_rest_again(guards):
    for _ in range(FEW.failures):
        called(guards, Verdict.DOWN)
    time.sleep(FEW.rest + 0.05)
    called(guards, Verdict.DOWN)
    assert not is_open(guards)


def test_a_try_whose_process_died_does_not_close_the_service_for_ever(guards, another_process):
    for _ in range(FEW.failures):
        called(guards, Verdict.DOWN)
    time.sleep(FEW.rest + 0.05)
    with another_process.call("S", 0):
        assert not is_open(guards)
        time.sleep(FEW.lease + 0.05)
        assert is_open(guards)


def test_an_exception_of_ours_says_nothing_about_the_service(guards):
    for _ in range(FEW.failures):
        with pytest.raises(KeyError), guards.call("S", 0):
            raise KeyError
    assert is_open(guards)


def test_without_redis_nothing_is_asked(nowhere, prefix):
    with pytest.raises(Closed, match="Redis"):
        called(Guards(nowhere, prefix, FEW))


def test_a_redis_that_goes_away_meanwhile_does_not_undo_a_call(guards, nowhere, monkeypatch):
    with guards.call("S", 0) as place:
        place.verdict = Verdict.ALIVE
        monkeypatch.setattr(guards, "_leave", nowhere.register_script("return 1"))


def test_a_call_takes_two_round_trips(guards, connection, monkeypatch):
    called(guards)
    sent = []
    execute = connection.execute_command
    monkeypatch.setattr(
        connection, "execute_command", lambda *args, **kw: sent.append(args[0]) or execute(*args, **kw)
    )
    called(guards)
    assert sent == ["EVALSHA", "EVALSHA"]


def test_every_key_runs_out_by_itself(guards, connection, prefix):
    with guards.call("S", 0):
        keys = connection.keys(f"{prefix}:*")
        assert len(keys) == 2
        assert all(0 < connection.ttl(key) <= 86400 for key in keys)
