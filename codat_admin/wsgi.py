import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from codat_admin import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codat_admin.settings")

try:
    serving.refuse_unready()
    serving.wait_less_for_a_lock()
    application = get_wsgi_application()
    serving.settle_down()
except ImproperlyConfigured as error:
    print(error, file=sys.stderr, flush=True)
    sys.exit(serving.CANNOT_BOOT)
