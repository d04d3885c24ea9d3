import io
import os
import signal
import time
from pathlib import Path

import pytest

from syncs.processes.errors import CannotRun, StopAsked
from syncs.processes.identity import kernel_start
from syncs.processes.program import Program
from syncs.processes.runfile import RunFile
from syncs.processes.supervisor import Supervisor, how_it_ended
from tests.processes.conftest import MakeProgram

pytestmark = pytest.mark.slow

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
POLITE = """
import signal, sys, time
signal.signal(15, lambda *_: sys.exit(print("bye")))
print("up", flush=True)
time.sleep(60)
"""
PARENT_OF_ONE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(f"child {child.pid}.", flush=True)
time.sleep(60)
"""


def pid_of(run_file: RunFile, name: str = "sleeper") -> int | None:
    return next((child.pid for child in run_file.children() if child.name == name), None)


def wait_for_text(supervisor: Supervisor, screen: io.StringIO, text: str) -> None:
    assert supervisor.wait_until(lambda: text in screen.getvalue(), timeout=10), screen.getvalue()


def test_a_started_program_stands_in_the_run_file(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile
) -> None:
    supervisor.start(program())
    [child] = run_file.children()
    assert child.name == "sleeper"
    assert child.alive()


def test_a_killed_program_comes_back_under_a_new_pid_and_that_is_said(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile, screen: io.StringIO
) -> None:
    supervisor.start(program())
    first = pid_of(run_file)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for_text(supervisor, screen, "sleeper was ended by SIGKILL; it is started again in 0.5 s.")
    wait_for_text(supervisor, screen, "sleeper is started again.")
    assert pid_of(run_file) not in {first, None}


def test_a_dead_program_does_not_stand_in_the_run_file_while_it_waits(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile, screen: io.StringIO
) -> None:
    supervisor.start(program(code="raise SystemExit(3)"))
    wait_for_text(supervisor, screen, "ended with exit code 3; it is started again in 0.5 s.")
    assert run_file.children() == []


def test_a_program_that_dies_at_once_waits_longer_each_time(
    supervisor: Supervisor, program: MakeProgram, screen: io.StringIO
) -> None:
    supervisor.start(program(code="pass"))
    wait_for_text(supervisor, screen, "started again in 0.5 s.")
    wait_for_text(supervisor, screen, "started again in 1 s.")


def test_the_death_of_one_leaves_the_other_alone(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile, screen: io.StringIO
) -> None:
    supervisor.start(program("steady"))
    supervisor.start(program("brittle", code="pass"))
    steady = pid_of(run_file, "steady")
    wait_for_text(supervisor, screen, "brittle is started again.")
    assert pid_of(run_file, "steady") == steady


def test_what_a_dead_program_had_started_is_ended_before_it_comes_back(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile, screen: io.StringIO
) -> None:
    supervisor.start(program(code=PARENT_OF_ONE))
    wait_for_text(supervisor, screen, ".\n")
    grandchild = int(screen.getvalue().split()[-1].rstrip("."))
    os.kill(pid_of(run_file) or 0, signal.SIGKILL)
    wait_for_text(supervisor, screen, "SIGKILL")
    assert supervisor.wait_until(lambda: kernel_start(grandchild) is None, timeout=5)


def test_stopping_ends_everything_and_removes_the_run_file(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile
) -> None:
    supervisor.start(program("one"))
    supervisor.start(program("two"))
    children = run_file.children()
    supervisor.stop()
    assert not any(child.alive() for child in children)
    assert not run_file.path.exists()


def test_stopping_goes_by_rank(supervisor: Supervisor, program: MakeProgram, screen: io.StringIO) -> None:
    supervisor.start(program("broker", POLITE, rank=2))
    supervisor.start(program("worker", POLITE, rank=0))
    supervisor.wait_until(lambda: screen.getvalue().count("up") == 2, timeout=10)
    supervisor.stop()
    goodbyes = [line.split()[0] for line in screen.getvalue().splitlines() if line.endswith("bye")]
    assert goodbyes == ["worker", "broker"]


def test_programs_that_will_not_stop_are_killed_within_ten_seconds(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile, screen: io.StringIO
) -> None:
    for rank in range(3):
        supervisor.start(program(f"stubborn {rank}", STUBBORN, rank=rank))
    supervisor.wait_until(lambda: screen.getvalue().count("up") == 3, timeout=10)
    children = run_file.children()
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 10
    assert not any(child.alive() for child in children)


def test_a_step_runs_to_its_end_once_and_answers_its_exit_code(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile
) -> None:
    assert supervisor.run_once(program("migrate", "raise SystemExit(4)")) == 4
    assert supervisor.run_once(program("migrate", "pass")) == 0
    assert run_file.children() == []


def test_others_are_looked_after_while_a_step_runs(
    supervisor: Supervisor, program: MakeProgram, screen: io.StringIO
) -> None:
    supervisor.start(program("brittle", code="pass"))
    supervisor.run_once(program("migrate", "import time; time.sleep(1.5)"))
    assert "brittle is started again." in screen.getvalue()


def test_a_stop_in_the_middle_of_a_step_ends_the_step(
    supervisor: Supervisor, program: MakeProgram, run_file: RunFile
) -> None:
    supervisor.start(program())
    supervisor.ask_to_stop()
    with pytest.raises(StopAsked):
        supervisor.run_once(program("migrate"))
    step = next(child for child in run_file.children() if child.name == "migrate")
    assert step.alive()
    supervisor.stop()
    assert not step.alive()


def test_a_program_that_is_not_there_is_one_plain_sentence(supervisor: Supervisor, tmp_path: Path) -> None:
    missing = Program("web", ["/nowhere/gunicorn"], {}, tmp_path)
    with pytest.raises(CannotRun, match="Cannot start web: No such file or directory"):
        supervisor.start(missing)


def test_waiting_gives_up_after_its_time(supervisor: Supervisor) -> None:
    assert supervisor.wait_until(lambda: False, timeout=0.2) is False


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "ended with exit code 0"), (-15, "was ended by SIGTERM"), (-77, "was ended by signal 77")],
)
def test_how_it_ended_is_said_in_words(code: int, words: str) -> None:
    assert how_it_ended(code) == words
