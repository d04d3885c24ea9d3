"""`manage.py run`, but with syncs that take seconds in the sandbox, half the history, as many merchants as the
argument says, and a sandbox that looks its own answers over."""

import os
import sys

from django.core.management import execute_from_command_line

from syncs.processes import house

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codat_admin.settings")
    house.MERCHANTS, house.DAYS, house.SPEED = int(sys.argv[1]), 45, 40
    house.SANDBOX = "tests.openapi.judged"
    execute_from_command_line(["manage.py", "run"])
