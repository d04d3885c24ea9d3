"""The sandbox as a real process, for tests.

with running(merchants=40, speed=1000) as sandbox:
    company_id = sandbox.merchants("archived_account")[0]["company_id"]
    sandbox.session.post(f"{sandbox.url}/companies/{company_id}/sync/commerce/latest")
    assert sandbox.ledger()[0]["applied"]
"""

import json
import select
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

READY = "sandbox ready on "
_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 30.0

between: Callable[[str], AbstractContextManager[str]] = nullcontext
"""What stands between a test and the process: takes its address, gives the one that the test is told."""


@dataclass(frozen=True)
class Sandbox:
    url: str
    key: str
    process: subprocess.Popen[str]
    session: requests.Session
    """Sends the key; keeps its connection."""
    ledger_path: Path

    def ledger(self) -> list[dict[str, Any]]:
        """Every POST that asked for a sync, in order."""
        if not self.ledger_path.exists():
            return []
        lines = self.ledger_path.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines if line]

    def merchants(self, kind: str | None = None) -> list[dict[str, Any]]:
        """`company_id`, `name`, `kind`, `rerun`, `zone` and `hour` of the merchants of a kind, or of all."""
        query = {"kind": kind} if kind else {}
        answer = self.session.get(f"{self.url}/_sandbox/merchants", params=query, timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def answers_429(self) -> int:
        """How many it has given since it was started."""
        return int(self.get("/_sandbox/quota").json()["answers_429"])

    def fault(self, fault: str, args: Mapping[str, Any] | None = None, **where: Any) -> int:
        """Set a fault for what fits `method`, `path_regex`, `company_id`, `count`, `probability`; its number."""
        body = {"fault": fault, "args": dict(args or {}), **where}
        answer = self.post("/_sandbox/faults", body)
        if answer.status_code != 200:
            raise ValueError(answer.json()["error"])
        return int(answer.json()["id"])

    def clear_faults(self) -> None:
        self.session.delete(f"{self.url}/_sandbox/faults", timeout=10).raise_for_status()

    def move_clock(self, **to: Any) -> None:
        """`by` or `ahead` in seconds, or `to` a moment."""
        self.post("/_sandbox/clock", to).raise_for_status()

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(f"{self.url}{path}", timeout=10, **options)

    def post(self, path: str, body: object = None, **options: Any) -> requests.Response:
        return self.session.post(f"{self.url}{path}", json=body, timeout=10, **options)


@contextmanager
def running(
    *,
    merchants: int = 40,
    seed: int = 1,
    speed: float = 1000.0,
    history_days: int = 90,
    key: str = "test-key",
    data: Path | None = None,
    ledger: Path | None = None,
    switches: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    direct: bool = False,
) -> Iterator[Sandbox]:
    """Start it on a free port, yield it once it answers, stop it in the end.

    `options` are more of the command's. `direct` is for measuring: nothing stands between.
    """
    with TemporaryDirectory(prefix="sandbox-") as folder:
        ledger_path = ledger or Path(folder) / "ledger.jsonl"
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--key", key, "--seed", str(seed)]
        command += ["--merchants", str(merchants), "--history-days", str(history_days), "--speed", str(speed)]
        command += ["--ledger", str(ledger_path), *(["--data", str(data)] if data else [])]
        for name, value in (switches or {}).items():
            command += ["--switch", f"{name}={value}"]
        command += options
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)  # noqa: S603
        with _session(key) as session:
            try:
                with (nullcontext if direct else between)(_address(process)) as url:
                    yield Sandbox(url, key, process, session, ledger_path)
            finally:
                _stop(process)


def _session(key: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Basic {b64encode(key.encode()).decode()}"
    return session


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101
    readable, _, _ = select.select([process.stdout], [], [], _PATIENCE)
    line = process.stdout.readline().strip() if readable else ""
    if not line.startswith(READY):
        raise RuntimeError(f"The sandbox did not start; it said {line!r}.")
    return line.removeprefix(READY)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
