"""An installation that is already at work is brought to today's tables, and keeps what it holds."""

import re
import uuid
from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from syncs.models import Merchant, SyncRequest
from syncs.pulse import missing
from syncs.rules.states import State
from tests.factories import make_failing_merchant, make_merchant, make_user
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
    call_command("migrate", "syncs", "0021", verbosity=0)
    try:
        for name in (*accented, *(f"Plain {n}" for n in range(15))):
            make_merchant(name=name)
        for merchant in Merchant.objects.filter(name__in=accented):
            Merchant.objects.filter(pk=merchant.pk).update(name_folded=merchant.name.casefold())
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
