"""The kinds of merchants that live in the sandbox, and how many there are of each."""

from bisect import bisect
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from sandbox import outcomes
from sandbox.dice import dice, digest, fraction
from sandbox.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Kind:
    """One way for a merchant to fare. Days are counted back from the birth of the world."""

    name: str
    share: int
    """Of a thousand merchants; the shares add up to 1,000."""
    about: str
    failures: tuple[Outcome, ...] = ()
    """One of these is drawn for each merchant."""
    failing_days: tuple[int, int] = (0, 0)
    fixed: float = 0.0
    """The chance that the cause is gone since the birth of the world, so that a re-run succeeds."""
    flaky: float = 0.0
    """The chance that a scheduled run fails, before and after the birth."""
    quiet_days: tuple[int, int] = (0, 0)
    severed: Literal["Deauthorized", "Unlinked", "Deleted"] | None = None
    linked: bool = True
    hangs: bool = False


HEALTHY = Kind("healthy", 696, "Syncs each day; some weekdays closed, now and then a single failed day")
NEWCOMER = Kind("newcomer", 0, "Made through the API; nothing linked, nothing configured")

KINDS = (
    HEALTHY,
    Kind(
        "archived_account",
        30,
        "5130: a mapped account is archived; most have been restored by now",
        failures=(outcomes.ARCHIVED_ACCOUNT,),
        failing_days=(2, 9),
        fixed=0.85,
    ),
    Kind(
        "missing_account",
        15,
        "5130: a mapped account was deleted",
        failures=(outcomes.MISSING_ACCOUNT,),
        failing_days=(2, 12),
        fixed=0.2,
    ),
    Kind(
        "archived_customer",
        15,
        "5130: the sales customer is archived",
        failures=(outcomes.ARCHIVED_CUSTOMER,),
        failing_days=(2, 12),
        fixed=0.5,
    ),
    Kind(
        "missing_customer",
        10,
        "5130: the sales customer was deleted",
        failures=(outcomes.MISSING_CUSTOMER,),
        failing_days=(2, 20),
    ),
    Kind(
        "write_error",
        10,
        "5130: a supplier or a tax rate is gone",
        failures=(
            outcomes.SUPPLIER_GONE,
            outcomes.SUPPLIER_INACTIVE,
            outcomes.TAX_RATE_GONE,
            outcomes.TAX_RATES_INVALID,
        ),
        failing_days=(2, 12),
        fixed=0.2,
    ),
    Kind(
        "settings",
        40,
        "4000: the configuration is wrong, one of many ways",
        failures=tuple(outcomes.SETTINGS.values()),
        failing_days=(2, 22),
        fixed=0.2,
    ),
    Kind(
        "tax_mapping",
        20,
        "4200: a tax of the shop is not mapped",
        failures=(outcomes.TAX_NOT_MAPPED,),
        failing_days=(2, 15),
        fixed=0.25,
    ),
    Kind(
        "no_message",
        15,
        "5120: the data could not be processed; no message",
        failures=(outcomes.NO_MESSAGE,),
        failing_days=(2, 4),
        fixed=1.0,
    ),
    Kind("flaky", 25, "5000 on every third day or so", failures=(outcomes.SERVER_ERROR,), flaky=0.35),
    Kind(
        "overlap",
        10,
        "5080: duplication protection stopped the last runs",
        failures=(outcomes.OVERLAPS,),
        failing_days=(2, 3),
        fixed=1.0,
    ),
    Kind(
        "deauthorized",
        15,
        "4040: the merchant revoked a connection; one failed run, then none",
        failing_days=(2, 25),
        severed="Deauthorized",
    ),
    Kind(
        "unlinked",
        10,
        "4220: a connection was unlinked; one failed run, then none",
        failing_days=(2, 25),
        severed="Unlinked",
    ),
    Kind(
        "disconnected",
        2,
        "4000: a connection was deleted; one failed run, then none",
        failing_days=(2, 25),
        severed="Deleted",
    ),
    Kind(
        "company_gone",
        2,
        "4040: the company is missing in the accounting software",
        failures=(outcomes.COMPANY_GONE,),
        failing_days=(2, 20),
    ),
    Kind(
        "billing_expired",
        15,
        "4260: the accounting subscription ran out",
        failures=(outcomes.BILLING,),
        failing_days=(3, 18),
        fixed=0.1,
    ),
    Kind("quiet", 20, "2040 for weeks: nothing is sold", quiet_days=(21, 70)),
    Kind("never_synced", 20, "No connection, or one that waits for the merchant", linked=False),
    Kind(
        "near_fuse",
        10,
        "25 to 30 failed days in a row; Codat switches it off after 31",
        failures=(outcomes.ARCHIVED_ACCOUNT, outcomes.NOT_CONFIGURED, outcomes.MISSING_ACCOUNT),
        failing_days=(26, 29),
        fixed=0.5,
    ),
    Kind(
        "switched_off",
        10,
        "Failed on 31 days in a row and was switched off by Codat",
        failures=(outcomes.ARCHIVED_ACCOUNT, outcomes.MISSING_CUSTOMER, outcomes.TAX_NOT_MAPPED),
        failing_days=(36, 60),
        fixed=0.5,
    ),
    Kind("slow", 5, "Its newest run hangs at 1010", hangs=True),
    Kind(
        "unlisted_code",
        3,
        "5990: a code in no document",
        failures=(outcomes.UNLISTED,),
        failing_days=(2, 5),
        fixed=0.5,
    ),
    Kind(
        "partial",
        2,
        "5130 though some items were written",
        failures=(outcomes.PARTIAL,),
        failing_days=(2, 6),
        fixed=0.5,
    ),
)

_BOUNDS = list(accumulate(kind.share / 1000 for kind in KINDS))
_DECK = 40


@lru_cache(maxsize=8)
def _first_forty(seed: int) -> tuple[Kind, ...]:
    """One of each kind, a few of the frequent ones, the rest healthy: small worlds have everything too."""
    deck = [*KINDS, KINDS[1], KINDS[6], KINDS[9]]
    deck += [HEALTHY] * (_DECK - len(deck))
    dice(seed, "the first forty").shuffle(deck)
    return tuple(deck)


def kind_of(seed: int, index: int) -> Kind:
    if index < _DECK:
        return _first_forty(seed)[index]
    return KINDS[min(bisect(_BOUNDS, fraction(digest(seed, "kind", index, size=2))), len(KINDS) - 1)]
