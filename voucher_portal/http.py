"""Outgoing HTTP: one client with time limits, bounded repetition and bounded answers, and three kinds of failure.

`Unavailable` is worth waiting for, `Refused` and `BadAnswer` are not. Neither an exception nor a log line of this
module carries a query string, a header or one of the client's secrets.
"""

import contextlib
import datetime
import email.utils
import itertools
import json
import logging
import random
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import requests
import urllib3.exceptions

logger = logging.getLogger(__name__)

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
CHUNK_BYTES = 256 * 1024
MOST_MADE_READY = 100  # addresses of one client
ERROR_MESSAGE_LENGTH = 300
HIDDEN = "***"


class HttpError(Exception):
    """The other side was not asked with success."""


class Unavailable(HttpError):
    """It did not answer, or said that it cannot now: waiting can cure.

    `status` and `body` are those of its last answer (None and b"" without any), `retry_after` the seconds it asked us
    to wait, `is_outcome_unknown` whether it may have done what it was asked to do.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        is_outcome_unknown: bool = False,
        body: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after = retry_after
        self.is_outcome_unknown = is_outcome_unknown


class Refused(HttpError):
    """It understood and said no (4xx): asking again the same way is useless.

    `code` and `message` are its own; `body` is the whole answer, for a wire that tells its errors in another form.
    """

    def __init__(self, text: str, *, status: int, code: str, message: str, body: bytes = b"") -> None:
        super().__init__(text)
        self.status = status
        self.body = body
        self.code = code
        self.message = message


class BadAnswer(HttpError):
    """It answered something that we cannot read: a redirect, too much, not JSON."""


@dataclass(frozen=True)
class Retries:
    """How often and how long to try again. Times in seconds."""

    attempts: int = 6
    total_seconds: float = 120.0
    first_pause: float = 0.5
    longest_pause: float = 30.0

    def pause(self, attempt: int, asked_for: float | None, jitter: float) -> float:
        """Seconds to wait after the attempt of that number (from 1): doubling, less up to a half by `jitter` 0..1.

        What the server asked for is honoured up to the longest pause.
        """
        doubling = min(self.longest_pause, self.first_pause * 2 ** (attempt - 1))
        return max(doubling * (1 - jitter / 2), min(asked_for or 0.0, self.longest_pause))


@dataclass(frozen=True)
class Answer:
    """A good answer (2xx), read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises BadAnswer when it is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise BadAnswer("The answer is not JSON.") from None


@dataclass(eq=False)
class _Failure(Exception):
    """One attempt failed in a way that another attempt may cure."""

    reason: str
    status: int | None = None
    retry_after: float | None = None
    is_outcome_unknown: bool = True
    body: bytes = b""


