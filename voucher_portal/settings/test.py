"""Tests: services of their own in a folder that ends with the session, unless the environment names others."""

import os
import tempfile
from pathlib import Path

os.environ["PORTAL_ENV_FILE"] = "none"  # a developer's .env must not change a test
os.environ.pop("PORTAL_TODAY", None)
if not os.environ.get("PORTAL_DATA_DIR"):
    # Set for the workers of pytest-xdist too, which inherit the environment and so share the services.
    os.environ["PORTAL_DATA_DIR"] = os.environ["PORTAL_TEST_DATA_DIR"] = tempfile.mkdtemp(prefix="portal-test-")
    os.environ["EMBEDDED_DURABLE"] = "no"
    Path(os.environ["PORTAL_DATA_DIR"]).chmod(0o711)  # as root, PostgreSQL runs as another user

from voucher_portal.addresses import CACHE, redis_url  # noqa: E402
from voucher_portal.settings.base import *  # noqa: E402, F403
from voucher_portal.settings.base import CACHES, DATA_DIR, REDIS_URL  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False  # the tests of the lockout turn it on
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True

_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
MEDIA_ROOT = Path(DATA_DIR) / f"documents-{_worker}"
CACHES["default"]["KEY_PREFIX"] = f"test-{_worker}"
# A database of its own for each worker: clearing a cache clears the whole database, and with it others' sessions.
_number = int(_worker.removeprefix("gw")) if _worker.startswith("gw") else 0
CACHES["default"]["LOCATION"] = redis_url(REDIS_URL, CACHE + 1 + _number % 8)
