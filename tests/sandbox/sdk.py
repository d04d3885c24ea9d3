"""Codat's official SDK as tests use it: pointed at the sandbox, without its retries; a call for each operation."""

import gc
import inspect
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from codat_sync_for_commerce import CodatSyncCommerce
from codat_sync_for_commerce.basesdk import BaseSDK
from codat_sync_for_commerce.models import shared

from sandbox.testing import Sandbox

Call = Callable[[CodatSyncCommerce, "Known"], Any]
# Made once: by default each client reads all authorities of the world, for an address without TLS.
_TLS = ssl.create_default_context()


@contextmanager
def sdk_of(sandbox: Sandbox, url: str, **options: Any) -> Iterator[CodatSyncCommerce]:
    """Without retries, which by default go on for an hour, for POSTs too."""
    # It closes its clients when it is collected; what was there before need not be looked through.
    gc.freeze()
    with CodatSyncCommerce(
        security=shared.Security(auth_header=sandbox.session.headers["Authorization"]),
        server_url=url,
        client=httpx.Client(verify=_TLS),
        async_client=httpx.AsyncClient(verify=_TLS),
        **{"timeout_ms": 5000, "retry_config": None, **options},
    ) as sdk:
        yield sdk
    gc.collect()
    gc.unfreeze()


@dataclass(frozen=True)
class Known:
    """What calls are about."""

    company_id: str
    connection_id: str
    sync_id: str
    client_id: str = "0b2e4b4c-6c9a-4a57-9d5c-6f1d2a0c7b11"

    @classmethod
    def to(cls, sandbox: Sandbox) -> "Known":
        """A merchant whose syncs fail, with a linked connection of its own for each test."""
        company_id = sandbox.merchants("missing_customer")[0]["company_id"]
        connections = f"/companies/{company_id}/connections"
        connection_id = sandbox.post(connections, {"platformKey": "exgd"}).json()["id"]
        sandbox.session.put(f"{sandbox.url}{connections}/{connection_id}/authorization", timeout=10)
        syncs = sandbox.get(f"/companies/{company_id}/sync/commerce/syncs/list/status").json()
        return cls(company_id, connection_id, syncs[-1]["syncId"])

    @property
    def company(self) -> dict[str, str]:
        return {"company_id": self.company_id}

    @property
    def connection(self) -> dict[str, str]:
        return {"company_id": self.company_id, "connection_id": self.connection_id}

    @property
    def range(self) -> dict[str, Any]:
        days = {"start": "2026-01-01T00:00:00Z", "finish": "2026-01-02T00:00:00Z"}
        return {**self.company, "sync_range": {"date_range": days}}


_FLOW = {"commerce_key": "fztf", "accounting_key": "gbol", "merchant_identifier": "A shop"}
_ENGLISH = {"locale": shared.Locale.EN_US}
_TEXTS = {**_ENGLISH, "request_body": {"configure-misc-nextButton": {"text": "Next", "required": True}}}
_ACCOUNTS = {"platform_key": "gbol", "visible_accounts": {"visible_accounts": ["Sales"]}}

CALLS: dict[str, Call] = {
    "advanced_controls.list_companies": lambda sdk, _: sdk.advanced_controls.list_companies(request={}),
    "advanced_controls.create_company": lambda sdk, _: sdk.advanced_controls.create_company(
        request={"name": "Bank of Dave", "description": "A bank", "tags": {"a": "b"}}
    ),
    "advanced_controls.get_configuration": lambda sdk, known: sdk.advanced_controls.get_configuration(
        request=known.company
    ),
    "advanced_controls.set_configuration": lambda sdk, known: sdk.advanced_controls.set_configuration(
        request=known.company
    ),
    "connections.list": lambda sdk, known: sdk.connections.list(request=known.company),
    "connections.create": lambda sdk, known: sdk.connections.create(
        request={**known.company, "request_body": {"platform_key": "gbol"}}
    ),
    "connections.update_connection": lambda sdk, known: sdk.connections.update_connection(
        request={**known.connection, "update_connection": {"status": "Unlinked"}}
    ),
    "connections.update_authorization": lambda sdk, known: sdk.connections.update_authorization(
        request={**known.connection, "request_body": {"k": "v"}}
    ),
    "connections.get_sync_flow_url": lambda sdk, _: sdk.connections.get_sync_flow_url(request=_FLOW),
    "integrations.list": lambda sdk, _: sdk.integrations.list(request={}),
    "integrations.get_branding": lambda sdk, _: sdk.integrations.get_branding(
        request={"platform_key": "gbol"}
    ),
    "sync.request": lambda sdk, known: sdk.sync.request(request=known.company),
    "sync.request_for_date_range": lambda sdk, known: sdk.sync.request_for_date_range(request=known.range),
    "sync.get_status": lambda sdk, known: sdk.sync.get_status(request=known.company),
    "sync.get_latest_sync": lambda sdk, known: sdk.sync.get_latest_sync(request=known.company),
    "sync.get_last_successful_sync": lambda sdk, known: sdk.sync.get_last_successful_sync(
        request=known.company
    ),
    "sync.get": lambda sdk, known: sdk.sync.get(request={**known.company, "sync_id": known.sync_id}),
    "sync.list": lambda sdk, known: sdk.sync.list(request=known.company),
    "sync_flow_settings.get_config_text_sync_flow": (
        lambda sdk, _: sdk.sync_flow_settings.get_config_text_sync_flow(request=_ENGLISH)
    ),
    "sync_flow_settings.update_config_text_sync_flow": (
        lambda sdk, _: sdk.sync_flow_settings.update_config_text_sync_flow(request=_TEXTS)
    ),
    "sync_flow_settings.get_visible_accounts": lambda sdk, known: sdk.sync_flow_settings.get_visible_accounts(
        request={"client_id": known.client_id, "platform_key": "gbol"}
    ),
    "sync_flow_settings.update_visible_accounts_sync_flow": (
        lambda sdk, _: sdk.sync_flow_settings.update_visible_accounts_sync_flow(request=_ACCOUNTS)
    ),
}
"""By the names that the SDK gives its operations."""


def operations_of(sdk: CodatSyncCommerce) -> set[str]:
    """All that it offers, asked of the SDK itself; each has a twin for asyncio, which sends the same."""
    return {
        f"{room}.{name}"
        for room, value in vars(sdk).items()
        if isinstance(value, BaseSDK)
        for name, _ in inspect.getmembers(type(value), inspect.isfunction)
        if not name.startswith("_") and not name.endswith("_async") and not hasattr(BaseSDK, name)
    }
