"""The double of NCANode v3, which verifies RSA signatures and the stand-in for GOST for real (see `gost`).

    python -m integrations.emulators.ncanode --port 8093 --pki DIR

DIR is the folder that `pki` makes; the keys of GOST are made in DIR/gost, their authorities put into DIR/trust. It
has the paths of NCANode that the portal uses (contracts/ncalayer.md §4), their holes included, and `GET` and `POST
/control` for what is to go wrong (`ncanode_script`).
"""

import argparse
import datetime
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from integrations.emulators import ncanode_cms, ncanode_xml
from integrations.emulators.gost_pki import make_gost_pki, trust_gost
from integrations.emulators.ncanode_certificates import Store, looked_at, verifies
from integrations.emulators.ncanode_script import Script
from integrations.emulators.ncanode_traps import trapped
from integrations.emulators.pki import Credential, open_pki
from integrations.emulators.server import Emulator, Reply, Request

REMEMBERED = 50  # questions
HUGE = 48 * 1024 * 1024
DEEP = 100_000
_CHECKS = frozenset({"OCSP", "CRL"})
_BAD_INPUT = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
_SPOILT = {
    "garbage": b"<html><body>Bad Gateway</body></html>",
    "empty": b"",
    "list": b'[{"valid": true}]',
    "deep": b'{"valid": true, "signers": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "huge": b'{"status": 200, "valid": true, "message": "' + b"A" * HUGE + b'"}',
}


class NcaNodeEmulator(Emulator):
    """NCANode with the authorities of these folders: `with NcaNodeEmulator([folder]) as ncanode: ncanode.url`."""

    base_path = ""

    def __init__(self, folders: Sequence[Path], *, port: int = 0, script: Script | None = None) -> None:
        super().__init__(port=port)
        self.store = Store(folders)
        self.script = script or Script()
        self.asked: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)

    def control(self, orders: Mapping[str, Any]) -> None:
        """Change the script by the keys that are given. Raises ScriptError."""
        self.script = self.script.changed(orders)

    def state(self) -> dict[str, Any]:
        """The script as it is now, and the last questions without their contents."""
        return {"script": msgspec.to_builtins(self.script), "asked": list(self.asked)}

    def answer(self, request: Request) -> tuple[Reply, str]:
        """The reply, and how it is spoilt."""
        if request.path in ("/control", "/actuator/health"):
            return super().answer(request)
        with self._lock:
            fault, *rest = self.script.faults or ("ok",)
            self.script = msgspec.structs.replace(self.script, faults=tuple(rest))
        if fault == "slow":
            time.sleep(self.script.slow_seconds)
        if fault in _SPOILT:
            return Reply(_SPOILT[fault]), ""
        if fault.isdigit():
            return _error(int(fault), "This failure was ordered."), ""
        reply, spoilt = super().answer(request)
        return reply, fault if fault in ("drop", "truncate") else spoilt

    def handle(self, request: Request) -> Reply:
        """The calls of NCANode."""
        if (request.method, request.path) == ("GET", "/actuator/health"):
            return Reply.of({"status": "UP"})
        actions = {
            "/cms/verify": (self._verify_cms, 400),
            "/cms/extract": (self._extract, 500),
            "/x509/info": (self._info, 500),
            "/x509/verify": (self._verify_raw, 500),
            "/pkcs12/info": (self._key_info, 500),
            "/xml/sign": (self._sign_xml, 500),
            "/xml/verify": (self._verify_xml, 500),
            "/wsse/sign": (self._sign_wsse, 500),
            "/wsse/verify": (self._verify_wsse, 500),
        }
        if request.path not in actions:
            return _error(404, "Not Found")
        if request.method != "POST":
            return _error(405, "Method Not Allowed")
        action, status = actions[request.path]
        try:
            asked = request.json()
            answer = action(asked)
            self.asked.append(_told(request.path, asked))
        except _KeyRefused as error:
            return _error(400, str(error))
        except _BAD_INPUT as error:
            return _error(status, str(error) or type(error).__name__)
        return Reply.of(trapped(request.path, {"status": 200, "message": "OK"} | answer, self.script.traps))

    def _verify_cms(self, asked: dict[str, Any]) -> dict[str, Any]:
        data = asked.get("data")
        content = None if data is None else ncanode_cms.encoded_of(data)
        return ncanode_cms.verified(ncanode_cms.encoded_of(asked["cms"]), content, self._looking(asked))

    def _extract(self, asked: dict[str, Any]) -> dict[str, Any]:
        content = ncanode_cms.content_of(ncanode_cms.encoded_of(asked["cms"]))
        return {"data": ncanode_cms.base64_of(content)}

    def _info(self, asked: dict[str, Any]) -> dict[str, Any]:
        look = self._looking(asked)
        return _valid_when_all([look(_certificate(text)) for text in asked["certs"]])

    def _verify_raw(self, asked: dict[str, Any]) -> dict[str, Any]:
        certificate = _certificate(asked["certificate"])
        signature = ncanode_cms.encoded_of(asked["signature"])
        is_right = verifies(certificate, signature, asked["data"].encode(), hash_name="sha256")
        return _valid_when_all([self._looking(asked)(certificate)], is_right)

    def _key_info(self, asked: dict[str, Any]) -> dict[str, Any]:
        look = self._looking(asked)
        return _valid_when_all([look(_opened(key).certificate) for key in asked["keys"]])

    def _sign_xml(self, asked: dict[str, Any]) -> dict[str, Any]:
        credentials = [_opened(signer) for signer in asked["signers"]]
        return {"xml": ncanode_xml.signed(asked["xml"], credentials, clear=bool(asked.get("clearSignatures")))}

    def _verify_xml(self, asked: dict[str, Any]) -> dict[str, Any]:
        is_right, certificates = ncanode_xml.verified(asked["xml"])
        return _valid_when_all(list(map(self._looking(asked), certificates)), is_right)

    def _sign_wsse(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"xml": ncanode_xml.wrapped(asked["xml"], _opened(asked))}

    def _verify_wsse(self, asked: dict[str, Any]) -> dict[str, Any]:
        is_right, certificates = ncanode_xml.unwrapped(asked["xml"])
        return _valid_when_all(list(map(self._looking(asked), certificates)), is_right)

    def _looking(self, asked: Mapping[str, Any]):
        """How this request looks at a certificate."""
        checks = _CHECKS & set(asked.get("revocationCheck") or ())
        now = self.script.now or datetime.datetime.now(datetime.UTC)
        return lambda certificate: looked_at(certificate, self.store, self.script, checks, now)


