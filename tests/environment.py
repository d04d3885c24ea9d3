"""Imported first by conftest.py: what the settings are read from, before anything reads them.

A developer's .env and shell must not decide what a test does. What says where the tests run
(DATABASE_URL, REDIS_URL, VAR_DIR) is left alone.
"""

import os
from typing import Any

import django

from codat_admin import env

DECIDES_BEHAVIOUR = (
    *("SANDBOX", "CODAT_API_KEY", "CODAT_API_URL", "CODAT_CALLS_PER_MINUTE", "CODAT_USE_ENV_PROXIES"),
    *("CODAT_IDEMPOTENCY_VERIFIED", "DEBUG", "HTTPS", "BEHIND_PROXY", "TIME_ZONE", "ALLOWED_HOSTS"),
    *("CSRF_TRUSTED_ORIGINS", "LOG_LEVEL", "CODAT_WEBHOOK_SECRETS"),
    *("PANEL_URL", "EMAIL_URL", "EMAIL_FROM", "ALERT_WEBHOOKS_MAY_BE_LOCAL"),
)

load_dotenv = env.load_dotenv
env.load_dotenv = lambda path: None
for name in DECIDES_BEHAVIOUR:
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["DJANGO_SETTINGS_MODULE"] = "codat_admin.settings"
django.setup()


def for_tests() -> dict[str, Any]:
    """Plain static files, cheap passwords, nothing cached, a queue in memory; a test of the real ones sets them."""
    from django.conf import settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return {
        "STORAGES": settings.STORAGES | {"staticfiles": plain},
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
        "CELERY_BROKER_URL": "memory://",
        "WHITENOISE_AUTOREFRESH": True,
    }
