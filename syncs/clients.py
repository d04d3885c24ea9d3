"""The one Codat client and the one Redis client of a process, made from the settings when first needed."""

from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from syncs.codat.client import CodatClient
from syncs.codat.lone_budget import LoneBudget
from syncs.codat.shared_budget import SharedBudget
from syncs.operations import pauses

# Calls a minute while Redis is gone and nobody can tell what the others spend.
SLOW_PATH_CALLS = 30
# Seconds for a whole call there: one hand works for everybody.
SLOW_PATH_DEADLINE = 25.0
# Seconds for which a call waits there in one go until it is its turn, which three calls before it put off.
SLOW_PATH_TURN = 10.0
# Seconds that a page may wait for Codat, and hold one of the web server's few threads.
PAGE_DEADLINE = 15.0


@cache
def redis_client() -> Redis:
    once_more = Retry(NoBackoff(), 1)
    return Redis.from_url(settings.REDIS_URL, retry=once_more, socket_timeout=2, socket_connect_timeout=2)


@cache
def impatient_redis() -> Redis:
    """For pages, which are as fast without it."""
    never_again = Retry(NoBackoff(), 0)
    return Redis.from_url(
        settings.REDIS_URL, retry=never_again, socket_timeout=0.2, socket_connect_timeout=0.2
    )


@cache
def shared_budget() -> SharedBudget:
    return SharedBudget(redis_client(), per_minute=settings.CODAT_CALLS_PER_MINUTE)


@cache
def impatient_budget() -> SharedBudget:
    """For pages, which only look at it."""
    return SharedBudget(impatient_redis(), per_minute=settings.CODAT_CALLS_PER_MINUTE)


@cache
def codat_client() -> CodatClient:
    return CodatClient(**_account(), budget=shared_budget())


@cache
def impatient_client() -> CodatClient:
    """For the one page on which a person asks Codat and waits."""
    return CodatClient(
        **_account(), budget=shared_budget(), read_timeout=PAGE_DEADLINE, deadline=PAGE_DEADLINE
    )


@cache
def slow_path_budget() -> LoneBudget:
    return LoneBudget(per_minute=SLOW_PATH_CALLS, of_others=pauses.of_others)


@cache
def slow_path_client() -> CodatClient:
    """For the clock alone, when Redis is gone: a small budget of its own."""
    return CodatClient(
        **_account(),
        budget=slow_path_budget(),
        read_timeout=SLOW_PATH_DEADLINE,
        deadline=SLOW_PATH_DEADLINE,
        longest_turn=SLOW_PATH_TURN,
    )


def _account() -> dict[str, Any]:
    if not settings.CODAT_API_KEY:
        raise ImproperlyConfigured("CODAT_API_KEY is not set. See README, “Connecting a real Codat account”.")
    return {
        "base_url": settings.CODAT_API_URL,
        "api_key": settings.CODAT_API_KEY,
        "use_env_proxies": settings.CODAT_USE_ENV_PROXIES,
    }
