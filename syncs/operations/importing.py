"""All of the client's companies at Codat, page by page. Safe to repeat, and to interrupt after any page."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from django.db import transaction
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later
from syncs.codat.pages import Page
from syncs.codat.schemas import Company
from syncs.models import ImportRun, Merchant, User
from syncs.operations import api_key, company_rows, import_runs
from syncs.operations.merchants import GONE_AT_CODAT, archive

logger = logging.getLogger(__name__)

# A company with two connections takes up to 2 kB, and such a page may have 8 MiB.
PAGE_SIZE = 500
# Above this share of the merchants, a person must agree before those gone at Codat are archived.
ARCHIVED_WITHOUT_ASKING = 0.05
# Seconds that one page may wait for its turn in the call budget.
PATIENCE = 60.0
MOST_NOTES = 20
# Pages that reading the connections leaves out: with one more, Codat is taken to be down.
MISSED_IN_A_ROW = 2

OnPage = Callable[[ImportRun], None]


@dataclass
class Tally:
    """What one pass saw. Complete: Codat gave one total throughout, and so many companies were seen."""

    seen: set[str] = field(default_factory=set)
    totals: set[int | None] = field(default_factory=set)
    without_id: int = 0

    def count(self, page: Page[Company]) -> bool:
        """False when the page holds nothing that was not seen before."""
        before = len(self.seen)
        self.totals.add(page.total)
        self.without_id += page.without_id
        self.seen.update(company.id.lower() for company in page.items)
        return len(self.seen) > before

    @property
    def is_complete(self) -> bool:
        return self.totals == {len(self.seen)}


def import_companies(
    client: CodatClient, *, by: User | None = None, yes: bool = False, on_page: OnPage | None = None
) -> ImportRun:
    """A whole pass, here and now. A CodatError ends as a FAILED run whose `problem` is its sentence."""
    now = timezone.now()
    may_archive = Merchant.objects.registered().count() if yes else 0
    run = ImportRun.objects.create(by=by, started_at=now, heard_at=now, may_archive=may_archive)
    carry_out(run.pk, client, on_page=on_page)
    run.refresh_from_db()
    return run


def carry_out(run_id: int, client: CodatClient, *, on_page: OnPage | None = None) -> None:
    """Does nothing unless the run is still waiting: its message may come twice."""
    run = import_runs.claim(run_id, timezone.now())
    if run is None:
        return
    with import_runs.told(run):
        tally = _read_all(run, client, on_page or _nothing)
        _archive_missing(run, tally)
        import_runs.end(run, ImportRun.State.DONE)


def read_connections(client: CodatClient) -> None:
    """The cheap pass: names and connections of merchants in sight, often. It leaves out a page that fails: where each
    pass ended at it, the merchants behind it would never have their turn."""
    try:
        for page in _pages(client, Tally(), may_miss=MISSED_IN_A_ROW):
            with transaction.atomic():
                company_rows.update_registered(page.items, timezone.now())
    except CodatError as error:
        logger.warning("connections were not read to the end: %s", error.message)


def _pages(client: CodatClient, tally: Tally, *, may_miss: int = 0) -> Iterator[Page[Company]]:
    """Ends at the last page, and at one that only repeats: an answer that always names a next would never.

    Raises the error of a page once as many before it as may be missed have failed in a row.
    """
    missed = 0
    for number in count(1):
        try:
            page = _heard(client, number)
        except CodatError as error:
            missed += 1
            if missed > may_miss:
                raise
            logger.warning("page %s of companies was not read: %s", number, error.message)
            continue
        missed = 0
        is_news = tally.count(page)
        if is_news or not page.items:
            yield page
        if not (is_news and page.has_next):
            return


def _heard(client: CodatClient, number: int) -> Page[Company]:
    try:
        page = _patiently(client, number)
    except CodatError as error:
        api_key.heard(error, timezone.now())
        raise
    api_key.accepted()
    return page


def _patiently(client: CodatClient, number: int) -> Page[Company]:
    """A long list takes more calls than may be made at once: being told "later" is no end."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            return client.companies(number, PAGE_SIZE)
        except Later as later:
            if time.monotonic() + later.retry_after > give_up_at:
                raise
            logger.info("page %s of companies waits %.0f s: %s", number, later.retry_after, later.message)
            time.sleep(later.retry_after)


def _nothing(run: ImportRun) -> None:
    pass


def _read_all(run: ImportRun, client: CodatClient, on_page: OnPage) -> Tally:
    tally = Tally()
    for page in _pages(client, tally):
        now = timezone.now()
        with transaction.atomic():
            stored = company_rows.store(page.items, now)
            run.total, run.seen, run.pages = page.total, len(tally.seen), run.pages + 1
            run.added, run.restored = run.added + stored.added, run.restored + stored.restored
            run.skipped += len(stored.skipped) + page.without_id
            run.notes = [*run.notes, *stored.skipped, *_without_id(page)][:MOST_NOTES]
            run.heard_at = now
            if not import_runs.saved(run):
                raise import_runs.Overtaken
        on_page(run)
    return tally


def _without_id(page: Page[Company]) -> Iterator[str]:
    if number := page.without_id:
        entries = "entry" if number == 1 else "entries"
        yield f"Skipped {number:,} {entries} without an ID, on page {page.number}."


def _archive_missing(run: ImportRun, tally: Tally) -> None:
    if tally.without_id:
        # Any of them may be a merchant that is not gone at all.
        run.problem = "Codat's list has entries without an ID, so nothing was archived."
        return
    if not tally.is_complete:
        run.problem = "Codat's list changed while it was read, so nothing was archived. Import again."
        return
    before_the_pass = Merchant.objects.registered().filter(registered_at__lt=run.started_at)
    gone = [merchant for merchant in before_the_pass if str(merchant.company_id) not in tally.seen]
    free = Merchant.objects.registered().count() * ARCHIVED_WITHOUT_ASKING
    if len(gone) > max(free, run.may_archive):
        run.missing = len(gone)
        run.problem = f"{len(gone):,} merchants are gone at Codat. That is a lot, so nothing was archived."
        return
    for merchant in gone:
        run.archived += archive(merchant, why=GONE_AT_CODAT, now=timezone.now(), by=run.by)
