"""A probe: finds out on one company what Codat's documents leave open. It writes into that company's books.

It asks nobody: who calls it has the consent of a person (manage.py probe_codat).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from syncs.codat import bodies
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, NotSent, Refused, Uncertain
from syncs.codat.schemas import Company, SyncStatus, SyncSummary
from syncs.codat.statuses import Outcome, status_of
from syncs.codat.until import Until
from syncs.models import Merchant, SyncRequest
from syncs.operations import freezing, log
from syncs.operations.sending import CLAIM_GOOD_FOR
from syncs.operations.sync_rows import RUNS_AT_MOST
from syncs.rules.probing import Kind, Look, Trial, all_ended, key_finding
from syncs.rules.windows import Window

# Statuses that are about what was asked for; any other refusal would meet the other POST too.
ABOUT_THE_BODY = {400, 422}
LOOKS_OFTEN_FOR, RARELY = 30.0, 5.0
# What another body under the same key may ask for at most: less than the first one did.
NARROWER_BY = timedelta(hours=1)


class CannotProbe(Exception):
    """Nothing (more) is sent; the sentence says why."""


@dataclass(frozen=True)
class Pace:
    """Seconds: for a sync to be listed and to end, between two looks, and of watching for one more sync."""

    wait: float = 600.0
    pause: float = 1.0
    quiet: float = 10.0


@dataclass(frozen=True)
class Plan:
    company: Company
    last_success: datetime | None
    window: Window
    kinds: tuple[Kind, ...] = tuple(Kind)
    another_body: bool = False

    @property
    def posts_each(self) -> int:
        return 3 if self.another_body else 2

    @property
    def posts(self) -> int:
        return len(self.kinds) * self.posts_each


def planned(company_id: str, client: CodatClient, window: Window, **choices: object) -> Plan:
    """What would be done with this company. Reads only; raises CannotProbe where it must not be done."""
    refuse_where_the_desk_works(company_id)
    try:
        company = client.company(company_id)
        linked = {each.side for each in client.connections(company_id) if each.status == "Linked"}
        listed = client.syncs(company_id)
    except CodatError as error:
        raise CannotProbe(f"{_told(error)} Nothing was sent.") from None
    for side in ("commerce", "accounting"):
        if side not in linked:
            raise CannotProbe(f"No {side} connection of {company.name} is linked: no sync could run.")
    _refuse_running(listed)
    succeeded = (sync.sync_utc for sync in listed if status_of(sync.code).outcome.is_success)
    return Plan(company, next(succeeded, None), window, **choices)  # type: ignore[arg-type]


def refuse_where_the_desk_works(company_id: str) -> None:
    """Asked anew before each POST. Whatever holds back all sends of the desk holds back a probe, here."""
    if freezing.is_frozen():
        raise CannotProbe("Sending is frozen here. Ask a lead, or resume it: manage.py resume_sending")
    under_way = SyncRequest.objects.active().filter(merchant__company_id=company_id)
    if request := under_way.select_related("merchant").first():
        raise CannotProbe(
            f"{request.merchant.name} has a sync request under way here. Wait for its end, or cancel it."
        )


class Probe:
    """`trials` and `stopped` tell what was found, and why it ended early, at any moment."""

    def __init__(self, plan: Plan, client: CodatClient, pace: Pace, tell: Callable[[str], None]) -> None:
        self.plan, self.trials, self.stopped = plan, list[Trial](), ""
        self._client, self._pace, self._tell = client, pace, tell
        self._company_id = plan.company.id

    def run(self) -> None:
        self._put_on_record()
        try:
            for kind in self.plan.kinds:
                self._try(kind)
        except CannotProbe as reason:
            self.stopped = str(reason)

    def _put_on_record(self) -> None:
        merchant = Merchant.objects.filter(company_id=self._company_id).first()
        if merchant:
            what = f"A probe of Codat may send {self.plan.posts} requests for syncs"
            log.record("merchant.probed", what, merchant=merchant)

    def _try(self, kind: Kind) -> None:
        trial, body, key = self._begun(kind), self._body(), uuid4()
        began, trial.first = self._post(trial, body, key)
        if isinstance(trial.first, CodatError):
            return self._after_error(trial.first)
        self._tell(f"  accepted: {trial.first.commerce_sync_id}. Waiting for its end ...")
        self._watch(trial, trial.looks, began, self._pace.wait, lambda: trial.has_ended)
        self._ask_by_ids(trial)
        if not trial.has_ended:
            waited = f"{self._pace.wait:g} s"
            raise CannotProbe(f"The sync was not seen to end within {waited}, so nothing more was sent.")
        again, trial.second = self._post(trial, body, key)
        self._watch_for_one_more(trial, again)
        if isinstance(trial.second, CodatError):
            return self._after_error(trial.second)
        if self.plan.another_body and key_finding(trial).answer == "yes":
            self._try_another_body(trial, key)
        return None

    def _begun(self, kind: Kind) -> Trial:
        try:
            listed = self._client.syncs_as_listed(self._company_id)
        except CodatError as error:
            raise CannotProbe(f"{_told(error)} Nothing more was sent.") from None
        _refuse_running(listed)
        start, finish = self.plan.window.start, self.plan.window.finish
        asked = (start, finish) if kind is Kind.HISTORIC else (None, timezone.now().replace(microsecond=0))
        trial = Trial(kind, asked, Look(0.0, tuple(listed)))
        trial.none_yet = not listed and self._reads_none()
        self.trials.append(trial)
        return trial

    def _reads_none(self) -> bool | CodatError:
        reads = (self._client.newest_sync, self._client.latest_sync, self._client.last_successful_sync)
        try:
            return not any(read(self._company_id) for read in reads)
        except CodatError as error:
            return error

    def _body(self, *, narrower: timedelta = timedelta(0)) -> str:
        start, finish = self.trials[-1].asked
        return bodies.historic(start, finish - narrower) if start else bodies.latest(finish - narrower)

    def _post(self, trial: Trial, body: str, key: UUID) -> tuple[float, SyncSummary | CodatError]:
        """When it was answered, and what. Raises CannotProbe if it must not be sent any more."""
        refuse_where_the_desk_works(self._company_id)
        send = self._client.request_range if trial.kind is Kind.HISTORIC else self._client.request_latest
        answer: SyncSummary | CodatError
        try:
            self._client.reserve_send(self._company_id)
        except Later as error:
            return time.monotonic(), error
        trial.sent += 1
        self._tell(f"{trial.kind}, POST {trial.sent} of {self.plan.posts_each}: {body}")
        try:
            in_time = Until.after(CLAIM_GOOD_FOR)
            answer = send(self._company_id, body=body, idempotency_key=key, first_byte_by=in_time)
        except CodatError as error:
            trial.sent -= isinstance(error, NotSent)
            answer = error
        return time.monotonic(), answer

    def _after_error(self, error: CodatError) -> None:
        """A refusal of what one POST asked for leaves the other to be tried; anything else ends the probe."""
        if isinstance(error, Refused) and error.http_status in ABOUT_THE_BODY:
            return self._tell(f"  {_told(error)}")
        if isinstance(error, Uncertain):
            raise CannotProbe(
                f"{_told(error)} It may have started a sync: look at its list. Nothing more was sent."
            )
        again = f" Come back in {error.retry_after:.0f} s." if isinstance(error, Later) else ""
        raise CannotProbe(f"{_told(error)} Nothing more was sent.{again}")

    def _watch_for_one_more(self, trial: Trial, again: float) -> None:
        """As long as the list was late before, twice; and until what appears has ended."""
        late = next((look.after for look in trial.looks if look.besides(trial.before.names)), 0.0)
        quiet = max(self._pace.quiet, 2 * late)
        surely_two = isinstance(trial.second, SyncSummary) and trial.second.commerce_sync_id != trial.named
        self._tell("  Watching the list for one more sync ...")

        def enough() -> bool:
            if trial.appeared_later:
                return all_ended(trial.appeared_later)
            return not surely_two and time.monotonic() - again >= quiet

        self._watch(trial, trial.looks_again, again, max(self._pace.wait, quiet), enough)

    def _watch(
        self, trial: Trial, looks: list[Look], began: float, seconds: float, enough: Callable[[], bool]
    ) -> None:
        """At least one look, and no longer than this but for the last."""
        deadline = time.monotonic() + seconds
        while True:
            pause = self._pace.pause if time.monotonic() - began < LOOKS_OFTEN_FOR else RARELY
            try:
                listed = self._client.syncs_as_listed(self._company_id)
            except CodatError as error:
                self._tell(f"  Looked in vain: {error.message}")
                pause = max(pause, error.retry_after) if isinstance(error, Later) else pause
            else:
                _keep(looks, Look(time.monotonic() - began, tuple(listed)), trial.before.names)
                if enough():
                    return
            if time.monotonic() + pause > deadline:
                return
            time.sleep(pause)

    def _ask_by_ids(self, trial: Trial) -> None:
        try:
            trial.newest = self._client.newest_sync(self._company_id)
        except CodatError as error:
            self._tell(f"  Its status could not be read: {error.message}")
        sighted = [sync.sync_id for _, sync in trial.sightings]
        for name in filter(None, {trial.named, *sighted[-1:]}):
            try:
                trial.under[name] = self._client.answered_under(self._company_id, name)
            except CodatError as error:
                trial.under[name] = error

    def _try_another_body(self, trial: Trial, key: UUID) -> None:
        """Within what was just synced, so that even a sync of its own would find nothing new to write."""
        began, trial.other_body = self._post(trial, self._body(narrower=NARROWER_BY), key)
        if isinstance(trial.other_body, CodatError):
            return self._after_error(trial.other_body)
        if trial.other_body.commerce_sync_id != trial.named:
            known, looks = trial.looks_again[-1].names, list[Look]()
            self._watch(trial, looks, began, self._pace.wait, lambda: all_ended(looks[-1].besides(known)))
        return None


def _told(error: CodatError) -> str:
    return (
        f"{error.message} (correlation id {error.correlation_id})" if error.correlation_id else error.message
    )


def _keep(looks: list[Look], look: Look, known: frozenset[str]) -> None:
    """A list may tell of years: only the newest look is kept whole."""
    if looks:
        looks[-1] = Look(looks[-1].after, tuple(looks[-1].besides(known)))
    looks.append(look)


def _refuse_running(listed: list[SyncStatus]) -> None:
    """Also where its state is none that we know, until a day has passed."""
    for sync in listed:
        is_young = sync.sync_utc is None or timezone.now() - sync.sync_utc < RUNS_AT_MOST
        if is_young and status_of(sync.code).outcome in {Outcome.RUNNING, Outcome.UNKNOWN}:
            raise CannotProbe(
                "A sync of this company is running at Codat. Wait for its end. Nothing more was sent."
            )
