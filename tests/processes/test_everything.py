import os
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tests import everything, migrated, postgres
from tests.everything import Result, Step, missing, run
from tests.factories import User

pytestmark = pytest.mark.slow
PASSES = "def test_it():\n    pass\n"
FAILS = "def test_it():\n    assert False\n"
SKIPS = "import pytest\n\n@pytest.mark.skip(reason='not here')\ndef test_it():\n    pass\n"
HANGS = "import time\n\ndef test_it():\n    time.sleep(60)\n"


@pytest.fixture
def step(tmp_path: Path) -> Step:
    bare = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return Step("a step", ("-c", "/dev/null", str(tmp_path)), seconds=30, env=bare)


def written(folder: Path, **files: str) -> None:
    for name, content in files.items():
        (folder / f"test_{name}.py").write_text(content)


def in_time() -> float:
    return time.monotonic() + 60


def test_a_step_counts_what_passed_failed_and_was_skipped(step: Step, tmp_path: Path) -> None:
    written(tmp_path, one=PASSES, two=PASSES, three=FAILS, four=SKIPS)
    assert run(step, end=in_time()) == Result(passed=2, failed=1, skipped=1)


def test_a_file_that_cannot_be_read_is_a_failure(step: Step, tmp_path: Path) -> None:
    written(tmp_path, broken="def")
    assert run(step, end=in_time()).failed == 1


def test_a_step_that_finds_no_tests_is_a_failure(step: Step) -> None:
    assert run(step, end=in_time()) == Result(failed=1)


def test_a_step_that_hangs_is_ended_and_is_a_failure(step: Step, tmp_path: Path) -> None:
    written(tmp_path, slow=HANGS)
    assert run(replace(step, seconds=2), end=in_time()).failed == 1


def test_a_step_ends_with_the_whole(step: Step, tmp_path: Path) -> None:
    written(tmp_path, slow=HANGS)
    assert run(step, end=time.monotonic() + 2).failed == 1


def test_of_one_behind_others_failures_count_and_its_words_come_after_theirs(
    step: Step, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, one=PASSES)
    behind = tmp_path / "behind"
    behind.mkdir()
    written(behind, two=FAILS, three=PASSES)
    other = replace(step, title="another", words=("-c", "/dev/null", str(behind)))
    alone = replace(step, words=("-c", "/dev/null", str(tmp_path / "test_one.py")))
    assert run(alone, alone, behind=other, end=in_time()) == Result(passed=3, failed=1)
    out = capfd.readouterr().out
    assert out.rindex("=== a step: 1 passed") < out.index("assert False") < out.index("=== another: 1 passed")


def test_one_behind_others_that_hangs_is_ended_and_is_a_failure(step: Step, tmp_path: Path) -> None:
    written(tmp_path, slow=HANGS)
    assert run(behind=replace(step, seconds=2), end=in_time()).failed == 1


def test_one_behind_others_leaves_the_cores_to_them(step: Step, tmp_path: Path) -> None:
    written(tmp_path, polite="import os\n\ndef test_it():\n    assert os.nice(0) == 19\n")
    assert run(behind=step, end=in_time()) == Result(passed=1)
    assert run(step, end=in_time()) == Result(failed=1)


def test_what_is_missing_is_skipped_at_home(monkeypatch: pytest.MonkeyPatch, step: Step) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert missing("Chromium", step) == Result(skipped=1)


def test_what_is_missing_is_a_failure_where_the_verdict_counts(
    monkeypatch: pytest.MonkeyPatch, step: Step
) -> None:
    monkeypatch.setenv("CI", "true")
    assert missing("Chromium", step) == Result(failed=1)


@pytest.fixture
def steps_run(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Step, float]]:
    """Each with its end; of all together ten pass, and of PostgreSQL's two fail."""
    given: list[tuple[Step, float]] = []

    def note(*steps: Step, end: float, behind: Step | None = None) -> Result:
        given.extend((step, end) for step in (*steps, *([behind] if behind else [])))
        return Result(passed=10, failed=2 if behind and "DATABASE_URL" in behind.env else 0)

    monkeypatch.setattr(everything.migrated, "once", nullcontext)
    monkeypatch.setattr(everything, "run", note)
    monkeypatch.setattr(postgres, "running_postgres", lambda: nullcontext("postgres://"))
    monkeypatch.setattr(postgres, "binaries", lambda: Path("/bin"))
    monkeypatch.setattr("tests.chromium.executable", lambda: "/bin/chromium")
    return given


def test_the_last_line_is_the_sum_and_a_failure_is_the_exit_code(
    steps_run: list[tuple[Step, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert everything.main() == 1
    assert len({step.title for step, _end in steps_run}) == len(everything.WITH_PROCESSES) + 4
    assert capsys.readouterr().out.splitlines()[-1] == "30 passed, 2 failed"


def test_without_postgresql_and_chromium_every_other_step_runs_and_the_gaps_count(
    monkeypatch: pytest.MonkeyPatch, steps_run: list[tuple[Step, float]]
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(postgres, "binaries", lambda: None)
    monkeypatch.setattr("tests.chromium.executable", lambda: None)
    assert everything.main() == 1
    assert [step for step, _end in steps_run] == [everything.QUICK, *everything.WITH_PROCESSES]


def test_no_step_may_outlast_the_whole_but_the_proof_which_always_has_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, steps_run: list[tuple[Step, float]]
) -> None:
    monkeypatch.setattr(everything, "ALL_STEPS", 60)
    everything.main()
    *others, proof = (end - time.monotonic() for _step, end in steps_run)
    assert max(others) <= 60
    # What it needs at least is never taken from it.
    assert proof == pytest.approx(everything.AT_LEAST, abs=1)


@pytest.mark.skipif(postgres.binaries() is None, reason="no PostgreSQL here")
def test_the_private_postgres_answers_and_is_gone_afterwards() -> None:
    with postgres.running_postgres() as url:
        asked = "import os, dj_database_url, psycopg; c = dj_database_url.parse(os.environ['DATABASE_URL']); "
        asked += (
            "print(psycopg.connect(host=c['HOST'], user=c['USER'], dbname=c['NAME']).info.server_version)"
        )
        done = subprocess.run(
            [sys.executable, "-c", asked],
            env={"DATABASE_URL": url},
            capture_output=True,
            check=True,
            timeout=20,
        )
        assert int(done.stdout) >= 120_000
        folder = Path(url.split("@")[1].split("/")[0].replace("%2F", "/"))
        assert folder.is_dir()
    assert not folder.exists()


def test_tables_are_made_once_and_whoever_has_some_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(migrated.MADE, raising=False)
    with migrated.once():
        migrated.copy_to(tmp_path / "var" / "copy.sqlite3")
        migrated.copy_to(tmp_path / "var" / "copy.sqlite3")
        asked = [sys.executable, "manage.py", "migrate", "--check"]
        env = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/var/copy.sqlite3"}
        assert subprocess.run(asked, cwd=migrated.ROOT, env=env, timeout=60, check=False).returncode == 0
    assert migrated.found() == ""


@pytest.mark.django_db
def test_what_bears_the_mark_of_the_database_runs_on_both(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("database")


def test_what_has_the_database_from_a_fixture_runs_on_both(
    viewer: User, request: pytest.FixtureRequest
) -> None:
    assert request.node.get_closest_marker("database")


def test_what_has_no_database_runs_once(request: pytest.FixtureRequest) -> None:
    assert not request.node.get_closest_marker("database")
