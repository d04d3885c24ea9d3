"""How long the syncs that were asked for here took, from the POST to the result."""

from collections import defaultdict
from collections.abc import Collection
from datetime import timedelta
from math import ceil

from django.db.models import QuerySet

from syncs.models import Attempt
from syncs.rules.states import RAN

# Fewer say nothing about what is usual; older ones nothing about now.
ENOUGH, NEWEST, NEWEST_OF_ALL = 3, 10, 200


def of_each(merchants: Collection[int]) -> dict[int, list[timedelta]]:
    """By merchant, its newest ones. One query; none for none."""
    return _by_merchant(_ended().filter(request__merchant__in=merchants)) if merchants else {}


def of_most(merchants: Collection[int]) -> timedelta | None:
    """Nine of ten of their newest runs took no longer; of anybody's, where these had too few. None where all had."""
    if not merchants:
        return None
    for lengths in (of_each(merchants), _by_merchant(_ended())):
        found = sorted(length for own in lengths.values() for length in own)
        if len(found) >= ENOUGH:
            return found[ceil(len(found) * 9 / 10) - 1]
    return None


def _ended() -> QuerySet[Attempt]:
    accepted = Attempt.objects.filter(outcome=Attempt.Outcome.ACCEPTED, request__state__in=RAN)
    return accepted.order_by("-pk")


def _by_merchant(ended: QuerySet[Attempt]) -> dict[int, list[timedelta]]:
    took: dict[int, list[timedelta]] = defaultdict(list)
    told = ended.values_list("request__merchant", "started_at", "request__finished_at")
    for merchant, sent, finished in told[:NEWEST_OF_ALL]:
        if finished and len(took[merchant]) < NEWEST:
            took[merchant].append(finished - sent)
    return took
