"""All settings, read from the environment and from `.env` (see README, "Settings")."""

from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from codat_admin import env, mail
from syncs.codat.key import Key
from syncs.codat.paths import checked_address
from syncs.codat.webhooks import checked_secrets
from syncs.rules.addresses import checked_panel_url

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_dotenv(BASE_DIR / ".env")
VAR_DIR = Path(env.text("VAR_DIR") or BASE_DIR / "var")

# --- Who Codat is ---------------------------------------------------------------------------------

SANDBOX = env.flag("SANDBOX")
CODAT_API_URL = env.accepted("CODAT_API_URL", checked_address, "https://api.codat.io")
CODAT_API_KEY = env.accepted("CODAT_API_KEY", Key)
CODAT_CALLS_PER_MINUTE = env.whole_number("CODAT_CALLS_PER_MINUTE", 800, least=1, most=1000)
CODAT_USE_ENV_PROXIES = env.flag("CODAT_USE_ENV_PROXIES")
# Only after finding out, for the customer's own account: manage.py probe_codat.
CODAT_IDEMPOTENCY_VERIFIED = env.flag("CODAT_IDEMPOTENCY_VERIFIED")
# Two while a new one takes the place of the old.
CODAT_WEBHOOK_SECRETS = env.accepted("CODAT_WEBHOOK_SECRETS", checked_secrets).split()

# --- The house ------------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG")
# Workers, the clock and most commands sign nothing and need none; what serves pages does (codat_admin/serving.py).
SECRET_KEY = env.text("SECRET_KEY") or env.kept(VAR_DIR / "secret_key", "")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "codat_admin.urls"
WSGI_APPLICATION = "codat_admin.wsgi.application"
INSTALLED_APPS = [
    "codat_admin.apps.PanelAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "csp",
    "axes",
    # Last: its roles are made after Django has made the permissions they grant.
    "syncs",
]
MIDDLEWARE = [
    "syncs.middleware.counted_while_under_way",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Static files are packed already. Of a page the length tells nothing: Django adds up to a hundred bytes at random.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "syncs.middleware.reader_time_zone",
    "syncs.middleware.without_our_mark",
    "syncs.middleware.sign_in_again",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "syncs.context_processors.shell",
                "syncs.meter.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- Data -----------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    # The sandbox's invented merchants never share a file with a real account's.
    "NAME": VAR_DIR / ("db.sqlite3" if CODAT_API_KEY and not SANDBOX else "sandbox.sqlite3"),
    # FULL: a committed claim must survive a power cut. IMMEDIATE: deferred transactions deadlock on upgrade.
    # Recursive triggers: else INSERT OR REPLACE would pass by those that refuse a DELETE.
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;",
    },
}
# A commit waits for the disk; who stops in the middle of a transaction holds up a merchant's rows for a minute only.
POSTGRES_SESSION = "-c idle_in_transaction_session_timeout=60000 -c synchronous_commit=on"
# Else a worker whose database host is gone would wait a quarter of an hour, or for ever, for an answer.
POSTGRES_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,  # milliseconds
}


def _database() -> dict[str, Any]:
    url = env.service_address("DATABASE_URL", ("postgres", "postgresql", "sqlite"))
    if not url:
        return dict(SQLITE)
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    except ValueError:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read. Example: postgres://name@host/base."
        ) from None
    if config["ENGINE"] == SQLITE["ENGINE"]:
        return SQLITE | {"NAME": config["NAME"]}
    options: dict[str, Any] = config.get("OPTIONS", {})
    config["OPTIONS"] = POSTGRES_CONNECTION | options
    config["OPTIONS"]["options"] = f"{options.get('options', '')} {POSTGRES_SESSION}".strip()
    return config


DATABASES = {"default": _database()}

# What a process remembers of lists, mostly for minutes: counts, and rows as they were drawn, two kilobytes each.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 5000},
    }
}

# --- People ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "syncs.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "health"
LOGOUT_REDIRECT_URL = "sign-in"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = "syncs.operations.guessing.limit"
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
# The pair; the limit looks at the address too, and says why.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "syncs.views.account.locked_out"
AXES_CLIENT_IP_CALLABLE = "syncs.views.account.client_address"
# The page says when sign-in goes on; further tries do not move that moment.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# --- Language and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = False
FORMAT_MODULE_PATH = "codat_admin.formats"
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "Europe/London")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE must be a name such as Europe/London, not {TIME_ZONE!r}.")

# --- What the browser may do ----------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_NAME = "syncdesk"
CSRF_COOKIE_NAME = "syncdesk-csrf"
CSRF_FAILURE_VIEW = "syncs.views.errors.csrf_failure"
HTTPS = env.flag("HTTPS")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# A load balancer asks these two from inside, without HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = env.flag("BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Alerts ---------------------------------------------------------------------------------------

# Of the links in messages; without it they have none.
PANEL_URL = env.accepted("PANEL_URL", checked_panel_url).rstrip("/")
EMAIL_URL = env.service_address("EMAIL_URL", ("smtp", "smtps", "smtp+tls"))
MAIL = mail.read(EMAIL_URL)
EMAIL_BACKEND = MAIL.backend
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starts_tls, MAIL.is_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.accepted("EMAIL_FROM", mail.checked_sender, "sync-desk@localhost")
# For a receiver in one's own network, which else no webhook may reach.
ALERT_WEBHOOKS_MAY_BE_LOCAL = env.flag("ALERT_WEBHOOKS_MAY_BE_LOCAL")

# --- Queue ----------------------------------------------------------------------------------------

REDIS_URL = env.service_address("REDIS_URL", ("redis", "rediss")) or env.kept(
    VAR_DIR / "valkey" / "url", "redis://127.0.0.1:6379/0"
)
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "refreshing"
CELERY_TASK_ROUTES = {"syncs.tasks.send": {"queue": "sending"}}
# The row decides who sends, not the message: no late ack, no redelivery (docs/run-safely.md).
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# After an outage a worker takes as many messages as it has hands, whatever they were doing during it.
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # No receipts. One that a dying queue does not take would count as a message in hand for ever: a worker all of
    # whose hands are full then listens no more, and does not find out that the queue went and came back.
    "ack_emulation": False,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    "health_check_interval": 25,
}
# Short: a press waits for this when the broker is down, and the clock finds the row anyway.
CELERY_TASK_PUBLISH_RETRY = False

# --- Logs -----------------------------------------------------------------------------------------

LOG_LEVEL = env.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "axes": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},  # a form with a mistake in it is no news
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
