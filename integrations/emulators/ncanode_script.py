"""What the emulated NCANode is told to do: a small YAML document; `POST /control` changes it by the same keys."""

import datetime
from typing import Annotated, Literal

import msgspec

from integrations.emulators.script import BaseScript, Seconds

Serial = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{1,40}$")]
Trap = Literal[
    "inner_name_signers",  # the inner list is called `signers`, as openapi.yml has it
    "no_signers",  # valid, and nobody signed
    "no_certificate",  # valid, and the signer has no certificate
    "two_certificates",  # one signer with two certificates
    "two_signers",
    "no_revocations",  # asked, valid, and nothing about revocation
    "unknown_is_valid",  # revocation "Unknown status", and valid all the same
    "other_certificate",  # the certificate of another person
    "other_signature",  # the certificate of a namesake: all is the same but the issuer's signature in it
    "no_iin",
    "other_iin",
    "other_bin",
    "certificate_not_valid",  # valid over a certificate that is not
    "other_key_usage",  # AUTH for SIGN and the other way round
    "other_content",  # /cms/extract gives other bytes
    "valid_as_text",  # "true" instead of true
    "status_500_inside",  # HTTP 200, but the body says 500
]
Fault = Literal[
    "ok", "400", "404", "500", "503", "drop", "truncate", "slow", "garbage", "empty", "list", "deep", "huge"
]


class Script(BaseScript, frozen=True, kw_only=True):
    """Everything that can be ordered.

    - `ocsp`: what the OCSP server says of a certificate that is not revoked, `down` when nobody listens there, `none`
      when NCANode was set up without one.
    - `crl`: `off` when lists are switched off in NCANode, which then calls every certificate active; `down` when its
      copy cannot be read.
    - `revoked`: serial numbers (hex) beside those of the people whose state is `revoked`.
    - `now`: NCANode's clock; the real time when empty.
    - `traps`: hold until changed. `faults`: one for each of the next requests, used up.
    """

    ocsp: Literal["good", "unknown", "down", "none"] = "good"
    crl: Literal["good", "down", "off"] = "good"
    revoked: tuple[Serial, ...] = ()
    now: datetime.datetime | None = None
    traps: tuple[Trap, ...] = ()
    faults: tuple[Fault, ...] = ()
    slow_seconds: Seconds = 1.0
