"""Sixty-four senders want one row, and one may POST: tried often, because a race that is lost now and then is lost.

A whole claim is raced for some rounds, and for a thousand the one statement of it that decides: the others of a claim
only read, and a thousand rounds of them would take ten minutes. `CLAIM_ROUNDS=1000` races whole claims that often.
"""

import copy
import os
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from syncs.models import Attempt, Merchant, SyncRequest
from syncs.operations import sending
from syncs.rules.states import State
from tests.factories import make_user

THREADS = 64
# SQLite lets one writer in after the other, and the rest sleep between their tries.
ROUNDS = {"postgresql": 20, "sqlite": 4}
ROUNDS_OF_THE_STATEMENT = 1000
PATIENCE = 300

pytestmark = [pytest.mark.slow, pytest.mark.race, pytest.mark.django_db(transaction=True)]


def queued(count: int) -> list[SyncRequest]:
    """Each of a merchant of its own, as few queries as there can be."""
    now, user = timezone.now(), make_user()
    merchants = Merchant.objects.bulk_create(
        Merchant(company_id=uuid.uuid4(), name=f"Merchant {number}", silent_since=now)
        for number in range(count)
    )
    SyncRequest.objects.bulk_create(
        SyncRequest(
            merchant=merchant,
            kind=SyncRequest.Kind.LATEST,
            window_finish=now,
            body="{}",
            form_token=uuid.uuid4(),
            asked_by=user,
            asked_at=now,
            not_before=now - timedelta(seconds=1),
        )
        for merchant in merchants
    )
    return list(SyncRequest.objects.select_related("merchant").order_by("pk"))


class Race:
    """Persistent threads, each with its connection, that begin each round together."""

    def __init__(self, requests: list[SyncRequest], wins: Callable[[SyncRequest], bool]) -> None:
        self._requests, self._wins = requests, wins
        self.winners = [0] * len(requests)
        self.wrong: list[BaseException] = []
        self._counting = threading.Lock()
        self._together = threading.Barrier(THREADS, timeout=PATIENCE)

    def run(self) -> "Race":
        threads = [threading.Thread(target=self._compete) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def _compete(self) -> None:
        try:
            for number, request in enumerate(self._requests):
                mine = copy.copy(request)
                self._together.wait()
                if self._wins(mine):
                    with self._counting:
                        self.winners[number] += 1
        except BaseException as error:
            self.wrong.append(error)
            self._together.abort()
        finally:
            connections.close_all()


def claims(request: SyncRequest) -> bool:
    return sending._claim(request, []) is not None


def statement_of_a_claim(one: SyncRequest, other: SyncRequest) -> Callable[[SyncRequest], bool]:
    """What two claims say to the table of requests, with the row that each names left open."""
    heard: list[tuple[str, list[Any]]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "syncs_syncrequest"'):
            heard.append((sql, list(params)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        assert claims(one)
        assert claims(other)
    (sql, first), (same, second) = heard
    assert sql == same
    pairs = enumerate(zip(first, second, strict=True))
    [place] = [place for place, pair in pairs if pair == (one.pk, other.pk)]

    def wins(request: SyncRequest) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(sql, [*first[:place], request.pk, *first[place + 1 :]])
            return bool(cursor.rowcount)

    return wins


def test_of_sixty_four_senders_exactly_one_claims_the_row() -> None:
    rounds = int(os.environ.get("CLAIM_ROUNDS", ROUNDS[connection.vendor]))
    race = Race(queued(rounds), claims).run()
    assert race.wrong == []
    assert race.winners == [1] * rounds
    assert Attempt.objects.count() == rounds
    assert set(SyncRequest.objects.values_list("state", "tries", "version")) == {(State.SENDING, 1, 1)}


def test_its_deciding_statement_has_exactly_one_winner_a_thousand_times() -> None:
    one, other, *rest = queued(ROUNDS_OF_THE_STATEMENT + 2)
    race = Race(rest, statement_of_a_claim(one, other)).run()
    assert race.wrong == []
    assert race.winners == [1] * ROUNDS_OF_THE_STATEMENT
