"""The faults that are set: which of them a request runs into."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from sandbox.faults.arguments import filled
from sandbox.faults.kinds import KINDS, Kind

_FIELDS = {"method", "path_regex", "company_id", "fault", "args", "count", "probability"}
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@dataclass(slots=True)
class Fault:
    """A fault as it was set; it fires for requests that fit, until `left` is used up."""

    id: int
    kind: Kind
    args: dict[str, Any]
    method: str | None
    path: re.Pattern[str]
    company_id: str | None
    probability: float
    left: int | None
    fired: int = 0

    @property
    def applied(self) -> bool:
        return bool(self.args.get("applied", self.kind.applied))

    def fits(self, method: str, path: str) -> bool:
        return (
            self.left != 0
            and self.method in (None, method)
            and (self.company_id is None or self.company_id in path.lower())
            and bool(self.path.search(path))
        )

    def told(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "fault": self.kind.name,
            "args": self.args,
            "method": self.method,
            "path_regex": self.path.pattern,
            "company_id": self.company_id,
            "probability": self.probability,
            "left": self.left,
            "fired": self.fired,
        }


@dataclass(frozen=True, slots=True)
class Met:
    """What one request runs into: at most one fault for each stage."""

    world: Fault | None = None
    answer: Fault | None = None
    wire: Fault | None = None

    @property
    def names(self) -> list[str]:
        return [fault.kind.name for fault in (self.world, self.answer, self.wire) if fault]

    @property
    def applied(self) -> bool:
        """Whether the request is worked on at all."""
        return all(fault.applied for fault in (self.answer, self.wire) if fault)


NOTHING = Met()


@dataclass
class Faults:
    _set: list[Fault] = field(default_factory=list)
    _ids: "count[int]" = field(default_factory=lambda: count(1))
    _chance: Random = field(default_factory=lambda: Random(1))

    def set(self, given: Mapping[str, Any]) -> Fault:
        """Raises ValueError with a plain sentence for what is no fault."""
        fault = _fault(next(self._ids), given)
        self._set.append(fault)
        return fault

    def all(self) -> list[Fault]:
        return list(self._set)

    def clear(self, number: int | None = None) -> bool:
        """All of them, or the one of this number; tells whether there was anything to clear."""
        left = [fault for fault in self._set if number not in (None, fault.id)]
        cleared = len(left) < len(self._set)
        self._set = left
        return cleared

    def meet(self, method: str, path: str) -> Met:
        """Counts: each fault that is met has fired once more."""
        if not self._set:
            return NOTHING
        met: dict[str, Fault] = {}
        for fault in self._set:
            stage = fault.kind.stage
            if stage in met or not fault.fits(method, path) or self._chance.random() >= fault.probability:
                continue
            fault.fired += 1
            fault.left = fault.left and fault.left - 1
            met[stage] = fault
        return Met(**met)


def _fault(number: int, given: Mapping[str, Any]) -> Fault:
    unknown = given.keys() - _FIELDS
    if unknown:
        raise ValueError(f"A fault has no {sorted(unknown)[0]!r}. It has: {', '.join(sorted(_FIELDS))}.")
    kind = KINDS.get(str(given.get("fault")))
    if not kind:
        raise ValueError(f"There is no fault {given.get('fault')!r}. The faults are: {', '.join(KINDS)}.")
    args = {} if given.get("args") is None else given["args"]
    if not isinstance(args, dict):
        raise ValueError("The args of a fault are an object.")
    company_id = given.get("company_id")
    if not (company_id is None or isinstance(company_id, str)):
        raise ValueError("The company_id is a text, or left out for every company.")
    return Fault(
        number,
        kind,
        filled(kind.takes, args),
        _method(given.get("method")),
        _pattern(given.get("path_regex")),
        company_id.lower() if company_id else None,
        _probability(given.get("probability", 1)),
        _count(given.get("count")),
    )


def _method(given: Any) -> str | None:
    if given is None or (isinstance(given, str) and given.upper() in _METHODS):
        return given and given.upper()
    raise ValueError(f"The method is one of {', '.join(sorted(_METHODS))}, or left out for any.")


def _pattern(given: Any) -> re.Pattern[str]:
    try:
        return re.compile(given or "")
    except (re.error, TypeError, RecursionError) as error:
        raise ValueError(f"The path_regex cannot be read: {error}.") from None


def _probability(given: Any) -> float:
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given <= 1:
        return float(given)
    raise ValueError("The probability is a number above 0, up to 1.")


def _count(given: Any) -> int | None:
    if given is None or (type(given) is int and given > 0):
        return given
    raise ValueError("The count is a whole number from 1 on, or left out for as often as it fits.")
