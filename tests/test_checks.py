"""What `manage.py check` refuses."""

import pytest
from django.test import override_settings

from syncs import checks


def test_a_deployment_without_a_key_is_refused() -> None:
    with override_settings(CODAT_API_KEY=""):
        assert [error.id for error in checks.codat_key_is_set()] == ["syncs.E001"]
    with override_settings(CODAT_API_KEY="key"):
        assert checks.codat_key_is_set() == []


@pytest.mark.parametrize("host", ["panel.example.com", "*", ".example.com", "192.168.1.5", "testserver"])
def test_demo_users_may_not_be_reached_from_another_machine(host: str) -> None:
    with override_settings(SANDBOX=True, ALLOWED_HOSTS=["127.0.0.1", host]):
        assert [error.id for error in checks.sandbox_stays_at_home()] == ["syncs.E002"]


@pytest.mark.parametrize(
    ("sandbox", "hosts"), [(True, ["127.0.0.1", "localhost"]), (False, ["panel.example.com"])]
)
def test_a_sandbox_at_home_and_a_real_panel_abroad_are_fine(sandbox: bool, hosts: list[str]) -> None:
    with override_settings(SANDBOX=sandbox, ALLOWED_HOSTS=hosts):
        assert checks.sandbox_stays_at_home() == []
