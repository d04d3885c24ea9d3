"""The budget of all workers on all hosts, in Redis: one script, so no two takers see the same state."""

import logging
from datetime import UTC, datetime
from typing import Any, Self

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from syncs.codat.budget import PROBE_EVERY, PROBE_TAKES, BudgetState, Pace, Purpose, refusal
from syncs.codat.crowd import LEASE, TRY_AGAIN, Place
from syncs.codat.errors import LONGEST_WAIT, Later, sane_wait
from syncs.codat.minutes import Minutes
from syncs.codat.quota import Quota, next_midnight

log = logging.getLogger("syncs.codat")

KEY = "syncdesk:budget:state"
# For each company, the places that are taken, by when they are free again at the latest.
CROWD = "syncdesk:budget:at-once:"
KEPT_FOR = 2 * 24 * 3600
GONE = "Redis does not answer, so nobody knows how many calls to Codat are left; no call is made."
RETRY_WHEN_GONE = 10.0
PATIENCE = 2.0
ASKED_LATELY = 10.0

# Times are whole microseconds of Redis's own clock, so the clocks of the hosts need not agree.
CLOCK = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function whole(number) return string.format('%.0f', number) end
local function put(...)
  redis.call('HSET', KEYS[1], ...)
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
"""

TAKE = (
    CLOCK
    + """
local interval, tolerance, furthest = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local floor, probe, longest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local takes, may_probe, calls = tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10])
local crowd, token, room, lease = KEYS[2], ARGV[11], tonumber(ARGV[12]), tonumber(ARGV[13])
local state = redis.call(
  'HMGET', KEYS[1], 'next', 'paused_until', 'remaining', 'resets_at', 'asked_at', 'is_asking',
  'minute', 'calls', 'before')
local paused, remaining = (tonumber(state[2]) or 0) - now, tonumber(state[3])
if paused > longest then paused = 0 end
local spent = remaining and remaining <= floor and (tonumber(state[4]) or 0) > now
local stopped = paused > 0 and 'paused' or spent and 'quota'
if stopped then
  local since = math.max(now - (tonumber(state[5]) or 0), 0)
  local wait = (state[6] == '1' and since < takes and takes or probe) - since
  if not spent then wait = math.min(wait, paused) end
  if wait > 0 or not may_probe then return {stopped, whole(wait)} end
end
local due = tonumber(state[1]) or 0
if due < now or due > now + furthest then due = now end
if calls > 0 and due - now > tolerance then return {'pace', whole(due - now - tolerance)} end
if crowd then
  redis.call('ZREMRANGEBYSCORE', crowd, '-inf', whole(now))
  redis.call('ZREMRANGEBYSCORE', crowd, '(' .. whole(now + lease), '+inf')
  if redis.call('ZCARD', crowd) >= room then return {'crowd', ARGV[14]} end
  redis.call('ZADD', crowd, whole(now + lease), token)
  redis.call('PEXPIRE', crowd, whole(lease / 1000))
end
local minute, last = math.floor(now / 60000000), tonumber(state[7]) or 0
local made, before = tonumber(state[8]) or 0, tonumber(state[9]) or 0
if last ~= minute then made, before = 0, last == minute - 1 and made or 0 end
put('next', whole(due + calls * interval),
  'minute', whole(minute), 'calls', whole(made + calls), 'before', whole(before))
if stopped then put('asked_at', whole(now), 'is_asking', '1') end
return {stopped and 'probe' or 'go', '0'}
"""
)

HEARD = (
    CLOCK
    + """
if KEYS[2] then redis.call('ZREM', KEYS[2], ARGV[2]) end
if #ARGV < 3 then return end
redis.call('HDEL', KEYS[1], 'limit', 'remaining')
for i = 3, #ARGV, 2 do put(ARGV[i], ARGV[i + 1]) end
put('asked_at', whole(now), 'is_asking', '0')
"""
)

SLOW_DOWN = (
    CLOCK
    + """
