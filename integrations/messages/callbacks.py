"""A status that the SMS gateway brings by itself: read only when it is signed, fresh and small.

    POST {callback_url}
    X-Signature-Timestamp: 1764000000                  seconds since 1970, when it was posted (not when it happened)
    X-Signature: v1=<hex of HMAC-SHA256 with SMS_CALLBACK_TOKEN over "1764000000." and the raw body>
    a status as in `sms`

Within the minutes in which a signature is fresh the same callback may come again: `Receipt.supersedes` makes that
harmless. Read the body only after looking at Content-Length: MAX_CALLBACK_BYTES.
"""

import datetime
import hashlib
import hmac
import re
from collections.abc import Mapping

from django.utils import timezone

from integrations.messages.outcomes import Receipt
from integrations.messages.statuses import BadStatus, read_status

MAX_CALLBACK_BYTES = 16 * 1024
FRESH_SECONDS = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v1=([0-9a-f]{64})")


class CallbackRefused(Exception):
    """The callback is not read. `status` is the HTTP status that it deserves."""

    status = 400


class CallbackTooLarge(CallbackRefused):
    """More than MAX_CALLBACK_BYTES."""

    status = 413


class CallbackNotSigned(CallbackRefused):
    """The signature is missing, malformed or not made with our token."""

    status = 401


class CallbackNotFresh(CallbackRefused):
    """Rightly signed, but minutes ago or ahead: perhaps somebody plays back what he overheard."""

    status = 401


class CallbackUnreadable(CallbackRefused):
    """Rightly signed and fresh, but no status."""

    status = 422


def read_callback(
    headers: Mapping[str, str], body: bytes, *, token: str, now: datetime.datetime | None = None
) -> Receipt:
    """The receipt that a callback brings; `headers` by any case of their names, `token` is SMS_CALLBACK_TOKEN.

    Raises:
        CallbackRefused: one of its kinds. Without a token nothing is believed.
    """
    if len(body) > MAX_CALLBACK_BYTES:
        raise CallbackTooLarge
    lower = {name.lower(): value for name, value in headers.items()}
    timestamp, signature = lower.get("x-signature-timestamp", ""), lower.get("x-signature", "")
    _check_signature(token, timestamp, signature, body)
    moment = (now or timezone.now()).timestamp()
    if abs(moment - int(timestamp)) > FRESH_SECONDS:
        raise CallbackNotFresh
    try:
        return read_status(body)
    except BadStatus:
        raise CallbackUnreadable from None


def _check_signature(token: str, timestamp: str, signature: str, body: bytes) -> None:
    given = _SIGNATURE.fullmatch(signature)
    if not token or not given or not _TIMESTAMP.fullmatch(timestamp):
        raise CallbackNotSigned
    right = hmac.new(token.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given[1], right):
        raise CallbackNotSigned
