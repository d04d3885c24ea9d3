"""What `manage.py run` has done before it starts the panel; also by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import migrated
from tests.codat.server import Server, says
from tests.processes.desk import ROOT
from tests.valkey import running_valkey

pytestmark = pytest.mark.slow
NOBODY = "http://127.0.0.1:9"


def prepare(folder: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    migrated.copy_to(folder / "one.sqlite3")
    ours = {
        "VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/one.sqlite3",
        "CODAT_API_URL": NOBODY,
    }
    return subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=ROOT,
        env=os.environ | ours | {"CODAT_API_KEY": "canary"} | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_sandboxs_people_never_meet_a_real_account(tmp_path: Path) -> None:
    with Server() as codat, running_valkey() as queue:
        codat.answers(says(401, {"error": "Unauthorized"}))
        sandboxed = prepare(tmp_path, SANDBOX="true", CODAT_API_URL=codat.url, REDIS_URL=queue)
    assert "Demo users, password = name" in sandboxed.stdout
    assert (sandboxed.returncode, "canary" in sandboxed.stderr) == (1, False)
    real = prepare(tmp_path, SANDBOX="false")
    assert real.returncode == 1
    assert real.stderr.startswith("CommandError: This database holds the sandbox's demo users and merchants.")


def test_for_a_real_account_it_tells_the_first_steps_and_makes_nobody(tmp_path: Path) -> None:
    done = prepare(tmp_path, SANDBOX="false")
    assert done.returncode == 0, done.stderr
    assert "manage.py createsuperuser" in done.stdout
    assert "manage.py import_companies" in done.stdout
    assert "Demo users" not in done.stdout
    again = prepare(tmp_path, SANDBOX="false")
    assert "collectstatic" in done.stdout
    assert "collectstatic" not in again.stdout
