"""Many presses while faults of all kinds strike at random, and the truth that the sandbox alone knows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import time_machine
from django.utils import timezone

from sandbox.faults.kinds import KINDS
from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import freezing, reconciling
from syncs.operations.asking import Ask, NotPossible
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.salesdays import range_window
from syncs.rules.states import ACTIVE, State
from tests.presses import a_day, press, pressed
from tests.upstream import client_of

POSTS = r"/sync/commerce/(latest|historic)$"
READS = r"/status$"
# Every fault that the sandbox has; sizes and pauses only as large as our impatient client needs to be struck.
OF_POSTS: list[tuple[str, dict[str, Any]]] = [
    ("slow", {"seconds": 3}),
    ("drop_after", {}),
    ("drop_after", {"how": "reset"}),
    ("drop_before", {}),
    ("reset_midway", {}),
    ("half_close", {}),
    ("short_body", {}),
    ("drip", {}),
    ("huge_body", {"megabytes": 2}),
    ("gzip_bomb", {"megabytes": 4}),
    ("informational", {}),
    ("endless_headers", {}),
    ("bad_length", {"form": "short"}),
    ("bad_chunks", {}),
    ("close_after", {}),
    ("not_http", {}),
    ("early", {}),
    ("500_after", {}),
    ("500", {}),
    ("503", {}),
    ("503", {"applied": True}),
    ("408", {"applied": True}),
    ("409", {}),
    ("401", {}),
    ("402", {}),
    ("403", {}),
    ("404", {}),
    ("429", {"retry_after": 1}),
    ("html", {"applied": True}),
    ("empty", {"status": 200, "applied": True}),
    ("redirect", {}),
    ("truncated_json", {}),
    ("wrong_company", {}),
    ("no_id", {}),
    ("list_for_object", {}),
    ("overlap", {}),
    ("text_for_code", {}),
    ("missing_fields", {}),
    ("extra_fields", {}),
    ("odd_dates", {"form": "nonsense"}),
    ("nulls", {}),
    ("hangs", {}),
]
OF_READS: list[tuple[str, dict[str, Any]]] = [
    ("lag", {"seconds": [0, 60]}),
    ("429", {"retry_after": 1}),
    ("500", {}),
    ("html", {"status": 200}),
    ("drop_before", {}),
    ("truncated_json", {}),
    ("wrong_company", {}),
    ("no_id", {}),
    ("text_for_code", {}),
    ("list_for_object", {"form": "empty"}),
    ("object_for_list", {}),
    ("nulls", {}),
    ("odd_dates", {"form": "date_only"}),
    ("backwards", {}),
    ("stuck", {}),
    ("empty", {"status": 200}),
    ("404", {}),
]
# About every second POST meets one, also that somebody else starts a sync just before.
OF_ONE_POST, OF_ONE_READ = 0.012, 0.015


@dataclass(frozen=True)
class Setting:
    """What Codat's documents leave open, and whether the customer has proven that the key is honoured."""

    name: str
    switches: dict[str, str]
    verified: bool = False
    wires_hold: bool = False
    """A 5xx that Codat forgot and that was lost on the way cannot be told from any other silence: then a replay runs
    the request again. See "What cannot be closed" in docs/run-safely.md."""


SETTINGS = (
    Setting("as we guess", {}),
    Setting(
        "one id, oldest first, overlaps refused",
        {
            "overlap": "refused",
            "commerce_sync_id": "same",
            "list_order": "oldest",
            "never_synced": "empty",
            "retry_after": "date",
            "reset_header": "epoch",
            "success_text": "Success",
            "failure_text": "null",
        },
    ),
    Setting(
        "either id, no order, overlaps allowed",
        {
            "overlap": "allowed",
            "by_commerce_sync_id": "known",
            "list_order": "unordered",
            "never_synced": "204",
            "idempotency": "off",
            "retry_after": "absent",
            "reset_header": "http_date",
            "failure_text": "pending",
        },
    ),
    Setting("the key honoured, and known to be", {"list_delay": "30"}, verified=True),
    Setting(
        "the key honoured but for 5xx, and known to be",
        {"idempotency": "forgets_5xx", "overlap": "allowed", "list_length": "30", "sync_utc": "end"},
        verified=True,
        wires_hold=True,
    ),
)