class _KeyRefused(Exception):
    """The key file cannot be opened."""


def _told(path: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A question for whoever looks, without keys and documents."""
    return {"path": path, "fields": sorted(asked), "revocationCheck": asked.get("revocationCheck")}


def _error(status: int, message: str) -> Reply:
    return Reply.of({"status": status, "message": message}, status)


def _valid_when_all(infos: list[dict[str, Any]], is_right: bool = True) -> dict[str, Any]:
    return {"valid": is_right and bool(infos) and all(info["valid"] for info in infos), "signers": infos}


def _certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(ncanode_cms.encoded_of("".join(text.split())))


def _opened(asked: Mapping[str, Any]) -> Credential:
    """The key and its certificate in a PKCS#12 file."""
    try:
        store = pkcs12.load_pkcs12(ncanode_cms.encoded_of(asked["key"]), asked["password"].encode())
    except ValueError as error:
        raise _KeyRefused(str(error)) from None
    certificates = [store.cert, *store.additional_certs] if store.cert else store.additional_certs
    if store.key is None or not certificates:
        raise _KeyRefused("There is no key with a certificate in the file.")
    return Credential("key", certificates[0].certificate, store.key)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM; the first line on standard output is the address. Exit code 2: it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m integrations.emulators.ncanode", description="NCANode's double")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pki", type=Path, required=True, help="folder of test keys")
    parser.add_argument("--script", type=Path, help="YAML: what is to go wrong")
    options = parser.parse_args(arguments)
    try:
        script = Script.load(options.script) if options.script else Script()
        centre = open_pki(options.pki)
        gost_centre = make_gost_pki(centre.folder / "gost", centre.scale, centre.seed)
        trust_gost(gost_centre, centre.trust)
        emulator = NcaNodeEmulator([centre.folder, gost_centre.folder], port=options.port, script=script)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    emulator.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
