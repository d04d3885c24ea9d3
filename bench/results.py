"""What a measurement brings home: rows, shown as a table and kept as JSON."""

import json
import math
import os
import platform
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The figures that the documents speak of; those of another size never take their place.
USUAL = ROOT / "bench" / "results"
UNUSUAL = ROOT / "var" / "bench" / "results"


@dataclass(frozen=True)
class Row:
    """One figure. `target` in words; `ok` is None where there is no target."""

    part: str
    name: str
    value: float
    unit: str
    target: str = ""
    ok: bool | None = None

    def __post_init__(self) -> None:
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if not is_number or not math.isfinite(self.value):
            raise ValueError(f"{self.name}: {self.value!r} is no number.")


def at_most(part: str, name: str, value: float, unit: str, bound: float) -> Row:
    return Row(part, name, round(value, 3), unit, f"<= {bound:,g}", value <= bound)


def at_least(part: str, name: str, value: float, unit: str, bound: float) -> Row:
    return Row(part, name, round(value, 3), unit, f">= {bound:,g}", value >= bound)


def so(part: str, name: str, is_so: bool) -> Row:
    """1 where it is so, as it has to be."""
    return Row(part, name, int(is_so), "", "1", is_so)


def failed(part: str, reason: str) -> Row:
    """Of a part that came to no end, with the first line of the reason."""
    first = reason.partition("\n")[0][:200]
    return Row(part, f"COULD NOT BE MEASURED. {first}", 1, "failures", "<= 0", False)


def percentile(values: Iterable[float], part: float) -> float:
    """Of at least one value; `part` from 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def keep(part: str, rows: Sequence[Row], *, is_usual: bool) -> Path:
    """In the place of what was there before, however it went."""
    folder = USUAL if is_usual else UNUSUAL
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{part.lower()}.json"
    text = json.dumps([asdict(row) for row in rows], indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def table(rows: Iterable[Row]) -> str:
    return "\n".join(
        f"{row.part:4}{row.name:74}{_figure(row.value):>12} {row.unit:12}{row.target:>12}  {_word(row.ok)}".rstrip()
        for row in rows
    )


def machine() -> str:
    """What the figures were measured on."""
    told = [platform.machine(), platform.system(), f"Python {platform.python_version()}"]
    return ", ".join([*told, *filter(None, (_processor(), _memory()))])


def _processor() -> str:
    """Linux tells; elsewhere nothing is said."""
    return _said_by("/proc/cpuinfo", r"^model name\s*:\s*(.+)$")


def _memory() -> str:
    kilobytes = _said_by("/proc/meminfo", r"^MemTotal:\s*(\d+) kB$")
    return f"{int(kilobytes) / 1024**2:.1f} GB" if kilobytes else ""


def _said_by(path: str, pattern: str) -> str:
    with suppress(OSError):
        found = re.search(pattern, Path(path).read_text(errors="replace"), re.MULTILINE)
        return found[1].strip() if found else ""
    return ""


def cores() -> int:
    return os.cpu_count() or 0


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100_000 else f"{value:,.6g}"


def _word(ok: bool | None) -> str:
    return "" if ok is None else ("reached" if ok else "MISSED")
