"""Whether and when a read is tried again. Writes never are."""

import random
import time
from dataclasses import dataclass

from syncs.codat.errors import CodatError, Later
from syncs.codat.transport import Answer, Broken
from syncs.codat.verdicts import asked_wait

TRIES = 5
# Longer waits are the caller's: a worker must not sleep them through.
LONGEST_SLEEP = 3.0


@dataclass(frozen=True)
class Retrying:
    """`deadline` is a moment of time.monotonic(), `backoff` the first pause in seconds."""

    deadline: float
    backoff: float

    def pause(self, outcome: Answer | Broken, attempt: int) -> float | None:
        """Seconds until the next try, or None when there is to be none."""
        if attempt >= TRIES or not _may_pass(outcome):
            return None
        asked = asked_wait(outcome) if isinstance(outcome, Answer) else None
        if (asked is None and _status(outcome) == 429) or (asked or 0) > LONGEST_SLEEP:
            return None
        grown = self.backoff * 1.5 ** (attempt - 1)
        pause = (grown if asked is None else asked) + random.uniform(0, grown)  # noqa: S311
        return pause if time.monotonic() + pause < self.deadline else None


def with_wait(error: CodatError, outcome: Answer | Broken) -> CodatError:
    """A failed read changed nothing, so where Codat names a time to come back, that is all there is to it."""
    asked = asked_wait(outcome) if isinstance(outcome, Answer) and _may_pass(outcome) else None
    if asked is None:
        return error
    return Later(
        error.message, retry_after=asked, http_status=error.http_status, correlation_id=error.correlation_id
    )


def _may_pass(outcome: Answer | Broken) -> bool:
    if isinstance(outcome, Broken):
        return outcome.again
    return outcome.status in {408, 429} or outcome.status >= 500


def _status(outcome: Answer | Broken) -> int | None:
    return outcome.status if isinstance(outcome, Answer) else None
