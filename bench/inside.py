"""What the product's own code does for a measurement, in a process of its own in which Django is set up."""

import os
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import asking
from syncs.operations.refresh import refresh

HANDS = 8


def main() -> None:
    step, count = sys.argv[1:]
    {"look-at": look_at, "ask-for-many": ask_for_many}[step](int(count))


def look_at(count: int) -> None:
    """So many merchants' first looks, past the desk's limit: what a new desk does in its first hour."""
    pks = list(Merchant.objects.registered().order_by("pk").values_list("pk", flat=True)[:count])
    connection.close()
    # Two processes: one would use one core.
    children = [_looking_at(pks[part::2]) for part in range(2)]
    if any(os.waitpid(pid, 0)[1] for pid in children):
        sys.exit("Not every merchant could be looked at.")


def _looking_at(pks: list[int]) -> int:
    """The pid of a process that does it."""
    if pid := os.fork():
        return pid
    budget = LocalBudget(per_minute=600_000)
    client = CodatClient(base_url=settings.CODAT_API_URL, api_key=settings.CODAT_API_KEY, budget=budget)
    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(lambda pk: refresh(pk, client), pks))
    os._exit(0)


def ask_for_many(count: int) -> None:
    """A bulk of "sync latest", asked for as one press after another, and of a lower priority than a press."""
    by, bulk, asked = User.objects.get(username="lead"), uuid.uuid4(), 0
    for merchant in Merchant.objects.registered().prefetch_related("connections").order_by("-pk"):
        if asked == count:
            return
        wish = asking.Ask(
            "latest", None, None, "A bulk", uuid.uuid4(), override_reason="Measured", books_confirmed=True
        )
        try:
            with transaction.atomic():
                row = asking.ask(merchant, wish, by=by, now=timezone.now()).request
                SyncRequest.objects.filter(pk=row.pk).update(priority=-1, bulk=bulk)
        except asking.NotPossible:
            continue
        asked += 1
    if asked < count:
        sys.exit(f"Only {asked} of {count} merchants can be asked for; take more --merchants.")
