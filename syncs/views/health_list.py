"""What the sync health page lists: read once for all who look at the same, and shown anew only where it changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from syncs import meter, paging
from syncs.context_processors import Banner
from syncs.filters import HealthFilters
from syncs.models import Merchant
from syncs.models.merchant import MerchantQuerySet
from syncs.search import owners_of
from syncs.views import daily_results, glances, health_summary, polling
from syncs.views.merchant_rows import MerchantRow, Sight, rows_of

# Of a search or a filter; beyond it a number says no more than "many", and would read all merchants.
COUNTED = 2_000
ROW = "syncs/health/row.html"
# Seconds, and two kilobytes each.
DRAWN_KEPT = 600
SHOWN = re.compile(r"(\d{1,18})\.([0-9a-f]{8})(m?)", re.ASCII)


class Shown(NamedTuple):
    """A row on somebody's page: by its mark one knows whether it would be drawn otherwise now."""

    pk: int
    mark: str
    is_moving: bool

    def __str__(self) -> str:
        return f"{self.pk}.{self.mark}{'m' if self.is_moving else ''}"


@dataclass(frozen=True)
class Standing:
    """What a page of the list held at a pulse, the same for all who look at it."""

    sights: list[Sight]
    before: str
    after: str
    found: int
    """Of a search or a filter, one more than COUNTED at most; else 0."""
    pulse: int
    read_at: datetime

    @property
    def order(self) -> list[int]:
        return [sight.pk for sight in self.sights]


class Drawn(NamedTuple):
    """A row as it was drawn, its ages apart, and what a poll has to know of it."""

    shown: Shown
    html: SafeString


def read(
    filters: HealthFilters, merchants: MerchantQuerySet, glance: glances.Glance, now: datetime
) -> tuple[Standing, list[Merchant]]:
    page = paging.page(merchants, filters.order, after=filters.after, before=filters.before)
    found = merchants.order_by()[: COUNTED + 1].count() if filters.narrows else 0
    sights = [Sight.of(merchant) for merchant in page.rows]
    return Standing(sights, page.before, page.after, found, glance.pulse, now), page.rows


def read_lately(filters: HealthFilters, glance: glances.Glance, now: datetime) -> Standing:
    """As it is now, or was a moment ago: of the merchants no more than tells whether their rows have changed."""

    def anew() -> Standing:
        merchants = filters.apply(now.date(), owners_of(filters.q))
        columns = {*Sight._fields, filters.order.column, filters.order.group} - {""}
        return read(filters, merchants.only(*columns), glance, now)[0]

    return glances.read_lately(("health", filters), anew, glance, now)


def draw(merchants: Sequence[Merchant], now: datetime, *, may_ask: bool) -> list[Drawn]:
    """Only those that nobody has seen drawn lately, which takes two queries."""
    keys = {merchant: _key(merchant, now, may_ask=may_ask) for merchant in merchants}
    kept: dict[str, Drawn] = cache.get_many(keys.values())
    missing = [merchant for merchant, key in keys.items() if key not in kept]
    for row in rows_of(missing, now):
        html = render_to_string(ROW, {"row": row, "merchant": row.merchant, "may_ask": may_ask})
        kept[keys[row.merchant]] = Drawn(_shown(row, now), html)
    cache.set_many({keys[merchant]: kept[keys[merchant]] for merchant in missing}, DRAWN_KEPT)
    return [kept[key] for key in keys.values()]


def _key(merchant: Merchant, now: datetime, *, may_ask: bool) -> str:
    return f"health-row-{merchant.pk}-{Sight.of(merchant).mark(now)}-{may_ask}"


def shown_on(params: Mapping[str, str]) -> list[Shown]:
    """The rows of the poller's page, in their order; at most a page of them, and what is none is left out."""
    words = params.get("rows", "")[:3000].split(",")[: paging.SIZE]
    found = {match[1]: match for word in words if (match := SHOWN.fullmatch(word))}
    return [Shown(int(pk), match[2], bool(match[3])) for pk, match in found.items()]


