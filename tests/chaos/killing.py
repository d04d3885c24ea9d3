"""Kill -9, where it hurts: only what is ready and has work in hand counts, and what it had is read after its death."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.chaos.board import Hand, Reader
from tests.chaos.crew import Crew, Member, wait_for_death
from tests.chaos.ground import Ground, ask

# Of a hundred kills, so many of each: most where a POST may be on the wire.
SHARES = {"sender": 57, "refresher": 8, "clock": 12, "web": 15, "queue": 5, "database": 3}
# Seconds that the harness waits for one with work in hand, before it takes another kind.
PATIENCE = 0.7


@dataclass
class Tally:
    counted: int = 0
    not_counted: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    by_state: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Kind of process, state of the request in the database, how far the process was with it."""

    def __iadd__(self, other: "Tally") -> "Tally":
        self.counted += other.counted
        self.not_counted += other.not_counted
        self.by_kind += other.by_kind
        self.by_state += other.by_state
        return self

    def count(self, kind: str, struck: list[tuple[Hand, str]]) -> None:
        if not struck:
            self.not_counted += 1
            return
        self.counted += 1
        self.by_kind[kind] += 1
        for hand, state in struck:
            self.by_state[kind, state, hand.stage] += 1


class Killer:
    def __init__(self, ground: Ground, crew: Crew, dice: Random) -> None:
        self._ground, self._crew, self._dice = ground, crew, dice
        self._board = Reader(ground.chaos)
        self.tally = Tally()
        self._strike: dict[str, Callable[[], None]] = {"queue": self._queue, "database": self._database}

    def kill_one(self) -> None:
        kind = self._dice.choices(list(SHARES), list(SHARES.values()))[0]
        self._strike.get(kind, lambda: self._process(kind))()

    def _process(self, kind: str) -> None:
        victim = self._with_work(kind)
        if victim is None:
            return
        # Work goes on meanwhile: the instant of the kill is nobody's choice.
        time.sleep(self._dice.random() * 0.004)
        pid, end = victim
        end()
        wait_for_death(pid)
        held = self._board.hands(pid)
        self._board.forget(pid)
        self._crew.restart_dead()
        self.tally.count(kind, [(hand, self._state(hand)) for hand in held])

    def _with_work(self, kind: str) -> tuple[int, Callable[[], None]] | None:
        """A process that has something in hand; at a stage drawn beforehand, if one comes by in time."""
        wanted = self._dice.choice(STAGES[kind])
        deadline = time.monotonic() + PATIENCE
        while (now := time.monotonic()) < deadline:
            for pid, end in self._candidates(kind):
                held = self._board.hands(pid)
                if held and (now > deadline - PATIENCE / 2 or any(wanted in hand.stage for hand in held)):
                    return pid, end
            time.sleep(0.002)
        return None

    def _candidates(self, kind: str) -> Iterator[tuple[int, Callable[[], None]]]:
        members = self._crew.of(kind)
        self._dice.shuffle(members)
        for member in members:
            if kind != "web":
                yield member.pid, member.kill
                continue
            for pid in self._crew.web_workers():
                yield pid, partial(self._kill_server, member, pid)

    def _kill_server(self, master: Member, pid: int) -> None:
        """The process that serves; now and then its master with it, as a machine that stops."""
        if self._dice.random() < 0.1:
            master.kill()
        _struck(pid)

    def _queue(self) -> None:
        held = self._all_hands()
        self._ground.kill_queue()
        self.tally.count("queue", [(hand, self._state(hand)) for hand in held])
        time.sleep(self._dice.random() * 0.5)
        self._ground.start_queue()

    def _database(self) -> None:
        """One of its servers dies, and PostgreSQL ends all others, recovers from its log and goes on."""
        if self._ground.database.startswith("sqlite"):
            return
        held = self._all_hands()
        busy = ask(
            self._ground.database,
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " ORDER BY state <> 'active', xact_start NULLS LAST LIMIT 1",
        )
        if not busy or not _struck(busy[0][0]):
            return
        self.tally.count("database", [(hand, self._state(hand)) for hand in held])

    def _all_hands(self) -> list[Hand]:
        pids = [member.pid for member in self._crew.members] + self._crew.web_workers()
        return [hand for pid in pids for hand in self._board.hands(pid)]

    def _state(self, hand: Hand) -> str:
        """Of the request in the database, right after the kill."""
        if hand.work == "press":
            return "none yet"
        if hand.work == "nudge" and hand.stage.startswith("refresh"):
            return "no request"
        found = ask(self._ground.database, "SELECT state FROM syncs_syncrequest WHERE id = %s", hand.row)
        return str(found[0][0]).upper() if found else "none yet"


def _struck(pid: int) -> bool:
    """False when it has ended by itself a moment ago."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


STAGES = {
    "sender": [
        *("looked at", "being claimed", "claimed, nothing", "being written", "answer being read", "answered"),
        *["written, no answer"] * 8,
        "uncertain",
    ],
    "refresher": ["accepted", "its end", "uncertain"],
    "clock": ["being moved", "being published"],
    "web": ["being stored", "stored"],
}
