import zoneinfo

import pytest
from django.test import Client

from syncs.models import Activity, User, user
from syncs.rules import salesdays
from syncs.views import account

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
STRONG = "walnut-harbour-thirty"


def test_the_zone_decides_how_moments_are_told(as_support: Client, support: User) -> None:
    assert "Europe/London" in as_support.get("/profile/").text
    assert as_support.post("/profile/", {"time_zone": "Asia/Tokyo"})["Location"] == "/profile/"
    page = as_support.get("/profile/").text
    assert "Saved." in page
    assert "Times in <b>Asia/Tokyo</b> (JST)" in page


def test_an_empty_zone_is_the_panels(as_support: Client, support: User) -> None:
    User.objects.update(time_zone="Asia/Tokyo")
    as_support.post("/profile/", {"time_zone": ""})
    assert "Times in <b>Europe/London</b>" in as_support.get("/profile/").text


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "x" * 65, "<b>"])
def test_a_zone_that_is_none_is_refused_and_changes_nothing(
    as_support: Client, support: User, zone: str
) -> None:
    response = as_support.post("/profile/", {"time_zone": zone})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    support.refresh_from_db()
    assert support.time_zone == ""


def test_an_unknown_zone_is_told_in_words(as_support: Client) -> None:
    response = as_support.post("/profile/", {"time_zone": "Mars/Olympus"})
    assert "This is not a time zone. Write a name such as Europe/London." in response.text
    assert 'value="Mars/Olympus"' in response.text


def test_nothing_is_offered_that_is_not_there(as_lead: Client) -> None:
    page = as_lead.get("/profile/").text
    assert "freezes" not in page


def test_no_request_walks_the_disk_for_the_names_of_all_zones(
    as_support: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.update(time_zone="Asia/Tokyo")
    as_support.get("/profile/")

    def walked() -> set[str]:
        raise AssertionError("the zone names were read from the disk again")

    monkeypatch.setattr(zoneinfo, "available_timezones", walked)
    for module in (user, account, salesdays):
        monkeypatch.setattr(module, "available_timezones", walked, raising=False)
    assert as_support.get("/profile/").status_code == 200
    assert as_support.post("/profile/", {"time_zone": "Asia/Seoul"}).status_code == 302


def test_nobody_changes_their_role_by_the_form(as_support: Client, support: User) -> None:
    as_support.post(
        "/profile/", {"time_zone": "", "is_staff": "on", "is_superuser": "on", "groups": "1", "username": "x"}
    )
    support.refresh_from_db()
    assert (support.is_staff, support.is_superuser, support.username) == (False, False, "support")
    assert list(support.groups.values_list("name", flat=True)) == ["support"]


@pytest.mark.parametrize("role", ["viewer", "support", "lead", "admin"])
def test_the_role_is_told_in_words(role: str, request: pytest.FixtureRequest) -> None:
    client: Client = request.getfixturevalue(f"as_{role}")
    assert f"<b>{role.capitalize()}.</b>" in client.get("/profile/").text


def change(client: Client, old: str = "support", new: str = STRONG, again: str | None = None):
    data = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post("/profile/password/", data)


def test_the_password_can_be_changed_and_the_person_stays_signed_in(
    as_support: Client, support: User
) -> None:
    assert change(as_support)["Location"] == "/profile/"
    assert "Your password is changed." in as_support.get("/profile/").text
    support.refresh_from_db()
    assert support.check_password(STRONG)
    assert Activity.objects.get().what == "Changed their own password"


def test_other_sessions_end_with_the_old_password(as_support: Client, support: User) -> None:
    other = Client()
    other.force_login(support, backend="django.contrib.auth.backends.ModelBackend")
    change(as_support)
    assert other.get("/profile/").status_code == 302


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"old": "wrong"}, "Your old password was entered incorrectly"),
        ({"new": "short"}, "at least 12 characters"),
        ({"new": "password1234"}, "too common"),
        ({"again": "something-else-12"}, "match"),
    ],
)
def test_a_password_that_will_not_do_is_refused(
    as_support: Client, support: User, words, sentence: str
) -> None:
    response = change(as_support, **words)
    assert response.status_code == 422
    assert sentence in response.text
    support.refresh_from_db()
    assert support.check_password("support")
    assert not Activity.objects.exists()
