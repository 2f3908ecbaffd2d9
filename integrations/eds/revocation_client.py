"""Asks whether certificates were revoked: OCSP first, then lists; remembers answers while they hold.

The addresses are ours (EDS_OCSP_URL, EDS_CRL_URLS). Those inside certificates (AIA, CDP) are never followed: whoever
sends us a signature writes them, and would choose what our server connects to.
"""

import datetime
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509

from integrations.eds.revocation import (
    MAX_CRL_BYTES,
    MAX_OCSP_BYTES,
    NotUsable,
    RevocationList,
    Standing,
    State,
    ocsp_request,
    read_crl,
    read_ocsp,
    standing_by,
)
from voucher_portal.http import HttpClient, HttpError, Retries

logger = logging.getLogger(__name__)

OCSP_TIMEOUTS, CRL_TIMEOUTS = (2.0, 3.0), (2.0, 15.0)  # connect, read: seconds
OCSP_SECONDS, CRL_SECONDS = 4.0, 20.0  # for an answer as a whole
REMEMBER_OCSP = datetime.timedelta(minutes=5)  # so long a revocation may go unnoticed
REMEMBER_CRL = datetime.timedelta(minutes=15)
REST_AFTER_FAILURE = 30.0  # seconds in which a server that failed is not asked again
MAX_REMEMBERED = 10_000
NONCE_BYTES = 16


@dataclass(frozen=True)
class _Remembered:
    standing: Standing
    asked_at: datetime.datetime

    def is_good_at(self, at: datetime.datetime) -> bool:
        is_recent = abs(at - self.asked_at) <= REMEMBER_OCSP
        return is_recent and self.standing.is_fresh(at)


@dataclass(frozen=True)
class _FetchedList:
    lists: RevocationList
    fetched_at: datetime.datetime


class RevocationClient:
    """The authority's servers at fixed addresses. For any number of threads."""

    def __init__(
        self, ocsp_url: str = "", crl_urls: Sequence[str] = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.ocsp_url = ocsp_url
        self.crl_urls = tuple(crl_urls)
        self.clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[x509.Certificate, x509.Certificate], _Remembered] = OrderedDict()
        self._lists: dict[tuple[str, x509.Certificate], _FetchedList] = {}
        self._resting: dict[object, float] = {}

    def standing(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime.datetime) -> Standing:
        """What is known at the moment `at`, asked now or up to five minutes ago; `UNREACHABLE` when nobody told."""
        key = (certificate, issuer)
        with self._lock:
            remembered = self._answers.get(key)
        if remembered and remembered.is_good_at(at):
            return remembered.standing
        failures = []
        for ask in (self._by_ocsp, self._by_lists):
            try:
                standing = ask(certificate, issuer, at)
            except (NotUsable, HttpError) as error:
                failures.append(str(error))
                continue
            self._remember(key, _Remembered(standing, at))
            return standing
        return Standing(State.UNREACHABLE, detail="; ".join(failures))

    def _by_ocsp(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime.datetime) -> Standing:
        if not self.ocsp_url:
            raise NotUsable("no address of OCSP is set")
        nonce = secrets.token_bytes(NONCE_BYTES)
        question = ocsp_request(certificate, issuer, nonce)
        return self._asked(self.ocsp_url, lambda: self._ocsp(question, certificate, issuer, at, nonce), (HttpError,))

    def _ocsp(self, question: bytes, certificate, issuer, at: datetime.datetime, nonce: bytes) -> Standing:
        retries = Retries(attempts=2, total_seconds=OCSP_SECONDS, first_pause=0.2)
        base, path = _split(self.ocsp_url)
        with HttpClient(base, timeouts=OCSP_TIMEOUTS, retries=retries, max_bytes=MAX_OCSP_BYTES) as client:
            answer = client.post(path, question, content_type="application/ocsp-request", is_idempotent=True)
        return read_ocsp(answer.body, certificate, issuer, at=at, nonce=nonce)

    def _by_lists(self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime.datetime) -> Standing:
        failures = ["no address of a list is set"] if not self.crl_urls else []
        for url in self.crl_urls:
            try:
                return standing_by(self._list(url, issuer, at), certificate, at)
            except (NotUsable, HttpError) as error:
                failures.append(str(error))
        raise NotUsable("; ".join(failures))

    def _list(self, url: str, issuer: x509.Certificate, at: datetime.datetime) -> RevocationList:
        with self._lock:
            found = self._lists.get((url, issuer))
        if found and abs(at - found.fetched_at) <= REMEMBER_CRL:
            return found.lists
        # A list of another issuer is no failure of its server: which list rests is told with the issuer. A list that
        # cannot be used is not fetched again at once either, it may have megabytes.
        fetched = self._asked((url, issuer), lambda: read_crl(_download(url), issuer), (HttpError, NotUsable))
        with self._lock:
            self._lists[url, issuer] = _FetchedList(fetched, at)
        return fetched

    def _asked(self, server: object, ask: Callable, failures: tuple[type[Exception], ...]):
        """What `ask` gives; a server that failed is left alone for a while, so that a thousand checks do not wait."""
        with self._lock:
            if self._resting.get(server, 0.0) > self.clock():
                raise NotUsable("it failed a moment ago")
        try:
            return ask()
        except failures as error:
            logger.warning("Revocation cannot be asked: %s", error)
            with self._lock:
                self._resting[server] = self.clock() + REST_AFTER_FAILURE
            raise

    def _remember(self, key: tuple[x509.Certificate, x509.Certificate], answer: _Remembered) -> None:
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            if len(self._answers) > MAX_REMEMBERED:
                self._answers.popitem(last=False)


def _download(url: str) -> bytes:
    retries = Retries(attempts=2, total_seconds=CRL_SECONDS, first_pause=0.2)
    base, path = _split(url)
    with HttpClient(base, timeouts=CRL_TIMEOUTS, retries=retries, max_bytes=MAX_CRL_BYTES) as client:
        return client.get(path).body


def _split(url: str) -> tuple[str, str]:
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc}", url.split(address.netloc, 1)[1]
