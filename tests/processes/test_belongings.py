import pytest

from syncs.management import belongings
from syncs.models import Merchant, User
from syncs.processes.errors import CannotRun

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("sandboxed", [True, False])
def test_an_empty_database_serves_either(sandboxed: bool) -> None:
    belongings.refuse_mixing(sandboxed=sandboxed)


def test_demo_users_never_meet_a_real_account() -> None:
    User.objects.create_user("support", password="support")
    belongings.refuse_mixing(sandboxed=True)
    with pytest.raises(CannotRun, match="holds the sandbox's demo users"):
        belongings.refuse_mixing(sandboxed=False)


def test_an_admin_with_a_password_of_their_own_is_no_demo_user() -> None:
    User.objects.create_user("admin", password="a long sentence of their own")
    belongings.refuse_mixing(sandboxed=False)


def test_the_sandbox_keeps_away_from_real_users() -> None:
    User.objects.create_user("admin", password="a long sentence of their own")
    with pytest.raises(CannotRun, match="belongs to a real Codat account"):
        belongings.refuse_mixing(sandboxed=True)


def test_the_sandbox_keeps_away_from_real_merchants() -> None:
    Merchant.objects.create(company_id="2e9e1a4c-7d6b-4b0a-9f55-0c9d3b1a8e77", name="A real shop")
    with pytest.raises(CannotRun, match="belongs to a real Codat account"):
        belongings.refuse_mixing(sandboxed=True)


def test_demo_users_are_missing_until_there_is_one_for_each_role() -> None:
    for name in ("viewer", "support", "lead"):
        User.objects.create_user(name, password=name)
    assert belongings.lacks_demo_users()
    User.objects.create_user("admin", password="admin")
    assert not belongings.lacks_demo_users()
