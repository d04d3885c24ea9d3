"""Guessed passwords: how many a name and an address may have before sign-in pauses, and for how long.

django-axes keeps the record and asks for the limit; it knows only one limit for all that it counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

# For one name from one address: a stranger can lock a colleague out nowhere else, nor a whole office by one name.
TRIES = 5
# For all names from one address: far more than an office mistypes, far fewer than guessing through the names takes.
TRIES_FROM_ADDRESS = 50
PAUSE = get_cool_off()

Tries = QuerySet[AccessAttempt]


@dataclass(frozen=True)
class Pause:
    until: datetime
    for_all_names: bool


def limit(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> int:
    """What django-axes compares the pair's wrong passwords with: none is left once the address has had its fill."""
    everything = _recent(counted_address(request))
    return TRIES if _failures(everything) < TRIES_FROM_ADDRESS else 0


def counted_address(request: HttpRequest | None) -> str | None:
    """As django-axes found it."""
    return getattr(request, "axes_ip_address", None)


def tries_left(name: str, address: str | None) -> int:
    return max(0, min(most - _failures(tries) for tries, most in _counted(name, address)))


def pause(name: str, address: str | None) -> Pause:
    """When sign-in goes on for this name from this address."""
    until = [_forgotten(tries, most) for tries, most in _counted(name, address)]
    return Pause(max(until), for_all_names=_failures(_recent(address)) >= TRIES_FROM_ADDRESS)


def _counted(name: str, address: str | None) -> Iterator[tuple[Tries, int]]:
    everything = _recent(address)
    yield everything.filter(username=name), TRIES
    yield everything, TRIES_FROM_ADDRESS


def _recent(address: str | None) -> Tries:
    tries: Tries = AccessAttempt.objects.filter(ip_address=address)
    return tries.filter(attempt_time__gte=timezone.now() - PAUSE)


def _failures(tries: Tries) -> int:
    return tries.aggregate(sum=Sum("failures_since_start"))["sum"] or 0


def _forgotten(tries: Tries, most: int) -> datetime:
    """When so many are forgotten, oldest first, that fewer than the most remain."""
    until, left = timezone.now(), _failures(tries)
    for at, failures in tries.order_by("attempt_time").values_list("attempt_time", "failures_since_start"):
        if left < most:
            break
        until, left = at + PAUSE, left - failures
    return until
