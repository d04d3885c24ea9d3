"""What the sync health page lists: read once for all who look at the same, and shown anew only where it changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from syncs import meter, paging
from syncs.columns import USUAL, Column
from syncs.context_processors import Banner
from syncs.filters import HealthFilters
from syncs.models import Cause, Merchant, User
from syncs.models.merchant import MerchantQuerySet
from syncs.operations.counting import Counted, Counts
from syncs.rules.outages import CODATS_OWN
from syncs.search import owners_of
from syncs.views import daily_results, glances, health_summary, polling
from syncs.views.drawn_rows import Arranged, Drawn, Shown
from syncs.views.sights import Sight, marks

# Of a search or a filter; beyond it a number says no more than "many", and would read all merchants.
COUNTED = 2_000


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


def read(
    filters: HealthFilters, merchants: MerchantQuerySet, glance: glances.Glance, now: datetime
) -> tuple[Standing, list[Merchant]]:
    page = paging.page(merchants, filters.order, after=filters.after, before=filters.before)
    found = merchants.order_by()[: COUNTED + 1].count() if filters.narrows else 0
    sights = [Sight.of(merchant) for merchant in page.rows]
    return Standing(sights, page.before, page.after, found, glance.pulse, now), page.rows


def read_lately(
    filters: HealthFilters, glance: glances.Glance, request: HttpRequest, now: datetime
) -> Standing:
    """As it is now, or was a moment ago: of the merchants no more than tells whether their rows have changed."""

    def anew() -> Standing:
        merchants = filters.apply(now.date(), owners_of(filters.q))
        columns = {*Sight._fields, filters.order.column, filters.order.group} - {""}
        return read(filters, merchants.only(*columns), glance, now)[0]

    return glances.read_lately(("health", filters), anew, glance, request, now)


@dataclass(frozen=True)
class Listing:
    """The list as it stands, and the page of somebody who sees rows of it; a poll never moves one."""

    filters: HealthFilters
    standing: Standing
    counted: Counted
    clusters: list[health_summary.Cluster]
    """Where the page shows causes."""
    banners: list[Banner]
    glance: glances.Glance
    now: datetime
    columns: Sequence[Column]
    reader: User
    seen_chart: str = ""
    """The mark of the chart that the poller's page shows."""

    @property
    def counts(self) -> Counts:
        return self.counted.counts

    def changed(self, shown: Sequence[Shown]) -> dict[int, str]:
        """Those that would be drawn otherwise now, with the marks that they would bear."""
        known = {sight.pk: sight for sight in self.standing.sights}
        if left := [row.pk for row in shown if row.pk not in known]:
            sights = map(Sight._make, Merchant.objects.filter(pk__in=left).values_list(*Sight._fields))
            known |= {sight.pk: sight for sight in sights}
        marked = marks(known.values(), self.now)
        return {row.pk: marked[row.pk] for row in shown if marked.get(row.pk, row.mark) != row.mark}

    def page(self, rows: Sequence[Drawn]) -> dict[str, Any]:
        """What a whole page shows."""
        around = self._context([row.shown for row in rows])
        return around | {"rows": self._arranged(rows), "columns": self.columns}

    def answer(self, shown: Sequence[Shown], changed: Mapping[int, Drawn]) -> dict[str, Any]:
        """What a poll brings: the rows that changed, and all that stands around them."""
        after = [changed[row.pk].shown if row.pk in changed else row for row in shown]
        return self._context(after) | {
            "rows": self._arranged(changed.values()),
            "has_new_chart": self.has_new_chart,
            # What stands around the rows is the same for all who look at the same list, and read the same clock.
            "around": (self.head, self.filters.url(), self.has_new_chart, meter.said(), *glances.clock()),
            "is_poll": True,
            "oob": True,
        }

    def _context(self, shown: Sequence[Shown]) -> dict[str, Any]:
        filters, standing = self.filters, self.standing
        return {
            "filters": filters,
            "counts": self.counts,
            "title": health_summary.title(self.counts),
            "tiles": health_summary.tiles(self.counts),
            "overlapping": health_summary.overlapping_tiles(self.counts),
            "chart": self.chart,
            "reasons": health_summary.reasons(self.counts),
            "clusters": self.clusters,
            "other_reasons": self.other_reasons,
            "shown": len(shown),
            "total": self.total,
            "many": self.many,
            "letters": self.letters,
            "page_summary": self._summary(len(shown)),
            "left_out": 0 if filters.narrows else self.left_out,
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

    def _arranged(self, rows: Iterable[Drawn]) -> list[Arranged]:
        return [row.arranged(self.columns, self.reader.pk) for row in rows]

    @cached_property
    def chart(self) -> daily_results.Chart | None:
        return daily_results.chart(self.now, only_problems=self.filters.daily == "problems")

    @cached_property
    def has_new_chart(self) -> bool:
        return self.chart.is_news_to(self.seen_chart) if self.chart else bool(self.seen_chart)

    @cached_property
    def drawn(self) -> str:
        """The mark of the chart that the page shows from now on."""
        if not self.has_new_chart:
            return self.seen_chart
        return self.chart.mark if self.chart else ""

    def _summary(self, shown: int) -> str:
        """Positions are known on the first page only: pages go by key."""
        total = f"{'over ' if self.many else ''}{self.total:,}"
        return f"{shown:,} of {total}" if self.standing.before else f"1–{shown:,} of {total}"

    @property
    def other_reasons(self) -> str:
        if self.filters.by:
            return health_summary.others(self.counted.struck, "cause")
        return health_summary.others(self.counts.codes, "code")

    @property
    def many(self) -> bool:
        """Whether there are more than `total` says."""
        return self.standing.found > COUNTED

    @property
    def total(self) -> int:
        if self.filters.narrows:
            return min(self.standing.found, COUNTED)
        return self.counts.of_scope(self.filters.health) - self.left_out

    def letters(self) -> int:
        """A template asks for it, where it is not drawn already."""
        return self.letters_of(self.filters.of_cause()[1])

    def letters_of(self, cause: Cause | None) -> int:
        """To how many a message may be copied: those of one cause that has to be mended before a sync helps."""
        return self.total if cause and cause.code not in CODATS_OWN else 0

    @property
    def left_out(self) -> int:
        """The snoozed of this list that it does not show."""
        return self.counts.snoozed_of(self.filters.health) if self.filters.leaves_out_snoozed else 0

    @cached_property
    def head(self) -> str:
        """A digest of all that the page shows but its rows, whose marks stand beside them."""
        standing = self.standing
        edges = bool(standing.before), bool(standing.after)
        facts = (standing.order, edges, standing.found, self.counts, self.clusters, self.drawn, self.banners)
        return glances.digest(facts)

    @property
    def pulse(self) -> int:
        """That of the oldest part."""
        return min(self.counted.pulse, self.standing.pulse)

    @property
    def read_at(self) -> datetime:
        return self.standing.read_at

    def _live_url(self, shown: Sequence[Shown]) -> str:
        pairs = [
            *self.filters.pairs(page=True),
            ("rows", ",".join(map(str, shown))),
            ("chart", self.drawn),
            *self._order,
            *self.glance.pairs(self.pulse, self.head, self.now),
        ]
        return f"{reverse('health-live')}?{urlencode(pairs, safe=',')}"

    @property
    def _order(self) -> list[tuple[str, str]]:
        """For a poll, unless it is the usual one: others may be chosen elsewhere while the page is open."""
        names = [column.name for column in self.columns]
        return [] if names == USUAL else [("order", ",".join(names))]

    def _moved(self, shown: list[int]) -> int:
        """How many rows a fresh look at the same page would bring, take or move."""
        order = self.standing.order
        kept = sum(block.size for block in SequenceMatcher(None, shown, order).get_matching_blocks())
        return max(len(shown), len(order)) - kept
