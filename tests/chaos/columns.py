"""After the last death: what the pages read is what the stored syncs make of it, by the product's own command."""

import io

from django.core.management import call_command

from syncs.models import Merchant
from tests.chaos.judge import Verdict

MOST_TOLD = 20


def compare() -> Verdict:
    found, said = Verdict(), io.StringIO()
    # What merchants.py loaded and no worker has looked at since is not of the product's making.
    Merchant.objects.filter(last_days_end=None, syncs=None).update(refreshed_at=None)
    try:
        call_command("rebuild_health", check=True, stdout=said)
    except SystemExit:
        for line in said.getvalue().splitlines()[:MOST_TOLD]:
            found.add("columns", line.strip())
    return found
