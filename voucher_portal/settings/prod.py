"""Production: refuses to start until everything that has no safe default is set."""

from django.core.exceptions import ImproperlyConfigured

from voucher_portal.environment import read_environment

read_environment().require(
    "SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "PORTAL_ADDRESS", "PORTAL_DATA_DIR",
    "TREASURY_URL", "TREASURY_TOKEN",
)  # fmt: skip

from voucher_portal.settings.base import *  # noqa: E402, F403
from voucher_portal.settings.base import EDS_TEST_KEYS, env  # noqa: E402

if EDS_TEST_KEYS:
    raise ImproperlyConfigured("EDS_TEST_KEYS: keys of a test certification centre are not for production")

# TLS ends at the proxy, which must set X-Forwarded-Proto itself, dropping the client's, and append X-Forwarded-For.
BEHIND_PROXY = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
PRODUCTION = True  # the day is that of the clock: PORTAL_TODAY is not looked at
