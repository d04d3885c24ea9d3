"""Who of many merchants would run, and who would not and why: by the guards of a single press, in a few queries."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2s

from django.db.models import Prefetch

from syncs.codat.statuses import Outcome, status_of
from syncs.models import Connection, Merchant, Sync, SyncRequest
from syncs.models.merchant import MerchantQuerySet
from syncs.operations import asking, books, coverage, diagnosing, fix_first, gaps, outage_hold
from syncs.operations.asking import Ask, NotPossible
from syncs.operations.coverage import Overlap
from syncs.rules.coverage import stretches
from syncs.rules.entries import Entry
from syncs.rules.salesdays import days_between, length_hours, today
from syncs.rules.windows import Window

# Of merchants in one bulk. More is more than anybody can have looked at.
MOST = 5_000
# A zone is at most so far from UTC.
FAR = timedelta(days=2)


@dataclass(frozen=True)
class Wish:
    """What is asked for, of each merchant. Days are each merchant's own sales days."""

    kind: str
    first_day: date | None = None
    last_day: date | None = None
    spare_written: bool = False
    """Leaves out those whose failed sync may have written some sales."""
    spare_gaps: bool = False
    """Leaves out those of whom it would leave days behind."""
    books_confirmed: bool = False
    """Takes in those whose days are so old that they may be in the books by hand: they were asked."""
    override_reason: str = ""
    """Why it helps now, for all of whom the playbook says that something has to be fixed first."""
    outage_reason: str = ""
    """Why it helps now, for all for whose platform Codat looks down."""
    accept_overlap: bool = False
    overlap_known: bool = False
    """Whoever asks for it has said so of the days that are synced already."""
    reason: str = ""
    form_token: uuid.UUID = field(default_factory=uuid.uuid4)
    query: str = ""
    """The filters of the list whose merchants are all meant, from the "?" on; empty where they were ticked by hand."""

    @property
    def days(self) -> tuple[date, date] | None:
        if self.kind == SyncRequest.Kind.HISTORIC and self.first_day and self.last_day:
            return self.first_day, self.last_day
        return None

    def ask(
        self,
        seen: Sequence[Window] = (),
        *,
        is_held: bool = False,
        is_old: bool = False,
        outage: int | None = None,
    ) -> Ask:
        first, last = self.days or (None, None)
        return Ask(
            kind=self.kind,
            first_day=first,
            last_day=last,
            reason=self.reason,
            form_token=uuid.uuid4(),
            seen_overlap=tuple(seen),
            override_reason=self.override_reason if is_held else "",
            outage_reason=self.outage_reason if outage else "",
            outage=outage,
            books_confirmed=is_old,
        )


@dataclass(frozen=True)
class Runner:
    merchant: Merchant
    ask: Ask
    synced: list[tuple[date, date]]
    """Stretches of days that are in the books already, wholly or in part."""
    is_held: bool = False
    """Against the playbook."""
    out: str = ""
    """Its platform, where Codat looks down for it."""

    @property
    def may_be_written(self) -> bool:
        return may_be_written(self.merchant)

    @property
    def mark(self) -> str:
        """Another one where it would run for other days, to other books, over more that is synced already, or in
        another outage."""
        facts: tuple[object, ...] = (
            *(self.ask.kind, self.ask.days, asking.basis_of(self.merchant), self.ask.seen_overlap),
            *((self.ask.outage,) if self.ask.outage else ()),
        )
        return blake2s(repr(facts).encode(), digest_size=4).hexdigest()


@dataclass(frozen=True)
class Refusal:
    """`kind` is what refusals have in common that one sentence can tell; empty where the sentence is its own."""

    merchant: Merchant
    kind: str
    sentence: str
    request: SyncRequest | None = None


@dataclass(frozen=True)
class Plan:
    wish: Wish
    runners: list[Runner]
    refusals: list[Refusal]

    @property
    def wanted(self) -> int:
        return len(self.runners) + len(self.refusals)

    @property
    def with_synced_days(self) -> int:
        return sum(bool(runner.synced) for runner in self.runners)

    @property
    def written(self) -> int:
        return sum(runner.may_be_written for runner in self.runners)

    @property
    def marks(self) -> dict[int, str]:
        """By the numbers of the merchants that would run."""
        return {runner.merchant.pk: runner.mark for runner in self.runners}


def may_be_written(merchant: Merchant) -> bool:
    """Its last sync failed, and Codat does not say that it wrote nothing."""
    failed = status_of(merchant.last_code).outcome is Outcome.FAILED
    return failed and merchant.last_pushed is not False


