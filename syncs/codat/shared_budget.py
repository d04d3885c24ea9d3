"""The budget of all workers on all hosts, in Redis: one script, so no two takers see the same state."""

import logging
from datetime import UTC, datetime
from typing import Any, Self

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from syncs.codat import scripts
from syncs.codat.budget import PROBE_EVERY, PROBE_TAKES, BudgetState
from syncs.codat.crowd import LEASE, TRY_AGAIN, Place
from syncs.codat.errors import LONGEST_WAIT, Later, sane_wait
from syncs.codat.minutes import Minutes
from syncs.codat.pace import Pace, Purpose, refusal
from syncs.codat.quota import FURTHEST_RESET, UNSAID, Quota

log = logging.getLogger("syncs.codat")

KEY = "syncdesk:budget:state"
# For each company, the places that are taken, by when they are free again at the latest.
CROWD = "syncdesk:budget:at-once:"
KEPT_FOR = 2 * 24 * 3600
GONE = "Redis does not answer, so nobody knows how many calls to Codat are left; no call is made."
RETRY_WHEN_GONE = 10.0
PATIENCE = 2.0
ASKED_LATELY = 10.0


class SharedBudget:
    """Made by `from_url`, or from a Redis client with short timeouts and few retries: workers wait for it.

    When Redis is gone, `take` raises Later for sends as for reads: whether a send may go all the same is the
    sender's decision, who knows how few it makes.
    """

    def __init__(self, redis_client: Redis, per_minute: int = 800, *, reserve: int = 100) -> None:
        self._pace = Pace(per_minute=per_minute, reserve=reserve)
        self._take = redis_client.register_script(scripts.TAKE)
        self._heard = redis_client.register_script(scripts.HEARD)
        self._slow_down = redis_client.register_script(scripts.SLOW_DOWN)
        self._ask_soon = redis_client.register_script(scripts.ASK_SOON)
        self._resume = redis_client.register_script(scripts.RESUME)
        self._doubt = redis_client.register_script(scripts.DOUBT)
        self._state = redis_client.register_script(scripts.STATE)

    @classmethod
    def from_url(cls, url: str, per_minute: int = 800, *, reserve: int = 100) -> Self:
        once_more = Retry(NoBackoff(), 1)
        timeouts = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        return cls(Redis.from_url(url, retry=once_more, **timeouts), per_minute, reserve=reserve)

    def take(
        self, purpose: Purpose, place: Place | None = None, *, may_probe: bool = True, calls: int = 1
    ) -> bool:
        limits = (*self._limits(purpose), int(may_probe), calls)
        crowd = (_token(place), self._pace.room(purpose), _micros(LEASE), _micros(TRY_AGAIN))
        answer = self._ask(self._take, *limits, *crowd, place=place)
        if answer is None:
            raise Later(GONE, retry_after=RETRY_WHEN_GONE)
        reason, wait = _text(answer[0]), int(answer[1])
        if reason not in {"go", "probe"}:
            raise refusal(reason, wait / 1e6, purpose)
        return reason == "probe"

    def heard(self, quota: Quota, left: Place | None = None) -> None:
        if quota.is_silent:
            if left:
                self._ask(self._heard, _token(left), place=left)
            return
        reset = _micros(quota.resets_at.timestamp()) if quota.resets_at else ""
        news = {"limit": quota.limit, "remaining": quota.remaining}
        known = [part for name, count in news.items() if count is not None for part in (name, count)]
        furthest = _micros(FURTHEST_RESET.total_seconds())
        self._ask(self._heard, _token(left), reset, furthest, *known, place=left)

    def slow_down(self, seconds: float | None) -> None:
        wait = "" if seconds is None else _micros(sane_wait(seconds))
        self._ask(self._slow_down, wait, _micros(LONGEST_WAIT))

    def ask_soon(self) -> None:
        """The limits are said to have changed: the next read asks whether the pause still holds."""
        self._ask(self._ask_soon, _micros(PROBE_EVERY), _micros(ASKED_LATELY))

    def resume(self, told: Quota = UNSAID) -> None:
        limit, left = map(_count, self._ask(self._resume, _micros(LONGEST_WAIT)) or (None, None))
        if Quota(limit, left, None).is_contradicted_by(told):
            self._ask(self._doubt)

    def state(self) -> BudgetState:
        answer = self._ask(self._state, _micros(LONGEST_WAIT))
        if answer is None:
            return BudgetState(None, None, None, None, self._pace.per_minute, reachable=False)
        now, exists, limit, remaining, *times = map(_count, answer)
        resets, paused, doubted, *minutes = (count or 0 for count in times)
        now = now or 0
        is_known = resets > now and (doubted <= now or (remaining or 0) > self._pace.reserve)
        return BudgetState(
            limit=limit,
            remaining=remaining if is_known else None,
            resets_at=_moment(resets) if resets > now else None,
            paused_until=_moment(paused) if paused > now else None,
            per_minute=self._pace.per_minute,
            last_minute=Minutes(*minutes).last(now / 1e6),
            is_blank=not exists,
            reserve=self._pace.reserve,
        )

    def _limits(self, purpose: Purpose) -> tuple[int, ...]:
        pace = self._pace
        seconds = (pace.interval, pace.tolerance(purpose), pace.furthest_ahead)
        return (
            *map(_micros, seconds),
            pace.floor(purpose),
            _micros(PROBE_EVERY),
            _micros(LONGEST_WAIT),
            _micros(PROBE_TAKES),
        )

    def _ask(self, script: Any, *args: int | str, place: Place | None = None) -> Any:
        """The script's answer (True for none), or None when Redis is gone."""
        keys = [KEY, CROWD + place.company] if place else [KEY]
        try:
            answer = script(keys=keys, args=[KEPT_FOR, *args])
        except (RedisError, OSError) as error:
            log.warning("The shared budget could not be reached: %s", type(error).__name__)
            return None
        return True if answer is None else answer


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def _count(part: str | bytes | None) -> int | None:
    return int(part) if part else None


def _token(place: Place | None) -> str:
    return place.token if place else ""


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
