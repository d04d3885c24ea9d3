"""Seeded bugs, one at a time, each of which the judge must see."""

from collections.abc import Callable

BUGS: dict[str, Callable[[], None]] = {}


def install(name: str) -> None:
    if name:
        BUGS[name]()
