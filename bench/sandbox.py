"""How many answers a second the sandbox gives, how long they take and how much memory that needs.

`python -m bench.sandbox` starts one with 100,000 merchants on 127.0.0.1 and reads of merchants drawn from all of
them, so that hardly a history is asked for twice. Eight connections, a few seconds for each kind of read, then it ends.
CPU and memory come from /proc: on other systems than Linux those two columns stay empty.
"""

import argparse
import asyncio
import os
import random
import time
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from sandbox.dice import CompanyIds
from sandbox.testing import Sandbox, running

_SYNCS = "/companies/{}/sync/commerce/syncs"
_PATHS = {
    "company": "/companies/{}",
    "connections": "/companies/{}/connections",
    "configuration": "/config/companies/{}/sync/commerce",
    "status": "/meta/companies/{}/sync/commerce/status",
    "latest": f"{_SYNCS}/latest/status",
    "last successful": f"{_SYNCS}/lastSuccessful/status",
    "list": f"{_SYNCS}/list/status",
}
_READS = {name: [name] for name in _PATHS}
# A panel's refreshing: mostly lists of syncs.
_READS["mix"] = ["list"] * 6 + ["status"] * 2 + ["connections", "configuration"]


class Measured(NamedTuple):
    waits: list[float]
    seconds: float
    cpu: float | None

    def row(self, name: str, peak: float | None) -> str:
        waits = sorted(self.waits)
        p50, p99 = (waits[int(len(waits) * part)] * 1000 for part in (0.5, 0.99))
        per_cpu = f"{len(waits) / self.cpu:,.0f}" if self.cpu else ""
        memory = f"{peak:,.0f}" if peak else ""
        rate = f"{len(waits) / self.seconds:,.0f}"
        return f"{name:16}{rate:>12}{per_cpu:>18}{p50:>9.1f}{p99:>9.1f}{memory:>10}"


def main() -> None:
    options = _options()
    started = time.monotonic()
    with running(
        merchants=options.merchants,
        seed=options.seed,
        history_days=options.history_days,
        speed=1,
        switches={"per_minute": "off"},
    ) as sandbox:
        print(f"{options.merchants:,} merchants, ready after {time.monotonic() - started:.1f} s")
        _wait_until_idle(sandbox.process.pid)
        print(f"{'':16}{'answers/s':>12}{'per second of CPU':>18}{'p50 ms':>9}{'p99 ms':>9}{'peak MB':>10}")
        for name in options.reads or _READS:
            measured = asyncio.run(_measure(sandbox, _READS[name], options))
            print(measured.row(name, _peak_memory(sandbox.process.pid)), flush=True)


def _wait_until_idle(pid: int) -> None:
    """What it makes in spare time after the start is made by then; at most half a minute."""
    spent = _cpu(pid)
    for _ in range(60):
        time.sleep(0.5)
        before, spent = spent, _cpu(pid)
        if before is None or spent is None or spent - before < 0.05:
            return


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sandbox", description=__doc__)
    add = parser.add_argument
    add("--merchants", type=int, default=100_000)
    add("--history-days", type=int, default=90)
    add("--seed", type=int, default=1)
    add("--connections", type=int, default=8)
    add("--seconds", type=float, default=5.0, help="for each kind of read")
    add("reads", nargs="*", metavar="READ", help=f"which of {', '.join(_READS)}; all when none is named")
    options = parser.parse_args()
    if unknown := set(options.reads) - _READS.keys():
        parser.error(f"There is no read called {', '.join(sorted(unknown))}.")
    return options


async def _measure(sandbox: Sandbox, names: list[str], options: argparse.Namespace) -> Measured:
    ids, dice = CompanyIds(options.seed), random.Random(1)
    port = int(sandbox.url.rpartition(":")[2])
    waits: list[float] = []
    started, cpu = time.monotonic(), _cpu(sandbox.process.pid)

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < started + options.seconds:
            path = _PATHS[dice.choice(names)].format(ids.at(dice.randrange(options.merchants)))
            asked = time.monotonic()
            writer.write(_request(path, sandbox.key))
            await _answer(reader)
            waits.append(time.monotonic() - asked)
        writer.close()

    await asyncio.gather(*(client() for _ in range(options.connections)))
    spent = _cpu(sandbox.process.pid)
    return Measured(waits, time.monotonic() - started, spent - cpu if spent and cpu else None)


def _request(path: str, key: str) -> bytes:
    authorization = b64encode(key.encode()).decode()
    return f"GET {path} HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Basic {authorization}\r\n\r\n".encode()


async def _answer(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    # A merchant that never synced is a 404.
    if not head.startswith((b"http/1.1 200", b"http/1.1 404")):
        raise SystemExit(f"The sandbox answered {head!r}.")
    await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))


def _cpu(pid: int) -> float | None:
    """Seconds of CPU that the process has used."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return None


def _peak_memory(pid: int) -> float | None:
    """In megabytes."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except OSError:
        return None


if __name__ == "__main__":
    main()
