import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncs.processes.errors import CannotRun
from syncs.processes.runfile import RunFile, Running, end_leftovers, only_one, signal_group

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT_OF_ONE = f"import subprocess, time; print(subprocess.Popen({SLEEP!r}).pid, flush=True); time.sleep(60)"
HOLDER = """
import sys, time
from pathlib import Path
from syncs.processes.runfile import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def sleeper() -> Iterator[Running]:
    with subprocess.Popen(SLEEP, start_new_session=True) as process:
        yield Running.now("sleeper", process.pid)
        process.kill()


def test_what_is_written_is_read_again(run_file: RunFile) -> None:
    parent, child = Running.now("run", os.getpid(), 8000), Running.now("web", os.getpid(), 8000)
    run_file.write(parent, [child])
    assert run_file.parent() == parent
    assert run_file.children() == [child]


def test_the_file_names_for_each_child_what_a_person_needs_to_find_it(run_file: RunFile) -> None:
    run_file.write(Running.now("run", os.getpid()), [Running.now("valkey", os.getpid(), 23456)])
    [child] = json.loads(run_file.path.read_text())["children"]
    assert child["name"] == "valkey"
    assert child["pid"] == os.getpid()
    assert child["port"] == 23456
    assert child["started_at"].startswith("20")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"parent": 1, "children": []}', '{"parent": null, "children": 5}']
)
def test_a_broken_file_counts_as_none(run_file: RunFile, content: str) -> None:
    run_file.path.write_text(content)
    assert run_file.children() == []
    assert run_file.parent() is None


def test_no_file_counts_as_none(run_file: RunFile) -> None:
    assert run_file.children() == []
    run_file.remove()


def test_a_process_is_alive_until_it_ends(sleeper: Running) -> None:
    assert sleeper.alive()
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitpid(sleeper.pid, 0)
    assert not sleeper.alive()


def test_a_zombie_is_not_alive(sleeper: Running) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not sleeper.alive()


def test_left_over_processes_are_ended_and_named(sleeper: Running) -> None:
    assert end_leftovers([sleeper]) == [sleeper]
    assert not sleeper.alive()


def test_a_stranger_who_got_the_pid_is_left_alone(sleeper: Running) -> None:
    earlier = replace(sleeper, kernel_start="another boot/1")
    assert end_leftovers([earlier]) == []
    assert sleeper.alive()


def test_what_already_ended_is_not_named(sleeper: Running) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitpid(sleeper.pid, 0)
    assert end_leftovers([sleeper]) == []


def test_a_left_over_process_that_will_not_stop_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DEAF], start_new_session=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        end_leftovers([Running.now("stubborn", process.pid)], patience=0.2)
        assert process.wait(timeout=5) == -signal.SIGKILL


def test_the_whole_group_of_a_left_over_process_goes() -> None:
    command = [sys.executable, "-c", PARENT_OF_ONE]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        grandchild = Running.now("grandchild", int(process.stdout.readline()))
        assert grandchild.alive()
        end_leftovers([Running.now("parent", process.pid)])
    _wait_until_dead(grandchild)


def test_a_folder_is_held_by_one_process_only(tmp_path: Path) -> None:
    with only_one(tmp_path) as run_file:
        run_file.write(Running.now("run", os.getpid(), 8000), [])
        with pytest.raises(CannotRun, match=rf"already runs in .* \(process {os.getpid()}, port 8000\)"):
            only_one(tmp_path).__enter__()
    with only_one(tmp_path):
        pass


def test_a_holder_that_is_killed_lets_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CannotRun):
            only_one(tmp_path).__enter__()
        holder.kill()
        holder.wait()
    with only_one(tmp_path):
        pass


def test_a_signal_to_a_group_that_is_gone_is_no_error(sleeper: Running) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitpid(sleeper.pid, 0)
    signal_group(sleeper.pid, signal.SIGTERM)


def _wait_until_dead(process: Running) -> None:
    deadline = time.monotonic() + 5
    while process.alive():
        assert time.monotonic() < deadline, f"{process.name} still lives"
        time.sleep(0.02)
