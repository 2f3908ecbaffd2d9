"""What the emulated certification centre is to do wrong: a small JSON or YAML document; `POST /control` changes it.

{"ocsp": "try_later"}                                     every answer of OCSP
{"ocsp_of": {"guardian-sign": "unknown"}}                 the answers about one certificate
{"crl": "stale", "tsp": "down", "slow_seconds": 10}
{"revoked": {"guardian-sign": "2025-11-01T00:00:00Z"}}    revoke while it runs; null takes it back
"""

import datetime
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from integrations.emulators.script import BaseScript, Seconds

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


class Script(BaseScript, frozen=True, kw_only=True):
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

    def merged(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `revoked` one by one; null takes one back."""
        revoked = msgspec.to_builtins(self.revoked) | dict(changes.get("revoked") or {})
        instants = {slug: _instant(at) for slug, at in revoked.items() if at is not None}
        return super().merged(changes) | {"revoked": instants}


def _instant(at: object) -> datetime.datetime:
    instant = at if isinstance(at, datetime.datetime) else datetime.datetime.fromisoformat(str(at))
    return instant if instant.tzinfo else instant.replace(tzinfo=datetime.UTC)
