"""Old syncs go; what anybody still reads of them stays: days, health, what is in the books, what requests point to."""

import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sandbox.testing import running
from syncs.codat.client import CodatClient
from syncs.codat.schemas import SyncStatus
from syncs.models import Merchant, MerchantDay, Sync
from syncs.operations import before_sending, thinning
from syncs.operations.coverage import overlap, reached
from syncs.operations.refresh import refresh
from syncs.rules.states import State
from tests.codat.server import Server
from tests.companies import client_of
from tests.factories import make_attempt, make_merchant, make_request, make_sync, make_user
from tests.looks import NOTHING_KNOWN, NOW, looked, never_seen, row
from tests.test_rebuilding import daily, rebuild

pytestmark = pytest.mark.django_db
DAYS = 200


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def merchant(clock: Any, scripted: Server, told: CodatClient) -> Merchant:
    """Two hundred days, read at half of them and at the end; three failed and were taken along, long ago."""
    runs = daily(DAYS, failed=(0, 150, 151, 152))
    new = never_seen()
    clock.move_to(NOW - timedelta(days=DAYS // 2))
    looked(new, scripted, told, *runs[DAYS // 2 :])
    clock.move_to(NOW)
    return looked(new, scripted, told, *runs)


def thin(*words: str) -> str:
    said = StringIO()
    call_command("thin_syncs", *words, stdout=said)
    return said.getvalue()


def columns(merchant: Merchant) -> dict[str, Any]:
    own = Merchant.objects.filter(pk=merchant.pk).values().get()
    return {name: own[name] for name in own if not name.startswith("thinned_")}


def outcomes(merchant: Merchant) -> list[tuple[Any, ...]]:
    return list(merchant.days.order_by("day").values_list("day", "outcome", "covered_empty"))


def test_old_syncs_go_and_what_is_read_of_them_stays(merchant: Merchant) -> None:
    before, days, count = columns(merchant), outcomes(merchant), merchant.syncs.count()
    assert thin("--older-than", "130", "--dry-run") == "Syncs that would be removed: 68.\n"
    assert merchant.syncs.count() == count
    assert thin("--older-than", "130") == "Syncs that were removed: 68.\n"
    assert merchant.syncs.count() == count - 68
    assert (columns(merchant), outcomes(merchant)) == (before, days)
    assert thin("--older-than", "130") == "Syncs that were removed: 0.\n"


def test_who_has_nothing_to_remove_is_not_locked(merchant: Merchant) -> None:
    """On SQLite nobody else writes while somebody holds a transaction."""
    with CaptureQueriesContext(connection) as queries:
        assert thin("--older-than", "190") == "Syncs that were removed: 9.\n"
    assert any("DELETE" in query["sql"] for query in queries)
    with CaptureQueriesContext(connection) as queries:
        assert thin("--older-than", "190") == "Syncs that were removed: 0.\n"
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert not any("FOR UPDATE" in query["sql"] for query in queries)


def test_after_each_batch_others_get_their_turn(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(thinning, "BATCH", 20)
    assert thin("--older-than", "130") == "Syncs that were removed: 68.\n"
    assert len(pauses) == 4
    assert min(pauses) >= 0.05


def test_it_is_no_difference_to_what_is_made_anew_from_the_syncs(merchant: Merchant, clock: Any) -> None:
    assert rebuild("--check")[0] == 0
    thin("--older-than", "125")
    assert rebuild("--check") == (0, "Merchants compared: 1. Different: 0.\n")
    clock.shift(timedelta(days=40))
    thin("--older-than", "125")
    assert rebuild("--check")[0] == 0


def test_what_was_in_the_books_still_is(merchant: Merchant) -> None:
    old = (NOW - timedelta(days=170)).date()
    asked = [(old, old + timedelta(days=span)) for span in (0, 3, 30)]
    before = [overlap(merchant, *each) for each in asked]
    assert before[0].days == [old]
    thin("--older-than", "130")
    merchant.refresh_from_db()
    assert [overlap(merchant, *each) for each in asked] == before
    assert len(merchant.thinned_windows) <= 4


def test_codat_lists_them_for_ever_and_none_comes_back(
    merchant: Merchant, scripted: Server, told: CodatClient, clock: Any
) -> None:
    thin("--older-than", "130")
    kept, days = set(merchant.syncs.values_list("pk", flat=True)), outcomes(merchant)
    clock.shift(timedelta(minutes=5))
    after = looked(merchant, scripted, told, *daily(DAYS, failed=(0, 150, 151, 152)))
    assert set(merchant.syncs.values_list("pk", flat=True)) == kept
    assert (after.failed_days, outcomes(merchant)) == (1, days)
    assert rebuild("--check")[0] == 0


def test_what_took_along_a_day_that_failed_is_kept(merchant: Merchant) -> None:
    failed = merchant.days.filter(outcome="failed").exclude(covered_by=None)
    before = list(failed.values_list("day", "covered_by"))
    assert len(before) == 3
    thin("--older-than", "130")
    assert list(failed.values_list("day", "covered_by")) == before


def test_the_days_that_pages_read_keep_their_syncs(merchant: Merchant) -> None:
    young = merchant.days.filter(day__gte=(NOW - timedelta(days=126)).date()).order_by("day")
    before = list(young.values_list("day", "sync", "covered_by"))
    thin("--older-than", "125")
    assert list(young.values_list("day", "sync", "covered_by")) == before


def test_what_a_request_points_to_is_kept(merchant: Merchant) -> None:
    first, second, third, fourth, fifth = merchant.syncs.order_by("started_at")[:5]
    long_ago = NOW - timedelta(days=190)
    make_request(merchant, state=State.SUCCEEDED, sync=first, asked_at=long_ago)
    make_request(merchant, state=State.SUCCEEDED, commerce_sync_id=second.sync_id, asked_at=long_ago)
    seen = make_request(
        merchant, state=State.NOT_RUN, candidates=[{"sync_id": third.sync_id}], asked_at=long_ago
    )
    make_attempt(seen, outcome="uncertain", listed_before=[first.sync_id, fifth.sync_id, fourth.sync_id])
    thin("--older-than", "130")
    kept = set(merchant.syncs.values_list("pk", flat=True))
    assert {first.pk, second.pk, third.pk, fifth.pk} <= kept
    assert fourth.pk not in kept


def test_while_a_request_is_active_nothing_that_came_with_it_goes(merchant: Merchant) -> None:
    asked = NOW - timedelta(days=180)
    make_request(merchant, state=State.NEEDS_REVIEW, asked_at=asked)
    thin("--older-than", "130")
    assert (
        merchant.syncs.filter(started_at__gte=asked, started_at__lt=asked + timedelta(days=50)).count() == 50
    )


def test_who_only_fails_since_long_keeps_its_last_success_and_its_last_end(
    clock: Any, scripted: Server, told: CodatClient
) -> None:
    merchant = looked(never_seen(), scripted, told, *daily(DAYS, failed=tuple(range(180))))
    success, end = merchant.last_success_at, reached(merchant)
    thin("--older-than", "130")
    assert merchant.syncs.successful().get(started_at=success) == end
    assert reached(merchant) == end
    assert rebuild("--check")[0] == 0


def test_who_has_not_run_for_long_keeps_what_its_health_comes_from(
    clock: Any, scripted: Server, told: CodatClient
) -> None:
    merchant = looked(never_seen(), scripted, told, *daily(DAYS, failed=tuple(range(160)))[150:])
    assert merchant.health == "failing"
    thin("--older-than", "130")
    assert merchant.syncs.newest_first()[0].started_at == merchant.last_final_at
    assert merchant.syncs.successful().newest_first()[0].started_at == merchant.last_success_at
    assert rebuild("--check")[0] == 0


def test_a_run_that_never_ended_is_kept(clock: Any, scripted: Server, told: CodatClient) -> None:
    old = f"{NOW - timedelta(days=190):%Y-%m-%dT%H:%M:%SZ}"
    merchant = looked(never_seen(), scripted, told, row("hangs", 1010, old), *daily(DAYS))
    thin("--older-than", "130")
    assert merchant.syncs.filter(sync_id="hangs").exists()


def test_what_codat_tells_no_moment_of_is_kept(clock: Any, scripted: Server, told: CodatClient) -> None:
    merchant = never_seen()
    clock.move_to(NOW - timedelta(days=190))
    looked(merchant, scripted, told, row("timeless", 2000, None))
    clock.move_to(NOW)
    looked(merchant, scripted, told, row("timeless", 2000, None), *daily(DAYS))
    thin("--older-than", "130")
    assert merchant.syncs.filter(sync_id="timeless").exists()


def test_who_was_not_looked_at_for_long_keeps_what_its_last_look_was_made_of(
    merchant: Merchant, clock: Any
) -> None:
    clock.shift(timedelta(days=300))
    thin("--older-than", "125")
    assert merchant.syncs.filter(started_at__gte=NOW - timedelta(days=125)).count() == 125
    assert rebuild("--check")[0] == 0


def test_many_go_in_several_transactions(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "BATCH", 20)
    assert thinning.thin(merchant.pk, timedelta(days=130), NOW) == 20
    days = outcomes(merchant)
    assert thin("--older-than", "130") == "Syncs that were removed: 48.\n"
    assert outcomes(merchant) == days


def test_a_sync_that_codat_lists_and_we_keep_no_more_holds_no_request_back(merchant: Merchant) -> None:
    thin("--older-than", "130")
    merchant.refresh_from_db()
    listed = [SyncStatus.from_json(each, company_id="") for each in daily(DAYS)]
    assert not before_sending._ran_unseen(listed[1:], make_request(merchant))
    fresh = SyncStatus.from_json(row("fresh", 2000, f"{NOW:%Y-%m-%dT%H:%M:%SZ}"), company_id="")
    assert before_sending._ran_unseen([fresh], merchant.requests.get())


@pytest.mark.parametrize("days", ["124", "0", "-1", "99999999"])
def test_what_pages_read_is_not_to_be_removed(merchant: Merchant, days: str) -> None:
    before = Sync.objects.count(), MerchantDay.objects.count()
    with pytest.raises(CommandError):
        thin(f"--older-than={days}")
    assert (Sync.objects.count(), MerchantDay.objects.count()) == before


def test_by_itself_it_keeps_more_than_a_year(merchant: Merchant) -> None:
    assert thin() == "Syncs that were removed: 0.\n"


@pytest.mark.slow
def test_of_every_kind_of_merchant_the_days_and_health_stay_through_the_next_looks() -> None:
    with running(history_days=300) as sandbox, client_of(sandbox) as client:
        kinds = {shop["kind"]: shop for shop in sandbox.merchants()}
        merchants = [make_merchant(company_id=shop["company_id"], **NOTHING_KNOWN) for shop in kinds.values()]
        for merchant in merchants:
            refresh(merchant.pk, client)
        before = [(columns(merchant), outcomes(merchant)) for merchant in merchants]
        assert thin("--older-than", "130") != "Syncs that were removed: 0.\n"
        assert [(columns(merchant), outcomes(merchant)) for merchant in merchants] == before
        assert rebuild("--check")[0] == 0
        count = Sync.objects.count()
        for merchant in merchants:
            refresh(merchant.pk, client)
        assert Sync.objects.count() == count
        assert [outcomes(merchant) for merchant in merchants] == [days for _, days in before]
        assert rebuild("--check")[0] == 0


class TestTheLinkToOne:
    @pytest.fixture
    def thinned(self, merchant: Merchant, client: Client) -> Sync:
        client.force_login(make_user("viewer"))
        oldest = merchant.syncs.order_by("started_at")[1]
        thin("--older-than", "130")
        assert not merchant.syncs.filter(pk=oldest.pk).exists()
        return oldest

    def test_it_says_from_when_on_syncs_are_kept_and_leads_to_its_merchant(
        self, client: Client, thinned: Sync
    ) -> None:
        answer = client.get(_address(thinned.merchant, thinned.pk))
        thinned.merchant.refresh_from_db()
        kept_from = f"{timezone.localdate(thinned.merchant.thinned_before):%-d %b %Y}"
        assert answer.status_code == 410
        assert "This sync is no longer kept." in answer.text
        assert f"those of {thinned.merchant.name} are kept from {kept_from} on." in answer.text
        assert f'href="/merchants/{thinned.merchant.company_id}/"' in answer.text

    def test_a_number_that_no_sync_ever_had_is_nothing(self, client: Client, thinned: Sync) -> None:
        newest = Sync.objects.latest("pk").pk
        for number in (0, newest + 1, 10**30):
            assert client.get(_address(thinned.merchant, number)).status_code == 404

    def test_the_sync_of_another_merchant_is_nothing_either(self, client: Client, thinned: Sync) -> None:
        other = make_sync(make_merchant())
        make_sync(thinned.merchant)
        assert client.get(_address(thinned.merchant, other.pk)).status_code == 404

    def test_whose_syncs_were_never_thinned_lacks_none(self, client: Client, thinned: Sync) -> None:
        other = make_merchant()
        make_sync(other)
        assert client.get(_address(other, thinned.pk)).status_code == 404


def _address(merchant: Merchant, number: int) -> str:
    return f"/merchants/{merchant.company_id}/syncs/{number}/"
