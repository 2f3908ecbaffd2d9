"""What every emulator is built on: an HTTP server on loopback with a token and faults on order."""

import contextlib
import gzip
import hmac
import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

MAX_REQUEST_BYTES = 64 * 1024 * 1024
GZIP_LEVEL = 1


@dataclass(frozen=True)
class Request:
    """What the client sent. Of a query parameter that came twice the last value counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is not."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What the emulator answers."""

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200) -> Self:
        """`value` as JSON."""
        return cls(json.dumps(value, ensure_ascii=False).encode(), status)

    @classmethod
    def error(cls, status: int, code: str, message: str) -> Self:
        """The error body of our contracts."""
        return cls.of({"error": {"code": code, "message": message}}, status)


@dataclass(frozen=True)
class Faults:
    """What goes wrong, by counting requests: `…_one_in=5` spoils every fifth one, 0 none. Times in seconds."""

    fail_one_in: int = 0
    fail_statuses: tuple[int, ...] = (503, 429)
    retry_after: int | None = None
    drop_one_in: int = 0
    truncate_one_in: int = 0
    slow_seconds: float = 0.0

    def changed(self, values: Mapping[str, Any]) -> Self:
        """With other values by name. Raises ValueError for an unknown name."""
        unknown = set(values) - {known.name for known in fields(self)}
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        return replace(self, **values)


class Emulator:
    """A server on 127.0.0.1; a subclass answers in `handle`. As a context manager it runs in a thread.

    Every path but those in `open_paths` asks for the bearer token, when there is one. `POST /control` with
    `{"faults": {…}}` changes what goes wrong, and is never spoilt itself.
    """

    base_path = "/v1"
    open_paths: frozenset[str] = frozenset()

    def __init__(self, *, token: str = "", port: int = 0, faults: Faults | None = None) -> None:
        self.token = token
        self.faults = faults or self.no_faults()
        self.requests = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._server = _Server(("127.0.0.1", port), _handler_for(self))

    @staticmethod
    def no_faults() -> Faults:
        """The faults of this kind of emulator, none of them on."""
        return Faults()

    @property
    def port(self) -> int:
        """The port it listens on, also when a free one was asked for."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self.port}{self.base_path}"

    def handle(self, request: Request) -> Reply:
        """Answer a request that had the right token. The path is the one below the base path."""
        raise NotImplementedError

    def control(self, orders: Mapping[str, Any]) -> None:
        """Obey the body of `POST /control`. Raises ValueError, KeyError or TypeError for what it does not know."""
        unknown = set(orders) - {"faults"}
        if unknown:
            raise ValueError(f"unknown orders: {', '.join(sorted(unknown))}")
        self.faults = self.faults.changed(orders.get("faults", {}))

    def state(self) -> dict[str, Any]:
        """What `GET /control` tells."""
        return {"requests": self.requests}

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._server.shutdown()
        if self._thread:
            self._thread.join()
        self._server.server_close()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; the first line on standard output is the base URL."""
        for number in (signal.SIGTERM, signal.SIGINT):
            # shutdown() waits for serve_forever(), which this very thread runs.
            signal.signal(number, lambda *_: threading.Thread(target=self._server.shutdown).start())
        sys.stdout.write(f"{self.url}\n")
        sys.stdout.flush()
        self._server.serve_forever(0.05)
        self._server.server_close()

    def answer(self, request: Request) -> tuple[Reply, str]:
        """The reply, and how it is spoilt: "", "drop" or "truncate"."""
        path = request.path
        if not self.is_open(path) and not self._knows(request.headers.get("Authorization", "")):
            return Reply.error(401, "wrong_token", "The token is not known here."), ""
        if path == "/control":
            return self._control(request), ""
        if not path.startswith(self.base_path):
            return Reply.error(404, "not_found", "There is nothing at this address."), ""
        with self._lock:
            self.requests += 1
            number, faults = self.requests, self.faults
        time.sleep(faults.slow_seconds)
        if _strikes(number, faults.drop_one_in):
            return Reply(), "drop"
        if _strikes(number, faults.fail_one_in):
            return _failure(number // faults.fail_one_in, faults), ""
        reply = self.handle(replace(request, path=path.removeprefix(self.base_path)))
        return reply, "truncate" if _strikes(number, faults.truncate_one_in) else ""

    def is_open(self, path: str) -> bool:
        """Whether this path asks for no token."""
        return path in self.open_paths

    def _knows(self, authorization: str) -> bool:
        return not self.token or hmac.compare_digest(authorization.encode(), f"Bearer {self.token}".encode())

    def _control(self, request: Request) -> Reply:
        if request.method == "GET":
            return Reply.of(self.state())
        try:
            with self._lock:
                self.control(request.json())
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            return Reply.error(400, "bad_order", str(error))
        return Reply.of(self.state())


def _strikes(number: int, one_in: int) -> bool:
    return one_in > 0 and number % one_in == 0


def _failure(times: int, faults: Faults) -> Reply:
    status = faults.fail_statuses[(times - 1) % len(faults.fail_statuses)]
    reply = Reply.error(status, "out_of_order", "This failure was ordered.")
    if faults.retry_after is None:
        return reply
    return replace(reply, headers={"Retry-After": str(faults.retry_after)})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address) -> None:
        """A client that goes away is no event; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler_for(emulator: Emulator) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.emulator = emulator
    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    emulator: Emulator

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_arguments) -> None:
        """Silent: the demo shows the portal's own progress."""

    def _serve(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_REQUEST_BYTES:
            self._send(Reply.error(413, "too_large", "The request is too large."), "")
            self.close_connection = True
            return
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        request = Request(self.command, address.path, query, self.headers, self.rfile.read(size))
        self._send(*self.emulator.answer(request))

    def _send(self, reply: Reply, spoilt: str) -> None:
        if spoilt == "drop":
            self._hang_up()
            return
        body, headers = reply.body, dict(reply.headers)
        if "gzip" in self.headers.get("Accept-Encoding", "") and body:
            body, headers["Content-Encoding"] = gzip.compress(body, GZIP_LEVEL), "gzip"
        self.send_response(reply.status)
        for name, value in {"Content-Type": reply.content_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if spoilt == "truncate" else body)
        if spoilt == "truncate":
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
