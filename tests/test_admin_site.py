"""Who may enter Django's admin, and that what happened can only be read there."""

import re
from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Bulk, Freeze, Heartbeat, ImportRun, MerchantDay, NotAsked, User
from syncs.operations import freezing, log
from syncs.rules.states import State
from tests.conftest import signed_in
from tests.factories import (
    make_attempt,
    make_cause,
    make_failing_merchant,
    make_merchant,
    make_request,
    make_sync,
    make_user,
)

pytestmark = pytest.mark.django_db

READ_ONLY = [
    *("connection", "sync", "cause", "merchantday", "syncrequest"),
    *("attempt", "activity", "heartbeat", "importrun", "bulk", "notasked"),
]
EVERYTHING = ["merchant", "user", "playbookentry", *READ_ONLY]
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def rows(number: int) -> None:
    """So many rows of every table."""
    for place in range(number):
        merchant = make_failing_merchant(message=f"Cause {timezone.now()}")
        request = make_request(merchant, state=State.SUCCEEDED, sync=make_sync(merchant))
        make_attempt(request)
        now = timezone.now()
        bulk = Bulk.objects.create(
            kind="latest", reason="Many", form_token=uuid4(), asked_by=request.asked_by, asked_at=now
        )
        NotAsked.objects.create(bulk=bulk, merchant=merchant, why="It is running.")
        MerchantDay.objects.create(merchant=merchant, day=date(2026, 1, 1), outcome="not_run")
        Heartbeat.objects.create(name=f"{merchant.pk}", at=now, host="here", pid=place)
        ImportRun.objects.create(by=make_user(), started_at=now, heard_at=now, state="done", finished_at=now)


def pk_of(table: str) -> object:
    rows = next(model for model in admin.site._registry if model._meta.model_name == table)
    return rows._default_manager.order_by("pk")[0].pk