@dataclass(frozen=True)
class Listing:
    """The list as it stands, and the page of somebody who sees rows of it; a poll never moves one."""

    filters: HealthFilters
    standing: Standing
    counts: health_summary.Counts
    counted_at: int
    banners: list[Banner]
    glance: glances.Glance
    now: datetime

    def changed(self, shown: Sequence[Shown]) -> list[int]:
        """Those that would be drawn otherwise now."""
        known = {sight.pk: sight for sight in self.standing.sights}
        if left := [row.pk for row in shown if row.pk not in known]:
            sights = map(Sight._make, Merchant.objects.filter(pk__in=left).values_list(*Sight._fields))
            known |= {sight.pk: sight for sight in sights}
        marks = {pk: sight.mark(self.now) for pk, sight in known.items()}
        return [row.pk for row in shown if marks.get(row.pk, row.mark) != row.mark]

    def page(self, rows: Sequence[Drawn]) -> dict[str, Any]:
        """What a whole page shows."""
        return self._context([row.shown for row in rows]) | {"rows": rows}

    def answer(self, shown: Sequence[Shown], changed: Sequence[int], request: HttpRequest) -> dict[str, Any]:
        """What a poll brings: the rows that changed, and all that stands around them."""
        rows = {row.merchant.pk: row for row in rows_of(Merchant.objects.filter(pk__in=changed), self.now)}
        has_new_chart = request.GET.get("chart", "") != self.drawn
        after = [_shown(rows[row.pk], self.now) if row.pk in rows else row for row in shown]
        return self._context(after) | {
            "rows": list(rows.values()),
            "has_new_chart": has_new_chart,
            # What stands around the rows is the same for all who look at the same list, and read the same clock.
            "around": (self.head, self.filters.url(), has_new_chart, meter.said(), *glances.clock()),
            "is_poll": True,
            "oob": True,
        }

    def _context(self, shown: Sequence[Shown]) -> dict[str, Any]:
        filters, standing = self.filters, self.standing
        return {
            "filters": filters,
            "counts": self.counts,
            "tiles": health_summary.tiles(self.counts),
            "overlapping": health_summary.overlapping_tiles(self.counts),
            "chart": self.chart,
            "reasons": health_summary.reasons(self.counts),
            "shown": len(shown),
            "total": self.total,
            "many": self.many,
            "page_summary": self._summary(len(shown)),
            "empty_lead": f"No merchant matches “{filters.q}”.",
            "moved": self._moved([row.pk for row in shown]),
            "banners": self.banners,
            "here": filters.url(page=True),
            "previous_url": filters.url(page=True, before=standing.before, after="")
            if standing.before
            else "",
            "next_url": filters.url(page=True, after=standing.after, before="") if standing.after else "",
            "every": polling.seconds(moving=any(row.is_moving for row in shown)),
            "live_url": self._live_url(shown),
        }

    @cached_property
    def chart(self) -> daily_results.Chart | None:
        return daily_results.chart(self.now)

    @property
    def drawn(self) -> str:
        """Tells one chart from another."""
        return self.chart.digest if self.chart else ""

    def _summary(self, shown: int) -> str:
        """Positions are known on the first page only: pages go by key."""
        total = f"{'over ' if self.many else ''}{self.total:,}"
        return f"{shown:,} of {total}" if self.standing.before else f"1–{shown:,} of {total}"

    @property
    def many(self) -> bool:
        """Whether there are more than `total` says."""
        return self.standing.found > COUNTED

    @property
    def total(self) -> int:
        if self.filters.narrows:
            return min(self.standing.found, COUNTED)
        return self.counts.of_scope(self.filters.health)

    @cached_property
    def head(self) -> str:
        """A digest of all that the page shows but its rows, whose marks stand beside them."""
        standing = self.standing
        edges = bool(standing.before), bool(standing.after)
        facts = (standing.order, edges, standing.found, self.counts, self.drawn, self.banners)
        return glances.digest(facts)

    @property
    def pulse(self) -> int:
        """That of the oldest part."""
        return min(self.counted_at, self.standing.pulse)

    @property
    def read_at(self) -> datetime:
        return self.standing.read_at

    def _live_url(self, shown: Sequence[Shown]) -> str:
        pairs = [
            *self.filters.pairs(page=True),
            ("rows", ",".join(map(str, shown))),
            ("chart", self.drawn),
            *self.glance.pairs(self.pulse, self.head, self.now),
        ]
        return f"{reverse('health-live')}?{urlencode(pairs, safe=',')}"

    def _moved(self, shown: list[int]) -> int:
        """How many rows a fresh look at the same page would bring, take or move."""
        order = self.standing.order
        kept = sum(block.size for block in SequenceMatcher(None, shown, order).get_matching_blocks())
        return max(len(shown), len(order)) - kept


def _shown(row: MerchantRow, now: datetime) -> Shown:
    return Shown(row.merchant.pk, Sight.of(row.merchant).mark(now), row.is_moving)
