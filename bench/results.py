"""What a measurement brings home: rows, shown as a table and kept as JSON."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One figure. `target` in words; `ok` is None where there is no target."""

    part: str
    name: str
    value: float
    unit: str
    target: str = ""
    ok: bool | None = None


def at_most(part: str, name: str, value: float, unit: str, bound: float) -> Row:
    return Row(part, name, round(value, 3), unit, f"<= {bound:,g}", value <= bound)


def at_least(part: str, name: str, value: float, unit: str, bound: float) -> Row:
    return Row(part, name, round(value, 3), unit, f">= {bound:,g}", value >= bound)


def percentile(values: Iterable[float], part: float) -> float:
    """Of at least one value; `part` from 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def keep(part: str, rows: Sequence[Row]) -> Path:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{part.lower()}.json"
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    return path


def table(rows: Iterable[Row]) -> str:
    return "\n".join(
        f"{row.part:4}{row.name:58}{row.value:>14,.6g} {row.unit:12}{row.target:>12}  {_word(row.ok)}".rstrip()
        for row in rows
    )


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def _word(ok: bool | None) -> str:
    return "" if ok is None else ("reached" if ok else "MISSED")