def queries_of(client: Client, table: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(f"/admin/syncs/{table}/")
    return len(queries)


@pytest.mark.parametrize("who", ["viewer", "support", "lead"])
def test_other_roles_are_told_that_it_is_not_theirs(who: str) -> None:
    response = signed_in(make_user(who, is_staff=True)).get("/admin/", follow=True)
    assert response.status_code == 403
    assert "These pages are for the role admin." in response.content.decode()


def test_the_role_admin_is_enough(db: None) -> None:
    assert signed_in(make_user("admin", is_staff=False)).get("/admin/").status_code == 200


def test_a_superuser_may_enter_too(db: None) -> None:
    root = User.objects.create_superuser("root", password="root")
    assert signed_in(root).get("/admin/").status_code == 200


def test_a_deactivated_admin_may_not(admin_user: User, as_admin: Client) -> None:
    User.objects.filter(pk=admin_user.pk).update(is_active=False)
    assert as_admin.get("/admin/").status_code == 302


def test_there_is_one_sign_in_for_the_whole_panel(client: Client) -> None:
    response = client.get("/admin/syncs/merchant/", follow=True)
    assert response.redirect_chain[-1][0] == "/sign-in/?next=/admin/syncs/merchant/"


def test_a_password_tried_on_the_admins_own_door_opens_nothing(client: Client) -> None:
    make_user("admin", "ada", is_staff=True)
    response = client.post("/admin/login/", {"username": "ada", "password": "ada"})
    assert response.status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("table", EVERYTHING)
def test_every_list_and_every_row_can_be_read(as_admin: Client, table: str) -> None:
    rows(1)
    assert as_admin.get(f"/admin/syncs/{table}/").status_code == 200
    assert as_admin.get(f"/admin/syncs/{table}/{pk_of(table)}/change/").status_code == 200


def test_a_list_takes_as_many_queries_for_fifty_rows_as_for_five(as_admin: Client) -> None:
    rows(5)
    few = {table: queries_of(as_admin, table) for table in EVERYTHING}
    rows(45)
    assert {table: queries_of(as_admin, table) for table in EVERYTHING} == few
    assert max(few.values()) <= 12


@pytest.mark.parametrize("table", READ_ONLY)
def test_what_happened_can_be_neither_added_nor_changed(as_admin: Client, table: str) -> None:
    rows(1)
    row = f"/admin/syncs/{table}/{pk_of(table)}/change/"
    assert as_admin.get(f"/admin/syncs/{table}/add/").status_code == 403
    assert as_admin.post(f"/admin/syncs/{table}/add/", {}).status_code == 403
    assert as_admin.post(row, {"_save": "Save"}).status_code == 403
    assert 'type="submit" value="Save"' not in as_admin.get(row).content.decode()


@pytest.mark.parametrize("table", EVERYTHING)
def test_nothing_can_be_deleted_not_even_by_a_superuser(table: str) -> None:
    rows(1)
    root = signed_in(User.objects.create_superuser("root", password="root"))
    assert root.post(f"/admin/syncs/{table}/{pk_of(table)}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in root.get(f"/admin/syncs/{table}/").content.decode()


@pytest.mark.parametrize("path", ["", "syncs/merchant/", "syncs/merchant/add/", "syncs/user/?_popup=1"])
def test_a_freeze_is_told_here_too(as_admin: Client, path: str) -> None:
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
    page = as_admin.get(f"/admin/{path}", follow=True).text
    assert "<b>Sending is frozen.</b> On the server since" in page
    assert "“Codat asked us to pause”" in page
    assert page.count("admin-desk.css") == 1


def test_roles_cannot_be_changed_by_hand(as_admin: Client) -> None:
    assert as_admin.get("/admin/auth/group/").status_code == 404


PAGES: dict[str, Callable[[], str]] = {
    "index": lambda: "/admin/",
    "app": lambda: "/admin/syncs/",
    "merchants": lambda: "/admin/syncs/merchant/",
    "an empty list": lambda: "/admin/syncs/merchant/?q=nobody",
    "add": lambda: "/admin/syncs/merchant/add/",
    "change": lambda: f"/admin/syncs/merchant/{make_merchant().pk}/change/",
    "history": lambda: f"/admin/syncs/merchant/{make_merchant().pk}/history/",
    "add a user": lambda: "/admin/syncs/user/add/",
    "a user": lambda: f"/admin/syncs/user/{make_user().pk}/change/",
    "a password": lambda: f"/admin/syncs/user/{make_user().pk}/password/",
    "own password": lambda: "/admin/password_change/",
    "a sync": lambda: f"/admin/syncs/sync/{make_sync(make_merchant()).pk}/change/",
    "syncs": lambda: "/admin/syncs/sync/",
    "causes": lambda: f"/admin/syncs/cause/?q={make_cause().code}",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_no_page_holds_what_the_content_policy_forbids(as_admin: Client, page: Callable[[], str]) -> None:
    response = as_admin.get(page())
    assert response.status_code == 200
    assert INLINE.findall(response.content.decode()) == []
    assert "default-src 'self'" in response["Content-Security-Policy"]


def test_what_codat_sent_is_shown_as_it_was(as_admin: Client) -> None:
    raw = {"syncStatus": "<b>Complete</b>", "note": "läuft"}
    sync = make_sync(make_merchant(), raw=raw)
    page = as_admin.get(f"/admin/syncs/sync/{sync.pk}/change/").content.decode()
    assert "  &quot;syncStatus&quot;: &quot;&lt;b&gt;Complete&lt;/b&gt;&quot;" in page
    assert "läuft" in page


def test_a_sync_is_found_by_its_id_and_by_nothing_else(as_admin: Client) -> None:
    wanted, other = make_sync(make_merchant(name="Wanted")), make_sync(make_merchant(name="Other"))
    page = as_admin.get("/admin/syncs/sync/", {"q": wanted.sync_id}).content.decode()
    assert wanted.sync_id in page
    assert other.sync_id not in page


def test_times_have_twenty_four_hours(as_admin: Client) -> None:
    log.record("note", "Something happened")
    page = as_admin.get("/admin/syncs/activity/").content.decode()
    assert re.search(r"\d{1,2} [A-Z][a-z]{2} 20\d\d, \d\d:\d\d:\d\d", page)
    assert "p.m." not in page


def test_every_page_of_the_admin_tells_of_the_api_budget(as_admin: Client) -> None:
    for url in ("/admin/", "/admin/syncs/merchant/", "/admin/syncs/alertrule/add/"):
        assert as_admin.get(url).text.count('id="budget"') == 1
    assert 'id="budget"' not in Client().get("/admin/login/", follow=True).text
