"""Who may do what: each role may do what the one before it may, and a little more."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from syncs.models import Activity, User
from syncs.operations.people import give_role, role_of, set_active
from syncs.roles import ROLES
from tests.factories import make_user

pytestmark = pytest.mark.django_db
MAY = {
    "viewer": set(),
    "support": {"ask_sync"},
    "lead": {"ask_sync", "decide_review", "override_guard", "freeze_sending", "ask_many"},
    "admin": {
        *("ask_sync", "decide_review", "override_guard", "freeze_sending", "ask_many", "administer"),
        *("add_merchant", "change_merchant", "view_merchant", "add_user", "change_user", "view_user"),
        *("add_playbookentry", "change_playbookentry", "view_playbookentry"),
    },
}


def codenames(role: str) -> set[str]:
    return set(Group.objects.get(name=role).permissions.values_list("codename", flat=True))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_exactly_this(role: str) -> None:
    assert codenames(role) == MAY[role]


def test_roles_are_what_the_code_says_after_every_migration() -> None:
    Group.objects.get(name="support").permissions.clear()
    Group.objects.get(name="viewer").permissions.set(Group.objects.get(name="admin").permissions.all())
    call_command("migrate", verbosity=0)
    assert codenames("support") == MAY["support"]
    assert codenames("viewer") == MAY["viewer"]


def test_nobody_may_delete_anything() -> None:
    granted = set().union(*map(codenames, ROLES))
    assert [name for name in granted if name.startswith("delete_")] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_member_may_what_the_role_may(role: str) -> None:
    user = make_user(role)
    held = {name.removeprefix("syncs.") for name in user.get_all_permissions()}
    assert held == MAY[role]


def test_giving_a_role_takes_the_old_one_and_is_recorded(lead: User) -> None:
    mei = make_user("viewer", first_name="Mei", last_name="Okoye")
    give_role(mei, "support", by=lead)
    assert [group.name for group in mei.groups.all()] == ["support"]
    entry = Activity.objects.latest("pk")
    assert (entry.what, entry.before, entry.after) == ("Gave Mei Okoye the role support", "viewer", "support")
    assert entry.actor == lead


def test_giving_the_same_role_again_is_no_news(lead: User) -> None:
    mei = make_user("support")
    give_role(mei, "support", by=lead)
    assert not Activity.objects.filter(verb="user.role").exists()


def test_with_several_groups_the_highest_counts() -> None:
    user = make_user("viewer")
    user.groups.add(Group.objects.get(name="lead"))
    assert role_of(user) == "lead"


def test_a_deactivated_person_is_signed_out_by_the_next_click(
    support: User, as_support: Client, lead: User
) -> None:
    assert as_support.get("/profile/").status_code == 200
    set_active(support, False, by=lead)
    assert as_support.get("/profile/").status_code == 302
    assert Activity.objects.latest("pk").what == f"Deactivated {support.display_name}"
