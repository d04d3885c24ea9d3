"""The whole suite, as `make test` runs it: each step bounded in time, the sum in the last line."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

from tests import chromium, migrated, postgres

ROOT = Path(__file__).resolve().parent.parent
FAST = "not slow and not browser"
# One more than the cores of a small machine: some tests wait for a silent server, and others may run meanwhile.
WORKERS = "3"
# Where tests wait for processes, servers and polls more than they work.
MORE_WORKERS = "4"


@dataclass(frozen=True)
class Step:
    title: str
    words: tuple[str, ...]
    seconds: float
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def __add__(self, other: "Result") -> "Result":
        return Result(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


# Seconds for all steps together: with lint and the set-up, they stay under twenty minutes. What one step leaves
# over, a busy machine may spend on the next.
ALL_STEPS = 1165
# Whole houses, whose starts and ends are timed: three of them at a time are enough.
DESKS = "tests/processes"
PROOF = "tests/chaos"
QUICK = Step("fast tests, on SQLite", ("-n", WORKERS, "-m", FAST), seconds=600)
WITH_PROCESSES = (
    Step(
        "slow tests, with real processes",
        (
            "-n",
            MORE_WORKERS,
            "-m",
            "slow and not browser and not long",
            f"--ignore={DESKS}",
            f"--ignore={PROOF}",
        ),
        seconds=480,
    ),
    Step(
        "whole desks, with all their processes",
        ("-n", "3", "--dist", "loadfile", "-m", "slow and not long", DESKS),
        seconds=360,
    ),
    Step(
        "tests that ask the sandbox, with its switches turned the other way",
        ("-n", WORKERS, "-m", "upstream"),
        seconds=240,
        env={"CONTRARY": "1"},
    ),
)
# One after the other: each keeps all cores busy by itself, and hung processes are told by the clock.
BOUNDED_PROOF = Step(
    "the bounded proof: 300 kills, crash points, seeded bugs",
    ("-n", "0", "-m", "not long", PROOF),
    seconds=480,
)
# Seconds: what the proof takes on a slow machine, with 300 kills, with 100 and with 30. So much it always has: minutes
# over are better than no proof.
IN_GOOD_TIME, IN_A_HURRY, AT_LEAST = 340, 260, 240
# Several panels at once: most of the time a journey waits for its next poll.
IN_BROWSER = Step(
    "tests in a real browser",
    ("-n", MORE_WORKERS, "--dist", "loadfile", "-m", "browser and not long", "tests/browser"),
    seconds=600,
)
# The fast ones, and the races. tests/conftest.py sets the mark.
ON_POSTGRES = Step(
    "all tests that use the database, on PostgreSQL",
    ("-n", WORKERS, "-m", "database and not sqlite and not long and (not slow or race)"),
    seconds=700,
)


def main() -> int:
    """Tests that only work run behind those that wait, on the cores that these leave idle."""
    end = time.monotonic() + ALL_STEPS
    with migrated.once():
        if chromium.executable():
            total = run(IN_BROWSER, behind=QUICK, end=end)
        else:
            total = run(QUICK, end=end) + missing("Chromium", IN_BROWSER)
        if postgres.binaries():
            with postgres.running_postgres() as url:
                on_postgres = replace(ON_POSTGRES, env={"DATABASE_URL": url})
                total += run(*WITH_PROCESSES, behind=on_postgres, end=end)
        else:
            total += run(*WITH_PROCESSES, end=end) + missing("PostgreSQL", ON_POSTGRES)
    if postgres.binaries():
        end = max(end, time.monotonic() + AT_LEAST)
        total += run(_hurried(_until(end, BOUNDED_PROOF)), end=end)
    else:
        total += missing("PostgreSQL", BOUNDED_PROOF)
    if total.skipped:
        print(f"{total.skipped} skipped, for the reasons named above")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


def _until(end: float, step: Step) -> Step:
    return replace(step, seconds=max(1.0, min(step.seconds, end - time.monotonic())))


def _hurried(proof: Step) -> Step:
    """Where little time is left, fewer kills will do: the crash points and the seeded bugs carry the proof."""
    if proof.seconds >= IN_GOOD_TIME:
        return proof
    kills, seconds = ("100", "40") if proof.seconds >= IN_A_HURRY else ("30", "10")
    hurried = {"ENOUGH_KILLS": kills, "SECONDS_FOR_KILLS": seconds}
    return replace(
        proof, title=f"{proof.title} (in a hurry: at least {kills} kills)", env=proof.env | hurried
    )


def missing(what: str, step: Step) -> Result:
    """A step left out is a gap that a person may accept at home; where the verdict counts it is a failure."""
    if os.environ.get("CI"):
        print(f"FAILED: there is no {what} here for: {step.title}.", flush=True)
        return Result(failed=1)
    print(f"SKIPPED: there is no {what} here for: {step.title}.", flush=True)
    return Result(skipped=1)


def run(*steps: Step, end: float, behind: Step | None = None) -> Result:
    """One after the other, and another beside them, whose words come when it is over."""
    with _under_way(behind and _until(end, behind), patient=True) as other:
        total = Result()
        for step in steps:
            with _under_way(_until(end, step)) as one:
                total += one()
        return total + other()


@contextmanager
def _under_way(step: Step | None, *, patient: bool = False) -> Iterator[Callable[[], Result]]:
    """Yields what waits for its result. A patient step leaves the cores to all others, and is silent until then.

    With its end, all that it started ends: it has a session of its own.
    """
    if step is None:
        yield Result
        return
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report, words = Path(folder) / "report.xml", Path(folder) / "words.txt"
        command = [sys.executable, "-m", "pytest", "-q", *step.words, f"--junitxml={report}"]
        command = ["nice", "-n", "19", *command] if patient else command
        if not patient:
            print(f"=== {step.title} (at most {step.seconds:.0f} s)", flush=True)
        with words.open("w") as kept:
            output = {"stdout": kept, "stderr": subprocess.STDOUT} if patient else {}
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | step.env, start_new_session=True, **output
            )

        def result() -> Result:
            code = _wait(process, began + step.seconds)
            print(words.read_text(errors="replace"), end="")
            counted = _read(report)
            if code != 0 and not counted.failed:
                print(f"FAILED: {step.title}: {_why(code)}.", flush=True)
                counted += Result(failed=1)
            print(f"=== {step.title}: {counted} in {time.monotonic() - began:.0f} s", flush=True)
            return counted

        try:
            yield result
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], end: float) -> int | None:
    """Its exit code, or None when it had to be ended."""
    try:
        return process.wait(timeout=max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        _end(process)
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asks first: tests that started processes end them on the way out."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(report: Path) -> Result:
    if not report.exists():
        return Result()
    suites = ElementTree.parse(report).iter("testsuite")  # noqa: S314 - written by pytest a moment ago
    total = Result()
    for suite in suites:
        tests, errors, failures, skipped = (
            int(suite.get(name, "0")) for name in ("tests", "errors", "failures", "skipped")
        )
        failed = errors + failures
        total += Result(tests - failed - skipped, failed, skipped)
    return total


def _why(code: int | None) -> str:
    if code is None:
        return "it took too long and was ended"
    return "it found no tests" if code == 5 else f"pytest ended with exit code {code}"


if __name__ == "__main__":
    sys.exit(main())
