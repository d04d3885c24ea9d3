"""Imported first by conftest.py: what the settings are read from, before anything reads them.

A developer's .env and shell must not decide what a test does. What says where the tests run
(DATABASE_URL, REDIS_URL, VAR_DIR) is left alone.
"""

import os

import django

from codat_admin import env

DECIDES_BEHAVIOUR = (
    *("SANDBOX", "CODAT_API_KEY", "CODAT_API_URL", "CODAT_CALLS_PER_MINUTE", "CODAT_USE_ENV_PROXIES"),
    *("CODAT_IDEMPOTENCY_VERIFIED", "DEBUG", "HTTPS", "BEHIND_PROXY", "TIME_ZONE", "ALLOWED_HOSTS"),
    *("CSRF_TRUSTED_ORIGINS", "LOG_LEVEL"),
)

load_dotenv = env.load_dotenv
env.load_dotenv = lambda path: None
for name in DECIDES_BEHAVIOUR:
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["DJANGO_SETTINGS_MODULE"] = "codat_admin.settings"
django.setup()
