"""An outage: of one platform so many merchants fail at once, by Codat's own fault, that it is not about any of them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import log

# Side and name.
Platform = tuple[str, str]

# Codes of which Codat's documents say that the fault is Codat's own (docs, commerce error documentation).
CODATS_OWN = frozenset({5000, 5120})
LOOKED_BACK = timedelta(hours=1)
# An outage begins with both, among those whose sync ran within the hour.
MERCHANTS, SHARE = 10, Fraction(1, 3)
# It is over when fewer fail than this, or none has for so long.
LEFT, QUIET = Fraction(1, 10), timedelta(minutes=30)
# Less doubt than this is chance (twenty to one): of a dozen that write where nine in ten fail, easily all do.
TELLS = log(20)


@dataclass(frozen=True)
class Route:
    """Merchants of the same platforms within the last hour: how many ran, how many failed by Codat's own fault."""

    platforms: tuple[Platform, ...]
    failed: int
    codes: Mapping[int, int]
    """Of the failures: how many merchants each has struck; one may be struck by several."""
    ran: int
    first: datetime
    last: datetime
    """Of the failures."""


@dataclass(frozen=True)
class Struck:
    """The same of all merchants of one platform."""

    side: str
    platform: str
    code: int
    """The commonest of theirs."""
    failed: int
    ran: int
    first: datetime
    last: datetime

    @property
    def share(self) -> Fraction:
        return Fraction(self.failed, self.ran)


def begins(struck: Struck, now: datetime) -> bool:
    return struck.failed >= MERCHANTS and struck.share >= SHARE and not is_quiet(struck.last, now)


def goes_on(struck: Struck, now: datetime) -> bool:
    return struck.share >= LEFT and not is_quiet(struck.last, now)


def is_quiet(last: datetime, now: datetime) -> bool:
    """Whether the last of the failures is so long ago that they tell nothing of now."""
    return now - last >= QUIET


def out(routes: Sequence[Route], standing: Collection[Platform], now: datetime) -> list[Struck]:
    """The platforms that are out, with the numbers of all their merchants.

    Of every merchant that fails two platforms may be the cause. The one that best tells those who fail from those who
    do not is held to be; what it explains speaks against no other. So an outage of Xero does not strike all shops that
    sell through Shopify, nor the few through Clover that all write to Xero. One that stands and goes on is asked first:
    two that are nearly alike do not take turns.
    """

    def out_among(found: Mapping[Platform, Struck]) -> dict[Platform, Struck]:
        going_on = {key: each for key, each in found.items() if key in standing and goes_on(each, now)}
        return going_on or {
            key: each for key, each in found.items() if key not in standing and begins(each, now)
        }

    every, guilty, left = of_platforms(routes), set[Platform](), list(routes)
    while worst := _best_told(out_among(of_platforms(left)), left):
        guilty |= worst
        left = [route for route in left if not worst & set(route.platforms)]
    return [every[platform] for platform in sorted(guilty)]


def of_platforms(routes: Iterable[Route]) -> dict[Platform, Struck]:
    """Those of which any merchant failed."""
    found: dict[Platform, list[Route]] = {}
    for route in routes:
        for platform in route.platforms:
            found.setdefault(platform, []).append(route)
    return {
        platform: _summed(platform, of_it)
        for platform, of_it in found.items()
        if any(route.failed for route in of_it)
    }


def _best_told(found: Mapping[Platform, Struck], routes: Sequence[Route]) -> set[Platform]:
    """Of those that leave hardly more doubt than the one that leaves least, the one that explains most failures.

    The doubt is what is left where its merchants are taken apart from the others, of whom a smaller share fails.
    Several that explain as many and leave the same: then nothing tells them apart.
    """
    failed, ran = sum(route.failed for route in routes), sum(route.ran for route in routes)
    above = {
        platform: struck for platform, struck in found.items() if struck.failed * ran >= failed * struck.ran
    }
    left = {
        platform: _doubt(struck.failed, struck.ran) + _doubt(failed - struck.failed, ran - struck.ran)
        for platform, struck in (above or found).items()
    }
    least = min(left.values(), default=0)
    near = {
        platform: (found[platform].failed, -doubt)
        for platform, doubt in left.items()
        if doubt <= least + TELLS
    }
    most = max(near.values(), default=None)
    return {platform for platform, explained in near.items() if explained == most}


def _doubt(failed: int, ran: int) -> float:
    """How little is known of who fails among so many, in nats: none where all do, or nobody does."""
    parts = (failed, ran - failed)
    return sum(part * log(ran / part) for part in parts if part)


def _summed(platform: Platform, routes: Sequence[Route]) -> Struck:
    codes = Counter[int]()
    for route in routes:
        codes.update(route.codes)
    failing = [route for route in routes if route.failed]
    return Struck(
        *platform,
        code=max(codes, key=lambda code: (codes[code], -code)),
        failed=sum(route.failed for route in routes),
        ran=sum(route.ran for route in routes),
        first=min(route.first for route in failing),
        last=max(route.last for route in failing),
    )
