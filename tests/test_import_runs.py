"""One import at a time, and how soon the next may begin after one that was killed."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.pages import Page
from syncs.codat.schemas import Company
from syncs.models import ImportRun, User
from syncs.operations import heartbeats, import_runs, importing
from syncs.operations.import_runs import ask_for_import
from syncs.operations.importing import carry_out, import_companies
from tests.companies import Between
from tests.companies import client as client
from tests.companies import sandbox as sandbox
from tests.test_worker_beats import wait_for

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 14, 4, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PAGE_SIZE", 10)


def test_a_run_is_carried_out_once_however_often_its_message_comes(client: CodatClient, lead: User) -> None:
    run = ask_for_import(by=lead)
    watched = Between(client)
    carry_out(run.pk, watched)
    carry_out(run.pk, watched)
    assert watched.pages_read == [1, 2, 3, 4]


def test_the_button_leads_to_the_import_that_is_open(lead: User) -> None:
    assert ask_for_import(by=lead) == ask_for_import(by=lead)


def test_a_second_import_at_once_ends_with_a_sentence(client: CodatClient, lead: User) -> None:
    now = timezone.now()
    ImportRun.objects.create(state="running", started_at=now, heard_at=now)
    run = import_companies(client)
    assert run.state == "failed"
    assert run.problem.startswith("Another import is under way")


def test_an_import_whose_worker_died_is_closed_by_the_next(client: CodatClient) -> None:
    long_ago = timezone.now() - timedelta(minutes=6)
    dead = ImportRun.objects.create(state="running", started_at=long_ago, heard_at=long_ago)
    assert import_companies(client).state == "done"
    dead.refresh_from_db()
    assert (dead.state, dead.problem) == ("failed", "It was interrupted. Import again.")


def test_an_import_that_was_taken_for_dead_stops_writing(client: CodatClient) -> None:
    def close(run: ImportRun) -> None:
        ImportRun.objects.filter(pk=run.pk).update(state="failed", finished_at=timezone.now())

    watched = Between(client)
    run = import_companies(watched, on_page=close)
    assert watched.pages_read == [1, 2]
    assert run.pages == 1


def test_an_interrupted_import_says_so(client: CodatClient) -> None:
    def interrupt(run: ImportRun) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_companies(client, on_page=interrupt)
    run = ImportRun.objects.latest("pk")
    assert (run.state, run.pages, run.problem) == ("failed", 1, "It was interrupted. Import again.")


def test_two_imports_under_way_are_refused_by_the_database() -> None:
    now = timezone.now()
    ImportRun.objects.create(state="running", started_at=now, heard_at=now)
    with pytest.raises(IntegrityError, match="import"), transaction.atomic():
        ImportRun.objects.create(state="running", started_at=now, heard_at=now)


def killed(seconds_ago: float) -> ImportRun:
    """SIGKILL leaves no word: only the silence says so."""
    heard = timezone.now() - timedelta(seconds=seconds_ago)
    return ImportRun.objects.create(state="running", started_at=heard, heard_at=heard)


def test_a_refused_import_says_when_a_killed_one_would_free_its_place(client: CodatClient) -> None:
    with time_machine.travel(NOW, tick=False):
        killed(20)
        assert import_companies(client).problem == (
            "Another import is under way, last heard of 20 s ago. Wait for its end."
            " If it was killed, import again in a minute."
        )


def test_a_killed_import_frees_its_place_within_a_minute(client: CodatClient) -> None:
    dead = killed(61)
    assert import_companies(client).state == "done"
    dead.refresh_from_db()
    assert (dead.state, dead.problem) == ("failed", "It was interrupted. Import again.")


class Slow(Between):
    """Its first page comes when the import has been heard of since it began."""

    def companies(self, page: int, page_size: int = 500) -> Page[Company]:
        wait_for(lambda: all(run.heard_at > run.started_at for run in ImportRun.objects.all()))
        return super().companies(page, page_size)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_waits_for_a_slow_page_is_heard_of(
    client: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "BEAT_EVERY", timedelta(seconds=0.05))
    assert import_companies(Slow(client)).state == "done"


@pytest.mark.parametrize("end", ["is done", "was killed"])
def test_who_waits_begins_when_the_other_import_ends(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        other = ImportRun.objects.create(state="running", started_at=NOW, heard_at=NOW)

        def a_while(seconds: float) -> None:
            waits.append(seconds)
            clock.shift(timedelta(seconds=30))
            if end == "is done":
                ImportRun.objects.filter(pk=other.pk).update(state="done", finished_at=NOW)

        waits: list[float] = []
        monkeypatch.setattr(import_runs.time, "sleep", a_while)
        import_runs.wait_for_the_place()
    assert len(waits) == {"is done": 1, "was killed": 3}[end]
