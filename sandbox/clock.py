"""The one place where the sandbox reads the time, so that a test can move it."""

from datetime import UTC, datetime, timedelta


class Clock:
    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        """The moment it is in the sandbox, in UTC."""
        return datetime.now(UTC) + self.ahead
