"""An installation that is already at work is brought to today's tables, and keeps what it holds."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from syncs.models import Merchant, SyncRequest
from syncs.operations import log
from syncs.pulse import missing
from syncs.rules.states import State
from tests.factories import make_failing_merchant, make_merchant, make_sync, make_user
from tests.test_moves_are_kept import by_sql, is_refused

START, FINISH = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_the_first_version_held_is_there_and_the_database_guards_as_before() -> None:
    """Who had accepted an overlap still has; names are found whatever their case."""
    merchant, user = make_merchant(), make_user()
    call_command("migrate", "syncs", "0001", verbosity=0)
    try:
        old = MigrationExecutor(connection).loader.project_state([("syncs", "0001_initial")]).apps
        old.get_model("syncs", "SyncRequest").objects.create(
            merchant_id=merchant.pk,
            kind="historic",
            state="succeeded",
            commerce_sync_id="theirs",
            first_day=START.date(),
            last_day=FINISH.date(),
            window_start=START,
            window_finish=FINISH,
            body="{}",
            form_token=uuid.uuid4(),
            asked_by_id=user.pk,
            finished_at=FINISH,
            overlap_accepted=True,
        )
        before = old.get_model("syncs", "Merchant")
        names = ("Éclair", "Plain", *(f"Merchant number {n}" for n in range(1500)))
        before.objects.bulk_create(before(company_id=uuid.uuid4(), name=name) for name in names)
    finally:
        call_command("migrate", verbosity=0)
    request = SyncRequest.objects.get()
    [seen] = request.seen_windows
    assert (seen.start, seen.finish) == (START, FINISH)
    assert is_refused(request, State.QUEUED, by_sql)
    assert [merchant.name for merchant in Merchant.objects.named("éCLAIR")] == ["Éclair"]
    assert Merchant.objects.named("merchant number 1499").count() == 1
    assert not Merchant.objects.filter(name_folded="").exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fuses_that_burned_before_stand_in_the_order_of_their_days() -> None:
    there = make_failing_merchant(time_zone="Pacific/Auckland", switches_off_on=date(2026, 12, 2))
    call_command("migrate", "syncs", "0019", verbosity=0)
    call_command("migrate", verbosity=0)
    assert Merchant.objects.get(pk=there.pk).switches_off_at == datetime(2026, 12, 1, 11, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_names_that_were_there_before_are_found_without_their_accents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_module("syncs.migrations.0022_without_accents"), "BATCH", 10)
    accented = ("Café", "Łódź", *(f"Zürich {n}" for n in range(15)))
    for name in (*accented, *(f"Plain {n}" for n in range(15))):
        make_merchant(name=name)
    call_command("migrate", "syncs", "0021", verbosity=0)
    try:
        for pk, name in Merchant.objects.filter(name__in=accented).values_list("pk", "name"):
            Merchant.objects.filter(pk=pk).update(name_folded=name.casefold())
        before = set(Merchant.objects.values_list("pk", "version"))
        with CaptureQueriesContext(connection) as queries:
            call_command("migrate", "syncs", "0022", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert {merchant.name for merchant in Merchant.objects.named("cafe")} == {"Café"}
    assert {merchant.name for merchant in Merchant.objects.named("LODZ")} == {"Łódź"}
    assert Merchant.objects.named("zurich").count() == 15
    assert set(Merchant.objects.values_list("pk", "version")) == before
    written = [re.match(r"(\d+) times: UPDATE syncs_merchant", query["sql"]) for query in queries]
    assert sum(int(times[1]) for times in written if times) == len(accented)
    assert missing() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_since_when_those_fail_that_failed_before_is_told_by_what_was_seen_or_else_by_their_syncs() -> None:
    noon = datetime(2026, 6, 17, 12, tzinfo=UTC)
    told: dict[str, Any] = {"health": "failing", "last_success_at": noon - timedelta(days=9)}
    seen, unseen, well = make_merchant(**told), make_merchant(**told), make_merchant()
    thinned = make_merchant(**told, thinned_before=noon)
    for merchant in (seen, unseen, well, thinned):
        make_sync(merchant, 5000, noon - timedelta(days=10))
        make_sync(merchant, 5000, noon - timedelta(days=8))
        make_sync(merchant, 5000, noon - timedelta(days=1))
    for before, after, days in (
        ("Healthy", "Failing", 30),
        ("Healthy", "Failing", 2),
        ("Failing", "Needs reconnect", 1),
    ):
        at = noon - timedelta(days=days)
        log.record("merchant.health", "Saw it", merchant=seen, before=before, after=after, at=at)
    call_command("migrate", "syncs", "0022", verbosity=0)
    call_command("migrate", verbosity=0)
    assert dict(Merchant.objects.values_list("pk", "began_to_fail_at")) == {
        seen.pk: noon - timedelta(days=2),
        unseen.pk: noon - timedelta(days=8),
        well.pk: None,
        thinned.pk: None,
    }
