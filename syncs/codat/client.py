"""The one place that calls Codat: a method per endpoint we use, all through one funnel.

Every method raises CodatError and nothing else. Moments given in seconds are of time.monotonic().
"""

import contextlib
import itertools
import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

from syncs.codat import paths
from syncs.codat.books import keep_books
from syncs.codat.budget import Budget
from syncs.codat.crowd import Place
from syncs.codat.errors import CodatError, Later, Uncertain
from syncs.codat.key import Key
from syncs.codat.listing import named_sync, newest_first, one_sync, sync_list
from syncs.codat.pace import Purpose
from syncs.codat.pages import Page
from syncs.codat.reading import parse_json
from syncs.codat.retrying import LONGEST_SLEEP, Retrying, with_wait
from syncs.codat.schemas import Company, Configuration, Connection, SyncStatus, SyncSummary
from syncs.codat.transport import Answer, Broken, Call, Transport
from syncs.codat.until import Until
from syncs.codat.verdicts import failure_of, says_none_yet

T = TypeVar("T")
log = logging.getLogger("syncs.codat")

MEBIBYTE = 1024 * 1024
# Codat lists a merchant's syncs in one answer, without paging: this holds forty thousand with ordinary messages.
LIST_LIMIT = 16 * MEBIBYTE
# A page of 500 companies: thirty connections each, where two or three are usual.
COMPANIES_LIMIT = 8 * MEBIBYTE
CONNECTION_PAGE = 100
MOST_CONNECTION_PAGES = 10
# Seconds for a whole call, its tries and waits included.
LONGEST_CALL = 75.0
# How long a read waits for its turn in the budget before its caller is told to come back later.
TURN_PATIENCE = 20.0


