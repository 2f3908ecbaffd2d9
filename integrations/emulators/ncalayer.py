"""NCALayer for tests and the demo: the program on a person's own machine that signs with his keys.

    python -m integrations.emulators.ncalayer --port 13579 --page-port 8097 --pki DIR [--script FILE] [--tls]

The first line on standard output is the address of its page, where a person chooses who signs and how it goes. The
same by `POST /control`: `{"signer": "guardian", "scenario": "cancel"}`; `GET /control` tells what is chosen, where
the program listens and what it was asked lately. Source: contracts/ncalayer.md §1 and §3.
"""

import argparse
import contextlib
import datetime
import ipaddress
import json
import ssl
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from integrations.emulators import ncalayer_page
from integrations.emulators.ncalayer_answers import GREETING, Answer, Hangup, Program, read_request
from integrations.emulators.ncalayer_script import SILENT, Script
from integrations.emulators.pki import Pki, open_pki
from integrations.emulators.script import ScriptError
from integrations.emulators.server import Emulator, Reply, Request

HOST = "127.0.0.1"
MAX_FRAME_BYTES = 32 * 1024 * 1024
SHOWN_REQUESTS = 20
_CERTIFICATE_DAYS = 30


class NcaLayerEmulator(Emulator):
    """The program and its page: `with NcaLayerEmulator(pki) as ncalayer: ncalayer.address`.

    The page is at `url`; the program listens at `address`, over TLS with a certificate that no browser trusts yet.
    """

    base_path = ""

    def __init__(
        self, pki: Pki, *, port: int = 0, page_port: int = 0, script: Script | None = None, is_tls: bool = False
    ):
        super().__init__(port=page_port)
        self.script = script or Script()
        self.asked: deque[dict[str, str]] = deque(maxlen=SHOWN_REQUESTS)
        self._program = Program(pki)
        self._program.stores.store(self.script.signer)
        context = server_context() if is_tls else None
        self._socket = serve(
            self._talk, HOST, port, ssl=context, compression=None, max_size=MAX_FRAME_BYTES, close_timeout=1
        )
        self._scheme = "wss" if is_tls else "ws"
        self._socket_thread = threading.Thread(target=self._socket.serve_forever, daemon=True)
        self._socket_thread.start()

    @property
    def address(self) -> str:
        """Where the program listens: what NCALAYER_ADDRESS of the portal is to name."""
        return f"{self._scheme}://{HOST}:{self._socket.socket.getsockname()[1]}"

    def __exit__(self, *exception) -> None:
        super().__exit__(*exception)
        self._end()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; the first line on standard output is the address of the page."""
        super().run()
        self._end()

    def handle(self, request: Request) -> Reply:
        """The page, and the form on it."""
        match request.method, request.path:
            case "GET", "/":
                page = ncalayer_page.page(self.script, self._program.stores.all, self.address, reversed(self.asked))
                return Reply(page, content_type="text/html; charset=utf-8")
            case "POST", "/":
                try:
                    self.control(ncalayer_page.chosen(request.body))
                except (ValueError, KeyError) as error:
                    return Reply.error(400, "bad_order", str(error))
                return Reply(status=303, headers={"Location": "/"})
        return Reply.error(404, "not_found", "There is nothing at this address.")

    def control(self, orders: Mapping[str, Any]) -> None:
        """Change the script by the keys that are given. Raises ScriptError, and KeyError for an unknown signer."""
        script = self.script.changed(orders)
        self._program.stores.store(script.signer)
        self.script = script

    def state(self) -> dict[str, Any]:
        """What is chosen, where the program listens, what it was asked."""
        script = {name: getattr(self.script, name) for name in Script.__struct_fields__}
        return {**script, "address": self.address, "asked": list(self.asked)}

    def _talk(self, connection: ServerConnection) -> None:
        """One page at the socket: the program speaks first, then it answers one frame after the other."""
        with contextlib.suppress(ConnectionClosed, Hangup):
            if self.script.scenario != SILENT:
                connection.send(json.dumps(GREETING))
            for frame in connection:
                if self.script.scenario == SILENT:
                    continue
                connection.send(json.dumps(self._answer(frame)))

    def _answer(self, frame: str | bytes) -> Answer:
        entry = _entry(read_request(frame))
        self.asked.append(entry)
        try:
            answer = self._program.answer(frame, self.script)
        except Hangup:
            entry["answer"] = "hung up"
            raise
        entry["answer"] = _in_short(answer)
        return answer

    def _end(self) -> None:
        self._program.end()
        self._socket.shutdown()
        self._socket_thread.join()


def _entry(request: Mapping[str, Any]) -> dict[str, str]:
    args = request.get("args")
    data = args.get("data") if isinstance(args, dict) else None
    return {
        "at": f"{datetime.datetime.now(datetime.UTC):%H:%M:%S}",
        "what": f"{str(request.get('module'))[:60]} {str(request.get('method'))[:60]}",
        "documents": str(len(data) if isinstance(data, list) else 1),
        "answer": "",
    }


def _in_short(answer: Answer) -> str:
    if answer.get("status") is True:
        return "signed" if "result" in answer["body"] else "cancelled"
    return "signed" if answer.get("code") == "200" else f"{answer.get('code', '')} {answer['message']}".strip()


def server_context() -> ssl.SSLContext:
    """TLS with a fresh certificate of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:  # the ssl module reads keys from files only; this one is ours alone
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        file.flush()
        context.load_cert_chain(file.name)
    return context


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator until SIGTERM or SIGINT. Exit code 2: a wrong script or port, or no PKI in the folder."""
    options = _options(arguments)
    try:
        NcaLayerEmulator(
            open_pki(options.pki),
            port=options.port,
            page_port=options.page_port,
            script=Script.load(options.script) if options.script else None,
            is_tls=options.tls,
        ).run()
    except (ScriptError, OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.ncalayer", description="Emulated NCALayer")
    parser.add_argument("--port", type=int, default=13579, help="of the WebSocket; 0 takes a free one")
    parser.add_argument("--page-port", type=int, default=0, help="of the page; 0 takes a free one")
    parser.add_argument("--pki", type=Path, required=True, help="folder made by integrations.emulators.pki")
    parser.add_argument("--script", type=Path, help="YAML file: signer, scenario, slow_seconds, is_gost, is_old")
    parser.add_argument("--tls", action="store_true", help="wss with a fresh certificate, as the real program")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
