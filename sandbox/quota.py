"""The daily quota and the headers that tell it (Codat docs, rate limits)."""

from datetime import UTC, date, datetime, time, timedelta

from sandbox.exchange import TOO_MANY, Refusal


class Quota:
    """A thousand requests a day, and a thousand more for each active connected company; anew at 00:00 UTC."""

    def __init__(self, active_companies: int, *, enforced: bool) -> None:
        self._limit = 1000 * (1 + active_companies)
        self._enforced = enforced
        self._day = date.min
        self._spent = 0
        self._reset = ""

    def spend(self, now: datetime) -> None:
        """Count one request; raises Refusal (429) when none is left and the quota is enforced."""
        if now.date() != self._day:
            self._day, self._spent = now.date(), 0
            self._reset = self._next_midnight().strftime("%Y-%m-%dT%H:%M:%SZ")
        if self._enforced and self._spent >= self._limit:
            wait = self._next_midnight() - now
            raise Refusal(429, TOO_MANY, headers={"Retry-After": str(int(wait.total_seconds()) + 1)})
        self._spent += 1

    def headers(self) -> dict[str, str]:
        return {
            "X-Rate-Limit-Limit": str(self._limit),
            "X-Rate-Limit-Remaining": str(max(self._limit - self._spent, 0)),
            "X-Rate-Limit-Reset": self._reset,
        }

    def _next_midnight(self) -> datetime:
        return datetime.combine(self._day + timedelta(days=1), time(0), UTC)
