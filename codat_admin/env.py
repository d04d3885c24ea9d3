"""Strict readers of the environment: a value that makes no sense is refused with one plain sentence."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

QUOTES = {'"', "'"}


def load_dotenv(path: Path) -> None:
    """Puts the file's `NAME=value` lines into the environment; what is already set there wins."""
    if not path.exists():
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"Cannot read {path.name}: {error}.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _assignment(line, f"{path.name}, line {number}")
            os.environ.setdefault(name, value)


def _assignment(line: str, where: str) -> tuple[str, str]:
    name, equals, value = line.strip().removeprefix("export ").partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name.isidentifier():
        # The line itself may hold a key: it is never shown.
        raise ImproperlyConfigured(f"{where} is not of the form NAME=value.")
    if value[:1] in QUOTES:
        if len(value) < 2 or value[-1] != value[0]:
            raise ImproperlyConfigured(f"{where} opens a quotation mark and does not close it.")
        value = value[1:-1]
    return name, value


def kept(path: Path, default: str) -> str:
    """What `make run` has left in a file of its own, for commands typed beside it."""
    try:
        return path.read_text(encoding="ascii").strip() or default
    except (OSError, UnicodeDecodeError):
        return default


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    value = text(name).lower()
    if value in {"", "true", "false"}:
        return default if value == "" else value == "true"
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not {value!r}.")
    return int(value)


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def one_of(name: str, known: tuple[str, ...], default: str) -> str:
    """Upper and lower case are the same."""
    value = (text(name) or default).upper()
    if value not in known:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(known)}, not {value!r}.")
    return value


def accepted(name: str, check: Callable[[str], object], default: str = "") -> str:
    """A text that `check` does not refuse; the words of its ValueError are shown, so they may hold no secret."""
    value = text(name) or default
    try:
        if value:
            check(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be used. {error}") from None
    return value


def service_address(name: str, schemes: tuple[str, ...]) -> str:
    """An address that may hold a password, so a wrong one is not repeated."""
    value = text(name)
    try:
        parts = urlsplit(value)
        readable = parts.port != 0
    except ValueError:
        readable = False
    if not readable:
        raise ImproperlyConfigured(f"{name} cannot be read. Percent-encode the password that stands in it.")
    if value and parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with {' or '.join(f'{s}://' for s in schemes)}.")
    return value
