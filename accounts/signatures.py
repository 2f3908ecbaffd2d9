"""Sign-in by signature: what is to be signed, once and soon, and whom its signature lets in.

The bytes to sign name the site, the moment and a random number, so that who reads them knows what the signature is
for. The server keeps their digest: they are good for one attempt, for two minutes and in the browser that asked.
"""

import hashlib
import secrets
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import User

GOOD_FOR = timedelta(minutes=2)
BROWSER_KEY = "signs_in_as_browser"
MAX_CMS_CHARACTERS = 1_000_000
# What is not remembered any more, or only looks like ours.
FORGOTTEN = "", datetime.min.replace(tzinfo=UTC)


class Refusal(StrEnum):
    """Why a signature does not let in; what people read stands in forms.py."""

    INVALID = "invalid"
    REVOKED = "revoked"
    EXPIRED = "expired"
    CERTIFICATE = "certificate"  # not one that signs in: another centre's, the centre's own staff, without an IIN
    SIGNING_KEY = "signing_key"
    UNCHECKED = "unchecked"  # nobody answered whether it is revoked
    UNVERIFIED = "unverified"  # GOST, and nobody here to compute it
    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    LOCKED = "locked"
    USED = "used"
    OLD = "old"
    OTHER_SITE = "other_site"
    OTHER_BROWSER = "other_browser"


# What a guesser or a thief does; an expired key or a silent certification centre is nobody's attempt.
COUNTED = frozenset({Refusal.INVALID, Refusal.REVOKED, Refusal.CERTIFICATE, Refusal.UNKNOWN, Refusal.INACTIVE})


class SignInRefused(Exception):
    """The signature does not let in. `iin` is the certificate's, proven or not, and empty when there is none."""

    def __init__(self, refusal: Refusal, iin: str = ""):
        super().__init__(refusal)
        self.refusal, self.iin = refusal, iin


@dataclass(frozen=True)
class Signer:
    """Who signed, as a certificate names him that was found good; `bin` is empty for a natural person."""

    iin: str = field(repr=False)
    bin: str
    serial_number: str


def is_on() -> bool:
    """Whether the portal trusts any certification centre, and so can take signatures."""
    return bool(settings.EDS_TRUST_DIR)


def issue(*, session: SessionBase, site: str, now: datetime) -> bytes:
    """Bytes to sign, remembered for the browser of `session`; `site` is the portal's address as the browser has it."""
    browser = session.setdefault(BROWSER_KEY, secrets.token_urlsafe(32))
    moment = now.astimezone(timezone.get_default_timezone()).isoformat(timespec="seconds")
    lines = (_first_line(site), f"Time: {moment}", f"Nonce: {secrets.token_hex(32)}")
    data = "\n".join(lines).encode()
    cache.set(_key(data), (browser, now), GOOD_FOR.total_seconds())
    return data


def take(data: bytes, *, session: SessionBase, site: str, now: datetime) -> None:
    """Use up the bytes that `issue` gave: of any number of attempts at once exactly one gets through.

    Raises SignInRefused with USED, OLD, OTHER_SITE or OTHER_BROWSER.
    """
    if not data.startswith(f"{_first_line(site)}\n".encode()):
        raise SignInRefused(Refusal.OTHER_SITE)
    browser, issued_at = cache.get(_key(data)) or FORGOTTEN
    if now - issued_at > GOOD_FOR:
        raise SignInRefused(Refusal.OLD)
    if not secrets.compare_digest(browser, session.get(BROWSER_KEY, "")):
        raise SignInRefused(Refusal.OTHER_BROWSER)
    # `add` is what makes the attempt the only one: it succeeds once, and what it sets outlives the bytes themselves.
    if not cache.add(f"{_key(data)}:used", True, GOOD_FOR.total_seconds()):
        raise SignInRefused(Refusal.USED)


def read(request: HttpRequest, *, cms: str, data: str) -> tuple[User, Signer]:
    """Whom the signature lets in, and what the certificate says. `data` is Base64 of the signed bytes.

    A failure that a guesser would make is counted with those of the password, by IIN and address.

    Raises SignInRefused.
    """
    try:
        signer = _signer(request, cms, data)
        if not AxesProxyHandler.is_allowed(request, _credentials(signer.iin)):
            request.axes_locked_out = True  # the middleware answers with the page of the lockout
            raise SignInRefused(Refusal.LOCKED, signer.iin)
        return _person(signer), signer
    except SignInRefused as refused:
        if refused.iin and refused.refusal in COUNTED:
            user_login_failed.send(__name__, credentials=_credentials(refused.iin), request=request)
        raise


def _signer(request: HttpRequest, cms: str, data: str) -> Signer:
    if len(cms) > MAX_CMS_CHARACTERS:
        raise SignInRefused(Refusal.INVALID)
    try:
        signed = b64decode(data, validate=True)
    except ValueError:
        raise SignInRefused(Refusal.OTHER_SITE) from None
    take(signed, session=request.session, site=site_of(request), now=timezone.now())
    return import_string(settings.SIGNATURE_READER)(cms.encode(), signed)


def _person(signer: Signer) -> User:
    user = User.objects.filter(iin=signer.iin).first()
    if user is None:
        raise SignInRefused(Refusal.UNKNOWN, signer.iin)
    if not user.is_active:
        raise SignInRefused(Refusal.INACTIVE, signer.iin)
    return user


def site_of(request: HttpRequest) -> str:
    """The address that the browser shows."""
    return request.build_absolute_uri("/")


def _first_line(site: str) -> str:
    return f"Sign-in to the voucher portal {site}"


def _key(data: bytes) -> str:
    return f"sign-in:{hashlib.sha256(data).hexdigest()}"


def _credentials(iin: str) -> dict[str, str]:
    return {"username": iin}
