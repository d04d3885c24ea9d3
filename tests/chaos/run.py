"""The whole of a run: presses, faults and kills until enough were counted; then calm, time, and the judge."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from random import Random

from tests.chaos import faults, merchants
from tests.chaos.crew import Crew
from tests.chaos.ground import Ground, ask
from tests.chaos.judge import Verdict, judge
from tests.chaos.killing import Killer, Tally
from tests.chaos.pressing import Journal, Person
from tests.chaos.times import Times

PEOPLE = 5
# In hand at most, so that presses do not grow old in the queue while processes are started anew.
WAITING_AT_MOST = 30
# Test time goes by so many times as fast as real time.
PACE = 40
ROUND = 20.0
# Seconds in which work goes on after the queue was gone (P5).
RESUMES_WITHIN = 120.0
# Steps of test time after the last kill: through the looks, an hour of an unknown id, and a day without an end.
AFTERWARDS = (*[300] * 12, 3600, 3700, 22 * 3600, 3600)


@dataclass
class Run:
    ground: Ground
    crew: Crew
    seed: int

    def __post_init__(self) -> None:
        self.journal, self.times = Journal(), Times(self.ground)
        self.dice = Random(self.seed)
        self._stopped = threading.Event()

    def until(
        self, kills: int, say: Callable[[str], None], *, enough: int | None = None, late: float = inf
    ) -> tuple[Verdict, Tally]:
        """From the moment `late` on (monotonic seconds), fewer will do: `enough`."""
        killer = Killer(self.ground, self.crew, Random(self.seed + 1))
        threads = [threading.Thread(target=self._press, args=(n,)) for n in range(PEOPLE)]
        threads.append(threading.Thread(target=self._let_time_pass))
        for thread in threads:
            thread.start()
        try:
            self._kill(killer, kills, say, kills if enough is None else enough, late)
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()
        self._calm(say)
        replays = self.ground.honours_keys
        return judge(self.ground, self.journal.presses, replays=replays), killer.tally

    def _kill(self, killer: Killer, kills: int, say: Callable[[str], None], enough: int, late: float) -> None:
        next_round = said = 0.0
        while killer.tally.counted < kills:
            now = time.monotonic()
            if now > late and killer.tally.counted >= enough:
                break
            if now > next_round:
                faults.turn(self.ground.sandbox, self.dice, honours_keys=self.ground.honours_keys)
                faults.set_all(self.ground.sandbox, self.dice)
                next_round = now + ROUND
            if now > said + 5:
                said = now
                say(f"{killer.tally.counted} kills, {len(self.journal.presses)} presses, {self._states()}")
            killer.kill_one()

    def _press(self, number: int) -> None:
        dice = Random(self.seed * 1000 + number)
        ids = [str(row["company_id"]) for row in merchants.listed(self.ground.sandbox)]
        person = Person(self.crew.url, self.journal, dice)
        while not self._stopped.is_set():
            if self._waiting() >= WAITING_AT_MOST:
                time.sleep(0.05)
                continue
            person.press(dice.choice(ids), self.times.today().date())

    def _let_time_pass(self) -> None:
        while not self._stopped.wait(0.25):
            self.times.on(PACE / 4)

    def _calm(self, say: Callable[[str], None]) -> None:
        """Nobody dies any more and Codat answers well: from here on it is the desk's to bring all to an end."""
        self.ground.sandbox.clear_faults()
        self.crew.restart_dead()
        say(f"hands are free again after {self._until_hands_are_free():.1f} s")
        for step in AFTERWARDS:
            if not self._go_on(step, say):
                return
        # All deadlines are over. A machine that had no time for the desk is given some: that is not the desk's fault.
        until = time.monotonic() + RESUMES_WITHIN
        while time.monotonic() < until and self._go_on(60, say):
            pass

    def _go_on(self, step: float, say: Callable[[str], None]) -> bool:
        """What is due is done, and then time goes on; False when nothing is left to do."""
        self.crew.restart_dead()
        self._settle()
        left = self._states()
        if not set(left) & {"queued", "sending", "uncertain", "accepted"}:
            return False
        say(f"afterwards: {left}")
        self.times.on(step)
        return True

    def _until_hands_are_free(self) -> float:
        """Seconds until workers take from both queues; longer than promised is for the judge to see, as stuck."""
        began, since = time.monotonic(), self.times.today()
        while time.monotonic() < began + RESUMES_WITHIN:
            self.crew.restart_dead()
            self.times.on(5)
            time.sleep(0.25)
            free = ask(
                self.ground.database,
                "SELECT name FROM syncs_heartbeat WHERE name LIKE 'free %%' AND at > %s",
                since,
            )
            if {name for (name,) in free} >= {"free sending", "free refreshing"}:
                break
        return time.monotonic() - began

    def _settle(self, seconds: float = 20.0) -> None:
        """Until no request changed for a moment, or for longer while some are due: they may wait for the processor."""
        deadline, before, since = time.monotonic() + seconds, None, time.monotonic()
        while time.monotonic() < deadline:
            now = self._versions()
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > (4.0 if self._due() else 0.8):
                return
            time.sleep(0.1)

    def _due(self) -> int:
        question = "SELECT count(*) FROM syncs_syncrequest WHERE state IN ('queued', 'uncertain') AND not_before <= %s"
        return int(ask(self.ground.database, question, self.times.today())[0][0])

    def _versions(self) -> object:
        return ask(self.ground.database, "SELECT sum(version), sum(looks) FROM syncs_syncrequest")

    def _waiting(self) -> int:
        states = self._states()
        return states.get("queued", 0) + states.get("sending", 0)

    def _states(self) -> dict[str, int]:
        return dict(ask(self.ground.database, "SELECT state, count(*) FROM syncs_syncrequest GROUP BY state"))
