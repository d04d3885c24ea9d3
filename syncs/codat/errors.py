"""What may come from Codat besides an answer: four errors, each saying what its caller should do."""

SHORTEST_WAIT = 1.0
LONGEST_WAIT = 3600.0
# Whoever was told to wait longer comes back and asks the budget: it holds the pause for all, and knows when it ended.
LONGEST_ABSENCE = 300.0


class CodatError(Exception):
    """A call that brought no usable answer; `message` is a plain sentence for a log or a page."""

    def __init__(
        self, message: str, *, http_status: int | None = None, correlation_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.correlation_id = correlation_id

    @property
    def is_ours(self) -> bool:
        """Our own budget held the call back: Codat was not asked at all."""
        return False


class NotSent(CodatError):
    """No byte of the request left us: the same request may be sent again."""


class Refused(CodatError):
    """Codat's definite no: nothing was started, and asking again as it is will not help."""


class Later(CodatError):
    """Not done now and surely not applied: ask again after `retry_after` seconds (1 to 3600)."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float = 60.0,
        http_status: int | None = None,
        correlation_id: str | None = None,
    ) -> None:
        super().__init__(message, http_status=http_status, correlation_id=correlation_id)
        self.retry_after = sane_wait(retry_after)

    @property
    def is_ours(self) -> bool:
        return self.http_status is None

    @property
    def come_back_after(self) -> float:
        """Seconds. Whether the time is up by then, the budget knows."""
        return min(self.retry_after, LONGEST_ABSENCE)


class Uncertain(CodatError):
    """The request may have had its effect: look before anything is sent again."""


def sane_wait(seconds: float) -> float:
    """Seconds to wait, never so few that callers spin nor so many that they are forgotten."""
    return max(SHORTEST_WAIT, min(LONGEST_WAIT, seconds))
