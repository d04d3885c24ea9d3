import os
import sys
from typing import Any

from celery import Celery
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codat_admin.settings")

app = Celery("codat_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# What a worker had taken and not begun is not offered to a queue that has just died: the clock tells of it again.
Channel.do_restore = False


@app.on_configure.connect
def refuse_nonsense(**_: Any) -> None:
    """A worker ends with the sentence about the setting, and not with the way it was found."""
    try:
        settings.INSTALLED_APPS  # noqa: B018 - read, so that the settings are loaded now
    except ImproperlyConfigured as error:
        sys.exit(str(error))
