"""The list of requests: its tiles, its rows in words, and how it stays live without moving under the cursor."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from syncs import paging, wording
from syncs.context_processors import Banner
from syncs.models import SyncRequest, User
from syncs.paging import Order
from syncs.record_filters import GROUPS, RequestFilters, as_key, of_today
from syncs.rules.states import FINAL, State
from syncs.views import bulk_tally, glances, proofs

NEWEST_FIRST = Order("asked_at", descending=True)
MOST_CASES = 20


@dataclass(frozen=True)
class Row:
    request: SyncRequest
    what: str
    sentence: str
    proof: proofs.Proof | None = field(default=None, kw_only=True)

    @property
    def sync_id(self) -> str:
        return self.request.sync.sync_id if self.request.sync else self.request.commerce_sync_id

    @property
    def ids(self) -> str:
        """What a colleague or Codat's support needs to find it, one a line."""
        named = {
            "Company": self.request.merchant.company_id,
            "Sync": self.sync_id,
            "Correlation ID": self.request.correlation_id,
            "Sync Desk request": self.request.pk,
        }
        return "\n".join(f"{name}: {value}" for name, value in named.items() if value)

    @property
    def again_url(self) -> str:
        """Where a new request like this one is asked for; empty where this one is on its way, all is well, or nothing
        is sent for the merchant any more."""
        request = self.request
        is_done = request.sync is not None and request.sync.status.outcome.is_success
        can_be_wanted = State(request.state) in FINAL - {State.SUCCEEDED, State.SUCCEEDED_EMPTY}
        if not can_be_wanted or is_done or request.merchant.is_archived:
            return ""
        words = {
            "run": request.kind,
            "first": request.first_day or "",
            "last": request.last_day or "",
            "again": request.pk,
        }
        page = reverse("merchant", args=[request.merchant.company_id])
        return f"{page}?{urlencode({name: value for name, value in words.items() if value})}#rerun"


@dataclass(frozen=True)
class BulkRow(Row):
    """All requests of a bulk, in the place of its first one."""

    tally: bulk_tally.Tally


@dataclass(frozen=True)
class Standing:
    """What a page of the list shows at a pulse, whoever reads it, and how many requests are whose."""

    shown: str
    """Changes with all that the rows say; "14 min ago" grows old in the browser."""
    counts: Counter[str]
    by: Counter[int]
    pulse: int
    read_at: datetime

    def version(self, user: User, banners: Sequence[Banner]) -> str:
        return glances.digest((self.shown, sorted(self.counts.items()), self.by[user.pk], banners))


@dataclass(frozen=True)
class Listed:
    rows: list[Row]
    cases: list[Row]
    newer: int
    standing: Standing


@dataclass(frozen=True)
class Tile:
    """A button that lists what it counts: `name` and `value` are what it submits, beside today's scope."""

    word: str
    icon: str
    tone: str
    count: int
    below: str
    name: str = "state"
    value: str = ""
    pressed: bool = False


def rows_of(requests: Sequence[SyncRequest]) -> list[Row]:
    usual = wording.usual_lengths(requests)
    return [
        Row(request, wording.what(request), wording.sentence(request, usual.get(request.merchant_id, "")))
        for request in requests
    ]


def proved(rows: Sequence[Row]) -> list[Row]:
    """Each with what it has mended; of bulks their own page tells. Five queries more."""
    found = proofs.of_each([row.request for row in rows if not isinstance(row, BulkRow)])
    return [replace(row, proof=found.get(row.request.pk)) for row in rows]


def folded(rows: Sequence[Row]) -> list[Row]:
    """One more query where there are bulks among them."""
    keys = {row.request.bulk for row in rows} - {None}
    tallies = bulk_tally.of_bulks(keys) if keys else {}
    return [_folded(row, tally) if (tally := tallies.get(row.request.bulk)) else row for row in rows]


def _folded(row: Row, tally: bulk_tally.Tally) -> BulkRow:
    sentence = f"{tally.sent:,} of {tally.total:,} sent: {tally.sentence}"
    return BulkRow(row.request, row.what, sentence, tally)


def page(filters: RequestFilters, zone: ZoneInfo, now: datetime) -> paging.Page[SyncRequest]:
    rows = filters.rows(zone, now).for_page()
    return paging.page(rows, NEWEST_FIRST, after=filters.after, before=filters.before)


