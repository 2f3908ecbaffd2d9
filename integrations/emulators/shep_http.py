"""Lean HTTP for the emulated gateway: many requests a second on few threads, and every way to break an answer."""

import contextlib
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from integrations.emulators.server import MAX_REQUEST_BYTES, Request

MAX_HEADERS = 100
MAX_LINE = 65_536
IDLE_SECONDS = 300.0
_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)
_REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Sending:
    """What goes over the wire: the parts as they come, under a Content-Length of `length` (-1: none is stated).

    `pause` seconds lie between two parts; with `hang_up` the connection is cut after the last; `parts` empty with
    `status` 0 is no answer at all.
    """

    parts: Iterable[bytes]
    length: int
    status: int = 200
    content_type: str = "text/xml; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False
    pause: float = 0.0

    @classmethod
    def whole(cls, body: bytes, status: int = 200, **more) -> "Sending":
        """An answer as it should be."""
        return cls((body,), len(body), status, **more)


NOTHING = Sending((), 0, 0, hang_up=True)


class Lines:
    """Connections that are open, so that they can be closed when the emulator goes down."""

    def __init__(self) -> None:
        self.is_closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def add(self, connection: socket.socket) -> None:
        """One more."""
        with self._lock:
            self._open.add(connection)

    def remove(self, connection: socket.socket) -> None:
        """One less."""
        with self._lock:
            self._open.discard(connection)

    def close(self) -> None:
        """End every pause and cut every connection."""
        self.is_closing.set()
        with self._lock:
            for connection in self._open:
                cut(connection)


def cut(connection: socket.socket) -> None:
    """Close the connection under the reader's feet."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def handler_for(answer: Callable[[Request], Sending], lines: Lines) -> type[socketserver.StreamRequestHandler]:
    """The handler class of a server: `answer` says what is sent."""

    class Handler(_Handler):
        pass

    Handler.answer, Handler.lines = staticmethod(answer), lines
    return Handler


class _BadRequest(Exception):
    pass


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    rbufsize = 65_536
    timeout = IDLE_SECONDS
    answer: Callable[[Request], Sending]
    lines: Lines

    def setup(self) -> None:
        super().setup()
        self.lines.add(self.connection)

    def finish(self) -> None:
        self.lines.remove(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        """Requests of one connection, one after the other, until either side has enough."""
        with contextlib.suppress(ConnectionError, TimeoutError, BrokenPipeError):
            while not self.lines.is_closing.is_set() and self._exchange():
                pass

    def _exchange(self) -> bool:
        try:
            request = self._read()
        except (_BadRequest, ValueError):
            self._send(Sending.whole(b"", 400, content_type="text/plain", hang_up=True))
            return False
        if request is None:
            return False
        sending = self.answer(request)
        self._send(sending)
        return not sending.hang_up and request.headers.get("connection", "").lower() != "close"

    def _read(self) -> Request | None:
        line = self.rfile.readline(MAX_LINE)
        if not line:
            return None
        method, target, _version = line.decode("latin-1").split()
        headers = self._headers()
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not _LENGTH.fullmatch(length) or int(length) > MAX_REQUEST_BYTES:
            raise _BadRequest
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        address = urlsplit(target)
        query = dict(parse_qsl(address.query, keep_blank_values=True)) if address.query else {}
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise _BadRequest
        return Request(method, address.path, query, headers, body)

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _number in range(MAX_HEADERS):
            line = self.rfile.readline(MAX_LINE)
            if line in (b"\r\n", b"\n", b""):
                return headers
            name, _, value = line.decode("latin-1").partition(":")
            name, value = name.strip().lower(), value.strip()
            if name == "content-length" and headers.get(name, value) != value:
                raise _BadRequest
            headers[name] = value
        raise _BadRequest

    def _send(self, sending: Sending) -> None:
        if sending.status:
            parts = iter(sending.parts)
            self.wfile.write(_head(sending) + next(parts, b""))
            for part in parts:
                if sending.pause and self.lines.is_closing.wait(sending.pause):
                    break
                self.wfile.write(part)
        if sending.hang_up:
            cut(self.connection)


def _head(sending: Sending) -> bytes:
    lines = [
        f"HTTP/1.1 {sending.status} {_REASONS.get(sending.status, 'Status')}",
        f"Content-Type: {sending.content_type}",
        *(f"{name}: {value}" for name, value in sending.headers.items()),
    ]
    if sending.length >= 0:
        lines.append(f"Content-Length: {sending.length}")
    if sending.hang_up:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
