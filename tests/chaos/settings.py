"""The product's own settings, with what lets a run take minutes: more calls a minute, plain static files."""

import os

from codat_admin.settings import *  # noqa: F403
from codat_admin.settings import INSTALLED_APPS, STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos"]
# The product's limit stands for an hour's work; here an hour passes in a minute.
CODAT_CALLS_PER_MINUTE = int(os.environ.get("CHAOS_CALLS_PER_MINUTE", "6000"))
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
