"""What every emulator is built on: an HTTP server on loopback with a token and faults on order."""

import contextlib
import gzip
import hmac
import json
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any, Self
from urllib.parse import parse_qs, urlsplit

import msgspec

MAX_REQUEST_BYTES = 64 * 1024 * 1024
READ_BYTES = 64 * 1024
LINGER_SECONDS = 1.0  # for what a client still sends whose request is refused, so that it sees the answer
GZIP_LEVEL = 1

_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)

Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]
Status = Annotated[int, msgspec.Meta(ge=200, le=599)]


@dataclass(frozen=True)
class Request:
    """What the client sent. Of a query parameter that came twice the last value counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is not, also for one that is nested too deeply to be read."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


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


WRONG_TOKEN = Reply.error(401, "wrong_token", "The token is not known here.")


@dataclass(frozen=True)
class Faults:
    """What goes wrong, by counting requests: `…_one_in=5` spoils every fifth one, 0 none. Times in seconds."""

    fail_one_in: Count = 0
    fail_statuses: Annotated[tuple[Status, ...], msgspec.Meta(min_length=1)] = (503, 429)
    retry_after: Count | None = None
    drop_one_in: Count = 0
    truncate_one_in: Count = 0
    slow_seconds: Seconds = 0.0

    def changed(self, values: Mapping[str, Any]) -> Self:
        """With other values by name. Raises ValueError for an unknown name and for a value that cannot be one."""
        if not isinstance(values, Mapping):
            raise ValueError("the faults are not an object")
        unknown = set(values) - {known.name for known in fields(self)}
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")
        try:
            return msgspec.convert(asdict(self) | values, type(self))
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None


class Emulator:
    """A server on 127.0.0.1; a subclass answers in `handle`. As a context manager it runs in a thread.

    Every path but those in `open_paths` asks for the bearer token, when there is one. `POST /control` with
    `{"faults": {…}}` changes what goes wrong, and is never spoilt itself.
    """

    base_path = "/v1"
    open_paths: frozenset[str] = frozenset()
    patience = 60.0  # seconds for the next request, and for the whole of its body

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
        if not self.admits(path, request.headers):
            return WRONG_TOKEN, ""
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

    def admits(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether somebody with these headers may ask here."""
        return self.is_open(path) or self._knows(headers.get("Authorization", ""))

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

    Handler.emulator, Handler.timeout = emulator, emulator.patience
    return Handler


class _Refused(Exception):
    """The request is answered without being read to its end."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.reply = Reply.error(status, code, message)


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
        try:
            request = self._request()
        except _Refused as refused:
            self._refuse(refused.reply)
            return
        if request is None:
            self._refuse(WRONG_TOKEN)
            return
        self._send(*self.emulator.answer(request))

    def _request(self) -> Request | None:
        """The request; None for one with a body of somebody who may not ask, whose body is not waited for."""
        if "Transfer-Encoding" in self.headers:
            raise _Refused(411, "length_required", "Send the body with a Content-Length.")
        size = _length(self.headers.get_all("Content-Length", []))
        try:
            address = urlsplit(self.path)
        except ValueError:
            raise _Refused(400, "bad_request", "This is no address.") from None
        if size and not self.emulator.admits(address.path, self.headers):
            return None
        query = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        return Request(self.command, address.path, query, self.headers, self._body(size))

    def _body(self, size: int) -> bytes:
        """Raises TimeoutError, upon which the connection is closed, for a client that takes too long."""
        deadline = time.monotonic() + self.emulator.patience
        body = bytearray()
        while len(body) < size:
            part = self.rfile.read1(min(READ_BYTES, size - len(body)))
            if not part:
                raise _Refused(400, "bad_request", "The body is shorter than its Content-Length.")
            if time.monotonic() > deadline:
                raise TimeoutError
            body += part
        return bytes(body)

    def _refuse(self, reply: Reply) -> None:
        """Answer, and close: where the next request begins is not known."""
        self.close_connection = True
        self._send(reply, "")
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            deadline = time.monotonic() + LINGER_SECONDS
            while self.rfile.read1(READ_BYTES) and time.monotonic() < deadline:
                pass

    def _send(self, reply: Reply, spoilt: str) -> None:
        if spoilt == "drop":
            self._hang_up()
            return
        body, headers = reply.body, dict(reply.headers)
        if "gzip" in self.headers.get("Accept-Encoding", "") and body:
            body, headers["Content-Encoding"] = gzip.compress(body, GZIP_LEVEL), "gzip"
        self.send_response(reply.status)
        if self.close_connection:
            headers["Connection"] = "close"
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


def _length(values: list[str]) -> int:
    """What Content-Length says, 0 where there is none. Raises _Refused."""
    stated = {value.strip() for value in values} or {"0"}
    if len(stated) > 1 or not all(_LENGTH.fullmatch(value) for value in stated):
        raise _Refused(400, "bad_request", "Content-Length is one number.")
    size = int(stated.pop())
    if size > MAX_REQUEST_BYTES:
        raise _Refused(413, "too_large", "The request is too large.")
    return size
