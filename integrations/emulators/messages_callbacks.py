"""The SMS gateway's own time: things that happen later, and statuses it posts to the portal, to this machine only."""

import hashlib
import heapq
import hmac
import http.client
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
TIMEOUT_SECONDS = 5.0
PAUSES = (1.0, 3.0)  # before the second and the third attempt
MAX_WAITING = 100_000


class NotLoopback(ValueError):
    """A callback address that is not on this machine."""


@dataclass(frozen=True)
class Callback:
    """A body for an address; `told` hears how it went."""

    address: str
    body: bytes
    told: Callable[[str], None]
    attempt: int = 1


class Timeline:
    """Does things at their time, one after the other, in a thread of its own."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it in so many seconds. Beyond MAX_WAITING it is forgotten."""
        with self._changed:
            if len(self._waiting) < MAX_WAITING:
                heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._numbers), action))
                self._changed.notify()

    def close(self) -> None:
        """Do nothing more."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            action()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._is_over:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(left)
        return None


class Postman:
    """Posts callbacks in order; one that is not taken comes twice more."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._timeline = Timeline()  # not that of the states: a slow portal must not stop the gateway

    def post(self, address: str, body: bytes, told: Callable[[str], None], *, after: float = 0.0) -> None:
        """Post in `after` seconds."""
        callback = Callback(address, body, told)
        self._timeline.after(after, lambda: self._deliver(callback))

    def close(self) -> None:
        """Post nothing more."""
        self._timeline.close()

    def _deliver(self, callback: Callback) -> None:
        status = _post(callback.address, callback.body, _signature(self._token, callback.body))
        callback.told(f"callback {callback.attempt}: {status}")
        if not status.startswith("2") and callback.attempt <= len(PAUSES):
            again = Callback(callback.address, callback.body, callback.told, callback.attempt + 1)
            self._timeline.after(PAUSES[callback.attempt - 1], lambda: self._deliver(again))


def check_loopback(address: str) -> None:
    """Raises NotLoopback: nothing is ever posted to another machine."""
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or "@" in parts.netloc:
        raise NotLoopback(address)
    try:
        parts.port  # noqa: B018 raises for what is no port
    except ValueError:
        raise NotLoopback(address) from None


def _signature(token: str, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    digest = hmac.new(token.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Signature-Timestamp": timestamp, "X-Signature": f"v1={digest}"}


def _post(address: str, body: bytes, headers: dict[str, str]) -> str:
    """The status of the answer, or the kind of failure. Follows no redirect and knows no proxy."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=TIMEOUT_SECONDS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = {"Host": parts.netloc, "Content-Type": "application/json"}
    try:
        connection.request("POST", path, body, host | headers)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return type(error).__name__
    finally:
        connection.close()
