"""How many requests of a bulk are in which state, in words and as a bar."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from syncs.models import SyncRequest
from syncs.rules.states import State

# Name, word, icon, tone and states of each part, in the order of the bar.
PARTS = (
    ("synced", "Synced", "okfill", "ok", (State.SUCCEEDED, State.SUCCEEDED_EMPTY)),
    ("failed", "Failed", "bad", "bad", (State.FAILED, State.REJECTED)),
    ("unknown", "No answer yet", "ask", "warn", (State.UNCERTAIN, State.NEEDS_REVIEW)),
    ("working", "Codat is working", "run", "run", (State.ACCEPTED, State.SENDING)),
    ("unsent", "Not sent yet", "queue", "mute", (State.QUEUED,)),
    ("ended", "Cancelled or never ran", "cancel", "mute", (State.CANCELLED, State.NOT_RUN)),
)
STATES_OF = {name: [state.value for state in states] for name, _, _, _, states in PARTS}
SAID = {
    "synced": "synced",
    "failed": "failed",
    "unknown": "without an answer",
    "working": "running",
    "unsent": "not sent",
    "ended": "cancelled or never run",
}
NOT_SENT = (State.QUEUED, State.CANCELLED, State.NOT_RUN)


@dataclass(frozen=True)
class Part:
    name: str
    word: str
    icon: str
    tone: str
    count: int
    start: str
    width: str
    """Of the bar, in percent."""


@dataclass(frozen=True)
class Tally:
    """How many requests of a bulk are in which state."""

    states: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def sent(self) -> int:
        return self.total - sum(self.states.get(state, 0) for state in NOT_SENT)

    @property
    def unsent(self) -> int:
        return self.states.get(State.QUEUED, 0)

    @property
    def at_codat(self) -> int:
        return self.of("working") + self.of("unknown")

    @property
    def is_moving(self) -> bool:
        return bool(self.unsent + self.of("working") + self.states.get(State.UNCERTAIN, 0))

    def of(self, name: str) -> int:
        return sum(self.states.get(state, 0) for state in STATES_OF[name])

    @property
    def parts(self) -> list[Part]:
        found, start = [], 0.0
        for name, word, icon, tone, _ in PARTS:
            width = 100 * self.of(name) / max(self.total, 1)
            found.append(
                Part(name, word, icon, tone, self.of(name), f"{start:.2f}%", f"{max(0, width - 0.15):.2f}%")
            )
            start += width
        return found

    @property
    def sentence(self) -> str:
        """For who does not see the bar."""
        counted = {name: self.of(name) for name in STATES_OF}
        return ", ".join(f"{count:,} {SAID[name]}" for name, count in counted.items() if count)


def of_bulks(keys: Collection[UUID | None]) -> dict[UUID | None, Tally]:
    """One query, however many."""
    counted = SyncRequest.objects.filter(bulk__in=keys).order_by().values_list("bulk", "state")
    states: dict[UUID | None, dict[str, int]] = defaultdict(dict)
    for bulk, state, count in counted.annotate(count=Count("pk")):
        states[bulk][state] = count
    return {bulk: Tally(found) for bulk, found in states.items()}
