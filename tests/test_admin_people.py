"""Users in the admin: one role each, every change of it recorded, deactivated and never deleted."""

from typing import Any

import pytest
from django.test import Client

from syncs.models import Activity, User
from syncs.operations.people import role_of
from tests.conftest import signed_in
from tests.factories import make_user

pytestmark = pytest.mark.django_db
USERS = "/admin/syncs/user/"
PASSWORD = "harbour-and-pine-7"


def fields(user: User, **changes: str) -> dict[str, str]:
    """The form as a browser sends it; an empty word leaves a checkbox unticked."""
    told = {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "time_zone": user.time_zone,
        "role": role_of(user),
        "is_active": "on",
    }
    return {name: value for name, value in (told | changes).items() if value or name != "is_active"}


def save(client: Client, user: User, **changes: str) -> Any:
    response = client.post(f"{USERS}{user.pk}/change/", fields(user, **changes))
    user.refresh_from_db()
    return response


@pytest.fixture
def mei() -> User:
    return make_user("viewer", "mei", first_name="Mei", last_name="Tanaka")


def test_a_role_is_given_and_recorded(as_admin: Client, admin_user: User, mei: User) -> None:
    save(as_admin, mei, role="support")
    assert role_of(mei) == "support"
    entry = Activity.objects.get()
    assert (entry.what, entry.before, entry.after) == (
        "Gave Mei Tanaka the role support",
        "viewer",
        "support",
    )
    assert entry.actor == admin_user


def test_saving_without_a_change_is_no_news(as_admin: Client, mei: User) -> None:
    assert save(as_admin, mei).status_code == 302
    assert not Activity.objects.exists()


def test_an_unknown_role_is_refused(as_admin: Client, mei: User) -> None:
    assert save(as_admin, mei, role="owner").status_code == 200
    assert role_of(mei) == "viewer"


def test_a_person_is_deactivated_and_activated_on_the_record(as_admin: Client, mei: User) -> None:
    save(as_admin, mei, is_active="")
    assert not mei.is_active
    save(as_admin, mei)
    assert mei.is_active
    told = list(Activity.objects.order_by("pk").values_list("what", flat=True))
    assert told == ["Deactivated Mei Tanaka", "Activated Mei Tanaka"]


def test_a_time_zone_must_exist(as_admin: Client, mei: User) -> None:
    response = save(as_admin, mei, time_zone="Mars/Base")
    assert "This is not a time zone." in response.content.decode()


def test_a_new_person_has_a_role_and_can_sign_in(as_admin: Client, admin_user: User, client: Client) -> None:
    data = {
        "username": "lena",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "first_name": "Lena",
        "last_name": "Horvath",
        "email": "",
        "role": "lead",
    }
    assert as_admin.post(f"{USERS}add/", data).status_code == 302
    lena = User.objects.get(username="lena")
    assert (role_of(lena), lena.is_active, lena.is_staff, lena.is_superuser) == ("lead", True, False, False)
    told = list(Activity.objects.order_by("pk").values_list("what", "actor"))
    assert told == [("Added Lena Horvath", admin_user.pk), ("Gave Lena Horvath the role lead", admin_user.pk)]
    assert client.post("/sign-in/", {"username": "lena", "password": PASSWORD})["Location"] == "/"


def test_a_short_password_is_refused(as_admin: Client) -> None:
    data = {"username": "lena", "usable_password": "true", "password1": "short", "password2": "short"}
    assert as_admin.post(f"{USERS}add/", data | {"role": "lead"}).status_code == 200
    assert not User.objects.filter(username="lena").exists()


def test_a_new_password_is_set_on_the_record(as_admin: Client, mei: User) -> None:
    data = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    as_admin.post(f"{USERS}{mei.pk}/password/", data)
    mei.refresh_from_db()
    assert mei.check_password(PASSWORD)
    entry = Activity.objects.get()
    assert entry.what == "Set a new password for Mei Tanaka"
    assert PASSWORD not in f"{entry.reason}{entry.before}{entry.after}"


def test_nobody_makes_themselves_or_others_a_superuser(as_admin: Client, admin_user: User, mei: User) -> None:
    for user in (admin_user, mei):
        save(as_admin, user, is_superuser="on", is_staff="on")
        assert not user.is_superuser


def test_a_superuser_is_out_of_an_admins_reach(as_admin: Client) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    assert save(as_admin, root, role="viewer", first_name="Owned").status_code == 403
    data = {"usable_password": "true", "password1": "taken-over-by-me", "password2": "taken-over-by-me"}
    assert as_admin.post(f"{USERS}{root.pk}/password/", data).status_code == 403
    root.refresh_from_db()
    assert (root.check_password(PASSWORD), root.first_name) == (True, "")


def test_an_admin_cannot_shut_themselves_out(as_admin: Client, admin_user: User) -> None:
    by_role = save(as_admin, admin_user, role="support").content.decode()
    by_switch = save(as_admin, admin_user, is_active="").content.decode()
    assert "You cannot take the role admin from yourself." in by_role
    assert "You cannot deactivate yourself." in by_switch
    assert (role_of(admin_user), admin_user.is_active) == ("admin", True)


def test_other_roles_see_nothing_of_it(mei: User) -> None:
    for role in ("viewer", "support", "lead"):
        assert (
            signed_in(make_user(role)).post(f"{USERS}{mei.pk}/change/", {"role": "admin"}).status_code == 302
        )
    assert role_of(mei) == "viewer"
