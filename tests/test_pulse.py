"""The pulse moves with every committed change that a list shows, and lets nobody wait for anybody."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from syncs import pulse
from syncs.codat import schemas
from syncs.models import Freeze, Merchant, Pulse
from syncs.operations import (
    checking,
    company_rows,
    freezing,
    handing_out,
    heartbeats,
    merchants,
    notes,
    rebuilding,
    refresh,
)
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.factories import make_merchant, make_request, make_user
from tests.test_freezing_while_claiming import Other

pytestmark = pytest.mark.django_db


def now_at() -> int:
    return heartbeats.signs_and_pulse(timezone.now())[1]


def seen(merchant: Merchant, *, code: int) -> None:
    """A look at Codat finds one sync."""
    began = timezone.now() - timedelta(minutes=1)
    told = {"syncId": f"sync-{code}", "syncStatusCode": code, "syncUtc": began.isoformat()}
    report = schemas.SyncStatus.from_json(told, company_id=str(merchant.company_id))
    refresh._store(merchant.pk, refresh.Seen([report], None, None), timezone.now())


def company_of(merchant: Merchant, **told: Any) -> schemas.Company:
    plain = {"id": str(merchant.company_id), "name": "Tidewater", "dataConnections": []}
    return schemas.Company.from_json(plain | told)


CHANGES: dict[str, Callable[[Merchant], object]] = {
    "a result came": lambda merchant: seen(merchant, code=5000),
    "a sync began": lambda merchant: seen(merchant, code=1000),
    "a merchant is new": lambda merchant: make_merchant(),
    "renamed": lambda merchant: merchants.rename(merchant, "Tidewater", by=None),
    "archived": lambda merchant: merchants.archive(merchant, why="left us", now=timezone.now()),
    "restored": lambda merchant: (
        Merchant.objects.filter(pk=merchant.pk).update(archived_at=timezone.now()),
        merchants.restore(merchant, why="is back", now=timezone.now()),
    ),
    "noted": lambda merchant: notes.add(merchant, "called them", by=make_user()),
    "a request moved on": lambda merchant: move(
        make_request(merchant), State.CANCELLED, now=timezone.now(), what="Cancelled"
    ),
    "sending was frozen": lambda merchant: freezing.freeze(
        Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause"
    ),
    "the health was rebuilt": lambda merchant: (
        Merchant.objects.filter(pk=merchant.pk).update(health="failing", last_days="x"),
        rebuilding.rebuild(merchant.pk, timezone.now()),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_moves_it(change: str) -> None:
    merchant = make_merchant()
    before = now_at()
    CHANGES[change](merchant)
    assert now_at() > before


def test_resuming_moves_it() -> None:
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
    before = now_at()
    freezing.resume(now=timezone.now(), reason="all is well")
    assert now_at() > before


@pytest.mark.parametrize("told", [{"name": "New name"}, {"dataConnections": []}])
def test_what_a_list_of_companies_tells_anew_moves_it(told: dict[str, Any]) -> None:
    merchant = make_merchant(name="Tidewater", codat_name="Tidewater")
    before = now_at()
    company_rows.update_registered([company_of(merchant, **told)], timezone.now())
    assert now_at() > before


@pytest.mark.parametrize(
    "work",
    [
        lambda merchant: handing_out.claim_due_merchants(timezone.now(), 5),
        lambda merchant: checking.check_now(merchant, timezone.now()),
        lambda merchant: heartbeats.beat(heartbeats.CLOCK),
        lambda merchant: refresh._store(merchant.pk, refresh.Seen([], None, None), timezone.now()),
    ],
    ids=["claims", "a press of Check now", "a sign of life", "a look that finds nothing new"],
)
def test_what_no_list_shows_leaves_it_where_it_is(work: Callable[[Merchant], object]) -> None:
    merchant = make_merchant(next_refresh_at=timezone.now())
    refresh._store(merchant.pk, refresh.Seen([], None, None), timezone.now())
    before = now_at()
    work(merchant)
    assert now_at() == before


def test_it_is_read_with_the_signs_of_life_in_one_query(django_assert_num_queries: Any) -> None:
    make_merchant()
    heartbeats.beat(heartbeats.CLOCK)
    with django_assert_num_queries(1):
        signs, at = heartbeats.signs_and_pulse(timezone.now())
    assert set(signs.seen) == {heartbeats.CLOCK}
    assert at == now_at() > 0


def test_a_trigger_that_is_gone_is_told_and_comes_back_with_the_next_migrate(client: Client) -> None:
    assert pulse.missing() == []
    pulse.remove()
    assert pulse.missing()
    assert pulse.missing()[0] in client.get("/readyz").json()["checks"]["guards"]
    call_command("migrate", verbosity=0)
    assert pulse.missing() == []


def test_many_rows_at_once_are_one_move() -> None:
    for _ in range(5):
        make_merchant()
    before = now_at()
    Merchant.objects.update(version=9)
    assert now_at() - before == (1 if connection.vendor == "postgresql" else 5)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_transaction_that_is_under_way_and_both_are_seen() -> None:
    """On SQLite, which has one writer, the second waits for the first, pulse or not."""
    first, second = make_merchant(), make_merchant()
    before = now_at()
    with transaction.atomic():
        Merchant.objects.filter(pk=first.pk).update(version=5)
        other = Other(lambda: Merchant.objects.filter(pk=second.pk).update(version=5) == 1)
        assert other.waits() == (connection.vendor == "sqlite")
    assert other.does()
    assert now_at() == before + 2


@pytest.mark.django_db(transaction=True)
def test_a_change_is_not_seen_before_it_is_committed_and_never_when_it_is_undone() -> None:
    merchant = make_merchant()
    before = now_at()
    with transaction.atomic():
        Merchant.objects.filter(pk=merchant.pk).update(version=5)
        assert Other(lambda: now_at() == before).does()
        transaction.set_rollback(True)
    assert now_at() == before


@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_that_commits_last_is_seen_though_others_came_after_it() -> None:
    late, others = make_merchant(), make_merchant()
    with transaction.atomic():
        Merchant.objects.filter(pk=late.pk).update(version=5)
        if connection.vendor == "postgresql":
            assert Other(lambda: Merchant.objects.filter(pk=others.pk).update(version=5) == 1).does()
        seen_by_a_page: list[int] = []
        assert Other(lambda: seen_by_a_page.append(now_at()) is None).does()
    assert now_at() > seen_by_a_page[0]


@pytest.mark.django_db(transaction=True)
def test_there_are_as_many_rows_as_writers_at_once() -> None:
    merchant = make_merchant()
    for version in range(20):
        Merchant.objects.filter(pk=merchant.pk).update(version=version)
    assert Pulse.objects.count() == 1


@pytest.mark.slow
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_no_change_of_many_writers_is_ever_lost() -> None:
    """A reader who takes the pulse first and the rows then never keeps old rows under a pulse that stays."""
    own = [make_merchant() for _ in range(6)]
    ended = threading.Event()
    wrong: list[str] = []

    def write(pk: int) -> None:
        try:
            for version in range(1, 40):
                with transaction.atomic():
                    Merchant.objects.filter(pk=pk).update(version=version)
        except Exception as error:  # told by the assertion below
            wrong.append(repr(error))
        finally:
            connections.close_all()

    def read() -> None:
        known: dict[int, list[int]] = {}
        try:
            while not ended.is_set():
                at = now_at()
                shown = list(Merchant.objects.order_by("pk").values_list("version", flat=True))
                if now_at() == at and known.setdefault(at, shown) != shown:
                    wrong.append(f"two states at the pulse {at}")
        finally:
            connections.close_all()

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(merchant.pk,)) for merchant in own]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join(60)
    ended.set()
    reader.join(10)
    assert wrong == []
    assert set(Merchant.objects.values_list("version", flat=True)) == {39}
