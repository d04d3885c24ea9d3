"""The daily life of the merchants in figures: when their syncs are due, when they come and how long they take."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from sandbox.schedule import zone

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Life:
    delay: float = 3640.0
    """Seconds from the due time to the run: the usual delay of a merchant in the middle."""
    delay_differs: float = 0.8
    """How much the usual delays of merchants differ: the sigma of a log-normal distribution; at 0 all have the same."""
    spread: Range = (0.05, 0.3)
    """How much the delay of a merchant differs from day to day: a standard deviation, in parts of its usual delay."""
    duration: Range = (90.0, 190.0)
    """Seconds that the syncs of a merchant usually take, at speed 1."""
    hours: tuple[int, ...] = (0,) * 10 + (1, 2, 3, 4, 5, 22)
    """The sync hours, each as often as it is listed."""
    zones: tuple[str, ...] = ()
    """The merchants' zones, each as often as it is listed; none for those of the places where the shops are."""

    def lived(self, settings: Iterable[str]) -> "Life":
        """This life with `name=value` settings applied; raises ValueError with a plain sentence."""
        known = [field.name for field in fields(self)]
        changes: dict[str, Any] = {}
        for setting in settings:
            name, _, value = setting.partition("=")
            if name not in known:
                raise ValueError(f"There is no {name!r} in a life. There are: {', '.join(known)}.")
            read, expected = _READERS[name]
            try:
                changes[name] = read(value)
            except (ValueError, LookupError, OSError):
                raise ValueError(f"{name!r} is {expected}, not {value!r}.") from None
        return replace(self, **changes)


def _number(most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text)
        if not 0 <= number <= most:
            raise ValueError
        return number

    return read


def _range(most: float) -> Callable[[str], Range]:
    def read(text: str) -> Range:
        low, _, high = text.partition("..")
        ends = _number(most)(low), _number(most)(high or low)
        if ends[0] > ends[1]:
            raise ValueError
        return ends

    return read


def _hours(text: str) -> tuple[int, ...]:
    hours = tuple(map(int, text.split(",")))
    if not all(0 <= hour <= 23 for hour in hours):
        raise ValueError
    return hours


def _zones(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(name and zone(name) for name in names):
        raise ValueError
    return names


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "delay": (_number(36_000), "a number of seconds up to 36000"),
    "delay_differs": (_number(5), "a number from 0 to 5"),
    "spread": (_range(5), "a number from 0 to 5, or two as in 0.05..0.3"),
    "duration": (_range(86_400), "a number of seconds up to 86400, or two as in 90..190"),
    "hours": (_hours, "a list of hours from 0 to 23 as in 0,0,22"),
    "zones": (_zones, "a list of IANA zones as in Europe/London,Asia/Kolkata"),
}
