"""A judge that cannot condemn proves nothing: each kind of lie is told once, and each is found."""

import json
from typing import Any

import pytest

from sandbox.app import App
from sandbox.exchange import Request
from tests.openapi.judge import Exchange, wrong_answer, wrong_event, wrong_request
from tests.sandbox.worlds import BASIC, StoppedClock, a_merchant, world_at

COMPANY = "8a210b68-6988-11ed-a1eb-0242ac120002"
STATUS = f"/companies/{COMPANY}/sync/commerce/syncs/latest/status"
HISTORIC = f"/meta/companies/{COMPANY}/sync/commerce/historic"
SYNC = {
    "companyId": COMPANY,
    "syncId": COMPANY,
    "syncStatusCode": 2000,
    "syncUtc": "2026-11-20T03:00:00.1234567Z",
}
HEADERS = {
    "content-type": "application/json; charset=utf-8",
    **dict.fromkeys(("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"), "1000"),
}


def asked(method: str, target: str, body: object = None, **headers: str) -> list[str]:
    given = {**BASIC, **({"content-type": "application/json"} if body is not None else {})}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    return wrong_request(Exchange(method, target, given, content))


def answered(target: str, body: object, status: int = 200, method: str = "GET", **headers: str) -> list[str]:
    given = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return wrong_answer(Exchange(method, target, {}, b"", status, given, content))


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/companies?page=1&pageSize=5000&query=id%3D1&orderBy=-created&tags=a%3Db", None),
        ("POST", "/companies", {"name": "Bank of Dave", "tags": {"a": "b"}}),
        ("POST", f"/companies/{COMPANY}/sync/commerce/latest", {"syncTo": "2026-11-20T00:00:00Z"}),
        ("POST", f"/companies/{COMPANY}/sync/commerce/latest", {"syncTo": None}),
        ("POST", f"/companies/{COMPANY}/sync/commerce/latest", None),
        ("POST", HISTORIC, {"dateRange": {"start": "2026-11-20T00:00:00Z", "finish": "2026-11-21"}}),
        ("GET", f"/companies/{COMPANY}/sync/commerce/syncs/{COMPANY}/status", None),
        ("PATCH", f"/companies/{COMPANY}/connections/{COMPANY}", {"status": "Unlinked"}),
        ("GET", "/sync/commerce/config/ui/text?locale=en-us", None),
        ("DELETE", f"/companies/{COMPANY}", None),
    ],
)
def test_right_requests_pass(method: str, target: str, body: object) -> None:
    assert asked(method, target, body) == []


@pytest.mark.parametrize(
    ("method", "target", "body", "why"),
    [
        ("GET", "/meta/companies", None, "no document knows this method and path"),
        ("PUT", "/companies", None, "no document knows this method and path"),
        ("GET", "/companies?page=0", None, "minimum of 1"),
        ("GET", "/companies?pageSize=5001", None, "maximum of 5000"),
        ("GET", "/companies?page=one", None, "integer"),
        ("GET", "/companies?page=1&page=2", None, "given twice"),
        ("GET", "/companies?sort=name", None, "no document knows the parameter sort"),
        ("GET", "/sync/commerce/config/ui/text", None, "locale is missing"),
        ("GET", "/sync/commerce/config/ui/text?locale=de-de", None, "locale"),
        ("GET", "/companies/one/connections", None, "uuid"),
        ("GET", f"/companies/{COMPANY}/sync/commerce/syncs/newest/status", None, "syncId"),
        ("POST", HISTORIC, {"start": "2026-11-20", "finish": "2026-11-21"}, "dateRange"),
        ("POST", HISTORIC, {"dateRange": {"start": "2026-11-20", "end": "2026-11-21"}}, "finish"),
        ("POST", HISTORIC, {"dateRange": {"start": "20/11/2026", "finish": "2026-11-21"}}, "codat-date"),
        ("POST", f"/companies/{COMPANY}/sync/commerce/latest", {"syncTo": 5}, "syncTo"),
        ("POST", f"/companies/{COMPANY}/sync/commerce/latest", b"{", "not JSON"),
        ("POST", "/companies", {}, "name"),
        ("PATCH", f"/companies/{COMPANY}/connections/{COMPANY}", {"status": "linked"}, "status"),
        ("GET", f"/companies/{COMPANY}", {"a": 1}, "a body where no document knows one"),
    ],
)
def test_wrong_requests_are_told_with_the_reason(method: str, target: str, body: object, why: str) -> None:
    [said] = asked(method, target, body)
    assert why in said


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"content_type": "text/plain"}, "content type"),
        ({"authorization": "test-key"}, "Basic"),
        ({"authorization": "Basic test key"}, "Basic"),
        ({"idempotency_key": "one"}, "GUID"),
    ],
)
def test_wrong_headers_are_told(headers: dict[str, str], why: str) -> None:
    [said] = asked(
        "POST", HISTORIC, {"dateRange": {"start": "2026-11-20", "finish": "2026-11-21"}}, **headers
    )
    assert why in said


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T03:00:00Z",
        "2026-11-20T03:00:00",
        "2026-11-20T03:00:00+05:30",
        "2026-11-20",
        "2026-11-20T03:00:00.1Z",
    ],
)
def test_a_date_may_have_any_documented_form(text: str) -> None:
    assert answered(STATUS, SYNC | {"syncUtc": text}) == []


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"syncStatusCode": "2000"}, "syncStatusCode"),
        ({"syncStatusCode": 2000.5}, "syncStatusCode"),
        ({"syncUtc": "2026-02-30T03:00:00Z"}, "syncUtc"),
        ({"syncUtc": ""}, "syncUtc"),
        ({"syncUtc": 1_795_000_000}, "syncUtc"),
        ({"dataPushed": "true"}, "dataPushed"),
        ({"commerceSyncId": COMPANY}, "commerceSyncId"),
    ],
)
def test_a_sync_that_is_told_wrong_is_found(lie: dict[str, Any], why: str) -> None:
    [said] = answered(STATUS, SYNC | lie)
    assert why in said


