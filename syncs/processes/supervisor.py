"""Starts programs, starts again those that die, and stops them all."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from syncs.processes.errors import CannotRun, StopAsked
from syncs.processes.hearing import LINE, Hearing, Line
from syncs.processes.lines import Lines
from syncs.processes.program import Backoff, Program
from syncs.processes.runfile import RunFile, Running, signal_group

TICK = 0.1
# Together under the ten seconds within which everything is promised to be gone.
PATIENCE = {0: 6.5, 1: 1.5, 2: 1.0}


class Child:
    """One program, over all its lives."""

    def __init__(self, program: Program, lines: Lines) -> None:
        self.program = program
        self.running: Running | None = None
        self.start_at = 0.0
        self._lines = lines
        self._backoff = Backoff()
        self._started = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._line = Line() if program.gives_signs else None
        self._hearing = Hearing(0.0)

    def start(self) -> None:
        """Raises OSError when the program cannot be started."""
        line = self._line
        # Its own session: Ctrl-C reaches only the supervisor, and what the child starts can be ended with it.
        self._process = subprocess.Popen(  # noqa: S603
            self.program.argv,
            env={**self.program.env, **({LINE: str(line.theirs)} if line else {})},
            pass_fds=[line.theirs] if line else [],
            cwd=self.program.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._started = time.monotonic()
        self.is_silent()  # takes out what its former life has said
        self._hearing = Hearing(self._started)
        self.running = Running.now(self.program.name, self._process.pid, self.program.port)
        if self._process.stdout:
            self._reader = self._lines.follow(self.program.name, self._process.stdout)

    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def is_silent(self) -> bool:
        """Whether a sign of life is overdue. To be asked often, since it notes those that have come."""
        return self._line is not None and self._hearing.is_lost(time.monotonic(), heard=self._line.heard())

    def ask_to_end(self) -> None:
        if self._process and self.exit_code() is None:
            self._process.terminate()

    def end(self) -> None:
        """Ends what is left of it at once, with all it started, and shows its last lines."""
        if self.running and self._process:
            signal_group(self.running.pid, signal.SIGKILL)
            self._process.wait()
            self.running = None
        if self._reader:
            self._reader.join(timeout=0.2)

    def plan_restart(self) -> float:
        """Answers in how many seconds."""
        delay = self._backoff.after(lived=time.monotonic() - self._started)
        self.start_at = time.monotonic() + delay
        return delay


class Supervisor:
    """Everything here happens in one thread, that of the signals; only the copying of lines has its own."""

    def __init__(self, run_file: RunFile, lines: Lines, port: int | None = None) -> None:
        self._run_file = run_file
        self._lines = lines
        self._parent = Running.now("run", os.getpid(), port)
        self._children: list[Child] = []
        self._step: Child | None = None
        self._stop_asked = False
        self._write_run_file()

    def say(self, sentence: str) -> None:
        self._lines.write("run", sentence)

    def ask_to_stop(self, _signum: int = 0, _frame: FrameType | None = None) -> None:
        # A flag and nothing else: a signal handler that takes a lock can wait for itself.
        self._stop_asked = True

    def start(self, program: Program) -> None:
        """Starts it and keeps it running from now on. Raises CannotRun."""
        self._children.append(self._started(program))
        self._write_run_file()

    def run_once(self, program: Program) -> int:
        """Runs it to its end, beside the others, and answers its exit code. Raises CannotRun, StopAsked."""
        self._step = step = self._started(program)
        self._write_run_file()
        self.wait_until(lambda: step.exit_code() is not None)
        step.end()
        self._step = None
        self._write_run_file()
        return step.exit_code() or 0

    def wait_until(self, ready: Callable[[], bool], timeout: float = float("inf")) -> bool:
        """Looks after the children until `ready` says yes or `timeout` seconds are over. Raises StopAsked."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._stop_asked:
                raise StopAsked
            if ready():
                return True
            self._look_after_children()
            time.sleep(TICK)
        return False

    def watch(self) -> None:
        """Looks after the children for good. Raises StopAsked."""
        self.wait_until(lambda: False)

    def stop(self) -> None:
        """Stops every child within ten seconds, those of a lower rank first, and forgets them."""
        for rank, patience in PATIENCE.items():
            children = [child for child in self._everyone() if child.program.rank == rank]
            for child in children:
                child.ask_to_end()
            _wait_for(children, patience)
            for child in children:
                child.end()
        self._run_file.remove()

    def _started(self, program: Program) -> Child:
        child = Child(program, self._lines)
        try:
            child.start()
        except OSError as error:
            raise CannotRun(f"Cannot start {program.name}: {error.strerror}.") from None
        return child

    def _everyone(self) -> Iterator[Child]:
        yield from self._children
        if self._step:
            yield self._step

    def _look_after_children(self) -> None:
        for child in self._children:
            if child.running and (code := child.exit_code()) is not None:
                self._bury(child, how_it_ended(code))
            elif child.running and child.is_silent():
                self._bury(child, "has given no sign of life and is ended")
            elif not child.running and time.monotonic() >= child.start_at:
                self._start_again(child)

    def _bury(self, child: Child, why: str) -> None:
        child.end()
        delay = child.plan_restart()
        self._write_run_file()
        self.say(f"{child.program.name} {why}; it is started again in {delay:g} s.")

    def _start_again(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            delay = child.plan_restart()
            self.say(f"{child.program.name} cannot be started: {error.strerror}; next try in {delay:g} s.")
        else:
            self.say(f"{child.program.name} is started again.")
            self._write_run_file()

    def _write_run_file(self) -> None:
        try:
            self._run_file.write(self._parent, [child.running for child in self._everyone() if child.running])
        except OSError as error:
            # A full disk is no reason to end what still runs.
            self.say(f"{self._run_file.path} cannot be written: {error.strerror}.")


def how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def _wait_for(children: Sequence[Child], patience: float) -> None:
    deadline = time.monotonic() + patience
    while any(child.running and child.exit_code() is None for child in children):
        if time.monotonic() >= deadline:
            return
        time.sleep(TICK / 2)
