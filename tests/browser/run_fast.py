"""`manage.py run`, but with syncs that take seconds in the sandbox, and as many merchants as the argument says."""

import os
import sys

from django.core.management import execute_from_command_line

from syncs.processes import house

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codat_admin.settings")
    house.MERCHANTS, house.SPEED = int(sys.argv[1]), 40
    execute_from_command_line(["manage.py", "run"])
