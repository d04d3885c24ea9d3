"""How many calls may be under way for one company: Codat takes ten at a time (Codat docs, rate limits)."""

from dataclasses import dataclass
from typing import Self
from uuid import uuid4

AT_ONCE = 10
# Of them so many are left to sends: the look before one, and its POST.
KEPT_FOR_SENDS = 2
# Seconds after which a place is free again although nobody left it: its worker was killed. No call takes longer.
LEASE = 90.0
# Seconds until whoever found no place asks again; a call is mostly over by then.
TRY_AGAIN = 1.0


@dataclass(frozen=True)
class Place:
    """One of a company's ten."""

    company: str
    token: str

    @classmethod
    def for_read(cls, company: str) -> Self:
        return cls(company, uuid4().hex)

    @classmethod
    def for_send(cls, company: str) -> Self:
        """Always the same one: no merchant has two requests, and what was reserved and not sent is not lost."""
        return cls(company, "send")
