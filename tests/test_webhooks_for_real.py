"""The sandbox as a real process tells a server of ours, through its own courier and with its own secret."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from sandbox.testing import Sandbox, running
from syncs.models import Merchant, Webhook
from tests.factories import make_merchant
from tests.hooks import ADDRESS

pytestmark = pytest.mark.slow


def consumer(sandbox: Sandbox) -> dict[str, Any]:
    return dict(sandbox.get("/_sandbox/webhooks").json()["consumers"][0])


def secrets(sandbox: Sandbox) -> list[str]:
    return list(consumer(sandbox)["secrets"])


def tries(sandbox: Sandbox) -> list[int]:
    """What we answered."""
    deliveries = sandbox.get("/_sandbox/webhooks").json()["deliveries"]
    return [each["status"] for delivery in deliveries for each in delivery["attempts"]]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def cut_off(sandbox: Sandbox, merchant: Merchant, status: str) -> None:
    company = sandbox.get(f"/companies/{merchant.company_id}").json()
    link = company["dataConnections"][0]["id"]
    sandbox.post(f"/_sandbox/companies/{merchant.company_id}/connections/{link}", {"happens": status})


def is_told_of(merchant: Merchant) -> bool:
    return "Codat told us" in Merchant.objects.get(pk=merchant.pk).next_refresh_reason


def test_who_is_cut_off_at_codat_is_asked_about_at_once(live_server: Any) -> None:
    with running() as sandbox:
        first, second = (
            make_merchant(company_id=each["company_id"]) for each in sandbox.merchants("healthy")[:2]
        )
        sandbox.post("/webhooks", {"url": f"{live_server.url}{ADDRESS}"})
        with override_settings(CODAT_WEBHOOK_SECRETS=secrets(sandbox)):
            cut_off(sandbox, first, "deauthorized")
            wait_until(lambda: is_told_of(first))
            assert not is_told_of(second)


def test_a_new_secret_may_take_the_place_of_the_old_at_any_time(live_server: Any) -> None:
    with running() as sandbox:
        merchant = make_merchant(company_id=sandbox.merchants("healthy")[0]["company_id"])
        sandbox.post("/webhooks", {"url": f"{live_server.url}{ADDRESS}"})
        [old] = secrets(sandbox)
        sandbox.post(f"/_sandbox/webhooks/{consumer(sandbox)['id']}/secret")
        for known in ([old], secrets(sandbox)[:1]):
            Merchant.objects.update(next_refresh_reason="", next_refresh_at=None, told_at=None)
            with override_settings(CODAT_WEBHOOK_SECRETS=known):
                cut_off(sandbox, merchant, "deauthorized")
                wait_until(lambda: is_told_of(merchant))
                cut_off(sandbox, merchant, "linked")
                wait_until(lambda: Webhook.objects.count() % 2 == 0)


def test_what_was_refused_comes_again_and_counts_once(live_server: Any) -> None:
    with running() as sandbox:
        merchant = make_merchant(company_id=sandbox.merchants("healthy")[0]["company_id"])
        sandbox.post("/webhooks", {"url": f"{live_server.url}{ADDRESS}"})
        cut_off(sandbox, merchant, "deauthorized")
        wait_until(lambda: tries(sandbox) == [404])
        with override_settings(CODAT_WEBHOOK_SECRETS=secrets(sandbox)):
            wait_until(lambda: is_told_of(merchant))
        assert Webhook.objects.count() == 1
