"""The parts of the gateway's client as the settings name them."""

from pathlib import Path

import redis
from cryptography import x509
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from integrations.eds.ncanode import KeyFile, NcaNode
from integrations.shep.archive import Archive
from integrations.shep.cache import AnswerCache
from integrations.shep.client_line import Line
from integrations.shep.client_questions import Account
from integrations.shep.envelope import Sender
from integrations.shep.guards import Guards
from integrations.shep.wsse import RsaSigner, Signer
from integrations.shep.wsse_ncanode import NcanodeSigner, NcanodeVerification
from integrations.shep.wsse_verification import Trust

REDIS_SECONDS = 2  # for a connection or an answer

_NEEDED = (
    "SHEP_URL", "SHEP_SENDER_ID", "SHEP_REQUESTOR_BIN", "SHEP_KEY_FILE", "SHEP_GATEWAY_CERTIFICATE_FILE",
)  # fmt: skip
_NEEDED_WITH = {"rsa": ("SHEP_CERTIFICATE_FILE",), "ncanode": ("NCANODE_URL",)}


def must_be_configured() -> None:
    """Raises ImproperlyConfigured, which names every setting that is missing."""
    kind = settings.SHEP_SIGN_WITH
    if kind not in _NEEDED_WITH:
        raise ImproperlyConfigured(f"SHEP_SIGN_WITH={kind!r} is neither rsa nor ncanode")
    missing = [name for name in (*_NEEDED, *_NEEDED_WITH[kind]) if not getattr(settings, name)]
    if missing:
        raise ImproperlyConfigured(
            f"The state gateway is not connected. Set {', '.join(missing)} (docs/integrations.md says what each is)"
        )


def account_of_settings() -> Account:
    """Who we are at the gateway."""
    return Account(
        url=settings.SHEP_URL,
        async_url=settings.SHEP_ASYNC_URL,
        sender=Sender(settings.SHEP_SENDER_ID, settings.SHEP_SENDER_PASSWORD),
        requestor_bin=settings.SHEP_REQUESTOR_BIN,
        without_consent=frozenset(settings.SHEP_WITHOUT_CONSENT),
    )


def line_of_settings(connection: redis.Redis, archive: Archive) -> Line:
    """The line to the gateway. Raises ImproperlyConfigured for a key or a certificate that cannot be read."""
    try:
        signer = _signer()
        gost = NcanodeVerification(_ncanode()) if settings.NCANODE_URL else None
        trust = Trust.load(Path(settings.SHEP_GATEWAY_CERTIFICATE_FILE), gost)
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"The state gateway: {error}") from None
    guards = Guards(connection, prefix())
    return Line(signer, trust, guards, archive, secrets=(settings.SHEP_SENDER_PASSWORD,))


def archive_of_settings() -> Archive:
    """Where questions and answers are kept."""
    return Archive(Path(settings.ARCHIVE_ROOT))


def cache_of_settings(connection: redis.Redis) -> AnswerCache:
    """What is remembered of answers."""
    return AnswerCache(connection, prefix(), settings.SECRET_KEY.encode())


def connection_of_settings() -> redis.Redis:
    """Redis, in the numbered database of the cache; for any number of threads."""
    return redis.Redis.from_url(
        settings.CACHES["default"]["LOCATION"],
        socket_connect_timeout=REDIS_SECONDS,
        socket_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def prefix() -> str:
    """What our keys in Redis begin with: installations and tests differ by the cache's prefix."""
    return f"{settings.CACHES['default']['KEY_PREFIX']}:shep"


def _signer() -> Signer:
    key_file, password = Path(settings.SHEP_KEY_FILE), settings.SHEP_KEY_PASSWORD
    if settings.SHEP_SIGN_WITH == "ncanode":
        return NcanodeSigner(_ncanode(), KeyFile(key_file.read_bytes(), password))
    return RsaSigner.load(key_file, Path(settings.SHEP_CERTIFICATE_FILE), password)


def _ncanode() -> NcaNode:
    no_issuers: tuple[x509.Certificate, ...] = ()  # those are for documents signed by people
    return NcaNode(settings.NCANODE_URL, no_issuers)
