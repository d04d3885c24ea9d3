"""Tables that all migrations have run on, made once for many: to make them takes longer than most tests."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Names the file. On PostgreSQL, whose tests are one step, it would cost as much as it saves.
MADE = "MIGRATED"


@contextmanager
def once() -> Iterator[None]:
    """For whoever starts within this and keeps its tables in SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "migrated.sqlite3"
        command, url = [sys.executable, "-m", "tests.migrated"], f"sqlite:///{file}"
        subprocess.run(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True, timeout=120)
        os.environ[MADE] = str(file)
        try:
            yield
        finally:
            del os.environ[MADE]


def found() -> str:
    """Empty where nobody made any: then each makes its own."""
    return os.environ.get(MADE, "")


def copy_to(file: Path) -> None:
    """Unless one is there."""
    if found() and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found(), file)


if __name__ == "__main__":
    from django.core.management import call_command

    from tests import environment as environment

    call_command("migrate", verbosity=0)