def shown(params: QueryDict) -> list[SyncRequest]:
    """The very rows that the poller's page shows, in their order."""
    keys = [key for text in params.get("shown", "").split(",")[: paging.SIZE] if (key := as_key(text))]
    return list(SyncRequest.objects.filter(pk__in=keys).for_page().order_by("-asked_at", "-pk"))


def newer_than(
    requests: Sequence[SyncRequest], filters: RequestFilters, zone: ZoneInfo, now: datetime
) -> int:
    """How many have come since the page was loaded; they are offered, not pushed in."""
    if not filters.first_page:
        return 0
    rows = filters.rows(zone, now)
    if requests:
        top = requests[0]
        rows = rows.filter(Q(asked_at__gt=top.asked_at) | Q(asked_at=top.asked_at, pk__gt=top.pk))
    return rows.count()


def count(zone: ZoneInfo, now: datetime) -> tuple[Counter[str], Counter[int]]:
    """Today's requests by group, and by who asked. One query. The four groups add up to all of today; Mine and Waiting,
    the last two tiles, overlap them."""
    groups = {name: Count("pk", filter=group) for name, (_, group) in GROUPS.items()}
    numbers = groups | {
        "all": Count("pk"),
        "unsent": Count("pk", filter=Q(state=State.QUEUED)),
        "ran": Count("pk", filter=Q(state=State.FAILED)),
        "empty": Count("pk", filter=Q(state=State.SUCCEEDED_EMPTY)),
    }
    todays = SyncRequest.objects.filter(of_today(zone, now)).order_by().values("asked_by")
    by, counts = Counter[int](), Counter[str]()
    for asked_by, *found in todays.annotate(**numbers).values_list("asked_by", *numbers):
        group = dict(zip(numbers, found, strict=True))
        by[asked_by] = group["all"]
        counts.update(group)
    return counts, by


def tiles(filters: RequestFilters, user: User, standing: Standing) -> list[Tile]:
    counts = standing.counts
    ran, unrun = counts["ran"], counts["failed"] - counts["ran"]
    words = {
        "person": ("eye", "warn", "a lead must look"),
        "way": ("run", "run", f"{counts['unsent']} still to be sent"),
        "synced": ("okfill", "ok", f"{counts['empty']} without sales"),
        "failed": ("bad", "bad", f"{ran} failed · {unrun} not run"),
        "waiting": ("hold", "mute", "held back, with the reason"),
    }
    groups = {
        name: Tile(GROUPS[name][0], icon, tone, counts[name], below, value=name)
        for name, (icon, tone, below) in words.items()
    }
    waiting = groups.pop("waiting")
    every = Tile("All today", "all", "", counts["all"], "the next four add up to it")
    mine = Tile("Mine", "user", "acc", standing.by[user.pk], "asked by you", "by", user.username)
    drawn = [every, *groups.values(), mine, waiting]
    return [replace(tile, pressed=_is_chosen(tile, filters)) for tile in drawn]


def _is_chosen(tile: Tile, filters: RequestFilters) -> bool:
    only = {"scope": "today", tile.name: tile.value} if tile.value else {"scope": "today"}
    return dict(filters.pairs()) == only


def listed(
    shown: Sequence[SyncRequest], filters: RequestFilters, glance: glances.Glance, now: datetime
) -> Listed:
    rows, zone = rows_of(shown), timezone.get_current_timezone()
    if filters.folds:
        rows = folded(rows)
    if filters.by:
        rows = proved(rows)
    needing = SyncRequest.objects.needing_a_person().for_page().order_by("asked_at", "pk")[:MOST_CASES]
    cases = rows_of(list(needing)) if filters.first_page else []
    newer = newer_than(shown, filters, zone, now)
    told = [
        (
            r.pk,
            r.version,
            r.merchant.version,
            r.asked_by.display_name,
            r.sending_frozen,
            row.what,
            row.sentence,
        )
        for row in (*rows, *cases)
        for r in [row.request]
    ]
    digest = glances.digest((told, newer, glances.clock()))
    return Listed(rows, cases, newer, Standing(digest, *count(zone, now), glance.pulse, now))
