"""How NCALayer answers: one frame in, one frame out. Source: contracts/ncalayer.md §1 and §3."""

import base64
import binascii
import json
import threading
from collections.abc import Mapping
from typing import Any

from integrations.emulators import ncalayer_script as scenarios
from integrations.emulators.cms import sign_cms, to_pem
from integrations.emulators.gost import sign_gost_cms
from integrations.emulators.gost_pki import make_gost_pki
from integrations.emulators.ncalayer_script import Script
from integrations.emulators.ncalayer_stores import EKU_OF_KEY_TYPE, NoKey, Stores
from integrations.emulators.pki import Credential, Pki

BASICS, COMMON = "kz.gov.pki.knca.basics", "kz.gov.pki.knca.commonUtils"
KMD = "kz.digiflow.mobile.extensions"
GREETING = {"result": {"version": "1.2"}}
MAX_DOCUMENTS = 1_000
OTHER_BYTES = b"Not what the page asked for"

Answer = dict[str, Any]


class Hangup(Exception):
    """The program closes the connection without an answer."""


class Impossible(Exception):
    """What is asked cannot be signed; the text says why."""


class Program:
    """NCALayer with every key store of a test certification centre."""

    def __init__(self, pki: Pki):
        self.stores = Stores(pki)
        self._pki = pki
        self._ended = threading.Event()
        self._credentials: dict[tuple[str, bool], Credential] = {}

    def end(self) -> None:
        """Let whoever waits for a slow signature go."""
        self._ended.set()

    def answer(self, frame: str | bytes, script: Script) -> Answer:
        """The answer to a request. Raises Hangup when there is none."""
        request = read_request(frame)
        what = str(request.get("module")), str(request.get("method"))
        if what == (KMD, "getVersion") or (what[0] == BASICS and script.is_old):
            return no_module()
        sign = {(BASICS, "sign"): self.sign, (COMMON, "createCAdESFromBase64"): self.create_cades}.get(what)
        if sign is None:
            return no_method()
        self.wait(script)
        return sign(request.get("args"), script)

    def wait(self, script: Script) -> None:
        """While the window is open: the person looks for the token, or the program goes away. Raises Hangup."""
        if script.scenario == scenarios.CLOSE:
            raise Hangup
        if script.scenario == scenarios.SLOW:
            self._ended.wait(script.slow_seconds)

    def sign(self, args: Any, script: Script) -> Answer:
        """`basics` / `sign`: as the scenario wants, else a CMS for each document."""
        if script.scenario == scenarios.CANCEL:
            return {"status": True, "body": {}}
        if script.scenario == scenarios.CANCEL_TEXT:
            return {"status": False, "message": "action.canceled"}
        if script.scenario == scenarios.ERROR:
            return invocation_error("m", "d")
        try:
            data, oids, is_attached, is_stamped = _read_basics(args)
            documents = data if isinstance(data, list) else [data]
            signatures = [self._signed(document, oids, is_attached, is_stamped, script) for document in documents]
        except Impossible as error:
            return invocation_error(str(error), "")
        return {"status": True, "body": {"result": signatures if isinstance(data, list) else signatures[0]}}

    def create_cades(self, args: Any, script: Script) -> Answer:
        """`commonUtils` / `createCAdESFromBase64`, with its own words for cancelling and for failures."""
        if script.scenario in (scenarios.CANCEL, scenarios.CANCEL_TEXT):
            return {"code": "500", "message": "action.canceled"}
        if script.scenario == scenarios.ERROR:
            return {"code": "500", "message": "m"}
        try:
            document, oids, is_attached = _read_cades(args)
            signature = self._signed(document, oids, is_attached, False, script)
        except Impossible as error:
            return {"code": "500", "message": str(error)}
        return {"code": "200", "responseObject": signature}

    def _credential(self, slug: str, is_gost: bool) -> Credential:
        """The key, read once: reading takes longer than signing."""
        if (slug, is_gost) not in self._credentials:
            pki = self._pki
            if is_gost:  # the twin centre, where the emulated NCANode makes it too
                pki = make_gost_pki(pki.folder / "gost", pki.scale, pki.seed)
            self._credentials[slug, is_gost] = pki.credential(slug)
        return self._credentials[slug, is_gost]

    def _signed(self, document: bytes, oids: list[str], is_attached: bool, is_stamped: bool, script: Script) -> str:
        if script.scenario == scenarios.OTHER_DATA:
            document = OTHER_BYTES
        try:
            holder = self.stores.holder_for(self.stores.store(script.signer), oids, script.scenario)
        except NoKey:
            raise Impossible("no suitable key") from None
        sign = sign_gost_cms if script.is_gost else sign_cms
        cms = sign(
            self._credential(holder.slug, script.is_gost),
            document,
            attached=is_attached or script.scenario == scenarios.ATTACHED,
            tsa=self._credential("tsa", False) if is_stamped else None,
        )
        return to_pem(cms) if script.scenario == scenarios.PEM else base64.b64encode(cms).decode()


def read_request(frame: str | bytes) -> Mapping[str, Any]:
    """The request in a frame, empty when there is none."""
    try:
        request = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}


def no_module() -> Answer:
    """What a program says that does not have the module."""
    return {"code": "500", "message": "module not found"}


def no_method() -> Answer:
    """What a program says to what it does not know."""
    return {"status": False, "code": "METHOD_NOT_FOUND", "message": "There is no such method."}


def invocation_error(message: str, details: str) -> Answer:
    """A failure of the module `basics`."""
    return {"status": False, "code": "INVOCATION_ERROR", "message": message, "details": details}


def _read_basics(args: Any) -> tuple[bytes | list[bytes], list[str], bool, bool]:
    if not isinstance(args, dict) or args.get("format") != "cms":
        raise Impossible("only CMS can be signed here")
    signing, signer = args.get("signingParams"), args.get("signerParams")
    if not isinstance(signing, dict) or not isinstance(signer, dict):
        raise Impossible("signingParams and signerParams are objects")
    if signing.get("digested"):
        raise Impossible("a ready digest cannot be signed here")
    oids = signer.get("extKeyUsageOids", [])
    if not isinstance(oids, list) or not all(isinstance(oid, str) for oid in oids):
        raise Impossible("extKeyUsageOids is a list of strings")
    return _documents(args.get("data")), oids, signing.get("encapsulate") is True, "tsaProfile" in signing


def _read_cades(args: Any) -> tuple[bytes, list[str], bool]:
    if not isinstance(args, list) or len(args) != 4:
        raise Impossible("args are storage, key type, data and attach")
    _storage, key_type, data, is_attached = args
    oids = [EKU_OF_KEY_TYPE[key_type]] if isinstance(key_type, str) and key_type in EKU_OF_KEY_TYPE else []
    return _document(data), oids, is_attached is True


def _documents(data: Any) -> bytes | list[bytes]:
    if not isinstance(data, list):
        return _document(data)
    if not 1 <= len(data) <= MAX_DOCUMENTS:
        raise Impossible(f"1 to {MAX_DOCUMENTS} documents are signed at once")
    return [_document(document) for document in data]


def _document(data: Any) -> bytes:
    if not isinstance(data, str):
        raise Impossible("the data is no text")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Impossible("the data is no Base64") from None
