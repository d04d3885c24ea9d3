"""What the args of a fault may be: each with its default, checked when the fault is set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    default: Any
    accepts: Callable[[Any], bool]
    about: str
    values: tuple[Any, ...] = ()
    """All that it can be, where that is a few."""


def number(default: float, least: float, most: float, *, whole: bool = False) -> Argument:
    return Argument(
        default,
        lambda value: _between(value, least, most) and (isinstance(value, int) or not whole),
        f"a {'whole ' if whole else ''}number from {least} to {most}",
    )


def span(default: float, most: float) -> Argument:
    """A number, or a pair between which a number is drawn anew for each request."""

    def accepts(value: Any) -> bool:
        pair = value if isinstance(value, list) and len(value) == 2 else [value, value]
        return all(_between(each, 0, most) for each in pair) and pair[0] <= pair[1]

    return Argument(default, accepts, f"a number from 0 to {most}, or two between which one is drawn")


def one_of(*values: Any) -> Argument:
    """The first is the default."""
    return Argument(
        values[0],
        lambda value: any(value == each and type(value) is type(each) for each in values),
        "one of " + ", ".join(map(repr, values)),
        values,
    )


def truth(*, default: bool) -> Argument:
    return Argument(default, lambda value: isinstance(value, bool), "true or false", (True, False))


def text(default: str | None) -> Argument:
    return Argument(default, lambda value: isinstance(value, str), "a text")


def texts() -> Argument:
    return Argument(
        None,
        lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
        "a list of texts",
    )


def moment() -> Argument:
    return Argument(None, _is_moment, "a moment with its zone, as 2026-11-20T00:00:00Z")


def anything(default: Any, about: str) -> Argument:
    return Argument(default, lambda value: True, about)


def filled(arguments: Mapping[str, Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Everything given, the rest by default; raises ValueError with a plain sentence."""
    for name, value in given.items():
        if name not in arguments:
            known = ", ".join(arguments) or "none"
            raise ValueError(f"There is no argument {name!r} here. It takes: {known}.")
        if not arguments[name].accepts(value):
            raise ValueError(f"The argument {name!r} is {arguments[name].about}, not {value!r}.")
    return {name: argument.default for name, argument in arguments.items()} | dict(given)


def _between(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
