"""Two hosts live through a cut: `python -m tests.processes.hosts DATABASE_URL [stopped]` prints what was found.

Its own process, because it lives in a network namespace of its own where hosts have theirs.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import requests

from sandbox.testing import running
from syncs.codat.budget import Pace
from syncs.processes import ports
from syncs.processes.valkey import Valkey
from tests.chaos.ground import KEY, Ground, ask, settle_in
from tests.chaos.judge import judge
from tests.chaos.pressing import Journal, Person
from tests.chaos.times import Times
from tests.processes.hosts.host import Host, host, wait_until_it_serves
from tests.processes.hosts.lines import Cable, Line, Stopped
from tests.relay import Log

MERCHANTS, PRESSES = 50, 12
# So few that two hosts, each with a budget of its own, would make far more in the seconds of the flat-out step; the
# clocks hand out twice as much.
CALLS_PER_MINUTE = 480
FLAT_OUT = 4.0
# Test time goes by so many times as fast as real time, from the cut on.
FASTER, MUCH_FASTER = 120, 480
WAITS = 80.0
RUNS_AHEAD = 420
# Seconds that a POST takes: shorter than the hosts wait for it.
SLOWLY = 0.8
# Calls that may run ahead of the pace: reads; all, with the slow path of a clock that has lost its queue.
READS_AHEAD, AHEAD = 10, 20 + 10
OURS = "FROM syncs_merchant WHERE archived_at IS NULL"
MAKE_DUE = """
    UPDATE syncs_merchant SET next_refresh_at = %s, refreshed_at = %s::timestamptz - interval '1 hour'
    WHERE archived_at IS NULL AND next_refresh_reason NOT LIKE 'being asked now%%' RETURNING 1