class _Bearer(requests.auth.AuthBase):
    """Also without a token in its place: else requests would look for one in ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self.token = token

    def __call__(self, request):
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass
class HttpClient:
    """A session with one server. Not for two threads at once.

    `timeouts` are (connect, read) in seconds; `max_bytes` bounds an answer after decompression; `token` is sent as
    bearer and, like `secrets`, hidden in every message. `clock`, `sleep` and `jitter` are there for tests.
    """

    base_url: str
    token: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    timeouts: tuple[float, float] = (5.0, 30.0)
    retries: Retries = Retries()
    max_bytes: int = 32 * 1024 * 1024
    compress: bool = True
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Any] | None = None
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        address = urllib.parse.urlsplit(self.base_url)
        if address.scheme not in ("http", "https") or not address.hostname or "@" in address.netloc:
            raise ValueError("base_url must be http(s)://host[:port][/path], without a user name")
        self._closed = threading.Event()
        self._session = requests.Session()
        self._session.auth = _Bearer(self.token)
        self._session.headers["Accept-Encoding"] = "gzip" if self.compress else "identity"
        self._session.headers.update(self.headers)
        # The environment's proxies and certificates, once: looking for them takes longer than the rest of a request.
        self._made_ready: dict[tuple[str, str], requests.PreparedRequest] = {}
        self._surroundings = self._session.merge_environment_settings(self.base_url, {}, True, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back and wake a waiting repetition, which then ends as Unavailable."""
        self._closed.set()
        self._session.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """Ask for `path` under the base URL. Raises Unavailable, Refused or BadAnswer."""
        return self.request("GET", path, params=params)

    def post(self, path: str, body: bytes, *, content_type: str, is_idempotent: bool = False) -> Answer:
        """Send `body`. Only a message that the server recognises when it comes again (`is_idempotent`) is repeated
        after it may have arrived; else `Unavailable.is_outcome_unknown` says that it may have.
        """
        return self.request(
            "POST", path, body=body, headers={"Content-Type": content_type}, is_idempotent=is_idempotent
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_idempotent: bool | None = None,
    ) -> Answer:
        """One question, repeated as `retries` allows. Raises Unavailable, Refused or BadAnswer."""
        where = f"{method} {self._url(path)}"
        may_repeat = method in IDEMPOTENT_METHODS if is_idempotent is None else is_idempotent
        deadline = self.clock() + self.retries.total_seconds
        prepared = self._prepare(method, path, params=params, data=body, headers=headers)
        may_have_arrived = False
        for attempt in itertools.count(1):
            try:
                return self._attempt(prepared, where, deadline)
            except _Failure as failure:
                failure.is_outcome_unknown = may_have_arrived = failure.is_outcome_unknown or may_have_arrived
                is_repeatable = may_repeat or not failure.is_outcome_unknown
                if not is_repeatable or not self._wait(where, failure, attempt, deadline):
                    raise self._unavailable(where, failure, attempt) from None

    def _url(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}"

    def _prepare(self, method: str, path: str, *, params, data, headers) -> requests.PreparedRequest:
        """Without what a session would add from outside: cookies and ~/.netrc.

        What an address needs is made ready once: the same few are asked again and again.
        """
        if params:
            return self._ready(method, path, params, data, headers)
        if (ready := self._made_ready.get((method, path))) is None:
            if len(self._made_ready) >= MOST_MADE_READY:
                self._made_ready.clear()
            ready = self._made_ready[method, path] = self._ready(method, path)
        prepared = ready.copy()
        prepared.headers.update(headers or {})
        if data is not None:
            prepared.prepare_body(data, None)
        return prepared

    def _ready(self, method: str, path: str, params=None, data=None, headers=None) -> requests.PreparedRequest:
        whole = {**self._session.headers, **(headers or {})}
        request = requests.Request(method, self._url(path), whole, params=params, data=data, auth=self._session.auth)
        return request.prepare()

    def _attempt(self, prepared: requests.PreparedRequest, where: str, deadline: float) -> Answer:
        connect, read = self.timeouts
        left = max(0.001, deadline - self.clock())
        options = self._surroundings | {"timeout": (min(connect, left), min(read, left)), "allow_redirects": False}
        try:
            with self._session.send(prepared, **options) as response:
                return self._judge(response, where, deadline)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise _Failure(type(error).__name__, is_outcome_unknown=not _was_never_connected(error)) from None
        except requests.RequestException as error:
            raise BadAnswer(self._hide(f"{where}: {type(error).__name__}")) from None

    def _judge(self, response: requests.Response, where: str, deadline: float) -> Answer:
        status = response.status_code
        if 200 <= status < 300:
            return Answer(status, response.headers, self._read(response, where, deadline))
        if status == 429 or status == 408 or status >= 500:
            asked_for = _seconds_to_wait(response.headers.get("Retry-After"))
            body = self._body_of_failure(response, where, deadline)
            raise _Failure(f"HTTP {status}", status, asked_for, is_outcome_unknown=status != 429, body=body)
        if 400 <= status < 500:
            raise self._refused(response, where, deadline)
        raise BadAnswer(self._hide(f"{where}: HTTP {status}"))

    def _read(self, response: requests.Response, where: str, deadline: float) -> bytes:
        body = bytearray()
        try:
            # read1 gives what has come, so that the clock is looked at also when an answer drips.
            while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
                body += chunk
                if len(body) > self.max_bytes:
                    raise BadAnswer(self._hide(f"{where}: more than {self.max_bytes} bytes"))
                if self.clock() > deadline:
                    raise _Failure("the answer took too long")
        except urllib3.exceptions.HTTPError as error:
            raise _Failure(type(error).__name__) from None
        return bytes(body)

    def _body_of_failure(self, response: requests.Response, where: str, deadline: float) -> bytes:
        """The body of a failure, which its status has told already; nothing when it cannot be read."""
        with contextlib.suppress(BadAnswer, _Failure):
            return self._read(response, where, deadline)
        return b""

    def _refused(self, response: requests.Response, where: str, deadline: float) -> Refused:
        """Code and message as in `{"error": {"code", "message"}}`; without such a body the status and its phrase."""
        code, message = f"http_{response.status_code}", response.reason or ""
        body = self._body_of_failure(response, where, deadline)
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            error = json.loads(body)["error"]
            code, message = str(error["code"]), str(error["message"])
        code, message = (self._hide(text)[:ERROR_MESSAGE_LENGTH] for text in (code, message))
        text = self._hide(f"{where}: HTTP {response.status_code} ") + code
        return Refused(text, status=response.status_code, code=code, message=message, body=body)

    def _wait(self, where: str, failure: _Failure, attempt: int, deadline: float) -> bool:
        """Wait before the next attempt; False when there shall be none."""
        pause = self.retries.pause(attempt, failure.retry_after, self.jitter())
        if attempt >= self.retries.attempts or self.clock() + pause > deadline:
            return False
        logger.warning("%s: %s, again in %.1f s", self._hide(where), failure.reason, pause)
        (self.sleep or self._closed.wait)(pause)
        return not self._closed.is_set()

    def _unavailable(self, where: str, failure: _Failure, attempts: int) -> Unavailable:
        return Unavailable(
            self._hide(f"{where}: {failure.reason} after {attempts} attempts"),
            status=failure.status,
            retry_after=failure.retry_after,
            is_outcome_unknown=failure.is_outcome_unknown,
            body=failure.body,
        )

    def _hide(self, text: str) -> str:
        for secret in filter(None, (self.token, *self.secrets)):
            text = text.replace(secret, HIDDEN)
        return text


def _was_never_connected(error: requests.RequestException) -> bool:
    """Nothing was sent: the name, the port or the handshake failed."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), urllib3.exceptions.NewConnectionError)


def _seconds_to_wait(header: str | None) -> float | None:
    """The value of Retry-After: seconds, or a date as HTTP writes it. None when it is missing or unreadable."""
    if header is None:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return float(header)
    try:
        until = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())