local paused = tonumber(redis.call('HGET', KEYS[1], 'paused_until')) or 0
if paused > now + tonumber(ARGV[3]) then paused = 0 end
put('paused_until', whole(math.max(paused, now + tonumber(ARGV[2]))), 'asked_at', whole(now), 'is_asking', '0')
"""
)

# A pause of up to a minute is kept to the letter, and who is asked just now need not be asked again.
ASK_SOON = (
    CLOCK
    + """
local state = redis.call('HMGET', KEYS[1], 'paused_until', 'asked_at')
local paused, since = (tonumber(state[1]) or 0) - now, now - (tonumber(state[2]) or 0)
if paused > 0 and paused <= tonumber(ARGV[2]) or since < tonumber(ARGV[3]) then return end
redis.call('HDEL', KEYS[1], 'asked_at', 'is_asking')
"""
)

RESUME = """
redis.call('HDEL', KEYS[1], 'paused_until')
if redis.call('HGET', KEYS[1], 'remaining') == '0' then redis.call('HDEL', KEYS[1], 'remaining') end
"""

STATE = """
local time = redis.call('TIME')
local state = redis.call(
  'HMGET', KEYS[1], 'limit', 'remaining', 'resets_at', 'paused_until', 'minute', 'calls', 'before')
return {time[1] .. string.format('%06d', tonumber(time[2])), unpack(state, 1, 7)}
"""


class SharedBudget:
    """Made by `from_url`, or from a Redis client with short timeouts and few retries: workers wait for it.

    When Redis is gone, `take` raises Later for sends as for reads: whether a send may go all the same is the
    sender's decision, who knows how few it makes.
    """

    def __init__(self, redis_client: Redis, per_minute: int = 800, *, reserve: int = 100) -> None:
        self._pace = Pace(per_minute=per_minute, reserve=reserve)
        self._take = redis_client.register_script(TAKE)
        self._heard = redis_client.register_script(HEARD)
        self._slow_down = redis_client.register_script(SLOW_DOWN)
        self._ask_soon = redis_client.register_script(ASK_SOON)
        self._resume = redis_client.register_script(RESUME)
        self._state = redis_client.register_script(STATE)

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
            raise refusal(reason, wait / 1e6)
        return reason == "probe"

    def heard(self, quota: Quota, left: Place | None = None) -> None:
        if quota.is_silent:
            if left:
                self._ask(self._heard, _token(left), place=left)
            return
        reset = quota.resets_at or next_midnight(datetime.now(UTC))
        news = {"limit": quota.limit, "remaining": quota.remaining, "resets_at": _micros(reset.timestamp())}
        known = [part for name, count in news.items() if count is not None for part in (name, count)]
        self._ask(self._heard, _token(left), *known, place=left)

    def slow_down(self, seconds: float) -> None:
        self._ask(self._slow_down, _micros(sane_wait(seconds)), _micros(LONGEST_WAIT))

    def ask_soon(self) -> None:
        """The limits are said to have changed: the next read asks whether the pause still holds."""
        self._ask(self._ask_soon, _micros(PROBE_EVERY), _micros(ASKED_LATELY))

    def resume(self) -> None:
        self._ask(self._resume)

    def state(self) -> BudgetState:
        answer = self._ask(self._state)
        if answer is None:
            return BudgetState(None, None, None, None, self._pace.per_minute, reachable=False)
        told = (None if part is None else int(part) for part in answer)
        now, limit, remaining, resets, paused, *minutes = told
        today = resets is not None and now is not None and resets > now
        return BudgetState(
            limit=limit,
            remaining=remaining if today else None,
            resets_at=_moment(resets) if today else None,
            paused_until=_moment(paused) if paused and now and paused > now else None,
            per_minute=self._pace.per_minute,
            last_minute=Minutes(*(count or 0 for count in minutes)).last((now or 0) / 1e6),
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


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else datetime.fromtimestamp(micros / 1_000_000, UTC)


def _token(place: Place | None) -> str:
    return place.token if place else ""


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
