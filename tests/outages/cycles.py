"""Presses before, during and after one outage of each kind, and how each of them ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.outages.house import ACTIVE, ENDED, NEVER_RAN, House, Press

# The promise.
RESUMES_WITHIN = 120.0
# For Codat to finish, and for the clock's looks at what is uncertain.
ENDS_WITHIN = 240.0
QUEUES = ("sending", "refreshing")


@dataclass
class Outcome:
    """Of one cycle, or of several together."""

    presses: int = 0
    twice: int = 0
    lost: int = 0
    stuck: int = 0
    uncertain: int = 0
    untrue: int = 0
    """Said not to have run, and ran."""
    late: int = 0
    resumed: float = 0.0
    """Seconds from the end of the outage to the last press sent and the last queue taken from; the worst one."""
    page: float = 0.0
    """Seconds that a person waited for a press; the worst one."""
    said: list[str] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        return bool(self.twice or self.lost or self.stuck or self.untrue or self.late)

    def __add__(self, other: "Outcome") -> "Outcome":
        sums = {name: getattr(self, name) + getattr(other, name) for name in SUMS}
        return Outcome(**sums, resumed=max(self.resumed, other.resumed), page=max(self.page, other.page))


SUMS = ("presses", "twice", "lost", "stuck", "uncertain", "untrue", "late", "said")


class Cycle:
    """`seconds` is how long the queue is away, where it is away at all."""

    def __init__(self, house: House, seconds: float) -> None:
        self._house, self._broker, self._seconds = house, house.broker, seconds
        self._presses: list[Press] = []

    def through(self, outage: Callable[["Cycle"], None]) -> Outcome:
        self._press(2)
        outage(self)
        over, began = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00", time.monotonic()
        self._press(2)
        resumed = self._wait(lambda: self._are_sent() and self._take(over), RESUMES_WITHIN, began)
        self._wait(lambda: not self._left(ACTIVE), ENDS_WITHIN, began)
        return self._outcome(resumed)

    def killed(self) -> None:
        """While the workers hold many messages, each of them doubled often."""
        with self._house.senders_stopped():
            self._press(2)
            self._broker.double("sending")
        time.sleep(self._house.dice.uniform(0, 0.5))
        self._broker.kill()
        self._press(1)
        self._broker.start()

    def refused(self) -> None:
        """The port is closed for long, so that the slow path sends; what comes back knows nothing of it."""
        self._broker.kill()
        self._press_during()
        self._broker.start()

    def emptied(self) -> None:
        self._press(2)
        self._broker.empty()

    def stopped(self) -> None:
        self._broker.stop()
        self._press_during()
        self._broker.go_on()

    def full(self) -> None:
        self._broker.fill()
        self._press_during()
        self._broker.make_room()

    def replayed(self) -> None:
        """Messages that were taken and done come again, of requests that have ended and of some under way."""
        with self._house.senders_stopped():
            self._press(2)
            self._broker.keep_copy()
        self._house.panel.wait_until(lambda: not self._left({"queued"}), RESUMES_WITHIN)
        self._broker.kill()
        self._broker.put_back_copy()
        self._broker.start()
        assert self._broker.waiting("sending") or not self._left({"queued"})

    def _press(self, count: int) -> None:
        self._presses += [self._house.press() for _ in range(count)]

    def _press_during(self) -> None:
        began = time.monotonic()
        self._press(2)
        time.sleep(max(0.0, self._seconds - (time.monotonic() - began)))

    def _are_sent(self) -> bool:
        return not self._left({"queued", "sending"})

    def _take(self, since: str) -> bool:
        return all(self._house.takes_from(queue, since) for queue in QUEUES)

    def _left(self, states: set[str]) -> list[Press]:
        rows = self._house.rows()
        return [press for press in self._presses if press.token in rows and rows[press.token].state in states]

    def _wait(self, true: Callable[[], bool], seconds: float, began: float) -> float:
        """How long it took; more than the bound where it never came."""
        while not true() and time.monotonic() < began + seconds:
            time.sleep(0.25)
        return time.monotonic() - began

    def _outcome(self, resumed: float) -> Outcome:
        rows = self._house.rows()
        found = Outcome(len(self._presses), resumed=resumed, late=int(resumed > RESUMES_WITHIN))
        found.page = max(press.took for press in self._presses)
        for press in self._presses:
            row = rows.get(press.token)
            found.twice += row is not None and row.posts > 1
            found.lost += row is None or (row.state in {*ENDED, *NEVER_RAN} and row.posts == 0)
            found.untrue += row is not None and row.state in NEVER_RAN and row.posts > 0
            found.stuck += row is not None and row.state in ACTIVE - {"uncertain"}
            found.uncertain += row is not None and row.state in {"uncertain", "needs_review"}
            if row is None or row.state not in ENDED or row.posts != 1:
                found.said.append(f"press {press.token}: {row}")
        return found


KINDS: dict[str, Callable[[Cycle], None]] = {
    "killed": Cycle.killed,
    "refused": Cycle.refused,
    "emptied": Cycle.emptied,
    "stopped": Cycle.stopped,
    "full": Cycle.full,
    "replayed": Cycle.replayed,
}
