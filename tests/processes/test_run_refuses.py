"""What `manage.py run` says, in one sentence and with exit code 1, when it cannot start."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
Refuse = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path) -> Refuse:
    """Runs it, in its own var folder, and answers its only line."""

    def run(folder: Path = ROOT, **env: str) -> str:
        surroundings = os.environ | {"VAR_DIR": str(tmp_path / "var"), "CODAT_API_KEY": "", "PORT": ""} | env
        done = subprocess.run(
            [sys.executable, "manage.py", "run"],
            cwd=folder,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        [line] = (done.stdout + done.stderr).splitlines()
        return line

    return run


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """A copy of what reads `.env`, so that the one of this checkout is left alone."""
    folder = tmp_path / "installation"
    for package in ("codat_admin", "syncs"):
        shutil.copytree(ROOT / package, folder / package)
    shutil.copy(ROOT / "manage.py", folder)
    return folder


def test_a_port_that_is_taken(refused: Refuse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refused(PORT=str(port)) == f"Port {port} is taken by another program; try PORT=8123."


@pytest.mark.parametrize("port", ["http", "65536"])
def test_a_port_that_is_none(refused: Refuse, port: str) -> None:
    assert refused(PORT=port) == f"PORT must be a whole number from 1 to 65535, not {port!r}."


def test_a_folder_that_cannot_be_written(refused: Refuse, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refused(VAR_DIR=str(tmp_path / "file")) == f"Cannot write to {tmp_path / 'file'}: File exists."


def test_a_second_run_in_the_same_folder(refused: Refuse, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    with (tmp_path / "var" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert refused() == f"Sync Desk already runs in {tmp_path / 'var'}."


def test_the_sandbox_on_an_address_others_can_reach(refused: Refuse) -> None:
    assert "the sandbox's demo users stay on 127.0.0.1" in refused(WEB_HOST="0.0.0.0")  # noqa: S104


def test_a_database_that_does_not_answer(refused: Refuse) -> None:
    line = refused(
        DATABASE_URL="postgres://me:canary-password@127.0.0.1:1/base", REDIS_URL="redis://127.0.0.1:1"
    )
    assert line.startswith("The database cannot be opened: connection")
    assert "canary-password" not in line


@pytest.mark.parametrize("line", ["canary-key", 'CODAT_API_KEY="canary-key'])
def test_a_broken_env_file_without_showing_what_stands_in_it(
    refused: Refuse, installation: Path, line: str
) -> None:
    (installation / ".env").write_text(f"PORT=8123\n{line}\n")
    said = refused(installation)
    assert said.startswith(".env, line 2 ")
    assert "canary-key" not in said


def test_an_env_file_that_is_no_text(refused: Refuse, installation: Path) -> None:
    (installation / ".env").write_bytes(b"CODAT_API_KEY=\xff\xfe")
    assert refused(installation).startswith("Cannot read .env: ")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SANDBOX", "maybe", "SANDBOX must be true or false, not 'maybe'."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, not 'LOUD'."),
        ("CODAT_API_KEY", "canary key", "CODAT_API_KEY cannot be used. The Codat API key must be one word "),
        ("CODAT_API_URL", "https://me:canary@host", "CODAT_API_URL cannot be used. Codat's address must "),
        ("REDIS_URL", "redis://:canary/1@host", "REDIS_URL cannot be read. Percent-encode the password "),
        ("DATABASE_URL", "postgres://me:canary/1@host/base", "DATABASE_URL cannot be read. Percent-encode "),
    ],
)
def test_a_setting_that_makes_no_sense(refused: Refuse, name: str, value: str, why: str) -> None:
    said = refused(**{name: value})
    assert said.startswith(why)
    assert "canary" not in said
