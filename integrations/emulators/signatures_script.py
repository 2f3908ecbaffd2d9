"""What the emulated certification centre is to do wrong: a small JSON or YAML document; `POST /control` changes it.

{"ocsp": "try_later"}                                     every answer of OCSP
{"ocsp_of": {"guardian-sign": "unknown"}}                 the answers about one certificate
{"crl": "stale", "tsp": "down", "slow_seconds": 10}
{"revoked": {"guardian-sign": "2025-11-01T00:00:00Z"}}    revoke while it runs; null takes it back
"""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

OcspMode = Literal[
    "right", "good", "revoked", "unknown", "try_later", "internal_error", "unsigned", "wrong_key", "not_appointed",
    "stale", "endless", "future", "other_serial", "other_nonce", "no_nonce", "weak_hash", "garbage", "huge", "slow",
    "down",
]  # fmt: skip
CrlMode = Literal[
    "right", "stale", "future", "wrong_key", "other_issuer", "delta", "weak_hash", "garbage", "huge",
    "slow", "down",
]  # fmt: skip
TspMode = Literal[
    "right", "rejected", "wrong_key", "other_imprint", "other_nonce", "stale", "future", "garbage", "huge", "slow",
    "down",
]  # fmt: skip
Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]


class ScriptError(ValueError):
    """The script has an unknown key or a value of the wrong form; the text names it."""


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How each service answers.

    - `right` by what is known: certificates of the test centre are good, those made revoked and those in `revoked`
      are revoked, all others unknown. `good`, `revoked`, `unknown` say so of every certificate.
    - `unsigned`, `wrong_key`, `not_appointed`, `weak_hash`: signed by nobody, by another key, by a key that is not
      for answers, over SHA-1. `stale`, `endless`, `future`: ended yesterday, does not say when it ends, from tomorrow.
    - `huge` is 64 MiB of zeros, `slow` waits `slow_seconds`, `down` hangs up.
    """

    ocsp: OcspMode = "right"
    crl: CrlMode = "right"
    tsp: TspMode = "right"
    ocsp_of: dict[str, OcspMode] = {}
    revoked: dict[str, datetime.datetime] = {}
    slow_seconds: Seconds = 10.0

    def changed(self, changes: Mapping[str, Any]) -> "Script":
        """This script with the keys of `changes` replaced; those of `revoked` one by one. Raises ScriptError."""
        if not isinstance(changes, Mapping):
            raise ScriptError("the script is not an object")
        values = msgspec.to_builtins(self) | dict(changes)
        try:
            merged = msgspec.to_builtins(self.revoked) | dict(changes.get("revoked") or {})
            values["revoked"] = {slug: _instant(at) for slug, at in merged.items() if at is not None}
            return msgspec.convert(values, Script)
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise ScriptError(str(error)) from None


def _instant(at: object) -> datetime.datetime:
    instant = at if isinstance(at, datetime.datetime) else datetime.datetime.fromisoformat(str(at))
    return instant if instant.tzinfo else instant.replace(tzinfo=datetime.UTC)


def load(path: Path) -> Script:
    """The script in a JSON or YAML file. Raises ScriptError."""
    try:
        return Script().changed(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except yaml.YAMLError as error:
        raise ScriptError(f"{path}: {error}") from None
