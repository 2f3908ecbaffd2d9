"""The bytes that one signs to sign in: for one attempt, for two minutes, in one session, on one site."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.sessions.backends.cache import SessionStore

from accounts import signatures
from accounts.signatures import Refusal, SignInRefused

NOW = datetime.datetime(2025, 12, 6, 5, 30, tzinfo=datetime.UTC)
SITE = "https://portal.example/"
SECOND, MINUTE = datetime.timedelta(seconds=1), datetime.timedelta(minutes=1)


@pytest.fixture
def session() -> SessionStore:
    return SessionStore()


def issue(session, site=SITE, now=NOW) -> bytes:
    return signatures.issue(session=session, site=site, now=now)


def refusal(data: bytes, session, site=SITE, now=NOW) -> Refusal | None:
    """Why the bytes are not taken; None when they are."""
    try:
        signatures.take(data, session=session, site=site, now=now)
    except SignInRefused as refused:
        return refused.refusal
    return None


def test_who_reads_the_bytes_knows_what_a_signature_of_them_does(session):
    first, moment, nonce = issue(session).decode().split("\n")
    assert first == "Sign-in to the voucher portal https://portal.example/"
    assert moment == "Time: 2025-12-06T10:30:00+05:00"
    assert nonce.startswith("Nonce: ")
    assert len(bytes.fromhex(nonce.removeprefix("Nonce: "))) == 32


def test_no_two_are_alike_and_each_is_good(session):
    both = [issue(session), issue(session)]
    assert both[0] != both[1]
    assert [refusal(data, session) for data in both] == [None, None]


def test_they_are_good_once(session):
    data = issue(session)
    assert [refusal(data, session) for _attempt in range(3)] == [None, Refusal.USED, Refusal.USED]


def test_of_attempts_at_one_moment_one_gets_through(session):
    data, attempts = issue(session), 16
    together = threading.Barrier(attempts)

    def attempt(_number) -> Refusal | None:
        together.wait()
        return refusal(data, session)

    with ThreadPoolExecutor(attempts) as pool:
        outcomes = list(pool.map(attempt, range(attempts)))
    assert outcomes.count(None) == 1
    assert outcomes.count(Refusal.USED) == attempts - 1


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (2 * MINUTE, None),
        (2 * MINUTE + SECOND, Refusal.OLD),
        (14 * MINUTE, Refusal.OLD),
    ],
)
def test_they_are_good_for_two_minutes(session, after, expected):
    assert refusal(issue(session), session, now=NOW + after) == expected


def test_an_old_one_is_not_used_up_by_asking(session):
    data = issue(session)
    assert refusal(data, session, now=NOW + 3 * MINUTE) == Refusal.OLD
    assert refusal(data, session, now=NOW + 3 * MINUTE) == Refusal.OLD


def test_another_browser_does_not_use_them_nor_use_them_up(session):
    data, other, empty = issue(session), SessionStore(), SessionStore()
    issue(other)
    assert refusal(data, other) == Refusal.OTHER_BROWSER
    assert refusal(data, empty) == Refusal.OTHER_BROWSER
    assert refusal(data, session) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Act No. 1",
        b"\xff\x00" * 500,
        b"Sign-in to the voucher portal https://portal.example",
        b"Sign-in to the voucher portal https://portal.example.evil/\nTime: 1\nNonce: 00",
    ],
)
def test_bytes_of_another_site_are_told_from_ours(session, data):
    assert refusal(data, session) == Refusal.OTHER_SITE


def test_bytes_issued_for_one_address_are_not_good_at_another(session):
    assert refusal(issue(session, site="https://other.example/"), session) == Refusal.OTHER_SITE


def test_bytes_that_we_never_gave_are_refused_however_like_ours(session):
    data = issue(session)
    assert refusal(data[:-1] + (b"0" if data[-1:] != b"0" else b"1"), session) == Refusal.OLD
    assert refusal(data + b"\n", session) == Refusal.OLD
