"""Settings that hold everywhere; the environment decides the rest (every variable stands in `.env.example`)."""

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.templatetags.static import static
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from voucher_portal import embedded, logs
from voucher_portal.addresses import CACHE, QUEUE, RESULTS, broker_url, redis_url
from voucher_portal.environment import BASE_DIR, data_dir, read_environment
from voucher_portal.schedule import SCHEDULE
from voucher_portal.settings.wires import *  # noqa: F403
from voucher_portal.settings.wires import NCALAYER_ADDRESS

env = read_environment()

DATA_DIR = data_dir(env)
DEBUG = False
SECRET_KEY = env.text("SECRET_KEY", "for-development-tests-and-the-demo-production-refuses-to-start-without-its-own")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "accounts.reference_admin.ReferenceAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "voucher_portal.static.PortalStaticFiles",
    "django.contrib.postgres",
    "django_fsm",
    "pgtrigger",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "csp",
    "voucher_portal",
    "accounts",
    "integrations",
    "schools",
    "registry",
    "beneficiaries",
    "acts",
    "monitoring",
]

MIDDLEWARE = [
    "voucher_portal.logs.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.PersonMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "voucher_portal.urls"
WSGI_APPLICATION = "voucher_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    }
]

# Data
# Without an address of its own a service comes out of a Python wheel and is started here, on demand.
EMBEDDED_DURABLE = env.flag("EMBEDDED_DURABLE", True)
if env.text("DATABASE_URL"):
    _database = dj_database_url.parse(env.text("DATABASE_URL"))
else:
    _postgres = embedded.Postgres(DATA_DIR, durable=EMBEDDED_DURABLE)
    embedded.ensure_started(_postgres)
    _database = {"ENGINE": "django.db.backends.postgresql", **_postgres.connection_settings()}

if env.text("REDIS_URL"):
    REDIS_URL = env.text("REDIS_URL")
else:
    _redis = embedded.Redis(DATA_DIR, durable=EMBEDDED_DURABLE)
    embedded.ensure_started(_redis)
    REDIS_URL = _redis.url()

# A page must not hold the database for long; a command or a task may. wsgi.py says that the process serves pages.
SERVES_PAGES = env.flag("PORTAL_SERVES_PAGES")
_timeouts = {
    "statement_timeout": env.number("WEB_STATEMENT_TIMEOUT_MS", 15_000),
    "lock_timeout": env.number("WEB_LOCK_TIMEOUT_MS", 5_000),
    "idle_in_transaction_session_timeout": env.number("WEB_IDLE_TRANSACTION_TIMEOUT_MS", 30_000),
}
_options = _database.setdefault("OPTIONS", {})
_options.setdefault("application_name", "voucher-portal")
if SERVES_PAGES:
    _options["options"] = " ".join(f"-c {name}={milliseconds}" for name, milliseconds in _timeouts.items())
DATABASES = {
    "default": {**_database, "CONN_MAX_AGE": env.number("CONN_MAX_AGE_SECONDS", 60), "CONN_HEALTH_CHECKS": True}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url(REDIS_URL, CACHE),
        "KEY_PREFIX": "portal",
        # A page waits for a broken cache for a moment only.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5, "retry": Retry(ExponentialBackoff(cap=0.1), 1)},
    }
}

MEDIA_ROOT = DATA_DIR / "documents"  # never served by address: every download is a view that checks who asks
FILE_UPLOAD_PERMISSIONS = 0o640

# Background work
CELERY_BROKER_URL = broker_url(REDIS_URL, QUEUE)
CELERY_RESULT_BACKEND = broker_url(REDIS_URL, RESULTS)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "poll"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = 24 * 3600  # seconds
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1_000
# A task that a dead worker held comes back after this time; the longest task (a close of a country) is shorter.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}  # seconds
CELERY_TIMEZONE = "Asia/Almaty"
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

# People
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
OTP_TOTP_ISSUER = "Voucher portal"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
REQUIRE_TOTP = env.words("REQUIRE_TOTP")  # roles that sign in with a one-time code, for example OPERATOR
AXES_FAILURE_LIMIT = env.number("SIGN_IN_ATTEMPTS", 5)
AXES_COOLOFF_TIME = env.number("SIGN_IN_LOCKOUT_HOURS", 1)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "voucher_portal.proxy.client_address"
BEHIND_PROXY = False
AXES_USERNAME_FORM_FIELD = "username"  # the form's field; by default axes looks for the model's, and counts nobody
AXES_LOCKOUT_CALLABLE = "accounts.views.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "cms"]  # not kept with what was sent in a failed attempt

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = env.number("SESSION_HOURS", 8) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "voucher_portal.errors.csrf_failure"

UNFOLD = {
    "SITE_TITLE": "Ваучер",
    "SITE_HEADER": "Ваучер",
    "SITE_ICON": lambda request: static("portal.svg"),
    "SHOW_VIEW_ON_SITE": False,
    "THEME": "light",
    # Shades of the portal's accent, #0b6b8a.
    "COLORS": {
        "primary": {
            "50": "#eef7fa", "100": "#d5eaf1", "200": "#abd5e3", "300": "#78bbd0", "400": "#3f9ab6", "500": "#1a809f",
            "600": "#0b6b8a", "700": "#095871", "800": "#07485d", "900": "#063b4d", "950": "#042632",
        }
    },
}  # fmt: skip

# What a browser may do
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", *env.words("MAP_TILE_HOSTS")],
        "font-src": [SELF],
        "connect-src": [SELF, NCALAYER_ADDRESS],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# Languages and time
LANGUAGE_CODE = "ru"
LANGUAGES = [("kk", "Қазақша"), ("ru", "Русский")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["voucher_portal.formats"]
TIME_ZONE = "Asia/Almaty"
USE_TZ = True

# Static files
NODE_MODULES = BASE_DIR / "node_modules"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/tabler/css", NODE_MODULES / "@tabler" / "core" / "dist" / "css"),
    ("vendor/tabler/js", NODE_MODULES / "@tabler" / "core" / "dist" / "js"),
    ("vendor/tabler-icons", NODE_MODULES / "@tabler" / "icons-webfont" / "dist"),
    ("vendor/golos-text", NODE_MODULES / "@fontsource-variable" / "golos-text"),
    ("vendor/htmx", NODE_MODULES / "htmx.org" / "dist"),
    ("vendor/echarts", NODE_MODULES / "echarts" / "dist"),
    ("vendor/leaflet", NODE_MODULES / "leaflet" / "dist"),
    ("vendor/ncalayer", NODE_MODULES / "ncalayer-js-client"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "voucher_portal.static.PortalStaticStorage"},
}

# Others' systems
PORTAL_ADDRESS = env.text("PORTAL_ADDRESS", "http://127.0.0.1:8000")  # how links in letters and QR codes begin

# Logs
LOGGING_CONFIG = None  # configured here, so that commands, workers and pages write alike
logs.configure(level=env.text("LOG_LEVEL", "INFO").upper(), json_lines=env.flag("LOG_JSON"))
