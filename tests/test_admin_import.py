"""The button “Import from Codat”, its progress page, and the word of a person for archiving many."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from bench.browser import poll_of
from sandbox.testing import Sandbox, running
from syncs import tasks
from syncs.codat.errors import Uncertain
from syncs.models import ImportRun, Merchant, User
from syncs.operations import importing
from tests.companies import Between, client_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db
START = "/admin/syncs/merchant/import/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(merchants=6) as process:
        yield process


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the runs that were given to the queue."""
    sent: list[int] = []
    monkeypatch.setattr(
        tasks.import_companies, "apply_async", lambda args, *_, **__: sent.append(args[0]), raising=False
    )
    return sent


@pytest.fixture
def codat(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Between:
    """Workers' client, with the test's hands on its pages."""
    client = Between(client_of(sandbox))
    monkeypatch.setattr(tasks, "codat_client", lambda: client)
    monkeypatch.setattr(importing, "PAGE_SIZE", 2)
    return client


def text(response: Any) -> str:
    return str(response.content.decode())


def make_run(**columns: Any) -> ImportRun:
    now = timezone.now()
    return ImportRun.objects.create(**{"started_at": now, "heard_at": now} | columns)


def test_the_button_stands_on_the_list_of_merchants(as_admin: Client) -> None:
    page = text(as_admin.get("/admin/syncs/merchant/"))
    assert f'<form method="post" action="{START}">' in page
    assert "Import from Codat" in page


def test_a_press_queues_one_import_and_shows_its_page(
    as_admin: Client, admin_user: User, queued: list[int]
) -> None:
    response = as_admin.post(START)
    run = ImportRun.objects.get()
    assert response["Location"] == f"{START}{run.pk}/"
    assert (queued, run.by, run.state) == ([run.pk], admin_user, "waiting")


def test_a_second_press_leads_to_the_same_import(as_admin: Client, queued: list[int]) -> None:
    assert as_admin.post(START)["Location"] == as_admin.post(START)["Location"]
    assert ImportRun.objects.count() == 1


def test_a_press_while_one_is_under_way_does_not_queue_it_again(as_admin: Client, queued: list[int]) -> None:
    run = make_run(state="running")
    assert as_admin.post(START)["Location"] == f"{START}{run.pk}/"
    assert queued == []


def test_a_queue_that_is_down_is_said_and_the_press_can_be_repeated(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("canary")

    monkeypatch.setattr(tasks.import_companies, "apply_async", down)
    page = text(as_admin.post(START, follow=True))
    assert "The queue (Redis) does not take the import, so it has not begun." in page
    assert "canary" not in page
    sent: list[int] = []
    monkeypatch.setattr(tasks.import_companies, "apply_async", lambda args, *_, **__: sent.append(args[0]))
    as_admin.post(START)
    assert sent == [ImportRun.objects.get().pk]


def test_from_the_press_to_the_merchants(as_admin: Client, queued: list[int], codat: Between) -> None:
    page = as_admin.post(START, follow=True)
    assert "Waiting for a worker." in text(page)
    assert 'hx-trigger="every 2s, wake"' in text(page)
    assert "sleep.js" in text(page)
    tasks.import_companies(*queued)
    done = text(as_admin.get(page.redirect_chain[-1][0]))
    assert "The import is done." in done
    assert "6 of 6 companies read, on 3 pages." in done
    assert Merchant.objects.count() == 6


def test_a_finished_import_is_not_polled(as_admin: Client, queued: list[int], codat: Between) -> None:
    location = as_admin.post(START)["Location"]
    tasks.import_companies(*queued)
    fragment = text(as_admin.get(location, headers=HTMX))
    assert fragment.lstrip().startswith('<div class="import"')
    assert poll_of(fragment) is None
    assert "hx-get" not in fragment


def poll_by(admin: Client, run: ImportRun) -> str:
    found = poll_of(text(admin.get(f"{START}{run.pk}/")))
    assert found
    return found.path


def test_the_poller_is_told_nothing_when_nothing_is_new(as_admin: Client) -> None:
    poll = poll_by(as_admin, make_run(state="running", pages=2))
    assert as_admin.get(poll, headers=HTMX).status_code == 204
    ImportRun.objects.update(pages=3, seen=600, total=4150)
    fragment = text(as_admin.get(poll, headers=HTMX))
    assert "Reading page 4." in fragment
    following = poll_of(fragment)
    assert following
    assert as_admin.get(following.path, headers=HTMX).status_code == 204


@pytest.mark.parametrize("role", ["viewer", "support", "lead"])
def test_a_poll_tells_only_admins_that_nothing_is_new(client: Client, as_admin: Client, role: str) -> None:
    poll = poll_by(as_admin, make_run(state="running", pages=2))
    assert client.get(poll, headers=HTMX)["Location"].startswith("/admin/login/")
    client.force_login(make_user(role))
    assert client.get(poll, headers=HTMX, follow=True).status_code == 403
    client.force_login(make_user("admin"))
    assert client.get(poll, headers=HTMX).status_code == 204
    assert client.get(f"{START}0/?{poll.partition('?')[2]}", headers=HTMX).status_code == 404


def test_a_poll_tells_when_the_worker_falls_silent(as_admin: Client) -> None:
    poll = poll_by(as_admin, make_run(state="running", pages=2))
    ImportRun.objects.update(heard_at=timezone.now() - timedelta(minutes=6))
    assert "The import has stopped" in text(as_admin.get(poll, headers=HTMX))


def test_an_import_whose_worker_died_says_so_and_can_be_begun_again(
    as_admin: Client, queued: list[int]
) -> None:
    run = make_run(state="running")
    ImportRun.objects.update(heard_at=timezone.now() - timedelta(minutes=6))
    page = text(as_admin.get(f"{START}{run.pk}/"))
    assert "The import has stopped: its worker has not reported since" in page
    assert "Import again" in page
    assert as_admin.post(START)["Location"] != f"{START}{run.pk}/"


def test_an_error_of_codat_is_shown_in_words(as_admin: Client, queued: list[int], codat: Between) -> None:
    codat.errors = {2: Uncertain("Codat did not answer.")}
    location = as_admin.post(START)["Location"]
    tasks.import_companies(*queued)
    assert "The import stopped. Codat did not answer." in text(as_admin.get(location))


def test_many_that_are_gone_are_archived_only_after_a_persons_word(
    as_admin: Client, queued: list[int], codat: Between
) -> None:
    importing.import_companies(codat)
    codat.hidden = {str(row.company_id) for row in Merchant.objects.order_by("pk")[:3:2]}
    location = as_admin.post(START)["Location"]
    tasks.import_companies(*queued)
    page = text(as_admin.get(location))
    assert "2 merchants are gone at Codat. That is a lot, so nothing was archived." in page
    assert "Import again and archive 2" in page
    as_admin.post(f"{location}confirm/")
    tasks.import_companies(queued[-1])
    assert Merchant.objects.registered().count() == 4


@pytest.mark.parametrize("path", [START, f"{START}1/confirm/"])
def test_an_import_is_begun_by_a_form_and_never_by_a_link(as_admin: Client, path: str) -> None:
    assert as_admin.get(path).status_code == 405


def test_only_an_admin_may(as_lead: Client) -> None:
    run = make_run()
    for path in (START, f"{START}{run.pk}/confirm/"):
        assert as_lead.post(path).status_code == 302
    assert as_lead.get(f"{START}{run.pk}/").status_code == 302
    assert ImportRun.objects.count() == 1
