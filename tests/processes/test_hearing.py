"""When a program counts as hung: 25 s without a sign, once it gave one, by a clock that the supervisor saw going on."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from syncs import sign_of_life
from syncs.clock import HUNG, Clock
from syncs.processes import hearing
from syncs.processes.hearing import AWAY, SILENT_AFTER, STARTS_WITHIN, Hearing, Line
from syncs.processes.house import House
from syncs.processes.program import Program
from syncs.processes.supervisor import Supervisor
from tests.processes.conftest import MakeProgram

GIVES = "from syncs import sign_of_life; import time; sign_of_life.EVERY = 0.05; sign_of_life.give(); time.sleep(60)"


def lost_after(hearing: Hearing, began: float, until: float = 1000.0) -> float | None:
    """Looked at every second, in which nothing is heard."""
    seconds = (began + n for n in range(1, round(until)))
    return next((now - began for now in seconds if hearing.is_lost(now, heard=False)), None)


def test_one_that_gave_a_sign_is_lost_a_while_after_its_last() -> None:
    hearing = Hearing(100.0)
    hearing.is_lost(101.0, heard=True)
    assert lost_after(hearing, 101.0) == SILENT_AFTER + 1


def test_one_that_gives_signs_is_never_lost() -> None:
    hearing = Hearing(0.0)
    assert not any(hearing.is_lost(second, heard=second % 5 == 0) for second in range(1, 1000))


def test_one_that_is_slow_to_start_has_two_minutes() -> None:
    assert lost_after(Hearing(0.0), 0.0) == STARTS_WITHIN + 1


def test_a_sleep_of_the_machine_is_nobodys_silence() -> None:
    hearing = Hearing(0.0)
    hearing.is_lost(1.0, heard=True)
    assert not hearing.is_lost(3600.0, heard=False)
    assert lost_after(hearing, 3600.0) == SILENT_AFTER + 1


def test_a_supervisor_that_hardly_gets_to_look_concludes_nothing() -> None:
    hearing = Hearing(0.0)
    hearing.is_lost(1.0, heard=True)
    assert not any(hearing.is_lost(1 + look * (AWAY + 1), heard=False) for look in range(1, 50))


def test_a_line_tells_what_came_since_it_was_asked() -> None:
    line = Line()
    assert not line.heard()
    os.write(line.theirs, b"..")
    assert line.heard()
    assert not line.heard()


def test_without_a_supervisor_no_sign_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sign_of_life.LINE, raising=False)
    sign_of_life.give()


def test_both_ends_call_the_line_by_one_name() -> None:
    assert hearing.LINE == sign_of_life.LINE
    assert sign_of_life.EVERY * 3 < hearing.SILENT_AFTER


def test_workers_and_clock_give_signs_and_the_rest_does_not(tmp_path: Path) -> None:
    house = House(tmp_path, tmp_path, "127.0.0.1", 8123, {})
    assert all(
        part.gives_signs for part in (house.clock(), house.worker("sending"), house.worker("refreshing"))
    )
    assert not any(part.gives_signs for part in (house.web(), house.sandbox(1, "key"), house.manage("setup")))


def test_a_clock_whose_tick_does_not_end_gives_no_more_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    assert clock.is_well()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + HUNG + 1)
    assert not clock.is_well()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "SILENT_AFTER", 1.0)


def giving(program: MakeProgram, code: str = GIVES) -> Program:
    """Started where our modules are found."""
    return replace(program(code=code), folder=Path(__file__).resolve().parents[2], gives_signs=True)


@pytest.mark.slow
def test_a_stopped_program_is_ended_and_comes_back_and_one_that_gives_signs_stays(
    supervisor: Supervisor, program: MakeProgram, impatient: None
) -> None:
    supervisor.start(giving(program))
    supervisor.start(replace(giving(program), name="steady"))
    supervisor.start(replace(program("silent"), gives_signs=False))
    first = pids(supervisor)
    supervisor.wait_until(lambda: False, timeout=2.5)
    assert pids(supervisor) == first
    os.kill(first["sleeper"], signal.SIGSTOP)
    assert supervisor.wait_until(
        lambda: pids(supervisor).get("sleeper", first["sleeper"]) != first["sleeper"], 10
    )
    supervisor.wait_until(lambda: False, timeout=2.5)
    later = pids(supervisor)
    assert later.pop("sleeper") != first.pop("sleeper")
    assert later == first


@pytest.mark.slow
def test_what_its_former_life_said_is_no_sign_of_the_next(
    supervisor: Supervisor, program: MakeProgram, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "STARTS_WITHIN", 60.0)
    once = "import os, pathlib; mark = pathlib.Path(os.environ['MARK']); first = not mark.exists(); mark.touch(); "
    code = f"{once}os.write(int(os.environ['SIGN_OF_LIFE']), b'..' * first); import time; time.sleep(60 * (not first))"
    mark = {"MARK": str(supervisor._run_file.path.with_name("mark"))}
    supervisor.start(replace(giving(program, code), env=os.environ | mark))
    first = pids(supervisor)["sleeper"]
    assert supervisor.wait_until(lambda: pids(supervisor).get("sleeper", first) != first, 10)
    second = pids(supervisor)["sleeper"]
    supervisor.wait_until(lambda: False, timeout=3)
    assert pids(supervisor)["sleeper"] == second


def pids(supervisor: Supervisor) -> dict[str, int]:
    return {child.name: child.pid for child in supervisor._run_file.children()}
