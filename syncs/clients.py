"""The one Codat client and the one Redis client of a process, made from the settings when first needed."""

from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis import Redis

from syncs.codat.budget import Budget, LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.shared_budget import SharedBudget

# Calls a minute while Redis is gone and nobody can tell what the others spend.
SLOW_PATH_CALLS = 30


@cache
def redis_client() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


@cache
def shared_budget() -> SharedBudget:
    return SharedBudget(redis_client(), per_minute=settings.CODAT_CALLS_PER_MINUTE)


@cache
def codat_client() -> CodatClient:
    return _client(shared_budget())


@cache
def slow_path_client() -> CodatClient:
    """For the clock alone, when Redis is gone: a small budget of its own."""
    return _client(LocalBudget(per_minute=SLOW_PATH_CALLS))


def _client(budget: Budget) -> CodatClient:
    if not settings.CODAT_API_KEY:
        raise ImproperlyConfigured("CODAT_API_KEY is not set. See README, “Connecting a real Codat account”.")
    return CodatClient(
        base_url=settings.CODAT_API_URL,
        api_key=settings.CODAT_API_KEY,
        budget=budget,
        use_env_proxies=settings.CODAT_USE_ENV_PROXIES,
    )
