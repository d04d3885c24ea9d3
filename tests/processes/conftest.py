import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncs.processes.lines import Lines
from syncs.processes.program import Program
from syncs.processes.runfile import RunFile
from syncs.processes.supervisor import Supervisor

MakeProgram = Callable[..., Program]
SLEEP = "import time; print('up', flush=True); time.sleep(60)"


@pytest.fixture
def program(tmp_path: Path) -> MakeProgram:
    def make(name: str = "sleeper", code: str = SLEEP, rank: int = 0) -> Program:
        return Program(name, [sys.executable, "-c", code], dict(os.environ), tmp_path, rank=rank)

    return make


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def run_file(tmp_path: Path) -> RunFile:
    return RunFile(tmp_path / "run.json")


@pytest.fixture
def supervisor(run_file: RunFile, screen: io.StringIO) -> Iterator[Supervisor]:
    supervisor = Supervisor(run_file, Lines(screen))
    yield supervisor
    supervisor.stop()
