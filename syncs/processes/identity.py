"""Who a process is. A pid alone is not enough: the kernel gives it to somebody else later."""

import subprocess
import sys
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
DEAD = {"Z", "X", "x"}


def kernel_start(pid: int) -> str | None:
    """When the kernel started this process, comparable only for equality; None when it does not live."""
    return _from_proc(pid) if sys.platform == "linux" else _from_ps(pid)


def _from_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's own name comes before this bracket and may hold spaces and brackets itself.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in DEAD else f"{_boot()}/{fields[18]}"


def _boot() -> str:
    try:
        return BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown boot"


def _from_ps(pid: int) -> str | None:
    asked = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "TZ": "UTC"},
    )
    state, _, started = asked.stdout.strip().partition(" ")
    return started.strip() if started and state[0] not in DEAD else None
