from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.models import Freeze
from syncs.operations import freezing, restoring
from syncs.rules.states import WORDS, State

BACKUP = "The database was restored from a backup"
QUESTION = "Put every request that is under way before a person? [yes/no] "
AFTERWARDS = """
What to do now:
  1. Start the house. Refreshing goes on, nothing is sent.
  2. A lead decides each of these requests, under Requests, Needs a person: the page shows what Codat lists.
  3. What was asked between the backup and its restoring is not in this database. Compare with what people remember.
  4. A lead resumes sending, on the page Sending."""


class Command(BaseCommand):
    help = "To be run after a backup was restored: freezes sending and puts every active request before a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask before the requests are moved")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        is_new = freezing.freeze(Freeze.Cause.RESTORE, now=now, reason=BACKUP)
        self.stdout.write("Sending is frozen." if is_new else "Sending was frozen already.")
        if not options["yes"] and not self._agreed():
            raise CommandError("The requests are as they were, and sending stays frozen.")
        moved = restoring.put_all_before_a_person(now)
        for state, count in sorted(moved.items()):
            self.stdout.write(f"{count:>6}  {WORDS[State(state)]} → {WORDS[State.NEEDS_REVIEW]}")
        if not moved:
            self.stdout.write("No request was under way.")
        self.stdout.write(AFTERWARDS)

    def _agreed(self) -> bool:
        try:
            return input(QUESTION).strip().lower() == "yes"
        except EOFError:
            raise CommandError("Nobody is there to ask: say --yes. Sending stays frozen.") from None
        except KeyboardInterrupt:
            return False
