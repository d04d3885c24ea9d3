"""The one place where the sandbox reads the time, so that a test can move it."""

from datetime import UTC, datetime, timedelta

FARTHEST = timedelta(days=3650)


class Clock:
    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        """The moment it is in the sandbox, in UTC."""
        return datetime.now(UTC) + self.ahead

    def move(self, ahead: timedelta) -> None:
        """Only forward: what has happened stays. Raises ValueError with a plain sentence."""
        if ahead < self.ahead:
            raise ValueError(
                f"The clock only goes forward; it is {self.ahead.total_seconds():g} s ahead now."
            )
        if ahead > FARTHEST:
            raise ValueError(f"The clock goes no further than {FARTHEST.days} days ahead.")
        self.ahead = ahead
