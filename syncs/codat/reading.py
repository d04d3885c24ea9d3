"""JSON as it comes, made into values that a database and a page can hold."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from syncs.codat.errors import Uncertain
from syncs.codat.shortening import shortened

DEEPEST = 40
# Twice what the longest list of syncs that we read holds; what is small on the wire can be large in memory.
MOST_VALUES = 1_000_000
# PostgreSQL refuses NUL in text, and lone surrogates cannot be encoded at all. U+FDD0 marks what only we write
# (rules/stored_moments.py).
UNSTORABLE = re.compile("[\x00\ud800-\udfff\ufdd0]")
CODE = re.compile(r"\s*(\d{1,9})(?!\d)", re.ASCII)
LONGEST_ID = 100
EMPTY_GUID = "00000000-0000-0000-0000-000000000000"


def parse_json(body: bytes) -> Any:
    """Raises Uncertain for what is no JSON, or JSON that nothing of ours could store."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise Uncertain("Codat's answer holds more values than any that we read.")
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None, parse_float=_finite)
        return _storable(value, DEEPEST)
    except (ValueError, RecursionError):
        pass
    raise Uncertain("Codat's answer is not valid JSON.")


def mapping(value: object, what: str) -> dict[str, Any]:
    """Raises Uncertain for anything but a JSON object."""
    if isinstance(value, dict):
        return value
    raise Uncertain(f"Codat's answer holds no {what} where one belongs.")


def part(value: object) -> dict[str, Any]:
    """An object inside another; empty where there is none."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def web_address(value: object) -> str:
    """Pages link to it, so anything but http and https (such as `javascript:`) is dropped."""
    address = text(value).strip()
    return address if address.lower().startswith(("https://", "http://")) else ""


def identifier(value: object) -> str | None:
    """Codat's own samples hold odd ids, so any short text will do; .NET's empty GUID is none."""
    stripped = text(value).strip()
    if not stripped or len(stripped) > LONGEST_ID or stripped == EMPTY_GUID:
        return None
    return stripped


def whole_number(value: object) -> int | None:
    """2000, 2000.0, "2000" and the `"4200,"` of the OpenAPI's example; None for the rest."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = CODE.match(str(value)) if isinstance(value, int | str) else None
    return int(found[1]) if found else None


def truth(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def texts_by_name(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        return {}
    return {name: str(item) for name, item in value.items() if isinstance(item, str | int | float)}


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; whatever else lies in it is passed over."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def one_line(value: object, longest: int = 300) -> str:
    """Foreign text for a log line or a sentence: one line, no control characters, bounded."""
    words = "".join(c if c.isprintable() else " " for c in text(value)).split()
    return shortened(" ".join(words), longest)


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _storable(value: Any, depth: int) -> Any:
    if depth == 0:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {_storable(name, depth - 1): _storable(item, depth - 1) for name, item in value.items()}
    return value