class CodatClient:
    """Thread-safe. Each read takes its call from `budget`; for a write the look or `reserve_send()` did so before."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        budget: Budget,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        deadline: float = LONGEST_CALL,
        body_limit: int = MEBIBYTE,
        use_env_proxies: bool = False,
        backoff: float = 0.5,
        longest_turn: float = LONGEST_SLEEP,
    ) -> None:
        """All times in seconds; whose turn in the budget is further off than `longest_turn` does not wait for it.

        Raises ValueError for an address or a key that cannot be one.
        """
        self._base_url = paths.checked_address(base_url)
        self._budget = budget
        self._deadline = deadline
        self._backoff = backoff
        self._longest_turn = longest_turn
        self._transport = Transport(
            base_url=self._base_url,
            key=Key(api_key),
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            body_limit=body_limit,
            use_env_proxies=use_env_proxies,
        )

    def __repr__(self) -> str:
        return f"CodatClient(base_url={self._base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    # Merchants

    def companies(self, page: int, page_size: int = 500) -> Page[Company]:
        query = paths.page(page, page_size)
        call = Call("GET", paths.COMPANIES, query=query, body_limit=COMPANIES_LIMIT)
        return self._read(
            call, lambda value: Page.from_json(value, Company.from_json, number=page, size=page_size)
        )

    def company(self, company_id: str | UUID) -> Company:
        asked = str(company_id).lower()
        call = paths.get(paths.COMPANY, company_id)
        return self._read(call, lambda value: Company.from_json(value, company_id=asked))

    def connections(self, company_id: str | UUID) -> list[Connection]:
        """All pages, at most ten of them, in the time of one read."""
        deadline = time.monotonic() + self._deadline
        found: dict[str, Connection] = {}
        for number in range(1, MOST_CONNECTION_PAGES + 1):
            page = self._connection_page(company_id, number, deadline)
            found.update((connection.id, connection) for connection in page.items)
            if not page.has_next:
                break
        return list(found.values())

    def configuration(self, company_id: str | UUID) -> Configuration:
        asked = str(company_id).lower()
        call = paths.get(paths.CONFIGURATION, company_id)
        return self._read(call, lambda value: Configuration.from_json(value, company_id=asked))

    # What Codat says about syncs

    def newest_sync(self, company_id: str | UUID) -> SyncStatus | None:
        """The only answer that has both ids of a sync; None when the company has had none."""
        return self._read_sync(paths.get(paths.NEWEST_SYNC, company_id), company_id)

    def syncs(self, company_id: str | UUID) -> list[SyncStatus]:
        """All of Codat's list, newest first."""
        return newest_first(self.syncs_as_listed(company_id))

    def syncs_before_send(self, company_id: str | UUID, purpose: Purpose = Purpose.SEND) -> list[SyncStatus]:
        """The same list, as a part of the send, and the call for its POST: alone it would be a call for nothing."""
        return newest_first(self._list(company_id, purpose, calls=2))

    def syncs_as_listed(self, company_id: str | UUID) -> list[SyncStatus]:
        """In Codat's own order, which nothing but a probe may go by."""
        return self._list(company_id, Purpose.READ)

    def latest_sync(self, company_id: str | UUID) -> SyncStatus | None:
        return self._read_sync(paths.get(paths.LATEST_SYNC, company_id), company_id)

    def last_successful_sync(self, company_id: str | UUID) -> SyncStatus | None:
        return self._read_sync(paths.get(paths.LAST_SUCCESSFUL_SYNC, company_id), company_id)

    def sync_by_id(self, company_id: str | UUID, sync_id: str | UUID) -> SyncStatus | None:
        """None when Codat does not know this sync (yet), and when its answer does not name it."""
        company, sync = str(company_id).lower(), str(sync_id)
        call = paths.get(paths.SYNC, company_id, sync_id=sync_id)
        return self._read(call, lambda value: named_sync(value, company, sync), nothing=lambda: None)

    def answered_under(self, company_id: str | UUID, sync_id: str | UUID) -> SyncStatus | None:
        """What Codat answers under this id, whether or not it names it: a finding about Codat, never a proof."""
        return self._read_sync(paths.get(paths.SYNC, company_id, sync_id=sync_id), company_id)

    # The two calls that write into somebody's books

    def reserve_send(self, company_id: str | UUID) -> None:
        """Takes one call from the budget for the write that follows; raises Later when there is none."""
        company = paths.checked_id(company_id, "company")
        self._budget.take(Purpose.SEND, Place.for_send(company), may_probe=False)

    def confirm_send(self, company_id: str | UUID) -> None:
        """Takes a place of the company's; raises Later where all calls were stopped since the look."""
        company = paths.checked_id(company_id, "company")
        self._budget.take(Purpose.SEND, Place.for_send(company), may_probe=False, calls=0)

    def request_latest(
        self, company_id: str | UUID, *, body: str, idempotency_key: UUID, first_byte_by: Until | None = None
    ) -> SyncSummary:
        """Sent at most once, and not at all (NotSent) once `first_byte_by` has passed."""
        call = paths.post(paths.REQUEST_LATEST, company_id, body, idempotency_key)
        return self._write(call, company_id, first_byte_by)

    def request_range(
        self, company_id: str | UUID, *, body: str, idempotency_key: UUID, first_byte_by: Until | None = None
    ) -> SyncSummary:
        """Sent at most once, and not at all (NotSent) once `first_byte_by` has passed."""
        call = paths.post(paths.REQUEST_RANGE, company_id, body, idempotency_key)
        return self._write(call, company_id, first_byte_by)

    # The funnel

    def _connection_page(self, company_id: str | UUID, number: int, deadline: float) -> Page[Connection]:
        call = paths.get(paths.CONNECTIONS, company_id, query=paths.page(number, CONNECTION_PAGE))
        read = partial(Connection.from_json, company_id=str(company_id).lower())
        return self._read(
            call,
            lambda value: Page.from_json(value, read, number=number, size=CONNECTION_PAGE).whole,
            deadline=deadline,
        )

    def _list(self, company_id: str | UUID, purpose: Purpose, calls: int = 1) -> list[SyncStatus]:
        asked = str(company_id).lower()
        call = replace(paths.get(paths.SYNCS, company_id), body_limit=LIST_LIMIT)
        return self._read(call, lambda value: sync_list(value, asked), list, purpose, calls)

    def _read_sync(self, call: Call, company_id: str | UUID) -> SyncStatus | None:
        asked = str(company_id).lower()
        return self._read(call, lambda value: one_sync(value, asked), nothing=lambda: None)

    def _read(
        self,
        call: Call,
        parse: Callable[[object], T],
        nothing: Callable[[], T] | None = None,
        purpose: Purpose = Purpose.READ,
        calls: int = 1,
        *,
        deadline: float | None = None,
    ) -> T:
        """`nothing` makes the answer for a company without syncs, where that is an answer."""
        retrying = Retrying(deadline or time.monotonic() + self._deadline, self._backoff)
        met: Answer | Broken | None = None
        for attempt in itertools.count(1):
            place = Place.for_read(call.company) if call.company else None
            is_probe = self._take_turn(purpose, place, retrying.deadline, calls if attempt == 1 else 1)
            outcome = self._exchange(call, place, deadline=retrying.deadline, is_probe=is_probe)
            # "Nothing was sent" is no longer so where an earlier try was.
            met = outcome = met if met and isinstance(outcome, Broken) and not outcome.began else outcome
            if nothing and isinstance(outcome, Answer) and says_none_yet(outcome):
                return nothing()
            if isinstance(outcome, Answer) and outcome.succeeded:
                return self._parsed(call, outcome, parse)
            pause = retrying.pause(outcome, attempt)
            if pause is None:
                break
            time.sleep(pause)
        raise _told(call, with_wait(failure_of(outcome), outcome))

    def _take_turn(self, purpose: Purpose, place: Place | None, deadline: float, calls: int) -> bool:
        """Stands in a short queue, so that a burst of reads is spread out and not turned away."""
        patience = min(deadline, time.monotonic() + TURN_PATIENCE)
        while True:
            try:
                return self._budget.take(purpose, place, calls=calls)
            except Later as later:
                if later.retry_after > self._longest_turn or time.monotonic() + later.retry_after > patience:
                    raise
                pause = later.retry_after * random.uniform(0.5, 1.5)  # noqa: S311
            time.sleep(pause)

    def _write(self, call: Call, company_id: str | UUID, first_byte_by: Until | None) -> SyncSummary:
        asked = str(company_id).lower()
        deadline = time.monotonic() + self._deadline
        place = Place.for_send(call.company)
        outcome = self._exchange(call, place, deadline=deadline, first_byte_by=first_byte_by, fresh=True)
        if isinstance(outcome, Answer) and outcome.succeeded:
            summary = self._parsed(
                call, outcome, lambda value: SyncSummary.from_json(value, company_id=asked)
            )
            return replace(summary, http_status=outcome.status)
        raise _told(call, failure_of(outcome))

    def _exchange(
        self,
        call: Call,
        place: Place | None,
        *,
        deadline: float,
        first_byte_by: Until | None = None,
        fresh: bool = False,
        is_probe: bool = False,
    ) -> Answer | Broken:
        outcome = self._transport.exchange(call, deadline=deadline, first_byte_by=first_byte_by, fresh=fresh)
        # Nothing that goes wrong in the bookkeeping may cost us the answer to a write.
        with contextlib.suppress(Exception):
            keep_books(self._budget, outcome, place, is_probe=is_probe)
        return outcome

    def _parsed(self, call: Call, answer: Answer, parse: Callable[[object], T]) -> T:
        try:
            return parse(parse_json(answer.body))
        except Uncertain as error:
            message = error.message
        except Exception as error:
            message = f"Codat's answer could not be understood ({type(error).__name__})."
        raise _told(call, Uncertain(message, http_status=answer.status))


def _told(call: Call, failure: CodatError) -> CodatError:
    """Logs the one line of a failed call."""
    log.warning(
        "%s %s: %s (%s, HTTP status %s, correlation id %s)",
        call.method,
        call.path,
        failure.message,
        type(failure).__name__,
        failure.http_status,
        failure.correlation_id,
    )
    return failure
