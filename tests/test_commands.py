"""`import_companies` and `make_demo_users`, as a person at a prompt meets them."""

import signal
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from sandbox.testing import Sandbox, running
from syncs.management.commands import import_companies as command
from syncs.models import Activity, ImportRun, Merchant, User
from syncs.operations import importing
from syncs.operations.people import role_of
from tests.companies import Between, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(merchants=6) as process:
        yield process


@pytest.fixture
def codat(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Between:
    client = Between(client_of(sandbox))
    monkeypatch.setattr(command, "codat_client", lambda: client)
    monkeypatch.setattr(importing, "PAGE_SIZE", 3)
    return client


@pytest.fixture
def in_the_sandbox(settings: Settings) -> Settings:
    settings.SANDBOX = True
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    return settings


def said(name: str, *words: str, **options: Any) -> str:
    out = StringIO()
    call_command(name, *words, stdout=out, **options)
    return out.getvalue()


def test_an_import_tells_each_page(codat: Between) -> None:
    assert said("import_companies").splitlines() == [
        "Page 1: 3 of 6 companies read, 3 new.",
        "Page 2: 6 of 6 companies read, 6 new.",
        "6 companies read, 6 new.",
    ]


def test_what_is_skipped_is_said(codat: Between) -> None:
    first = codat.client.companies(1, 1).items[0]
    codat.changes = {first.id: {"name": ""}}
    assert f"Skipped {first.id}: it has no name at Codat." in said("import_companies")


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP])
def killed_by(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """Also where whoever runs the tests was told to ignore it."""
    before = signal.signal(request.param, signal.SIG_DFL)
    yield request.param
    signal.signal(request.param, before)


def test_an_import_that_is_told_to_stop_closes_its_run(codat: Between, killed_by: signal.Signals) -> None:
    def stop(*_: Any) -> None:
        signal.raise_signal(killed_by)

    codat.companies = stop  # type: ignore[method-assign]
    with pytest.raises(CommandError, match="What was read is stored"):
        said("import_companies")
    assert ImportRun.objects.get().problem == "It was interrupted. Import again."
    assert signal.getsignal(killed_by) == signal.SIG_DFL


def test_a_wrong_key_ends_it_with_one_sentence(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(sandbox, key="canary-key")
    monkeypatch.setattr(command, "codat_client", lambda: client)
    with pytest.raises(CommandError) as raised:
        said("import_companies")
    assert "\n" not in str(raised.value)
    assert "canary" not in str(raised.value)
    assert raised.value.returncode == 1


def test_a_missing_key_is_a_sentence(settings: Settings) -> None:
    settings.CODAT_API_KEY = ""
    with pytest.raises(CommandError, match="CODAT_API_KEY is not set"):
        said("import_companies")


def test_many_that_are_gone_need_a_yes(codat: Between) -> None:
    said("import_companies")
    codat.hidden = {str(row.company_id) for row in Merchant.objects.all()[:2]}
    with pytest.raises(CommandError, match="If that is right, run it again with --yes"):
        said("import_companies")
    assert Merchant.objects.registered().count() == 6
    assert "2 archived" in said("import_companies", "--yes")
    assert Merchant.objects.registered().count() == 4


@pytest.mark.parametrize("name", ["viewer", "support", "lead", "admin"])
def test_a_demo_user_signs_in_with_its_name_and_has_its_role(in_the_sandbox: Settings, name: str) -> None:
    said("make_demo_users")
    browser = Client(SERVER_NAME="localhost")
    assert browser.post("/sign-in/", {"username": name, "password": name}).status_code == 302
    user = User.objects.get(pk=browser.session["_auth_user_id"])
    assert role_of(user) == name
    assert len(user.initials) == 2
    assert user.is_staff == (name == "admin")
    assert not user.is_superuser


def test_making_demo_users_again_signs_nobody_out(in_the_sandbox: Settings) -> None:
    said("make_demo_users")
    before = list(User.objects.order_by("pk").values_list("username", "password"))
    entries = Activity.objects.count()
    said("make_demo_users")
    assert list(User.objects.order_by("pk").values_list("username", "password")) == before
    assert Activity.objects.count() == entries


def test_a_demo_user_who_was_changed_is_as_promised_again(in_the_sandbox: Settings) -> None:
    said("make_demo_users")
    admin = User.objects.get(username="admin")
    admin.set_password("forgotten")
    admin.is_active = False
    admin.save()
    admin.groups.clear()
    said("make_demo_users")
    admin.refresh_from_db()
    assert (admin.check_password("admin"), admin.is_active, role_of(admin)) == (True, True, "admin")


def test_a_real_installation_gets_no_demo_users(in_the_sandbox: Settings) -> None:
    in_the_sandbox.SANDBOX = False
    with pytest.raises(CommandError, match="only made for the sandbox"):
        said("make_demo_users")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "hosts", [["127.0.0.1", "panel.example.com"], ["*"], [".example.com"], ["192.168.1.5"]]
)
def test_a_panel_that_others_can_reach_gets_no_demo_users(in_the_sandbox: Settings, hosts: list[str]) -> None:
    in_the_sandbox.ALLOWED_HOSTS = hosts
    with pytest.raises(CommandError, match="where nobody else can reach the panel"):
        said("make_demo_users")
    assert not User.objects.exists()
