"""A merchant as one row of the sync health page: what each cell says, worked out once and without queries."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone

from syncs import moments
from syncs.codat.statuses import status_of
from syncs.models import Connection, Merchant, SyncRequest
from syncs.models.merchant import SOON_DAYS
from syncs.operations import connections, diagnosing
from syncs.presentation import Look, look_of_code, look_of_merchant, look_of_request
from syncs.rules.coverage import TO_COME
from syncs.rules.entries import Entry
from syncs.rules.fuse import FUSE_DAYS, has_a_day_without_result
from syncs.rules.health import Health
from syncs.rules.salesdays import ONE_DAY, today
from syncs.rules.states import State
from syncs.views.sights import is_old

STRIP_DAYS = 14
DAY_WORDS = {
    "w": "synced",
    "n": "no sales",
    "p": "synced in part",
    "f": "failed",
    "h": "disconnected",
    "r": "running",
    "g": "did not run",
}
LAST_DAYS_OF_THE_FUSE = 3


def rows_of(merchants: Iterable[Merchant], now: datetime) -> "list[MerchantRow]":
    """With all that they show: two more queries, however many rows; none for no row."""
    shown = list(merchants)
    if not shown:
        return []
    active = SyncRequest.objects.active().select_related("asked_by")
    prefetch_related_objects(
        shown,
        Prefetch("connections", Connection.objects.for_rows()),
        Prefetch("requests", active, to_attr="active_requests"),
    )
    book = diagnosing.entries() if any(map(_waits_for_payment, shown)) else ()
    return [MerchantRow(merchant, now, book) for merchant in shown]


def _waits_for_payment(merchant: Merchant) -> bool:
    return status_of(merchant.last_code).plan_expired


@dataclass(frozen=True)
class FuseCell:
    words: str
    tone: str
    percent: str
    failed_days: int
    is_urgent: bool
    is_counting: bool = True
    is_yesterday_open: bool = False
    """It is neither among the failed days nor among those that are left."""


@dataclass(frozen=True)
class Help:
    """What the last cell offers: `run`, `range` and `look` are links, `copy` a text to copy; `running` and `asked` only
    say since when there is something to wait for."""

    kind: str
    words: str = ""
    text: str = ""
    place: str = ""
    """Where its text can be read without JavaScript."""
    since: datetime | None = None


@dataclass(frozen=True)
class CareMark:
    icon: str
    words: str


class MerchantRow:
    def __init__(self, merchant: Merchant, now: datetime, book: tuple[Entry, ...] = ()) -> None:
        """The playbook is asked for a message to the merchant."""
        self.merchant = merchant
        self.now = timezone.localtime(now)
        self.health = Health(merchant.health)
        self.book = book
        self.request: SyncRequest | None = next(iter(getattr(merchant, "active_requests", [])), None)

    @cached_property
    def commerce(self) -> str:
        connection = self.merchant.commerce
        return connection.platform_name if connection else ""

    @cached_property
    def accounting(self) -> str:
        connection = self.merchant.accounting
        return connection.platform_name if connection else ""

    @property
    def look(self) -> Look:
        return look_of_merchant(self.merchant)

    @property
    def look_of_what_moves(self) -> Look | None:
        if self.merchant.running_since:
            return look_of_code(self.merchant.running_code)
        return look_of_request(self.request) if self.request else None

    @property
    def why(self) -> str:
        if self.merchant.running_since:
            return f"Running since {self._since(self.merchant.running_since)}"
        if self.merchant.is_archived:
            return self.merchant.archived_why
        if self.health in {Health.NEEDS_RECONNECT, Health.NEVER_SYNCED} and self.unlinked:
            return f"{' and '.join(self.unlinked)} {'is' if len(self.unlinked) == 1 else 'are'} not linked"
        if self.health in {Health.FAILING, Health.NEEDS_RECONNECT}:
            return self.merchant.last_message or "Codat gave no message"
        if self.health == Health.SILENT and self.merchant.last_final_at:
            day = timezone.localdate(self.merchant.last_final_at)
            return f"No daily sync since {moments.short_day(day, self.now.date())}, and none has failed"
        return ""

    @cached_property
    def unlinked(self) -> list[str]:
        """Platforms of a side that has no linked connection."""
        return [connection.platform_name for connection in connections.all_unlinked(self.merchant)]

    @property
    def lacks_a_link(self) -> bool:
        return bool(self.unlinked) or not (self.commerce and self.accounting)

    def _since(self, since: datetime) -> str:
        at = moments.in_a_sentence(since, self.now)
        if self.is_ours and self.request:
            return f"{at}, asked by {self.request.asked_by.display_name}"
        return f"about {at}"

    @property
    def is_ours(self) -> bool:
        return bool(self.request and self.request.state == State.ACCEPTED)

    @property
    def is_moving(self) -> bool:
        """Whether its next news is a matter of seconds."""
        return bool(self.merchant.running_since or (self.request and self.request.is_on_its_way))

    @property
    def looked_at(self) -> datetime | None:
        return self.merchant.looked_at(self.now)

    @property
    def is_old(self) -> bool:
        return is_old(self.merchant.refreshed_at, self.now)

    @property
    def added_on(self) -> str:
        return moments.short_day(timezone.localdate(self.merchant.registered_at), self.now.date())

    @property
    def strip(self) -> str:
        letters = self.merchant.last_days[-STRIP_DAYS:]
        return "".join(letter if letter in DAY_WORDS else "u" for letter in letters)

    @property
    def strip_sentence(self) -> str:
        counts, end = Counter(self.strip), self.merchant.last_days_end
        is_to_come = self.strip.endswith("g") and end == today(self.merchant.zone, self.now) - ONE_DAY
        counts["g"] -= is_to_come
        told = [f"{counts[letter]} {word}" for letter, word in DAY_WORDS.items() if counts[letter]]
        told += [f"the newest: {TO_COME}"] if is_to_come else []
        upto = f" to {moments.short_day(end, self.now.date())}" if end else ""
        return f"Last {len(self.strip)} days{upto}: {', '.join(told)}" if told else "No days known yet"

    @property
    def fuse(self) -> FuseCell | None:
        merchant = self.merchant
        if self.health == Health.SWITCHED_OFF or merchant.is_archived or not merchant.failed_days:
            return None
        percent = f"{min(100, 100 * merchant.failed_days // FUSE_DAYS)}%"
        left = merchant.days_left(self.now)
        if left is None:
            return FuseCell(
                "Not counting", "hold", percent, merchant.failed_days, is_urgent=False, is_counting=False
            )
        tone = "bad" if left <= LAST_DAYS_OF_THE_FUSE else "warn" if left <= SOON_DAYS else "mute"
        return FuseCell(
            _days_left(left),
            tone,
            percent,
            merchant.failed_days,
            is_urgent=left <= SOON_DAYS,
            is_yesterday_open=has_a_day_without_result(merchant.failed_days, left),
        )

    def cares(self, *, to_who_is_on_it: bool) -> Iterator[CareMark]:
        """Who is on it, and until when it is snoozed."""
        if self.merchant.on_it:
            yield CareMark("user", "You are on it" if to_who_is_on_it else f"{self.merchant.on_it} is on it")
        if self.merchant.snoozed_until:
            until = timezone.localtime(self.merchant.snoozed_until)
            is_today = until.date() == self.now.date()
            end = f"{until:%H:%M}" if is_today else moments.short_day(until.date(), self.now.date())
            yield CareMark("hold", f"Snoozed until {end}")

    @cached_property
    def url(self) -> str:
        return reverse("merchant", args=[self.merchant.company_id])

    @cached_property
    def help(self) -> Help:
        if self.merchant.is_archived or self.health == Health.UNSEEN:
            return Help("none")
        if wait := self._wait():
            return wait
        status = status_of(self.merchant.last_code)
        if self.health == Health.SWITCHED_OFF:
            return Help("look", "What helps")
        if status.plan_expired:
            diagnosis = diagnosing.diagnose(self.merchant, self.book)
            message = diagnosis.message if diagnosis else ""
            return (
                Help("copy", "Copy message", message, f"{self.url}#h-wrong")
                if message
                else Help("look", "What helps")
            )
        if self.health == Health.NEEDS_RECONNECT or (
            self.health == Health.NEVER_SYNCED and self.lacks_a_link
        ):
            words = "Copy link" if self.health == Health.NEVER_SYNCED else "Copy reconnect link"
            url = self.merchant.link_url
            return Help("copy", words, url, place=url) if url else Help("look", "What helps")
        return Help("range" if status.duplicate_risk else "run")

    @property
    def why_not(self) -> str:
        """Why the row offers no sync, or no latest one, where there is nothing to wait for."""
        name, status = self.merchant.name, status_of(self.merchant.last_code)
        unlinked = " and ".join(self.unlinked) or "a platform"
        reasons = (
            (self.merchant.is_archived, f"{name} is archived. Nothing is sent for it any more."),
            (self.health == Health.UNSEEN, f"The syncs of {name} have not been read from Codat yet."),
            (self.request, f"A request for {name} needs a person first."),
            (
                self.health == Health.SWITCHED_OFF,
                f"{name} is switched off at Codat. Only the merchant can switch it on again.",
            ),
            (
                status.plan_expired,
                f"The accounting plan of {name} has expired. A sync fails until the merchant renews it.",
            ),
            (
                status.duplicate_risk,
                f"The days of {name} overlap an earlier sync. Re-run a range instead: press R.",
            ),
            (True, f"{name} must link {unlinked} first."),
        )
        return next(sentence for holds, sentence in reasons if holds)

    def _wait(self) -> Help | None:
        if self.request and self.request.state == State.NEEDS_REVIEW:
            return Help("look", "Needs a person")
        if self.merchant.running_since:
            return Help("running", "" if self.is_ours else "about", since=self.merchant.running_since)
        if self.request:
            return Help("asked", since=self.request.asked_at)
        return None


def _days_left(left: int) -> str:
    return "Today" if left == 0 else f"{left} day left" if left == 1 else f"{left} days left"
