"""The state gateway ШЭП with its registers, as a process of its own: the other side of contracts/shep.md.

    SHEP_SENDER_ID=PORTAL SHEP_SENDER_PASSWORD=… python -m integrations.emulators.shep --port 8091 \
        --world integrations/emulators/worlds/small.yaml --pki DIR

`POST /sync` is the synchronous channel, `POST /async` the asynchronous one (`POST /` takes both). For people: `GET /`
what to try, `GET /calls` what was asked, `GET` and `POST /control` what is to go wrong (`shep_script`), `GET /health`.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from integrations.emulators import shep_page, shep_world
from integrations.emulators.script import ScriptError
from integrations.emulators.server import Emulator, Reply, Request
from integrations.emulators.shep_calls import Calls
from integrations.emulators.shep_desk import Desk, Keys
from integrations.emulators.shep_http import Lines, Sending, handler_for
from integrations.emulators.shep_script import Prompter, Script
from integrations.emulators.shep_signatures import Known, Signer
from integrations.emulators.shep_world import World, WorldError

STRANGER_BITS = 2048


class ShepEmulator(Emulator):
    """The gateway: `with ShepEmulator(world, keys, sender=("PORTAL", "secret")) as gateway: gateway.url`."""

    base_path = ""

    def __init__(
        self,
        world: World,
        keys: Keys,
        *,
        sender: tuple[str, str],
        script: Script | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.world = world
        self.prompter = Prompter(script or Script())
        self.calls = Calls()
        self.desk = Desk(world, keys, sender, self.prompter, self.calls)
        self._lines = Lines()
        self.desk.wait = self._lines.is_closing.wait
        # The base's own handler is not fast enough for ten thousand questions, and sends whole answers only.
        self._server.RequestHandlerClass = handler_for(self._sending, self._lines)

    @property
    def sync_url(self) -> str:
        """Where the client asks."""
        return f"{self.url}/sync"

    @property
    def async_url(self) -> str:
        """Where the client asks on the asynchronous channel."""
        return f"{self.url}/async"

    def __exit__(self, *exception) -> None:
        self._lines.close()
        super().__exit__(*exception)

    def control(self, orders: Mapping[str, Any]) -> None:
        """Change the script by the keys that are given. Raises ScriptError."""
        self.prompter.change(orders)

    def state(self) -> dict[str, Any]:
        """The script as it is now."""
        return msgspec.to_builtins(self.prompter.script)

    def _sending(self, request: Request) -> Sending:
        if request.method == "POST" and request.path in ("/", "/sync", "/async"):
            self._count()
            return self.desk.sending(request.body, request.path)
        reply = self._control(request) if request.path == "/control" else self.handle(request)
        return Sending.whole(reply.body, reply.status, content_type=reply.content_type)

    def _count(self) -> None:
        with self._lock:
            self.requests += 1

    def handle(self, request: Request) -> Reply:
        """The pages for people and tests."""
        if request.method == "GET" and request.path == "/health":
            return Reply.of({"status": "ok", "requests": self.requests, "world": self.world.counts()})
        if request.method == "GET" and request.path == "/calls":
            return Reply.of(self.calls.told(request.query.get("message_id", "")) | self.desk.told())
        if request.method == "DELETE" and request.path == "/calls":
            self.calls.forget()
            return Reply.of({})
        if request.method == "GET" and request.path == "/":
            page = shep_page.page(self.url, self.world, self.prompter.script, self.calls, self.desk.consent.pending())
            return Reply(page.encode(), content_type="text/html; charset=utf-8")
        return Reply.error(404, "not_found", "There is nothing at this address.")


def keys_of_files(key: Path, certificate: Path, client_certificate: Path) -> Keys:
    """The gateway's key and the certificate of the client that it knows. Raises OSError or ValueError."""
    signer = Signer.of(key.read_bytes(), certificate.read_bytes())
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=STRANGER_BITS)
    return Keys(signer, Known.of(client_certificate.read_bytes()), Signer.with_own_certificate(stranger))


def keys_of_pki(folder: Path) -> Keys:
    """As `integrations.emulators.pki` makes them."""
    services = folder / "services"
    return keys_of_files(services / "gateway.key.pem", services / "gateway.pem", services / "portal.pem")


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator until SIGTERM or SIGINT. Exit code 2: no sender, or a wrong world, script, key or port."""
    options = _options(arguments)
    try:
        _emulator(options).run()
    except (ScriptError, WorldError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _emulator(options: argparse.Namespace) -> ShepEmulator:
    sender = tuple(os.environ.get(name, "") for name in (options.sender_env, options.password_env))
    if not all(sender):
        raise OSError(f"The environment variables {options.sender_env} and {options.password_env} must be set.")
    files = (options.key, options.certificate, options.client_certificate)
    if not options.pki and not all(files):
        raise OSError("Give --pki, or --key with --certificate and --client-certificate.")
    keys = keys_of_files(*files) if all(files) else keys_of_pki(options.pki)
    script = Script.load(options.script) if options.script else Script()
    script = script.changed({"allow_unsigned": True}) if options.allow_unsigned else script
    return ShepEmulator(shep_world.load(options.world), keys, sender=sender, script=script, port=options.port)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.shep", description="Emulated ШЭП")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--world", type=Path, required=True, help="YAML file with what the registers know")
    parser.add_argument("--script", type=Path, help="YAML file with what is to go wrong")
    parser.add_argument("--pki", type=Path, help="folder of integrations.emulators.pki")
    parser.add_argument("--key", type=Path, help="PEM with the gateway's RSA key")
    parser.add_argument("--certificate", type=Path, help="PEM with the gateway's certificate")
    parser.add_argument("--client-certificate", type=Path, help="PEM with the certificate of the one known client")
    parser.add_argument("--sender-env", default="SHEP_SENDER_ID", help="environment variable with the senderId")
    parser.add_argument(
        "--password-env", default="SHEP_SENDER_PASSWORD", help="environment variable with its password"
    )
    parser.add_argument("--allow-unsigned", action="store_true", help="ask for no signatures, for a person with curl")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
