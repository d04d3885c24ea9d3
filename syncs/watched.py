"""Whose page is open right now. It stands in Redis, not in a row: a poll never writes to the database.

By Redis's own clock, since whoever notes it and whoever asks may be on different hosts.
"""

import logging
import time

from redis import Redis, RedisError

from syncs.clients import impatient_redis

logger = logging.getLogger(__name__)

KEY = "syncdesk:watched"
# Pages poll at least so often, give or take; a tab that is hidden stops, and is forgotten.
FORGOTTEN_AFTER = 40
# A page does not wait for a Redis that is down, and the next ones do not even ask it.
GIVE_UP_FOR = 10.0

NOTE = """
redis.call('ZADD', KEYS[1], redis.call('TIME')[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], 2 * ARGV[2])
"""
LATELY = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', redis.call('TIME')[1] - ARGV[1])
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""

_silent_until = 0.0


def note(pk: int) -> None:
    """Somebody has this merchant's page open. Nothing is lost where Redis is down: it is asked when it is due."""
    global _silent_until  # noqa: PLW0603
    if time.monotonic() < _silent_until:
        return
    try:
        impatient_redis().eval(NOTE, 1, KEY, str(pk), str(FORGOTTEN_AFTER))
    except (RedisError, OSError) as error:
        _silent_until = time.monotonic() + GIVE_UP_FOR
        logger.warning("nobody is told whose page is open: %s", type(error).__name__)


def merchants(redis: "Redis") -> list[int]:
    """Those whose pages polled lately."""
    pks: list[bytes] = redis.eval(LATELY, 1, KEY, str(FORGOTTEN_AFTER))
    return [int(pk) for pk in pks]
