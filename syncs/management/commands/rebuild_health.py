import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from syncs.management.interrupting import ending_in_order
from syncs.models import Merchant
from syncs.operations.health import HISTORY
from syncs.operations.rebuilding import rebuild


class Command(BaseCommand):
    help = (
        "Makes every merchant's health columns and days anew from its stored syncs, and tells each difference."
        " Exit code 1 when there was one. Safe beside everything that runs, to repeat and to interrupt."
        f" Not compared, because the stored syncs do not tell them: days more than {HISTORY.days} days ago, a"
        " merchant's usual time, since when one that never succeeded is silent, and who was never looked at."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="tell the differences and change nothing")

    def handle(self, *, check: bool, **options: Any) -> None:
        merchants = differing = 0
        try:
            with ending_in_order():
                for pk in Merchant.objects.order_by("pk").values_list("pk", flat=True):
                    merchants += 1
                    differing += self._differs(pk, check=check)
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted after {merchants:,} merchants.") from None
        put_right = ", put right" if differing and not check else ""
        self.stdout.write(f"Merchants compared: {merchants:,}. Different: {differing:,}{put_right}.")
        if differing:
            sys.exit(1)

    def _differs(self, pk: int, *, check: bool) -> bool:
        began = time.monotonic()
        found = rebuild(pk, timezone.now(), check=check)
        if found:
            # Only who differs was locked. On SQLite nobody else wrote meanwhile: as long a turn for them.
            time.sleep(time.monotonic() - began)
            merchant = Merchant.objects.only("name", "company_id").get(pk=pk)
            self.stdout.write(f"{merchant.name} ({merchant.company_id})")
        for difference in found:
            self.stdout.write(f"  {difference}")
        return bool(found)
