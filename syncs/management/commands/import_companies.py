from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from syncs.clients import codat_client
from syncs.management.interrupting import ending_in_order
from syncs.models import ImportRun
from syncs.operations import import_runs
from syncs.operations.importing import import_companies


class Command(BaseCommand):
    help = "Registers all of the client's companies at Codat as merchants. Safe to repeat and to interrupt."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--yes",
            action="store_true",
            help="archive the merchants that are gone at Codat, however many they are",
        )
        parser.add_argument(
            "--wait", action="store_true", help="wait for the end of an import that is under way"
        )

    def handle(self, *, yes: bool, wait: bool, **options: Any) -> None:
        try:
            with ending_in_order():
                if wait:
                    import_runs.wait_for_the_place()
                run = import_companies(codat_client(), yes=yes, on_page=self._say)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted. What was read is stored; import again for the rest.") from None
        for note in run.notes:
            self.stdout.write(note)
        if run.state == ImportRun.State.FAILED:
            raise CommandError(run.problem)
        self.stdout.write(f"{run.summary}.")
        if run.missing:
            raise CommandError(f"{run.problem} If that is right, run it again with --yes.")
        if run.problem:
            self.stdout.write(run.problem)

    def _say(self, run: ImportRun) -> None:
        of = f" of {run.total:,}" if run.total else ""
        self.stdout.write(f"Page {run.pages:,}: {run.seen:,}{of} companies read, {run.added:,} new.")
        self.stdout.flush()