def truth(path: str) -> tuple[str, Any]:
    world = world_at(StoppedClock())
    target = path.format(a_merchant(world, "deauthorized"))
    answer = App(world, "key").answer(Request("GET", target, target, {}, BASIC))
    return target, json.loads(answer.body)


@pytest.mark.parametrize("name", ["id", "integrationKey", "sourceId", "linkUrl", "status", "created"])
def test_a_connection_without_one_of_its_fields_is_found(name: str) -> None:
    target, page = truth("/companies/{}/connections")
    assert answered(target, page) == []
    del page["results"][0][name]
    assert name in "".join(answered(target, page))


@pytest.mark.parametrize(
    ("name", "lie"),
    [
        ("id", "one"),
        ("linkUrl", "not an address"),
        ("status", "pendingAuth"),
        ("created", "yesterday"),
        ("created", None),
        ("sourceType", "Shop"),
        ("extra", 1),
    ],
)
def test_a_connection_with_a_wrong_field_is_found(name: str, lie: object) -> None:
    target, page = truth("/companies/{}/connections")
    page["results"][0][name] = lie
    assert name in "".join(answered(target, page))


def test_a_page_without_its_links_is_found() -> None:
    target, page = truth("/companies")
    del page["_links"]["current"]
    assert "current" in "".join(answered(target, page))


def test_a_list_in_place_of_an_object_and_an_object_in_place_of_a_list_are_found() -> None:
    assert answered(f"/meta/companies/{COMPANY}/sync/commerce/status", [])
    assert answered(f"/companies/{COMPANY}/sync/commerce/syncs/list/status", {})
    assert answered(f"/companies/{COMPANY}/sync/commerce/syncs/list/status", [SYNC]) == []


@pytest.mark.parametrize(
    ("status", "body", "headers", "why"),
    [
        (201, SYNC, {}, "does not declare the status 201"),
        (409, {"statusCode": 409}, {}, "does not declare the status 409"),
        (404, {"canBeRetried": False}, {}, "canBeRetried"),
        (404, b"<html>", {"content_type": "text/html"}, "content type"),
        (404, b"", {}, "not JSON"),
        (200, SYNC, {"content_type": "text/plain"}, "content type"),
        (200, b'{"syncId":', {}, "not JSON"),
    ],
)
def test_a_wrong_status_or_content_is_found(
    status: int, body: object, headers: dict[str, str], why: str
) -> None:
    [said] = answered(STATUS, body, status, **headers)
    assert why in said


def test_an_answer_without_the_quota_and_one_that_never_ended_are_found() -> None:
    bare = {"content-type": "application/json"}
    lean = Exchange("GET", STATUS, status=200, answer_headers=bare, answer_body=json.dumps(SYNC).encode())
    assert len(wrong_answer(lean)) == 3
    assert wrong_answer(Exchange("GET", STATUS)) == ["the connection ended before there was a whole answer"]
    assert wrong_answer(Exchange("GET", STATUS, client_left=True)) == []


def test_a_body_where_none_is_declared_is_found() -> None:
    assert answered(f"/companies/{COMPANY}", b"", 204, "DELETE") == []
    assert answered(f"/companies/{COMPANY}", {}, 204, "DELETE")


def test_where_no_document_knows_a_path_there_is_an_error_and_nothing_else() -> None:
    assert answered("/nowhere", {"statusCode": 404}, 404) == []
    assert answered("/nowhere", {"statusCode": 405}, 405)
    assert answered("/companies", {"statusCode": 405}, 405, "DELETE") == []
    assert answered("/nowhere", SYNC, 200)


def test_what_goes_to_webhook_consumers_is_judged_by_its_event() -> None:
    limits = {"dailyQuota": 12000, "quotaRemaining": 0, "expiryDate": "2024-09-01T12:14:14Z"}
    reached = {
        "id": COMPANY,
        "eventType": "client.rateLimit.reached",
        "generatedDate": "2024-09-01T00:00:00Z",
    }
    assert wrong_event(json.dumps(reached | {"payload": limits}).encode()) == []
    assert wrong_event(json.dumps(reached | {"payload": limits | {"dailyQuota": "many"}}).encode())
    assert wrong_event(json.dumps(reached | {"eventType": "commerce.sync.finished"}).encode())