"""
UNDER_WAY = ("queued", "sending", "uncertain", "accepted")
STATES = "SELECT state, count(*) FROM syncs_syncrequest GROUP BY state"
LISTS = "/sync/commerce/syncs/list/status"


class Scene:
    def __init__(self, ground: Ground, hosts: list[Host]) -> None:
        self._ground, (self._one, self._two) = ground, hosts
        self._hosts = hosts
        self._journal, self._times, self._ahead = Journal(), Times(ground), 0.0
        self._is_cut = threading.Event()
        self.found: dict[str, Any] = {}

    def play(self) -> dict[str, Any]:
        steps = (
            self._both_serve,
            self._both_hand_out,
            self._flat_out,
            self._one_is_cut_off_while_it_sends,
            self._the_other_goes_on,
            self._it_comes_back,
            self._all_comes_to_an_end,
            self._judge,
            self._ones_clock_runs_ahead,
        )
        for step in steps:
            began = time.monotonic()
            step()
            self.found[f"seconds: {step.__name__}"] = round(time.monotonic() - began, 1)
        return self.found

    def _both_serve(self) -> None:
        for each in self._hosts:
            wait_until_it_serves(each)

    def _both_hand_out(self) -> None:
        self._all_are_due()
        self._until(lambda: not self._due())
        lists = Counter(path for log in self._logs() for _, _, path in log.calls if path.endswith(LISTS))
        self.found["merchants"] = len(self._ask(f"SELECT 1 {OURS}"))
        self.found["asked once"] = sum(count == 1 for count in lists.values())
        self.found["hosts that asked"] = sum(bool(log.calls) for log in self._logs())

    def _flat_out(self) -> None:
        """More is due than the budget allows: none of these seconds may hold more than it does."""
        began = time.monotonic()
        while time.monotonic() < began + FLAT_OUT:
            self._all_are_due()
            time.sleep(0.2)
        calls = [at for log in self._logs() for at, _, _ in log.calls if began <= at <= began + FLAT_OUT]
        interval = Pace(per_minute=CALLS_PER_MINUTE).interval
        self.found["of what the budget allows flat out"] = round(len(calls) * interval / FLAT_OUT, 2)
        self.found["most of it"] = round(1 + (0.5 / interval + READS_AHEAD) * interval / FLAT_OUT, 2)

    def _one_is_cut_off_while_it_sends(self) -> None:
        self._ground.sandbox.fault(
            "slow", {"seconds": SLOWLY}, method="POST", path_regex="/(latest|historic)$"
        )
        ids = [str(company) for (company,) in self._ask(f"SELECT company_id {OURS} ORDER BY id")]
        people = [
            threading.Thread(target=self._press, args=(each, ids[number::2][:PRESSES]))
            for number, each in enumerate(self._hosts)
        ]
        self._all_are_due()
        for person in people:
            person.start()
        self._until(lambda: self._posts_under_way() >= 2 or not people[0].is_alive(), every=0.02)
        self.found["POSTs under way at the cut"] = self._posts_under_way()
        self._one.cut_off()
        self._is_cut.set()
        self._cut_at = time.monotonic()
        people[1].join()

    def _press(self, at: Host, ids: list[str]) -> None:
        person = Person(at.url, self._journal, Random(at.name))
        for company_id in ids:
            if at is self._one and self._is_cut.is_set():
                return
            person.press(company_id, self._times.today().date())

    def _the_other_goes_on(self) -> None:
        """What the one held is taken up, by the leases and the sweep."""
        self._until(lambda: not self._due() and not self._requests("queued", "sending"), faster=FASTER)
        self.found["the other serves"] = self._two.answers("/sign-in/")
        heard = [at for at, _, _ in self._one.said_to_codat.calls]
        self.found["heard of it meanwhile"] = sum(at > self._cut_at + 1 for at in heard)
        # Longer than a claim is good for: what the one claimed before the cut gives it no right any more.
        time.sleep(max(0.0, self._cut_at + 6 - time.monotonic()))

    def _it_comes_back(self) -> None:
        self._one.mend()
        self._back = time.monotonic()
        self._until(lambda: self._looks_since(self._back), faster=FASTER)

    def _all_comes_to_an_end(self) -> None:
        self._until(lambda: not self._requests(*UNDER_WAY), faster=MUCH_FASTER)
        late = [at for at, method, _ in self._one.said_to_codat.calls if method == "POST"]
        self.found["POSTs of it after it came back"] = sum(at > self._back for at in late)
        self.found["it serves again"] = self._one.answers("/sign-in/")

    def _ones_clock_runs_ahead(self) -> None:
        self._one.set_clock(self._ahead + RUNS_AHEAD)
        self._until(lambda: self._ask("SELECT 1 FROM syncs_heartbeat WHERE name LIKE 'time of %%'"))
        for name, each in (("it", self._one), ("the other", self._two)):
            checks = requests.get(f"{each.url}/readyz", timeout=5).json()["checks"]
            self.found[f"time, by {name}"] = [checks["time of this host"], checks["time of the hosts"]]

    def _looks_since(self, back: float) -> bool:
        self._all_are_due()
        time.sleep(0.5)
        return any(at > back for at, _, path in self._one.said_to_codat.calls if path.endswith(LISTS))

    def _judge(self) -> None:
        verdict = judge(self._ground, self._journal.presses)
        codat = Log()
        for log in self._logs():
            codat.calls += log.calls
            codat.statuses += log.statuses
        interval = Pace(per_minute=CALLS_PER_MINUTE).interval
        self.found |= {
            "findings": verdict.findings,
            "presses": len(self._journal.saved()),
            "ever uncertain": verdict.counts["ever uncertain"],
            "calls": len(codat.calls),
            "429": codat.statuses[429],
            # A call may take a moment longer on its way than the one before it.
            "above the pace": {
                span: most
                for span in (2, 5, 10, 60)
                if (most := codat.most_within(span)) > (span + 0.5) / interval + AHEAD
            },
        }

    def _all_are_due(self) -> None:
        now = self._times.today()
        self._ask(MAKE_DUE, now, now)

    def _due(self) -> int:
        """Those that nobody has looked at since."""
        long_ago = self._times.today() - timedelta(minutes=50)
        return len(self._ask(f"SELECT 1 {OURS} AND refreshed_at < %s", long_ago))

    def _requests(self, *states: str) -> int:
        return len(self._ask("SELECT 1 FROM syncs_syncrequest WHERE state = ANY(%s)", list(states)))

    def _posts_under_way(self) -> int:
        lately = time.monotonic() - SLOWLY / 2
        return sum(at > lately and method == "POST" for at, method, _ in self._one.said_to_codat.calls)

    def _logs(self) -> list[Log]:
        return [each.said_to_codat for each in self._hosts]

    def _ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        return ask(self._ground.database, question, *values)

    def _until(self, true: Callable[[], bool], *, faster: int = 0, every: float = 0.25) -> None:
        deadline = time.monotonic() + WAITS
        while not true():
            if time.monotonic() > deadline:
                said = "\n".join(each.logs() for each in self._hosts)
                raise AssertionError(f"{self.found} {self._due()} {self._ask(STATES)}\n{said}")
            time.sleep(every)
            if faster:
                self._move_clocks(faster * every)

    def _move_clocks(self, seconds: float) -> None:
        self._ahead += seconds
        self._times.on(seconds)
        for each in self._hosts:
            each.set_clock(self._ahead)


@contextmanager
def ground(database: str) -> Iterator[Ground]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hosts-")))
        for name in ("chaos", "var/static", "valkey"):
            (folder / name).mkdir(parents=True)
        codat = running(
            merchants=MERCHANTS,
            seed=5,
            speed=1000,
            history_days=0,
            key=KEY,
            data=folder / "codat",
            ledger=folder / "codat" / "ledger.jsonl",
            direct=True,
        )
        sandbox = stack.enter_context(codat)
        found = Ground(folder, database, sandbox, Valkey(folder / "valkey", ports.free(1)[0]))
        found.start_queue()
        stack.callback(found.kill_queue)
        yield found


def main(database: str, *, stopped: bool) -> dict[str, Any]:
    if not stopped:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with ground(database) as found, ExitStack() as stack:
        settle_in(found)
        hosts = []
        for number, name in enumerate(("one", "two")):
            line: Line = Stopped() if stopped else Cable(name, number)
            # Their clocks need not agree.
            made = host(name, found, line, skew=5.0 * number, calls_per_minute=CALLS_PER_MINUTE)
            hosts.append(stack.enter_context(made))
        return Scene(found, hosts).play()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], stopped="stopped" in sys.argv[2:])))
