"""What the official SDK makes of odd answers and broken connections, as was seen in runs of it against a server."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from codat_sync_for_commerce import CodatSyncCommerce
from codat_sync_for_commerce.models import errors
from codat_sync_for_commerce.utils import BackoffStrategy, RetryConfig
from httpx import RemoteProtocolError

from sandbox.testing import Sandbox
from tests.openapi.proxy import Proxy, Record
from tests.sandbox.sdk import CALLS, Known, sdk_of

pytestmark = pytest.mark.slow

Asked = Callable[[str], Any]
SHORT = RetryConfig("backoff", BackoffStrategy(10, 100, 1.5, 3_600_000), True)
UNKNOWN = "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"
KEY = {"Idempotency-Key": "5d1c7f0e-6c0f-4a44-8f64-0a2f8b0f6f51"}


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def sdk(sandbox: Sandbox, record: Record) -> Iterator[CodatSyncCommerce]:
    with Proxy(sandbox.url, record) as proxy, sdk_of(sandbox, proxy.url) as sdk:
        yield sdk


@pytest.fixture
def known(sandbox: Sandbox) -> Iterator[Known]:
    yield Known.to(sandbox)
    sandbox.clear_faults()


@pytest.fixture
def asked(sdk: CodatSyncCommerce, known: Known) -> Asked:
    """The call of this name, made for a merchant."""
    return lambda name: CALLS[name](sdk, known)


def posts(sandbox: Sandbox, known: Known) -> list[bool]:
    """Of each POST for this merchant: was it applied?"""
    return [line["applied"] for line in sandbox.ledger() if line["company_id"] == known.company_id]


# What it takes without a word


@pytest.mark.parametrize(
    ("fault", "args"),
    [
        ("nulls", {}),
        ("missing_fields", {}),
        ("extra_fields", {}),
        ("no_id", {"form": "null"}),
        *(("odd_dates", {"form": form}) for form in ("local", "date_only", "empty", "nonsense")),
    ],
)
@pytest.mark.parametrize("name", ["sync.get_status", "sync.get_latest_sync", "sync.list", "sync.request"])
def test_it_takes_nulls_gaps_additions_and_any_text_for_a_date(
    sandbox: Sandbox, asked: Asked, name: str, fault: str, args: dict[str, Any]
) -> None:
    sandbox.fault(fault, args)
    assert asked(name) is not None


def test_it_takes_a_page_for_a_status_and_shows_nothing_of_it(sandbox: Sandbox, asked: Asked) -> None:
    sandbox.fault("list_for_object", {"form": "results"})
    status = asked("sync.get_status")
    assert (status.sync_id, status.sync_status_code) == (None, None)


# What breaks it


@pytest.mark.parametrize(
    ("name", "fault", "args"),
    [
        ("sync.get_status", "text_for_code", {}),
        ("sync.list", "text_for_code", {"code": 4200}),
        ("sync.request", "text_for_code", {}),
        ("sync.get_status", "list_for_object", {"form": "list"}),
        ("sync.get_status", "list_for_object", {"form": "empty"}),
        ("sync.get_latest_sync", "list_for_object", {"form": "list"}),
        ("sync.list", "object_for_list", {"form": "first"}),
        ("sync.list", "object_for_list", {"form": "results"}),
        ("sync.list", "odd_dates", {"form": "number"}),
        # For the connections in it: a sync may be without its date, a connection not without its creation.
        ("sync.get_status", "odd_dates", {"form": "null"}),
        ("connections.list", "missing_fields", {"fields": ["integrationKey"]}),
        ("connections.list", "missing_fields", {"fields": ["linkUrl"]}),
        ("connections.list", "nulls", {"fields": ["created"]}),
        ("connections.create", "missing_fields", {"fields": ["integrationKey"]}),
        ("advanced_controls.list_companies", "missing_fields", {"fields": ["redirect"]}),
        ("sync.get_status", "truncated_json", {}),
    ],
)
def test_it_refuses_codes_lists_numbers_and_connections_that_lack_something(
    sandbox: Sandbox, asked: Asked, name: str, fault: str, args: dict[str, Any]
) -> None:
    sandbox.fault(fault, args)
    with pytest.raises(ValueError, match=r"validation error|EOF while parsing"):
        asked(name)


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_error_without_a_body_in_json_is_a_bare_value_error(
    sandbox: Sandbox, asked: Asked, status: int
) -> None:
    sandbox.fault("empty", {"status": status, "content_type": "application/json"})
    with pytest.raises(ValueError, match="EOF while parsing") as raised:
        asked("sync.request")
    assert not isinstance(raised.value, errors.ErrorMessage | errors.SDKError)


@pytest.mark.parametrize(
    ("fault", "args", "status"),
    [
        ("empty", {"status": 201, "content_type": "application/json"}, 201),
        ("empty", {"status": 202}, 202),
        ("empty", {"status": 204}, 204),
        ("html", {"status": 200}, 200),
        ("html", {"status": 502}, 502),
        ("empty", {"status": 502}, 502),
        ("409", {}, 409),
        ("408", {}, 408),
        ("redirect", {}, 307),
    ],
)
def test_every_other_status_and_content_is_an_sdk_error(
    sandbox: Sandbox, asked: Asked, fault: str, args: dict[str, Any], status: int
) -> None:
    sandbox.fault(fault, args)
    with pytest.raises(errors.SDKError) as raised:
        asked("sync.request")
    assert raised.value.status_code == status


# Without any fault


def test_a_key_used_again_is_replayed_and_with_another_body_a_422(
    sdk: CodatSyncCommerce, known: Known
) -> None:
    first, again = (sdk.sync.request(request=known.company, http_headers=KEY) for _ in range(2))
    assert first == again
    other = {**known.company, "sync_to_latest_args": {"sync_to": "2026-01-01T00:00:00Z"}}
    with pytest.raises(errors.SDKError) as raised:
        sdk.sync.request(request=other, http_headers=KEY)
    assert raised.value.status_code == 422


@pytest.mark.parametrize(
    ("call", "status", "says"),
    [
        (lambda sdk, known: sdk.sync.request_for_date_range(request=known.company), 400, "not valid"),
        (lambda sdk, known: sdk.advanced_controls.list_companies(request={"page": 0}), 400, "not valid"),
        (lambda sdk, _: sdk.advanced_controls.list_companies(request={"query": "id="}), 400, "query"),
        (lambda sdk, _: sdk.sync.list(request={"company_id": UNKNOWN}), 404, UNKNOWN),
        (lambda sdk, known: sdk.sync.get(request={**known.company, "sync_id": UNKNOWN}), 404, "No data"),
        (
            lambda sdk, known: sdk.connections.update_authorization(
                request={**known.company, "connection_id": UNKNOWN, "request_body": {}}
            ),
            404,
            f"Data connection {UNKNOWN} not found",
        ),
    ],
)
def test_what_codat_refuses_is_told_in_its_words(
    sdk: CodatSyncCommerce, known: Known, call: Any, status: int, says: str
) -> None:
    with pytest.raises(errors.ErrorMessage) as raised:
        call(sdk, known)
    assert raised.value.data.status_code == status
    assert says in raised.value.data.error
    assert len(raised.value.data.correlation_id) == 32


def test_dots_in_an_id_lead_to_another_path_and_there_is_nothing(
    sdk: CodatSyncCommerce, record: Record
) -> None:
    with pytest.raises(errors.ErrorMessage) as raised:
        sdk.sync.get_status(request={"company_id": "a b/.."})
    assert record.exchanges[-1].target == "/meta/companies/sync/commerce/status"
    assert raised.value.data.error == "No resource was found at /meta/companies/sync/commerce/status"


# What it tries again


@pytest.mark.parametrize("fault", ["500_after", "503", "408", "429"])
def test_by_default_it_sends_a_post_again_whatever_became_of_it(
    sandbox: Sandbox, record: Record, known: Known, fault: str
) -> None:
    """A sync whose answer was lost is so started twice: the reason for which we do not use it."""
    sandbox.fault(fault, method="POST", count=1)
    with Proxy(sandbox.url, record) as proxy, sdk_of(sandbox, proxy.url, retry_config=SHORT) as sdk:
        assert sdk.sync.request(request=known.company).sync_status_code == 1000
    assert posts(sandbox, known)[-2:] == [fault == "500_after", True]


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_connection_that_ends_without_an_answer_is_where_it_stops(
    sandbox: Sandbox, known: Known, fault: str
) -> None:
    sandbox.fault(fault, method="POST")
    with sdk_of(sandbox, sandbox.url, retry_config=SHORT) as sdk, pytest.raises(RemoteProtocolError):
        sdk.sync.request(request=known.company)
    assert posts(sandbox, known)[-1:] == [fault == "drop_after"]


def test_it_waits_not_as_long_as_it_is_asked_to(sandbox: Sandbox, known: Known) -> None:
    sandbox.fault("429", {"retry_after": 7}, count=1)
    began = time.monotonic()
    with sdk_of(sandbox, sandbox.url, retry_config=SHORT) as sdk:
        CALLS["sync.list"](sdk, known)
    assert time.monotonic() - began < 6


def test_a_post_that_is_answered_late_is_sent_again(sandbox: Sandbox, known: Known) -> None:
    sandbox.fault("slow", {"seconds": 2}, method="POST", count=1)
    with sdk_of(sandbox, sandbox.url, retry_config=SHORT, timeout_ms=300) as sdk:
        sdk.sync.request(request=known.company)
    assert posts(sandbox, known)[-2:] == [True, True]
