from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from syncs.management import belongings
from syncs.management.staticfiles import Stamp
from syncs.processes.errors import CannotRun

FIRST_ADMIN = (
    "There is no user yet. Create the first admin, in another terminal and with the same settings:"
    " .venv/bin/python manage.py createsuperuser"
)
FIRST_IMPORT = (
    "There is no merchant yet. Pull in all companies from Codat, once Sync Desk is ready:"
    " .venv/bin/python manage.py import_companies"
)


class Command(BaseCommand):
    help = "What a start needs: tables, static files and, for the sandbox, its people and merchants."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        self._do("migrate", "--noinput", "--verbosity=0")
        try:
            belongings.refuse_mixing(sandboxed=settings.SANDBOX)
        except CannotRun as reason:
            raise CommandError(str(reason)) from None
        if settings.SANDBOX:
            self._populate()
        else:
            self._tell_first_steps()
        self._collect_static_files()

    def _populate(self) -> None:
        if belongings.lacks_demo_users():
            self._do("make_demo_users")
        if not belongings.has_merchants():
            self._do("import_companies", "--yes", "--wait")

    def _tell_first_steps(self) -> None:
        users, merchants = belongings.has_users(), belongings.has_merchants()
        for hint, done in ((FIRST_ADMIN, users), (FIRST_IMPORT, merchants)):
            if not done:
                self.stdout.write(hint)

    def _collect_static_files(self) -> None:
        stamp = Stamp(Path(settings.STATIC_ROOT))
        if not stamp.is_current():
            self._do("collectstatic", "--noinput", "--verbosity=0")
            stamp.renew()

    def _do(self, command: str, *words: str) -> None:
        self.stdout.write(f"manage.py {command}")
        self.stdout.flush()
        call_command(command, *words, stdout=self.stdout, stderr=self.stderr)
