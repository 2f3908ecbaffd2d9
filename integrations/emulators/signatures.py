"""The certification centre's servers as a process: who is revoked (OCSP, lists), time stamps, issuers' certificates.

    python -m integrations.emulators.signatures --port 8092 --pki DIR

`POST /ocsp` and `GET /ocsp/<Base64>`, `POST /tsp`, `GET /crl/{issuing,root}.crl`, `GET /ca/{issuing,root}.cer`,
`GET` and `POST /control` (what is to go wrong, see `signatures_script`), and a page at `/` that says what to try.
"""

import argparse
import base64
import binascii
import json
import sys
import time
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from cryptography.hazmat.primitives import serialization

from integrations.emulators.pki import AUTHORITIES, Pki, make_pki
from integrations.emulators.script import ScriptError
from integrations.emulators.server import Emulator, Reply, Request
from integrations.emulators.signatures_answers import Centre
from integrations.emulators.signatures_script import Script

MAX_QUESTION = 64 * 1024
HUGE = 64 * 1024 * 1024
OCSP, TSP, CRL, CER = (
    "application/ocsp-response",
    "application/timestamp-reply",
    "application/pkix-crl",
    "application/pkix-cert",
)


class SignaturesEmulator(Emulator):
    """The servers over the keys of a test centre: `with SignaturesEmulator(pki) as centre: centre.url + "/ocsp"`."""

    base_path = ""

    def __init__(self, pki: Pki, *, port: int = 0, script: Script | None = None) -> None:
        super().__init__(port=port)
        self.centre = Centre(pki)
        self.script = script or Script()

    def control(self, orders: Mapping[str, Any]) -> None:
        """Change the script by the keys that are given. Raises ScriptError."""
        script = self.script.changed(orders)
        unknown = {*script.revoked, *script.ocsp_of} - {one.slug for one in self.centre.known.values()}
        if unknown:
            raise ScriptError(f"unknown certificates: {', '.join(sorted(unknown))}")
        self.script = script

    def state(self) -> dict[str, Any]:
        """The script as it is now, and how many requests came."""
        return msgspec.to_builtins(self.script) | {"requests": self.requests}

    def answer(self, request: Request) -> tuple[Reply, str]:
        """The reply, or "drop"."""
        try:
            return super().answer(request)
        except _Down:
            return Reply(), "drop"

    def handle(self, request: Request) -> Reply:
        """One question to one of the servers."""
        if len(request.body) > MAX_QUESTION:
            return Reply.error(413, "too_large", f"A question has at most {MAX_QUESTION} bytes.")
        kind, _, name = request.path.strip("/").partition("/")
        actions: dict[tuple[str, str], Callable[[Request, str], Reply]] = {
            ("POST", "ocsp"): lambda asked, _name: self._ocsp(asked.body),
            ("GET", "ocsp"): lambda _asked, name: self._ocsp_by_path(name),
            ("POST", "tsp"): lambda asked, _name: self._tsp(asked.body),
            ("GET", "crl"): lambda _asked, name: self._crl(name.removesuffix(".crl")),
            ("GET", "ca"): lambda _asked, name: self._certificate(name.removesuffix(".cer")),
            ("GET", ""): lambda _asked, _name: self._page(),
        }
        action = actions.get((request.method, kind))
        return action(request, name) if action else _nothing_here()

    def _ocsp_by_path(self, name: str) -> Reply:
        try:
            return self._ocsp(base64.b64decode(unquote(name), validate=True))
        except binascii.Error:
            return Reply.error(400, "not_base64", "The question is not Base64.")

    def _ocsp(self, question: bytes) -> Reply:
        script = self.script
        mode, answer = self.centre.answer(question, script.ocsp, script.ocsp_of, script.revoked)
        return self._spoilt(mode, answer, OCSP)

    def _tsp(self, question: bytes) -> Reply:
        return self._spoilt(self.script.tsp, self.centre.time_stamp(question, self.script.tsp), TSP)

    def _crl(self, name: str) -> Reply:
        if name not in AUTHORITIES:
            return _nothing_here()
        mode = self.script.crl
        return self._spoilt(mode, self.centre.list_of(name, mode, self.script.revoked), CRL)

    def _certificate(self, name: str) -> Reply:
        if name not in AUTHORITIES:
            return _nothing_here()
        certificate = self.centre.keys[name].certificate
        return Reply(certificate.public_bytes(serialization.Encoding.DER), content_type=CER)

    def _spoilt(self, mode: str, body: bytes, content_type: str) -> Reply:
        if mode == "down":
            raise _Down
        if mode == "slow":
            time.sleep(self.script.slow_seconds)
        body = {"garbage": b"<html>502 Bad Gateway</html>", "huge": bytes(HUGE)}.get(mode, body)
        return Reply(body, content_type=content_type)

    def _page(self) -> Reply:
        state = json.dumps(self.state(), ensure_ascii=False, indent=2)
        page = _PAGE.format(url=self.url, state=escape(state), folder=escape(str(self.centre.pki.folder)))
        return Reply(page.encode(), content_type="text/html; charset=utf-8")


class _Down(Exception):
    """The connection is cut without an answer."""


def _nothing_here() -> Reply:
    return Reply.error(404, "not_found", "There is nothing at this address.")


_PAGE = """<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><title>Удостоверяющий центр для проб</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
pre {{ background: #f3f5f7; padding: 1rem; overflow: auto }}</style></head><body>
<h1>Удостоверяющий центр для проб</h1>
<p>Отвечает, отозван ли сертификат (OCSP, CRL), и ставит метки времени. Ключи пробные: {folder}</p>
<h2>Что попробовать</h2>
<pre>cd {folder}
curl -s {url}/crl/issuing.crl | openssl crl -inform DER -noout -text
openssl ocsp -issuer trust/issuing.pem -cert people/guardian-sign.pem -noverify -url {url}/ocsp
openssl ts -query -data FILE -sha256 -cert | curl -s --data-binary @- {url}/tsp | openssl ts -reply -in - -text</pre>
<h2>Что сломать</h2>
<pre>curl {url}/control -d '{{"revoked": {{"guardian-sign": "2025-11-01T00:00:00Z"}}}}'   отозвать; null вернёт
curl {url}/control -d '{{"ocsp": "down"}}'        OCSP молчит, остаётся список
curl {url}/control -d '{{"crl": "stale"}}'        список устарел
curl {url}/control -d '{{"ocsp": "right", "crl": "right"}}'</pre>
<h2>Сейчас</h2><pre>{state}</pre></body></html>
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator until SIGTERM or SIGINT. Exit code 2: no keys can be made, a wrong script or port."""
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.signatures", description="OCSP, CRL, TSP")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--pki", type=Path, required=True, help="folder of test keys, made when it is not there")
    parser.add_argument("--scale", default="demo", help="scale of the demo region")
    parser.add_argument("--seed", type=int, default=2025, help="seed of the demo region")
    parser.add_argument("--script", type=Path, help="JSON or YAML file with what is to go wrong")
    options = parser.parse_args(arguments)
    try:
        script = Script.load(options.script) if options.script else None
        SignaturesEmulator(make_pki(options.pki, options.scale, options.seed), port=options.port, script=script).run()
    except (ScriptError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