def read(merchants: MerchantQuerySet, wish: Wish) -> list[Merchant]:
    """With all that the guards look at; one more than MOST at most."""
    told = ("merchant", "side", "platform_name", "status", "codat_id", "link_url", "gone_at")
    connections = Connection.objects.filter(gone_at=None)
    around = [
        Prefetch("connections", outage_hold.marked(connections.only(*told).order_by("pk"))),
        Prefetch(
            "requests", SyncRequest.objects.active().select_related("asked_by"), to_attr="active_requests"
        ),
    ]
    if days := wish.days:
        start, finish = (datetime.combine(day, time(), UTC) for day in days)
        near = Sync.objects.successful().filter(window_start__lt=finish + FAR, window_finish__gt=start - FAR)
        around.append(Prefetch("syncs", near.only(*coverage.FIELDS, "merchant"), to_attr="known_syncs"))
    return list(merchants.order_by("pk").prefetch_related(*around)[: MOST + 1])


def plan(
    merchants: Sequence[Merchant], wish: Wish, now: datetime, shown: Mapping[int, str] | None = None
) -> Plan:
    """`shown` are the marks of those that a person was told of: nobody is added, and nobody runs for anything else."""
    book = diagnosing.entries()
    old = books.of_each(merchants, wish.days, now)
    spared = gaps.left_out_of_each(merchants, wish.days[0]) if wish.days and wish.spare_gaps else {}
    runners: list[Runner] = []
    refusals: list[Refusal] = []
    for merchant in sorted(merchants, key=lambda merchant: (merchant.name_folded, merchant.pk)):
        try:
            runner = _runner(merchant, wish, now, shown, book, is_old=merchant.pk in old)
            _refuse_gaps(spared.get(merchant.pk, []))
            runners.append(runner)
        except NotPossible as error:
            refusals.append(Refusal(merchant, error.kind, error.sentence, error.request))
    return Plan(wish, runners, refusals)


def _runner(
    merchant: Merchant,
    wish: Wish,
    now: datetime,
    shown: Mapping[int, str] | None,
    book: tuple[Entry, ...],
    *,
    is_old: bool,
) -> Runner:
    asking.refuse_if_not_possible(merchant)
    if wish.spare_written and may_be_written(merchant):
        raise NotPossible("Left out: some sales may be written already.", kind="written")
    overlap = None
    if wish.days:
        _refuse_days(merchant, *wish.days, now)
        overlap = coverage.overlap(merchant, *wish.days)
        if overlap.windows and not wish.accept_overlap:
            _refuse_overlap(overlap, *wish.days)
    hold = fix_first.hold_on(merchant, wish.days, book)
    if hold and not wish.override_reason:
        raise NotPossible(hold.sentence, kind="fix_first")
    if is_old and not wish.books_confirmed:
        raise NotPossible(books.ASK_FIRST, kind="old_days")
    out = outage_hold.mark_of(merchant)
    if out and not wish.outage_reason:
        raise NotPossible(f"Held: {outage_hold.looks_down(out.platform)}.", kind="outage")
    seen = overlap.windows if overlap else ()
    ask = wish.ask(seen, is_held=hold is not None, is_old=is_old, outage=out.number if out else None)
    asking.refuse(merchant, ask)
    synced = stretches(overlap.days) if overlap else []
    runner = Runner(merchant, ask, synced, hold is not None, out.platform if out else "")
    if shown is not None and merchant.pk not in shown:
        raise NotPossible("It came to the list after you looked.", kind="new")
    if shown is not None and runner.mark != shown[merchant.pk]:
        raise NotPossible("Its connections or synced days changed after you looked.", kind="changed")
    return runner


def _refuse_overlap(overlap: Overlap, first: date, last: date) -> None:
    """What is not in the books of these days does not run either: that is another thing than all being there."""
    asked, synced = (last - first).days + 1, len(overlap.days)
    if overlap.is_all_of(first, last):
        said = "This day is" if asked == 1 else "All of these days are"
        raise NotPossible(f"{said} already synced.", kind="synced_all")
    if asked == 1:
        said = "A part of this day is already synced"
    else:
        verb = "is" if synced == 1 else "are"
        said = f"{synced} of these {asked} days {verb} already synced, wholly or in part"
    raise NotPossible(f"{said}. The rest does not run either.", kind="synced")


def _refuse_gaps(days: Sequence[date]) -> None:
    if days:
        said = "a day" if len(days) == 1 else f"{len(days)} days"
        raise NotPossible(f"Left out: {said} before this range would stay out.", kind="gaps")


def _refuse_days(merchant: Merchant, first: date, last: date, now: datetime) -> None:
    if last >= today(merchant.zone, now):
        raise NotPossible(f"The last day is not over yet in {merchant.zone_name}.", kind="not_over")
    if not any(length_hours(day, merchant.zone) for day in days_between(first, last)):
        raise NotPossible(f"This day never was in {merchant.zone_name}: its calendar skipped it.")