def set_all(codat: Sandbox, dice: Random, setting: Setting) -> None:
    for fault, args in OF_READS:
        codat.fault(fault, args, method="GET", path_regex=READS, probability=OF_ONE_READ)
    for fault, args in dice.sample(OF_POSTS, len(OF_POSTS)):
        if setting.wires_hold and KINDS[fault].stage == "wire":
            continue
        codat.fault(fault, args, method="POST", path_regex=POSTS, probability=OF_ONE_POST)
    # Of the faults about what others do, a request meets the first that is set.
    codat.fault("foreign_sync", method="POST", path_regex=POSTS, probability=dice.choice([0.1, 0.2, 0.4]))
    codat.fault("foreign_sync", method="GET", path_regex=READS, probability=0.02)


@dataclass
class Times:
    """The desk's clock and Codat's, moved together."""

    codat: Sandbox
    ahead: timedelta = timedelta(0)

    @contextmanager
    def later(self, span: timedelta) -> Iterator[datetime]:
        self.ahead += span
        self.codat.move_clock(ahead=self.ahead.total_seconds())
        with time_machine.travel(datetime.now().astimezone() + self.ahead):
            yield timezone.now()


# The first hour with all its looks, under faults; then a quiet hour, and the day after which nothing is waited for.
AN_HOUR, A_DAY = (1, 1, 3, 5, 10, 10, 35), (1, 1, 3, 5, 10, 10, 60, 25 * 60)


def send_anyway(pk: int, client: CodatClient) -> None:
    """Sending that stopped by itself is resumed by a person at once: each press is to meet its faults."""
    freezing.resume(now=timezone.now(), reason="Each press is to meet its faults")
    send(pk, client)


def live_on(times: Times, client: CodatClient, minutes: Sequence[int]) -> None:
    """What the clock and the workers do at these moments, each so long after the one before.

    Whose request runs at Codat is looked at each time; of the others, a look at the last moment tells as much.
    """
    for number, span in enumerate(minutes, start=1):
        awaited = {State.ACCEPTED} if number < len(minutes) else ACTIVE
        with times.later(timedelta(minutes=span)) as now:
            freezing.resume(now=now, reason="Each press is to meet its faults")
            reconciling.give_up_on_lost_senders(now)
            for pk in reconciling.ready_to_send(now, limit=1000):
                send_anyway(pk, client)
            active = SyncRequest.objects.filter(state__in=awaited).values_list("merchant", flat=True)
            for merchant in list(active):
                refresh(merchant, client)
            for pk in reconciling.due_for_a_look(now, limit=1000):
                reconciling.look(pk, client)
            reconciling.put_overdue_before_a_person(now)


def pressed_by(dice: Random, merchants: Iterable[Merchant], by: User) -> Iterator[SyncRequest]:
    """A latest or a historic one for each merchant that may have one."""
    for merchant in merchants:
        with suppress(NotPossible):
            now, days_ago = timezone.now(), dice.randint(1, 3)
            ask = pressed() if dice.random() < 0.5 else a_day_again(merchant, days_ago)
            yield press(merchant, by, now, ask).request


def a_day_again(merchant: Merchant, days_ago: int) -> Ask:
    """One that may be synced: the person has seen that, and accepts it."""
    day = a_day(merchant, timezone.now(), days_ago)
    return pressed(day, day, seen_overlap=(range_window(day, day, merchant.zone),))


@contextmanager
def impatient(codat: Sandbox, seconds: float = 0.4) -> Iterator[CodatClient]:
    patience = {"connect_timeout": 1.0, "read_timeout": seconds, "deadline": 2 * seconds}
    with client_of(codat.url, backoff=0.01, **patience) as client:
        yield client
