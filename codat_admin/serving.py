"""What must be there before a page can be served; commands, workers and the clock do without."""

import gc
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

COLLECTED = "staticfiles.json"
# What gunicorn takes for "cannot start": it says so once and ends, where after any other it would try for ever.
CANNOT_BOOT = 3
# Seconds. A worker may wait for long until it is its turn to write to SQLite; a person is told so sooner.
LOCK_PATIENCE = 5


def refuse_unready() -> None:
    """Raises ImproperlyConfigured with a sentence that says what to do."""
    if not settings.DEBUG and not Path(settings.STATIC_ROOT, COLLECTED).exists():
        raise ImproperlyConfigured(
            f"The static files are not in {settings.STATIC_ROOT}:"
            " run .venv/bin/python manage.py collectstatic first."
        )
    if not _has_secret_key():
        raise ImproperlyConfigured(
            "SECRET_KEY is not set: make it a long random text, the same for all hosts that serve the panel."
        )


def wait_less_for_a_lock() -> None:
    """In this process, which is the web's."""
    options = settings.DATABASES["default"]["OPTIONS"]
    # Only SQLite has this option.
    if "timeout" in options:
        options["timeout"] = LOCK_PATIENCE


def settle_down() -> None:
    """What is loaded now stays for good: no search for garbage need go through it again, in the middle of a page."""
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()


def _has_secret_key() -> bool:
    try:
        return bool(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return False
