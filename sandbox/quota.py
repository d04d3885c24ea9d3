"""How much a client may ask, and the headers that tell it (Codat docs, rate limits)."""

from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from re import compile as pattern

from sandbox.exchange import TOO_MANY, Refusal, Request
from sandbox.webhooks.announcing import announce_limit
from sandbox.world import World

PER_MINUTE = 1000
"""For each address: Codat's guard against floods. That minutes are those of the clock is our guess."""
AT_ONCE = 10
"""For each active connected company."""
_COMPANY = pattern(r"/companies/([^/]+)")


class Quota:
    """A thousand requests a day, and a thousand more for each active connected company; anew at 00:00 UTC.

    What is spent is not remembered across a restart.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._midnight = datetime.min.replace(tzinfo=UTC)
        self._spent = 0
        self._told = False
        self._minute = 0
        self._by_address: dict[str, int] = {}
        self._in_flight: dict[str, int] = {}

    def enter(self, request: Request) -> None:
        """Count a request that begins; raises Refusal (429). `leave` is to follow in either case."""
        now = self._world.now()
        self._begin_day(now)
        self._in_flight[_pool(request)] = self._in_flight.get(_pool(request), 0) + 1
        self._guard_minute(request.address, now)
        self._guard_crowd(_pool(request), now)
        if self._spent >= self._limit():
            self._announce()
            if self._world.switches.quota == "enforced":
                raise self._refusal(now, self._midnight - now)
        self._spent += 1

    def leave(self, request: Request) -> None:
        """The request is in flight no longer, whatever came of it."""
        left = self._in_flight.pop(_pool(request), 0) - 1
        if left > 0:
            self._in_flight[_pool(request)] = left

    def headers(self) -> dict[str, str]:
        self._begin_day(self._world.now())
        limit = self._limit()
        return {
            "X-Rate-Limit-Limit": str(limit),
            "X-Rate-Limit-Remaining": str(max(limit - self._spent, 0)),
            "X-Rate-Limit-Reset": self._reset(),
        }

    def _limit(self) -> int:
        return 1000 * (1 + self._world.active_companies())

    def _begin_day(self, now: datetime) -> None:
        if now >= self._midnight:
            self._midnight = datetime.combine(now.date() + timedelta(days=1), time(0), UTC)
            self._spent, self._told = 0, False

    def _guard_minute(self, address: str, now: datetime) -> None:
        """While it is off nothing is counted: who turns it on begins with none."""
        if self._world.switches.per_minute != "enforced":
            self._by_address.clear()
            return
        minute = int(now.timestamp()) // 60
        if minute != self._minute:
            self._minute = minute
            self._by_address.clear()
        count = self._by_address[address] = self._by_address.get(address, 0) + 1
        if count > PER_MINUTE:
            raise self._refusal(now, timedelta(seconds=60 - now.timestamp() % 60))

    def _guard_crowd(self, company_id: str, now: datetime) -> None:
        switch = self._world.switches.concurrency
        if switch == "pooled":
            free = AT_ONCE * max(self._world.active_companies(), 1) - sum(self._in_flight.values())
        elif switch == "per_company" and company_id:
            free = AT_ONCE - self._in_flight[company_id]
        else:
            return
        if free < 0:
            raise self._refusal(now, timedelta(0))

    def _announce(self) -> None:
        """Once a day, and that it is over at midnight."""
        if not self._told:
            self._told = True
            announce_limit(self._world, self._limit(), self._midnight)
            self._world.store.commit()

    def _refusal(self, now: datetime, wait: timedelta) -> Refusal:
        return Refusal(429, TOO_MANY, headers=retry_after(now, wait, self._world.switches.retry_after))

    def _reset(self) -> str:
        switch = self._world.switches.reset_header
        if switch == "epoch":
            return str(int(self._midnight.timestamp()))
        if switch == "http_date":
            return format_datetime(self._midnight, usegmt=True)
        return f"{self._midnight:%Y-%m-%dT%H:%M:%SZ}"


def retry_after(now: datetime, wait: timedelta, switch: str) -> dict[str, str]:
    """The header in the form that the switch names; never too early."""
    seconds = int(wait.total_seconds()) + 1
    if switch == "absent":
        return {}
    if switch == "date":
        return {
            "Retry-After": format_datetime(
                now.replace(microsecond=0) + timedelta(seconds=seconds), usegmt=True
            )
        }
    return {"Retry-After": str(seconds)}


def _pool(request: Request) -> str:
    """Requests that name no company are in nobody's ten."""
    found = _COMPANY.search(request.path)
    return found[1].lower() if found else ""
