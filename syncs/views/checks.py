"""Answers for whoever watches the panel from outside: is this process alive, and can the house do its work."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from syncs import meter, pulse, triggers
from syncs.codat.budget import BudgetState
from syncs.codat.shared_budget import SharedBudget
from syncs.context_processors import told_wrong
from syncs.operations import api_key, freezing, heartbeats, host_time, pauses

PARTS = {
    "clock": "The clock",
    "worker sending": "A worker for the queue “sending”",
    "worker refreshing": "A worker for the queue “refreshing”",
}
CALLS = "calls to Codat"
API_KEY = "Codat's API key"
SENDING = "sending"
TIME, HOSTS = "time of this host", "time of the hosts"
BUDGET = "budget of calls"
FINE = "fine"
KEPT = "what is left is kept for sync requests"


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """This process lives; asks nobody."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether every part of the house works, and in words what does not; 503 when something does not."""
    checks = dict(_checks())
    # Said, but no fault of this house: another one could do no better.
    said = {CALLS, API_KEY, SENDING, BUDGET, HOSTS}
    ready = all(verdict == FINE for part, verdict in checks.items() if part not in said)
    layout = {"indent": 2, "ensure_ascii": False}
    return JsonResponse(
        {"ready": ready, "checks": checks}, status=200 if ready else 503, json_dumps_params=layout
    )


def _checks() -> Iterator[tuple[str, str]]:
    """The words of an exception stay here: they may hold an address with a password."""
    once = Retry(NoBackoff(), 0)
    with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, retry=once) as redis:
        yield "broker", (broker := _broker(redis))
        yield BUDGET, _budget(redis) if broker == FINE else meter.GONE
    try:
        yield "migrations", _migrations()
        yield "guards", _guards()
        signs = heartbeats.signs(timezone.now())
        for part, words in PARTS.items():
            yield part, _verdict(part, words, signs)
        yield TIME, _time()
        yield HOSTS, _hosts(signs)
        yield CALLS, _calls(signs)
        yield API_KEY, _api_key(signs)
        yield SENDING, _sending()
        yield "database", FINE
    except DatabaseError as error:
        yield "database", f"The database does not answer ({type(error).__name__})."


def _sending() -> str:
    """Anybody may read this, so why a person froze it stays here."""
    stops = freezing.standing()
    return f"Frozen since {_at(min(stop.since for stop in stops))}." if stops else FINE


def _broker(redis: Redis) -> str:
    try:
        redis.ping()
    except RedisError as error:
        return f"The queue (Redis) does not answer ({type(error).__name__}). {heartbeats.WITHOUT_A_QUEUE}"
    return FINE


def _budget(redis: Redis) -> str:
    state = SharedBudget(redis, per_minute=settings.CODAT_CALLS_PER_MINUTE).state()
    if not state.reachable:
        return meter.GONE
    pace = f"{state.last_minute:,} of {state.per_minute:,} calls in the last minute"
    return f"{_stop(state)}{pace}; {_day(state)}."


def _stop(state: BudgetState) -> str:
    if state.stopped_until:
        return f"Paused until {_at(state.stopped_until)} at the latest; "
    if state.kept_until:
        return f"Refreshing has stopped until {_at(state.kept_until)} at the latest: {KEPT}; "
    return f"{FINE}: "


def _day(state: BudgetState) -> str:
    if state.remaining is None or state.resets_at is None:
        return "what is left today is not known"
    of = "" if state.limit is None else f" of {state.limit:,}"
    return f"{state.remaining:,}{of} left today, until {_at(state.resets_at)}"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"Not applied: {len(missing)} of the migrations. Run: manage.py migrate" if missing else FINE


def _guards() -> str:
    missing = ", ".join([*triggers.missing(), *pulse.missing()])
    return f"Missing in the database: {missing}. Run: manage.py migrate" if missing else FINE


def _verdict(part: str, words: str, signs: heartbeats.Signs) -> str:
    if busy := signs.busy.get(part):
        return f"All workers have been busy since {_at(busy)}."
    if part not in signs.silent:
        return FINE
    last = signs.silent[part]
    return f"{words} has not reported since {_at(last)}." if last else f"{words} has never reported."


def _time() -> str:
    ahead = host_time.ahead()
    return FINE if host_time.is_right(ahead) else f"{told_wrong('This host', ahead)} NTP has to put it right."


def _hosts(signs: heartbeats.Signs) -> str:
    wrong = host_time.wrong(signs.seen, signs.now)
    told = " ".join(told_wrong(host, ahead) for host, ahead in wrong.items())
    return f"{told} It hands out nothing to refresh." if told else FINE


def _calls(signs: heartbeats.Signs) -> str:
    pause, kept = pauses.shown(signs.seen), pauses.kept(signs.seen)
    if pause and signs.now < pause.until:
        return f"Paused since {_at(pause.since)}, until {_at(pause.until)} at the latest, as Codat asked."
    if kept and signs.now < kept.until:
        since, until = _at(kept.since), _at(kept.until)
        return f"Refreshing has stood still since {since}, until {until} at the latest: {KEPT}."
    return FINE


def _api_key(signs: heartbeats.Signs) -> str:
    since = api_key.refused_since(signs.seen)
    return f"Not accepted by Codat since {_at(since)}. {api_key.UNTIL_PUT_RIGHT}" if since else FINE


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d %b, %H:%M:%S %Z}"
